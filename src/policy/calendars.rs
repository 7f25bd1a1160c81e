//! Named sets of dates, which windows share.

use std::collections::BTreeMap;

use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::node::{Key, Node, Value};
use super::problem::Problem;
use super::source::Span;
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

/// All calendars, by name; `None` for one with a mistake, which is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Calendars(BTreeMap<String, Option<Dates>>);

impl Calendars {
    /// Reads all calendars.
    pub(super) fn read(entries: &[(Key, Node)], check: &mut Checker<'_>) -> Self {
        let mut calendars = Self::default();
        calendars.add(entries, check);
        calendars
    }

    /// Reads further ones, which replace those of their names.
    pub(super) fn add(&mut self, entries: &[(Key, Node)], check: &mut Checker<'_>) {
        let read = entries
            .iter()
            .map(|(key, node)| (key.text.clone(), one(key, node, check)));
        self.0.extend(read);
    }

    /// The dates of the calendar of that name.
    pub(super) fn find(&self, name: &str, span: Span, check: &mut Checker<'_>) -> Option<&Dates> {
        match self.0.get(name) {
            Some(Some(dates)) => return Some(dates),
            Some(None) => {
                check.told_elsewhere();
                return None;
            }
            None => {}
        }
        let known: Vec<&str> = self
            .0
            .keys()
            .map(String::as_str)
            .filter(|name| !name.trim().is_empty())
            .collect();
        let problem = Problem::error(
            codes::UNKNOWN_CALENDAR,
            format!("there is no calendar {}", quoted(name)),
        );
        let problem = if let Some(meant) = words::meant(name, &known) {
            problem.hint(format!("did you mean {}?", quoted(meant)))
        } else if known.is_empty() {
            problem.hint(format!(
                "define it in a document of its own, in any of the files: `calendars: {{{}: {{dates: [\"12-25\"]}}}}`",
                words::bare(name)
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

fn one(key: &Key, node: &Node, check: &mut Checker<'_>) -> Option<Dates> {
    if key.text.trim().is_empty() || key.text.chars().any(char::is_control) {
        let problem = Problem::error(
            codes::UNUSABLE_TEXT,
            "the name of a calendar is empty or has an invisible character",
        )
        .hint("a name is one short line, for example `public-holidays`");
        check.report(problem, key.span);
        return None;
    }
    let fields = Fields::read(node, &CALENDAR, check)?;
    if let Some(description) = fields.get("description", check) {
        description.text(check);
    }
    if !fields.has("dates") {
        let problem = Problem::error(
            codes::EMPTY_CALENDAR,
            format!("the calendar {} has no `dates`", quoted(&key.text)),
        )
        .hint("for example `dates: [\"2026-12-24\", \"12-25\"]`; without a year it is every year's");
        check.report(problem, key.span);
        return None;
    }
    fields
        .get("dates", check)
        .and_then(|field| listed(field, &key.text, check))
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
