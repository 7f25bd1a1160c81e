//! Cron patterns: which civil seconds they match.
//!
//! Their language is that of Kubernetes' CronJobs, and ranges may wrap. The `cron` crate reads the fields,
//! after they have been put into its dialect (seconds first, Sunday is 1, no wrapping); which instants
//! they mean is settled by the zone's table like every other edge, never by the crate.

use std::fmt::Write as _;
use std::str::FromStr as _;

use cron::{Schedule, TimeUnitSpec};

use super::date::days_in_month;
use super::recurring::{DaysOfYear, Recurring};
use super::spelling::nearest;
use super::{StartDays, Weekdays};

/// A pattern of start times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    days: Recurring,
    times: Times,
}

/// Seconds of the day, as the hours, minutes and seconds they combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    hours: u64,
    minutes: u64,
    seconds: u64,
}

/// One field of a pattern.
struct Field {
    name: &'static str,
    first: u32,
    last: u32,
    /// What may stand for a number; the first one for `first`.
    words: &'static [&'static str],
}

/// A year that has every day.
const LEAP_YEAR: i32 = 2024;

const SECOND: Field = Field {
    name: "second",
    first: 0,
    last: 59,
    words: &[],
};
const MINUTE: Field = Field {
    name: "minute",
    first: 0,
    last: 59,
    words: &[],
};
const HOUR: Field = Field {
    name: "hour",
    first: 0,
    last: 23,
    words: &[],
};
const DAY_OF_MONTH: Field = Field {
    name: "day of the month",
    first: 1,
    last: 31,
    words: &[],
};
const MONTH: Field = Field {
    name: "month",
    first: 1,
    last: 12,
    words: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
/// 0 and 7 are Sunday.
const WEEKDAY: Field = Field {
    name: "weekday",
    first: 0,
    last: 7,
    words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

const MACROS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl Cron {
    /// Reads five fields (minute, hour, day of the month, month, weekday), six (seconds first), or
    /// `@daily` and the like. Where both days are restricted, a day that matches either counts.
    ///
    /// # Errors
    /// In words: what is wrong; what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let spelt = match MACROS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            Some((_, meaning)) => meaning,
            None if text.starts_with('@') => return Err(unknown_macro(text)),
            None => text,
        };
        let fields: Vec<&str> = spelt.split_whitespace().collect();
        let (second, fields) = match fields.as_slice() {
            [first, ..]
                if first.to_ascii_uppercase().starts_with("TZ=")
                    || first.to_ascii_uppercase().starts_with("CRON_TZ=") =>
            {
                return Err(format!("\"{text}\" names a time zone; write it under `timezone`"));
            }
            [minute, hour, day, month, weekday] => ("0", [*minute, *hour, *day, *month, *weekday]),
            [second, minute, hour, day, month, weekday] => {
                (*second, [*minute, *hour, *day, *month, *weekday])
            }
            fields => return Err(wrong_number_of_fields(text, fields.len())),
        };
        let [minute, hour, day, month, weekday] = fields;
        let rewritten = format!(
            "{} {} {} {} {} {}",
            SECOND.rewrite(second)?,
            MINUTE.rewrite(minute)?,
            HOUR.rewrite(hour)?,
            DAY_OF_MONTH.rewrite(day)?,
            MONTH.rewrite(month)?,
            WEEKDAY.rewrite(weekday)?,
        );
        let schedule = Schedule::from_str(&rewritten)
            .map_err(|_| format!("\"{text}\" is not a cron pattern; for example \"30 8 * * MON-FRI\""))?;
        let pattern = Self::of(&schedule, is_restricted(day), is_restricted(weekday));
        if pattern.days.is_empty() {
            return Err(format!(
                "\"{text}\" never matches: no month in it has such a day; correct the day of the month or the month"
            ));
        }
        Ok(pattern)
    }

    fn of(schedule: &Schedule, restricts_dates: bool, restricts_weekdays: bool) -> Self {
        let mut months = DaysOfYear::default();
        let mut dates = DaysOfYear::default();
        for month in schedule.months().iter() {
            let last = days_in_month(LEAP_YEAR, month);
            months.add((month, 1), (month, last));
            for day in schedule.days_of_month().iter().filter(|day| *day <= last) {
                dates.add((month, day), (month, day));
            }
        }
        // The crate counts from Sunday as 1.
        let weekdays = schedule.days_of_week().iter().fold(Weekdays::NONE, |days, day| {
            days.union(Weekdays::from_index(day + 5))
        });
        let weekdays = Recurring::from(weekdays);
        let every_month = schedule.months().count() == 12;
        let days = match (restricts_dates, restricts_weekdays) {
            (true, true) => Recurring::from(&months)
                .intersection(&weekdays)
                .union(&(&dates).into()),
            (false, _) if every_month => weekdays,
            _ => weekdays.intersection(&(&dates).into()),
        };
        Self {
            days,
            times: Times {
                hours: bits(schedule.hours()),
                minutes: bits(schedule.minutes()),
                seconds: bits(schedule.seconds()),
            },
        }
    }

    /// The shortest time between two matches of a day, in seconds, if it has two.
    #[must_use]
    pub fn shortest_rest(&self) -> Option<u32> {
        self.times.shortest_rest()
    }

    pub(super) fn times(&self) -> Times {
        self.times
    }

    /// The days that match and are also among `days`.
    pub(super) fn on(&self, days: &StartDays) -> StartDays {
        days.among(&self.days)
    }
}

