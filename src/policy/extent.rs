//! When windows are open, as far as two of them can be compared for certain.
//!
//! A week of the wall clock stands for all weeks: edges of windows in one zone are mapped to instants alike, so what
//! lies inside another on the wall clock does so across clock changes too.

use super::hours::Hours;
use super::start_days::{Chosen, Except};
use crate::time::{Date, Dates, Instant, StartDays, WeekTime, Weekdays};

const DAY: u32 = 86_400;
const WEEK: u32 = 7 * DAY;
/// 1970-01-05 was a Monday.
const MONDAY: i32 = 4;

/// What is known about when a window is open, leads and ramps aside.
#[derive(Debug, Clone)]
pub(super) struct Extent {
    /// It is open at no other times of the week.
    at_most: Week,
    /// It is open at all these times, each week.
    is_exact: bool,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    OfDays {
        days: StartDays,
        hours: Hours,
        /// Days with a year among the start days.
        listed: usize,
        /// Dates and ranges with a year among the exceptions.
        excepted: usize,
    },
    Once {
        from: Instant,
        until: Instant,
    },
    Other,
}

/// Times of the week in seconds since Monday 00:00: half-open ranges, sorted and apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Week(Vec<(u32, u32)>);

impl Extent {
    pub(super) fn of_days(chosen: &Chosen, except: &Except, days: StartDays, hours: Hours) -> Self {
        let weekdays = (0..7u32).filter(|day| {
            let has = |weekdays: Weekdays| weekdays.contains(day_of_week(*day));
            has(chosen.weekdays) && !has(except.days)
        });
        Self {
            at_most: Week::of(weekdays.map(|day| (day * DAY + hours.start.seconds(), hours.length()))),
            is_exact: chosen.dates.is_none() && except.dates.is_empty(),
            form: Form::OfDays {
                days,
                hours,
                listed: chosen.dates.as_ref().map_or(0, Dates::listed_days),
                excepted: except.dates.listed(),
            },
        }
    }

    pub(super) fn of_week(from: WeekTime, until: WeekTime, except_days: Weekdays, no_other: bool) -> Self {
        let second = |time: WeekTime| {
            let day = (0..7).find(|day| time.weekday().contains(day_of_week(*day)));
            day.unwrap_or(0) * DAY + time.time().seconds()
        };
        let (from_second, until_second) = (second(from), second(until));
        let length = (until_second + WEEK - from_second) % WEEK;
        let is_excepted = !from.weekday().intersection(except_days).is_empty();
        Self {
            at_most: Week::of((!is_excepted).then_some((from_second, length)).into_iter()),
            is_exact: no_other,
            form: Form::Other,
        }
    }

    pub(super) fn once(from: Instant, until: Instant) -> Self {
        Self {
            form: Form::Once { from, until },
            ..Self::unknown()
        }
    }

    /// Any time, perhaps.
    pub(super) fn unknown() -> Self {
        Self {
            at_most: Week::whole(),
            is_exact: false,
            form: Form::Other,
        }
    }

    /// The times of each week at which it is surely open.
    pub(super) fn surely(&self) -> Option<&Week> {
        self.is_exact.then_some(&self.at_most)
    }

    /// The only times of a week at which it may be open.
    pub(super) fn at_most(&self) -> &Week {
        &self.at_most
    }

    /// Whether all its times are surely among these.
    pub(super) fn is_within(&self, week: &Week) -> bool {
        self.at_most.is_within(week)
    }

    /// About how many dates are looked at to see whether this lies inside the other.
    pub(super) fn effort(&self, other: &Self) -> usize {
        match (&self.form, &other.form) {
            (
                Form::OfDays { listed, excepted, .. },
                Form::OfDays {
                    excepted: other_excepted,
                    ..
                },
            ) => listed.saturating_add(excepted.saturating_mul(*other_excepted)),
            _ => 0,
        }
    }

    /// Whether `other`, of the same zone, is surely open whenever this is.
    pub(super) fn lies_inside(&self, other: &Self) -> bool {
        if other.surely().is_some_and(|week| self.is_within(week)) {
            return true;
        }
        match (&self.form, &other.form) {
            (
                Form::OfDays { days, hours, .. },
                Form::OfDays {
                    days: other_days,
                    hours: other_hours,
                    ..
                },
            ) => hours_inside(*hours, *other_hours) && days.is_within(other_days),
            (
                Form::Once { from, until },
                Form::Once {
                    from: other_from,
                    until: other_until,
                },
            ) => other_from <= from && until <= other_until,
            _ => false,
        }
    }
}

/// Both start on the same day; what one does on the day after counts only for overnight windows.
fn hours_inside(inner: Hours, outer: Hours) -> bool {
    let ends = match (inner.is_overnight(), outer.is_overnight()) {
        (false, true) => true,
        (true, false) => false,
        _ => inner.end <= outer.end,
    };
    outer.start <= inner.start && ends
}

/// Monday is 0.
fn day_of_week(day: u32) -> Date {
    Date::from_days_since_epoch(MONDAY.saturating_add_unsigned(day))
}

impl Week {
    /// From starts and lengths; what goes on past Sunday goes on from Monday.
    fn of(spans: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut ranges = Vec::new();
        for (start, length) in spans {
            let end = start + length;
            ranges.push((start, end.min(WEEK)));
            if end > WEEK {
                ranges.push((0, end - WEEK));
            }
        }
        Self::joined(ranges)
    }

    fn joined(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            match joined.last_mut() {
                Some(before) if start <= before.1 => before.1 = before.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        Self(joined)
    }

    pub(super) fn union<'w>(weeks: impl Iterator<Item = &'w Self>) -> Self {
        Self::joined(weeks.flat_map(|week| week.0.iter().copied()).collect())
    }

    /// All of it.
    pub(super) fn whole() -> Self {
        Self(vec![(0, WEEK)])
    }

    /// The times that are in both.
    pub(super) fn and(&self, other: &Self) -> Self {
        let both = self.0.iter().flat_map(|one| {
            let parts = other
                .0
                .iter()
                .map(|other| (one.0.max(other.0), one.1.min(other.1)));
            parts.filter(|(start, end)| start < end)
        });
        Self::joined(both.collect())
    }

    /// Whether any time is in both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        !self.and(other).0.is_empty()
    }

    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|range| {
            other
                .0
                .iter()
                .any(|other| other.0 <= range.0 && range.1 <= other.1)
        })
    }
}
