//! TOML text to trees: the only file that names a TOML parser.
//!
//! The parser goes on after a mistake, so all of them are told in one go. TOML's own dates and times are texts here,
//! as they are in YAML.

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::check::Checker;
use super::codes;
use super::node::{Key, Node, Value};
use super::problem::Problem;
use super::source::Span;
use super::words::quoted;

/// The document of a text; the text begins at `base` among all texts. `None` when it says nothing.
pub(super) fn document(text: &str, base: usize, check: &mut Checker<'_>) -> Option<Node> {
    let (table, errors) = match DeTable::parse(text) {
        Ok(table) => (table, Vec::new()),
        Err(first) => {
            let read = until_enough(text, first.span().map_or(0, |span| span.start));
            DeTable::parse_recoverable(read)
        }
    };
    report(&errors, text, base, check);
    let reader = Reader { text, base };
    let value = reader.map(table.into_inner());
    let Value::Map(entries) = &value else {
        return None;
    };
    let span = entries.first()?.0.span;
    Some(Node { value, span })
}

/// The text up to where enough mistakes are told: garbage costs the parser a hundred times its length.
fn until_enough(text: &str, first: usize) -> &str {
    const LINES: usize = 1000;
    const BYTES: usize = 64 << 10;
    let rest = text.get(first..).unwrap_or_default();
    let lines = rest
        .match_indices('\n')
        .nth(LINES)
        .map_or(rest.len(), |(at, _)| at);
    let mut end = first + lines.min(BYTES);
    while !text.is_char_boundary(end.min(text.len())) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

struct Reader<'t> {
    text: &'t str,
    base: usize,
}

impl Reader<'_> {
    fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span {
            start: self.base + range.start,
            end: self.base + range.end,
        }
    }

    /// In the order written, which the parser does not keep.
    fn map(&self, table: DeTable<'_>) -> Value {
        let mut entries: Vec<(Key, Node)> = table
            .into_iter()
            .map(|(key, value)| {
                let span = self.span(key.span());
                let key = Key {
                    text: key.into_inner().into_owned(),
                    span,
                };
                let node = self.node(value, span);
                (key, node)
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.span.start);
        Value::Map(entries)
    }

    /// A map that has no bracket of its own to point at is where its key is.
    fn node(&self, value: Spanned<DeValue<'_>>, key: Span) -> Node {
        let range = value.span();
        let written = self.text.get(range.clone()).unwrap_or_default();
        let span = self.span(range);
        let (value, span) = match value.into_inner() {
            DeValue::String(text) => (Value::Str(text.into_owned()), span),
            DeValue::Integer(number) => {
                let saturated = match number.as_str().starts_with('-') {
                    true => i64::MIN,
                    false => i64::MAX,
                };
                let read = i64::from_str_radix(number.as_str(), number.radix());
                (Value::Int(read.unwrap_or(saturated)), span)
            }
            DeValue::Float(number) => (Value::Float(number.as_str().parse().unwrap_or(f64::NAN)), span),
            DeValue::Boolean(value) => (Value::Bool(value), span),
            DeValue::Datetime(_) => (Value::Str(written.to_owned()), span),
            DeValue::Array(items) => {
                let items = items.into_iter().map(|item| {
                    let place = self.span(item.span());
                    self.node(item, place)
                });
                (Value::Seq(items.collect()), span)
            }
            DeValue::Table(table) => {
                let span = if written.starts_with('{') { span } else { key };
                (self.map(table), span)
            }
        };
        Node { value, span }
    }
}

/// One mistake a line: what follows it there is mostly of the parser's making.
fn report(errors: &[Error], text: &str, base: usize, check: &mut Checker<'_>) {
    let mut found: Vec<(usize, usize, &str)> = errors
        .iter()
        .map(|error| {
            let range = error.span().unwrap_or(text.len()..text.len());
            (
                range.start.min(text.len()),
                range.end.min(text.len()),
                error.message(),
            )
        })
        .collect();
    found.sort_unstable();
    let mut told_until = 0;
    for (start, end, message) in found {
        if start < told_until {
            continue;
        }
        let rest = text.get(start..).unwrap_or_default();
        told_until = start + rest.find('\n').unwrap_or(rest.len()).max(1);
        let word = rest
            .split(|c: char| c.is_whitespace() || ",]}#".contains(c))
            .next();
        let written = text.get(start..end).unwrap_or_default();
        let written = if word == Some("null") { "null" } else { written };
        let (code, message, hint) = explain(message, written);
        let mut problem = Problem::error(code, message);
        problem.hint = hint;
        let span = Span {
            start: base + start,
            end: base + end,
        };
        check.report(problem, span);
        let line = text.get(..start).unwrap_or_default();
        check.is_garbled(Span {
            start: base + line.rfind('\n').map_or(0, |end| end + 1),
            end: base + told_until,
        });
        if check.is_full(span) {
            break;
        }
    }
}

/// The parser's complaint in plain English.
fn explain(message: &str, written: &str) -> (&'static str, String, Option<String>) {
    let bad = |message: &str, hint: &str| (codes::BAD_TOML, message.to_owned(), Some(hint.to_owned()));
    if message.starts_with("duplicate key") || message.starts_with("cannot extend") {
        return (
            codes::DUPLICATE_KEY,
            format!("{} is written twice", quoted(written)),
            Some("keep one of the two; a table such as `[rules.web]` is written once in a file".to_owned()),
        );
    }
    if matches!(written, "null" | "~") {
        return bad(
            "TOML has no `null`",
            "to delete what earlier layers said, write `{ delete = true }`",
        );
    }
    if message.starts_with("string values must be quoted") {
        return match written {
            "" => bad(
                "a value is missing",
                "write a value after the `=`, or remove the line",
            ),
            _ => bad(
                "a text needs quotes",
                &format!("write \"{}\"", quoted(written).trim_matches('`')),
            ),
        };
    }
    if message.starts_with("key with no value") {
        return bad(
            "a key without its `=`",
            "write `key = value`; a key with a blank or a `.` in it needs quotes, as in `\"Peak hours\" = …`",
        );
    }
    if message.starts_with("unclosed table") {
        return bad(
            "a `[` is not closed here",
            "a table begins with a line such as `[rules.web]`; a name with a blank in it needs quotes, as in `[rules.web.schedule.\"Peak hours\"]`",
        );
    }
    if message.starts_with("invalid basic string") || message.starts_with("invalid literal string") {
        return bad(
            "a text is not closed, or has an invisible character",
            "a text is in one line and ends with the quote that it began with",
        );
    }
    if message.starts_with("unexpected leading zero") {
        return bad(
            "a number has a leading zero",
            "write it without; a time or a date needs quotes",
        );
    }
    if message.starts_with("unexpected key or value") {
        return bad(
            "something follows the value",
            "write each `key = value` on a line of its own",
        );
    }
    if message.starts_with("cannot recurse further") {
        return bad(
            "this is nested too deeply",
            "a rule needs no more than a few levels",
        );
    }
    if message.starts_with("invalid unquoted key") {
        return bad(
            "this is no key",
            "write `key = value`, with `=` and not `:`; a key with other characters than letters, digits, `-` and `_` needs quotes",
        );
    }
    (codes::BAD_TOML, format!("not valid TOML: {message}"), None)
}
