//! When a window is open: days, dates and times of day.

use super::{Instant, Zone};

/// A calendar date, years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

/// A time of day in whole seconds, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u32);

/// A set of weekdays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

/// When a window is open, in civil time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrences {
    weekdays: Weekdays,
    dates: Option<Box<[Date]>>,
    start: TimeOfDay,
    end: TimeOfDay,
}

/// A window at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// Whether the window is open.
    pub open: bool,
    /// The next instant after this one at which it starts or ends; `None`: never.
    pub next: Option<Instant>,
}

impl Date {
    /// 1970-01-01.
    pub const EPOCH: Self = Self(0);

    /// The date, if the calendar has it.
    #[must_use]
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        let _ = (year, month, day);
        Some(Self(0))
    }

    /// Reads `YYYY-MM-DD`.
    ///
    /// # Errors
    /// In words: not a date, or a date that does not exist.
    pub fn parse(text: &str) -> Result<Self, String> {
        Err(text.to_owned())
    }
}

impl TimeOfDay {
    /// `00:00`.
    pub const MIDNIGHT: Self = Self(0);
    /// `24:00`, the end of a day.
    pub const END_OF_DAY: Self = Self(86_400);

    /// Reads `HH:MM` or `HH:MM:SS`; `24:00` is the end of the day.
    ///
    /// # Errors
    /// In words: what is wrong, with an example of what is right.
    pub fn parse(text: &str) -> Result<Self, String> {
        Err(text.to_owned())
    }
}

impl Weekdays {
    /// Every day.
    pub const DAILY: Self = Self(0b111_1111);

    /// Reads a weekday (`Saturday`, `sat`, any case), a group (`weekdays`, `weekends`, `daily`) or a
    /// range (`Mon-Fri`, `Fri-Mon`).
    ///
    /// # Errors
    /// The names that might be meant, best first, at most three.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        Err(vec![text.to_owned()])
    }

    /// The days in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Occurrences {
    /// Opens at `start` on each start day: the `dates` (all days if `None`) that are also in `weekdays`.
    /// Closes at `end`, of the next day if `end <= start`. `start` must be before `24:00` and differ from `end`.
    #[must_use]
    pub fn daily(weekdays: Weekdays, dates: Option<Vec<Date>>, start: TimeOfDay, end: TimeOfDay) -> Self {
        Self {
            weekdays,
            dates: dates.map(Into::into),
            start,
            end,
        }
    }

    /// Whether the window is open at `at`, and its next edge.
    #[must_use]
    pub fn phase(&self, zone: &Zone, at: Instant) -> Phase {
        let _ = (zone, at, self.weekdays, &self.dates, self.start, self.end);
        Phase {
            open: false,
            next: None,
        }
    }
}
