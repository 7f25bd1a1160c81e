//! A rule's windows at an instant, brought forward from edge to edge.

use super::activity::Doing;
use super::asked::{self, Asked};
use super::contest::{self, Winners};
use super::{Base, Decision, bounds};
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
    /// What is asked of the floor by itself, before the decision saw both bounds together.
    pub(super) floor: Option<Asked>,
    /// The same of the ceiling.
    pub(super) ceiling: Option<Asked>,
    /// The next step of a ramp.
    step: Option<Instant>,
    /// Whether the target is to sleep.
    pub(super) asleep: bool,
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
    #[inline]
    pub(super) fn stop(&self, base: Base) -> Stop {
        let Winners {
            floor,
            ceiling,
            any_ramps,
        } = self.winners;
        let mut lower = asked::floor(self.rule, base, floor);
        let mut upper = asked::ceiling(self.rule, base, ceiling);
        if any_ramps {
            lower = lower.ramped(self.rule, self.doings, floor, contest::floor, self.at);
            upper = upper.ramped(self.rule, self.doings, ceiling, contest::ceiling, self.at);
        }
        let asleep = lower.asked.is_some_and(|floor| floor.sleep);
        let steps = [lower.step, upper.step.filter(|_| !asleep)];
        Stop {
            decision: bounds::settle(base, lower.asked, upper.asked),
            floor: lower.asked,
            ceiling: upper.asked,
            step: steps.into_iter().flatten().min(),
            asleep,
        }
    }

    /// The next instant at which something else may be asked; `None`: never.
    #[inline]
    pub(super) fn next_edge(&self, stop: Stop) -> Option<Instant> {
        let edge = self
            .winners
            .next_edge(&self.rule.schedule, self.doings, stop.asleep);
        stop.step.into_iter().chain(edge).min()
    }
}

/// Brings those that are due up to `at`.
fn observe(rule: &Rule, doings: &mut [Doing], at: Instant, is_due: impl Fn(&Doing) -> bool) {
    let mut placed: Option<(&Zone, Moment)> = None;
    for (window, doing) in rule.schedule.iter().zip(doings) {
        if !is_due(doing) {
            continue;
        }
        let moment = match placed {
            Some((zone, moment)) if zone.shares_table(&window.zone) => moment,
            _ => window.zone.moment(at),
        };
        placed = Some((&window.zone, moment));
        *doing = Doing::of(window, &moment, at);
    }
}
