//! What the controller counts, for Prometheus. Only numbers: nothing is decided by them, and nothing waits for them.
//!
//! docs/metrics.md has the same list as the registry below; a test compares them. Every label has a bounded set of
//! values, except those of a target, which are bounded in length and, by [`Metrics::new`], in number.

mod per_target;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::plan::{Bounds, Code, FailureKind};
use crate::policy::Target;
use crate::time::{Instant, tzdb_source, tzdb_version};
use per_target::PerTarget;

/// What [`Metrics::text`] is, for the `Content-Type` of an answer.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From 5 ms, a patch that left at once, to 10 minutes, an API server that was away.
const EDGE_TO_PATCH_SECONDS: [f64; 15] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0,
];

/// What a change did to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// Bounds went up.
    Raise,
    /// Bounds went down.
    Lower,
    /// One went up, the other down.
    Mixed,
    /// Originals were put back.
    Restore,
    /// Only what is remembered was written.
    Memory,
}

impl Moved {
    const ALL: [Self; 5] = [Self::Raise, Self::Lower, Self::Mixed, Self::Restore, Self::Memory];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raise => "raise",
            Self::Lower => "lower",
            Self::Mixed => "mixed",
            Self::Restore => "restore",
            Self::Memory => "memory",
        }
    }
}

type Label = [(&'static str, &'static str); 1];
type Timestamp = Gauge<f64, AtomicU64>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Watch {
    resource: &'static str,
    why: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    verb: &'static str,
    code: String,
}

/// The numbers of one process. Every method is cheap enough for the loop, and may be called from any task.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    decisions: Counter,
    changes: Family<Label, Counter>,
    refusals: Family<Label, Counter>,
    refused: Family<Label, Gauge>,
    rule_objects: Family<[(&'static str, &'static str); 2], Gauge>,
    failures: Family<Label, Counter>,
    conflicts: Counter,
    reasserts: Counter,
    held: Gauge,
    edge_to_patch: Histogram,
    next_edge: Timestamp,
    policy_valid: Gauge,
    policy_loaded: Timestamp,
    reloads: Family<Label, Counter>,
    leader: Gauge,
    dry_run: Gauge,
    watch_restarts: Family<Watch, Counter>,
    api_requests: Family<Request, Counter>,
    clock_steps: Counter,
    event_failures: Counter,
    per_target: PerTarget,
}

impl Metrics {
    /// Everything at zero; at most `max_targets` targets get series of their own.
    #[must_use]
    pub fn new(max_targets: usize) -> Self {
        let new = Self {
            registry: Registry::with_prefix("easyscale"),
            decisions: Counter::default(),
            changes: Family::default(),
            refusals: Family::default(),
            refused: Family::default(),
            rule_objects: Family::default(),
            failures: Family::default(),
            conflicts: Counter::default(),
            reasserts: Counter::default(),
            held: Gauge::default(),
            edge_to_patch: Histogram::new(EDGE_TO_PATCH_SECONDS),
            next_edge: unknown(),
            policy_valid: Gauge::default(),
            policy_loaded: unknown(),
            reloads: Family::default(),
            leader: Gauge::default(),
            dry_run: Gauge::default(),
            watch_restarts: Family::default(),
            api_requests: Family::default(),
            clock_steps: Counter::default(),
            event_failures: Counter::default(),
            per_target: PerTarget::new(max_targets),
        };
        new.start_at_zero();
        new.registered()
    }

    /// A rate over a counter that appears with its first event would miss that event.
    fn start_at_zero(&self) {
        for moved in Moved::ALL {
            drop(self.changes.get_or_create(&[("action", moved.as_str())]));
        }
        for code in Code::ALL {
            drop(self.refusals.get_or_create(&[("code", code.as_str())]));
        }
        for kind in FailureKind::ALL {
            drop(self.failures.get_or_create(&[("kind", kind.as_str())]));
        }
        for valid in [true, false] {
            drop(self.reloads.get_or_create(&[("result", validity(valid))]));
        }
        self.refusals(&BTreeMap::new());
        let kinds = ["configmap", "scalingrule"];
        let none = kinds.map(|kind| [(kind, "accepted", 0), (kind, "refused", 0)]);
        self.rule_objects(none.as_flattened());
    }

