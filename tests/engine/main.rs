//! Properties of `time` and `engine`, checked against a slow and simple model that shares no code with them.
//!
//! Rules are made at random, written as the YAML that people write, read by the real road, and compared with what
//! the model makes of them. `EASYSCALE_WALKS=20` tries twenty times as many.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod agreement;
mod civil;
mod found;
mod model;
mod oracle;
mod peers;
mod properties;
mod rules;
mod schedule;
mod spans;
mod zones;

use proptest::prelude::ProptestConfig;

/// How many times as much is tried as in an ordinary run.
fn times() -> u32 {
    let times = std::env::var("EASYSCALE_WALKS").ok();
    times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// Of `cases` as they are: multiply by [`times`] where it fits.
fn config(cases: u32) -> ProptestConfig {
    // No file of seeds: a failure worth keeping becomes a test with a name.
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}
