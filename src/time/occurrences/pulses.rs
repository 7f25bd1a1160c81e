//! From each of many start times for an elapsed length. Occurrences may overlap, and then they are one.

use super::Phase;
use crate::time::civil::{DAY, split};
use crate::time::cron::Times;
use crate::time::{Cron, Instant, Moment, StartDays, Zone};

/// How many runs that touch are followed in search of the end of the last one: some decades of weeks.
const RUNS: usize = 512;

/// No clock has ever been put back by more, in seconds.
const FURTHEST_BACK: i64 = 26 * 3_600;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pulses {
    days: StartDays,
    times: Times,
    /// Elapsed seconds from each start.
    length: i64,
    /// First and last start of each stretch of a start day in which every start comes while the occurrence
    /// before it lasts, in seconds of the day. Not empty.
    runs: Box<[(u32, u32)]>,
    /// The longest time from a start to the next one, over midnight too, if every day is a start day.
    longest_rest: Option<i64>,
}

/// A start, in civil seconds and as the instant at which it is reached.
#[derive(Clone, Copy)]
struct Start {
    civil: i64,
    at: Instant,
}

impl Pulses {
    pub(super) fn new(cron: &Cron, days: &StartDays, length: u32) -> Self {
        let times = cron.times();
        let days = cron.on(days);
        let runs = times.runs(length);
        let longest_rest = days.is_every_day().then(|| i64::from(times.longest_rest()));
        Self {
            days,
            times,
            length: i64::from(length),
            runs: runs.into(),
            longest_rest,
        }
    }

    pub(super) fn days(&self) -> &StartDays {
        &self.days
    }

    pub(super) fn length(&self) -> u64 {
        self.length.unsigned_abs()
    }

    /// The seconds between the two closest starts of a day, if it has two.
    pub(super) fn shortest_rest(&self) -> Option<u64> {
        self.times.shortest_rest().map(u64::from)
    }

    /// Whether each occurrence goes over into the next one, where no clock is put back.
    pub(super) fn always(&self) -> bool {
        self.longest_rest.is_some_and(|rest| rest <= self.length)
    }

    pub(super) fn phase(&self, zone: &Zone, moment: &Moment) -> Phase {
        let earlier = zone.moment(Instant::from_unix(moment.at.unix() - self.length));
        let Some(start) = self.start_after(zone, &earlier) else {
            return Phase {
                open: false,
                next: None,
            };
        };
        let open = start.at <= moment.at;
        let next = if open {
            self.end_after(zone, moment, start)
        } else {
            Some(start.at)
        };
        Phase {
            open,
            // At the end of the calendar instants saturate.
            next: next.filter(|next| *next > moment.at && *next < Instant::MAX),
        }
    }

    fn start_after(&self, zone: &Zone, moment: &Moment) -> Option<Start> {
        let civil = self.civil_from(moment.has_shown + 1)?;
        Some(Start {
            civil,
            at: zone.reach(moment, civil).at,
        })
    }

    /// The first start that is not before the civil second.
    fn civil_from(&self, second: i64) -> Option<i64> {
        let (today, time) = split(second);
        if self.days.contains(today)
            && let Some(time) = self.times.next(time)
        {
            return Some(i64::from(today) * DAY + i64::from(time));
        }
        let day = self.days.next(today + 1)?;
        Some(i64::from(day) * DAY + i64::from(self.times.next(0)?))
    }

    /// Where the occurrences end that begin with `start` and touch. After many of them, where the last one
    /// ends, whatever follows.
    fn end_after(&self, zone: &Zone, moment: &Moment, mut start: Start) -> Option<Instant> {
        if self
            .longest_rest
            .is_some_and(|rest| rest + FURTHEST_BACK <= self.length)
        {
            return None;
        }
        let mut end = start.at;
        for _ in 0..RUNS {
            let last = self.last_of_run(start.civil);
            let last_at = zone.reach(moment, last).at;
            if last_at.unix() - start.at.unix() != last - start.civil
                && let Some(end) = self.break_between(zone, start.at, last_at)
            {
                return Some(end);
            }
            end = self.end_of(last_at);
            let Some(next) = self.civil_from(last + 1) else {
                break;
            };
            let next_at = zone.reach(moment, next).at;
            if next_at > end {
                break;
            }
            start = self.days_ahead(
                zone,
                Start {
                    civil: next,
                    at: next_at,
                },
            );
        }
        Some(end)
    }

    fn end_of(&self, start: Instant) -> Instant {
        Instant::from_unix(start.unix() + self.length)
    }

    /// The last start of the run that a start belongs to, in civil seconds.
    fn last_of_run(&self, civil: i64) -> i64 {
        let (day, time) = split(civil);
        let run = self.runs.partition_point(|run| run.0 <= time);
        let last = run.checked_sub(1).and_then(|run| self.runs.get(run));
        last.map_or(civil, |(_, last)| i64::from(day) * DAY + i64::from(*last))
    }

    /// The end of an occurrence within a run that a clock put back has torn apart.
    fn break_between(&self, zone: &Zone, first: Instant, last: Instant) -> Option<Instant> {
        let back = zone
            .clock_changes(first, last)
            .filter(|change| change.after < change.before);
        for change in back {
            let moment = zone.moment(change.at);
            let (day, time) = split(moment.has_shown);
            let before = self.times.last_until(time)?;
            let before = zone.reach(&moment, i64::from(day) * DAY + i64::from(before));
            let after = self.start_after(zone, &moment)?;
            let end = self.end_of(before.at);
            if after.at > end {
                return Some(end);
            }
        }
        None
    }

    /// `start`, or one on a later day up to which surely all touch: over start days in a row that hang
    /// together, as far as no clock changes.
    fn days_ahead(&self, zone: &Zone, start: Start) -> Start {
        let [(first, last)] = *self.runs else { return start };
        if i64::from(first) + DAY - i64::from(last) > self.length {
            return start;
        }
        let (today, _) = split(start.civil);
        let off = self
            .days
            .next_off(today)
            .map_or(i64::MAX, |off| i64::from(off) * DAY);
        let change = zone.clock_changes(start.at, Instant::MAX).next();
        // A civil second is at most 26 hours from the instant of the same digits.
        let quiet_until = change.map_or(i64::MAX, |change| change.at.unix() - FURTHEST_BACK);
        let days = (off.min(quiet_until).min(LAST_SECOND) - start.civil) / DAY - 1;
        if days <= 0 {
            return start;
        }
        Start {
            civil: start.civil + days * DAY,
            at: Instant::from_unix(start.at.unix() + days * DAY),
        }
    }
}

/// Starts have four digits of year.
const LAST_SECOND: i64 = crate::time::Date::LAST.days_since_epoch() as i64 * DAY;
