//! Named sets of dates, which windows share.

use std::collections::BTreeMap;

use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::node::{Key, Node, Value};
use super::problem::Problem;
use super::source::{Mark, Span};
use super::start_days;
use super::words::{self, quoted};
use crate::time::Dates;

pub(super) const CALENDAR: Keys = Keys {
    what: "a calendar",
    known: &["dates", "description"],
    ignored: &[],
    synonyms: &[
        ("date", "dates"),
        ("days", "dates"),
        ("holidays", "dates"),
        ("comment", "description"),
    ],
};

/// All calendars of all files, by name.
#[derive(Debug, Default)]
pub(super) struct Calendars(BTreeMap<String, Calendar>);

#[derive(Debug)]
struct Calendar {
    /// Where it was named last.
    mark: Mark,
    dates: Written,
}

#[derive(Debug)]
enum Written {
    /// Not at all so far.
    Nowhere,
    /// With a mistake, which is told.
    Unsound,
    Sound(Dates),
}

impl Calendars {
    /// Takes in the `calendars` of a document; what it says replaces what earlier ones said.
    pub(super) fn read(&mut self, field: Field<'_>, check: &mut Checker<'_>) {
        let Value::Map(entries) = &field.node.value else {
            let problem = Problem::error(
                codes::WRONG_TYPE,
                format!(
                    "`calendars` must be a map (`key: value` lines), found {}",
                    field.node.describe()
                ),
            )
            .hint("write the name of each calendar, and below it, indented, its `dates`: `public-holidays:`");
            check.report(problem, field.node.span);
            return;
        };
        for (key, node) in entries {
            self.entry(key, node, check);
        }
    }

    fn entry(&mut self, key: &Key, node: &Node, check: &mut Checker<'_>) {
        if key.text.trim().is_empty() || key.text.chars().any(char::is_control) {
            let problem = Problem::error(
                codes::UNUSABLE_TEXT,
                "the name of a calendar is empty or has an invisible character",
            )
            .hint("a name is one short line, for example `public-holidays`");
            check.report(problem, key.span);
            return;
        }
        let mark = check.mark(key.span);
        let calendar = self.0.entry(key.text.clone()).or_insert(Calendar {
            mark: mark.clone(),
            dates: Written::Nowhere,
        });
        calendar.mark = mark;
        let Some(fields) = Fields::read(node, &CALENDAR, check) else {
            calendar.dates = Written::Unsound;
            return;
        };
        if let Some(description) = fields.get("description", check) {
            description.text(check);
        }
        if fields.has("dates") {
            calendar.dates = fields
                .get("dates", check)
                .and_then(|field| listed(field, &key.text, check))
                .map_or(Written::Unsound, Written::Sound);
        }
    }

    /// Tells what only shows when all documents have been read.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let undated = self
            .0
            .iter()
            .filter(|(_, calendar)| matches!(calendar.dates, Written::Nowhere));
        undated
            .map(|(name, calendar)| {
                Problem::error(
                    codes::EMPTY_CALENDAR,
                    format!("the calendar {} has no `dates`", quoted(name)),
                )
                .at(calendar.mark.clone())
                .hint("for example `dates: [\"2026-12-24\", \"12-25\"]`; without a year it is every year's")
            })
            .collect()
    }

    /// The dates of the calendar of that name.
    pub(super) fn find(&self, name: &str, span: Span, check: &mut Checker<'_>) -> Option<&Dates> {
        match self.0.get(name) {
            Some(Calendar {
                dates: Written::Sound(dates),
                ..
            }) => return Some(dates),
            Some(_) => {
                check.told_elsewhere();
                return None;
            }
            None => {}
        }
        let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
        let problem = Problem::error(
            codes::UNKNOWN_CALENDAR,
            format!("there is no calendar {}", quoted(name)),
        );
        let problem = if let Some(meant) = words::meant(name, &known) {
            problem.hint(format!("did you mean {}?", quoted(meant)))
        } else if known.is_empty() {
            problem.hint(format!(
                "define it in a document of its own, in any of the files: `calendars: {{{}: {{dates: [\"12-25\"]}}}}`",
                name.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).take(40).collect::<String>()
            ))
        } else {
            const LISTED: usize = 10;
            let are = match known.len() {
                1 => "the only calendar is",
                2..=LISTED => "the calendars are",
                _ => "some calendars are",
            };
            let listed = &known[..known.len().min(LISTED)];
            problem.hint(format!("{are} {}", words::all(listed)))
        };
        check.report(problem, span);
        None
    }
}

fn listed(field: Field<'_>, name: &str, check: &mut Checker<'_>) -> Option<Dates> {
    let errors = check.errors();
    if matches!(&field.node.value, Value::Seq(items) if items.is_empty()) {
        let problem = Problem::error(
            codes::EMPTY_CALENDAR,
            format!("the calendar {} has no date", quoted(name)),
        )
        .hint("list at least one, for example `dates: [\"12-25\"]`, or remove the calendar and where it is used");
        check.report(problem, field.key);
        return None;
    }
    let dates = start_days::dates(field, check);
    (check.errors() == errors).then_some(dates)
}
