//! The days on which a window opens.

use super::recurring::Recurring;
use super::{Date, Dates, Weekdays};

/// The dates, if there are any, that are also among the weekdays, less the exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartDays {
    /// Start days that come again.
    recurring: Recurring,
    /// Ranges of days, first and last, sorted and apart; all of their days that `admits` are start days too.
    listed: Box<[(i32, i32)]>,
    admits: Recurring,
    /// Ranges of days, first and last, sorted and apart; none of their days is a start day.
    excepted: Box<[(i32, i32)]>,
}

impl StartDays {
    /// The `dates` (`None`: every date) that fall on `weekdays`, less those that fall on `except_days` and
    /// those among `except_dates`.
    #[must_use]
    pub fn new(
        weekdays: Weekdays,
        dates: Option<&Dates>,
        except_days: Weekdays,
        except_dates: &Dates,
    ) -> Self {
        let mut admits = Recurring::from(weekdays).without(&except_days.into());
        if !except_dates.yearly().is_empty() {
            admits = admits.without(&except_dates.yearly().into());
        }
        let recurring = match dates {
            None => admits.clone(),
            Some(dates) if dates.yearly().is_empty() => Weekdays::NONE.into(),
            Some(dates) => admits.intersection(&dates.yearly().into()),
        };
        let excepted = except_dates.ranges();
        let listed = dates.map(Dates::ranges).unwrap_or_default();
        let days = Self {
            recurring,
            listed: listed.into(),
            admits,
            excepted: excepted.into(),
        };
        days.without_empty_ranges()
    }

    /// Those that are also among `days`.
    pub(super) fn among(&self, days: &Recurring) -> Self {
        let among = Self {
            recurring: self.recurring.intersection(days),
            listed: self.listed.clone(),
            admits: self.admits.intersection(days),
            excepted: self.excepted.clone(),
        };
        among.without_empty_ranges()
    }

    /// Every date on these weekdays.
    #[must_use]
    pub fn weekly(weekdays: Weekdays) -> Self {
        Self::new(weekdays, None, Weekdays::NONE, &Dates::default())
    }

    fn without_empty_ranges(mut self) -> Self {
        let some = |range: &&(i32, i32)| self.has_day_in(**range);
        self.listed = self.listed.iter().filter(some).copied().collect();
        self
    }

    /// Whether there is none.
    #[must_use]
    pub fn never(&self) -> bool {
        self.next(Date::FIRST.days_since_epoch()).is_none()
    }

