//! What every part of the checking needs: telling a problem with its place, and reading keys and plain values.
//!
//! A mistake is told once, where it is, and never hides another: each reader reports and returns `None`, and its
//! caller goes on with the rest.

use std::collections::{BTreeMap, HashSet};

use super::codes;
use super::deletions;
use super::files::is_toml;
use super::lookalike;
use super::node::{Key, Node, Value};
use super::problem::Problem;
use super::rule::{Place, Sourced};
use super::source::{Mark, Sources, Span};
use super::words::{self, quoted};

/// Windows of an object in the cluster, in all its layers.
const MOST_WINDOWS: usize = 500;

/// Problems of one file beyond these are counted, not told.
const TOLD_PER_FILE: usize = 1000;

/// All texts under examination, and what was found.
pub(super) struct Checker<'a> {
    sources: &'a Sources,
    problems: Vec<(Problem, Span)>,
    /// The same place of an anchor is examined once per alias, but told once.
    told: HashSet<(&'static str, Span, String)>,
    /// Of texts with problems, by their number: how many are told, and how many are not.
    counts: BTreeMap<usize, Count>,
    errors: usize,
    /// Whether these are texts of an object in the cluster, of which there may not be as much as an operator may write.
    is_of_cluster: bool,
    windows: usize,
    /// Lines that their language's reader has told about: what it has made of them is not told as well.
    garbled: Vec<Span>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    told: usize,
    untold: usize,
}

impl<'a> Checker<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self {
            sources,
            problems: Vec::new(),
            told: HashSet::new(),
            counts: BTreeMap::new(),
            errors: 0,
            is_of_cluster: false,
            windows: 0,
            garbled: Vec::new(),
        }
    }

    /// The same for an object in the cluster.
    pub(super) fn of_cluster(self) -> Self {
        Self {
            is_of_cluster: true,
            ..self
        }
    }

    /// Whether these are texts of an object in the cluster.
    pub(super) fn is_of_cluster(&self) -> bool {
        self.is_of_cluster
    }

    /// Whether one more window may be read; tells of the first one that may not.
    pub(super) fn may_read_window(&mut self, span: Span) -> bool {
        if !self.is_of_cluster {
            return true;
        }
        self.windows += 1;
        if self.windows == MOST_WINDOWS + 1 {
            let problem = Problem::error(
                codes::TOO_MUCH,
                format!("an object in the cluster has {MOST_WINDOWS} windows at most"),
            )
            .hint("make several of it");
            self.report(problem, span);
        }
        self.windows <= MOST_WINDOWS
    }

    pub(super) fn sources(&self) -> &'a Sources {
        self.sources
    }

    /// What was written there.
    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.sources.slice(span)
    }

    pub(super) fn mark(&self, span: Span) -> Mark {
        self.sources.mark(span).unwrap_or_else(|| Mark {
            place: Place {
                file: "".into(),
                line: 0,
                column: 0,
            },
            span,
        })
    }

    pub(super) fn place(&self, span: Span) -> Place {
        self.mark(span).place
    }

    /// How many mistakes so far, told or not: a part is sound if it added none.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    pub(super) fn report(&mut self, problem: Problem, span: Span) {
        if self.is_full(span) {
            return self.leave_untold(span);
        }
        self.errors += 1;
        // They are in order, since texts are read one after the other.
        let after = self.garbled.partition_point(|line| line.start <= span.start);
        if after
            .checked_sub(1)
            .is_some_and(|at| span.start < self.garbled[at].end)
        {
            return;
        }
        let problem = self.in_its_language(problem, span);
        if self.told.insert((problem.code, span, problem.message.clone())) {
            let mark = self.mark(span);
            self.counts.entry(self.sources.index(span)).or_default().told += 1;
            self.problems.push((with_strangers(problem).at(mark), span));
        }
    }

    /// Takes a line out of what is told: it has been told about.
    pub(super) fn is_garbled(&mut self, line: Span) {
        self.garbled.push(line);
    }

    /// A hint for a TOML file shows TOML.
    fn in_its_language(&self, mut problem: Problem, span: Span) -> Problem {
        let source = self.sources.iter().nth(self.sources.index(span));
        if source.is_some_and(|source| is_toml(source.name())) {
            problem.hint = problem.hint.map(|hint| words::in_toml(&hint));
        }
        problem
    }

    /// Whether further problems of the text are only counted, so that working out their words is for nothing.
    pub(super) fn is_full(&self, span: Span) -> bool {
        let count = self.counts.get(&self.sources.index(span));
        count.is_some_and(|count| count.told >= TOLD_PER_FILE)
    }

    /// One more mistake that is only counted.
    fn leave_untold(&mut self, span: Span) {
        self.errors += 1;
        self.counts.entry(self.sources.index(span)).or_default().untold += 1;
    }

    /// A mistake that is told where it was made, and makes this part unsound as well.
    pub(super) fn told_elsewhere(&mut self) {
        self.errors += 1;
    }

    /// A warning or note, which leaves its part sound.
    pub(super) fn warn(&mut self, warning: Problem, span: Span) {
        let errors = self.errors;
        self.report(warning, span);
        self.errors = errors;
    }

    /// Looks at something by itself, which need not be whole; only what is wrong with single values is told.
    pub(super) fn alone(&mut self, look: impl FnOnce(&mut Self)) {
        let mut scratch = Self::new(self.sources);
        look(&mut scratch);
        for (problem, span) in scratch.problems {
            if codes::OF_A_VALUE.contains(&problem.code) {
                self.report(problem, span);
            }
        }
    }

    /// All problems, with one more for each text that has more than are told.
    pub(super) fn finish(self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.problems.into_iter().map(|(problem, _)| problem).collect();
        for (number, count) in self.counts {
            if let Some(source) = self.sources.iter().nth(number)
                && count.untold > 0
            {
                let message = format!(
                    "{} in this file are not listed",
                    words::count(count.untold, "further problem")
                );
                let problem = Problem::error(codes::TOO_MANY, message);
                problems.push(problem.in_file(source.name()));
            }
        }
        problems
    }
}

