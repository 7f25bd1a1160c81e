//! What `kubectl get events` shows of a change, and telling it.

use kube::api::Patch;
use serde_json::{Value, json};
use tokio::time::Instant as Mono;

use super::live::Live;
use super::resource::{Resource, made_by_us, patched_by_us};
use super::series::{Again, Key};
use super::wire::Item;
use crate::plan::{Action, Applied, Bounds, Failure, FailureKind, ObjectRef, Outcome, TargetPlan};
use crate::time::Instant;

/// The longest note that the API takes, with room for the ellipsis.
const MAX_NOTE_BYTES: usize = 1000;

/// The longest object name that leaves room for what makes an event's name unique.
const MAX_NAME_BYTES: usize = 200;

/// What an event is about, in a word that people filter by; stable, and named in docs/events.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// An autoscaler's bounds were written.
    BoundsChanged,
    /// An autoscaler got its originals back.
    BoundsRestored,
    /// A workload's replicas were written.
    ReplicasChanged,
    /// A workload got its replicas back.
    ReplicasRestored,
    /// A target is left alone from now on.
    Refused,
    /// A floor that somebody raised above ours is respected.
    Held,
    /// A workload at 0 is left so, since it was not us who put it there.
    LeftAsleep,
    /// Policies that were read again have mistakes.
    PolicyInvalid,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::BoundsChanged,
        Self::BoundsRestored,
        Self::ReplicasChanged,
        Self::ReplicasRestored,
        Self::Refused,
        Self::Held,
        Self::LeftAsleep,
        Self::PolicyInvalid,
    ];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BoundsChanged => "BoundsChanged",
            Self::BoundsRestored => "BoundsRestored",
            Self::ReplicasChanged => "ReplicasChanged",
            Self::ReplicasRestored => "ReplicasRestored",
            Self::Refused => "Refused",
            Self::Held => "Held",
            Self::LeftAsleep => "LeftAsleep",
            Self::PolicyInvalid => "PolicyInvalid",
        }
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventNote {
    /// The object that was written.
    pub regarding: ObjectRef,
    /// Its uid.
    pub uid: String,
    /// What the rule names, if that is another object.
    pub related: Option<ObjectRef>,
    /// What it is about.
    pub reason: Reason,
    /// Whether somebody should look.
    pub warning: bool,
    /// What happened and why.
    pub note: String,
    /// When.
    pub time: Instant,
}

impl EventNote {
    /// The event of a change that was made; `None` for anything else.
    #[must_use]
    pub fn of(applied: &Applied, time: Instant) -> Option<Self> {
        let plan = &applied.plan;
        let (Outcome::Applied, Some(object)) = (&applied.outcome, &plan.object) else {
            return None;
        };
        let bounds = plan.writes.bounds.is_some() || plan.writes.release.is_some();
        let reason = match (bounds, &plan.action) {
            (true, Action::Restore) => Reason::BoundsRestored,
            (true, _) => Reason::BoundsChanged,
            (false, Action::Restore) => Reason::ReplicasRestored,
            (false, _) => Reason::ReplicasChanged,
        };
        let target = ObjectRef::of(&plan.target);
        Some(Self {
            related: (target.kind != object.kind || target.name != object.name).then_some(target),
            regarding: object.clone(),
            uid: plan.uid.clone(),
            reason,
            warning: plan.notes.iter().any(|note| note.warning),
            note: note(plan),
            time,
        })
    }

    /// An event that is not about a change; `note` is cut to what the API takes.
    #[must_use]
    pub fn new(
        regarding: ObjectRef,
        uid: String,
        reason: Reason,
        warning: bool,
        note: &str,
        time: Instant,
    ) -> Self {
        Self {
            regarding,
            uid,
            related: None,
            reason,
            warning,
            note: fit(note),
            time,
        }
    }

    /// The body of the request that counts it up, when it happened `count` times (at least 2).
    fn again_body(&self, count: u32) -> Value {
        json!({"series": {
            // The API's own type is a signed one.
            "count": count.min(i32::MAX.unsigned_abs()),
            "lastObservedTime": self.micro_time(),
        }})
    }

    fn micro_time(&self) -> String {
        self.time.to_string().replace('Z', ".000000Z")
    }

