//! From the bytes of files, from variables and from flags to texts, each with a name of its own.

use std::collections::HashMap;
use std::ffi::OsString;

use super::adjustment::VARIABLE_PREFIX;
use super::codes;
use super::files;
use super::problem::Problem;
use super::source::{Source, Sources, Span};
use super::words::quoted;

/// All texts, lowest layer first: of files, of variables, of flags.
pub(super) struct Texts {
    pub(super) sources: Sources,
    /// Per file, whether it can be looked at.
    pub(super) readable: Vec<bool>,
    /// How many of them are variables; the rest behind the files are flags.
    pub(super) variables: usize,
    pub(super) problems: Vec<Problem>,
}

impl Texts {
    pub(super) fn new(
        files: Vec<(String, Vec<u8>)>,
        variables: &[(OsString, OsString)],
        set: &[String],
    ) -> Self {
        let mut problems = Vec::new();
        let mut readable = Vec::new();
        let mut sources = Vec::new();
        let mut names: HashMap<String, usize> = HashMap::new();
        for (name, bytes) in files {
            // Names that are no UTF-8 may look the same; a place must lead to one text.
            let count = names.entry(name.clone()).or_default();
            *count += 1;
            let name = match count {
                1 => name,
                count => format!("({count}) {name}"),
            };
            let (source, problem) = decode(&name, &bytes);
            readable.push(problem.is_none());
            problems.extend(problem);
            sources.push(source);
        }
        let files = sources.len();
        for variable in adjusting(variables) {
            match variable {
                (Some(name), Some(value)) => sources.push(Source::without_lines(name, value)),
                (name, _) => problems.push(not_text(name)),
            }
        }
        problems.extend(variables.iter().filter_map(near_variable));
        let variables = sources.len() - files;
        // Whole, since several may adjust the same value.
        let flags = set
            .iter()
            .map(|text| Source::without_lines(&format!("--set {text}"), text));
        sources.extend(flags);
        Self {
            sources: sources.into(),
            readable,
            variables,
            problems,
        }
    }
}

/// The variables that adjust policies, by name, as far as they are text.
fn adjusting(variables: &[(OsString, OsString)]) -> Vec<(Option<&str>, Option<&str>)> {
    let is_ours = |name: &OsString| name.as_encoded_bytes().starts_with(VARIABLE_PREFIX.as_bytes());
    let mut found: Vec<_> = variables.iter().filter(|(name, _)| is_ours(name)).collect();
    found.sort();
    found
        .into_iter()
        .map(|(name, value)| (name.to_str(), value.to_str()))
        .collect()
}

fn not_text(name: Option<&str>) -> Problem {
    let message = match name {
        Some(name) => format!("the variable {} is not UTF-8 text", quoted(name)),
        None => format!("the name of a variable {VARIABLE_PREFIX}… is not UTF-8 text"),
    };
    Problem::error(codes::BAD_ADJUSTMENT, message).hint("remove it, or put its value into a policy file")
}

/// A variable with one `_` too few would do nothing; others of that beginning are a cluster's own.
fn near_variable((name, _): &(OsString, OsString)) -> Option<Problem> {
    let name = name.to_str()?;
    let rest = name.strip_prefix("EASYSCALE_POLICY_")?;
    let is_near = ["RULES_", "DEFAULTS_", "CALENDARS_"]
        .iter()
        .any(|section| rest.starts_with(section));
    is_near.then(|| {
        Problem::warning(
            codes::NEAR_VARIABLE,
            format!("the variable {} does nothing", quoted(name)),
        )
        .hint(format!(
            "two `_` stand before each key: {VARIABLE_PREFIX}{}",
            if rest.contains("__") {
                rest.to_owned()
            } else {
                rest.replace('_', "__")
            }
        ))
    })
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
