//! Sets of times of the week on a wall clock, and the windows that say the same.

use super::rule::When;
use crate::time::{Date, TimeOfDay, Weekdays};

pub(super) const DAY: u32 = 86_400;
/// Seconds from Monday 00:00 until it is Monday 00:00 again, on a clock that does not change.
pub(super) const WEEK: u32 = 7 * DAY;

/// Times of the week, in seconds from Monday 00:00: sorted half-open stretches that do not touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Week(Vec<(u32, u32)>);

impl Week {
    /// From `start` to `end` on each of the days; until the next day where `end` is not after `start`.
    pub(super) fn on_days(days: Weekdays, start: u32, end: u32) -> Self {
        let length = if end > start {
            end - start
        } else {
            end + DAY - start
        };
        let mut week = Self::default();
        for day in (0..7).filter(|day| days.contains(monday(*day))) {
            week.add(day * DAY + start, length);
        }
        week
    }

    /// Adds what begins at `start` and lasts for `length` seconds, over the end of the week if need be.
    pub(super) fn add(&mut self, start: u32, length: u32) {
        let start = start % WEEK;
        let end = start + length.min(WEEK);
        self.0.push((start, end.min(WEEK)));
        if end > WEEK {
            self.0.push((0, end - WEEK));
        }
        self.0.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(self.0.len());
        for (start, end) in self.0.drain(..) {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        self.0 = merged;
    }

    /// Adds all times of another set.
    pub(super) fn extend(&mut self, other: &Self) {
        for (start, end) in &other.0 {
            self.add(*start, end - start);
        }
    }

    /// All other times.
    pub(super) fn rest(&self) -> Self {
        let mut rest = Vec::new();
        let mut at = 0;
        for (start, end) in &self.0 {
            if *start > at {
                rest.push((at, *start));
            }
            at = *end;
        }
        if at < WEEK {
            rest.push((at, WEEK));
        }
        Self(rest)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_all(&self) -> bool {
        self.0 == [(0, WEEK)]
    }

    pub(super) fn contains(&self, other: &Self) -> bool {
        let covers = |inner: &(u32, u32)| {
            let begun = self.0.partition_point(|outer| outer.0 <= inner.0);
            begun > 0 && inner.1 <= self.0[begun - 1].1
        };
        other.0.iter().all(covers)
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        let meets = |one: &(u32, u32)| self.0.iter().any(|two| one.0 < two.1 && two.0 < one.1);
        other.0.iter().any(meets)
    }

    /// Start and length of each stretch, where the end of the week is none.
    fn runs(&self) -> Vec<(u32, u32)> {
        let mut runs: Vec<(u32, u32)> = self.0.iter().map(|(start, end)| (*start, end - start)).collect();
        let wraps = self.0.len() > 1
            && self.0.first().is_some_and(|first| first.0 == 0)
            && self.0.last().is_some_and(|last| last.1 == WEEK);
        if wraps {
            let (_, length) = runs.remove(0);
            if let Some(last) = runs.last_mut() {
                last.1 += length;
            }
        }
        runs
    }

    /// Where each stretch begins.
    pub(super) fn starts(&self) -> impl Iterator<Item = u32> {
        self.runs().into_iter().map(|(start, _)| start)
    }

    /// Windows that are open at these times and no others, in the order of the week. Not for a set of all times.
    pub(super) fn windows(&self) -> Vec<When> {
        let mut hours: Vec<(u32, u32, Weekdays)> = Vec::new();
        let mut windows = Vec::new();
        for (start, length) in self.runs() {
            let whole_days = start % DAY == 0 && length % DAY == 0;
            let (first, time) = (start / DAY, start % DAY);
            if whole_days {
                let days =
                    (0..length / DAY).fold(Weekdays::NONE, |days, day| days.union(weekday(first + day)));
                merge(&mut hours, (0, DAY), days);
            } else if length < DAY {
                merge(&mut hours, (time, length), weekday(first));
            } else {
                windows.push(When::Span {
                    from: moment(start),
                    until: moment(start + length),
                });
            }
        }
        let of_days = hours.into_iter().map(|(start, length, days)| When::Days {
            days,
            dates: Vec::new(),
            hours: (length < DAY).then(|| (time(start), end_time(start + length))),
        });
        of_days.chain(windows).collect()
    }
}

fn merge(hours: &mut Vec<(u32, u32, Weekdays)>, (start, length): (u32, u32), days: Weekdays) {
    match hours
        .iter_mut()
        .find(|known| (known.0, known.1) == (start, length))
    {
        Some(known) => known.2 = known.2.union(days),
        None => hours.push((start, length, days)),
    }
}

/// A date on the `day`th day of a week.
fn monday(day: u32) -> Date {
    const A_MONDAY: i32 = 4;
    Date::from_days_since_epoch(A_MONDAY + i32::try_from(day % 7).unwrap_or(0))
}

/// The `day`th day of the week, from 0 for Monday.
pub(super) fn weekday(day: u32) -> Weekdays {
    monday(day).weekday()
}

/// `Fri 20:10`.
fn moment(second: u32) -> String {
    format!("{} {}", weekday(second / DAY), time(second % DAY))
}

/// `16:00`, of a second of a day.
pub(super) fn time(second: u32) -> TimeOfDay {
    let second = second % DAY;
    TimeOfDay::from_hms(second / 3600, second / 60 % 60, second % 60).unwrap_or(TimeOfDay::MIDNIGHT)
}

/// The same of an end, where midnight is 24:00.
fn end_time(second: u32) -> TimeOfDay {
    if second == DAY {
        TimeOfDay::END_OF_DAY
    } else {
        time(second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(week: &Week) -> Vec<String> {
        week.windows().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_left_of_office_hours() {
        let office = Week::on_days(Weekdays::WORKING, 8 * 3600, 20 * 3600);
        assert_eq!(shown(&office), ["weekdays 08:00-20:00"]);
        assert_eq!(
            shown(&office.rest()),
            ["Mon-Thu 20:00-08:00", "Fri 20:00 - Mon 08:00"]
        );
        assert_eq!(office.rest().rest(), office);
        assert!(!office.meets(&office.rest()) && office.contains(&office));
    }

    #[test]
    fn whole_days_and_midnight() {
        assert_eq!(shown(&Week::on_days(Weekdays::WEEKEND, 0, DAY)), ["weekends"]);
        let sunday_and_monday = Weekdays::parse("Sun-Mon").unwrap();
        assert_eq!(shown(&Week::on_days(sunday_and_monday, 0, DAY)), ["Sun, Mon"]);
        assert_eq!(
            shown(&Week::on_days(Weekdays::DAILY, 22 * 3600, DAY)),
            ["daily 22:00-24:00"]
        );
        assert_eq!(
            shown(&Week::on_days(Weekdays::DAILY, 22 * 3600, 6 * 3600)),
            ["daily 22:00-06:00"]
        );
        assert!(Week::on_days(Weekdays::DAILY, 0, DAY).is_all());
        assert_eq!(
            shown(&Week::on_days(Weekdays::parse("Fri").unwrap(), 3600, 3600)),
            ["Fri 01:00 - Sat 01:00"]
        );
    }
}
