//! Sets of weekdays.

use std::fmt;

use super::Date;
use super::spelling::nearest;

/// A set of weekdays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

/// The weekdays in full, from Monday.
pub const WEEKDAY_NAMES: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const SHORT: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// What people write as well.
const ALSO: [(&str, u32); 4] = [("tues", 1), ("weds", 2), ("thur", 3), ("thurs", 3)];
const GROUPS: [(&str, Weekdays); 3] = [
    ("weekdays", Weekdays::WORKING),
    ("weekends", Weekdays::WEEKEND),
    ("daily", Weekdays::DAILY),
];
/// What people mean by words that are not ours.
const MEANT: [(&str, &str); 8] = [
    ("all", "daily"),
    ("always", "daily"),
    ("any", "daily"),
    ("everyday", "daily"),
    ("every day", "daily"),
    ("*", "daily"),
    ("workdays", "weekdays"),
    ("business days", "weekdays"),
];

impl Weekdays {
    /// No day.
    pub const NONE: Self = Self(0);
    /// Every day.
    pub const DAILY: Self = Self(0b111_1111);
    /// Monday to Friday.
    pub const WORKING: Self = Self(0b001_1111);
    /// Saturday and Sunday.
    pub const WEEKEND: Self = Self(0b110_0000);

    /// Reads a weekday (`Saturday`, `sat`, any case), a group (`weekdays`, `weekends`, `daily`) or a
    /// range (`Mon-Fri`, `Fri-Mon`).
    ///
    /// # Errors
    /// The names that might be meant, best first, at most three.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let text = text.trim();
        if let Some((_, group)) = GROUPS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            return Ok(*group);
        }
        if let Some(day) = weekday(text) {
            return Ok(Self::from_index(day));
        }
        match text
            .split_once('-')
            .map(|(first, last)| (first.trim(), last.trim()))
        {
            Some((first, last)) => match (weekday(first), weekday(last)) {
                (Some(first), Some(last)) => Ok(Self::range(first, last)),
                _ => Err(meant_range(first, last)),
            },
            None => Err(meant(text)),
        }
    }

    /// The days in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The days in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `date` falls on one of them.
    #[must_use]
    pub fn contains(self, date: Date) -> bool {
        self.0 >> date.weekday_index() & 1 == 1
    }

    /// How many days from `date` to the first one on one of these days, 0 if `date` is; `None` if there is none.
    pub(super) fn days_until(self, date: Date) -> Option<u32> {
        // Two weeks in a row, so that the search may run past Sunday.
        let two_weeks = u32::from(self.0) | u32::from(self.0) << 7;
        let ahead = two_weeks >> date.weekday_index();
        (ahead != 0).then(|| ahead.trailing_zeros())
    }

    /// The days between the two that are closest, over the end of the week too; `None` if there is none.
    pub(super) fn shortest_distance(self) -> Option<u32> {
        (1..=7).find(|step| (0..7).any(|day| self.has(day) && self.has(day + step)))
    }

    /// The index of the only day in it, Monday is 0.
    pub(super) fn only(self) -> Option<u32> {
        (self.0.count_ones() == 1).then(|| self.0.trailing_zeros())
    }

    /// Whether each of 64 days in a row is one of them, the first of which comes `start` days after a Monday.
    pub(super) fn in_a_row(self, start: usize) -> u64 {
        const EVERY_SEVENTH: u64 = 0x8102_0408_1020_4081;
        let turned = (u64::from(self.0) | u64::from(self.0) << 7) >> (start % 7) & 0x7f;
        turned.wrapping_mul(EVERY_SEVENTH)
    }

    /// The days in neither.
    pub(super) fn complement(self) -> Self {
        Self(!self.0 & Self::DAILY.0)
    }

    /// Monday is 0.
    pub(super) fn from_index(index: u32) -> Self {
        Self(1 << (index % 7))
    }

    fn range(first: u32, last: u32) -> Self {
        let length = (last + 7 - first) % 7;
        (0..=length).fold(Self::NONE, |days, step| {
            days.union(Self::from_index(first + step))
        })
    }

    fn has(self, index: u32) -> bool {
        self.0 >> (index % 7) & 1 == 1
    }
}

