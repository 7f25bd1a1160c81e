//! A time of the week: `Fri 20:10`.

use std::fmt;

use super::{TimeOfDay, Weekdays};

/// A weekday and a time of day; `24:00` is the next day's `00:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekTime {
    /// Monday is 0.
    weekday: u32,
    time: TimeOfDay,
}

impl WeekTime {
    /// Reads a weekday and a time: `Fri 20:10`, `Friday 20:10:30`.
    ///
    /// # Errors
    /// In words: what is wrong; what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let shape =
            || format!("\"{text}\" is not a time of the week; write weekday and time, for example Fri 20:10");
        let (day, time) = text.split_once(char::is_whitespace).ok_or_else(shape)?;
        let day = match Weekdays::parse(day) {
            Ok(days) => days.only().ok_or_else(shape)?,
            Err(meant) => {
                return Err(match meant.first() {
                    Some(meant) if !meant.contains('-') => {
                        format!("\"{day}\" is not a weekday; did you mean {meant}?")
                    }
                    _ => shape(),
                });
            }
        };
        let time = TimeOfDay::parse(time)?;
        Ok(if time == TimeOfDay::END_OF_DAY {
            Self {
                weekday: (day + 1) % 7,
                time: TimeOfDay::MIDNIGHT,
            }
        } else {
            Self { weekday: day, time }
        })
    }

    /// The weekday, as a set of one.
    #[must_use]
    pub fn weekday(self) -> Weekdays {
        Weekdays::from_index(self.weekday)
    }

    /// The time of day, before `24:00`.
    #[must_use]
    pub fn time(self) -> TimeOfDay {
        self.time
    }

    /// How many midnights lie between this and the first `until` after it.
    pub(super) fn nights_until(self, until: Self) -> u32 {
        let nights = (until.weekday + 7 - self.weekday) % 7;
        if nights == 0 && until.time <= self.time {
            7
        } else {
            nights
        }
    }
}

impl fmt::Display for WeekTime {
    /// `Fri 20:10`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.weekday(), self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_weekday_and_a_time() {
        let read = |text: &str| WeekTime::parse(text).unwrap().to_string();
        assert_eq!(read("Fri 20:10"), "Fri 20:10");
        assert_eq!(read(" friday  20:10:30 "), "Fri 20:10:30");
        assert_eq!(read("Sun 24:00"), "Mon 00:00");
    }

    #[test]
    fn nights_until() {
        let nights = |from: &str, until: &str| {
            WeekTime::parse(from)
                .unwrap()
                .nights_until(WeekTime::parse(until).unwrap())
        };
        assert_eq!(nights("Fri 20:10", "Mon 10:10"), 3);
        assert_eq!(nights("Mon 08:00", "Mon 09:00"), 0);
        assert_eq!(nights("Mon 09:00", "Mon 08:00"), 7);
        assert_eq!(nights("Sat 00:00", "Sun 24:00"), 2);
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let says = |text: &str| WeekTime::parse(text).unwrap_err();
        assert_eq!(says("Fru 20:10"), "\"Fru\" is not a weekday; did you mean Fri?");
        assert!(says("Fri 25:00").contains("hours go from 00 to 23"));
        for text in ["", "Fri", "20:10", "Mon-Fri 20:10", "weekends 10:00", "Fri-Mon"] {
            assert!(
                says(text).contains("for example Fri 20:10"),
                "{text}: {}",
                says(text)
            );
        }
    }
}