    /// Whether `other` surely has every day of it; `false` if that is not certain.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let within = |ranges: &[(i32, i32)], others: &[(i32, i32)]| {
            ranges.iter().all(|range| {
                others
                    .iter()
                    .any(|other| other.0 <= range.0 && range.1 <= other.1)
            })
        };
        let recurring = self.recurring.is_within(&other.recurring) && within(&other.excepted, &self.excepted);
        let listed = self.listed.iter().all(|range| {
            // A range that goes on for years is not worth the search.
            range.1 - range.0 < 1000
                && (range.0..=range.1).all(|day| !self.contains(day) || other.contains(day))
        });
        (self.recurring.is_empty() || recurring) && listed
    }

    /// `day`: since 1970-01-01, here and below.
    pub(super) fn contains(&self, day: i32) -> bool {
        let among = self.recurring.contains(day)
            || (range_at(&self.listed, day).is_some() && self.admits.contains(day));
        among && range_at(&self.excepted, day).is_none()
    }

    /// The first one that is not before `day`.
    pub(super) fn next(&self, day: i32) -> Option<i32> {
        let mut from = day;
        loop {
            let found = earlier(self.recurring.next(from), self.next_admitted(from))?;
            match range_at(&self.excepted, found) {
                Some((_, last)) => from = last + 1,
                None => return (found <= Date::LAST.days_since_epoch()).then_some(found),
            }
        }
    }

    /// The first day from `day` on that is none; `None`: there is no such day.
    pub(super) fn next_off(&self, day: i32) -> Option<i32> {
        let next_excepted = self
            .excepted
            .get(self.excepted.partition_point(|range| range.1 < day))
            .map(|range| range.0.max(day));
        let mut from = day;
        // Where the recurring days end, a listed range may go on, and the other way round.
        while next_excepted.is_none_or(|excepted| from < excepted) {
            let off = match range_at(&self.listed, from) {
                Some((_, last)) => match self.admits.next_off(from) {
                    Some(off) if off <= last => return Some(earliest(off, next_excepted)),
                    _ => last + 1,
                },
                None => match self.recurring.next_off(from) {
                    Some(off) => off,
                    None => break,
                },
            };
            if off > Date::LAST.days_since_epoch() {
                break;
            }
            if !self.contains(off) {
                return Some(earliest(off, next_excepted));
            }
            from = off;
        }
        next_excepted
    }

    /// The first listed day from `day` on, excepted or not.
    fn next_admitted(&self, day: i32) -> Option<i32> {
        let first = self.listed.partition_point(|range| range.1 < day);
        self.listed.get(first..)?.iter().find_map(|range| {
            let found = self.admits.next(day.max(range.0))?;
            (found <= range.1).then_some(found)
        })
    }

    /// Whether a listed range has a start day.
    fn has_day_in(&self, (first, last): (i32, i32)) -> bool {
        let mut from = first;
        while let Some(found) = self.admits.next(from).filter(|day| *day <= last) {
            match range_at(&self.excepted, found) {
                Some((_, last)) => from = last + 1,
                None => return true,
            }
        }
        false
    }

    /// The last one; `None` if they come again for ever, or if there is none.
    pub(super) fn last(&self) -> Option<Date> {
        if !self.recurring.is_empty() {
            return None;
        }
        let (first, last) = *self.listed.last()?;
        let day = (first..=last).rev().find(|day| self.contains(*day))?;
        Some(Date::from_days_since_epoch(day))
    }

    /// The days between the two closest ones, if they come again each week.
    pub(super) fn shortest_distance(&self) -> Option<u32> {
        match &self.recurring {
            Recurring::Weekly(days) if self.listed.is_empty() => days.shortest_distance(),
            _ => None,
        }
    }

    /// Whether every day is one.
    pub(super) fn is_every_day(&self) -> bool {
        self.next_off(Date::FIRST.days_since_epoch()).is_none() && !self.never()
    }
}

/// The range that contains `day`.
fn range_at(ranges: &[(i32, i32)], day: i32) -> Option<(i32, i32)> {
    let range = ranges.get(ranges.partition_point(|range| range.1 < day))?;
    (range.0 <= day).then_some(*range)
}