/// Problems whose message quotes a text that is refused for what it is spelt like.
const OF_SPELLING: &[&str] = &[
    codes::UNKNOWN_KEY,
    codes::WRONG_TYPE,
    codes::UNKNOWN_KIND,
    codes::BAD_API_VERSION,
    codes::BAD_NAME,
    codes::UNKNOWN_TARGET_KIND,
    codes::BAD_TARGET_API_VERSION,
    codes::UNKNOWN_CHOICE,
    codes::UNKNOWN_ZONE,
    codes::BAD_WEEKDAY,
    codes::BAD_DATE,
    codes::BAD_TIME,
    codes::BAD_DURATION,
    codes::BAD_CRON,
    codes::BAD_MOMENT,
    codes::UNKNOWN_CALENDAR,
];

/// Says so where a character is not what it looks like: nobody would find it.
fn with_strangers(mut problem: Problem) -> Problem {
    if OF_SPELLING.contains(&problem.code)
        && let Some(sentence) = lookalike::stranger(&problem.message)
    {
        problem.hint = Some(match problem.hint {
            Some(hint) if hint.ends_with('?') => format!("{hint} {sentence}"),
            Some(hint) => format!("{hint}; {sentence}"),
            None => sentence,
        });
    }
    problem
}

/// Which keys a map may have.
pub(super) struct Keys {
    /// What the map is, for messages: "a window".
    pub(super) what: &'static str,
    /// The keys to offer.
    pub(super) known: &'static [&'static str],
    /// Accepted in silence and without meaning for us.
    pub(super) ignored: &'static [&'static str],
    /// What people write instead, in lower case without separators, and what they mean.
    pub(super) synonyms: &'static [(&'static str, &'static str)],
}

/// A map whose keys have been checked.
pub(super) struct Fields<'n> {
    what: &'static str,
    /// Where the map begins.
    pub(super) span: Span,
    found: Vec<(&'static str, &'n Key, &'n Node)>,
}

/// One key that is present, with a value.
#[derive(Clone, Copy)]
pub(super) struct Field<'n> {
    pub(super) name: &'static str,
    pub(super) key: Span,
    pub(super) node: &'n Node,
}

