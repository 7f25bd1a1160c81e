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
use activity::IDLE;
pub use clock_changes::{Changeover, Effect, clock_changes};
pub use decision::{Adjusted, Base, Decision, Setter, Want};
pub use explanation::{Activity, Considered, Explanation, Hidden, Standing, Why, explain};
pub use timeline::{Segment, timeline};
use walk::{Stop, Walk};

/// Schedules of up to this many windows are decided without allocating.
const ON_STACK: usize = 32;

/// How many edges that change nothing are passed in search of one that does. Only what stays hidden behind
/// something else makes such edges, so this is far away; but the search must end.
const EDGES: usize = 4096;

/// What `rule` asks at `at`, given what it starts from.
///
/// Holds on `[at, until)`.
#[must_use]
pub fn decide(rule: &Rule, base: &Base, at: Instant) -> Decision {
    let mut on_stack = [IDLE; ON_STACK];
    let mut on_heap;
    let room = match on_stack.get_mut(..rule.schedule.len()) {
        Some(room) => room,
        None => {
            on_heap = vec![IDLE; rule.schedule.len()];
            on_heap.as_mut_slice()
        }
    };
    let mut walk = Walk::start(rule, room, at);
    let here = walk.stop(*base);
    let until = next_change(&mut walk, *base, here);
    Decision {
        until,
        ..here.decision
    }
}

/// The first edge after `here` from which on another decision holds.
fn next_change(walk: &mut Walk<'_>, base: Base, here: Stop) -> Option<Instant> {
    let mut edge = walk.next_edge(here);
    for _ in 0..EDGES {
        walk.go_on_to(edge?);
        let there = walk.stop(base);
        if there.decision != here.decision {
            break;
        }
        edge = walk.next_edge(there);
    }
    edge
}
