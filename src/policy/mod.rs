//! Text to rules: documents, provenance, checking, diagnostics.
//!
//! Here: everything between bytes and [`Rule`]s. Not here: the clock, a client, the meaning of
//! windows in time (that is [`crate::time`] and [`crate::engine`]).
//!
//! ```text
//! files --files--> bytes --yaml--> Node --settings---------------> Settings
//!                                  Node --document, window, ...--> Rule | Problem
//! ```
//! What a document of settings says holds in all files, whichever comes first: so all of them are read before any rule.
//!
//! A tree of plain values with spans stands between the language and the checking, so that further languages and
//! layers arrive at the same checks.

mod absent;
mod bounds;
mod calendars;
mod check;
mod codes;
mod crossings;
mod denied;
mod document;
mod doubts;
mod duration;
mod extent;
mod files;
mod hours;
mod lookalike;
mod name;
mod node;
mod open;
mod passed;
mod pattern;
mod problem;
mod rule;
mod settings;
mod side_by_side;
mod source;
mod span;
mod start_days;
mod target;
mod when;
mod window;
mod words;
mod yaml;
mod zone;

use std::path::PathBuf;
use std::sync::Arc;

use check::Checker;
use node::Node;
use settings::Settings;

pub use absent::{Absent, absences};
pub use codes::{CODES, RETIRED};
pub use denied::Denied;
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
    /// The targets of the rules, where they are written.
    targets: Vec<(Target, Mark)>,
}

