//! Cron patterns as other tools write them, as far as they say the same in every week or on certain dates.

use crate::draft::quoted;
use crate::draft::week::{DAY, WEEK};
use crate::time::Weekdays;

/// What differs between the tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Minute, hour, day, month, weekday with Sunday 0 or 7: KEDA, EC2 Auto Scaling.
    Unix,
    /// Second, minute, hour, day, month, weekday with Sunday 0: kubernetes-cronhpa-controller.
    Seconds,
    /// Minute, hour, day, month, weekday with Sunday 1, year: `cron(…)` of AWS.
    Aws,
}

/// A pattern whose fields are sets; `None`: the field does not restrict anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    times: Vec<u32>,
    days: Option<Vec<u32>>,
    months: Option<Vec<u32>>,
    /// 0 is Sunday.
    weekdays: Option<Vec<u32>>,
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// A pattern that matches more often within a day is no timetable.
const MOST_TIMES: usize = 100;

/// A field: what its numbers may be, and the names of the first of them.
struct Field {
    what: &'static str,
    first: u32,
    last: u32,
    /// Where `*` and `8/2` end: 7 is Sunday once more, but only where somebody writes it.
    open_end: u32,
    names: &'static [&'static str],
}

impl Pattern {
    /// Reads the fields.
    pub(super) fn parse(text: &str, dialect: Dialect) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let ([second, minute, hour, day, month, weekday], year) = match (dialect, fields.as_slice()) {
            (Dialect::Unix, [minute, hour, day, month, weekday]) => {
                (["0", *minute, *hour, *day, *month, *weekday], "*")
            }
            (Dialect::Seconds, [second, minute, hour, day, month, weekday]) => {
                ([*second, *minute, *hour, *day, *month, *weekday], "*")
            }
            (Dialect::Aws, [minute, hour, day, month, weekday, year]) => {
                (["0", *minute, *hour, *day, *month, *weekday], *year)
            }
            _ => return Err(format!("{} is not a cron pattern of this tool", quoted(text))),
        };
        if year != "*" {
            return Err(format!("{} is for certain years only", quoted(text)));
        }
        let within = |what, first, last| Field {
            what,
            first,
            last,
            open_end: last,
            names: &[],
        };
        let seconds = within("second", 0, 59).read_all(second)?;
        let minutes = within("minute", 0, 59).read_all(minute)?;
        let hours = within("hour", 0, 23).read_all(hour)?;
        let days = within("day of the month", 1, 31).read(day)?;
        let months = Field {
            what: "month",
            first: 1,
            last: 12,
            open_end: 12,
            names: &MONTHS,
        };
        let months = months.read(month)?;
        let weekdays = Field {
            what: "weekday",
            first: u32::from(dialect == Dialect::Aws),
            last: if dialect == Dialect::Seconds { 6 } else { 7 },
            open_end: if dialect == Dialect::Aws { 7 } else { 6 },
            names: &WEEKDAYS,
        };
        let sunday = weekdays.first;
        let weekdays = weekdays.read(weekday)?.map(|numbers| {
            let mut numbers: Vec<u32> = numbers.iter().map(|number| (number - sunday) % 7).collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        });
        if seconds.len() * minutes.len() * hours.len() > MOST_TIMES {
            return Err(format!(
                "{} matches more than {MOST_TIMES} times a day",
                quoted(text)
            ));
        }
        let mut times = Vec::new();
        for hour in &hours {
            for minute in &minutes {
                times.extend(seconds.iter().map(|second| hour * 3600 + minute * 60 + second));
            }
        }
        Ok(Self {
            times,
            days,
            months,
            weekdays: weekdays.filter(|weekdays| weekdays.len() < 7),
        })
    }

    /// The seconds of the week, from Monday 00:00, at which it matches; `None` if it is not the same in every week.
    pub(super) fn weekly(&self) -> Option<Vec<u32>> {
        if self.days.is_some() || self.months.is_some() {
            return None;
        }
        let every_day: Vec<u32> = (0..7).collect();
        let weekdays = self.weekdays.as_ref().unwrap_or(&every_day);
        let mut seconds = Vec::new();
        for weekday in weekdays {
            let since_monday = (weekday + 6) % 7 * DAY;
            seconds.extend(self.times.iter().map(|time| since_monday + time));
        }
        seconds.sort_unstable();
        debug_assert!(seconds.iter().all(|second| *second < WEEK));
        Some(seconds)
    }

    /// The second of a day, where there is but one.
    pub(super) fn time(&self) -> Option<u32> {
        match self.times.as_slice() {
            [time] => Some(*time),
            _ => None,
        }
    }

    /// The dates of every year (`12-24`, `12-01..12-31`) and the weekdays on which it matches, where it is restricted to
    /// dates and these can be said: a pattern with day of the month and weekday means either, which no window does.
    pub(super) fn dates(&self) -> Option<(Vec<String>, Weekdays)> {
        if self.days.is_some() && self.weekdays.is_some() {
            return None;
        }
        let all: Vec<u32> = (1..=12).collect();
        let months = self.months.as_ref().unwrap_or(&all);
        let length = |month: u32| match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let dates = match &self.days {
            Some(days) => months
                .iter()
                .flat_map(|month| days.iter().map(move |day| (*month, *day)))
                .filter(|(month, day)| *day <= length(*month))
                .map(|(month, day)| format!("{month:02}-{day:02}"))
                .collect(),
            None => {
                self.months.as_ref()?;
                let range = |month: &u32| format!("{month:02}-01..{month:02}-{:02}", length(*month));
                months.iter().map(range).collect()
            }
        };
        let weekdays = self.weekdays.as_ref().map_or(Weekdays::DAILY, |weekdays| {
            let day = |weekday: &u32| crate::draft::week::weekday((weekday + 6) % 7);
            weekdays.iter().map(day).fold(Weekdays::NONE, Weekdays::union)
        });
        Some((dates, weekdays))
    }

    /// Whether both match on the same days.
    pub(super) fn has_days_of(&self, other: &Self) -> bool {
        (&self.days, &self.months, &self.weekdays) == (&other.days, &other.months, &other.weekdays)
    }
}

