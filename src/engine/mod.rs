//! (rule, base, instant) -> [`Decision`]. Total and pure.

mod decision;

use crate::policy::Rule;
use crate::time::Instant;
pub use decision::{Adjusted, Base, Decision, Setter, Want};

/// What `rule` asks at `at`, given what it starts from.
#[must_use]
pub fn decide(rule: &Rule, base: &Base, at: Instant) -> Decision {
    let _ = (rule, base, at);
    Decision::default()
}
