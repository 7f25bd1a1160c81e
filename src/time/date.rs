//! Calendar dates.

use std::fmt;

use super::Weekdays;

/// A calendar date, years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Date {
    /// 1970-01-01.
    pub const EPOCH: Self = Self(0);

    /// 0001-01-01.
    pub const FIRST: Self = Self(-719_162);
    /// 9999-12-31: no window starts later.
    pub const LAST: Self = Self(2_932_896);

    /// The date, if the calendar has it.
    #[must_use]
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        let exists = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        exists.then(|| Self(days_from_civil(year, month, day)))
    }

    /// Reads `YYYY-MM-DD`.
    ///
    /// # Errors
    /// In words: not a date, or a date that does not exist.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((year, month, day)) = digits_ymd(text.trim()) else {
            return Err(format!(
                "\"{text}\" is not a date; write year, month and day as YYYY-MM-DD, for example 2026-11-27"
            ));
        };
        if let Some(date) = Self::from_ymd(year, month, day) {
            return Ok(date);
        }
        let reason = if year == 0 {
            "years go from 0001 to 9999".to_owned()
        } else if !(1..=12).contains(&month) {
            "months go from 01 to 12".to_owned()
        } else {
            let name = MONTHS[month as usize - 1];
            format!("{name} {year} has {} days", days_in_month(year, month))
        };
        Err(format!("{} does not exist: {reason}", text.trim()))
    }

    /// The year, the month from 1 and the day from 1.
    #[must_use]
    pub fn ymd(self) -> (i32, u32, u32) {
        civil_from_days(self.0)
    }

    /// Days since 1970-01-01; negative before.
    #[must_use]
    pub const fn days_since_epoch(self) -> i32 {
        self.0
    }

    /// The date so many days after 1970-01-01.
    #[must_use]
    pub fn from_days_since_epoch(days: i32) -> Self {
        Self(days)
    }

    /// 1 January of a year, in days since 1970-01-01.
    pub(super) fn days_before_year(year: i32) -> i32 {
        days_from_civil(year, 1, 1)
    }

    /// The weekday, as a set of one.
    #[must_use]
    pub fn weekday(self) -> Weekdays {
        Weekdays::from_index(self.weekday_index())
    }

    /// Monday is 0, Sunday is 6.
    pub(super) fn weekday_index(self) -> u32 {
        // 1970-01-01 was a Thursday.
        (i64::from(self.0) + 3).rem_euclid(7) as u32
    }
}

impl fmt::Display for Date {
    /// `2026-11-27`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// `YYYY-MM-DD` in digits, whether or not the calendar has it.
pub(super) fn digits_ymd(text: &str) -> Option<(i32, u32, u32)> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return None;
    }
    Some((
        text[0..4].parse().ok()?,
        text[5..7].parse().ok()?,
        text[8..10].parse().ok()?,
    ))
}

pub(super) fn days_in_month(year: i32, month: u32) -> u32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// Both ways after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": years start in
// March, so that the leap day is a year's last, and 400 years are always 146,097 days.
fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i32 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let days = i64::from(days) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_of_ten_thousand_years_survives_the_round_trip() {
        let mut expected = Date::from_ymd(1, 1, 1).unwrap().days_since_epoch();
        for year in 1..=9999 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    let date = Date::from_ymd(year, month, day).unwrap();
                    assert_eq!(date.days_since_epoch(), expected, "{date}");
                    assert_eq!(date.ymd(), (year, month, day));
                    expected += 1;
                }
            }
        }
        assert_eq!(Date::LAST.days_since_epoch(), expected - 1);
    }

    #[test]
    fn known_dates() {
        assert_eq!(Date::from_ymd(1970, 1, 1), Some(Date::EPOCH));
        assert_eq!(Date::from_ymd(1, 1, 1), Some(Date::FIRST));
        assert_eq!(Date::parse("2026-11-24").unwrap().weekday().to_string(), "Tue");
        assert_eq!(Date::parse("2000-02-29").unwrap().to_string(), "2000-02-29");
        assert_eq!(Date::parse(" 0001-01-01 ").unwrap().to_string(), "0001-01-01");
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let says = |text: &str| Date::parse(text).unwrap_err();
        assert_eq!(
            says("2026-02-30"),
            "2026-02-30 does not exist: February 2026 has 28 days"
        );
        assert_eq!(
            says("1900-02-29"),
            "1900-02-29 does not exist: February 1900 has 28 days"
        );
        assert_eq!(
            says("2026-13-01"),
            "2026-13-01 does not exist: months go from 01 to 12"
        );
        assert_eq!(
            says("0000-01-01"),
            "0000-01-01 does not exist: years go from 0001 to 9999"
        );
        for text in [
            "",
            "27.11.2026",
            "2026-1-1",
            "2026-11-27T00:00",
            "２０２６-11-27",
            "+026-11-27",
            "ü26-11-27",
        ] {
            assert!(says(text).contains("for example 2026-11-27"), "{text}");
        }
    }
}
