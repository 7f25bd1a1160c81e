//! A rule's windows at an instant, brought forward from edge to edge.

use super::activity::Doing;
use super::asked::{self, Asked};
use super::contest::{self, Winners, ramping_above};
use super::{Base, Decision, bounds, sooner};
use crate::policy::Rule;
use crate::time::{Instant, Moment, Zone};

/// What each window of a rule is doing, at an instant that only goes forward.
pub(super) struct Walk<'r> {
    rule: &'r Rule,
    doings: &'r mut [Doing],
    at: Instant,
    winners: Winners,
}

/// What is asked at one instant of a walk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// Without its `until`.
    pub(super) decision: Decision,
    /// The next step of a ramp.
    step: Option<Instant>,
    asleep: bool,
}

/// The same, each bound by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Apart {
    pub(super) floor: Option<Asked>,
    pub(super) ceiling: Option<Asked>,
    step: Option<Instant>,
}

impl Apart {
    /// Whether the target is to sleep: then there is no ceiling.
    #[inline]
    pub(super) fn asleep(&self) -> bool {
        self.floor.is_some_and(|floor| floor.sleep)
    }
}

impl<'r> Walk<'r> {
    /// `room` has a place for each window.
    pub(super) fn start(rule: &'r Rule, room: &'r mut [Doing], at: Instant) -> Self {
        observe(rule, room, at, |_| true);
        Self {
            rule,
            winners: Winners::among(&rule.schedule, room),
            doings: room,
            at,
        }
    }

    /// Brings those windows up to date for which something may have changed by `at`.
    pub(super) fn go_on_to(&mut self, at: Instant) {
        observe(self.rule, self.doings, at, |doing| {
            doing.next.is_some_and(|edge| edge <= at)
        });
        self.winners = Winners::among(&self.rule.schedule, self.doings);
        self.at = at;
    }

    /// What each window is doing here, in the order of the schedule.
    pub(super) fn doings(&self) -> &[Doing] {
        self.doings
    }

    /// What is asked here.
    // Always inlined, like what it calls: its results are large, and copying them around is a tenth of a decision.
    #[inline(always)]
    pub(super) fn stop(&self, base: Base) -> Stop {
        let apart = self.apart(base);
        Stop {
            decision: bounds::settle(base, apart.floor, apart.ceiling),
            step: apart.step,
            asleep: apart.asleep(),
        }
    }

    /// The next instant at which something else may be asked; `None`: never.
    #[inline(always)]
    pub(super) fn next_edge(&self, stop: &Stop) -> Option<Instant> {
        let edge = self
            .winners
            .next_edge(&self.rule.schedule, self.doings, stop.asleep);
        sooner(edge, stop.step)
    }

    /// What is asked here of each bound by itself.
    #[inline(always)]
    pub(super) fn apart(&self, base: Base) -> Apart {
        let full = Apart {
            floor: asked::in_full(self.rule, self.winners.floor, contest::floor),
            ceiling: asked::in_full(self.rule, self.winners.ceiling, contest::ceiling),
            step: None,
        };
        if self.winners.any_ramps {
            self.ramped(base, full)
        } else {
            full
        }
    }

    #[inline(never)]
    fn ramped(&self, base: Base, full: Apart) -> Apart {
        let Self {
            rule, winners, at, ..
        } = *self;
        let above = |winner, bound| ramping_above(&rule.schedule, self.doings, winner, bound);
        let original = asked::original_floor(base);
        let floors = above(winners.floor, contest::floor);
        let ceilings = above(winners.ceiling, contest::ceiling);
        let (floor, step) = asked::ramped(rule, contest::floor, full.floor, original, floors, at);
        let original = asked::original_ceiling(base, floor.as_ref());
        let (ceiling, ceiling_step) =
            asked::ramped(rule, contest::ceiling, full.ceiling, original, ceilings, at);
        let mut apart = Apart { floor, ceiling, step };
        if !apart.asleep() {
            apart.step = sooner(step, ceiling_step);
        }
        apart
    }
}

/// Brings those that are due up to `at`.
fn observe(rule: &Rule, doings: &mut [Doing], at: Instant, is_due: impl Fn(&Doing) -> bool) {
    let mut clocks = Clocks::default();
    for (window, doing) in rule.schedule.iter().zip(doings) {
        if is_due(doing) {
            *doing = Doing::of(window, clocks.moment(&window.zone, at), at);
        }
    }
}

/// An instant in the last few zones that were asked for: a schedule rarely has more, and to place an instant
/// in a zone takes as long as to look at a window.
#[derive(Default)]
struct Clocks<'r> {
    placed: [Option<(&'r Zone, Moment)>; 3],
    oldest: usize,
}

impl<'r> Clocks<'r> {
    #[inline(always)]
    fn moment(&mut self, zone: &'r Zone, at: Instant) -> &Moment {
        let is_known =
            |it: &Option<(&Zone, Moment)>| matches!(it, Some((known, _)) if known.shares_table(zone));
        let place = match self.placed.iter().position(is_known) {
            Some(known) => &mut self.placed[known],
            None => {
                let oldest = self.oldest;
                self.oldest = (oldest + 1) % self.placed.len();
                let place = &mut self.placed[oldest];
                *place = None;
                place
            }
        };
        &place.get_or_insert_with(|| (zone, zone.moment(at))).1
    }
}
