//! The command line: one file per command. Each loads, decides and shows; none does more.

mod apply;
mod args;
mod complete;
mod completions;
mod config;
mod crd;
mod dispatch;
mod exit;
mod explain;
mod explain_code;
mod generate;
mod health;
mod lease;
mod load;
mod logging;
mod pause;
mod plan;
mod printer;
mod restore;
mod run;
mod schema;
mod signals;
mod statuses;
mod suspend;
mod timeline;
mod validate;
mod values;
mod version;

pub use args::Cli;
pub use dispatch::run;
pub use exit::Exit;