    fn registered(mut self) -> Self {
        let build = Info::new([
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("tzdb_version", per_target::bounded(tzdb_version())),
            ("tzdb_source", per_target::bounded(tzdb_source())),
        ]);
        let all = &mut self.registry;
        all.register(
            "build",
            "The version of easyscale and of the time-zone rules in use",
            build,
        );
        all.register("decisions", "Targets that were planned", self.decisions.clone());
        all.register(
            "changes",
            "Targets that were written, by what the write did",
            self.changes.clone(),
        );
        all.register(
            "refusals",
            "Times that a target began to be left alone, by reason",
            self.refusals.clone(),
        );
        all.register(
            "refused_targets",
            "Targets that are left alone now, by reason",
            self.refused.clone(),
        );
        all.register(
            "rule_objects",
            "Objects in the cluster that rules are read from, by kind and by whether they can be used",
            self.rule_objects.clone(),
        );
        all.register(
            "failures",
            "Targets that should have been written and were not, by kind of failure",
            self.failures.clone(),
        );
        all.register(
            "conflicts",
            "Writes that found the object changed meanwhile, and looked again",
            self.conflicts.clone(),
        );
        all.register(
            "reasserts",
            "Times that a bound was set again after somebody had put it back",
            self.reasserts.clone(),
        );
        all.register(
            "held_targets",
            "Targets whose bound somebody raised above ours, which is respected for now",
            self.held.clone(),
        );
        all.register_with_unit(
            "edge_to_patch",
            "From the instant at which a decision changed, or its stagger was over, to the answer to its patch",
            Unit::Seconds,
            self.edge_to_patch.clone(),
        );
        all.register_with_unit(
            "next_edge_timestamp",
            "When the next decision changes, in Unix time; NaN if none ever will",
            Unit::Seconds,
            self.next_edge.clone(),
        );
        all.register(
            "policy_valid",
            "1 if the policy files as they are now can be used; 0 if the last good ones still count",
            self.policy_valid.clone(),
        );
        all.register_with_unit(
            "policy_loaded_timestamp",
            "When the rules in use were loaded, in Unix time",
            Unit::Seconds,
            self.policy_loaded.clone(),
        );
        all.register(
            "policy_reloads",
            "Times that the policy files were read again, by result",
            self.reloads.clone(),
        );
        all.register(
            "leader",
            "1 if this process writes; 0 if it waits for the one that does",
            self.leader.clone(),
        );
        all.register(
            "dry_run",
            "1 if nothing is written, whoever leads",
            self.dry_run.clone(),
        );
        all.register(
            "watch_restarts",
            "Watches that were begun anew, by resource and reason",
            self.watch_restarts.clone(),
        );
        all.register(
            "api_requests",
            "Requests to the API server, by verb and HTTP status; none: no answer",
            self.api_requests.clone(),
        );
        all.register(
            "clock_steps",
            "Times that the wall clock jumped",
            self.clock_steps.clone(),
        );
        all.register(
            "event_failures",
            "Kubernetes Events that could not be told",
            self.event_failures.clone(),
        );
        all.register_collector(Box::new(self.per_target.clone()));
        self
    }

    /// `n` targets were planned.
    pub fn decided(&self, n: u64) {
        self.decisions.inc_by(n);
    }

    /// A target was written.
    pub fn changed(&self, action: Moved) {
        self.changes.get_or_create(&[("action", action.as_str())]).inc();
    }

    /// A target that was not refused before, or for another reason, is refused.
    pub fn refused(&self, code: Code) {
        self.refusals.get_or_create(&[("code", code.as_str())]).inc();
    }

    /// How many targets are refused now; a code that is not in `now` is zero.
    pub fn refusals(&self, now: &BTreeMap<Code, usize>) {
        for code in Code::ALL {
            let count = now.get(code).copied().unwrap_or_default();
            self.refused
                .get_or_create(&[("code", code.as_str())])
                .set(number(count));
        }
    }

