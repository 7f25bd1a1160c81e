//! The Helm chart and the manifests for kustomize, with tools and an API server that are real. There are no nodes: the test plays the kubelet
//! ([`kubelet`]), and the program runs with the rights of the account that was installed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: a panic is how a test fails"
)]

mod install;
mod kubelet;
mod kustomize;
mod release;
mod render;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;

use support::Case;

fn main() -> ExitCode {
    let cases = [render::cases(), install::cases(), kustomize::cases()];
    support::run(cases.into_iter().flatten().map(Case::needs_tools).collect())
}
