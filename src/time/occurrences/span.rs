//! From a time of day to another, the same day or some nights later, on certain start days.

use super::Phase;
use crate::time::civil::{DAY, split};
use crate::time::{Instant, Moment, StartDays, TimeOfDay, Zone};

/// No two occurrences overlap: they end before the next start day's start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    days: StartDays,
    start: TimeOfDay,
    end: TimeOfDay,
    /// How many days after its start day it ends; at most 7.
    nights: u32,
}

impl Span {
    pub(super) fn new(days: StartDays, start: TimeOfDay, end: TimeOfDay, nights: u32) -> Self {
        Self {
            days,
            start,
            end,
            nights,
        }
    }

    pub(super) fn days(&self) -> &StartDays {
        &self.days
    }

    pub(super) fn always(&self) -> bool {
        self.is_whole_day() && self.days.is_every_day()
    }

    pub(super) fn length(&self) -> u64 {
        let end = u64::from(self.nights) * DAY.unsigned_abs() + u64::from(self.end.seconds());
        end.saturating_sub(u64::from(self.start.seconds()))
    }

    pub(super) fn phase(&self, zone: &Zone, moment: &Moment) -> Phase {
        let open_since = self.open_since(moment.has_shown);
        let next = match open_since {
            Some(day) => self.end_of(day).map(|end| zone.reach(moment, end).at),
            None => self.next_start(zone, moment),
        };
        // At the end of the calendar instants saturate.
        Phase {
            open: open_since.is_some(),
            next: next.filter(|next| *next > moment.at),
        }
    }

    /// The start day of the occurrence that covers the civil second.
    fn open_since(&self, second: i64) -> Option<i32> {
        let (today, time) = split(second);
        let ended = time >= self.end.seconds();
        if self.nights == 0 && ended {
            return None;
        }
        let youngest = u32::from(time < self.start.seconds());
        let oldest = self.nights - u32::from(self.nights > 0 && ended);
        (youngest..=oldest)
            .map(|nights| today - nights as i32)
            .find(|day| self.days.contains(*day))
    }

    /// The civil second at which the occurrence of this start day ends; whole days in a row end together.
    fn end_of(&self, day: i32) -> Option<i64> {
        if self.is_whole_day() {
            return self.days.next_off(day).map(|off| i64::from(off) * DAY);
        }
        let day = i64::from(day) + i64::from(self.nights);
        Some(day * DAY + i64::from(self.end.seconds()))
    }

    fn next_start(&self, zone: &Zone, moment: &Moment) -> Option<Instant> {
        let (today, time) = split(moment.has_shown);
        let mut earliest = if time < self.start.seconds() {
            today
        } else {
            today + 1
        };
        loop {
            let day = self.days.next(earliest)?;
            let start = zone.reach(moment, i64::from(day) * DAY + i64::from(self.start.seconds()));
            let is_empty = start.in_gap
                && self
                    .end_of(day)
                    .is_some_and(|end| zone.reach(moment, end).at == start.at);
            if !is_empty {
                return Some(start.at);
            }
            earliest = day + 1;
        }
    }

    fn is_whole_day(&self) -> bool {
        self.nights == 0 && self.start == TimeOfDay::MIDNIGHT && self.end == TimeOfDay::END_OF_DAY
    }
}