impl<'n> Fields<'n> {
    /// Reads a map; tells keys that it must not have. A key that is plainly misspelt counts as what was meant, so
    /// that it is not told as missing too and its value is looked at.
    pub(super) fn read(node: &'n Node, keys: &Keys, check: &mut Checker<'_>) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let problem = Problem::error(
                codes::WRONG_TYPE,
                format!(
                    "{} must be a map (`key: value` lines), found {}",
                    keys.what,
                    node.describe()
                ),
            )
            .hint(match node.value {
                Value::Null => format!(
                    "write its keys below, indented: {}; in a policy file, `null` deletes what earlier layers said",
                    words::all(keys.known)
                ),
                _ => format!("its keys are {}", words::all(keys.known)),
            });
            check.report(problem, node.span);
            return None;
        };
        let mut found: Vec<(&'static str, &Key, &Node)> = Vec::new();
        let mut unknown = Vec::new();
        for (key, value) in entries {
            if let Some(name) = keys.known.iter().find(|name| **name == key.text) {
                found.push((name, key, value));
            } else if !keys.ignored.contains(&key.text.as_str()) {
                unknown.push((key, value));
            }
        }
        for (key, value) in unknown {
            if check.is_full(key.span) {
                check.leave_untold(key.span);
                continue;
            }
            if key.text == deletions::MARK {
                let problem = Problem::error(
                    codes::WRONG_TYPE,
                    format!("`{}` can only be true, in a policy file", deletions::MARK),
                )
                .hint("`delete: true` takes out what earlier layers said; remove the line to keep it");
                check.report(problem, key.span);
                continue;
            }
            let plain = words::plain(&key.text);
            let meant = keys
                .synonyms
                .iter()
                .find(|(synonym, _)| *synonym == plain)
                .map(|(_, meant)| *meant)
                .or_else(|| words::meant(&key.text, keys.known));
            let problem = Problem::error(
                codes::UNKNOWN_KEY,
                format!("{} has no key {}", keys.what, quoted(&key.text)),
            );
            let twin = meant.and_then(|meant| found.iter().find(|(name, ..)| *name == meant));
            let problem = match meant {
                Some(meant) if let Some((_, twin, _)) = twin => problem
                    .also(check.mark(twin.span), "here it is already")
                    .hint(format!(
                        "did you mean {}? it is written already: keep one of the two",
                        quoted(meant)
                    )),
                Some(meant) => problem.hint(format!("did you mean {}?", quoted(meant))),
                None => problem.hint(format!("its keys are {}", words::all(keys.known))),
            };
            check.report(problem, key.span);
            if let Some(meant) = meant
                && !found.iter().any(|(name, ..)| *name == meant)
            {
                found.push((meant, key, value));
            }
        }
        Some(Self {
            what: keys.what,
            span: node.span,
            found,
        })
    }

    /// Whether the key is written, with whatever value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.found.iter().any(|(found, ..)| *found == name)
    }

    /// An optional key; without a value it is told.
    pub(super) fn get(&self, name: &str, check: &mut Checker<'_>) -> Option<Field<'n>> {
        let field = self.get_quietly(name)?;
        if matches!(field.node.value, Value::Null) {
            let problem = Problem::error(codes::WRONG_TYPE, format!("`{name}` has no value"))
                .hint("write a value after the colon, or remove the line");
            check.report(problem, field.key);
            return None;
        }
        Some(field)
    }

    /// A key as it is written, told elsewhere if it has no value.
    pub(super) fn get_quietly(&self, name: &str) -> Option<Field<'n>> {
        self.found
            .iter()
            .find(|(found, ..)| *found == name)
            .map(|(name, key, node)| Field {
                name,
                key: key.span,
                node,
            })
    }

    /// A key that must be there; `hint` says what to write.
    pub(super) fn require(&self, name: &str, hint: &str, check: &mut Checker<'_>) -> Option<Field<'n>> {
        if !self.has(name) {
            let problem =
                Problem::error(codes::MISSING_KEY, format!("{} needs `{name}`", self.what)).hint(hint);
            check.report(problem, self.span);
            return None;
        }
        self.get(name, check)
    }
}