impl fmt::Display for Weekdays {
    /// As one would write it: `daily`, `weekdays`, `weekends`, or days and ranges such as `Fri-Mon, Wed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no day");
        }
        if let Some((name, _)) = GROUPS.iter().find(|(_, group)| group == self) {
            return f.write_str(name);
        }
        let mut separator = "";
        for first in (0..7).filter(|&day| self.has(day) && !self.has(day + 6)) {
            let length = (1..7).take_while(|step| self.has(first + step)).count() as u32;
            let name = |day: u32| SHORT[(day % 7) as usize];
            write!(f, "{separator}{}", name(first))?;
            match length {
                0 => {}
                1 => write!(f, ", {}", name(first + 1))?,
                _ => write!(f, "-{}", name(first + length))?,
            }
            separator = ", ";
        }
        Ok(())
    }
}

fn weekday(name: &str) -> Option<u32> {
    let position = |names: &[&str]| names.iter().position(|known| known.eq_ignore_ascii_case(name));
    position(&WEEKDAY_NAMES)
        .or_else(|| position(&SHORT))
        .map(|index| index as u32)
        .or_else(|| {
            ALSO.iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, index)| *index)
        })
}

fn meant(text: &str) -> Vec<String> {
    if let Some((_, ours)) = MEANT.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(text)) {
        return vec![(*ours).to_owned()];
    }
    for separator in ["..", "–", "—", " to ", " TO "] {
        if let Some((first, last)) = text.split_once(separator) {
            return meant_range(first.trim(), last.trim());
        }
    }
    let names = WEEKDAY_NAMES
        .into_iter()
        .chain(GROUPS.iter().map(|(name, _)| *name))
        .chain(SHORT);
    nearest(text, names, 3)
}

fn meant_range(first: &str, last: &str) -> Vec<String> {
    let day = |text: &str| match weekday(text) {
        Some(index) => Some(SHORT[index as usize].to_owned()),
        None => nearest(text, SHORT.into_iter().chain(WEEKDAY_NAMES), 1).pop(),
    };
    match (day(first), day(last)) {
        (Some(first), Some(last)) => vec![format!("{first}-{last}")],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Weekdays::parse(text).unwrap().to_string()
    }

    #[test]
    fn reads_names_groups_and_ranges_in_any_case() {
        assert_eq!(shown("Saturday"), "Sat");
        assert_eq!(shown(" sAt "), "Sat");
        assert_eq!(shown("tues"), "Tue");
        assert_eq!(shown("THURS"), "Thu");
        assert_eq!(shown("thur"), "Thu");
        assert_eq!(shown("Weekdays"), "weekdays");
        assert_eq!(shown("WEEKENDS"), "weekends");
        assert_eq!(shown("daily"), "daily");
        assert_eq!(shown("Mon-Fri"), "weekdays");
        assert_eq!(shown("fri - monday"), "Fri-Mon");
        assert_eq!(shown("Sat-Sun"), "weekends");
        assert_eq!(shown("Sun-Sat"), "daily");
        assert_eq!(shown("Wed-Wed"), "Wed");
        assert_eq!(shown("Sun-Mon"), "Sun, Mon");
    }

    #[test]
    fn shows_several_runs() {
        let days = ["Mon", "Tue", "Wed", "Fri"].map(|day| Weekdays::parse(day).unwrap());
        let set = days.into_iter().fold(Weekdays::NONE, Weekdays::union);
        assert_eq!(set.to_string(), "Mon-Wed, Fri");
        assert_eq!(Weekdays::NONE.to_string(), "no day");
    }

    #[test]
    fn suggests_what_might_be_meant() {
        let meant = |text: &str| Weekdays::parse(text).unwrap_err();
        assert_eq!(meant("Mondy")[0], "Monday");
        assert_eq!(meant("Mondays")[0], "Monday");
        assert_eq!(meant("weekday")[0], "weekdays");
        assert_eq!(meant("Mo")[0], "Mon");
        assert_eq!(meant("Mon-Fry"), ["Mon-Fri"]);
        assert_eq!(meant("Mon..Fri"), ["Mon-Fri"]);
        assert_eq!(meant("monday to friday"), ["Mon-Fri"]);
        assert_eq!(meant("every day"), ["daily"]);
        assert_eq!(meant("*"), ["daily"]);
        assert!(meant("").is_empty());
        assert!(meant("2026-11-27").is_empty());
        assert!(meant("-").is_empty());
        assert!(meant("holiday!").len() <= 3);
    }

    #[test]
    fn finds_the_next_day_of_the_set() {
        for set in 0..128 {
            let days = Weekdays(set);
            for day in -10..10 {
                let date = Date::from_days_since_epoch(day);
                let expected =
                    (0..7).find(|step| days.contains(Date::from_days_since_epoch(day + *step as i32)));
                assert_eq!(days.days_until(date), expected);
            }
        }
    }
}