fn bits(field: &impl TimeUnitSpec) -> u64 {
    field.iter().fold(0, |bits, ordinal| bits | 1 << ordinal)
}

/// Whether a field of days says anything: `*` and `*/1` do not.
fn is_restricted(field: &str) -> bool {
    !field
        .split(',')
        .any(|item| matches!(item, "*" | "?" | "*/1" | "?/1"))
}

fn unknown_macro(text: &str) -> String {
    let names = MACROS.iter().map(|(name, _)| *name);
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("@every") {
        return format!("\"{text}\" has no time of day; write the times, for example */15 * * * *");
    }
    match nearest(text, names, 1).first() {
        Some(meant) => format!("\"{text}\" is not a cron pattern; did you mean {meant}?"),
        None => {
            format!("\"{text}\" is not a cron pattern; @hourly, @daily, @weekly, @monthly and @yearly are")
        }
    }
}

fn wrong_number_of_fields(text: &str, number: usize) -> String {
    let hint = "write five fields, minute hour day month weekday, for example 30 8 * * MON-FRI";
    match number {
        7 => format!("\"{text}\" has 7 fields; leave the last one, the year, out"),
        1 => format!("\"{text}\" is not a cron pattern; {hint}"),
        _ => format!("\"{text}\" has {number} fields; {hint}"),
    }
}

impl Field {
    /// The field in the dialect of the crate.
    fn rewrite(&self, text: &str) -> Result<String, String> {
        let mut rewritten = String::new();
        for item in text.split(',') {
            if !rewritten.is_empty() {
                rewritten.push(',');
            }
            self.rewrite_item(item, &mut rewritten)?;
        }
        Ok(rewritten)
    }

