//! On which days a window starts: `days`, `dates`, `calendar`, and what `except` takes out.

use super::calendars::Calendars;
use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::node::Value;
use super::problem::Problem;
use super::source::Span;
use super::words::{self, LONGEST_WORD, quoted};
use crate::time::{Dates, StartDays, Weekdays};

pub(super) const EXCEPT: Keys = Keys {
    what: "`except`",
    known: &["calendars", "dates", "days"],
    ignored: &[],
    synonyms: &[
        ("holidays", "calendars"),
        ("date", "dates"),
        ("day", "days"),
        ("weekdays", "days"),
    ],
};

/// `days`, `dates` and `calendar` of a window.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) weekdays: Weekdays,
    /// Those of `dates` and of the calendars together; `None` if there is neither.
    pub(super) dates: Option<Dates>,
}

/// `except` of a window, wherever it may stand.
#[derive(Debug)]
pub(super) struct Except {
    pub(super) key: Option<Span>,
    pub(super) days: Weekdays,
    pub(super) dates: Dates,
}

impl Chosen {
    pub(super) fn read(fields: &Fields<'_>, calendars: &Calendars, check: &mut Checker<'_>) -> Self {
        let listed = |name: &'static str, check: &mut Checker<'_>| {
            fields
                .get(name, check)
                .filter(|field| !is_empty_list(*field, check))
        };
        let weekdays = listed("days", check).map(|field| weekdays(field, check));
        let own = listed("dates", check).map(|field| dates(field, check));
        let shared = listed("calendar", check).map(|field| named(field, calendars, check));
        let dates = match (own, shared) {
            (Some(mut own), Some(shared)) => {
                own.extend(&shared);
                Some(own)
            }
            (own, shared) => own.or(shared),
        };
        Self {
            weekdays: weekdays.unwrap_or(Weekdays::DAILY),
            dates,
        }
    }

    /// The start days, without those excepted; a choice that leaves none is told.
    pub(super) fn start_days(
        &self,
        except: &Except,
        fields: &Fields<'_>,
        check: &mut Checker<'_>,
    ) -> Option<StartDays> {
        let days = StartDays::new(self.weekdays, self.dates.as_ref(), except.days, &except.dates);
        if !days.never() {
            return Some(days);
        }
        let chosen = StartDays::new(
            self.weekdays,
            self.dates.as_ref(),
            Weekdays::NONE,
            &Dates::default(),
        );
        if chosen.never() {
            self.tell_exclusion(fields, check);
        } else {
            except.tell_nothing_left(fields, check);
        }
        None
    }

    /// Tells that the days and the dates exclude each other.
    fn tell_exclusion(&self, fields: &Fields<'_>, check: &mut Checker<'_>) {
        let days = fields.get_quietly("days");
        let dates = fields.get_quietly("dates");
        let calendar = fields.get_quietly("calendar");
        let (what, every, key) = match (dates, calendar) {
            (Some(dates), None) => ("none of its `dates`", "on every date listed", dates.key),
            (None, Some(calendar)) => (
                "no date of its `calendar`",
                "on every date of the calendar",
                calendar.key,
            ),
            (Some(dates), Some(_)) => (
                "none of its `dates` and of its `calendar`",
                "on every date of both",
                dates.key,
            ),
            (None, None) => return check.told_elsewhere(),
        };
        let mut problem = Problem::error(
            codes::NEVER_OPENS,
            format!("the window never opens: {what} is one of its `days`"),
        )
        .hint(format!("remove `days` to open {every}, or correct the dates"));
        if let Some(days) = days {
            problem = problem.also(check.mark(days.key), "the window opens only on these weekdays");
        }
        check.report(problem, key);
    }
}

impl Except {
    pub(super) fn read(fields: &Fields<'_>, calendars: &Calendars, check: &mut Checker<'_>) -> Self {
        let mut except = Self {
            key: fields.get_quietly("except").map(|field| field.key),
            days: Weekdays::NONE,
            dates: Dates::default(),
        };
        let parts = fields
            .get("except", check)
            .and_then(|field| Fields::read(field.node, &EXCEPT, check));
        let Some(parts) = parts else {
            return except;
        };
        if let Some(field) = parts.get("days", check) {
            except.days = weekdays(field, check);
        }
        if let Some(field) = parts.get("dates", check) {
            except.dates = dates(field, check);
        }
        if let Some(field) = parts.get("calendars", check) {
            except.dates.extend(&named(field, calendars, check));
        }
        except
    }

    /// Tells that no start day is left.
    pub(super) fn tell_nothing_left(&self, fields: &Fields<'_>, check: &mut Checker<'_>) {
        let Some(key) = self.key else {
            return check.told_elsewhere();
        };
        let mut problem = Problem::error(
            codes::NEVER_OPENS,
            "the window never opens: `except` takes out every day on which it would",
        )
        .hint("remove the window, or except less");
        let chosen = ["days", "dates", "calendar", "from", "cron"]
            .iter()
            .find_map(|name| fields.get_quietly(name));
        if let Some(chosen) = chosen {
            problem = problem.also(check.mark(chosen.key), "its days");
        }
        check.report(problem, key);
    }
}

fn weekdays(field: Field<'_>, check: &mut Checker<'_>) -> Weekdays {
    let mut days = Weekdays::NONE;
    for (text, span) in field.texts(check) {
        let suggestions = if text.len() > LONGEST_WORD {
            Vec::new()
        } else {
            match Weekdays::parse(text) {
                Ok(more) => {
                    days = days.union(more);
                    continue;
                }
                Err(suggestions) => suggestions,
            }
        };
        let problem = Problem::error(codes::BAD_WEEKDAY, format!("{} is not a weekday", quoted(text)));
        let problem = if text.contains([',', ';']) {
            problem.hint("write a list in brackets: `[Saturday, Sunday]`")
        } else if suggestions.is_empty() {
            problem.hint("write `Monday` or `Mon`, a range `Mon-Fri`, `weekdays`, `weekends` or `daily`")
        } else {
            problem.hint(format!("did you mean {}?", words::choice(&suggestions)))
        };
        check.report(problem, span);
    }
    days
}

/// The dates under a key, one or a list; what is none is told.
pub(super) fn dates(field: Field<'_>, check: &mut Checker<'_>) -> Dates {
    let mut dates = Dates::default();
    for (text, span) in field.texts(check) {
        let read = if text.len() > LONGEST_WORD {
            Err(format!("{} is too long for a date", quoted(text)))
        } else {
            dates.add(text)
        };
        if let Err(fault) = read {
            let mut problem = Problem::of_fault(codes::BAD_DATE, &fault);
            if problem.hint.is_none() {
                problem = problem
                    .hint("write a date that there is, for example 2026-11-27, or 11-27 for every year");
            }
            check.report(problem, span);
        }
    }
    dates
}

/// The dates of the calendars named under a key.
fn named(field: Field<'_>, calendars: &Calendars, check: &mut Checker<'_>) -> Dates {
    let mut dates = Dates::default();
    for (name, span) in field.texts(check) {
        if let Some(found) = calendars.find(name, span, check) {
            dates.extend(found);
        }
    }
    dates
}

fn is_empty_list(field: Field<'_>, check: &mut Checker<'_>) -> bool {
    let empty = matches!(&field.node.value, Value::Seq(items) if items.is_empty());
    if empty {
        let name = field.name;
        let problem = Problem::error(
            codes::NEVER_OPENS,
            format!("the window never opens: its list of `{name}` is empty"),
        )
        .hint(format!(
            "name at least one, or remove `{name}` to open on every day"
        ));
        check.report(problem, field.key);
    }
    empty
}