impl<'n> Field<'n> {
    /// A text that is not empty.
    pub(super) fn text(self, check: &mut Checker<'_>) -> Option<&'n str> {
        text(self.node, self.name, check)
    }

    /// A whole number.
    pub(super) fn integer(self, code: &'static str, check: &mut Checker<'_>) -> Option<Sourced<i64>> {
        let name = self.name;
        let written = check.slice(self.node.span);
        let problem = match &self.node.value {
            Value::Int(value) => {
                // `010` is ten here and eight in kubectl.
                if value.to_string() == written || *value == i64::MAX || *value == i64::MIN {
                    return Some(Sourced {
                        value: *value,
                        place: check.place(self.node.span),
                    });
                }
                Problem::error(
                    code,
                    format!("`{name}` must be a plain whole number, found {}", quoted(written)),
                )
                .hint(format!("write `{name}: {value}`"))
            }
            Value::Float(value) => {
                let problem = Problem::error(
                    code,
                    format!("`{name}` must be a whole number, found {}", quoted(written)),
                );
                if value.fract() == 0.0 && value.abs() < 1e9 {
                    problem.hint(format!("write `{name}: {value}`"))
                } else {
                    problem.hint(format!("for example `{name}: 5`"))
                }
            }
            Value::Str(text) => {
                let problem = Problem::error(
                    codes::WRONG_TYPE,
                    format!("`{name}` must be a whole number, found {}", self.node.describe()),
                );
                if !text.is_empty() && text.len() < 11 && text.bytes().all(|byte| byte.is_ascii_digit()) {
                    let number = text.trim_start_matches('0');
                    let number = if number.is_empty() { "0" } else { number };
                    problem.hint(format!("write it without quotes: `{name}: {number}`"))
                } else {
                    problem.hint(format!("write it in digits, for example `{name}: 5`"))
                }
            }
            _ => Problem::error(
                codes::WRONG_TYPE,
                format!("`{name}` must be a whole number, found {}", self.node.describe()),
            )
            .hint(format!("for example `{name}: 5`")),
        };
        check.report(problem, self.node.span);
        None
    }

    /// `true` or `false`.
    pub(super) fn boolean(self, check: &mut Checker<'_>) -> Option<bool> {
        if let Value::Bool(value) = self.node.value {
            return Some(value);
        }
        let name = self.name;
        let problem = Problem::error(
            codes::WRONG_TYPE,
            format!("`{name}` must be true or false, found {}", self.node.describe()),
        );
        let problem = match &self.node.value {
            Value::Str(text) if text.eq_ignore_ascii_case("false") || text.eq_ignore_ascii_case("true") => {
                problem.hint(format!("without quotes: `{name}: {}`", text.to_ascii_lowercase()))
            }
            _ => problem.hint(format!("write `{name}: true`, or remove the line")),
        };
        check.report(problem, self.node.span);
        None
    }

    /// A text, or a list of texts.
    pub(super) fn texts(self, check: &mut Checker<'_>) -> Vec<(&'n str, Span)> {
        match &self.node.value {
            Value::Seq(items) => items
                .iter()
                .filter_map(|item| Some((text(item, self.name, check)?, item.span)))
                .collect(),
            _ => self
                .text(check)
                .map(|text| (text, self.node.span))
                .into_iter()
                .collect(),
        }
    }
}

/// A text that is not empty, under a key or in the list under it.
fn text<'n>(node: &'n Node, name: &str, check: &mut Checker<'_>) -> Option<&'n str> {
    let problem = match &node.value {
        Value::Str(text) if !text.trim().is_empty() => return Some(text),
        Value::Str(_) => Problem::error(codes::UNUSABLE_TEXT, format!("`{name}` is empty")),
        _ => Problem::error(
            codes::WRONG_TYPE,
            format!("`{name}` must be text, found {}", node.describe()),
        ),
    };
    let problem = match (name, &node.value) {
        ("days", _) => problem.hint("for example `[Saturday, Sunday]` or `[Mon-Fri]`"),
        ("dates", _) => problem.hint("for example `[\"2026-12-25\"]`, or `[\"12-25\"]` for every year"),
        ("calendar" | "calendars", _) => problem.hint("for example `[public-holidays]`"),
        ("from" | "until", _) => problem.hint(format!(
            "for example `{name}: \"Fri 20:00\"` or `{name}: \"2026-11-27T20:00\"`"
        )),
        ("lead" | "ramp" | "duration", _) => problem.hint(format!("for example `{name}: 15m`")),
        ("cooldown" | "stagger", _) => problem.hint(format!("for example `{name}: 5m`")),
        ("cron", _) => problem.hint("for example `cron: \"0 8 * * MON-FRI\"`"),
        ("timeStart" | "timeEnd", _) => problem.hint(format!("for example `{name}: \"16:30\"`")),
        ("timezone", _) => problem.hint("for example `timezone: \"Europe/Berlin\"`"),
        (_, Value::Int(_) | Value::Float(_) | Value::Bool(_)) => {
            let written = quoted(check.slice(node.span));
            problem.hint(format!(
                "if that is the text, put it in quotes: \"{}\"",
                written.trim_matches('`')
            ))
        }
        (_, Value::Str(_)) => problem.hint("write a text after the colon"),
        _ => problem.hint("write one line of text after the colon"),
    };
    check.report(problem, node.span);
    None
}
