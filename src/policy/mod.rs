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

mod adjustment;
mod bounds;
mod calendars;
mod check;
mod codes;
mod config;
mod deletions;
mod document;
mod duration;
mod extent;
mod files;
mod hours;
mod inputs;
mod join;
mod layers;
mod name;
mod node;
mod passed;
mod pattern;
mod problem;
mod reading;
mod rule;
pub mod schema;
mod settings;
mod shape;
mod side_by_side;
mod source;
mod span;
mod spec;
mod start_days;
mod target;
mod toml;
mod when;
mod window;
mod words;
mod yaml;
mod zone;

use std::path::PathBuf;
use std::sync::Arc;

pub use adjustment::VARIABLE_PREFIX;
pub use codes::CODES;
pub use config::{Config, Content, Entry, Leaf};
pub use inputs::Inputs;
pub use passed::notes;
pub use problem::{At, Problem, Severity};
pub use rule::{Limits, Place, Replicas, Rule, Setting, Sourced, Target, Wake, Window};
pub use source::{Mark, Source, Sources, Span};
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
}

impl Loaded {
    /// Whether anything is wrong enough that the policies cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
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
