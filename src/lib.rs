//! easyscale: scheduled `minReplicas` and `maxReplicas` for Kubernetes autoscalers.
//!
//! Data goes one way, and only the two ends touch the world:
//!
//! ```text
//! files | ConfigMaps | custom resources --policy--> Rules + provenance | [Problem]
//!        instant --engine--> Decision { wants, until }
//!        cluster::observe --Observed--plan--> Plan { changes, refusals, unchanged }
//!                   report --> stdout      cluster::apply --> Outcome --> events, status, exit status
//! ```
//!
//! `draft` writes such files in the first place, from answers and from what other tools were told.
//! `plan`, `apply`, `restore`, `run` and the tests walk this same road.

pub mod cli;
pub mod cluster;
pub mod controller;
pub mod draft;
pub mod engine;
pub mod plan;
pub mod policy;
pub mod report;
pub mod time;
