//! What is asked of one bound: what holds without windows, then each window that moves it, the weakest first.

use super::activity::Doing;
use super::contest::{self, Bound, ramping_above};
use super::{Adjusted, Base, Setter, Want};
use crate::policy::{Limits, Replicas, Rule, Setting};
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

/// A bound at an instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    /// What holds; `None`: that depends on an original that is not known.
    value: Option<Replicas>,
    /// Who asks for it; `None`: nobody, or it is not known.
    pub(super) asked: Option<Asked>,
    /// The next instant at which a ramp may move it.
    pub(super) step: Option<Instant>,
}

/// The floor at `at`, where `winner` is the strongest window that asks for one in full.
#[inline]
pub(super) fn floor(rule: &Rule, base: Base, winner: Option<usize>) -> Reached {
    let original = match base {
        Base::Autoscaler { floor, .. } => floor,
        Base::Scale(replicas) => replicas,
    };
    in_full(rule, winner, contest::floor, original)
}

/// The ceiling, likewise.
#[inline]
pub(super) fn ceiling(rule: &Rule, base: Base, winner: Option<usize>) -> Reached {
    let original = match base {
        Base::Autoscaler { ceiling, .. } => ceiling,
        // Without autoscaler, what runs is its own ceiling.
        Base::Scale(replicas) => {
            by_default(rule, contest::floor).map_or(replicas, |floor| Some(floor.want.value))
        }
    };
    in_full(rule, winner, contest::ceiling, original)
}

impl Reached {
    /// The same, after the windows that still ramp above `winner` have moved it.
    pub(super) fn ramped(
        mut self,
        rule: &Rule,
        doings: &[Doing],
        winner: Option<usize>,
        bound: Bound,
        at: Instant,
    ) -> Self {
        for (index, window, ramp) in ramping_above(&rule.schedule, doings, winner, bound) {
            let full = asks(
                &window.sets,
                bound,
                Setter::Window(index),
                Some(window.priority),
                &rule.limits,
            );
            let (Some(full), Some(from)) = (full, self.value) else {
                continue;
            };
            let step = ramp.next_step(from, full.want.value, at);
            self.step = self.step.into_iter().chain(step).min();
            let value = ramp.value(from, full.want.value, at);
            if value == from {
                continue;
            }
            self.value = Some(value);
            self.asked = Some(Asked {
                want: Want {
                    value,
                    adjusted: Some(Adjusted::Ramping),
                    ..full.want
                },
                sleep: full.sleep && value == 0,
                ..full
            });
        }
        self
    }
}

#[inline]
fn in_full(rule: &Rule, winner: Option<usize>, bound: Bound, original: Option<Replicas>) -> Reached {
    let window = winner.and_then(|index| Some((index, rule.schedule.get(index)?)));
    let asked = match window {
        Some((index, window)) => asks(
            &window.sets,
            bound,
            Setter::Window(index),
            Some(window.priority),
            &rule.limits,
        ),
        None => by_default(rule, bound),
    };
    Reached {
        value: asked.map_or(original, |asked| Some(asked.want.value)),
        asked,
        step: None,
    }
}

#[inline]
fn by_default(rule: &Rule, bound: Bound) -> Option<Asked> {
    asks(&rule.default, bound, Setter::Default, None, &rule.limits)
}

/// What this setting asks, clamped by `limits`; they have no say over a sleep.
#[inline]
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
