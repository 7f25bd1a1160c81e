//! YAML text to trees: the only file that names a YAML parser.
//!
//! The event parser is used directly, not through serde, because it keeps going: every duplicate key is told with both
//! places, and the documents after a broken one are read too. Plain scalars follow YAML 1.2 (`16:00` and `yes`
//! are texts); merge keys (`<<`) are YAML 1.1's, since people write them.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Tag};

use super::check::Checker;
use super::codes;
use super::lookalike;
use super::node::{Key, Node, Value};
use super::problem::Problem;
use super::source::Span;
use super::words::quoted;

/// Nested deeper than any rule; recursion over a tree is safe below it.
const DEEPEST: usize = 48;
/// How many nodes anchors and aliases may copy in one file.
const COPIES: usize = 50_000;
/// A text this long counts as one more node when it is copied.
const TEXT_PER_NODE: usize = 64;
/// The merge key of YAML 1.1.
const MERGE: &str = "<<";
/// After so many broken documents in one file, the rest is not worth telling.
const BROKEN_DOCUMENTS: usize = 10;

/// The documents of a text that are whole and not empty, in order. The text begins at `base` among all texts.
pub(super) fn documents(text: &str, base: usize, check: &mut Checker<'_>) -> Vec<Node> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = DEEPEST;
    options.block_nesting_limit = DEEPEST;
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut documents = Vec::new();
    let mut builder = Builder::default();
    let mut broken = 0;
    while let Some(event) = parser.next() {
        match event {
            Ok((event, span)) => {
                let bytes = span.byte_range().unwrap_or_default();
                let span = Span {
                    start: base + bytes.start,
                    end: base + bytes.end,
                };
                if !builder.take(event, span, check, &mut documents) {
                    break;
                }
            }
            Err(error) => {
                report_syntax(&error, text, base, check);
                builder.forget_document();
                broken += 1;
                if broken == BROKEN_DOCUMENTS || !matches!(parser.proceed_next_document(), Ok(true)) {
                    break;
                }
            }
        }
    }
    documents
}

/// A node that is complete, with what it costs to copy it.
#[derive(Clone)]
struct Built {
    node: Node,
    weight: usize,
    height: usize,
    /// A map or list without a bracket of its own to point at.
    is_block: bool,
}

struct Frame {
    span: Span,
    is_block: bool,
    anchor: usize,
    content: Content,
    weight: usize,
    height: usize,
}

enum Content {
    Seq(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
        seen: HashMap<String, Span>,
        /// The maps of merge keys, the strongest first.
        merged: Vec<Vec<(Key, Node)>>,
        pending: Option<Pending>,
    },
}

/// A key that waits for its value.
enum Pending {
    Value(Key),
    /// `<<`.
    Merge,
    /// The entry is dropped because its key was reported.
    Nothing,
}

#[derive(Default)]
struct Builder {
    frames: Vec<Frame>,
    anchors: HashMap<usize, Built>,
    copied: usize,
}

