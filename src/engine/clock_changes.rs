//! (rule, range) -> [`Changeover`]s: what it does to a rule's windows that clocks are put forward or back.
//!
//! A window says what a wall clock shows. So what it would do by a clock that nobody ever changes (that is what UTC
//! is) stands beside what it does in its zone, and whatever differs is told.

use crate::policy::{Rule, Window};
use crate::time::{Civil, ClockChange, Instant, Zone};

/// Windows that are longer than this are not told to last an hour more or less; in seconds.
const LONGEST: i64 = 8 * DAY;

/// How many starts and ends of one window are looked at around one change: a minute of each within that time.
const EDGES: usize = 30_000;

const DAY: i64 = 86_400;

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
    /// When it starts and ends; `None`: all of it is skipped.
    pub happens: Option<(Instant, Instant)>,
    /// Whether the start falls into the skipped or repeated stretch.
    pub touches_start: bool,
    /// Whether the end does. An end at the very moment at which clocks go forward does not.
    pub touches_end: bool,
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

    fn touches_start(&self, start: Civil) -> bool {
        let (from, until) = self.stretch();
        from <= start && start < until
    }

    fn touches_end(&self, end: Civil) -> bool {
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
    if let Some((from, until)) = window.occurrences.as_once() {
        return across(changeover, index, from, until).into_iter().collect();
    }
    let (_, last) = changeover.stretch();
    let written = occurrences(window, changeover);
    let touched = written.into_iter().filter_map(|(start, end)| {
        let happens = happens(window, start);
        // An end that comes so long after the start, whatever the clock shows then, cannot be touched.
        let by_the_clock = happens.is_none_or(|(_, ends)| ends == window.zone.to_instant(end));
        let effect = Effect {
            window: index,
            start,
            end,
            happens,
            touches_start: changeover.touches_start(start),
            touches_end: changeover.touches_end(end) && by_the_clock,
        };
        let skipped = changeover.is_forward() && effect.touches_start && end <= last;
        let differs =
            effect.touches_start || effect.touches_end || effect.seconds() != effect.written_seconds();
        (differs && (happens.is_some() || skipped)).then_some(effect)
    });
    touched.collect()
}

/// A single span is where it is. But it may last an hour more or less than its wall-clock times let one think.
fn across(changeover: &Changeover, index: usize, from: Instant, until: Instant) -> Option<Effect> {
    let effect = Effect {
        window: index,
        start: changeover.zone.to_civil(from),
        end: changeover.zone.to_civil(until),
        happens: Some((from, until)),
        touches_start: false,
        touches_end: false,
    };
    let lies_within = from < changeover.change.at && changeover.change.at < until;
    let differs = effect.seconds() != effect.written_seconds();
    (lies_within && differs && effect.seconds() <= LONGEST).then_some(effect)
}

