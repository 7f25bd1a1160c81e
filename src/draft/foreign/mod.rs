//! What other tools were told, turned into drafts: one file per tool.
//!
//! Shared by them: `objects` (the text of an export taken apart), `pattern` (cron fields in each tool's dialect),
//! `actions` (values set at points in time, as windows that reach from each to the next).

mod actions;
mod aws;
mod cronhpa;
mod downscaler;
mod keda;
mod objects;
mod pattern;

use std::collections::{HashMap, HashSet};
use std::fmt;

pub use objects::LARGEST_EXPORT;

use super::rule::{Draft, Unusable};
use crate::policy::Target;
use crate::time::{Instant, Zone};
use objects::Object;

/// What an export does not say by itself.
#[derive(Debug, Clone)]
pub struct Context {
    /// The zone of what names none.
    pub zone: Option<Zone>,
    /// The workload that is meant, for actions that are not about Kubernetes.
    pub target: Option<Target>,
    /// The present: what is over by then is not carried over.
    pub at: Instant,
}

/// What became of an export.
#[derive(Debug, Clone, Default)]
pub struct Carried {
    /// The rules, each of which has been read back without a problem.
    pub drafts: Vec<Draft>,
    /// What was left out, and what to look at, in the order of the export.
    pub remarks: Vec<Remark>,
}

/// Something that was left out or is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Whether it is missing from the rules; else it is in them, with a difference.
    pub left_out: bool,
    /// The object, and the part of it.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sort = if self.left_out { "left out" } else { "look at" };
        write!(f, "{sort}: {}: {}", self.what, self.why)
    }
}

/// Turns the objects of an export (YAML or JSON, several documents, lists) into rules.
///
/// # Errors
/// In words: why the text cannot be read, or that there is nothing in it that is understood.
pub fn carry_over(text: &str, context: &Context) -> Result<Carried, String> {
    let objects = objects::read(text)?;
    let mut work = Work {
        context,
        carried: Carried::default(),
        names: HashSet::new(),
        driven: driven(&objects),
        taken: HashSet::new(),
    };
    let mut found = false;
    found |= aws::carry(&objects, &mut work);
    for object in &objects {
        found |= keda::carry(object, &mut work) || cronhpa::carry(object, &mut work);
    }
    found |= downscaler::carry(&objects, &mut work);
    if found {
        return Ok(work.carried);
    }
    Err(match objects.len() {
        1 => "it holds one object, and that is not understood".to_owned(),
        number => format!("it holds {number} objects, none of which is understood"),
    })
}

/// The drafts and remarks so far.
struct Work<'a> {
    context: &'a Context,
    carried: Carried,
    names: HashSet<String>,
    /// What each HPA of the export drives.
    driven: HashMap<Target, Target>,
    /// The workloads that have a rule, and the HPAs of which that is not known.
    taken: HashSet<Target>,
}

fn driven(objects: &[Object]) -> HashMap<Target, Target> {
    let pair = |object: &Object| {
        let scaler = itself(object).ok()?;
        let workload = scale_target_of(object, "").ok()?;
        scaler.is_autoscaler().then_some((scaler, workload))
    };
    objects.iter().filter_map(pair).collect()
}

impl Work<'_> {
    fn leave_out(&mut self, what: impl Into<String>, why: impl Into<String>, hint: impl Into<String>) {
        self.remark(true, what.into(), why.into(), Some(hint.into()));
    }

    fn look_at(&mut self, what: impl Into<String>, why: impl Into<String>, hint: impl Into<String>) {
        self.remark(false, what.into(), why.into(), Some(hint.into()));
    }

    fn remark(&mut self, left_out: bool, what: String, why: String, hint: Option<String>) {
        self.carried.remarks.push(Remark {
            left_out,
            what,
            why,
            hint,
        });
    }

    /// Takes a draft, if it makes a sound rule and its target has none yet. Its name is made unique.
    fn take(&mut self, what: &str, mut draft: Draft) -> bool {
        // A rule for a workload writes the HPA that drives it, so both are one.
        let object = self.driven.get(&draft.target).unwrap_or(&draft.target).clone();
        if self.taken.contains(&object) {
            let why = format!("{object} has a rule already");
            self.leave_out(
                what,
                why,
                "one object has one rule: put the windows of both into it",
            );
            return false;
        }
        draft.name = self.free_name(&draft);
        match draft.check() {
            Ok(()) => {
                self.names.insert(draft.name.clone());
                self.taken.insert(object);
                self.carried.drafts.push(draft);
                true
            }
            Err(Unusable { message, hint }) => {
                self.remark(true, what.to_owned(), message, hint);
                false
            }
        }
    }

    /// `shop-checkout`, or `shop-checkout-statefulset` where that name is taken.
    fn free_name(&self, draft: &Draft) -> String {
        let plain = format!("{}-{}", draft.target.namespace, draft.target.name);
        let kind = draft.target.kind.to_ascii_lowercase();
        let numbered = (2..).map(|number| format!("{plain}-{kind}-{number}"));
        [plain.clone(), format!("{plain}-{kind}")]
            .into_iter()
            .chain(numbered)
            .find(|name| !self.names.contains(name))
            .unwrap_or(plain)
    }
}

/// Why something cannot be carried over, and what to do.
type Refusal = (String, String);

/// An object as a target, or why it cannot be one.
fn itself(object: &Object) -> Result<Target, Refusal> {
    target_of(object, object.group(), object.kind(), object.name())
}

/// What an object's `scaleTargetRef` names, or why that cannot be a target.
fn scale_target_of(object: &Object, default_kind: &str) -> Result<Target, Refusal> {
    let text = |key: &str| object.text(&["spec", "scaleTargetRef", key]);
    let kind = text("kind").unwrap_or(default_kind);
    let group = text("apiVersion").map(objects::group_of);
    let name = text("name").unwrap_or_default();
    target_of(object, group.unwrap_or(group_of_kind(kind)), kind, name)
}

fn group_of_kind(kind: &str) -> &'static str {
    match kind {
        "Deployment" | "StatefulSet" => "apps",
        "HorizontalPodAutoscaler" => "autoscaling",
        _ => "",
    }
}

fn target_of(object: &Object, group: &str, kind: &str, name: &str) -> Result<Target, Refusal> {
    // Others have Deployments and StatefulSets of their own.
    let known = group_of_kind(kind);
    if known.is_empty() || group != known {
        let shown = match (known, group) {
            ("", _) => super::quoted(kind),
            (_, "") => format!("{} without an API group", super::quoted(kind)),
            _ => format!("{} of {}", super::quoted(kind), super::quoted(group)),
        };
        return Err((
            format!("easyscale has no numbers to set for {shown}"),
            "if an HPA scales it, write a rule for that HPA: easyscale generate --target hpa/NAMESPACE/NAME"
                .to_owned(),
        ));
    }
    let Some(namespace) = object.namespace() else {
        return Err((
            "it does not say its namespace, which is never guessed".to_owned(),
            "add `namespace` to its `metadata`, or export it from the cluster with kubectl get -o yaml"
                .to_owned(),
        ));
    };
    Ok(Target {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}
