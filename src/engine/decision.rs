//! What holds at an instant, why, and until when.

use crate::policy::Replicas;
use crate::time::Instant;

/// What the rules start from: the originals as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The target is scaled by an autoscaler with these original bounds.
    Autoscaler {
        /// Original floor; `None`: unknown (no cluster at hand).
        floor: Option<Replicas>,
        /// Original ceiling; `None`: unknown (no cluster at hand).
        ceiling: Option<Replicas>,
    },
    /// The target has no autoscaler; this is its original scale, `None`: unknown.
    Scale(Option<Replicas>),
}

/// What is asked of a target at an instant. `None` for a bound: nothing is asked, the original holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decision {
    /// Asked floor of an autoscaler.
    pub floor: Option<Want>,
    /// Asked ceiling of an autoscaler.
    pub ceiling: Option<Want>,
    /// Asked scale: of a target without autoscaler; or zero, while a target with one is to sleep
    /// (then no floor and no ceiling is asked).
    pub replicas: Option<Want>,
    /// The next instant at which anything above changes; `None`: never again. Everything above holds until
    /// then. (Where thousands of edges in a row change nothing, because a bound is hidden behind another
    /// one for years, this is the last of them.)
    pub until: Option<Instant>,
}

/// One asked bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// The value to write.
    pub value: Replicas,
    /// Who asks.
    pub setter: Setter,
    /// Why the value is not literally what the setter wrote for this bound, if so.
    pub adjusted: Option<Adjusted>,
}

impl Want {
    /// The window that asks, as an index into the schedule.
    pub(super) fn window(self) -> Option<usize> {
        match self.setter {
            Setter::Window(index) => Some(index),
            Setter::Default => None,
        }
    }
}

/// Who asks for a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setter {
    /// The window at this index of the rule's schedule.
    Window(usize),
    /// The rule's `default`.
    Default,
}

/// How an asked value was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjusted {
    /// `limits` clamped it.
    ByLimits,
    /// The ceiling rose to the floor.
    ToFloor,
    /// The floor fell to the ceiling.
    ToCeiling,
    /// The window is moving it in steps, towards what it asks or back.
    Ramping,
    /// A ceiling alone, on a target without autoscaler: min(base, ceiling).
    CeilingAsScale,
}
