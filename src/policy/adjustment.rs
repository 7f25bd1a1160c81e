//! What the environment and `--set` adjust: a path of keys and a value, told from one text each.
//!
//! They adjust what there is: a path that leads nowhere is a mistake, never a new rule.

use super::check::{Checker, Keys};
use super::codes;
use super::layers::Layers;
use super::node::{Key, Node, Value};
use super::problem::Problem;
use super::shape::Shape;
use super::source::{Source, Span};
use super::words::{self, quoted};
use super::yaml;

/// What the name of a variable begins with that adjusts a policy; what follows are keys, with `__` between them.
pub const VARIABLE_PREFIX: &str = "EASYSCALE_POLICY__";

/// How deep a path can lead: `rules`, a rule, `schedule`, a window, `except`, `dates`.
const LONGEST_PATH: usize = 8;

/// The adjustment that a variable makes, as a policy file would say it.
pub(super) fn of_variable(source: &Source, layers: &Layers<'_>, check: &mut Checker<'_>) -> Option<Node> {
    let segments: Vec<&str> = source.name().strip_prefix(VARIABLE_PREFIX)?.split("__").collect();
    let name = whole(source);
    let steps = resolve(&segments, Match::Loose, name, layers, check)?;
    let value = value(source.text(), source.base(), name, check)?;
    Some(nested(steps, value, name))
}

/// The adjustment that a `--set` makes: `key.key=value`, a key in quotes where it has a `.` in it.
pub(super) fn of_flag(source: &Source, layers: &Layers<'_>, check: &mut Checker<'_>) -> Option<Node> {
    let text = source.text();
    let span = whole(source);
    let Some((segments, rest)) = split(text) else {
        let problem = Problem::error(
            codes::BAD_ADJUSTMENT,
            format!("--set {} is not of the form `key.key=value`", quoted(text)),
        )
        .hint("for example `--set rules.checkout.default.minReplicas=3`; a key with a `.` in it is put in quotes");
        check.report(problem, span);
        return None;
    };
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let steps = resolve(&segments, Match::Exact, span, layers, check)?;
    let value = value(text.get(rest..)?, source.base() + rest, span, check)?;
    Some(nested(steps, value, span))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    Exact,
    /// Ignoring case, `-`, `_` and blanks, which variables cannot have.
    Loose,
}

fn whole(source: &Source) -> Span {
    Span {
        start: source.base(),
        end: source.base() + source.text().len(),
    }
}

/// The keys before the `=`, and where the value begins.
fn split(text: &str) -> Option<(Vec<String>, usize)> {
    let mut segments = Vec::new();
    let mut segment = String::new();
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => segment.push(character),
            (None, '"' | '\'') if segment.is_empty() => quote = Some(character),
            (None, '.') => segments.push(std::mem::take(&mut segment)),
            (None, '=') => {
                segments.push(segment);
                let is_whole = segments.iter().all(|segment| !segment.trim().is_empty());
                return is_whole.then_some((segments, at + 1));
            }
            (None, _) => segment.push(character),
        }
    }
    None
}

/// The keys as the policies spell them; what leads nowhere is told.
fn resolve(
    segments: &[&str],
    by: Match,
    span: Span,
    layers: &Layers<'_>,
    check: &mut Checker<'_>,
) -> Option<Vec<String>> {
    let mut path: Vec<String> = Vec::new();
    let mut shape = Shape::Policy;
    if segments.len() > LONGEST_PATH {
        let problem = Problem::error(codes::NOWHERE, "this has more keys than any value has above it")
            .hint("for example `rules`, the rule, `default`, `minReplicas`");
        check.report(problem, span);
        return None;
    }
    for segment in segments {
        let named;
        let known: Vec<&str> = match shape.keys() {
            Some(keys) => keys
                .known
                .iter()
                .copied()
                .filter(|key| *key != "profile")
                .collect(),
            None => {
                named = layers.names(&path.iter().map(String::as_str).collect::<Vec<_>>(), check);
                named.iter().map(String::as_str).collect()
            }
        };
        let fits = |known: &&&str| match by {
            Match::Exact => **known == *segment,
            Match::Loose => words::plain(known) == words::plain(segment),
        };
        let found: Vec<&str> = known.iter().filter(fits).copied().collect();
        match found.as_slice() {
            [key] => {
                path.push((*key).to_owned());
                shape = shape.under(key);
            }
            [] => {
                check.report(nowhere(segment, &path, shape, &known), span);
                return None;
            }
            several => {
                let problem = Problem::error(
                    codes::AMBIGUOUS,
                    format!("{} could be {}", quoted(segment), words::choice(several)),
                )
                .hint("use --set, which knows capitals, or put it into a policy file");
                check.report(problem, span);
                return None;
            }
        }
    }
    Some(path)
}

fn nowhere(segment: &str, path: &[String], shape: Shape, known: &[&str]) -> Problem {
    const LISTED: usize = 10;
    let above = path.join(".");
    let message = match (shape.named(), shape.keys()) {
        (Some(what), _) if path.len() < 2 => format!("there is no {what} {}", quoted(segment)),
        (Some(what), _) => format!("there is no {what} {} in {}", quoted(segment), quoted(&above)),
        (None, Some(keys)) => format!("{} has no key {}", keys.what, quoted(segment)),
        (None, None) => format!(
            "{} is a value, and has no key {}",
            quoted(&above),
            quoted(segment)
        ),
    };
    let problem = Problem::error(codes::NOWHERE, message);
    let synonym = shape.keys().and_then(|Keys { synonyms, .. }| {
        let plain = words::plain(segment);
        synonyms
            .iter()
            .find(|(synonym, _)| *synonym == plain)
            .map(|(_, meant)| *meant)
    });
    match synonym.or_else(|| words::meant(segment, known)) {
        Some(meant) => problem.hint(format!("did you mean {}?", quoted(meant))),
        None if known.is_empty() => problem.hint("it adjusts what the files say; add what is new to a file"),
        None if known.len() <= LISTED => problem.hint(format!("there is {}", words::all(known))),
        None => problem.hint(format!("there is {} and others", words::all(&known[..LISTED]))),
    }
}

/// The one value in a text, which is read as YAML.
fn value(text: &str, base: usize, span: Span, check: &mut Checker<'_>) -> Option<Node> {
    if matches!(text.trim(), "null" | "Null" | "NULL" | "~") {
        return Some(Node {
            value: Value::Null,
            span,
        });
    }
    let errors = check.errors();
    let mut values = yaml::documents(text, base, check);
    if check.errors() > errors {
        return None;
    }
    if values.len() == 1 {
        return values.pop();
    }
    let problem = Problem::error(codes::BAD_ADJUSTMENT, "there is no value, or more than one").hint(
        "write one value as in YAML: `5`, `[Sat, Sun]`, `Europe/Berlin`; `null` deletes what the files say",
    );
    check.report(problem, span);
    None
}

/// A value under its path.
fn nested(path: Vec<String>, value: Node, span: Span) -> Node {
    path.into_iter().rev().fold(value, |node, text| Node {
        value: Value::Map(vec![(Key { text, span }, node)]),
        span,
    })
}