    fn rewrite_item(&self, item: &str, out: &mut String) -> Result<(), String> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step, item)?)),
            None => (item, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => {
                out.push('*');
                if let Some(step) = step {
                    let _ = write!(out, "/{step}");
                }
                return Ok(());
            }
            Some((first, last)) => (self.number(first, item)?, self.number(last, item)?),
            None => {
                let first = self.number(range, item)?;
                (
                    first,
                    if step.is_some() {
                        self.last_but_sunday(first)
                    } else {
                        first
                    },
                )
            }
        };
        let mut separator = "";
        for number in self.numbers(first, last).step_by(step.unwrap_or(1)) {
            let _ = write!(out, "{separator}{}", self.in_dialect(number));
            separator = ",";
        }
        Ok(())
    }

    /// Where a step from `first` on ends: 7 is the Sunday of the next week.
    fn last_but_sunday(&self, first: u32) -> u32 {
        if self.last == 7 { first.max(6) } else { self.last }
    }

    /// The numbers from one to the other, over the end of the field if the last is the smaller one.
    fn numbers(&self, first: u32, last: u32) -> impl Iterator<Item = u32> + use<> {
        // Sunday is at both ends of the week.
        let size = if self.last == 7 {
            7
        } else {
            self.last - self.first + 1
        };
        let length = if last >= first {
            last - first
        } else {
            last + size - first
        };
        let lowest = self.first;
        (0..=length).map(move |step| lowest + (first - lowest + step) % size)
    }

    fn in_dialect(&self, number: u32) -> u32 {
        if self.last == 7 { number % 7 + 1 } else { number }
    }

    fn number(&self, text: &str, item: &str) -> Result<u32, String> {
        let (name, first, last) = (self.name, self.first, self.last);
        let word = self.words.iter().position(|word| word.eq_ignore_ascii_case(text));
        if let Some(index) = word {
            return Ok(first + index as u32);
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return match text.parse() {
                Ok(number) if (first..=last).contains(&number) => Ok(number),
                _ => Err(format!(
                    "the {name} {text} does not exist; it goes from {first} to {last}"
                )),
            };
        }
        if text.contains(['L', 'W', '#']) && text.bytes().any(|byte| byte.is_ascii_digit() || text.len() == 1)
        {
            return Err(format!(
                "\"{item}\" is not understood as a {name}: L, W and # are not supported; list the dates under `dates` of a window with times instead"
            ));
        }
        let example = match self.words {
            [] => format!("write numbers from {first} to {last}, ranges such as {first}-{last}, or *"),
            [.., word] => format!(
                "write numbers from {first} to {last}, names such as {}, or *",
                word.to_uppercase()
            ),
        };
        Err(format!("\"{item}\" is not understood as a {name}; {example}"))
    }

    fn step(&self, text: &str, item: &str) -> Result<usize, String> {
        match text.parse() {
            Ok(step @ 1..=60) => Ok(step),
            _ => Err(format!(
                "\"{item}\" has a step that is not understood as a {}; write a whole number after the slash, for example */15",
                self.name
            )),
        }
    }
}

impl Times {
    /// The first match that is not before the second of the day.
    pub(super) fn next(self, time: u32) -> Option<u32> {
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        if has(self.hours, hour)
            && has(self.minutes, minute)
            && let Some(second) = from(self.seconds, second)
        {
            return Some(hour * 3600 + minute * 60 + second);
        }
        let first_second = from(self.seconds, 0)?;
        if has(self.hours, hour)
            && let Some(minute) = from(self.minutes, minute + 1)
        {
            return Some(hour * 3600 + minute * 60 + first_second);
        }
        let hour = from(self.hours, hour + 1)?;
        Some(hour * 3600 + from(self.minutes, 0)? * 60 + first_second)
    }

    /// The last match that is not after the second of the day.
    pub(super) fn last_until(self, time: u32) -> Option<u32> {
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        if has(self.hours, hour)
            && has(self.minutes, minute)
            && let Some(second) = until(self.seconds, second)
        {
            return Some(hour * 3600 + minute * 60 + second);
        }
        let last_second = until(self.seconds, 59)?;
        if has(self.hours, hour)
            && let Some(minute) = minute
                .checked_sub(1)
                .and_then(|minute| until(self.minutes, minute))
        {
            return Some(hour * 3600 + minute * 60 + last_second);
        }
        let hour = until(self.hours, hour.checked_sub(1)?)?;
        Some(hour * 3600 + until(self.minutes, 59)? * 60 + last_second)
    }

    /// First and last match of each stretch in which no two neighbours are more than `rest` apart.
    pub(super) fn runs(self, rest: u32) -> Vec<(u32, u32)> {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        self.each_stretch(|first, last, inner| {
            // Within a minute either all seconds hang together or each stands for itself.
            let pieces = if inner <= rest { None } else { Some(first..=last) };
            let mut add = |first: u32, last: u32| match runs.last_mut() {
                Some(run) if first - run.1 <= rest => run.1 = last,
                _ => runs.push((first, last)),
            };
            match pieces {
                None => add(first, last),
                Some(seconds) => seconds
                    .filter(|time| has(self.seconds, time % 60))
                    .for_each(|time| add(time, time)),
            }
        });
        runs
    }

    /// The longest time between two matches, over midnight too.
    pub(super) fn longest_rest(self) -> u32 {
        let mut longest = 0;
        let mut ends: Option<(u32, u32)> = None;
        self.each_stretch(|first, last, inner| {
            let (day_first, before) = ends.unwrap_or((first, first));
            longest = longest.max(inner).max(first - before);
            ends = Some((day_first, last));
        });
        ends.map_or(0, |(first, last)| longest.max(first + 86_400 - last))
    }

