//! Windows that start by a pattern: `cron`, and for how long: `duration`.

use super::check::{Checker, Field, Fields};
use super::codes;
use super::duration::{self, Duration};
use super::extent::Extent;
use super::problem::Problem;
use super::start_days::Except;
use super::when::When;
use super::words::quoted;
use crate::time::{Cron, Occurrences, StartDays, Weekdays};

/// In seconds; each time is an edge, and kept.
const MOST_OFTEN: u32 = 60;

/// Six fields that list everything are shorter.
pub(super) const LONGEST_PATTERN: usize = 1000;

/// Both keys as written.
pub(super) struct Pattern {
    cron: Option<Cron>,
    duration: Option<Duration>,
}

impl Pattern {
    pub(super) fn read(fields: &Fields<'_>, check: &mut Checker<'_>) -> Self {
        Self {
            cron: fields.get("cron", check).and_then(|field| cron(field, check)),
            duration: fields
                .get("duration", check)
                .and_then(|field| duration::read(field, check)),
        }
    }

    /// When the windows of the pattern are open; `None` if there is a mistake in it, which is told.
    pub(super) fn when(self, fields: &Fields<'_>, except: &Except, check: &mut Checker<'_>) -> Option<When> {
        let missing = |written: &str, missing: &str, hint: &str, check: &mut Checker<'_>| {
            if let Some(field) = fields.get_quietly(written)
                && !fields.has(missing)
            {
                let problem = Problem::error(
                    codes::MISSING_KEY,
                    format!("a window with `{written}` needs `{missing}`"),
                )
                .hint(hint);
                check.report(problem, field.key);
            }
        };
        missing(
            "cron",
            "duration",
            "say how long it is open each time, for example `duration: 2h`",
            check,
        );
        missing(
            "duration",
            "cron",
            "say when it starts, for example `cron: \"0 8 * * MON-FRI\"`; or write `timeStart` and `timeEnd` instead",
            check,
        );
        let days = StartDays::new(Weekdays::DAILY, None, except.days, &except.dates);
        let (cron, duration) = (self.cron?, self.duration?);
        if check.is_of_cluster() && cron.shortest_rest().is_some_and(|rest| rest < MOST_OFTEN) {
            let problem = Problem::error(
                codes::TOO_MUCH,
                "a window of an object in the cluster opens once a minute at most",
            )
            .hint("leave the seconds out: five fields, such as `*/5 * * * *`");
            check.report(
                problem,
                fields.get_quietly("cron").map_or(fields.span, |field| field.key),
            );
            return None;
        }
        let occurrences = Occurrences::cron(&cron, &days, duration.seconds);
        if occurrences.never() {
            // A pattern that fits no day at all is told where it is read.
            except.tell_nothing_left(fields, check);
            return None;
        }
        Some(When {
            occurrences,
            extent: Extent::unknown(),
        })
    }
}

fn cron(field: Field<'_>, check: &mut Checker<'_>) -> Option<Cron> {
    let text = field.text(check)?;
    let read = if text.len() > LONGEST_PATTERN {
        Err(format!("{} is too long for a pattern", quoted(text)))
    } else {
        Cron::parse(text)
    };
    match read {
        Ok(cron) => Some(cron),
        Err(fault) => {
            check.report(Problem::of_fault(codes::BAD_CRON, &fault), field.node.span);
            None
        }
    }
}
