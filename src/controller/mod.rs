//! The long-running mode: watches and a clock -> plan -> patch; the lease, reloading, HTTP, metrics.
//!
//! Nothing is decided here that [`plan`](crate::plan) could decide: what belongs here is *when* a target is planned
//! and written, and who is told.
//!
//! ```text
//! streams --Sighting--> picture --touched--> knots <--edges, alarms-- clock
//!                                              | due
//! files --reload--> rules <--supplies-- ConfigMaps and custom resources, each read by itself
//!                     `-------------------> plan --queue--> jobs --carry_out--> the API server, behind the fence
//!                                                             | Outcome
//!                                    events, log, metrics <---+---> what was written goes back into the picture
//! ```

mod clock;
mod control;
pub mod health;
pub mod http;
mod knot;
pub mod lease;
pub mod metrics;
mod news;
mod outage;
mod pace;
mod picture;
mod queue;
pub mod reload;
mod rules;
mod snapshot;
mod streams;
mod supplies;

pub use clock::WallClock;
pub use control::{Control, Gauges, Inlets, Settings, Start};
pub use snapshot::{Question, Snapshot};
pub use streams::{DriverApis, LiveStreams, Watching};
