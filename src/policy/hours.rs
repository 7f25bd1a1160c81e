//! From when until when a window is open on a day: `timeStart` and `timeEnd`.

use super::check::{Checker, Field, Fields};
use super::codes;
use super::node::Value;
use super::problem::Problem;
use super::words::{LONGEST_WORD, quoted};
use crate::time::TimeOfDay;

/// Start and end; an end that is not after its start is on the next day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hours {
    pub(super) start: TimeOfDay,
    pub(super) end: TimeOfDay,
}

impl Hours {
    /// `None` if there is a mistake in them.
    pub(super) fn read(fields: &Fields<'_>, check: &mut Checker<'_>) -> Option<Self> {
        let errors = check.errors();
        let start_field = fields.get("timeStart", check);
        let end_field = fields.get("timeEnd", check);
        let start = start_field
            .and_then(|field| time(field, check))
            .unwrap_or(TimeOfDay::MIDNIGHT);
        let end = end_field
            .and_then(|field| time(field, check))
            .unwrap_or(TimeOfDay::END_OF_DAY);
        if check.errors() > errors {
            return None;
        }
        let whole_day =
            "for the whole day write `timeStart: \"00:00\"` and `timeEnd: \"24:00\"`, or leave both out";
        if let Some(field) = start_field
            && start == TimeOfDay::END_OF_DAY
        {
            let problem = Problem::error(
                codes::STARTS_AT_END,
                "a window cannot start at 24:00, the end of the day",
            )
            .hint("write `timeStart: \"00:00\"` and, in `days` or `dates`, the day after");
            check.report(problem, field.node.span);
        } else if start == end {
            let problem = Problem::error(codes::EMPTY_TIME, "the window starts and ends at the same time")
                .hint(whole_day);
            match (start_field, end_field) {
                (Some(start), Some(end)) => {
                    let problem = problem.also(check.mark(start.node.span), "it starts here");
                    check.report(problem, end.node.span);
                }
                (_, Some(end)) => check.report(problem, end.node.span),
                _ => check.report(problem, fields.span),
            }
        }
        (check.errors() == errors).then_some(Self { start, end })
    }

    pub(super) fn is_overnight(self) -> bool {
        self.end <= self.start
    }

    /// Seconds on a day without a clock change.
    pub(super) fn length(self) -> u32 {
        let day = TimeOfDay::END_OF_DAY.seconds();
        let next_day = if self.is_overnight() { day } else { 0 };
        self.end.seconds() + next_day - self.start.seconds()
    }
}

fn time(field: Field<'_>, check: &mut Checker<'_>) -> Option<TimeOfDay> {
    if let Value::Int(number) = field.node.value
        && let Some(hint) = hint_for_number(field.name, check.slice(field.node.span), number)
    {
        let problem = Problem::error(
            codes::BAD_TIME,
            format!(
                "`{}` must be hours and minutes, found the number {number}",
                field.name
            ),
        );
        check.report(problem.hint(hint), field.node.span);
        return None;
    }
    let text = field.text(check)?;
    let read = if text.len() > LONGEST_WORD {
        Err(format!("{} is too long for a time of day", quoted(text)))
    } else {
        TimeOfDay::parse(text)
    };
    match read {
        Ok(time) => Some(time),
        Err(fault) => {
            check.report(Problem::of_fault(codes::BAD_TIME, &fault), field.node.span);
            None
        }
    }
}

/// What a number was to be: mostly somebody has left the colon out, sometimes a program has made a number of a time.
fn hint_for_number(name: &str, written: &str, number: i64) -> Option<String> {
    let by_program = meant_by(number);
    Some(match (without_colon(written), by_program) {
        (Some(meant), Some(other)) if other.seconds() % 60 == 0 && !written.starts_with('0') => format!(
            "write `{name}: \"{meant}\"`; or `{name}: \"{other}\"`, if some program has turned {other} into {number}"
        ),
        (Some(meant), _) => format!("write `{name}: \"{meant}\"`"),
        (None, Some(meant)) if number > 24 => format!(
            "write `{name}: \"{meant}\"`, with quotes: without them some programs turn {meant} into {number}"
        ),
        (None, Some(meant)) => format!("write `{name}: \"{meant}\"`"),
        (None, None) => return None,
    })
}

/// `1600` and `930`, with the colon where it belongs.
fn without_colon(written: &str) -> Option<TimeOfDay> {
    let is_short = (3..=4).contains(&written.len()) && written.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute) = written.split_at_checked(written.len().checked_sub(2)?)?;
    is_short
        .then(|| TimeOfDay::from_hms(hour.parse().ok()?, minute.parse().ok()?, 0))
        .flatten()
}

/// The time that was probably written: an hour, or what YAML 1.1 makes of `16:00` and `16:00:30`, numbers to the base 60.
fn meant_by(number: i64) -> Option<TimeOfDay> {
    let number = u32::try_from(number).ok()?;
    let (hour, minute, second) = match number {
        0..=24 => (number, 0, 0),
        25..=1440 => (number / 60, number % 60, 0),
        _ => (number / 3600, number / 60 % 60, number % 60),
    };
    TimeOfDay::from_hms(hour, minute, second)
}