impl Loaded {
    /// Whether anything is wrong enough that the policies cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// Takes in problems that are found elsewhere, such as [notes], each at its place among the others.
    pub fn add(&mut self, problems: Vec<Problem>) {
        self.problems.extend(problems);
        sort(self);
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

/// Reads and checks the policies in files and directories.
///
/// A directory stands for its `*.yaml` and `*.yml` files in the order of their names, without those whose name starts
/// with `.`; directories in it are not searched. Symbolic links are followed. A file that is larger than 4 MiB
/// is a problem and is not read. Each path must lead to at least one rule, or to settings for the rules of the others.
#[must_use]
pub fn load(paths: &[PathBuf]) -> Loaded {
    let found = files::read(paths);
    let (mut loaded, documents) = check_bytes(found.files);
    let mut problems = found.problems;
    if paths.is_empty() {
        problems.push(
            Problem::error(codes::NO_RULES, "no policies are given")
                .hint("name a file or a directory of policies"),
        );
    }
    let has_rules = documents.iter().any(|documents| documents.others > 0);
    for (name, range) in found.given {
        let silent = |file: &Source| loaded.problems.iter().all(|problem| !problem.is_in(file.name()));
        let mut files = loaded.sources.iter().skip(range.start).take(range.len());
        let has_others = documents[range.clone()].iter().any(|found| found.others > 0);
        let has_settings = documents[range].iter().any(|found| found.settings > 0);
        // Settings alone will do where the rules come from elsewhere.
        if has_others || (has_settings && has_rules) || !files.all(silent) {
            continue;
        }
        let problem = if has_settings {
            Problem::error(codes::NO_RULES, format!("there are only settings in {name}, and no rule anywhere"))
                .hint("name the files of the rules as well; a rule starts with `apiVersion: easyscale.io/v1` and `kind: ScalingRule`")
        } else {
            Problem::error(codes::NO_RULES, format!("there is no rule in {name}"))
                .hint("a rule starts with `apiVersion: easyscale.io/v1` and `kind: ScalingRule`")
        };
        problems.push(problem.in_file(&name));
    }
    problems.append(&mut loaded.problems);
    loaded.problems = problems;
    loaded
}

/// Checks policies that are given as texts with their names. Pure; [`load`] does the same with files.
#[must_use]
pub fn check(files: Vec<(String, String)>) -> Loaded {
    let files = files.into_iter().map(|(name, text)| (name, text.into_bytes()));
    check_bytes(files.collect()).0
}

/// How many documents of each sort a file has, whatever is wrong with them.
#[derive(Debug, Clone, Copy, Default)]
struct Documents {
    settings: usize,
    others: usize,
}

/// One file on its way from text to rules.
struct File {
    settings: Vec<Node>,
    others: Vec<Node>,
    /// What the YAML reader has dropped may have changed the meaning of any document of the file.
    sound: bool,
}

impl File {
    fn parse(source: &Source, readable: bool, check: &mut Checker<'_>) -> Self {
        let errors = check.errors();
        let trees = if readable {
            yaml::documents(source, check)
        } else {
            Vec::new()
        };
        let (settings, others) = trees.into_iter().partition(settings::is_settings);
        Self {
            settings,
            others,
            sound: readable && check.errors() == errors,
        }
    }

    fn documents(&self) -> Documents {
        Documents {
            settings: self.settings.len(),
            others: self.others.len(),
        }
    }

    fn read_rules(&self, settings: &Settings, check: &mut Checker<'_>) -> Vec<document::Read> {
        let mut found = Vec::new();
        for tree in &self.others {
            found.extend(document::read(tree, settings, check));
        }
        if !self.sound {
            found.iter_mut().for_each(|read| read.rule = None);
        }
        found
    }
}

/// The outcome, and which documents each file has.
fn check_bytes(files: Vec<(String, Vec<u8>)>) -> (Loaded, Vec<Documents>) {
    let mut problems = Vec::new();
    let mut sources = Vec::new();
    let mut readable = Vec::new();
    for (name, bytes) in files {
        let (source, problem) = decode(&name, &bytes);
        readable.push(problem.is_none());
        problems.extend(problem);
        sources.push(source);
    }
    let sources = Sources::from(sources);
    let mut check = Checker::new(&sources);
    let files: Vec<File> = sources
        .iter()
        .zip(readable)
        .map(|(source, readable)| File::parse(source, readable, &mut check))
        .collect();
    let counts = files.iter().map(File::documents).collect();
    let mut settings = Settings::default();
    for tree in files.iter().flat_map(|file| &file.settings) {
        settings.read(tree, &mut check);
    }
    problems.extend(settings.calendars.problems());
    let mut documents = Vec::new();
    for file in &files {
        documents.extend(file.read_rules(&settings, &mut check));
    }
    doubts::tell_unused_default_zone(settings.zone_place, &documents, &mut check);
    let mut found = check.finish();
    for (file, source) in files.iter().zip(sources.iter()) {
        if !file.sound {
            // What was dropped may be what a warning misses.
            found.retain(|problem| problem.severity != Severity::Warning || !problem.is_in(source.name()));
        }
    }
    problems.extend(found);
    problems.extend(side_by_side::compare_rules(&documents));
    let mut loaded = Loaded {
        problems,
        sources,
        ..Loaded::default()
    };
    for document in documents {
        loaded.windows.extend(document.windows);
        loaded.targets.extend(document.target);
        loaded.rules.extend(document.rule.map(Arc::new));
    }
    sort(&mut loaded);
    (loaded, counts)
}

/// A file's text; with a problem when it cannot be looked at.
fn decode(name: &str, bytes: &[u8]) -> (Source, Option<Problem>) {
    if bytes.len() as u64 > files::LARGEST_FILE {
        return (Source::new(name, ""), Some(files::too_large(name)));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return (Source::new(name, text), None),
        Err(error) => error,
    };
    let start = error.valid_up_to();
    let source = Source::new(name, &String::from_utf8_lossy(bytes));
    let end = start + char::REPLACEMENT_CHARACTER.len_utf8();
    let wide = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    let problem = Problem::error(
        codes::NOT_UTF8,
        format!("the file is not UTF-8 text: the byte at {start} does not belong there"),
    )
    .at(source.mark(Span { start, end }))
    .hint(if wide {
        "it looks like UTF-16, as some Windows programs write; save it as UTF-8"
    } else {
        "save the file with the encoding UTF-8"
    });
    (source, Some(problem))
}

/// By file, in the order in which they count, and position.
fn sort(loaded: &mut Loaded) {
    let order: std::collections::HashMap<String, usize> = loaded
        .sources
        .iter()
        .enumerate()
        .map(|(index, source)| (source.name().to_owned(), index))
        .collect();
    loaded.problems.sort_by_key(|problem| match &problem.at {
        At::Nowhere => (None, 0),
        At::File(file) => (order.get(&**file).copied(), usize::MAX),
        At::Mark(mark) => (order.get(&*mark.place.file).copied(), mark.span.start),
    });
}
