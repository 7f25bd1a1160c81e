//! When a window is open, worked out slowly: one local date after the other.

use chrono::{Datelike as _, Days as Step, NaiveDate, NaiveDateTime, TimeDelta};

use crate::model::{Days, Entry, Except, Field, Fields, Moment, Part, When, Window};
use crate::zones::Clock;

/// A window without interruption, its lead included: half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) opens: i64,
    pub(crate) ends: i64,
}

/// Longer than any occurrence, lead or ramp that is tried, in days.
const REACH: u64 = 10;

/// All spans that reach into `[from, until)`, and some more: sorted, apart from each other.
pub(crate) fn spans(window: &Window, from: i64, until: i64) -> Vec<Span> {
    let clock = Clock::named(window.zone);
    let mut occurrences = match &window.when {
        When::Once { from, until } => vec![(from.instant(clock), until.instant(clock))],
        _ => {
            let first = clock.shows(from).date() - Step::new(REACH);
            let last = clock.shows(until).date() + Step::new(REACH);
            let dates = first.iter_days().take_while(|date| *date <= last);
            dates.flat_map(|date| on(window, clock, date)).collect()
        }
    };
    // What lies wholly in a gap is not there.
    occurrences.retain(|(start, end)| start < end);
    occurrences.sort_unstable();
    let mut spans: Vec<Span> = Vec::new();
    for (start, ends) in occurrences {
        let opens = start - i64::from(window.lead);
        match spans.last_mut() {
            Some(last) if opens <= last.ends => last.ends = last.ends.max(ends),
            _ => spans.push(Span { opens, ends }),
        }
    }
    spans
}

/// The occurrences that belong to a local date.
fn on(window: &Window, clock: &Clock, date: NaiveDate) -> Vec<(i64, i64)> {
    let at = |date: NaiveDate, second: u32| clock.reaches(at_second(date, second));
    let later = |days: u64| date + Step::new(days);
    match &window.when {
        When::Daily { days, start, end } if days.contain(date) => {
            let end_date = if end <= start { later(1) } else { date };
            vec![(at(date, *start), at(end_date, *end))]
        }
        When::Weekly { from, until, except } if weekday(date) == from.0 && !except.contain(date) => {
            let days = (7 + until.0 - from.0) % 7;
            let days = if days == 0 && until.1 <= from.1 { 7 } else { days };
            vec![(at(date, from.1), at(later(days as u64), until.1))]
        }
        When::Cron {
            fields,
            except,
            duration,
        } if !except.contain(date) && fields.match_day(date) => {
            let starts = fields.times().into_iter().map(|second| at(date, second));
            starts
                .map(|start| (start, start + i64::from(*duration)))
                .collect()
        }
        _ => Vec::new(),
    }
}

pub(crate) fn at_second(date: NaiveDate, second: u32) -> NaiveDateTime {
    date.and_hms_opt(0, 0, 0).unwrap() + TimeDelta::seconds(i64::from(second))
}

/// From 0 for Monday.
pub(crate) fn weekday(date: NaiveDate) -> usize {
    date.weekday().num_days_from_monday() as usize
}

impl Days {
    pub(crate) fn contain(&self, date: NaiveDate) -> bool {
        let mut listed = self.dates.iter().chain(&self.calendar);
        let every_date = self.dates.is_empty() && self.calendar.is_empty();
        self.weekdays.is_none_or(|days| days[weekday(date)])
            && (every_date || listed.any(|entry| entry.contains(date)))
            && !self.except.contain(date)
    }
}

impl Except {
    pub(crate) fn contain(&self, date: NaiveDate) -> bool {
        let mut listed = self.dates.iter().chain(&self.calendar);
        self.weekdays[weekday(date)] || listed.any(|entry| entry.contains(date))
    }
}

impl Entry {
    fn contains(self, date: NaiveDate) -> bool {
        let of_year = (date.month(), date.day());
        match self {
            Self::Date(only) => date == only,
            Self::Dates(first, last) => (first..=last).contains(&date),
            Self::Yearly(only) => of_year == only,
            Self::YearlyRange(first, last) if first <= last => (first..=last).contains(&of_year),
            Self::YearlyRange(first, last) => of_year >= first || of_year <= last,
        }
    }
}

impl Moment {
    pub(crate) fn instant(self, clock: &Clock) -> i64 {
        match self {
            Self::Local(civil) => clock.reaches(civil),
            Self::Offset(civil, seconds) => civil.and_utc().timestamp() - i64::from(seconds),
        }
    }
}

impl Fields {
    pub(crate) fn match_day(&self, date: NaiveDate) -> bool {
        let day = matches(&self.day, date.day(), 1, 31);
        let weekday = matches(&self.weekday, date.weekday().num_days_from_sunday(), 0, 6);
        let either = !is_open(&self.day) && !is_open(&self.weekday);
        let on_day = if either { day || weekday } else { day && weekday };
        on_day && matches(&self.month, date.month(), 1, 12)
    }

    /// The seconds of a day at which it matches.
    pub(crate) fn times(&self) -> Vec<u32> {
        let listed = |field: &Field, end| -> Vec<u32> {
            (0..=end).filter(|value| matches(field, *value, 0, end)).collect()
        };
        let seconds = self.second.as_ref().map_or(vec![0], |field| listed(field, 59));
        let minutes = listed(&self.minute, 59);
        let mut times = Vec::new();
        for hour in listed(&self.hour, 23) {
            for minute in &minutes {
                times.extend(seconds.iter().map(|second| hour * 3_600 + minute * 60 + second));
            }
        }
        times
    }
}

/// Whether it leaves the day to the other of the two fields for days.
fn is_open(field: &Field) -> bool {
    field
        .iter()
        .any(|part| matches!(part, Part::Any | Part::AnyStep(1)))
}

fn matches(field: &Field, value: u32, min: u32, max: u32) -> bool {
    field.iter().any(|part| {
        let (first, last, step) = match *part {
            Part::Any => (min, max, 1),
            Part::AnyStep(step) => (min, max, step),
            Part::One(one) => (one, one, 1),
            Part::From(first, step) => (first, max, step),
            Part::Range(first, last) => (first, last, 1),
            Part::RangeStep(first, last, step) => (first, last, step),
        };
        // Around the end if it must, and Sunday is both 0 and 7.
        let last = if last < first { last + max - min + 1 } else { last };
        (first..=last)
            .step_by(step as usize)
            .any(|found| (found - min) % (max - min + 1) + min == value)
    })
}