    /// The shortest time between two matches of a day, if it has two.
    pub(super) fn shortest_rest(self) -> Option<u32> {
        let between = |bits: u64| {
            let mut shortest = None;
            let mut number = from(bits, 0);
            while let Some(one) = number {
                number = from(bits, one + 1);
                if let Some(next) = number {
                    shortest = Some(shortest.map_or(next - one, |known: u32| known.min(next - one)));
                }
            }
            shortest
        };
        let span = |bits: u64| {
            until(bits, 63)
                .zip(from(bits, 0))
                .map_or(0, |(last, first)| last - first)
        };
        let in_minute = between(self.seconds);
        let minutes = between(self.minutes).map(|minutes| minutes * 60 - span(self.seconds));
        let hours =
            between(self.hours).map(|hours| hours * 3600 - span(self.minutes) * 60 - span(self.seconds));
        [in_minute, minutes, hours].into_iter().flatten().min()
    }

    /// First and last match of each minute that has one, and the longest time between two neighbours in it.
    fn each_stretch(self, mut tell: impl FnMut(u32, u32, u32)) {
        let (Some(first), Some(last)) = (from(self.seconds, 0), until(self.seconds, 59)) else {
            return;
        };
        let mut inner = 0;
        let mut before = first;
        while let Some(second) = from(self.seconds, before + 1) {
            inner = inner.max(second - before);
            before = second;
        }
        for hour in (0..24).filter(|hour| has(self.hours, *hour)) {
            for minute in (0..60).filter(|minute| has(self.minutes, *minute)) {
                let base = hour * 3600 + minute * 60;
                tell(base + first, base + last, inner);
            }
        }
    }
}

fn has(bits: u64, index: u32) -> bool {
    bits >> index & 1 == 1
}

/// The first index in the set from `index` on.
fn from(bits: u64, index: u32) -> Option<u32> {
    let ahead = bits.checked_shr(index)?;
    (ahead != 0).then(|| index + ahead.trailing_zeros())
}