    /// How many objects there are that rules are read from: kind, `accepted` or `refused`, how many.
    pub fn rule_objects(&self, now: &[(&'static str, &'static str, usize)]) {
        for (kind, state, count) in now {
            self.rule_objects
                .get_or_create(&[("kind", *kind), ("state", *state)])
                .set(number(*count));
        }
    }

    /// A target should have been written and was not.
    pub fn failed(&self, kind: FailureKind) {
        self.failures.get_or_create(&[("kind", kind.as_str())]).inc();
    }

    /// `n` writes found the object changed.
    pub fn conflicts(&self, n: u64) {
        self.conflicts.inc_by(n);
    }

    /// A bound was set again that somebody had put back.
    pub fn reasserted(&self) {
        self.reasserts.inc();
    }

    /// How many targets are held by somebody's higher bound now.
    pub fn held(&self, n: i64) {
        self.held.set(n);
    }

    /// How long after its edge, or the end of its stagger, a patch was answered.
    pub fn edge_to_patch(&self, took: Duration) {
        self.edge_to_patch.observe(took.as_secs_f64());
    }

    /// When the next decision changes; `None`: never.
    pub fn next_edge(&self, at: Option<Instant>) {
        self.next_edge.set(at.map_or(f64::NAN, seconds));
    }

    /// Whether the files as they are now can be used, and since when the rules in use are in use.
    pub fn policy(&self, valid: bool, loaded_at: Instant) {
        self.policy_valid.set(i64::from(valid));
        self.policy_loaded.set(seconds(loaded_at));
    }

    /// The policy files were read again.
    pub fn reload(&self, valid: bool) {
        self.reloads.get_or_create(&[("result", validity(valid))]).inc();
    }

    /// Whether this process writes. Without an election it does.
    pub fn leader(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    /// Whether nothing is written at all.
    pub fn dry_run(&self, is_dry: bool) {
        self.dry_run.set(i64::from(is_dry));
    }

    /// A watch of `resource` (`horizontalpodautoscalers`) was begun anew, because of `why` (`expired`, `closed`).
    pub fn watch_restarted(&self, resource: &'static str, why: &'static str) {
        self.watch_restarts.get_or_create(&Watch { resource, why }).inc();
    }

    /// A request was answered with the HTTP status `code`; 0: not at all.
    pub fn api_request(&self, verb: &'static str, code: u16) {
        let code = match code {
            0 => "none".to_owned(),
            100..=599 => code.to_string(),
            _ => "other".to_owned(),
        };
        self.api_requests.get_or_create(&Request { verb, code }).inc();
    }

    /// The wall clock jumped.
    pub fn clock_stepped(&self) {
        self.clock_steps.inc();
    }

    /// A Kubernetes Event could not be told.
    pub fn event_failed(&self) {
        self.event_failures.inc();
    }

    /// How many targets there are, with or without series of their own.
    pub fn targets(&self, total: usize) {
        self.per_target.total(total);
    }

    /// A target as it should be and as it was seen. Has no effect where `max_targets` others have series already.
    pub fn target(&self, target: &Target, rule: &str, desired: Bounds, observed: Bounds) {
        self.per_target.set(target, rule, desired, observed);
    }

    /// A target is gone, and its series with it.
    pub fn forget(&self, target: &Target) {
        self.per_target.forget(target);
    }

    /// All of it in the OpenMetrics text format, which [`CONTENT_TYPE`] names.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String has nothing to fail on; half a text would lack its end mark and not be taken for whole.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn unknown() -> Timestamp {
    let gauge = Timestamp::default();
    gauge.set(f64::NAN);
    gauge
}

fn validity(valid: bool) -> &'static str {
    if valid { "valid" } else { "invalid" }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Exact: the years that an [`Instant`] can have are fewer than 2^53 seconds.
#[expect(clippy::cast_precision_loss, reason = "instants have fewer than 53 bits")]
fn seconds(at: Instant) -> f64 {
    at.unix() as f64
}

#[cfg(test)]
mod tests;
