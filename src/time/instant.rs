//! A point in time on whole seconds.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use super::civil::{Civil, DAY};
use super::date::digits_ymd;
use super::{Date, TimeOfDay};

/// Seconds since 1970-01-01T00:00:00Z, within the years -9999 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// Text that is not an RFC 3339 instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidInstant {
    /// What is wrong with it, in words, with an example of what is right.
    pub message: String,
}

const EXAMPLE: &str = "for example 2026-11-27T16:00:00Z or 2026-11-27T17:00+01:00";

impl Instant {
    /// The earliest: jiff's, so that every instant has a wall clock in every zone within its years.
    pub const MIN: Self = Self(-377_705_023_201);
    /// The latest, 9999-12-30T22:00:00Z, for the same reason.
    pub const MAX: Self = Self(253_402_207_200);

    /// From seconds since the Unix epoch; saturates at the supported years.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// The whole second that `time` falls in; saturates at the supported years.
    #[must_use]
    pub fn from_system_time(time: SystemTime) -> Self {
        let seconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => {
                let before = before.duration();
                let begun = i64::from(before.subsec_nanos() > 0);
                i64::try_from(before.as_secs()).map_or(i64::MIN, |whole| -whole - begun)
            }
        };
        Self::from_unix(seconds)
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 with an offset (`2026-11-27T16:00:00Z`, `2026-11-27T17:00+01:00`).
    ///
    /// # Errors
    /// When the text is something else; fractions of a second are cut off.
    pub fn parse(text: &str) -> Result<Self, InvalidInstant> {
        read(text.trim()).map_err(|reason| InvalidInstant {
            message: format!("\"{}\" is not an instant: {reason}", text.trim()),
        })
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC, whole seconds: `2026-11-27T16:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { date, time } = Civil::from_seconds(self.0);
        let seconds = time.seconds();
        write!(
            f,
            "{date}T{:02}:{:02}:{:02}Z",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    }
}

impl fmt::Display for InvalidInstant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InvalidInstant {}

fn read(text: &str) -> Result<Instant, String> {
    let shape = || format!("write date, time and offset, {EXAMPLE}");
    let date_text = text.get(..10).ok_or_else(shape)?;
    digits_ymd(date_text).ok_or_else(shape)?;
    let date = Date::parse(date_text)?;
    let rest = &text[10..];
    if rest.is_empty() {
        return Err(format!("the time of day and the offset are missing, {EXAMPLE}"));
    }
    let clock = rest.strip_prefix(['T', 't', ' ', '_']).ok_or_else(shape)?;
    let end = clock
        .find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.')
        .unwrap_or(clock.len());
    let (clock, offset) = clock.split_at(end);
    let time = time_of_day(clock)?;
    let offset = offset_seconds(text, offset)?;
    let civil = Civil { date, time }.seconds();
    Ok(Instant::from_unix(civil - offset))
}

/// The seconds may be left out; a leap second counts as the second before it.
fn time_of_day(text: &str) -> Result<TimeOfDay, String> {
    let whole = match text.split_once('.') {
        Some((whole, fraction))
            if whole.len() == 8 && !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()) =>
        {
            whole
        }
        Some(_) => return Err(format!("\"{text}\" is not a time of day, {EXAMPLE}")),
        None => text,
    };
    let leap_second = whole.len() == 8 && whole.ends_with(":60");
    let time = match whole.get(..6) {
        Some(minutes) if leap_second => TimeOfDay::parse(&format!("{minutes}59"))?,
        _ => TimeOfDay::parse(whole)?,
    };
    if whole.find(':') != Some(2) {
        return Err(format!("the hour needs two digits, {EXAMPLE}"));
    }
    if i64::from(time.seconds()) == DAY {
        return Err("24:00 is 00:00 of the next day; write that".to_owned());
    }
    Ok(time)
}

fn offset_seconds(text: &str, offset: &str) -> Result<i64, String> {
    if offset.is_empty() {
        return Err(format!(
            "the offset from UTC is missing; add Z for UTC (\"{text}Z\") or an offset such as +01:00 (\"{text}+01:00\")"
        ));
    }
    if offset.eq_ignore_ascii_case("z") {
        return Ok(0);
    }
    let wrong =
        || format!("\"{offset}\" is not an offset from UTC; write Z, or hours and minutes such as +01:00");
    let sign = match offset.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return Err(wrong()),
    };
    let (hours, minutes) = offset[1..].split_once(':').ok_or_else(wrong)?;
    let number = |part: &str, below: i64| {
        let shaped = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i64>()
            .ok()
            .filter(|value| shaped && *value < below)
            .ok_or_else(wrong)
    };
    Ok(sign * (number(hours, 24)? * 3600 + number(minutes, 60)? * 60))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn reads_rfc_3339() {
        for (text, shown) in [
            ("2026-11-27T16:00:00Z", "2026-11-27T16:00:00Z"),
            ("2026-11-27T17:00+01:00", "2026-11-27T16:00:00Z"),
            ("2026-11-27T00:15:30-05:30", "2026-11-27T05:45:30Z"),
            ("2026-11-27t16:00:00.999z", "2026-11-27T16:00:00Z"),
            ("2026-11-27 16:00Z", "2026-11-27T16:00:00Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-30T22:00:00Z"),
        ] {
            assert_eq!(Instant::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let says = |text: &str| Instant::parse(text).unwrap_err().message;
        assert_eq!(
            says("2026-11-27T16:00"),
            "\"2026-11-27T16:00\" is not an instant: the offset from UTC is missing; \
             add Z for UTC (\"2026-11-27T16:00Z\") or an offset such as +01:00 (\"2026-11-27T16:00+01:00\")"
        );
        assert!(says("2026-11-27").contains("the time of day and the offset are missing"));
        assert!(says("2026-02-30T00:00Z").contains("February 2026 has 28 days"));
        assert!(says("2026-11-27T25:00Z").contains("hours go from 00 to 23"));
        assert!(says("2026-11-27T24:00Z").contains("00:00 of the next day"));
        assert!(says("2026-11-27T9:00Z").contains("two digits"));
        for offset in [
            "+1",
            "+01",
            "+0100",
            "+24:00",
            "CET",
            "+01:00x",
            "[Europe/Berlin]",
            "+é1:00",
            "−01:00",
        ] {
            assert!(
                says(&format!("2026-11-27T16:00{offset}")).contains("is not an offset"),
                "{offset}"
            );
        }
        for text in [
            "",
            "now",
            "tomorrow 16:00",
            "1764259200",
            "2026-11-27X16:00Z",
            "ééééé",
            "2026-11-2é",
        ] {
            assert!(says(text).contains(EXAMPLE), "{text}");
        }
        for text in [
            "2026-11-27T16:00:00.Z",
            "2026-11-27T16:00.5Z",
            "2026-11-27TZ",
            "2026-11-27T:Z",
        ] {
            assert!(says(text).contains("is not a time of day"), "{text}");
        }
    }

    #[test]
    fn saturates() {
        assert_eq!(Instant::from_unix(i64::MAX), Instant::MAX);
        assert_eq!(Instant::from_unix(i64::MIN), Instant::MIN);
        assert_eq!(Instant::MAX.to_string(), "9999-12-30T22:00:00Z");
        assert!(Instant::MIN.to_string().starts_with("-9999"));
    }

    #[test]
    fn from_the_system_clock_rounds_down() {
        let half = Duration::from_millis(500);
        assert_eq!(Instant::from_system_time(UNIX_EPOCH + half).unix(), 0);
        assert_eq!(Instant::from_system_time(UNIX_EPOCH - half).unix(), -1);
        assert_eq!(
            Instant::from_system_time(UNIX_EPOCH - Duration::from_secs(7)).unix(),
            -7
        );
    }
}
