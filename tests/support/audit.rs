//! What was asked of the apiserver, read from its audit log.

use super::control_plane::{AUDIT_LOG, ControlPlane};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use serde::Deserialize;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One answered request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whose token it bore.
    pub user: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// In the plural, with the subresource: `horizontalpodautoscalers`, `deployments/scale`; empty
    /// for paths such as `/version`.
    pub resource: String,
    /// Empty for all namespaces and for what is in none.
    pub namespace: String,
    /// Empty for lists.
    pub name: String,
    /// The path with the query, such as `dryRun=All`.
    pub uri: String,
    /// The HTTP status.
    pub code: u16,
    /// What the program called itself.
    pub user_agent: String,
    /// When it came.
    pub received: SystemTime,
    /// When it was answered.
    pub answered: SystemTime,
}

impl Request {
    /// Whether it was meant to change something, dry runs included.
    pub fn is_write(&self) -> bool {
        !matches!(self.verb.as_str(), "get" | "list" | "watch")
    }

    /// Whether the server was asked not to store it.
    pub fn is_dry_run(&self) -> bool {
        self.uri.contains("dryRun=All")
    }
}

impl ControlPlane {
    /// All requests that were answered so far, oldest first, of all users: filter by
    /// [`user`](Request::user) ([`Env::requests`](super::Env::requests) does). A watch appears when
    /// it ends. Needs `Options::audit_log`.
    pub async fn requests(&self) -> Vec<Request> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // A request is logged just after its answer, so the last ones may be missing still. Ask
        // for something of a name not seen before, and read once that is in the log.
        let marker = format!("audit-marker-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let api = Api::<ConfigMap>::namespaced(self.client(self.marker_user()), "audit-marker");
        api.get_opt(&marker).await.expect("the apiserver answers");
        let log = self.path().join(AUDIT_LOG);
        super::wait_for(
            "the audit log to be written",
            Duration::from_secs(60),
            async || {
                let text = std::fs::read_to_string(&log).map_err(|e| e.to_string())?;
                let has_marker = text
                    .lines()
                    .any(|line| line.contains(&marker) && line.ends_with('}'));
                if has_marker {
                    Ok(parse(&text))
                } else {
                    Err(format!("{} bytes without {marker}", text.len()))
                }
            },
        )
        .await
    }
}

/// The requests in the audit log of the control plane in `folder`, as far as it is written.
pub fn timed_requests(folder: &Path) -> Vec<Request> {
    let log = std::fs::read_to_string(folder.join(AUDIT_LOG)).expect("there is an audit log");
    parse(&log)
}

/// RFC 3339 with microseconds.
fn time(text: &str) -> SystemTime {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0Z"));
    let whole = easyscale::time::Instant::parse(&format!("{}Z", whole.trim_end_matches('Z')));
    let whole = u64::try_from(whole.expect("the server writes instants").unix()).expect("after 1970");
    let micros: u64 = fraction.trim_end_matches('Z').parse().unwrap_or(0);
    UNIX_EPOCH + Duration::from_secs(whole) + Duration::from_micros(micros)
}

fn parse(log: &str) -> Vec<Request> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Event {
        verb: String,
        user: Name,
        #[serde(default)]
        user_agent: String,
        #[serde(rename = "requestURI")]
        request_uri: String,
        #[serde(default)]
        object_ref: Object,
        response_status: Option<Code>,
        request_received_timestamp: String,
        stage_timestamp: String,
    }
    #[derive(Deserialize)]
    struct Name {
        username: String,
    }
    #[derive(Deserialize)]
    struct Code {
        #[serde(default)]
        code: u16,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Object {
        resource: String,
        subresource: String,
        namespace: String,
        name: String,
    }

    log.lines()
        .filter_map(|line| serde_json::from_str::<Event>(line).ok())
        .filter(|event| event.object_ref.namespace != "audit-marker")
        .map(|event| {
            let Object {
                resource,
                subresource,
                namespace,
                name,
            } = event.object_ref;
            Request {
                user: event.user.username,
                verb: event.verb,
                resource: if subresource.is_empty() {
                    resource
                } else {
                    format!("{resource}/{subresource}")
                },
                namespace,
                name,
                uri: event.request_uri,
                code: event.response_status.map_or(0, |status| status.code),
                user_agent: event.user_agent,
                received: time(&event.request_received_timestamp),
                answered: time(&event.stage_timestamp),
            }
        })
        .collect()
}
