//! (decisions, observed) -> [`Plan`]: changes, refusals, and what is already right. Pure.
//!
//! A rule's target is resolved to the object that is written (`resolve`), each bound of it goes through
//! the table of 13 rows (`table`), and the object is checked as a whole (`autoscaler`, `scale`).

mod abandoned;
mod absent;
mod autoscaler;
mod clashes;
mod doubt;
mod guards;
mod memory;
mod observed;
mod outcome;
mod pass;
mod patience;
mod planner;
mod refusal;
mod resolve;
mod scale;
mod table;
mod target_plan;
mod tenancy;
mod writes;

pub use absent::absent;
pub use doubt::{InDoubt, has_mistakes, refused};
pub use memory::{AutoscalerMemory, Header, Remembered, RememberedScale, ScaleMemory, Unreadable};
pub use observed::{
    Autoscaler, Driver, FIELD_MANAGER, MEMORY_CONFIG_MAP, Managers, MemoryMap, ObjectRef, Observed, Owner,
    PAUSE_ANNOTATION, RELEASE_MANAGER, STATE_ANNOTATION, ScaleUp, ScaleUpPolicy, Workload, WorkloadRef,
};
pub use outcome::{Applied, Failure, FailureKind, Outcome};
pub use patience::Patience;
pub use planner::{Needs, Options, Plan, Planner, Selection, Summary};
pub use refusal::{Code, Refusal};
pub(crate) use target_plan::reasons;
pub use target_plan::{Action, Because, Bounds, Intent, Note, TargetPlan};
pub use tenancy::Trust;
pub use writes::{BoundsWrite, Release, ScaleWrite, Writes};
