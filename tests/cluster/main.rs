//! The road rules -> decision -> plan -> apply -> restore on a real API server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: a panic is how a test fails"
)]

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

use std::process::ExitCode;

fn main() -> ExitCode {
    let cases = [
        table::cases(),
        scales::cases(),
        kills::cases(),
        events::cases(),
        lease::cases(),
        neighbours::cases(),
        permissions::cases(),
        program::cases(),
        run::cases(),
        faults::cases(),
    ];
    support::run(cases.into_iter().flatten().collect())
}
