//! Days that come again: every week, or every year.
//!
//! A year starts on one of seven weekdays and has 365 or 366 days, so there are fourteen kinds of years.
//! A set of days laid out over each of them answers every question by looking at a few machine words,
//! also where the next such day is decades away.

use super::{Date, Weekdays};

/// One bit per day of a year.
type Bits = [u64; 6];

/// 29 February, counted from 1 January as 0.
const LEAP_DAY: usize = 59;

/// The calendar repeats after so many years, and each kind of year occurs among them.
const CYCLE: i32 = 400;

/// A set of days that comes again every week or every year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recurring {
    Weekly(Weekdays),
    Yearly(Box<YearTable>),
}

/// The days of each kind of year that are in a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct YearTable([Bits; 14]);

/// Days as months and days, 29 February among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct DaysOfYear(Bits);

impl DaysOfYear {
    /// Adds the days from one to the other, both included, over the end of the year if the last is the
    /// earlier one. Months and days count from 1.
    pub(super) fn add(&mut self, first: (u32, u32), last: (u32, u32)) {
        let (first, last) = (leap_index(first), leap_index(last));
        if first <= last {
            set(&mut self.0, first, last);
        } else {
            set(&mut self.0, first, 365);
            set(&mut self.0, 0, last);
        }
    }

    pub(super) fn extend(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0 == [0; 6]
    }
}

impl From<Weekdays> for Recurring {
    fn from(days: Weekdays) -> Self {
        Self::Weekly(days)
    }
}

impl From<&DaysOfYear> for Recurring {
    fn from(days: &DaysOfYear) -> Self {
        let leap = days.0;
        // In a common year 1 March takes the place of 29 February, and so on.
        let before = (1 << LEAP_DAY) - 1;
        let shifted = |word: usize| leap[word] >> 1 | leap.get(word + 1).map_or(0, |next| next << 63);
        let common = [
            leap[0] & before | shifted(0) & !before,
            shifted(1),
            shifted(2),
            shifted(3),
            shifted(4),
            shifted(5),
        ];
        let mut table = [common; 14];
        table[7..].fill(leap);
        Self::Yearly(Box::new(YearTable(table)))
    }
}

impl Recurring {
    pub(super) fn intersection(&self, other: &Self) -> Self {
        self.combine(other, Weekdays::intersection, |one, other| one & other)
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        self.combine(other, Weekdays::union, |one, other| one | other)
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        self.combine(
            other,
            |one, other| one.intersection(other.complement()),
            |one, other| one & !other,
        )
    }

    fn combine(
        &self,
        other: &Self,
        weekly: impl Fn(Weekdays, Weekdays) -> Weekdays,
        yearly: impl Fn(u64, u64) -> u64,
    ) -> Self {
        if let (Self::Weekly(one), Self::Weekly(other)) = (self, other) {
            return Self::Weekly(weekly(*one, *other));
        }
        let (mut table, other) = (self.table(), other.table());
        for (one, other) in table.0.iter_mut().flatten().zip(other.0.iter().flatten()) {
            *one = yearly(*one, *other);
        }
        Self::Yearly(Box::new(table))
    }

    fn table(&self) -> YearTable {
        match self {
            Self::Weekly(days) => YearTable::weekly(*days),
            Self::Yearly(table) => (**table).clone(),
        }
    }

    /// Whether no year has such a day.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Weekly(days) => days.is_empty(),
            Self::Yearly(table) => table.0.iter().flatten().all(|word| *word == 0),
        }
    }

    /// Whether `other` has every day of it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.without(other).is_empty()
    }

    /// `day`: since 1970-01-01.
    pub(super) fn contains(&self, day: i32) -> bool {
        match self {
            Self::Weekly(days) => days.contains(Date::from_days_since_epoch(day)),
            Self::Yearly(table) => {
                let (kind, _, index) = place(day);
                table.0[kind][index / 64] >> (index % 64) & 1 == 1
            }
        }
    }

    /// The first such day from `day` on; it may lie behind the year 9999.
    pub(super) fn next(&self, day: i32) -> Option<i32> {
        match self {
            Self::Weekly(days) => {
                let ahead = days.days_until(Date::from_days_since_epoch(day))?;
                Some(day.saturating_add_unsigned(ahead))
            }
            Self::Yearly(table) => search(day, |kind| table.0[kind]),
        }
    }

    /// The first day from `day` on that is none; it may lie behind the year 9999.
    pub(super) fn next_off(&self, day: i32) -> Option<i32> {
        match self {
            Self::Weekly(days) => Self::Weekly(days.complement()).next(day),
            Self::Yearly(table) => search(day, |kind| {
                let mut off = table.0[kind].map(|word| !word);
                let length = if kind < 7 { 365 } else { 366 };
                off[5] &= (1 << (length - 320)) - 1;
                off
            }),
        }
    }
}

impl YearTable {
    fn weekly(days: Weekdays) -> Self {
        let mut table = [[0; 6]; 14];
        for (kind, bits) in table.iter_mut().enumerate() {
            for (word, bits) in bits.iter_mut().enumerate() {
                // The weekday of each seventh day, from the first one of this word on.
                *bits = days.in_a_row(kind + 64 * word);
            }
            let length = if kind < 7 { 365 } else { 366 };
            bits[5] &= (1 << (length - 320)) - 1;
        }
        Self(table)
    }
}

