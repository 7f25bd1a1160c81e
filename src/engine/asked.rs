//! What is asked of one bound: what holds without windows, then each window that moves it, the weakest first.

use super::contest::Bound;
use super::ramp::Ramp;
use super::{Adjusted, Base, Setter, Want, sooner};
use crate::policy::{Limits, Replicas, Rule, Setting, Window};
use crate::time::Instant;

/// A bound that a window or `default` asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) want: Want,
    /// The window's priority. `default` has none: it is lower than every window, like an original.
    pub(super) rank: Option<i32>,
    /// Asked as `replicas: 0`, and down there.
    pub(super) sleep: bool,
}

/// What the strongest full window asks for a bound, or else `default`; `None`: nobody asks, the original holds.
#[inline(always)]
pub(super) fn in_full(rule: &Rule, winner: Option<usize>, bound: Bound) -> Option<Asked> {
    match winner.and_then(|index| Some((index, rule.schedule.get(index)?))) {
        Some((index, window)) => by_window(rule, index, window, bound),
        None => by_default(rule, bound),
    }
}

/// What is asked for a bound once the ramps `above` the strongest full window have moved it, the weakest first,
/// and when they do so next.
///
/// `full` is what [`in_full`] says, `original` what holds if it says nothing. From an unknown original
/// nobody knows how far a ramp is, so nothing is asked.
pub(super) fn ramped<'s>(
    rule: &Rule,
    bound: Bound,
    full: Option<Asked>,
    original: Option<Replicas>,
    above: impl Iterator<Item = (usize, &'s Window, Ramp)>,
    at: Instant,
) -> (Option<Asked>, Option<Instant>) {
    let (mut asked, mut next) = (full, None);
    let mut value = full.map_or(original, |full| Some(full.want.value));
    for (index, window, ramp) in above {
        let (Some(from), Some(full)) = (value, by_window(rule, index, window, bound)) else {
            continue;
        };
        let to = full.want.value;
        next = sooner(next, ramp.next_step(from, to, at));
        let reached = ramp.value(from, to, at);
        if reached == from {
            continue;
        }
        value = Some(reached);
        asked = Some(Asked {
            want: Want {
                value: reached,
                adjusted: Some(Adjusted::Ramping),
                ..full.want
            },
            sleep: full.sleep && reached == 0,
            ..full
        });
    }
    (asked, next)
}

/// The floor that holds while nobody asks for one; `None`: unknown.
pub(super) fn original_floor(base: Base) -> Option<Replicas> {
    match base {
        Base::Autoscaler { floor, .. } => floor,
        Base::Scale(replicas) => replicas,
    }
}

/// The ceiling, likewise. Without autoscaler what runs is its own ceiling.
pub(super) fn original_ceiling(base: Base, floor: Option<&Asked>) -> Option<Replicas> {
    match base {
        Base::Autoscaler { ceiling, .. } => ceiling,
        Base::Scale(replicas) => floor.map_or(replicas, |floor| Some(floor.want.value)),
    }
}

#[inline(always)]
fn by_window(rule: &Rule, index: usize, window: &Window, bound: Bound) -> Option<Asked> {
    asks(
        &window.sets,
        bound,
        Setter::Window(index),
        Some(window.priority),
        &rule.limits,
    )
}

#[inline(always)]
fn by_default(rule: &Rule, bound: Bound) -> Option<Asked> {
    asks(&rule.default, bound, Setter::Default, None, &rule.limits)
}

/// What this setting asks, clamped by `limits`; they have no say over a sleep.
#[inline(always)]
fn asks(sets: &Setting, bound: Bound, setter: Setter, rank: Option<i32>, limits: &Limits) -> Option<Asked> {
    let written = bound(sets)?;
    let sleep = written == 0 && sets.is_sleep();
    let value = if sleep { 0 } else { clamped(written, limits) };
    let adjusted = (value != written).then_some(Adjusted::ByLimits);
    Some(Asked {
        want: Want {
            value,
            setter,
            adjusted,
        },
        rank,
        sleep,
    })
}

fn clamped(written: Replicas, limits: &Limits) -> Replicas {
    let at_least = limits.min.as_ref().map_or(Replicas::MIN, |min| min.value);
    let at_most = limits.max.as_ref().map_or(Replicas::MAX, |max| max.value);
    written.max(at_least).min(at_most)
}
