//! (rule, range) -> [`Changeover`]s: what it does to a rule's windows that clocks are put forward or back.
//!
//! A window says what a wall clock shows. So what it would do by a clock that nobody ever changes (that is what UTC
//! is) stands beside what it does in its zone, and whatever differs is told.

use crate::policy::{Rule, Window};
use crate::time::{Civil, ClockChange, Instant, Zone};

/// Windows that are longer than this are not told to last an hour more or less; in seconds.
const LONGEST: i64 = 8 * 86_400;

/// How many starts and ends of one window are looked at around one change: a minute of each within that time.
const EDGES: usize = 30_000;

/// A clock change of a zone that windows are written in, and what it does to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changeover {
    /// The zone.
    pub zone: Zone,
    /// When its clocks change, and by how much.
    pub change: ClockChange,
    /// What happens otherwise than it is written, by the order of the schedule, then by time.
    pub effects: Vec<Effect>,
}

/// An occurrence of a window that a clock change concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// The window's index in the schedule.
    pub window: usize,
    /// What the wall clock is meant to show at the start.
    pub start: Civil,
    /// What the wall clock is meant to show at the end.
    pub end: Civil,
    /// When it starts and ends instead; `None`: all of it is skipped.
    pub happens: Option<(Instant, Instant)>,
}

impl Changeover {
    /// Whether clocks go forward, so that a stretch of time is skipped. Else they go back, and it is repeated.
    #[must_use]
    pub fn is_forward(&self) -> bool {
        self.change.after > self.change.before
    }

    /// The skipped or repeated stretch of wall-clock time, half-open.
    #[must_use]
    pub fn stretch(&self) -> (Civil, Civil) {
        let shown = |offset: i32| {
            let second = self.change.at.unix() + i64::from(offset);
            Zone::utc().to_civil(Instant::from_unix(second))
        };
        let (before, after) = (shown(self.change.before), shown(self.change.after));
        (before.min(after), before.max(after))
    }

    /// By how much the clocks are put forward or back, in seconds.
    #[must_use]
    pub fn seconds(&self) -> u32 {
        self.change.after.abs_diff(self.change.before)
    }

    /// Whether a start at this time of the wall clock is skipped, or may be meant twice.
    #[must_use]
    pub fn touches_start(&self, start: Civil) -> bool {
        let (from, until) = self.stretch();
        from <= start && start < until
    }

    /// Whether an end at this time of the wall clock is skipped, or may be meant twice. An end at the very moment
    /// at which clocks go forward is neither.
    #[must_use]
    pub fn touches_end(&self, end: Civil) -> bool {
        let (from, until) = self.stretch();
        end < until && (from < end || from == end && !self.is_forward())
    }
}

impl Effect {
    /// How long the window would last by an unchanged clock, in seconds.
    #[must_use]
    pub fn written_seconds(&self) -> i64 {
        unchanged(self.end).unix() - unchanged(self.start).unix()
    }

    /// How long it does last, in seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.happens.map_or(0, |(start, end)| end.unix() - start.unix())
    }
}

/// The clock changes in `[from, until)` of the zones that the windows of `rule` are written in, by time and zone.
/// Suspended windows do not count.
#[must_use]
pub fn clock_changes(rule: &Rule, from: Instant, until: Instant) -> Vec<Changeover> {
    let windows = || {
        rule.schedule
            .iter()
            .enumerate()
            .filter(|(_, window)| !window.suspended)
    };
    let mut zones: Vec<&Zone> = windows().map(|(_, window)| &window.zone).collect();
    zones.sort_unstable_by_key(|zone| zone.name());
    zones.dedup();
    let mut changeovers = Vec::new();
    for zone in zones {
        for change in zone.clock_changes(from, until) {
            let mut changeover = Changeover {
                zone: zone.clone(),
                change,
                effects: Vec::new(),
            };
            for (index, window) in windows().filter(|(_, window)| window.zone == *zone) {
                let effects = effects(&changeover, index, window);
                changeover.effects.extend(effects);
            }
            changeovers.push(changeover);
        }
    }
    changeovers.sort_by_key(|changeover| changeover.change.at);
    changeovers
}

/// What a changeover does to the occurrences of one window.
fn effects(changeover: &Changeover, index: usize, window: &Window) -> Vec<Effect> {
    let (_, until) = changeover.stretch();
    let written = occurrences(window, changeover);
    let touched = written.into_iter().filter_map(|(start, end)| {
        let happens = happens(window, start);
        let skipped = changeover.is_forward() && changeover.touches_start(start) && end <= until;
        if happens.is_none() && !skipped {
            // Its start is no time of the wall clock: nothing that a clock change could move.
            return None;
        }
        let effect = Effect {
            window: index,
            start,
            end,
            happens,
        };
        let differs = changeover.touches_start(start)
            || changeover.touches_end(end)
            || effect.seconds() != effect.written_seconds();
        differs.then_some(effect)
    });
    touched.collect()
}

/// The occurrences that touch the skipped or repeated stretch, as an unchanged clock would have them.
fn occurrences(window: &Window, changeover: &Changeover) -> Vec<(Civil, Civil)> {
    let clock = Zone::utc();
    let (from, until) = changeover.stretch();
    let (from, until) = (unchanged(from), unchanged(until));
    let mut at = Instant::from_unix(from.unix() - LONGEST);
    let mut start = None;
    let mut found = Vec::new();
    for _ in 0..EDGES {
        let Some(next) = window.occurrences.phase(&clock, at).next else {
            break;
        };
        if let Some(start) = start
            && next >= from
        {
            found.push((clock.to_civil(start), clock.to_civil(next)));
        }
        if next >= until {
            break;
        }
        start = window.occurrences.phase(&clock, next).open.then_some(next);
        at = next;
    }
    found
}

/// When an occurrence that is written to start at `start` does start and end.
fn happens(window: &Window, start: Civil) -> Option<(Instant, Instant)> {
    let starts = window.zone.to_instant(start);
    let phase = |at: Instant| window.occurrences.phase(&window.zone, at);
    let before = phase(Instant::from_unix(starts.unix() - 1));
    let now = phase(starts);
    let begins = now.open && (!before.open || before.next == Some(starts));
    begins.then_some(starts).zip(now.next)
}

/// The instant at which a clock that is never changed shows `civil`.
fn unchanged(civil: Civil) -> Instant {
    Zone::utc().to_instant(civil)
}
