//! What happens to the windows when clocks are put forward or back.

use super::phrase;
use super::{Explained, later};
use crate::engine::{Changeover, Effect};
use crate::policy::Window;
use crate::time::{Civil, Instant};

/// A window that opens every few minutes would be told many times over.
const MOST: usize = 3;

/// Years ahead, that is enough to see that clocks change twice a year.
const MOST_DATES: usize = 8;

/// One item per clock change, and one below it per window that it moves.
pub(super) struct Told {
    pub(super) change: String,
    pub(super) effects: Vec<String>,
}

pub(super) fn told(explained: &Explained<'_>) -> Vec<Told> {
    let (moving, mut idle): (Vec<&Changeover>, Vec<&Changeover>) = explained
        .changeovers
        .iter()
        .partition(|changeover| !changeover.effects.is_empty());
    let mut told: Vec<Told> = moving
        .into_iter()
        .map(|changeover| Told {
            change: change(changeover),
            effects: effects(explained, changeover),
        })
        .collect();
    idle.sort_by_key(|changeover| changeover.zone.name());
    let by_zone = idle.chunk_by(|one, other| one.zone == other.zone);
    told.extend(by_zone.map(|idle| Told {
        change: match idle {
            [one] => format!("{} That moves no window of this rule.", change(one)),
            several => these_too(several),
        },
        effects: Vec::new(),
    }));
    told
}

/// Clock changes of one zone that change nothing else.
fn these_too(changeovers: &[&Changeover]) -> String {
    let mut dates: Vec<String> = changeovers
        .iter()
        .take(MOST_DATES)
        .map(|changeover| {
            let date = day(changeover).date;
            format!("{}{}{date}", date.weekday(), phrase::TIED)
        })
        .collect();
    if changeovers.len() > MOST_DATES {
        dates.push(format!("{} days more", changeovers.len() - MOST_DATES));
    }
    let zone = changeovers.first().map(|changeover| changeover.zone.name());
    format!(
        "On {} the clocks in {} change without moving a window of this rule.",
        phrase::all(&dates),
        zone.unwrap_or_default()
    )
}

fn change(changeover: &Changeover) -> String {
    let (from, until) = changeover.stretch();
    let by = phrase::duration(i64::from(changeover.seconds()));
    let (zone, at) = (&changeover.zone, changeover.change.at);
    let day = day(changeover);
    let (when, from, until) = (
        phrase::wall_clock(day),
        phrase::time_on(day, from),
        phrase::time_on(day, until),
    );
    if changeover.is_forward() {
        format!(
            "On {when} the clocks in {zone} go forward by {by} ({at}): they skip the time from {from} to {until}."
        )
    } else {
        format!(
            "On {when} the clocks in {zone} go back by {by} ({at}): the time from {from} to {until} happens twice."
        )
    }
}

fn effects(explained: &Explained<'_>, changeover: &Changeover) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut told: Option<(usize, usize)> = None;
    for effect in &changeover.effects {
        let Some(window) = explained.window(effect.window) else {
            continue;
        };
        let count = match told {
            Some((index, count)) if index == effect.window => count + 1,
            _ => 1,
        };
        told = Some((effect.window, count));
        if count <= MOST {
            sentences.push(sentence(changeover, effect, window));
        } else if count == MOST + 1 {
            let all = changeover.effects.iter().filter(|it| it.window == effect.window);
            sentences.push(format!(
                "{} more like these of {}.",
                all.count() - MOST,
                phrase::name(window)
            ));
        }
    }
    sentences
}

fn sentence(changeover: &Changeover, effect: &Effect, window: &Window) -> String {
    let name = phrase::name(window);
    let written = format!(
        "from {} to {}",
        phrase::wall_clock(effect.start),
        phrase::time_on(effect.start, effect.end)
    );
    let Some((starts, ends)) = effect.happens else {
        return format!(
            "{name} would be open {written}. That time does not exist, so it does not open that day."
        );
    };
    let mut parts = Vec::new();
    if effect.touches_start {
        parts.push(format!(
            "starts at {}",
            edge(changeover, window, effect.start, starts)
        ));
    }
    if effect.touches_end {
        parts.push(format!("ends at {}", edge(changeover, window, effect.end, ends)));
    }
    let is_whole = parts.is_empty();
    if effect.seconds() != effect.written_seconds() {
        parts.push(format!(
            "lasts {} instead of {}",
            phrase::hours(effect.seconds()),
            phrase::hours(effect.written_seconds())
        ));
    }
    let parts = parts.join("; it ");
    if is_whole {
        format!("{name} {written} {parts}.")
    } else {
        format!("{name} {parts}.")
    }
}

/// `03:00, because 02:30 does not exist that day`
fn edge(changeover: &Changeover, window: &Window, written: Civil, at: Instant) -> String {
    let day = day(changeover);
    let time = phrase::time_on(day, written);
    if changeover.is_forward() {
        let shown = phrase::time_on(day, window.zone.to_civil(at));
        format!("{shown}, because {time} does not exist that day")
    } else {
        format!("{time}, which happens twice: the first counts ({at})")
    }
}

/// What the wall clock shows when the clocks are changed.
fn day(changeover: &Changeover) -> Civil {
    let (from, until) = changeover.stretch();
    if changeover.is_forward() { from } else { until }
}

/// Said where no clock is changed.
pub(super) fn none(explained: &Explained<'_>) -> Option<String> {
    let windows = explained.rule.schedule.iter().filter(|window| !window.suspended);
    let zones = windows.map(|window| window.zone.name());
    let mut zones: Vec<&str> = zones.filter(|name| *name != "UTC").collect();
    zones.sort_unstable();
    zones.dedup();
    let zone = &explained.rule.schedule.first()?.zone;
    let last = zone.to_civil(later(explained.told_until, -1)).date;
    (!zones.is_empty()).then(|| format!("No clock is changed in {} up to {last}.", zones.join(" or ")))
}
