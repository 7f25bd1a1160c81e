//! What a wall clock shows.

use std::fmt;

use super::{Date, TimeOfDay};

pub(super) const DAY: i64 = 86_400;

/// A date and a time of day as a wall clock shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Civil {
    /// The date.
    pub date: Date,
    /// The time of day, before 24:00.
    pub time: TimeOfDay,
}

impl Civil {
    /// Seconds since the wall clock showed 1970-01-01 00:00, with every day of 24 hours.
    pub(super) fn seconds(self) -> i64 {
        i64::from(self.date.days_since_epoch()) * DAY + i64::from(self.time.seconds())
    }

    /// The reverse of [`Civil::seconds`].
    pub(super) fn from_seconds(seconds: i64) -> Self {
        let (day, second) = split(seconds);
        Self {
            date: Date::from_days_since_epoch(day),
            time: TimeOfDay::from_seconds_of_day(second),
        }
    }
}

/// Civil seconds as days since 1970-01-01 and seconds of that day.
pub(super) fn split(seconds: i64) -> (i32, u32) {
    let day = seconds
        .div_euclid(DAY)
        .clamp(i64::from(i32::MIN), i64::from(i32::MAX));
    (day as i32, seconds.rem_euclid(DAY) as u32)
}

impl fmt::Display for Civil {
    /// `2026-11-24 18:00`, with seconds only if there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.date, self.time)
    }
}
