//! Sets of dates as people write them: single ones, every year's, and ranges of both.

use super::Date;
use super::date::{MONTHS, days_in_month, digits_ymd};
use super::recurring::DaysOfYear;

/// A set of dates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dates {
    yearly: DaysOfYear,
    /// First and last date of each range, as written.
    ranges: Vec<(Date, Date)>,
}

/// One end of a range, or a single date.
enum Spelt {
    Once(Date),
    /// Month and day.
    Yearly(u32, u32),
}

impl Dates {
    /// Adds what `text` says: `2026-11-27`, `11-27` (every year), `2026-11-27..2026-11-30` or
    /// `12-20..01-06` (both ends included, over New Year if the last is the earlier one).
    ///
    /// # Errors
    /// In words: what is wrong; what would be right.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let text = text.trim();
        let (first, last) = match text.split_once("..") {
            Some((first, last)) => (first.trim(), last.trim()),
            None => (text, text),
        };
        if first.is_empty() || last.is_empty() {
            return Err(format!(
                "\"{text}\" is a range without {}; write both ends, for example 2026-11-27..2026-11-30",
                if first.is_empty() { "a start" } else { "an end" }
            ));
        }
        match (spelt(first)?, spelt(last)?) {
            (Spelt::Once(first), Spelt::Once(last)) if first <= last => self.ranges.push((first, last)),
            (Spelt::Once(first), Spelt::Once(last)) => {
                return Err(format!(
                    "the range {first}..{last} runs backwards; write {last}..{first}"
                ));
            }
            (Spelt::Yearly(first_month, first), Spelt::Yearly(last_month, last)) => {
                self.yearly.add((first_month, first), (last_month, last));
            }
            (Spelt::Once(_), Spelt::Yearly(..)) | (Spelt::Yearly(..), Spelt::Once(_)) => {
                return Err(format!(
                    "the range {text} has a year on one side only; write the year on both, or on none for every year"
                ));
            }
        }
        Ok(())
    }

    /// Adds all dates of another set.
    pub fn extend(&mut self, other: &Self) {
        self.yearly.extend(&other.yearly);
        self.ranges.extend_from_slice(&other.ranges);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.yearly.is_empty() && self.ranges.is_empty()
    }

    /// How many single dates and ranges with a year it has.
    #[must_use]
    pub fn listed(&self) -> usize {
        self.ranges.len()
    }

    /// How many days those have, counting twice what is written twice.
    #[must_use]
    pub fn listed_days(&self) -> usize {
        let days = |(first, last): &(Date, Date)| last.days_since_epoch().abs_diff(first.days_since_epoch());
        self.ranges.iter().map(|range| days(range) as usize + 1).sum()
    }

    pub(super) fn yearly(&self) -> &DaysOfYear {
        &self.yearly
    }

    /// The ranges as days since 1970-01-01, sorted, without overlap or touch.
    pub(super) fn ranges(&self) -> Vec<(i32, i32)> {
        let days = |(first, last): &(Date, Date)| (first.days_since_epoch(), last.days_since_epoch());
        let mut sorted: Vec<(i32, i32)> = self.ranges.iter().map(days).collect();
        sorted.sort_unstable();
        let mut merged: Vec<(i32, i32)> = Vec::with_capacity(sorted.len());
        for (first, last) in sorted {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        merged
    }
}

impl FromIterator<Date> for Dates {
    fn from_iter<I: IntoIterator<Item = Date>>(dates: I) -> Self {
        Self {
            yearly: DaysOfYear::default(),
            ranges: dates.into_iter().map(|date| (date, date)).collect(),
        }
    }
}

fn spelt(text: &str) -> Result<Spelt, String> {
    if let Some((month, day)) = month_and_day(text) {
        // 2024 is a leap year: 29 February is a day of some years.
        let days = if (1..=12).contains(&month) {
            days_in_month(2024, month)
        } else {
            return Err(format!("{text} does not exist: months go from 01 to 12"));
        };
        if !(1..=days).contains(&day) {
            let name = MONTHS[month as usize - 1];
            return Err(format!("{text} does not exist: {name} has {days} days"));
        }
        return Ok(Spelt::Yearly(month, day));
    }
    if digits_ymd(text).is_none() && text.len() == 5 && text.as_bytes()[2] == b'.' {
        let turned = format!(
            "{}-{}",
            text.get(3..).unwrap_or_default(),
            text.get(..2).unwrap_or_default()
        );
        if let Some((month, _)) = month_and_day(&turned)
            && month <= 12
        {
            return Err(format!(
                "\"{text}\" is not a date; write month and day as {turned}"
            ));
        }
    }
    Date::parse(text).map(Spelt::Once)
}

/// `MM-DD` in digits, whether or not a year has it.
fn month_and_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    let number = |part: &str| {
        let shaped = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if shaped { part.parse().ok() } else { None }
    };
    Some((number(month)?, number(day)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(texts: &[&str]) -> Dates {
        let mut dates = Dates::default();
        for text in texts {
            dates.add(text).unwrap();
        }
        dates
    }

    #[test]
    fn ranges_are_sorted_and_merged() {
        let day = |text: &str| Date::parse(text).unwrap().days_since_epoch();
        let dates = dates(&[
            "2026-12-05",
            "2026-11-27..2026-11-30",
            "2026-11-29..2026-12-01",
            "2026-12-02",
            " 2026-11-27 .. 2026-11-27 ",
        ]);
        let merged = [
            (day("2026-11-27"), day("2026-12-02")),
            (day("2026-12-05"), day("2026-12-05")),
        ];
        assert_eq!(dates.ranges(), merged);
        assert!(!dates.is_empty());
        assert!(Dates::default().is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let says = |text: &str| Dates::default().add(text).unwrap_err();
        assert_eq!(
            says("2026-12-01..2026-11-01"),
            "the range 2026-12-01..2026-11-01 runs backwards; write 2026-11-01..2026-12-01"
        );
        assert_eq!(
            says("2026-12-20..01-06"),
            "the range 2026-12-20..01-06 has a year on one side only; write the year on both, or on none for every year"
        );
        assert_eq!(says("02-30"), "02-30 does not exist: February has 29 days");
        assert_eq!(says("13-01"), "13-01 does not exist: months go from 01 to 12");
        assert_eq!(
            says("2026-02-29"),
            "2026-02-29 does not exist: February 2026 has 28 days"
        );
        assert_eq!(
            says("24.12"),
            "\"24.12\" is not a date; write month and day as 12-24"
        );
        assert!(says("2026-11-27..").contains("a range without an end"));
        assert!(says("..2026-11-27").contains("a range without a start"));
        assert!(says("..").contains("a range without a start"));
        for text in [
            "",
            "1-1",
            "Christmas",
            "12-2x",
            "é-01",
            "2026-11-27...2026-11-28",
            "ééé",
        ] {
            assert!(
                says(text).contains("not a date") || says(text).contains("range"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_leap_day_is_a_day_of_some_years() {
        assert!(Dates::default().add("02-29").is_ok());
        assert!(Dates::default().add("02-20..03-05").is_ok());
    }
}