    /// The body of the request that makes it, `events.k8s.io/v1`.
    fn body(&self) -> Value {
        let reference = |object: &ObjectRef| {
            json!({
                "apiVersion": object.api_version,
                "kind": object.kind,
                "namespace": object.namespace,
                "name": object.name,
            })
        };
        let mut regarding = reference(&self.regarding);
        if !self.uid.is_empty() {
            regarding["uid"] = json!(self.uid);
        }
        let mut body = json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {
                "generateName": format!("{}-", cut(&self.regarding.name, MAX_NAME_BYTES)),
                "namespace": self.regarding.namespace,
            },
            "eventTime": self.micro_time(),
            "reportingController": "easyscale.io/easyscale",
            "reportingInstance": "easyscale",
            "type": if self.warning { "Warning" } else { "Normal" },
            "reason": self.reason.as_str(),
            "action": "Schedule",
            "note": self.note,
            "regarding": regarding,
        });
        if let Some(related) = &self.related {
            body["related"] = reference(related);
        }
        body
    }
}

impl Live {
    /// Makes the event, or counts up the one that was made when the same happened just before.
    pub(super) async fn post(&self, event: &EventNote) -> Result<(), Failure> {
        let namespace = event.regarding.namespace.as_str();
        let resource = Resource {
            group: "events.k8s.io",
            version: "v1",
            resource: "events",
            namespace: Some(namespace),
        };
        let key = Key::of(event);
        let again = self.series().again(&key, Mono::now());
        if let Some(Again { event: name, count }) = again {
            let operation = resource.operation("patch", Some(&name));
            let params = patched_by_us();
            let patch = Patch::Merge(event.again_body(count));
            let sent = self.send::<Value>(&operation, resource.request().patch(&name, &params, &patch));
            match sent.await {
                // Events live for an hour, or until somebody clears them away.
                Err(failure) if failure.kind == FailureKind::NotFound => self.series().forget(&key),
                result => return result.map(drop),
            }
        }
        let operation = resource.operation("create", None);
        let params = made_by_us();
        let body = event.body().to_string().into_bytes();
        let made: Item = self
            .send(&operation, resource.request().create(&params, body))
            .await?;
        if !made.metadata.name.is_empty() {
            self.series().told(key, made.metadata.name, Mono::now());
        }
        Ok(())
    }
}

/// What changed, why, where that is written, and what else is to be known; cut to what the API takes.
fn note(plan: &TargetPlan) -> String {
    let mut note = changes(plan.from, plan.to);
    for because in &plan.because {
        let window = because
            .window
            .as_ref()
            .map_or_else(|| "default".to_owned(), |window| format!("window {window:?}"));
        note.push_str(&format!("; {} by {window}, {}", because.bound, because.source));
    }
    note.push_str(&format!("; rule {}", plan.rule));
    for told in &plan.notes {
        note.push_str("; ");
        note.push_str(&told.message);
    }
    fit(&note)
}

/// A note in one line, and no longer than the API takes.
fn fit(note: &str) -> String {
    let mut note = note.replace(char::is_control, " ");
    if note.len() > MAX_NOTE_BYTES {
        let end = cut(&note, MAX_NOTE_BYTES).len();
        note.truncate(end);
        note.push('…');
    }
    note
}

/// `minReplicas 2 -> 5, maxReplicas 10 -> 20`.
pub(super) fn changes(from: Bounds, to: Bounds) -> String {
    let pairs = [
        ("minReplicas", from.min_replicas, to.min_replicas),
        ("maxReplicas", from.max_replicas, to.max_replicas),
        ("replicas", from.replicas, to.replicas),
    ];
    let text = |value: Option<u32>| value.map_or_else(|| "unset".to_owned(), |value| value.to_string());
    let changed: Vec<_> = pairs
        .iter()
        .filter(|(_, from, to)| from != to)
        .map(|(name, from, to)| format!("{name} {} -> {}", text(*from), text(*to)))
        .collect();
    if changed.is_empty() {
        "only what easyscale remembers changes".to_owned()
    } else {
        changed.join(", ")
    }
}

/// At most `max` bytes of `text`, on a character's border.
fn cut(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