fn earlier(one: Option<i32>, other: Option<i32>) -> Option<i32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn earliest(day: i32, other: Option<i32>) -> i32 {
    other.map_or(day, |other| day.min(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Written<'a> {
        days: &'a str,
        dates: Option<&'a [&'a str]>,
        except_days: &'a str,
        except: &'a [&'a str],
    }

    const ALL: Written<'_> = Written {
        days: "daily",
        dates: None,
        except_days: "",
        except: &[],
    };

    impl Written<'_> {
        fn read(&self) -> StartDays {
            let weekdays = |text: &str| Weekdays::parse(text).unwrap_or(Weekdays::NONE);
            let dates = |texts: &[&str]| {
                let mut dates = Dates::default();
                for text in texts {
                    dates.add(text).unwrap();
                }
                dates
            };
            let only = self.dates.map(dates);
            let except = dates(self.except);
            StartDays::new(
                weekdays(self.days),
                only.as_ref(),
                weekdays(self.except_days),
                &except,
            )
        }
    }

    fn day(text: &str) -> i32 {
        Date::parse(text).unwrap().days_since_epoch()
    }

    fn shown(day: Option<i32>) -> String {
        day.map_or_else(
            || "never".to_owned(),
            |day| Date::from_days_since_epoch(day).to_string(),
        )
    }

    /// The first start days after a date.
    fn after(days: &StartDays, date: &str, count: usize) -> Vec<String> {
        let mut from = day(date);
        let mut found = Vec::new();
        while found.len() < count
            && let Some(next) = days.next(from)
        {
            found.push(shown(Some(next)));
            from = next + 1;
        }
        found
    }

    fn some_written() -> Vec<Written<'static>> {
        vec![
            ALL,
            Written {
                days: "weekdays",
                ..ALL
            },
            Written {
                days: "Fri-Mon",
                except_days: "Sun",
                ..ALL
            },
            Written {
                dates: Some(&["12-25", "2026-12-20..2027-01-10", "02-29"]),
                ..ALL
            },
            Written {
                days: "weekdays",
                dates: Some(&["12-20..01-06"]),
                except: &["12-24..12-26", "01-01"],
                ..ALL
            },
            Written {
                days: "weekdays",
                except: &["2026-12-24..2026-12-31", "2027-01-01", "12-25"],
                ..ALL
            },
            Written {
                dates: Some(&["2026-12-01..2026-12-31", "12-31..01-02"]),
                except_days: "Tue",
                except: &["2026-12-10..2026-12-12"],
                ..ALL
            },
            Written {
                dates: Some(&["2026-12-01", "2026-12-02", "2026-12-03..2026-12-05"]),
                ..ALL
            },
            Written {
                except: &["0001-01-01..2026-12-30", "2027-01-03..9999-12-31"],
                ..ALL
            },
            Written {
                dates: Some(&["2026-11-28"]),
                days: "Mon",
                ..ALL
            },
        ]
    }

    #[test]
    fn searching_finds_what_asking_day_by_day_finds() {
        for written in some_written() {
            let days = written.read();
            let (first, last) = (day("2026-11-20"), day("2028-03-05"));
            for from in first..last {
                let next = (from..last).find(|day| days.contains(*day));
                let off = (from..last).find(|day| !days.contains(*day));
                assert_eq!(
                    days.next(from).filter(|day| *day < last),
                    next,
                    "{}",
                    shown(Some(from))
                );
                assert_eq!(
                    days.next_off(from).filter(|day| *day < last),
                    off,
                    "{}",
                    shown(Some(from))
                );
            }
        }
    }

    #[test]
    fn dates_and_weekdays_less_the_exceptions() {
        let sales = Written {
            days: "weekdays",
            dates: Some(&["12-20..01-06"]),
            except: &["12-24..12-26"],
            ..ALL
        };
        let expected = ["2026-12-21", "2026-12-22", "2026-12-23", "2026-12-28"];
        assert_eq!(after(&sales.read(), "2026-11-24", 4), expected);
        let sundays = Written {
            days: "Sun",
            dates: Some(&["02-29"]),
            ..ALL
        };
        assert_eq!(
            after(&sundays.read(), "2026-11-24", 2),
            ["2032-02-29", "2060-02-29"]
        );
    }

    #[test]
    fn never_is_known() {
        let never = [
            Written {
                dates: Some(&["2026-11-28"]),
                days: "Mon",
                ..ALL
            },
            Written {
                except_days: "daily",
                ..ALL
            },
            Written {
                dates: Some(&["12-25"]),
                except: &["12-20..12-31"],
                ..ALL
            },
            Written {
                dates: Some(&["2026-12-25..2026-12-26"]),
                except: &["2026-12-01..2027-01-31"],
                ..ALL
            },
            Written {
                except: &["0001-01-01..9999-12-31"],
                ..ALL
            },
        ];
        for written in never {
            assert!(written.read().never(), "{:?} {:?}", written.dates, written.except);
        }
        assert!(!ALL.read().never());
        assert!(ALL.read().is_every_day());
        assert!(
            !Written {
                except: &["2026-12-25"],
                ..ALL
            }
            .read()
            .is_every_day()
        );
    }

    #[test]
    fn inclusion_is_claimed_only_when_certain() {
        let all = some_written();
        for one in &all {
            for other in &all {
                let (one, other) = (one.read(), other.read());
                if one.is_within(&other) {
                    let days = day("2024-01-01")..day("2032-03-01");
                    assert!(days.clone().all(|day| !one.contains(day) || other.contains(day)));
                }
            }
        }
        let weekdays = Written {
            days: "weekdays",
            ..ALL
        }
        .read();
        let monday = Written {
            days: "Mon",
            except: &["12-24"],
            ..ALL
        }
        .read();
        assert!(monday.is_within(&weekdays));
        assert!(!weekdays.is_within(&monday));
        assert!(weekdays.is_within(&ALL.read()));
        let december = Written {
            dates: Some(&["2026-12-01..2026-12-31"]),
            ..ALL
        }
        .read();
        assert!(december.is_within(&ALL.read()));
        assert!(!december.is_within(&weekdays));
    }
}
