//! Overlaps: which window beats which, per bound.

use std::cmp::Ordering;

use super::Why;
use super::activity::{Doing, Stage};
use super::ramp::Ramp;
use crate::policy::{Replicas, Setting, Window};
use crate::time::Instant;

/// The strongest windows that ask for a bound in full, as indices into the schedule; `None`: there is none.
/// Whoever is weaker does not show; whoever is stronger still ramps, or is shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Winners {
    pub(super) floor: Option<usize>,
    pub(super) ceiling: Option<usize>,
    /// Whether any window ramps: it may move what a winner asks.
    pub(super) any_ramps: bool,
}

impl Winners {
    pub(super) fn among(schedule: &[Window], doings: &[Doing]) -> Self {
        let mut winners = Self {
            floor: None,
            ceiling: None,
            any_ramps: false,
        };
        for (index, (window, doing)) in schedule.iter().zip(doings).enumerate() {
            match doing.stage {
                Stage::Full => {}
                Stage::Ramping(_) => {
                    winners.any_ramps = true;
                    continue;
                }
                Stage::Shut => continue,
            }
            if wins(schedule, window, winners.floor, floor) {
                winners.floor = Some(index);
            }
            if wins(schedule, window, winners.ceiling, ceiling) {
                winners.ceiling = Some(index);
            }
        }
        winners
    }

    /// The next edge that can make a difference: a winner's own, or one of a window that beats a winner.
    /// All others only come and go behind the winners, and whoever sleeps has no ceiling.
    pub(super) fn next_edge(self, schedule: &[Window], doings: &[Doing], asleep: bool) -> Option<Instant> {
        let mut earliest: Option<Instant> = None;
        for (index, (window, doing)) in schedule.iter().zip(doings).enumerate() {
            let Some(next) = doing.next else { continue };
            if earliest.is_some_and(|earliest| earliest <= next) {
                continue;
            }
            let matters = if doing.stage == Stage::Full {
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

pub(super) type Bound = fn(&Setting) -> Option<Replicas>;

#[inline]
pub(super) fn floor(sets: &Setting) -> Option<Replicas> {
    sets.floor.as_ref().map(|floor| floor.value)
}

#[inline]
pub(super) fn ceiling(sets: &Setting) -> Option<Replicas> {
    sets.ceiling.as_ref().map(|ceiling| ceiling.value)
}

/// The ramping windows that beat `winner` for the bound, weakest first.
pub(super) fn ramping_above<'s>(
    schedule: &'s [Window],
    doings: &'s [Doing],
    winner: Option<usize>,
    bound: Bound,
) -> impl Iterator<Item = (usize, &'s Window, Ramp)> {
    let mut below = winner;
    // There are few of them, so that looking for each beats sorting, and nothing is allocated.
    std::iter::from_fn(move || {
        let mut weakest: Option<(usize, &Window, Ramp)> = None;
        for (index, (window, doing)) in schedule.iter().zip(doings).enumerate() {
            let Stage::Ramping(ramp) = doing.stage else {
                continue;
            };
            let is_weaker = weakest.is_none_or(|(_, weakest, _)| beats(weakest, window, bound));
            if is_weaker && wins(schedule, window, below, bound) {
                weakest = Some((index, window, ramp));
            }
        }
        below = weakest.map(|(index, ..)| index);
        weakest
    })
}

/// Why `winner` beats `loser` for a bound that both set.
pub(super) fn why(winner: &Window, loser: &Window, bound: Bound) -> Why {
    if winner.priority != loser.priority {
        Why::Priority
    } else if bound(&winner.sets) != bound(&loser.sets) {
        Why::AsksMore
    } else {
        Why::Name
    }
}

/// Whether `window` sets the bound and beats the one that holds it.
#[inline]
fn wins(schedule: &[Window], window: &Window, holder: Option<usize>, bound: Bound) -> bool {
    bound(&window.sets).is_some()
        && holder
            .and_then(|holder| schedule.get(holder))
            .is_none_or(|holder| beats(window, holder, bound))
}

/// By priority, then by asking for more (capacity is the safe mistake), then by name, the first in byte order.
#[inline]
pub(super) fn beats(window: &Window, other: &Window, bound: Bound) -> bool {
    let order = window
        .priority
        .cmp(&other.priority)
        .then_with(|| bound(&window.sets).cmp(&bound(&other.sets)))
        .then_with(|| other.name.cmp(&window.name));
    order == Ordering::Greater
}