impl Builder {
    /// Takes one event in; false when the file is too complex to go on.
    fn take(
        &mut self,
        event: Event<'_>,
        span: Span,
        check: &mut Checker<'_>,
        documents: &mut Vec<Node>,
    ) -> bool {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref(), span, check);
                let weight = 1 + text.len() / TEXT_PER_NODE;
                let built = Built {
                    node: Node { value, span },
                    weight,
                    height: 0,
                    is_block: false,
                };
                self.finish(built, anchor, check, documents)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(Content::Seq(Vec::new()), anchor, tag.as_deref(), span, check);
                true
            }
            Event::MappingStart(_, anchor, tag) => {
                let content = Content::Map {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    merged: Vec::new(),
                    pending: None,
                };
                self.open(content, anchor, tag.as_deref(), span, check);
                true
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.frames.pop() else {
                    return true;
                };
                let anchor = frame.anchor;
                self.finish(frame.close(), anchor, check, documents)
            }
            Event::Alias(anchor) => self.alias(anchor, span, check, documents),
            Event::DocumentStart(..) | Event::DocumentEnd => {
                self.forget_document();
                true
            }
            _ => true,
        }
    }

    fn open(
        &mut self,
        content: Content,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
        check: &mut Checker<'_>,
    ) {
        let fits = match content {
            Content::Seq(_) => "seq",
            Content::Map { .. } => "map",
        };
        if let Some(tag) = tag
            && !is_plain_tag(tag)
            && tag.core_suffix() != Some(fits)
        {
            report_tag(tag, span, check);
        }
        self.frames.push(Frame {
            span,
            is_block: span.start == span.end,
            anchor,
            content,
            weight: 1,
            height: 1,
        });
    }

    fn alias(
        &mut self,
        anchor: usize,
        span: Span,
        check: &mut Checker<'_>,
        documents: &mut Vec<Node>,
    ) -> bool {
        let Some(built) = self.anchors.get(&anchor) else {
            let problem = Problem::error(
                codes::TOO_COMPLEX,
                format!("{} refers to a value that contains it", quoted(check.slice(span))),
            );
            check.report(
                problem.hint("write the value out instead of repeating it with `&name` and `*name`"),
                span,
            );
            return false;
        };
        self.copied += built.weight;
        if self.copied > COPIES || self.frames.len() + built.height > DEEPEST {
            too_complex(span, check);
            return false;
        }
        let built = built.clone();
        self.finish(built, 0, check, documents)
    }

    /// Puts a complete node where it belongs.
    fn finish(
        &mut self,
        built: Built,
        anchor: usize,
        check: &mut Checker<'_>,
        documents: &mut Vec<Node>,
    ) -> bool {
        if anchor != 0 {
            self.copied += built.weight;
            if self.copied > COPIES {
                too_complex(built.node.span, check);
                return false;
            }
            self.anchors.insert(anchor, built.clone());
        }
        let Some(frame) = self.frames.last_mut() else {
            if !matches!(built.node.value, Value::Null) {
                documents.push(built.node);
            }
            return true;
        };
        frame.weight += built.weight;
        frame.height = frame.height.max(built.height + 1);
        frame.put(built, check);
        true
    }

    fn forget_document(&mut self) {
        self.frames.clear();
        self.anchors.clear();
    }
}

impl Frame {
    fn put(&mut self, built: Built, check: &mut Checker<'_>) {
        let Built {
            mut node, is_block, ..
        } = built;
        match &mut self.content {
            Content::Seq(items) => items.push(node),
            Content::Map {
                entries,
                seen,
                merged,
                pending,
            } => match pending.take() {
                None => {
                    // A block map has no bracket to point at: its first key stands for it.
                    if self.span.start == self.span.end {
                        self.span = node.span;
                    }
                    *pending = Some(key(node, seen, check));
                }
                Some(Pending::Value(key)) => {
                    if is_block {
                        node.span = key.span;
                    }
                    entries.push((key, node));
                }
                Some(Pending::Merge) => merge(node, merged, check),
                Some(Pending::Nothing) => {}
            },
        }
    }

    fn close(self) -> Built {
        let value = match self.content {
            // Of a company's policies there are a million of these at once.
            Content::Seq(mut items) => {
                items.shrink_to_fit();
                Value::Seq(items)
            }
            Content::Map {
                mut entries,
                mut seen,
                merged,
                ..
            } => {
                // A null is how to leave out what is merged.
                let is_merged =
                    |key: &Key| merged.iter().flatten().any(|(merged, _)| merged.text == key.text);
                entries.retain(|(key, node)| !matches!(node.value, Value::Null) || !is_merged(key));
                for (key, node) in merged.into_iter().flatten() {
                    // What the map says itself counts, then what was merged first.
                    if !seen.contains_key(&key.text) {
                        seen.insert(key.text.clone(), key.span);
                        entries.push((key, node));
                    }
                }
                entries.shrink_to_fit();
                Value::Map(entries)
            }
        };
        Built {
            node: Node {
                value,
                span: self.span,
            },
            weight: self.weight,
            height: self.height,
            is_block: self.is_block,
        }
    }
}

/// Takes the value of a merge key: a map, or a list of maps of which the first is the strongest.
fn merge(node: Node, merged: &mut Vec<Vec<(Key, Node)>>, check: &mut Checker<'_>) {
    let maps = match node.value {
        Value::Seq(items) => items,
        value => vec![Node { value, ..node }],
    };
    for map in maps {
        if let Value::Map(entries) = map.value {
            merged.push(entries);
            continue;
        }
        let problem = Problem::error(
            codes::BAD_MERGE,
            format!(
                "`<<` takes the keys of another map, or of a list of maps, found {}",
                map.describe()
            ),
        )
        .hint("name a map with an anchor, `&base`, and write `<<: *base`, or `<<: [*one, *other]`");
        check.report(problem, map.span);
    }
}

