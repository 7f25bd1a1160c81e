//! A zone's clock changes as a table, and the map between instants and wall-clock time over it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Instant;

/// The Gregorian calendar, weekdays included, repeats every 400 years, and so does every rule for clock
/// changes that has no end.
const CYCLE: i64 = 146_097 * 86_400;
/// 2500-01-01: the table ends here. The 400 years before it are governed by such rules alone (the
/// longest list of single changes, Morocco's, ends in 2087), so later times look a cycle or more back.
const HORIZON: i64 = 16_725_225_600;
/// Wall clocks and UTC differ by at most 26 hours, so whatever concerns a time before this is in the table.
const TABLED: i64 = HORIZON - 2 * 86_400;

/// Stretches of time with one offset each.
#[derive(Debug)]
pub(super) struct Transitions {
    /// Per stretch, the second since 1970 UTC at which it starts; the first has no start.
    starts: Box<[i64]>,
    /// Per stretch, wall clock minus UTC, in seconds.
    offsets: Box<[i32]>,
    /// Per stretch, one more than the latest wall-clock time (in civil seconds) that has been shown
    /// when it ends. Never falls, also where clocks go back.
    shown_by_end: Box<[i64]>,
}

/// An instant, placed in the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(super) at: Instant,
    stretch: usize,
    /// What the wall clock shows, in civil seconds.
    pub(super) shows: i64,
    /// The latest that the wall clock has shown up to now. Clocks go back, this does not: a civil time
    /// has been reached exactly if it is not later than this.
    pub(super) has_shown: i64,
}

/// An instant at which a zone's clocks are put forward or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockChange {
    /// The first instant of the new time.
    pub at: Instant,
    /// Wall clock minus UTC before it, in seconds.
    pub before: i32,
    /// Wall clock minus UTC from it on, in seconds.
    pub after: i32,
}

/// Where a civil time was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) at: Instant,
    /// No wall clock ever shows it: this is the end of the gap.
    pub(super) in_gap: bool,
}

impl Transitions {
    pub(super) fn of(zone: &TimeZone) -> Self {
        let mut starts = vec![i64::MIN];
        let mut offsets = vec![zone.to_offset(Timestamp::MIN).seconds()];
        for transition in zone.following(Timestamp::MIN) {
            let start = transition.timestamp().as_second();
            if start >= HORIZON {
                break;
            }
            let offset = transition.offset().seconds();
            // Many only change the clock's name.
            if offsets.last() != Some(&offset) {
                starts.push(start);
                offsets.push(offset);
            }
        }
        let ends = starts
            .iter()
            .skip(1)
            .zip(&offsets)
            .map(|(end, offset)| end + i64::from(*offset));
        let mut latest = i64::MIN;
        let shown_by_end = ends.chain([i64::MAX]).map(|end| {
            latest = latest.max(end);
            latest
        });
        let shown_by_end = shown_by_end.collect();
        Self {
            starts: starts.into(),
            offsets: offsets.into(),
            shown_by_end,
        }
    }

    /// Wall clock minus UTC at the end of the table, in seconds.
    pub(super) fn last_offset(&self) -> i32 {
        self.offsets.last().copied().unwrap_or_default()
    }

    pub(super) fn moment(&self, at: Instant) -> Moment {
        let back = cycles_beyond(at.unix());
        let second = at.unix() - back;
        let stretch = self
            .starts
            .partition_point(|start| *start <= second)
            .saturating_sub(1);
        let shows = second + i64::from(self.offsets[stretch]);
        let before = stretch
            .checked_sub(1)
            .map_or(i64::MIN, |earlier| self.shown_by_end[earlier] - 1);
        Moment {
            at,
            stretch,
            shows: shows + back,
            has_shown: shows.max(before) + back,
        }
    }

    /// The clock changes in `[from, until)`.
    pub(super) fn changes(&self, from: Instant, until: Instant) -> impl Iterator<Item = ClockChange> {
        let mut at = from.unix();
        std::iter::from_fn(move || {
            let mut back = cycles_beyond(at);
            let mut index = self.starts.partition_point(|start| *start < at - back);
            if index == self.starts.len() && back == 0 {
                // Behind the end of the table comes its last cycle again.
                back = CYCLE;
                index = self.starts.partition_point(|start| *start < TABLED - back);
            }
            let start = *self.starts.get(index)? + back;
            let change = ClockChange {
                at: Instant::from_unix(start),
                before: *self.offsets.get(index.checked_sub(1)?)?,
                after: *self.offsets.get(index)?,
            };
            at = start + 1;
            (change.at < until).then_some(change)
        })
    }

    /// The first instant at which the wall clock shows `civil` seconds or later. Fastest near `hint`.
    pub(super) fn reach(&self, hint: &Moment, civil: i64) -> Reached {
        let back = cycles_beyond(civil);
        let civil = civil - back;
        let stretch = if self.is_reached_in(hint.stretch, civil) {
            hint.stretch
        } else if self.is_reached_in(hint.stretch + 1, civil) {
            hint.stretch + 1
        } else {
            self.shown_by_end.partition_point(|end| *end <= civil)
        };
        let unskipped = civil - i64::from(self.offsets[stretch]);
        let second = unskipped.max(self.starts[stretch]);
        Reached {
            at: Instant::from_unix(second + back),
            in_gap: second != unskipped,
        }
    }

