//! (rule, base, instant) -> [`Explanation`]: the decision, and what each window has to do with it.

use super::contest::{Winners, beats};
use super::{Base, CLOSED, Decision, decide, observe};
use crate::policy::{Rule, Setting};
use crate::time::Instant;

/// A decision and every window that was considered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What holds.
    pub decision: Decision,
    /// One per window, in the order of the schedule.
    pub windows: Vec<Considered>,
}

/// A window at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Considered {
    /// Whether it is open.
    pub activity: Activity,
    /// What became of its floor (or `replicas`); `None`: it sets none, or it is not active.
    pub floor: Option<Standing>,
    /// What became of its ceiling; `None`: it sets none, or it is not active.
    pub ceiling: Option<Standing>,
}

/// What a window is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// `suspend: true`.
    Suspended,
    /// Not open.
    Closed {
        /// When it opens next (its lead included); `None`: never again.
        opens: Option<Instant>,
    },
    /// Open since `since`, its opening ramp still runs until `full`.
    Opening {
        /// When it opened, its lead included.
        since: Instant,
        /// When it has all it asks.
        full: Instant,
    },
    /// Open, with all it asks.
    Open {
        /// When it ends; `None`: never.
        ends: Option<Instant>,
    },
    /// It has ended, and its closing ramp runs until `gone`.
    Closing {
        /// When it ended.
        ended: Instant,
        /// When nothing of it is left.
        gone: Instant,
    },
}

/// What became of a bound that an active window sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It holds.
    Holds,
    /// The window at this index of the schedule holds instead.
    LosesTo {
        /// The winner's index.
        window: usize,
        /// Why.
        why: Why,
    },
}

/// Why one window wins over another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It has the higher priority.
    Priority,
    /// At the same priority it asks for more.
    AsksMore,
    /// They ask the same; it is the first by name.
    Name,
}

/// What `rule` asks at `at`, and what each window has to do with it.
#[must_use]
pub fn explain(rule: &Rule, base: &Base, at: Instant) -> Explanation {
    let decision = decide(rule, base, at);
    let mut phases = vec![CLOSED; rule.schedule.len()];
    observe(&rule.schedule, &mut phases, at, |_| true);
    let winners = Winners::among(&rule.schedule, &phases);
    let standing = |index: usize, winner: Option<usize>, bound: fn(&Setting) -> Option<u32>| {
        let window = rule.schedule.get(index)?;
        bound(&window.sets)?;
        match winner {
            Some(winner) if winner != index => {
                let why = beats(rule.schedule.get(winner)?, window, bound);
                Some(Standing::LosesTo { window: winner, why })
            }
            _ => Some(Standing::Holds),
        }
    };
    let windows = phases
        .iter()
        .enumerate()
        .map(|(index, phase)| {
            if !phase.open {
                return Considered {
                    activity: Activity::Closed { opens: phase.next },
                    floor: None,
                    ceiling: None,
                };
            }
            Considered {
                activity: Activity::Open { ends: phase.next },
                floor: standing(index, winners.floor, super::contest::floor),
                ceiling: standing(index, winners.ceiling, super::contest::ceiling),
            }
        })
        .collect();
    Explanation { decision, windows }
}
