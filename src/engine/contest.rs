//! Overlaps: which of the open windows sets which bound.

use std::cmp::Ordering;

use super::Why;
use crate::policy::{Replicas, Rule, Setting, Window};
use crate::time::{Instant, Phase};

/// The windows that set the bounds, as indices into the schedule; `None`: no open window does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Winners {
    pub(super) floor: Option<usize>,
    pub(super) ceiling: Option<usize>,
}

impl Winners {
    pub(super) fn among(schedule: &[Window], phases: &[Phase]) -> Self {
        let mut winners = Self {
            floor: None,
            ceiling: None,
        };
        for (index, window) in open(schedule, phases) {
            if wins(schedule, window, winners.floor, floor) {
                winners.floor = Some(index);
            }
            if wins(schedule, window, winners.ceiling, ceiling) {
                winners.ceiling = Some(index);
            }
        }
        winners
    }

    /// The next edge that can make a difference: a winner closes, or a window opens that beats one.
    /// All others only come and go behind the winners, and whoever sleeps has no ceiling.
    pub(super) fn next_edge(self, rule: &Rule, phases: &[Phase]) -> Option<Instant> {
        let schedule = &rule.schedule;
        let floor_from = self
            .floor
            .and_then(|winner| schedule.get(winner))
            .map(|window| &window.sets);
        let asleep = floor_from.unwrap_or(&rule.default).is_sleep();
        let mut earliest: Option<Instant> = None;
        for (index, (window, phase)) in schedule.iter().zip(phases).enumerate() {
            let Some(next) = phase.next else { continue };
            if earliest.is_some_and(|earliest| earliest <= next) {
                continue;
            }
            let matters = if phase.open {
                self.floor == Some(index) || (self.ceiling == Some(index) && !asleep)
            } else {
                wins(schedule, window, self.floor, floor)
                    || (!asleep && wins(schedule, window, self.ceiling, ceiling))
            };
            if matters {
                earliest = Some(next);
            }
        }
        earliest
    }
}

fn open<'s>(schedule: &'s [Window], phases: &[Phase]) -> impl Iterator<Item = (usize, &'s Window)> {
    let windows = schedule.iter().enumerate().zip(phases);
    windows.filter(|(_, phase)| phase.open).map(|(window, _)| window)
}

pub(super) type Bound = fn(&Setting) -> Option<Replicas>;

pub(super) fn floor(sets: &Setting) -> Option<Replicas> {
    sets.floor.as_ref().map(|floor| floor.value)
}

pub(super) fn ceiling(sets: &Setting) -> Option<Replicas> {
    sets.ceiling.as_ref().map(|ceiling| ceiling.value)
}

/// Why `winner` beats `loser` for a bound that both set.
pub(super) fn beats(winner: &Window, loser: &Window, bound: Bound) -> Why {
    if winner.priority != loser.priority {
        Why::Priority
    } else if bound(&winner.sets) != bound(&loser.sets) {
        Why::AsksMore
    } else {
        Why::Name
    }
}

/// Whether `window` sets the bound and beats the one that holds it: by priority, then by asking for more
/// (capacity is the safe mistake), then by name, the first in byte order.
#[inline]
fn wins(schedule: &[Window], window: &Window, holder: Option<usize>, bound: Bound) -> bool {
    let Some(value) = bound(&window.sets) else {
        return false;
    };
    let Some(holder) = holder.and_then(|holder| schedule.get(holder)) else {
        return true;
    };
    let order = window
        .priority
        .cmp(&holder.priority)
        .then_with(|| Some(value).cmp(&bound(&holder.sets)))
        .then_with(|| holder.name.cmp(&window.name));
    order == Ordering::Greater
}
