//! (rule, base, instant) -> [`Explanation`]: the decision, and what each window has to do with it.

use super::activity::{IDLE, Stage, active_at, end_of_stretch, later};
use super::contest::{self, Bound, beats, why};
use super::ramp::{Ramp, Towards};
use super::walk::{Stop, Walk};
use super::{Adjusted, Base, Decision, Want, next_change};
use crate::policy::{Rule, Window};
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
    /// What it is doing.
    pub activity: Activity,
    /// What became of its floor (or `replicas`); `None`: it sets none, or it is not active (nor ramps).
    pub floor: Option<Standing>,
    /// What became of its ceiling; `None`: it sets none, or it is not active.
    pub ceiling: Option<Standing>,
}

/// What a window is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// `suspend: true`.
    Suspended,
    /// Not active, and no ramp of it runs.
    Closed {
        /// When it opens next (its lead included); `None`: never again.
        opens: Option<Instant>,
    },
    /// Active since `since`, its opening ramp still runs until `full`. (Where the closing ramp of the time
    /// before still runs too, whichever is nearer to what it asks counts.)
    Opening {
        /// When it opened, its lead included.
        since: Instant,
        /// When it asks for all it says, if it does not end before.
        full: Instant,
    },
    /// Active, with all it asks.
    Open {
        /// When it ends; occurrences without a gap, their leads included, are one. `None`: never, or not
        /// within thousands of them.
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

/// What became of a bound that an active window asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It holds: the window is the setter.
    Holds,
    /// The window at this index of the schedule beats it: for this bound, or with a floor above this ceiling
    /// or a ceiling below this floor.
    LosesTo {
        /// The winner's index.
        window: usize,
        /// Why.
        why: Why,
    },
    /// No window beats it, and still nothing of it shows.
    Hidden(Hidden),
}

/// Why nothing shows of a bound that no window beats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// The window ramps and leaves the bound, at this instant, as it is without it; or nobody knows what that
    /// is, because the original is not known.
    NoStep,
    /// The target is to sleep, where there is no ceiling.
    Asleep,
    /// The target has no autoscaler, and its scale is not above this ceiling, or is not known.
    NoAutoscaler,
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
    let mut room = vec![IDLE; rule.schedule.len()];
    let mut walk = Walk::start(rule, &mut room, at);
    let here = walk.stop(*base);
    let (floors, ceilings) = (Contest::of_floors(here), Contest::of_ceilings(here));
    let windows = rule.schedule.iter().zip(walk.doings()).enumerate();
    let windows = windows.map(|(index, (window, doing))| {
        let is_active = doing.stage != Stage::Shut;
        let standing = |contest: &Contest| contest.standing(&rule.schedule, index).filter(|_| is_active);
        Considered {
            activity: activity(window, doing.stage, at),
            floor: standing(&floors),
            ceiling: standing(&ceilings),
        }
    });
    let windows = windows.collect();
    let until = next_change(&mut walk, *base, here);
    let decision = Decision {
        until,
        ..here.decision
    };
    Explanation { decision, windows }
}

fn activity(window: &Window, stage: Stage, at: Instant) -> Activity {
    match stage {
        _ if window.suspended => Activity::Suspended,
        Stage::Shut => Activity::Closed {
            opens: active_at(window, at).next,
        },
        Stage::Full => Activity::Open {
            ends: end_of_stretch(window, at),
        },
        Stage::Ramping(Ramp { over, towards }) => match towards {
            Towards::Full { since, .. } => Activity::Opening {
                since,
                full: later(since, over),
            },
            Towards::Gone { ended } => Activity::Closing {
                ended,
                gone: later(ended, over),
            },
        },
    }
}

/// The contest for one of the bounds, and its end.
struct Contest {
    bound: Bound,
    /// The window that asks for the bound by itself.
    strongest: Option<usize>,
    /// The window that sets it once floor and ceiling are seen together.
    setter: Option<usize>,
    /// What hides the strongest, if nobody sets the bound.
    hidden: Hidden,
}

impl Contest {
    fn of_floors(here: Stop) -> Self {
        let Decision { floor, replicas, .. } = here.decision;
        Self {
            bound: contest::floor,
            strongest: here.floor.and_then(|asked| asked.want.window()),
            setter: floor.or(replicas).and_then(Want::window),
            hidden: Hidden::NoStep,
        }
    }

    fn of_ceilings(here: Stop) -> Self {
        let Decision {
            ceiling, replicas, ..
        } = here.decision;
        let is_ceiling = |want: &Want| {
            matches!(
                want.adjusted,
                Some(Adjusted::ToCeiling | Adjusted::CeilingAsScale)
            )
        };
        Self {
            bound: contest::ceiling,
            strongest: here.ceiling.and_then(|asked| asked.want.window()),
            setter: ceiling.or(replicas.filter(is_ceiling)).and_then(Want::window),
            hidden: if here.asleep {
                Hidden::Asleep
            } else {
                Hidden::NoAutoscaler
            },
        }
    }

    /// How the window at `index` stands, if it is active; `None`: it does not set the bound.
    fn standing(&self, schedule: &[Window], index: usize) -> Option<Standing> {
        let window = schedule.get(index)?;
        (self.bound)(&window.sets)?;
        if self.setter == Some(index) {
            return Some(Standing::Holds);
        }
        let Some(strongest) = self.strongest else {
            return Some(Standing::Hidden(Hidden::NoStep));
        };
        if beats(window, schedule.get(strongest)?, self.bound) {
            return Some(Standing::Hidden(Hidden::NoStep));
        }
        if strongest == index && self.setter.is_none() {
            return Some(Standing::Hidden(self.hidden));
        }
        let winner = self.setter.unwrap_or(strongest);
        Some(Standing::LosesTo {
            window: winner,
            why: why(schedule.get(winner)?, window, self.bound),
        })
    }
}
