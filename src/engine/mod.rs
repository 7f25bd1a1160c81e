//! (rule, base, instant) -> [`Decision`]. Total and pure.
//!
//! When a window is open is a question to `time`. What it makes of that, with its lead and its ramps, is in
//! `activity` and `ramp`; which window beats which in `contest`; what they make of one bound together in
//! `asked`, and what the two bounds mean in `bounds`. `walk` brings all of it forward from edge to edge: as far
//! as the next change for a decision's `until`, over a range for a timeline. `explanation` tells what each
//! window has to do with it.

mod activity;
mod asked;
mod bounds;
mod clock_changes;
mod contest;
mod decision;
mod explanation;
mod ramp;
#[cfg(test)]
mod tests;
mod timeline;
mod walk;

use crate::policy::Rule;
use crate::time::Instant;
use activity::{Doing, IDLE};
pub use clock_changes::{Changeover, Effect, clock_changes};
pub use decision::{Adjusted, Base, Decision, Setter, Want};
pub use explanation::{Activity, Considered, Explanation, Hidden, Standing, Why, explain};
pub use timeline::{Segment, timeline};
use walk::{Stop, Walk};

/// Schedules of up to this many windows are decided without allocating.
const MANY: usize = 32;

/// So many windows most schedules have at most.
const FEW: usize = 6;

/// How many edges that change nothing are passed in search of one that does. Only what stays hidden behind
/// something else makes such edges, so this is far away; but the search must end.
const EDGES: usize = 4096;

/// What `rule` asks at `at`, given what it starts from.
///
/// Holds on `[at, until)`.
#[must_use]
pub fn decide(rule: &Rule, base: &Base, at: Instant) -> Decision {
    // To prepare room takes time too, so there is not much more of it than needed.
    match rule.schedule.len() {
        windows if windows <= FEW => decide_in(&mut [IDLE; FEW], rule, *base, at),
        windows if windows <= MANY => decide_in(&mut [IDLE; MANY], rule, *base, at),
        windows => decide_in(&mut vec![IDLE; windows], rule, *base, at),
    }
}

/// `room` has a place for each window, or more.
fn decide_in(room: &mut [Doing], rule: &Rule, base: Base, at: Instant) -> Decision {
    let mut walk = Walk::start(rule, room, at);
    let here = walk.stop(base);
    let until = next_change(&mut walk, base, &here);
    Decision {
        until,
        ..here.decision
    }
}

/// The first edge after `here` from which on another decision holds.
fn next_change(walk: &mut Walk<'_>, base: Base, here: &Stop) -> Option<Instant> {
    let mut edge = walk.next_edge(here);
    for _ in 0..EDGES {
        walk.go_on_to(edge?);
        let there = walk.stop(base);
        if there.decision != here.decision {
            break;
        }
        edge = walk.next_edge(&there);
    }
    edge
}

#[inline]
fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
