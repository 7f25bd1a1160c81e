//! A real control plane for tests: etcd, kube-apiserver and kube-controller-manager as child
//! processes, no containers, no nodes. Pods stay Pending, which is enough for everything that
//! this tool reads or writes.
//!
//! A whole test binary (`harness = false` in its `[[test]]`):
//!
//! ```ignore
//! mod support;
//! use support::{Env, case, fixtures};
//!
//! fn main() -> std::process::ExitCode {
//!     support::run(vec![case("a bound is raised", a_bound_is_raised).needs_controllers()])
//! }
//!
//! async fn a_bound_is_raised(env: Env) {
//!     env.create(&fixtures::deployment("web", 1)).await;
//!     env.apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 2, 10)).await;
//!     env.wait_for_replicas("Deployment", "web", 2).await;
//! }
//! ```
//!
//! Here belongs what more than one test binary (or `examples/cluster.rs`) needs to have a
//! cluster; what a test expects of the tool belongs into that test.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "compiled into each test binary and into examples/cluster.rs; each uses a part of it"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: a panic is how a test fails, stderr is where it talks"
)]

mod audit;
mod binaries;
mod built;
mod control_plane;
mod environment;
pub mod fixtures;
mod harness;
mod prometheus;
pub mod proxy;
mod running;
mod supervised;
pub mod timetable;
mod tools;

pub use audit::{Request, timed_requests};
pub use binaries::{Binaries, version as kubernetes_version};
pub use built::FindError;
pub use control_plane::{ControlPlane, Options, StartError, User};
pub use environment::{Env, wait_for};
pub use harness::{Case, case, run, run_with, shared};
pub use prometheus::Prometheus;
pub use running::{Running, when};
pub use tools::Tools;
