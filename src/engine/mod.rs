//! (rule, base, instant) -> [`Decision`]. Total and pure.
//!
//! Which windows are open is a question to `time`; which of them sets each bound is settled in `contest`;
//! what the two bounds mean together in `bounds`. Here: the same at the next edges, for `until`.

mod bounds;
mod clock_changes;
mod contest;
mod decision;
mod explanation;
#[cfg(test)]
mod tests;
mod timeline;

use crate::policy::{Rule, Window};
use crate::time::{Instant, Moment, Phase, Zone};
pub use clock_changes::{Changeover, Effect, clock_changes};
use contest::Winners;
pub use decision::{Adjusted, Base, Decision, Setter, Want};
pub use explanation::{Activity, Considered, Explanation, Standing, Why, explain};
pub use timeline::{Segment, timeline};

/// Schedules of up to this many windows are decided without allocating.
const ON_STACK: usize = 32;

/// How many edges that change nothing are passed in search of one that does. Only a bound that stays
/// hidden behind another one makes such edges, so this is years away; but the search must end.
const EDGES: usize = 4096;

const CLOSED: Phase = Phase {
    open: false,
    next: None,
};

/// What `rule` asks at `at`, given what it starts from.
///
/// Holds on `[at, until)`.
#[must_use]
pub fn decide(rule: &Rule, base: &Base, at: Instant) -> Decision {
    let mut on_stack = [CLOSED; ON_STACK];
    let mut on_heap;
    let phases = match on_stack.get_mut(..rule.schedule.len()) {
        Some(phases) => phases,
        None => {
            on_heap = vec![CLOSED; rule.schedule.len()];
            on_heap.as_mut_slice()
        }
    };
    observe(&rule.schedule, phases, at, |_| true);
    let winners = Winners::among(&rule.schedule, phases);
    let decision = bounds::settle(rule, *base, winners);
    let until = next_change(rule, *base, phases, winners, &decision);
    Decision { until, ..decision }
}

/// Brings those phases that `is_due` up to `at`.
fn observe(schedule: &[Window], phases: &mut [Phase], at: Instant, is_due: impl Fn(&Phase) -> bool) {
    let mut placed: Option<(&Zone, Moment)> = None;
    for (window, phase) in schedule.iter().zip(phases) {
        if !is_due(phase) {
            continue;
        }
        let moment = match placed {
            Some((zone, moment)) if zone.shares_table(&window.zone) => moment,
            _ => window.zone.moment(at),
        };
        placed = Some((&window.zone, moment));
        *phase = window.occurrences.phase_at(&window.zone, &moment);
    }
}

/// The first edge from which on another decision holds.
fn next_change(
    rule: &Rule,
    base: Base,
    phases: &mut [Phase],
    mut winners: Winners,
    held: &Decision,
) -> Option<Instant> {
    let mut edge = None;
    for _ in 0..EDGES {
        let next = winners.next_edge(rule, phases)?;
        observe(&rule.schedule, phases, next, |phase| {
            phase.next.is_some_and(|edge| edge <= next)
        });
        winners = Winners::among(&rule.schedule, phases);
        edge = Some(next);
        if bounds::settle(rule, base, winners) != *held {
            break;
        }
    }
    edge
}
