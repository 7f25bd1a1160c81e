//! Times of day.

use std::fmt;

/// A time of day in whole seconds, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u32);

impl TimeOfDay {
    /// `00:00`.
    pub const MIDNIGHT: Self = Self(0);
    /// `24:00`, the end of a day.
    pub const END_OF_DAY: Self = Self(86_400);

    /// The time, if a clock shows it; `24:00:00` is the end of the day.
    #[must_use]
    pub fn from_hms(hour: u32, minute: u32, second: u32) -> Option<Self> {
        let exists = (hour < 24 && minute < 60 && second < 60) || (hour, minute, second) == (24, 0, 0);
        exists.then(|| Self(hour * 3600 + minute * 60 + second))
    }

    /// Reads `HH:MM` or `HH:MM:SS`, `H:MM` too; `24:00` is the end of the day.
    ///
    /// # Errors
    /// In words: what is wrong, with an example of what is right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((hour, minute, second)) = digits_hms(text.trim()) else {
            return Err(match twelve_hour(text.trim()) {
                Some(time) => format!("\"{text}\" is not a time of day here; write it as {time}"),
                None => format!(
                    "\"{text}\" is not a time of day; write hours and minutes as HH:MM, for example 16:00"
                ),
            });
        };
        if let Some(time) = Self::from_hms(hour, minute, second) {
            return Ok(time);
        }
        let range = if hour >= 24 {
            "hours go from 00 to 23, or 24:00 for the end of the day"
        } else if minute >= 60 {
            "minutes go from 00 to 59"
        } else {
            "seconds go from 00 to 59"
        };
        Err(format!("{} is not a time of day; {range}", text.trim()))
    }

    /// Seconds since `00:00`, at most 86,400.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }

    /// The caller has taken the remainder by a day.
    pub(super) fn from_seconds_of_day(seconds: u32) -> Self {
        Self(seconds)
    }
}

impl fmt::Display for TimeOfDay {
    /// `16:00`, with seconds only if there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        write!(f, "{hour:02}:{minute:02}")?;
        if second == 0 {
            Ok(())
        } else {
            write!(f, ":{second:02}")
        }
    }
}

/// `H:MM`, `HH:MM` or `HH:MM:SS` in digits, whether or not a clock shows it.
pub(super) fn digits_hms(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split(':');
    let hour = digits(parts.next()?, 1..=2)?;
    let minute = digits(parts.next()?, 2..=2)?;
    let second = match parts.next() {
        Some(part) => digits(part, 2..=2)?,
        None => 0,
    };
    parts.next().is_none().then_some((hour, minute, second))
}

fn digits(part: &str, width: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let only_digits = width.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if only_digits { part.parse().ok() } else { None }
}

/// What somebody who wrote `6pm`, `6:30 PM` or `16` meant.
fn twelve_hour(text: &str) -> Option<TimeOfDay> {
    let text = text.to_ascii_lowercase();
    let (clock, afternoon) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim_end(), Some(false)),
        (_, Some(clock)) => (clock.trim_end(), Some(true)),
        _ => (text.as_str(), None),
    };
    let (hour, minute, second) = match digits(clock, 1..=2) {
        Some(hour) => (hour, 0, 0),
        None => digits_hms(clock)?,
    };
    let hour = match afternoon {
        None => hour,
        Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
        Some(_) => return None,
    };
    TimeOfDay::from_hms(hour, minute, second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows() {
        for (text, shown) in [
            ("16:00", "16:00"),
            ("9:00", "09:00"),
            (" 09:05 ", "09:05"),
            ("00:00", "00:00"),
            ("23:59:59", "23:59:59"),
            ("08:00:00", "08:00"),
            ("24:00", "24:00"),
            ("24:00:00", "24:00"),
        ] {
            assert_eq!(TimeOfDay::parse(text).unwrap().to_string(), shown);
        }
        assert_eq!(TimeOfDay::parse("24:00"), Ok(TimeOfDay::END_OF_DAY));
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let says = |text: &str| TimeOfDay::parse(text).unwrap_err();
        assert_eq!(
            says("25:00"),
            "25:00 is not a time of day; hours go from 00 to 23, or 24:00 for the end of the day"
        );
        assert_eq!(
            says("24:01"),
            "24:01 is not a time of day; hours go from 00 to 23, or 24:00 for the end of the day"
        );
        assert_eq!(
            says("12:60"),
            "12:60 is not a time of day; minutes go from 00 to 59"
        );
        assert_eq!(
            says("12:00:60"),
            "12:00:60 is not a time of day; seconds go from 00 to 59"
        );
        assert_eq!(
            says("6pm"),
            "\"6pm\" is not a time of day here; write it as 18:00"
        );
        assert_eq!(
            says("12:30 AM"),
            "\"12:30 AM\" is not a time of day here; write it as 00:30"
        );
        assert_eq!(says("16"), "\"16\" is not a time of day here; write it as 16:00");
        for text in [
            "",
            "noon",
            "9:5",
            "1:2:3:4",
            "+9:00",
            "09:00Z",
            "13pm",
            "::",
            "٠٩:٠٠",
        ] {
            assert!(says(text).contains("for example 16:00"), "{text}");
        }
    }
}
