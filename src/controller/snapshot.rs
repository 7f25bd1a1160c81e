//! What the loop tells of itself when somebody asks. A copy: planning and showing it must not hold up the loop.

use tokio::sync::oneshot;

use crate::plan::{Observed, Planner};
use crate::report::status::{PolicyState, Waiting};
use crate::time::Instant;

/// The controller at one instant.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The instant.
    pub at: Instant,
    /// Where: `context kind-dev`, `the cluster it runs in`.
    pub cluster: String,
    /// Which installation this is.
    pub instance: String,
    /// The rules in use.
    pub planner: Planner,
    /// What the cluster looks like, as far as the loop knows.
    pub observed: Observed,
    /// Whether this process writes; `None`: there is no election, so it does.
    pub leading: Option<bool>,
    /// Who writes, as far as known.
    pub holder: Option<String>,
    /// How the policy files stand.
    pub policy: PolicyState,
    /// Whether nothing is written at all.
    pub dry_run: bool,
    /// Targets whose change is put off, each with its reason.
    pub targets_waiting: Vec<Waiting>,
}

/// Somebody wants a snapshot.
#[derive(Debug)]
pub struct Question {
    /// Where to; dropped without an answer while there is nothing to show yet.
    pub answer: oneshot::Sender<Snapshot>,
}

impl Question {
    /// Answers, unless who asked is gone by now: then nothing is copied.
    pub fn answer(self, snapshot: impl FnOnce() -> Snapshot) {
        if !self.answer.is_closed() {
            // Who asked may go at any moment, and misses nothing then.
            let _ = self.answer.send(snapshot());
        }
    }
}
