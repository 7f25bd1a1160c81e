//! What happens to the windows when clocks are put forward or back.

use super::phrase;
use super::{Explained, later};
use crate::engine::{Changeover, Effect};
use crate::policy::Window;
use crate::time::Instant;

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
            let date = changeover.stretch().1.date;
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
    let zone = &changeover.zone;
    let at = changeover.change.at;
    if changeover.is_forward() {
        format!(
            "On {} the clocks in {zone} go forward by {by} ({at}): they skip the time from {} to {}.",
            phrase::wall_clock(from),
            from.time,
            phrase::time_on(from, until)
        )
    } else {
        format!(
            "On {} the clocks in {zone} go back by {by} ({at}): the time from {} to {} happens twice.",
            phrase::wall_clock(until),
            phrase::time_on(until, from),
            until.time
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
    let day = effect.start;
    let (start, end) = (effect.start.time, phrase::time_on(day, effect.end));
    let Some((starts, ends)) = effect.happens else {
        return format!(
            "{name} would be open from {} to {end}. That time does not exist, so it does not open that day.",
            phrase::wall_clock(effect.start)
        );
    };
    let shows = |at: Instant| phrase::time_on(day, window.zone.to_civil(at));
    let mut parts = Vec::new();
    if effect.touches_start {
        parts.push(if changeover.is_forward() {
            format!(
                "starts at {}, because {start} does not exist that day",
                shows(starts)
            )
        } else {
            format!("starts at {start}, which happens twice: the first counts ({starts})")
        });
    }
    if effect.touches_end {
        parts.push(if changeover.is_forward() {
            format!("ends at {}, because {end} does not exist that day", shows(ends))
        } else {
            format!("ends at {end}, which happens twice: the first counts ({ends})")
        });
    }
    if effect.seconds() != effect.written_seconds() {
        parts.push(format!(
            "lasts {} instead of {}",
            phrase::hours(effect.seconds()),
            phrase::hours(effect.written_seconds())
        ));
    }
    let written = if parts.len() == 1 && effect.seconds() != effect.written_seconds() {
        format!(" from {} to {end}", phrase::wall_clock(effect.start))
    } else {
        String::new()
    };
    format!("{name}{written} {}.", parts.join("; it "))
}

/// Said where no clock is changed.
pub(super) fn none(explained: &Explained<'_>) -> Option<String> {
    let mut zones: Vec<&str> = explained
        .rule
        .schedule
        .iter()
        .map(|window| window.zone.name())
        .filter(|name| *name != "UTC")
        .collect();
    zones.sort_unstable();
    zones.dedup();
    let zone = &explained.rule.schedule.first()?.zone;
    let last = zone.to_civil(later(explained.told_until, -1)).date;
    (!zones.is_empty()).then(|| format!("No clock is changed in {} up to {last}.", zones.join(" or ")))
}
