//! Text to rules: documents, layers, provenance, checking, diagnostics.
//!
//! Here: everything between bytes and [`Rule`]s. Not here: the clock, a client, the meaning of
//! windows in time (that is [`crate::time`] and [`crate::engine`]).
//!
//! ```text
//! files --files--> bytes --yaml, toml--> Node --document, layers--> what each layer says of a rule
//!                                                   --join--> Node --spec, window, ...--> Rule | Problem
//! ```
//! What a policy file says of settings holds in all files, whichever comes first: so all of them are read before any rule.
//!
//! A tree of plain values with spans stands between the languages and the checking, so that all languages and
//! layers arrive at the same checks.

mod absent;
mod adjustment;
mod behind;
mod bounds;
mod calendars;
mod check;
mod codes;
mod config;
pub mod crd;
mod crossings;
mod deletions;
mod denied;
mod document;
mod doubts;
mod duration;
mod extent;
mod files;
mod hours;
mod inputs;
mod join;
mod layers;
mod limits;
mod lookalike;
mod name;
mod node;
mod open;
mod parsed;
mod passed;
mod pattern;
mod problem;
mod reading;
mod rule;
pub mod schema;
mod scope;
mod settings;
mod shape;
mod side_by_side;
mod snapshot;
mod source;
mod span;
mod spec;
mod stack;
mod start_days;
mod supply;
mod target;
mod texts;
mod toml;
mod when;
mod window;
mod words;
mod yaml;
mod zone;

use std::path::PathBuf;
use std::sync::Arc;

pub use absent::{Absent, absences};
pub use adjustment::VARIABLE_PREFIX;
pub use codes::{CODES, RETIRED};
pub use config::{Config, Content, Entry, Leaf};
pub use denied::Denied;
pub use inputs::Inputs;
pub use passed::notes;
pub use problem::{At, Problem, Severity};
pub use rule::{Limits, Place, Replicas, Rule, Setting, Sourced, Target, Wake, Window};
pub use scope::{Owner, Scope};
pub use snapshot::{Fingerprint, Snapshot};
pub use source::{Mark, Source, Sources, Span};
pub use supply::{Ground, Supply};
pub(crate) use words::meant;

/// What policies turned out to say.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The rules without a mistake of their own, in the order written. When there are [errors](Self::has_errors),
    /// they are not the whole policy, and must not be acted upon.
    pub rules: Vec<Arc<Rule>>,
    /// All problems of all files, by file and position.
    pub problems: Vec<Problem>,
    /// The text that the problems and places are about.
    pub sources: Sources,
    /// The names of the windows, as written.
    windows: Vec<Mark>,
    /// The targets of the rules, where they are written.
    targets: Vec<(Target, Mark)>,
    /// What they say for rules from elsewhere.
    ground: Ground,
}

impl Loaded {
    /// Whether anything is wrong enough that the policies cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// What these policies say for rules from inside the cluster: defaults, calendars, limits.
    #[must_use]
    pub fn ground(&self) -> Ground {
        self.ground.clone()
    }

    /// The problems of a profile, a variable or a `--set` that is for something that these policies do not have.
    #[must_use]
    pub fn leads_nowhere(&self) -> Vec<Problem> {
        let of_adjustments = [codes::UNKNOWN_PROFILE, codes::NOWHERE];
        let problems = self.problems.iter();
        problems
            .filter(|problem| of_adjustments.contains(&problem.code))
            .cloned()
            .collect()
    }

    /// Takes in problems that are found elsewhere, such as [notes], each at its place among the others.
    pub fn add(&mut self, problems: Vec<Problem>) {
        self.problems.extend(problems);
        inputs::sort(self);
    }

    /// For a mode that goes on for long, where files can be lost: an error where no rule is left, unless that `is_meant`. Then
    /// files and directories without a rule are no mistake, either; such that are not there still are.
    pub fn mind_emptiness(&mut self, is_meant: bool) {
        let is_about_rules = |problem: &Problem| problem.code == codes::NO_RULES;
        if is_meant {
            self.problems.retain(|problem| !is_about_rules(problem));
            return;
        }
        let mut errors = self
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error);
        // With any other mistake nobody knows which rules there would be.
        if self.rules.is_empty() && errors.all(is_about_rules) {
            let problem = Problem::error(
                codes::NO_RULES,
                "there is no rule at all: everything would get its own bounds back",
            )
            .hint("if that is what you want, start with --allow-empty; else put the rules back");
            self.add(vec![problem]);
        }
    }

    /// Makes errors of the warnings that are denied. Notes are never denied: they may depend on the day.
    pub fn deny(&mut self, denied: &[Denied]) {
        for problem in &mut self.problems {
            if problem.severity == Severity::Warning && denied.iter().any(|denied| denied.covers(problem)) {
                problem.severity = Severity::Error;
            }
        }
    }
}

/// Reads and checks the policies in files and directories, and nothing else: see [`Inputs`].
#[must_use]
pub fn load(paths: &[PathBuf]) -> Loaded {
    Inputs::of(paths).load()
}

/// Checks policies that are given as texts with their names. Pure; [`load`] does the same with files.
#[must_use]
pub fn check(files: Vec<(String, String)>) -> Loaded {
    Inputs::default().check(files)
}
