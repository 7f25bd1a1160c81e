//! The road rules -> decision -> plan -> apply -> restore on a real API server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: a panic is how a test fails"
)]

mod crd;
mod custom;
mod events;
mod faults;
mod kills;
mod lease;
mod neighbours;
mod permissions;
mod program;
mod road;
mod run;
mod scales;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod uninstall;

// Rules at random, and values of single keys, come from the tests of the engine and of the schema.
#[path = "../schema/keys.rs"]
mod keys;
#[allow(dead_code, reason = "the tests of the engine use more of it")]
#[path = "../engine/model.rs"]
mod model;
#[allow(dead_code, reason = "as above")]
#[path = "../engine/rules/mod.rs"]
mod rules;
#[allow(dead_code, reason = "as above")]
#[path = "../engine/spans.rs"]
mod spans;
#[allow(dead_code, unused_imports, reason = "as above")]
#[path = "../engine/zones.rs"]
mod zones;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cases = [
        table::cases(),
        scales::cases(),
        kills::cases(),
        events::cases(),
        lease::cases(),
        uninstall::cases(),
        neighbours::cases(),
        permissions::cases(),
        program::cases(),
        run::cases(),
        faults::cases(),
        crd::cases(),
    ];
    support::run(cases.into_iter().flatten().collect())
}
