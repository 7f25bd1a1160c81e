//! Text to rules: documents, provenance, checking, diagnostics.
//!
//! Here: everything between bytes and [`Rule`]s. Not here: the clock, a client, the meaning of
//! windows in time (that is [`crate::time`] and [`crate::engine`]).

mod rule;

pub use rule::{Limits, Place, Replicas, Rule, Setting, Sourced, Target, Wake, Window};
