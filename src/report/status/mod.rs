//! What a controller is at: its present plan, and how it stands itself. As JSON for programs and as a page for people,
//! one form per file.

mod json;
mod page;
mod style;

pub use json::json;
pub use page::{Filter, page};

use crate::plan::Plan;
use crate::policy::{Problem, Target};
use crate::time::Instant;

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct Status<'a> {
    /// What the controller would do now; what it does, if it is the one that writes.
    pub plan: &'a Plan,
    /// Where: `context kind-dev`, `the cluster it runs in`.
    pub cluster: &'a str,
    /// Which installation this is.
    pub instance: &'a str,
    /// Whether it is the one that writes; `None`: there is no election, so it is.
    pub leading: Option<bool>,
    /// Who writes, as far as known.
    pub holder: Option<&'a str>,
    /// The rules in use.
    pub policy: &'a PolicyState,
    /// Whether nothing is written at all.
    pub dry_run: bool,
    /// What is not written at once although it is planned.
    pub waiting: &'a [Waiting],
}

/// How the policy files stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyState {
    /// Whether the files as they are now can be used; if not, the last good ones are in use.
    pub valid: bool,
    /// Since when the rules in use are in use.
    pub since: Instant,
    /// What is wrong with the files as they are now, warnings and notes included.
    pub problems: Vec<Problem>,
}

/// A target whose change is put off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub target: Target,
    /// Until when at most; `None`: until something else happens, which `why` tells.
    pub until: Option<Instant>,
    /// What it waits for, as the rest of the sentence "waits: …".
    pub why: String,
}

impl Status<'_> {
    /// When a decision changes next, of all targets that are not left alone.
    fn next_change(&self) -> Option<Instant> {
        let kept = self
            .plan
            .targets
            .iter()
            .filter(|target| target.refusal().is_none());
        kept.filter_map(|target| target.until).min()
    }
}
