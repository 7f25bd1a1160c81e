//! What the loop hands out to whoever wants to know how things are: all that a plan is made of, so that planning and
//! rendering happen elsewhere.

use tokio::sync::oneshot;

use crate::plan::{Observed, Plan, Planner};
use crate::policy::{Problem, Severity};
use crate::time::Instant;

/// Somebody wants to know.
#[derive(Debug)]
pub struct Question {
    /// Where the answer goes.
    pub answer: oneshot::Sender<Snapshot>,
}

/// How things are.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// When.
    pub at: Instant,
    /// How to call the cluster in a sentence.
    pub cluster: String,
    /// The rules in force, and what writes wait for.
    pub planner: Planner,
    /// The cluster as the streams have told it.
    pub observed: Observed,
    /// Whether this process writes; `None`: there is no election, so it does.
    pub leading: Option<bool>,
    /// Who else leads, if that is known.
    pub holder: Option<String>,
    /// What is known of the policies.
    pub policy: PolicyState,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// Whether the cluster has been seen completely; before that, what is missing is not missing.
    pub listed: bool,
}

/// What is known of the policies.
#[derive(Debug, Clone)]
pub struct PolicyState {
    /// Whether the files as they are now are in force.
    pub valid: bool,
    /// Since when the rules in force are.
    pub since: Instant,
    /// The problems of the files as they are now.
    pub problems: Vec<Problem>,
}

impl Snapshot {
    /// The plan of now.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.planner.plan(&self.observed, self.at)
    }
}

impl PolicyState {
    /// Policies that came in force at `since`, with what was said of them.
    #[must_use]
    pub fn valid(since: Instant, problems: Vec<Problem>) -> Self {
        Self {
            valid: true,
            since,
            problems,
        }
    }

    /// The files cannot be used any more; what is in force stays so.
    pub fn set_invalid(&mut self, problems: Vec<Problem>) {
        self.valid = false;
        self.problems = problems;
    }

    /// The errors, in a line each.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        let errors = self.problems.iter();
        errors
            .filter(|problem| problem.severity == Severity::Error)
            .map(|problem| match problem.place() {
                Some(place) => format!("{place}: {}", problem.message),
                None => problem.message.clone(),
            })
            .collect()
    }
}
