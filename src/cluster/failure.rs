//! What can go wrong with a request, in words that say who, what and what to do.

use std::fmt;
use std::time::Duration;

use crate::plan::{Failure, FailureKind};

/// What was being done, for the sentence and for the line that a role lacks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation<'a> {
    pub(super) verb: &'static str,
    pub(super) group: &'a str,
    pub(super) resource: &'a str,
    pub(super) namespace: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    /// Whether it is about objects of whatever name.
    pub(super) any_name: bool,
}

impl fmt::Display for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}", self.verb, self.resource)?;
        match (self.namespace, self.name) {
            (Some(namespace), Some(name)) => write!(f, " {namespace}/{name}"),
            (Some(namespace), None) => write!(f, " in namespace {namespace}"),
            (None, _) => Ok(()),
        }
    }
}

impl Operation<'_> {
    /// The line that the role of the caller lacks.
    fn role_line(&self) -> String {
        let kind = if self.namespace.is_some() {
            "Role or ClusterRole"
        } else {
            "ClusterRole"
        };
        // A right to all ConfigMaps or Leases is more than anybody should ask for; only `create` cannot be narrowed.
        let names = match (self.resource, self.verb, self.name) {
            (_, "create", _) => String::new(),
            _ if self.any_name => String::new(),
            ("configmaps", ..) => "resourceNames: [easyscale-state], ".to_owned(),
            ("leases", _, Some(name)) => format!("resourceNames: [{name}], "),
            _ => String::new(),
        };
        let mut hint = format!(
            "add to its {kind}: - {{apiGroups: [\"{}\"], resources: [{}], {names}verbs: [{}]}}",
            self.group, self.resource, self.verb
        );
        match (self.namespace, self.resource) {
            (None, "leases") => hint.push_str("; or say where the lease is: --lease-namespace easyscale"),
            (None, _) => hint.push_str("; or name the namespaces that it may see: --namespace shop"),
            (Some(_), _) => {}
        }
        hint
    }
}

impl Failure {
    pub(super) fn timeout(operation: &Operation<'_>, after: Duration) -> Self {
        let after = match after.as_secs() {
            0 => format!("{} ms", after.as_millis()),
            seconds => format!("{seconds} s"),
        };
        Self::new(
            FailureKind::Timeout,
            format!("{operation}: no answer within {after}"),
        )
        .hint("whether it was done is not known; the next pass will see, and put right what is not")
    }

    pub(super) fn garbled(operation: &Operation<'_>, why: impl fmt::Display) -> Self {
        Self::new(
            FailureKind::Garbled,
            format!("{operation}: the answer cannot be understood: {why}"),
        )
        .hint("is this a Kubernetes API server, and is there a proxy in between?")
    }

    /// An answer that ended too early.
    pub(super) fn cut(operation: &Operation<'_>, error: &std::io::Error) -> Self {
        Self::new(
            FailureKind::Unreachable,
            format!("{operation}: the answer was cut off: {}", innermost(error)),
        )
        .hint("is the API server of the kubeconfig's context up, and reachable from here?")
    }

    pub(super) fn from_kube(operation: &Operation<'_>, error: &kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::from_status(operation, status),
            kube::Error::Auth(why) => Self::new(FailureKind::Unauthorized, format!("{operation}: {why}"))
                .hint("check the user of the kubeconfig's context: its token, its certificate or its exec command"),
            kube::Error::SerdeError(why) => Self::garbled(operation, why),
            kube::Error::FromUtf8(_) => Self::garbled(operation, "not UTF-8"),
            other => {
                let why = innermost(other);
                let kind = if why.contains("timed out") || why.contains("deadline") {
                    FailureKind::Timeout
                } else {
                    FailureKind::Unreachable
                };
                Self::new(kind, format!("{operation}: {why}"))
                    .hint("is the API server of the kubeconfig's context up, and reachable from here?")
            }
        }
    }

    fn from_status(operation: &Operation<'_>, status: &kube::core::Status) -> Self {
        // Never the Status itself: its Display ends in a debug dump.
        let said = if status.message.is_empty() {
            status.reason.as_str()
        } else {
            status.message.as_str()
        };
        let message = format!("{operation}: {said}");
        match status.code {
            401 => Self::new(FailureKind::Unauthorized, message)
                .hint("the API server does not accept the credentials: has the token expired? try `kubectl auth whoami`"),
            // Admission policies and terminating namespaces answer 403 too; no role helps against those.
            403 if said.contains(&format!("cannot {} resource", operation.verb)) => {
                Self::new(FailureKind::Forbidden, message).hint(operation.role_line())
            }
            403 => Self::new(FailureKind::Forbidden, message).hint("something other than a role forbids it: the message says what"),
            404 => Self::new(FailureKind::NotFound, message),
            410 => Self::new(FailureKind::Expired, message),
            409 => Self::new(FailureKind::Conflict, message),
            422 if said.contains("Too long") && operation.resource == "configmaps" => Self::new(FailureKind::Invalid, message)
                .hint("a namespace's ConfigMap is full: give some of its workloads a HorizontalPodAutoscaler, which remembers by itself"),
            400 | 413 | 415 | 422 => Self::new(FailureKind::Invalid, message),
            429 => Self::new(FailureKind::Throttled, message).hint("the API server is busy; the next pass tries again"),
            _ => Self::new(FailureKind::Server, message).hint("the API server has a problem of its own; the next pass tries again"),
        }
    }
}

/// The cause at the bottom: the layers above only say `client error (Connect)`.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