    fn is_reached_in(&self, stretch: usize, civil: i64) -> bool {
        let before = match stretch.checked_sub(1) {
            Some(earlier) => self.shown_by_end[earlier],
            None => i64::MIN,
        };
        before <= civil && self.shown_by_end.get(stretch).is_some_and(|end| civil < *end)
    }
}

/// How far to go back, in whole cycles, to be in the table.
fn cycles_beyond(second: i64) -> i64 {
    if second < TABLED {
        0
    } else {
        ((second - TABLED) / CYCLE + 1) * CYCLE
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;
    use jiff::tz::{TimeZoneDatabase, offset};

    use super::*;

    fn zones() -> impl Iterator<Item = (String, TimeZone)> {
        let database = TimeZoneDatabase::bundled();
        let names: Vec<String> = database
            .available()
            .map(|name| name.as_str().to_owned())
            .collect();
        names.into_iter().map(move |name| {
            let zone = database.get(&name).unwrap();
            (name, zone)
        })
    }

    fn civil_seconds(shown: DateTime) -> i64 {
        offset(0).to_timestamp(shown).unwrap().as_second()
    }

    /// Dense around the years in use, thin to both ends of the calendar.
    fn sample() -> impl Iterator<Item = i64> {
        let near = (0..4000).map(|step| 1_500_000_000 + step * 200_003);
        let far = (-11_000..11_000).map(|step| step * 22_900_003);
        near.chain(far)
            .filter(|second| Instant::from_unix(*second).unix() == *second)
    }

    #[test]
    fn shows_what_jiff_shows_in_every_zone_and_year() {
        for (name, zone) in zones() {
            let table = Transitions::of(&zone);
            for second in sample().step_by(if name.ends_with('e') { 1 } else { 41 }) {
                let expected = zone.to_datetime(Timestamp::from_second(second).unwrap());
                let moment = table.moment(Instant::from_unix(second));
                assert_eq!(moment.shows, civil_seconds(expected), "{name} {second}");
                assert!(moment.has_shown >= moment.shows);
            }
        }
    }

    #[test]
    fn reaches_a_civil_time_at_the_first_instant_that_shows_it_or_later() {
        for (name, zone) in zones() {
            let table = Transitions::of(&zone);
            let anywhere = table.moment(Instant::from_unix(0));
            for civil in sample().step_by(if name.ends_with('e') { 3 } else { 97 }) {
                let reached = table.reach(&anywhere, civil);
                if reached.at <= Instant::MIN || reached.at >= Instant::MAX {
                    continue;
                }
                let now = table.moment(reached.at);
                let before = table.moment(Instant::from_unix(reached.at.unix() - 1));
                assert!(
                    before.has_shown < civil && civil <= now.has_shown,
                    "{name} {civil}"
                );
                assert_eq!(reached.in_gap, now.shows != civil, "{name} {civil}");
                assert_eq!(table.reach(&now, civil), reached, "the hint changes nothing");
                assert_eq!(table.reach(&before, civil), reached, "the hint changes nothing");
            }
        }
    }

    #[test]
    fn lists_the_clock_changes_of_a_range_also_behind_the_table() {
        let berlin = Transitions::of(&TimeZoneDatabase::bundled().get("Europe/Berlin").unwrap());
        let told = |from: &str, until: &str| -> Vec<String> {
            let (from, until) = (Instant::parse(from).unwrap(), Instant::parse(until).unwrap());
            let changes = berlin.changes(from, until);
            changes
                .map(|change| format!("{} {} {}", change.at, change.before, change.after))
                .collect()
        };
        let of_2026 = ["2026-03-29T01:00:00Z 3600 7200", "2026-10-25T01:00:00Z 7200 3600"];
        assert_eq!(told("2026-01-01T00:00Z", "2027-01-01T00:00Z"), of_2026);
        assert_eq!(told("2026-03-29T01:00Z", "2026-10-25T01:00Z"), of_2026[..1]);
        for year in [2498, 2499, 2500, 2501, 3000, 9990] {
            let changes = told(
                &format!("{year}-01-01T00:00Z"),
                &format!("{}-01-01T00:00Z", year + 1),
            );
            assert_eq!(changes.len(), 2, "{changes:?}");
            assert!(
                changes.iter().all(|change| change.starts_with(&year.to_string())),
                "{changes:?}"
            );
        }
        assert_eq!(told("2499-01-01T00:00Z", "2502-01-01T00:00Z").len(), 6);
        let utc = Transitions::of(&TimeZone::UTC);
        assert_eq!(utc.changes(Instant::MIN, Instant::MAX).count(), 0);
    }

    #[test]
    fn is_small() {
        for (name, zone) in zones() {
            assert!(Transitions::of(&zone).starts.len() < 1300, "{name}");
        }
    }
}
