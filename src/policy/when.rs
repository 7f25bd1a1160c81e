//! When a window is open: which of its three forms it has, and the parts of that form together.

use super::calendars::Calendars;
use super::check::{Checker, Field, Fields};
use super::codes;
use super::extent::Extent;
use super::hours::Hours;
use super::pattern::Pattern;
use super::problem::Problem;
use super::span::Ends;
use super::start_days::{Chosen, Except};
use crate::time::{Occurrences, Zone};

/// When a window is open, for the clock and for comparing windows with each other.
pub(super) struct When {
    pub(super) occurrences: Occurrences,
    pub(super) extent: Extent,
}

/// The keys of the form that is read where there is none of the others.
const OF_DAYS: [&str; 5] = ["timeStart", "timeEnd", "days", "dates", "calendar"];
const OF_SPAN: [&str; 2] = ["from", "until"];
const OF_PATTERN: [&str; 2] = ["cron", "duration"];

/// Reads what a window says about time; `zone` is `None` where there is a mistake in it.
pub(super) fn read(
    fields: &Fields<'_>,
    zone: Option<&Zone>,
    calendars: &Calendars,
    check: &mut Checker<'_>,
) -> Option<When> {
    let errors = check.errors();
    let chosen = Chosen::read(fields, calendars, check);
    let except = Except::read(fields, calendars, check);
    let hours = Hours::read(fields, check);
    let ends = Ends::read(fields, check);
    let pattern = Pattern::read(fields, check);
    let first = |names: &[&str]| names.iter().find_map(|name| fields.get_quietly(name));
    match (first(&OF_PATTERN), first(&OF_SPAN), first(&OF_DAYS)) {
        (Some(pattern), Some(span), _) => tell_two_schedules(pattern, span, check),
        (Some(pattern), None, Some(key)) => tell_beside_pattern(pattern, key, check),
        (None, Some(span), Some(key)) => tell_beside_span(span, ends.is_weekly(), key, check),
        (Some(_), None, None) => return pattern.when(fields, &except, check),
        (None, Some(span), None) => {
            if let Some(key) = except.key
                && !ends.is_weekly()
                && check.errors() == errors
            {
                tell_except_of_dated_span(span, fields, key, check);
                return None;
            }
            return ends.when(fields, &except, zone, check);
        }
        (None, None, _) => {
            let hours = hours?;
            // Which days are left over is no question where one of them is a mistake.
            if check.errors() > errors {
                return None;
            }
            let days = chosen.start_days(&except, fields, check)?;
            return Some(When {
                extent: Extent::of_days(&chosen, &except, days.clone(), hours),
                occurrences: Occurrences::daily(days, hours.start, hours.end),
            });
        }
    }
    None
}

fn tell_two_schedules(pattern: Field<'_>, span: Field<'_>, check: &mut Checker<'_>) {
    let problem = Problem::error(
        codes::MIXED_FORMS,
        format!(
            "`{}` and `{}` do not go together in one window",
            span.name, pattern.name
        ),
    )
    .also(check.mark(pattern.key), "this says when it is open already")
    .hint("make two windows of it; they may set the same");
    check.report(problem, span.key);
}

fn tell_beside_pattern(pattern: Field<'_>, key: Field<'_>, check: &mut Checker<'_>) {
    if pattern.name == "duration" {
        let problem = Problem::error(
            codes::MIXED_FORMS,
            format!("`duration` goes with `cron`, not with `{}`", key.name),
        )
        .also(check.mark(key.key), "this says when it is open already")
        .hint("write the time at which it ends instead, for example `timeEnd: \"18:00\"`");
        return check.report(problem, pattern.key);
    }
    let hint = match key.name {
        "days" => {
            "put the weekdays into the fifth field of the pattern: `0 8 * * MON-FRI`; `except` takes single days out"
        }
        "timeStart" => "the pattern says when it starts: remove one of the two",
        "timeEnd" => "say how long it is open instead, for example `duration: 2h`",
        _ => {
            "`except` takes dates out of a pattern; to open only on certain dates write `timeStart` and `timeEnd` instead of `cron`"
        }
    };
    tell_beside(pattern, key, hint, check);
}

fn tell_beside_span(span: Field<'_>, weekly: bool, key: Field<'_>, check: &mut Checker<'_>) {
    let hint = match (key.name, weekly) {
        ("days", true) => "the days are in `from` and `until` already; `except` takes single ones out",
        ("timeStart" | "timeEnd", true) => {
            "the times are in `from` and `until` already; to open and close on each day write `days`, `timeStart` and `timeEnd` alone"
        }
        (_, true) => {
            "`except` takes dates out of a weekly span; to open only on certain dates write `timeStart` and `timeEnd` instead of `from` and `until`"
        }
        (_, false) => {
            "a dated span is open without a break; to open and close on each day write `dates: \"2026-11-27..2026-11-30\"` with `timeStart` and `timeEnd`"
        }
    };
    tell_beside(span, key, hint, check);
}

fn tell_beside(form: Field<'_>, key: Field<'_>, hint: &str, check: &mut Checker<'_>) {
    let problem = Problem::error(
        codes::MIXED_FORMS,
        format!(
            "`{}` and `{}` do not go together in one window",
            key.name, form.name
        ),
    )
    .also(check.mark(form.key), "this says when it is open already")
    .hint(hint);
    check.report(problem, key.key);
}

fn tell_except_of_dated_span(
    span: Field<'_>,
    fields: &Fields<'_>,
    except: super::source::Span,
    check: &mut Checker<'_>,
) {
    let start = fields.get_quietly("from").unwrap_or(span);
    let problem = Problem::error(
        codes::MIXED_FORMS,
        "`except` does not go with a dated span, which starts only once",
    )
    .also(check.mark(start.key), "the span")
    .hint("make two windows of it, one until the exception and one after it");
    check.report(problem, except);
}
