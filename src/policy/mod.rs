//! Text to rules: documents, provenance, checking, diagnostics.
//!
//! Here: everything between bytes and [`Rule`]s. Not here: the clock, a client, the meaning of
//! windows in time (that is [`crate::time`] and [`crate::engine`]).
//!
//! ```text
//! files --files--> bytes --yaml--> Node --document, window, ...--> Rule | Problem
//! ```
//! A tree of plain values with spans stands between the language and the checking, so that further languages and
//! layers arrive at the same checks.

mod bounds;
mod check;
mod codes;
mod document;
mod files;
mod name;
mod node;
mod problem;
mod rule;
mod side_by_side;
mod source;
mod target;
mod window;
mod words;
mod yaml;

use std::path::PathBuf;
use std::sync::Arc;

use check::Checker;

pub use codes::CODES;
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

/// Reads and checks the policies in files and directories.
///
/// A directory stands for its `*.yaml` and `*.yml` files in the order of their names, without those whose name starts
/// with `.`; directories in it are not searched. Symbolic links are followed. A file that is larger than 4 MiB
/// is a problem and is not read. Each path must lead to at least one rule.
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
    for (name, range) in found.given {
        let silent = |file: &Source| loaded.problems.iter().all(|problem| !problem.is_in(file.name()));
        let mut files = loaded.sources.iter().skip(range.start).take(range.len());
        if documents[range].iter().all(|count| *count == 0) && files.all(silent) {
            problems.push(
                Problem::error(codes::NO_RULES, format!("there is no rule in {name}"))
                    .in_file(&name)
                    .hint("a rule starts with `apiVersion: easyscale.io/v1` and `kind: ScalingRule`"),
            );
        }
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

/// The outcome, and how many documents each file has.
fn check_bytes(files: Vec<(String, Vec<u8>)>) -> (Loaded, Vec<usize>) {
    let mut loaded = Loaded::default();
    let mut counts = Vec::new();
    let mut documents = Vec::new();
    for (name, bytes) in files {
        let (source, problem) = decode(&name, &bytes);
        let mut check = Checker::new(&source);
        let trees = if problem.is_none() {
            yaml::documents(&mut check)
        } else {
            Vec::new()
        };
        counts.push(trees.len());
        // What the YAML reader has dropped may have changed the meaning of any document of the file.
        let sound = problem.is_none() && check.errors() == 0;
        for tree in &trees {
            documents.extend(
                document::read(tree, &mut check)
                    .into_iter()
                    .map(|read| document::Read {
                        rule: read.rule.filter(|_| sound),
                        ..read
                    }),
            );
        }
        let (problems, untold) = check.finish();
        loaded.problems.extend(problem);
        loaded.problems.extend(problems);
        if untold > 0 {
            let message = format!(
                "{} in this file are not listed",
                words::count(untold, "further problem")
            );
            loaded
                .problems
                .push(Problem::error(codes::TOO_MANY, message).in_file(&name));
        }
        loaded.sources.push(source);
    }
    loaded.problems.extend(side_by_side::compare_rules(&documents));
    loaded.rules = documents
        .into_iter()
        .filter_map(|document| document.rule.map(Arc::new))
        .collect();
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
