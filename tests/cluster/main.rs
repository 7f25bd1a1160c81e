//! The road rules -> decision -> plan -> apply -> restore on a real API server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: a panic is how a test fails"
)]

mod kills;
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
        neighbours::cases(),
        permissions::cases(),
        program::cases(),
        run::cases(),
    ];
    support::run(cases.into_iter().flatten().collect())
}