/// The first day from `day` on whose bit is set.
fn search(day: i32, bits: impl Fn(usize) -> Bits) -> Option<i32> {
    let (kind, first, index) = place(day);
    if let Some(found) = first_set(&bits(kind), index) {
        return Some(first + found as i32);
    }
    let (year, ..) = Date::from_days_since_epoch(day).ymd();
    let last = year.saturating_add(CYCLE).min(9999);
    (year + 1..=last).find_map(|year| {
        let (kind, first) = year_of(year);
        Some(first + first_set(&bits(kind), 0)? as i32)
    })
}

/// The kind of its year, the year's first day, and the place in the year from 0.
fn place(day: i32) -> (usize, i32, usize) {
    let (year, ..) = Date::from_days_since_epoch(day).ymd();
    let (kind, first) = year_of(year);
    (kind, first, (day - first).clamp(0, 365) as usize)
}

/// The kind of a year, and its first day.
fn year_of(year: i32) -> (usize, i32) {
    let first = Date::days_before_year(year);
    let weekday = Date::from_days_since_epoch(first).weekday_index() as usize;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    (weekday + if leap { 7 } else { 0 }, first)
}

fn leap_index((month, day): (u32, u32)) -> usize {
    const BEFORE: [u32; 12] = [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335];
    (BEFORE[(month.clamp(1, 12) - 1) as usize] + day.clamp(1, 31) - 1).min(365) as usize
}

fn set(bits: &mut Bits, first: usize, last: usize) {
    for index in first..=last {
        bits[index / 64] |= 1 << (index % 64);
    }
}

fn first_set(bits: &Bits, from: usize) -> Option<usize> {
    let mut word = from / 64;
    let mut ahead = bits.get(word)? & (u64::MAX << (from % 64));
    while ahead == 0 {
        word += 1;
        ahead = *bits.get(word)?;
    }
    Some(word * 64 + ahead.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        Date::parse(text).unwrap().days_since_epoch()
    }

    fn yearly(first: (u32, u32), last: (u32, u32)) -> Recurring {
        let mut days = DaysOfYear::default();
        days.add(first, last);
        Recurring::from(&days)
    }

    fn shown(found: Option<i32>) -> String {
        found.map_or_else(
            || "never".to_owned(),
            |day| Date::from_days_since_epoch(day).to_string(),
        )
    }

    #[test]
    fn a_table_of_weekdays_is_the_weekdays() {
        for days in ["Mon", "weekends", "Wed-Fri", "daily"] {
            let days = Weekdays::parse(days).unwrap();
            let table = Recurring::Yearly(Box::new(YearTable::weekly(days)));
            for day in day("1999-12-01")..day("2033-02-01") {
                let date = Date::from_days_since_epoch(day);
                assert_eq!(table.contains(day), days.contains(date), "{date}");
            }
            for start in (day("2019-12-01")..day("2022-02-01")).chain(day("9999-12-20")..=day("9999-12-23")) {
                let weekly = Recurring::Weekly(days);
                assert_eq!(table.next(start), weekly.next(start), "{start}");
                assert_eq!(table.next_off(start), weekly.next_off(start), "{start}");
            }
        }
    }

    #[test]
    fn months_and_days_in_every_year() {
        let winter = yearly((12, 20), (3, 2));
        for year in [1900, 1999, 2000, 2023, 2024, 2100, 2400] {
            let at = |text: &str| day(&format!("{year}-{text}"));
            for inside in ["12-20", "12-31", "01-01", "02-28", "03-01", "03-02"] {
                assert!(winter.contains(at(inside)), "{year}-{inside}");
            }
            for outside in ["12-19", "03-03", "07-01"] {
                assert!(!winter.contains(at(outside)), "{year}-{outside}");
            }
            assert_eq!(winter.next(at("03-03")), Some(at("12-20")));
            assert_eq!(winter.next_off(at("01-01")), Some(at("03-03")));
            assert_eq!(shown(winter.next_off(at("12-24"))), format!("{}-03-03", year + 1));
        }
    }

    #[test]
    fn the_rarest_days_are_found() {
        let leap_day = yearly((2, 29), (2, 29));
        assert_eq!(shown(leap_day.next(day("2025-01-01"))), "2028-02-29");
        assert_eq!(shown(leap_day.next(day("1896-03-01"))), "1904-02-29");
        let on_sunday = leap_day.intersection(&Weekdays::parse("Sun").unwrap().into());
        assert_eq!(shown(on_sunday.next(day("2026-11-24"))), "2032-02-29");
        assert_eq!(shown(on_sunday.next(day("2088-03-01"))), "2128-02-29");
        assert_eq!(shown(on_sunday.next(day("9988-03-01"))), "never");
        assert!(!on_sunday.is_empty());
        assert!(leap_day.without(&leap_day).is_empty());
    }

    #[test]
    fn every_day_has_no_day_off() {
        let all = yearly((1, 1), (12, 31));
        assert_eq!(all.next_off(day("2024-05-05")), None);
        assert!(Recurring::from(Weekdays::DAILY).is_within(&all));
        assert!(all.is_within(&Recurring::from(Weekdays::DAILY)));
        assert!(!all.is_within(&Recurring::from(Weekdays::WORKING)));
        let all_but_one = all.without(&yearly((2, 29), (2, 29)));
        assert_eq!(shown(all_but_one.next_off(day("2025-05-05"))), "2028-02-29");
    }

    #[test]
    fn the_ends_of_the_calendar() {
        let last = yearly((12, 31), (12, 31));
        assert_eq!(shown(last.next(day("9999-12-31"))), "9999-12-31");
        assert_eq!(last.next_off(day("9999-12-31")), None);
        assert!(last.next(i32::MIN / 2).is_some());
    }
}
