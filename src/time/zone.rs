//! Zones by name.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::tz::TimeZone;

use super::database::Database;
use super::transitions::{ClockChange, Moment, Reached, Transitions};
use super::zone_names::{is_ambiguous, meant};
use super::{Civil, Instant};

/// A time zone with its rules; cheap to clone. Equal if the name is.
#[derive(Clone)]
pub struct Zone(Arc<Rules>);

struct Rules {
    name: Box<str>,
    transitions: Transitions,
}

/// A zone name that the database does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownZone {
    /// Names that might be meant, best first, at most three.
    pub suggestions: Vec<String>,
    /// Whether it is an abbreviation that several zones share.
    pub is_ambiguous: bool,
}

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        static UTC: OnceLock<Zone> = OnceLock::new();
        UTC.get_or_init(|| Self::new("UTC", &TimeZone::UTC)).clone()
    }

    /// The zone of an IANA name (any case; the database's spelling is kept as its name).
    ///
    /// # Errors
    /// When the database has no such name; what may have been meant is looked for among all names.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        // Looked up once: a file may have many names that are none of them.
        static NAMES: OnceLock<Vec<String>> = OnceLock::new();
        Self::named(name).ok_or_else(|| {
            let key = name.trim().to_ascii_lowercase();
            UnknownZone {
                suggestions: meant(&key, NAMES.get_or_init(|| Database::get().names())),
                is_ambiguous: is_ambiguous(&key),
            }
        })
    }

    /// The zone of an IANA name, if there is one; quick where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        // A zone's table is built once per process. The names of the database bound its size.
        static KNOWN: OnceLock<Mutex<HashMap<String, Zone>>> = OnceLock::new();
        let key = name.trim().to_ascii_lowercase();
        if key == "utc" {
            return Some(Self::utc());
        }
        let mut known = KNOWN
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = known.get(&key) {
            return Some(zone.clone());
        }
        let rules = Database::get().zone(&key)?;
        let zone = Self::new(rules.iana_name().unwrap_or(&key), &rules);
        known.insert(key, zone.clone());
        Some(zone)
    }

    fn new(name: &str, rules: &TimeZone) -> Self {
        Self(Arc::new(Rules {
            name: name.into(),
            transitions: Transitions::of(rules),
        }))
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What a wall clock in this zone shows at `instant`.
    #[must_use]
    pub fn to_civil(&self, instant: Instant) -> Civil {
        Civil::from_seconds(self.moment(instant).shows)
    }

    /// The first instant at which a wall clock in this zone shows `civil` or later: the end of the gap
    /// for a time that a clock change skips, the first occurrence of a time that it repeats.
    #[must_use]
    pub fn to_instant(&self, civil: Civil) -> Instant {
        let seconds = civil.seconds();
        self.reach(&self.moment(Instant::from_unix(seconds)), seconds).at
    }

    /// The instant as people here say it: `Tue 2026-11-24 18:00 Europe/Berlin`, seconds only if there are any.
    #[must_use]
    pub fn local(&self, instant: Instant) -> String {
        let civil = self.to_civil(instant);
        format!("{} {civil} {}", civil.date.weekday(), self.name())
    }

    /// Wall clock minus UTC in seconds, if this zone is named after an offset instead of a place (`EST`,
    /// `Etc/GMT-2`): it follows no clock change, and whoever wrote it may not know. `None` for UTC.
    #[must_use]
    pub fn fixed_offset(&self) -> Option<i32> {
        const OFFSETS: [&str; 8] = ["EST", "HST", "MST", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich"];
        let name = self.name();
        let utc = ["Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu"].contains(&name);
        let is_offset = OFFSETS.contains(&name) || (name.starts_with("Etc/") && !utc);
        is_offset.then(|| self.0.transitions.last_offset())
    }

    /// The clock changes of this zone in `[from, until)`, in order.
    pub fn clock_changes(&self, from: Instant, until: Instant) -> impl Iterator<Item = ClockChange> {
        self.0.transitions.changes(from, until)
    }

    /// Places an instant in this zone's table, to ask several windows about it.
    pub(crate) fn moment(&self, at: Instant) -> Moment {
        self.0.transitions.moment(at)
    }

    /// Whether both share one table, so that a [`Moment`] of one is a moment of the other.
    pub(crate) fn shares_table(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// [`Zone::to_instant`] of civil seconds.
    pub(super) fn reach(&self, near: &Moment, civil: i64) -> Reached {
        self.0.transitions.reach(near, civil)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.name()).finish()
    }
}

impl fmt::Display for Zone {
    /// The IANA name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Date, TimeOfDay};

    fn civil(date: &str, time: &str) -> Civil {
        Civil {
            date: Date::parse(date).unwrap(),
            time: TimeOfDay::parse(time).unwrap(),
        }
    }

    fn reached(zone: &str, date: &str, time: &str) -> String {
        Zone::parse(zone)
            .unwrap()
            .to_instant(civil(date, time))
            .to_string()
    }

    #[test]
    fn keeps_the_spelling_of_the_database() {
        assert_eq!(Zone::parse("eUROPE/berlin").unwrap().name(), "Europe/Berlin");
        assert_eq!(Zone::parse("utc").unwrap(), Zone::utc());
        assert_eq!(Zone::parse("Etc/UTC").unwrap().name(), "Etc/UTC");
        assert_eq!(Zone::parse("CET").unwrap().name(), "CET");
        assert_ne!(
            Zone::parse("Europe/Berlin").unwrap(),
            Zone::parse("Europe/Paris").unwrap()
        );
        let twice = (
            Zone::parse("Asia/Tokyo").unwrap(),
            Zone::parse(" asia/tokyo").unwrap(),
        );
        assert!(twice.0.shares_table(&twice.1));
    }

    #[test]
    fn zones_named_after_an_offset() {
        let offset = |name: &str| Zone::parse(name).unwrap().fixed_offset();
        assert_eq!(offset("Etc/GMT-2"), Some(2 * 3600));
        assert_eq!(offset("EST"), Some(-5 * 3600));
        assert_eq!(offset("GMT"), Some(0));
        for name in ["UTC", "Etc/UTC", "Asia/Tokyo", "Europe/London", "Japan", "CET"] {
            assert_eq!(offset(name), None, "{name}");
        }
    }

    #[test]
    fn unknown_names() {
        for name in [
            "",
            " ",
            "CST",
            "IST",
            "Etc/Unknown",
            "localtime",
            "right/Europe/Berlin",
            "../etc/passwd",
        ] {
            assert!(Zone::parse(name).is_err(), "{name}");
        }
        assert_eq!(Zone::parse("Berlin").unwrap_err().suggestions, ["Europe/Berlin"]);
    }

    #[test]
    fn a_skipped_time_is_the_end_of_the_gap() {
        assert_eq!(
            reached("Europe/Berlin", "2026-03-29", "01:59:59"),
            "2026-03-29T00:59:59Z"
        );
        assert_eq!(
            reached("Europe/Berlin", "2026-03-29", "02:00"),
            "2026-03-29T01:00:00Z"
        );
        assert_eq!(
            reached("Europe/Berlin", "2026-03-29", "02:30"),
            "2026-03-29T01:00:00Z"
        );
        assert_eq!(
            reached("Europe/Berlin", "2026-03-29", "03:00"),
            "2026-03-29T01:00:00Z"
        );
        assert_eq!(
            reached("America/Santiago", "2026-09-06", "00:00"),
            "2026-09-06T04:00:00Z"
        );
        assert_eq!(
            reached("Australia/Lord_Howe", "2026-10-04", "02:15"),
            "2026-10-03T15:30:00Z"
        );
    }

    #[test]
    fn a_repeated_time_is_its_first_occurrence() {
        assert_eq!(
            reached("Europe/Berlin", "2026-10-25", "02:00"),
            "2026-10-25T00:00:00Z"
        );
        assert_eq!(
            reached("Europe/Berlin", "2026-10-25", "02:30"),
            "2026-10-25T00:30:00Z"
        );
        assert_eq!(
            reached("Europe/Berlin", "2026-10-25", "03:00"),
            "2026-10-25T02:00:00Z"
        );
        assert_eq!(
            reached("America/New_York", "2026-11-01", "01:30"),
            "2026-11-01T05:30:00Z"
        );
    }

    #[test]
    fn a_lost_day_ends_where_it_begins() {
        let gap_ends = "2011-12-30T10:00:00Z";
        for (date, time) in [
            ("2011-12-30", "00:00"),
            ("2011-12-30", "23:59"),
            ("2011-12-31", "00:00"),
        ] {
            assert_eq!(reached("Pacific/Apia", date, time), gap_ends);
        }
        assert_eq!(reached("Pacific/Apia", "2011-12-29", "24:00"), gap_ends);
    }

    #[test]
    fn the_ends_of_the_calendar() {
        for zone in ["Pacific/Apia", "Europe/Berlin", "Pacific/Pago_Pago", "UTC"] {
            let zone = Zone::parse(zone).unwrap();
            assert_eq!(zone.to_civil(Instant::MAX).date.ymd().0, 9999);
            assert_eq!(zone.to_civil(Instant::MIN).date.ymd().0, -9999);
            assert!(zone.to_instant(civil("9999-12-31", "24:00")) <= Instant::MAX);
            assert!(zone.to_instant(civil("0001-01-01", "00:00")) > Instant::MIN);
        }
    }

    #[test]
    fn shows_local_time_to_people() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let at = |text: &str| berlin.local(Instant::parse(text).unwrap());
        assert_eq!(at("2026-11-24T17:00:00Z"), "Tue 2026-11-24 18:00 Europe/Berlin");
        assert_eq!(
            at("2026-11-24T17:00:05Z"),
            "Tue 2026-11-24 18:00:05 Europe/Berlin"
        );
    }
}