/// The last index in the set up to `index`.
fn until(bits: u64, index: u32) -> Option<u32> {
    let behind = bits & (u64::MAX >> (63 - index.min(63)));
    (behind != 0).then(|| 63 - behind.leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(text: &str) -> Times {
        Cron::parse(text).unwrap().times
    }

    /// The matching seconds of a day, one by one.
    fn slowly(times: Times) -> Vec<u32> {
        let matches = |time: u32| {
            has(times.hours, time / 3600)
                && has(times.minutes, time / 60 % 60)
                && has(times.seconds, time % 60)
        };
        (0..86_400).filter(|time| matches(*time)).collect()
    }

    #[test]
    fn searching_finds_what_asking_second_by_second_finds() {
        for text in [
            "* * * * *",
            "*/5 9-17 * * *",
            "0 0 * * *",
            "59 23 * * *",
            "30 22-6/2 * * *",
            "7/20 * * * *",
            "*/7 3 2 * * *",
            "10-12,40 * 23 * * *",
            "50-10/10 0,59 0,23 * * *",
        ] {
            let times = times(text);
            let all = slowly(times);
            for time in (0..86_400).step_by(37).chain(0..200).chain(86_200..86_400) {
                let next = all.iter().find(|found| **found >= time).copied();
                let last = all.iter().rev().find(|found| **found <= time).copied();
                assert_eq!(times.next(time), next, "{text} {time}");
                assert_eq!(times.last_until(time), last, "{text} {time}");
            }
            let rests: Vec<u32> = all.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let over_midnight = all[0] + 86_400 - all[all.len() - 1];
            assert_eq!(
                times.longest_rest(),
                rests.iter().copied().max().unwrap_or(0).max(over_midnight),
                "{text}"
            );
            assert_eq!(times.shortest_rest(), rests.iter().copied().min(), "{text}");
            for rest in [1, 2, 10, 59, 60, 61, 300, 3600, 7200, 86_400] {
                let mut runs: Vec<(u32, u32)> = Vec::new();
                for time in &all {
                    match runs.last_mut() {
                        Some(run) if time - run.1 <= rest => run.1 = *time,
                        _ => runs.push((*time, *time)),
                    }
                }
                assert_eq!(times.runs(rest), runs, "{text} {rest}");
            }
        }
    }

    /// The matching days of two years from 2026, as the pattern says them.
    fn days(text: &str) -> Vec<String> {
        let cron = Cron::parse(text).unwrap();
        let first = super::super::Date::parse("2026-01-01")
            .unwrap()
            .days_since_epoch();
        let days = (first..first + 730).filter(|day| cron.days.contains(*day));
        days.map(|day| super::super::Date::from_days_since_epoch(day).to_string())
            .collect()
    }

    #[test]
    fn weekdays_count_from_sunday_as_zero_and_seven() {
        let sundays = days("0 0 * * 0");
        assert_eq!(sundays[0], "2026-01-04");
        for same in [
            "0 0 * * 7",
            "0 0 * * SUN",
            "0 0 * * sun",
            "@weekly",
            "0 0 * * 7-7",
            "0 0 ? * 0",
        ] {
            assert_eq!(days(same), sundays, "{same}");
        }
        let working = days("0 0 * * 1-5");
        assert_eq!(working[..3], ["2026-01-01", "2026-01-02", "2026-01-05"]);
        assert_eq!(days("0 0 * * MON-FRI"), working);
        assert_eq!(days("0 0 * * 5-7"), days("0 0 * * FRI-SUN"));
        assert_eq!(days("0 0 * * FRI-MON"), days("0 0 * * 0,1,5,6"));
        assert_eq!(days("0 0 * * 5-1"), days("0 0 * * 0,1,5,6"));
        assert_eq!(days("0 0 * * */2"), days("0 0 * * 0,2,4,6"));
        assert_eq!(days("0 0 * * 1/2"), days("0 0 * * 1,3,5"));
    }

    #[test]
    fn day_of_month_or_weekday_where_both_are_restricted() {
        assert_eq!(
            days("0 0 13 * FRI")[..4],
            ["2026-01-02", "2026-01-09", "2026-01-13", "2026-01-16"]
        );
        assert_eq!(days("0 0 13 * *")[..2], ["2026-01-13", "2026-02-13"]);
        assert_eq!(days("0 0 */1 * FRI"), days("0 0 * * FRI"));
        assert_eq!(
            days("0 0 31 * *")[..3],
            ["2026-01-31", "2026-03-31", "2026-05-31"]
        );
        assert_eq!(
            days("0 0 1 NOV-FEB *")[..4],
            ["2026-01-01", "2026-02-01", "2026-11-01", "2026-12-01"]
        );
        assert_eq!(days("@yearly"), ["2026-01-01", "2027-01-01"]);
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let says = |text: &str| Cron::parse(text).unwrap_err();
        assert_eq!(
            says("0 0 31 2 *"),
            "\"0 0 31 2 *\" never matches: no month in it has such a day; correct the day of the month or the month"
        );
        assert_eq!(
            says("0 25 * * *"),
            "the hour 25 does not exist; it goes from 0 to 23"
        );
        assert_eq!(
            says("60 * * * *"),
            "the minute 60 does not exist; it goes from 0 to 59"
        );
        assert_eq!(
            says("0 0 0 * *"),
            "the day of the month 0 does not exist; it goes from 1 to 31"
        );
        assert_eq!(
            says("0 0 * * 8"),
            "the weekday 8 does not exist; it goes from 0 to 7"
        );
        assert_eq!(
            says("@dayly"),
            "\"@dayly\" is not a cron pattern; did you mean @daily?"
        );
        assert!(says("0 8 * *").contains("has 4 fields; write five fields"));
        assert!(says("0 0 8 * * * 2026").contains("leave the last one, the year, out"));
        assert!(says("0 0 L * *").contains("L, W and # are not supported"));
        assert!(says("0 0 * * FRI#2").contains("L, W and # are not supported"));
        assert!(says("TZ=Europe/Berlin 0 8 * * *").contains("under `timezone`"));
        assert!(says("@every 5m").contains("has no time of day"));
        assert!(says("@reboot").contains("@hourly, @daily"));
        for text in [
            "",
            "soon",
            "a * * * *",
            "*/0 * * * *",
            "*/x * * * *",
            "1- * * * *",
            "1,,2 * * * *",
            "- * * * *",
            "99999999999 * * * *",
            "* * * Foo *",
            "é * * * *",
            "*/61 * * * *",
        ] {
            assert!(says(text).contains("; "), "{text}: {}", says(text));
        }
    }
}