impl Field {
    fn read_all(&self, text: &str) -> Result<Vec<u32>, String> {
        Ok(self
            .read(text)?
            .unwrap_or_else(|| (self.first..=self.last).collect()))
    }

    /// The numbers, sorted; `None` for all of them.
    fn read(&self, text: &str) -> Result<Option<Vec<u32>>, String> {
        let mut numbers = Vec::new();
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(self.step(step)?)),
                None => (part, None),
            };
            let (first, last) = match range.split_once('-') {
                Some((first, last)) => (self.number(first)?, self.number(last)?),
                None if matches!(range, "*" | "?") => (self.first, self.open_end),
                // `8/2` is from 8 on.
                None => {
                    let first = self.number(range)?;
                    (first, if step.is_some() { self.open_end } else { first })
                }
            };
            if first > last {
                return Err(format!(
                    "{} runs backwards in the field of the {}",
                    quoted(part),
                    self.what
                ));
            }
            numbers.extend((first..=last).step_by(step.unwrap_or(1)));
        }
        numbers.sort_unstable();
        numbers.dedup();
        let all = self.first..=self.last;
        Ok((!all.eq(numbers.iter().copied())).then_some(numbers))
    }

    fn step(&self, text: &str) -> Result<usize, String> {
        match text.parse::<u32>() {
            Ok(step) if step > 0 && step <= self.last => Ok(step as usize),
            _ => Err(format!(
                "{} is no step in the field of the {}",
                quoted(text),
                self.what
            )),
        }
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        let named = self
            .names
            .iter()
            .zip(self.first..)
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        if let Some((_, number)) = named {
            return Ok(number);
        }
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits && (self.first..=self.last).contains(&number) => Ok(number),
            _ => Err(format!(
                "{} is not understood in the field of the {}",
                quoted(text),
                self.what
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekly(text: &str, dialect: Dialect) -> Option<Vec<u32>> {
        Pattern::parse(text, dialect).unwrap().weekly()
    }

    #[test]
    fn each_dialect_has_its_sunday() {
        let sunday_8 = Some(vec![6 * DAY + 8 * 3600]);
        assert_eq!(weekly("0 8 * * 0", Dialect::Unix), sunday_8);
        assert_eq!(weekly("0 8 * * 7", Dialect::Unix), sunday_8);
        assert_eq!(weekly("0 0 8 ? * SUN", Dialect::Seconds), sunday_8);
        assert_eq!(weekly("0 8 ? * 1 *", Dialect::Aws), sunday_8);
        assert_eq!(weekly("0 8 ? * SUN *", Dialect::Aws), sunday_8);
        assert_eq!(
            weekly("30 0 8 * * 1", Dialect::Seconds),
            Some(vec![8 * 3600 + 30])
        );
        assert_eq!(
            weekly("0 8 * * MON-FRI", Dialect::Unix).map(|week| week.len()),
            Some(5)
        );
        assert_eq!(
            weekly("0 */6 * * *", Dialect::Unix).map(|week| week.len()),
            Some(28)
        );
    }

    #[test]
    fn open_ends_stop_before_the_second_sunday() {
        let days = |weekday: &str| {
            let week = weekly(&format!("0 0 * * {weekday}"), Dialect::Unix).unwrap();
            week.iter().map(|second| second / DAY).collect::<Vec<_>>()
        };
        assert_eq!(days("1/2"), [0, 2, 4], "Mon, Wed, Fri");
        assert_eq!(days("*/7"), [6]);
        assert_eq!(days("0/7"), [6]);
        assert_eq!(days("*/2"), [1, 3, 5, 6], "Sun, Tue, Thu, Sat");
        assert_eq!(days("1-7/2"), [0, 2, 4, 6], "a range ends where it says");
        assert_eq!(days("5-7"), [4, 5, 6]);
        assert_eq!(days("*").len(), 7);
        assert_eq!(
            weekly("0 0 ? * 2/2 *", Dialect::Aws),
            Some(vec![0, 2 * DAY, 4 * DAY]),
            "Mon, Wed, Fri"
        );
    }

    #[test]
    fn dates_of_every_year() {
        let dates = |text| Pattern::parse(text, Dialect::Unix).unwrap().dates();
        assert_eq!(
            dates("0 8 24 12 *"),
            Some((vec!["12-24".to_owned()], Weekdays::DAILY))
        );
        assert_eq!(
            dates("0 8 * 12 1-5"),
            Some((vec!["12-01..12-31".to_owned()], Weekdays::WORKING))
        );
        assert_eq!(dates("0 8 31 * *").map(|(dates, _)| dates.len()), Some(7));
        assert_eq!(dates("0 8 1 * 1"), None, "either of the two");
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for (text, dialect) in [
            ("", Dialect::Unix),
            ("* * * * *", Dialect::Unix),
            ("0 8 * *", Dialect::Unix),
            ("0 8 L * *", Dialect::Unix),
            ("0 25 * * *", Dialect::Unix),
            ("0 8 * * 8", Dialect::Unix),
            ("0 8 * * 5-1", Dialect::Unix),
            ("0 0/0 * * *", Dialect::Unix),
            ("0 0 8 * * 7", Dialect::Seconds),
            ("0 8 ? * 2#1 *", Dialect::Aws),
            ("0 8 ? * MON 2027", Dialect::Aws),
            ("+1 8 * * *", Dialect::Unix),
        ] {
            assert!(Pattern::parse(text, dialect).is_err(), "{text}");
        }
    }
}