/// The key that a node is, if the map may have it.
fn key(node: Node, seen: &mut HashMap<String, Span>, check: &mut Checker<'_>) -> Pending {
    let span = node.span;
    let text = match node.value {
        Value::Str(text) => text,
        // `2025:` or `yes:`: the text as it was written.
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => check.slice(span).to_owned(),
        Value::Null | Value::Seq(_) | Value::Map(_) => {
            let problem = Problem::error(
                codes::ODD_KEY,
                format!("a key must be a plain word, found {}", node.describe()),
            )
            .hint("a text that contains brackets needs quotes; a template (`{{ … }}`) must be filled in before easyscale reads it");
            check.report(problem, span);
            return Pending::Nothing;
        }
    };
    if let Some(&first) = seen.get(&text) {
        let mark = check.mark(first);
        let problem = Problem::error(
            codes::DUPLICATE_KEY,
            format!("{} is written twice", quoted(&text)),
        )
        .also(mark, "first written here")
        .hint(match text.as_str() {
            MERGE => "one `<<` takes several maps: `<<: [*one, *other]`",
            _ => "keep one of the two",
        });
        check.report(problem, span);
        return Pending::Nothing;
    }
    seen.insert(text.clone(), span);
    // In quotes it is a key like any other.
    if text == MERGE && check.slice(span) == MERGE {
        return Pending::Merge;
    }
    Pending::Value(Key { text, span })
}

fn too_complex(span: Span, check: &mut Checker<'_>) {
    let problem = Problem::error(
        codes::TOO_COMPLEX,
        "the anchors and aliases of this file unfold to too much",
    )
    .hint("write the values out instead of repeating them with `&name` and `*name`");
    check.report(problem, span);
}

/// `!` means: not resolved, take it by its shape.
fn is_plain_tag(tag: &Tag) -> bool {
    tag.original() == "!"
}

fn report_tag(tag: &Tag, span: Span, check: &mut Checker<'_>) {
    let problem = Problem::error(
        codes::TAG,
        format!("the tag {} does not fit here", quoted(&tag.original())),
    )
    .hint("remove it; a text that starts with `!` needs quotes");
    check.report(problem, span);
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span, check: &mut Checker<'_>) -> Value {
    let Some(tag) = tag else {
        return match style {
            ScalarStyle::Plain => plain(text),
            _ => Value::Str(text.to_owned()),
        };
    };
    if is_plain_tag(tag) {
        return Value::Str(text.to_owned());
    }
    let value = plain(text);
    match (tag.core_suffix(), &value) {
        (Some("str"), _) => return Value::Str(text.to_owned()),
        (Some("int"), Value::Int(_))
        | (Some("float"), Value::Float(_) | Value::Int(_))
        | (Some("bool"), Value::Bool(_))
        | (Some("null"), Value::Null) => {}
        _ => report_tag(tag, span, check),
    }
    value
}

/// A plain scalar by YAML 1.2's core schema.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str, radix| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    if digits(unsigned, 10) {
        let saturated = if text.starts_with('-') { i64::MIN } else { i64::MAX };
        return Value::Int(text.parse().unwrap_or(saturated));
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(rest) = text.strip_prefix(prefix)
            && digits(rest, radix)
        {
            return Value::Int(i64::from_str_radix(rest, radix).unwrap_or(i64::MAX));
        }
    }
    // Rust reads more as floats than YAML does: `inf`, `nan`, `infinity`.
    let looks_like_number = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.contains(|c: char| c.is_ascii_digit());
    match text.parse::<f64>() {
        Ok(value) if looks_like_number => Value::Float(value),
        _ => Value::Str(text.to_owned()),
    }
}

fn report_syntax(error: &ScanError, text: &str, base: usize, check: &mut Checker<'_>) {
    let mut start = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let (message, hint) = explain(error.kind());
    if message == TAB {
        start = tab_after(text, start).unwrap_or(start);
    }
    let width = text
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .filter(|c| !matches!(c, '\n' | '\r'))
        .map_or(0, char::len_utf8);
    let mut problem = Problem::error(codes::SYNTAX, message);
    problem.hint = match (hint, stranger_near(text, start)) {
        (Some(hint), Some(sentence)) => Some(format!("{hint}; {sentence}")),
        (None, Some(sentence)) => Some(sentence),
        (hint, None) => hint.map(str::to_owned),
    };
    check.report(
        problem,
        Span {
            start: base + start,
            end: base + start + width,
        },
    );
}

