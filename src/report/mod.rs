//! Plans, outcomes, explanations, timelines, problems and the state of a controller as text, JSON, Markdown, pages and
//! pictures. Pure: all of it returns strings.

mod escape;
mod json;
mod markdown;
mod text;
mod xml;

pub mod config;
pub mod explain;
pub mod problems;
pub mod rule_status;
pub mod status;
pub mod timeline;

pub use escape::printable;
pub use json::json;
pub use markdown::markdown;
pub use text::text;

use crate::plan::{Applied, Failure, Outcome, Plan, Summary, TargetPlan};
use crate::policy::Problem;
use crate::time::Instant;

/// What is shown: a plan, or what came of it.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The instant that it is for.
    pub at: Instant,
    /// Where: `context kind-dev`, `file cluster.yaml`.
    pub cluster: &'a str,
    /// The targets, and of an apply what came of each.
    pub targets: &'a [Entry<'a>],
    /// Whether it was carried out; with no targets at all they cannot tell.
    pub tried: bool,
    /// Also show targets that are as they should be.
    pub unchanged: bool,
    /// What is wrong with objects in the cluster that rules are read from; JSON has it, people were told before.
    pub problems: &'a [Problem],
}

/// One target of a plan, and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its plan.
    pub plan: &'a TargetPlan,
    /// What came of it; `None`: nothing was tried.
    pub outcome: Option<&'a Outcome>,
}

impl<'a> Entry<'a> {
    /// The entries of a plan.
    #[must_use]
    pub fn of_plan(plan: &'a Plan) -> Vec<Self> {
        plan.targets
            .iter()
            .map(|plan| Self { plan, outcome: None })
            .collect()
    }

    /// The entries of what was applied.
    #[must_use]
    pub fn of_applied(applied: &'a [Applied]) -> Vec<Self> {
        applied
            .iter()
            .map(|applied| Self {
                plan: &applied.plan,
                outcome: Some(&applied.outcome),
            })
            .collect()
    }

    /// Why it was not written, if it should have been.
    #[must_use]
    pub fn failure(&self) -> Option<&'a Failure> {
        match self.outcome {
            Some(Outcome::Failed(failure)) => Some(failure),
            _ => None,
        }
    }
}

/// The numbers of a summary line; what failed counts as neither changed nor unchanged.
fn count(entries: &[Entry<'_>]) -> (Summary, usize) {
    let mut summary = Summary::default();
    let mut failed = 0;
    for entry in entries {
        if entry.failure().is_some() {
            failed += 1;
        } else if entry.plan.refusal().is_some() {
            summary.refused += 1;
        } else if entry.plan.changes() {
            summary.change += 1;
        } else {
            summary.unchanged += 1;
        }
    }
    (summary, failed)
}