/// The occurrences that touch the skipped or repeated stretch, as an unchanged clock would have them.
fn occurrences(window: &Window, changeover: &Changeover) -> Vec<(Civil, Civil)> {
    let clock = Zone::utc();
    let (from, until) = changeover.stretch();
    let (from, until) = (unchanged(from), unchanged(until));
    let is_short = window.occurrences.length() < DAY.unsigned_abs();
    let mut at = Instant::from_unix(from.unix() - if is_short { 2 * DAY } else { LONGEST });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::check;

    fn rule(zone: &str, days: &str, start: &str, end: &str) -> std::sync::Arc<Rule> {
        let text = format!(
            "
apiVersion: easyscale.io/v1
kind: ScalingRule
metadata: {{name: rule}}
spec:
  target: {{kind: Deployment, namespace: shop, name: checkout}}
  timezone: {zone}
  schedule: [{{name: Window, days: [{days}], timeStart: \"{start}\", timeEnd: \"{end}\", minReplicas: 2}}]
"
        );
        let loaded = check(vec![("rule.yaml".to_owned(), text)]);
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        loaded.rules[0].clone()
    }

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    /// Start, end, what is meant and what happens, of each effect in 2026.
    fn effects_in_2026(zone: &str, start: &str, end: &str) -> Vec<String> {
        let rule = rule(zone, "daily", start, end);
        let changeovers = clock_changes(&rule, at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z"));
        let effects = changeovers.iter().flat_map(|changeover| &changeover.effects);
        effects
            .map(|effect| {
                let happens = effect.happens.map(|(start, end)| format!("{start} {end}"));
                format!("{} {}: {}", effect.start, effect.end, happens.unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn a_start_in_the_skipped_or_repeated_hour_is_told() {
        assert_eq!(
            effects_in_2026("Europe/Berlin", "02:30", "04:00"),
            [
                "2026-03-29 02:30 2026-03-29 04:00: 2026-03-29T01:00:00Z 2026-03-29T02:00:00Z",
                "2026-10-25 02:30 2026-10-25 04:00: 2026-10-25T00:30:00Z 2026-10-25T03:00:00Z"
            ]
        );
        assert_eq!(
            effects_in_2026("Europe/Berlin", "02:10", "02:50"),
            [
                "2026-03-29 02:10 2026-03-29 02:50: ",
                "2026-10-25 02:10 2026-10-25 02:50: 2026-10-25T00:10:00Z 2026-10-25T00:50:00Z"
            ]
        );
    }

    #[test]
    fn windows_that_only_touch_the_hour_are_left_out_where_nothing_differs() {
        assert!(effects_in_2026("Europe/Berlin", "03:00", "04:00").is_empty());
        assert!(effects_in_2026("Europe/Berlin", "12:00", "18:00").is_empty());
        // Until two o'clock: when clocks go back, there are two of them.
        assert_eq!(
            effects_in_2026("Europe/Berlin", "01:00", "02:00"),
            ["2026-10-25 01:00 2026-10-25 02:00: 2026-10-24T23:00:00Z 2026-10-25T00:00:00Z"]
        );
        assert!(effects_in_2026("UTC", "00:00", "24:00").is_empty());
    }

    #[test]
    fn suspended_windows_and_windows_without_an_end_are_not_told() {
        assert!(effects_in_2026("Europe/Berlin", "00:00", "24:00").is_empty());
        let mut rule = Rule::clone(&rule("Europe/Berlin", "daily", "02:30", "04:00"));
        rule.schedule[0].suspended = true;
        assert!(clock_changes(&rule, at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z")).is_empty());
    }

    /// A watch on the wall, looked at every quarter of an hour: whatever it shows at an opening or a closing that is not what was
    /// written, and every length that is not the usual one, must have been told. And nothing else.
    #[test]
    fn all_that_differs_is_told_and_nothing_else() {
        let zones = [
            "Europe/Berlin",
            "America/New_York",
            "Africa/Cairo",
            "Australia/Lord_Howe",
            "America/Santiago",
            "Africa/Casablanca",
            "Asia/Tokyo",
        ];
        let times = [
            "00:00", "00:30", "01:00", "01:45", "02:00", "02:15", "02:30", "03:00", "06:00", "22:00",
            "23:00", "23:30",
        ];
        let mut told = 0;
        for zone in zones {
            for start in times {
                for end in times.into_iter().filter(|end| *end != start) {
                    told += compare_with_a_watch(zone, start, end);
                }
            }
        }
        assert!(told > 500, "{told}");
    }

    fn compare_with_a_watch(zone: &str, start: &str, end: &str) -> usize {
        let rule = rule(zone, "daily", start, end);
        let window = &rule.schedule[0];
        let changeovers = clock_changes(&rule, at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z"));
        for changeover in &changeovers {
            let mut told: Vec<_> = changeover
                .effects
                .iter()
                .filter_map(|effect| effect.happens)
                .collect();
            let (from, until) = (
                changeover.change.at.unix() - 2 * DAY,
                changeover.change.at.unix() + 2 * DAY,
            );
            let phase = |second: i64| {
                let at = Instant::from_unix(second);
                window.occurrences.phase(&window.zone, at)
            };
            let mut opened = None;
            let mut openings = 0;
            for second in (from..until).step_by(900) {
                let (before, now) = (phase(second - 900), phase(second));
                if before.next != Some(Instant::from_unix(second)) {
                    continue;
                }
                if let Some(opened) = opened.take().map(Instant::from_unix) {
                    let closed = Instant::from_unix(second);
                    let shows = |at| window.zone.to_civil(at).time.to_string();
                    let twice = |at: Instant| {
                        let civil = window.zone.to_civil(at);
                        !changeover.is_forward() && changeover.touches_start(civil)
                    };
                    let usual = {
                        let second = |text| i64::from(crate::time::TimeOfDay::parse(text).unwrap().seconds());
                        (second(end) - second(start)).rem_euclid(DAY)
                    };
                    let differs = shows(opened) != start
                        || shows(closed) != end && closed != changeover.change.at
                        || closed.unix() - opened.unix() != usual
                        || twice(opened)
                        || twice(closed);
                    let found = told.iter().position(|it| *it == (opened, closed));
                    assert_eq!(
                        found.is_some(),
                        differs,
                        "{zone} {start}-{end}: {opened} {closed} {changeover:?}"
                    );
                    found.map(|index| told.remove(index));
                }
                if now.open {
                    opened = Some(second);
                    openings += 1;
                }
            }
            assert!(told.is_empty(), "{zone} {start}-{end}: {told:?} did not happen");
            let skipped = changeover
                .effects
                .iter()
                .filter(|effect| effect.happens.is_none())
                .count();
            assert!(
                openings + skipped >= 3,
                "{zone} {start}-{end}: {openings} {skipped}"
            );
        }
        changeovers
            .iter()
            .map(|changeover| changeover.effects.len())
            .sum()
    }
}