/// A wide colon or an odd blank is not seen, and the parser takes it for text.
fn stranger_near(text: &str, start: usize) -> Option<String> {
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count();
    let code = |line: usize| {
        text.lines()
            .nth(line)?
            .split('#')
            .next()
            .and_then(lookalike::stranger)
    };
    code(line).or_else(|| code(line.checked_sub(1)?))
}

const TAB: &str = "a tab is used as indentation";

/// The parser points at where the text began that the tab has interrupted.
fn tab_after(text: &str, start: usize) -> Option<usize> {
    const LINES: usize = 3;
    let mut at = text.get(..start)?.rfind('\n').map_or(0, |end| end + 1);
    for line in text.get(at..)?.split_inclusive('\n').take(LINES) {
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..blank].find('\t') {
            return Some(at + tab);
        }
        at += line.len();
    }
    None
}

/// A parser's complaint in plain English.
fn explain(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let indentation = "lines that belong together start in the same column, with spaces";
    let (message, hint) = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => (
            "a tab is used as indentation",
            "replace it with spaces; YAML does not allow tabs there",
        ),
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => (
            "a quote is opened here and never closed",
            "add the missing `\"` or `'` at the end of the text",
        ),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a `:` is not expected here",
            "check the indentation here and whether the brackets and quotes above are closed; a text that contains `: ` needs quotes",
        ),
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::InvalidSimpleKey
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidFlowScalarIndent => ("the indentation does not fit", indentation),
        ErrorKind::SimpleKeyExpected => (
            "a key without its `:`",
            "write `key: value`, with a blank after the colon",
        ),
        ErrorKind::UnexpectedEofFlowSequence | ErrorKind::ExpectedFlowSequenceSeparator => (
            "a `[` is not closed",
            "items of a list are separated by `,` and end with `]`",
        ),
        ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::ExpectedFlowMappingSeparator => (
            "a `{` is not closed",
            "entries are separated by `,` and end with `}`",
        ),
        ErrorKind::UnclosedFlowCollection { open } => {
            return (
                format!("a `{open}` is not closed"),
                Some("add the missing bracket, or put the text in quotes"),
            );
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (
                format!("`{open}` is closed by `{close}`"),
                Some("use the matching bracket"),
            );
        }
        ErrorKind::MisplacedFlowCollectionEnd => (
            "a closing bracket without an opening one",
            "remove it, or put the text in quotes",
        ),
        ErrorKind::UnknownAnchor => (
            "`*` names a value that is not defined above",
            "a text that starts with `*` needs quotes; an alias needs its `&name` earlier in the same document",
        ),
        ErrorKind::MissingAnchorOrAliasName => (
            "`*` and `&` have a meaning of their own in YAML",
            "a text that starts with one of them needs quotes",
        ),
        ErrorKind::UnexpectedCharacter { character } => {
            return (
                format!("a text cannot start with `{character}`"),
                Some("put the text in quotes"),
            );
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "something follows the closing quote",
            "put the whole text in one pair of quotes",
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            "`\\` starts an escape that YAML does not know",
            "use single quotes, where `\\` has no meaning",
        ),
        ErrorKind::RecursionLimitExceeded => (
            "this is nested too deeply",
            "a rule needs no more than a few levels",
        ),
        other => return (format!("not valid YAML: {other}"), None),
    };
    (message.to_owned(), Some(hint))
}

#[cfg(test)]
mod tests {
    use super::plain;
    use crate::policy::node::Value;

    #[test]
    fn plain_scalars_follow_yaml_1_2() {
        for text in [
            "16:00",
            "yes",
            "on",
            "2025-12-25",
            "1_000",
            "inf",
            "nan",
            "-",
            ".",
            "e5",
            "0x",
            "1.2.3",
            "1e",
        ] {
            assert!(matches!(plain(text), Value::Str(_)), "{text}");
        }
        for text in [
            "5",
            "-5",
            "+5",
            "010",
            "0x1F",
            "0o17",
            "99999999999999999999999999999999999999999999",
        ] {
            assert!(matches!(plain(text), Value::Int(_)), "{text}");
        }
        for text in ["5.0", ".5", "5.", "1e3", "-1.5E-3", ".inf"] {
            assert!(matches!(plain(text), Value::Float(_)), "{text}");
        }
        assert!(matches!(plain("~"), Value::Null));
    }
}
