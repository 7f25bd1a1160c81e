//! The long-running mode: watches and a clock -> plan -> patch; the lease, reloading, HTTP, metrics.
//!
//! Nothing is decided here that [`plan`](crate::plan) could decide: what belongs here is *when* a target is planned
//! and written, and who is told.

pub mod health;
pub mod http;
pub mod metrics;
pub mod snapshot;
