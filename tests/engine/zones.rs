//! The world's clocks by chrono-tz: another parser, another compiler of the same rules, and here another way to
//! find an instant.
//!
//! Its data is from 2025b. Zones whose rules changed since are found by comparing, and left out of everything else.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, OnceLock};

use chrono::{DateTime, NaiveDateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use easyscale::time::{Instant, Zone, tzdb_source};

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Zones of which each shows something that others do not, for tests that do not visit all.
pub(crate) const REMARKABLE: [&str; 14] = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Santiago",
    "America/Nuuk",
    "Pacific/Apia",
    "Asia/Beirut",
    "Europe/Dublin",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "America/Asuncion",
    "America/Sao_Paulo",
];

/// An instant at which a wall clock jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jump {
    pub(crate) at: i64,
    /// Seconds to add to UTC before it, and from it on.
    pub(crate) before: i64,
    pub(crate) after: i64,
}

/// The wall clock of a zone, from 2008 to 2037.
pub(crate) struct Clock {
    pub(crate) name: &'static str,
    first: i64,
    jumps: Vec<Jump>,
}

pub(crate) fn new_year(year: i32) -> i64 {
    Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap().timestamp()
}

/// The years in which zones are compared and rules are tried.
pub(crate) fn years() -> std::ops::Range<i64> {
    new_year(2020)..new_year(2036)
}

impl Clock {
    /// By its exact name.
    pub(crate) fn named(name: &str) -> &'static Self {
        static KNOWN: OnceLock<Mutex<BTreeMap<&str, &Clock>>> = OnceLock::new();
        let tz: Tz = name.parse().unwrap();
        let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap();
        known
            .entry(tz.name())
            .or_insert_with(|| Box::leak(Box::new(Self::scan(tz))))
    }

    /// Looks at every day, and into those whose ends differ.
    fn scan(tz: Tz) -> Self {
        let offset = |second: i64| {
            let at = DateTime::from_timestamp(second, 0).unwrap().naive_utc();
            i64::from(tz.offset_from_utc_datetime(&at).fix().local_minus_utc())
        };
        let mut jumps = Vec::new();
        let mut day = new_year(2008);
        let first = offset(day);
        let mut before = first;
        while day < new_year(2038) {
            let after = offset(day + DAY);
            if after != before {
                let (mut low, mut high) = (day, day + DAY);
                while high - low > 1 {
                    let middle = low.midpoint(high);
                    *(if offset(middle) == before {
                        &mut low
                    } else {
                        &mut high
                    }) = middle;
                }
                jumps.push(Jump {
                    at: high,
                    before,
                    after,
                });
            }
            before = after;
            day += DAY;
        }
        let name = tz.name();
        Self { name, first, jumps }
    }

    pub(crate) fn jumps(&self, within: &std::ops::Range<i64>) -> Vec<Jump> {
        let jumps = self.jumps.iter().copied();
        jumps.filter(|jump| within.contains(&jump.at)).collect()
    }

    /// What the clock shows.
    pub(crate) fn shows(&self, at: i64) -> NaiveDateTime {
        let last = self.jumps.iter().rev().find(|jump| jump.at <= at);
        let offset = last.map_or(self.first, |jump| jump.after);
        DateTime::from_timestamp(at + offset, 0).unwrap().naive_utc()
    }

    /// The first second at which the clock shows `civil` or later. So a skipped time is the end of the gap, and a
    /// repeated one its first occurrence.
    pub(crate) fn reaches(&self, civil: NaiveDateTime) -> i64 {
        let civil = civil.and_utc().timestamp();
        // From one jump to the next, the clock runs like any other.
        let starts = [i64::MIN]
            .into_iter()
            .chain(self.jumps.iter().map(|jump| jump.at));
        let ends = self.jumps.iter().map(|jump| jump.at).chain([i64::MAX]);
        let offsets = [self.first]
            .into_iter()
            .chain(self.jumps.iter().map(|jump| jump.after));
        starts
            .zip(ends)
            .zip(offsets)
            .map(|((start, end), offset)| ((civil - offset).max(start), end))
            .find(|(at, end)| at < end)
            .map(|(at, _)| at)
            .unwrap()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Every zone that both know and that jumps in these years, as both agree.
pub(crate) fn changing() -> &'static [&'static Clock] {
    static FOUND: OnceLock<Vec<&Clock>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let clocks = TZ_VARIANTS.iter().map(|tz| Clock::named(tz.name()));
        let changing = clocks.filter(|clock| !clock.jumps(&years()).is_empty());
        changing.filter(|clock| verdict(clock) == Verdict::Same).collect()
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Same,
    Differs,
    Unknown,
}

/// Whether the program reads the same rules for this zone.
fn verdict(clock: &Clock) -> Verdict {
    let Ok(zone) = Zone::parse(clock.name) else {
        return Verdict::Unknown;
    };
    let (from, until) = (years().start, years().end);
    let changes = zone.clock_changes(Instant::from_unix(from), Instant::from_unix(until));
    let jumps: Vec<Jump> = changes
        .map(|change| Jump {
            at: change.at.unix(),
            before: i64::from(change.before),
            after: i64::from(change.after),
        })
        .collect();
    let first = zone.to_civil(Instant::from_unix(from)).date.to_string();
    if jumps == clock.jumps(&years()) && first == clock.shows(from).date().to_string() {
        Verdict::Same
    } else {
        Verdict::Differs
    }
}

/// Zones whose rules were changed after 2025b. When the bundled zones are updated, this list is looked at again.
const CHANGED_SINCE: [&str; 15] = [
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "America/Edmonton",
    "America/Havana",
    "America/Inuvik",
    "America/Rainy_River",
    "America/Vancouver",
    "America/Winnipeg",
    "America/Yellowknife",
    "Canada/Central",
    "Canada/Mountain",
    "Canada/Pacific",
    "Cuba",
    "Europe/Chisinau",
    "Europe/Tiraspol",
];

#[test]
fn both_read_the_same_rules_but_for_those_changed_since() {
    let named = |verdict_is: Verdict| -> Vec<&str> {
        let clocks = TZ_VARIANTS.iter().map(|tz| Clock::named(tz.name()));
        clocks
            .filter(|clock| verdict(clock) == verdict_is)
            .map(|clock| clock.name)
            .collect()
    };
    assert_eq!(named(Verdict::Unknown), [""; 0]);
    // A newer database of the system may know of more.
    if tzdb_source() == "bundled" {
        assert_eq!(named(Verdict::Differs), CHANGED_SINCE);
    }
    assert!(changing().len() > 200, "{}", changing().len());
}
