//! The world of objects: observing and writing them. The only module, with `controller`, that names kube.
//!
//! Two backends behind one small trait: a Kubernetes API server ([`Live`]) and a file of manifests
//! ([`Manifests`]). [`apply`] walks a plan over either. Nothing is decided here: what is written is the
//! [`Writes`](crate::plan::Writes) of a plan, as they stand.

mod apply;
mod connect;
mod cronjob;
mod drivers;
mod events;
mod failure;
mod lease;
mod live;
mod manifests;
mod observing;
mod pages;
mod replace;
mod resource;
mod selector;
mod series;
mod stream;
mod supplies;
mod tally;
mod tell;
mod tree;
mod watch;
mod wire;
mod writing;

pub use apply::{ApplyOptions, Carried, Clock, apply, carry_out};
pub use connect::{Connection, contexts};
pub use cronjob::Suspended;
pub use events::{EventNote, Reason};
pub use lease::{Claim, Lease, LeaseStore, LiveLease, MAX_LEASE_DURATION, lease_name};
pub use live::Live;
pub use manifests::Manifests;
pub use stream::{Sight, Sighting, Stream, Thing, Watched, few_or_all};
pub use supplies::{POLICY_SELECTOR, RuleSources, Supplied};
pub use tally::Tally;
pub use tell::{log_change, log_would};

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{
    Autoscaler, BoundsWrite, Failure, MemoryMap, Observed, Planner, Release, ScaleWrite, TargetPlan,
};
use crate::policy::{Owner, Replicas};

/// What a write to an autoscaler left behind.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// The object's resourceVersion after the write.
    pub resource_version: String,
    /// The positions of our entries in `metadata.managedFields` after the write: the release after it needs them.
    pub our_entries: Vec<usize>,
    /// The object after the write, where the answer says it.
    pub seen: Option<Box<Autoscaler>>,
}

/// Something that holds autoscalers and workloads.
#[expect(
    async_fn_in_trait,
    reason = "the passes run on one task; nothing here has to be Send"
)]
pub trait Cluster {
    /// How to call it in a sentence: `context kind-dev`, `file cluster.yaml`.
    fn name(&self) -> String;

    /// The objects that rules are read from, in these namespaces; none: in all. Where nothing else is said, there are none.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn supplies(
        &self,
        _sources: &RuleSources,
        _namespaces: &BTreeSet<String>,
    ) -> Result<Vec<Supplied>, Failure> {
        Ok(Vec::new())
    }

    /// Writes the status of a custom resource. Where nothing else is said, there is nobody to read it.
    ///
    /// # Errors
    /// When it cannot be written.
    async fn write_status(
        &self,
        _rule: &Owner,
        _uid: &str,
        _status: &serde_json::Value,
    ) -> Result<(), Failure> {
        Ok(())
    }

    /// Sees everything that the planner needs.
    ///
    /// # Errors
    /// When anything that it needs cannot be read.
    async fn observe(&self, planner: &Planner) -> Result<Observed, Failure>;

    /// Sees the objects of one target again and puts them into `observed`.
    ///
    /// # Errors
    /// When they cannot be read; that they are gone is no error.
    async fn observe_again(&self, observed: &mut Observed, target: &TargetPlan) -> Result<(), Failure>;

    /// Writes bounds and memory of an autoscaler.
    ///
    /// # Errors
    /// [`Conflict`](crate::plan::FailureKind::Conflict) when the object is not as it was observed.
    async fn write_bounds(&self, write: &BoundsWrite) -> Result<Written, Failure>;

    /// Removes our annotation and our entry of the managed fields.
    ///
    /// # Errors
    /// [`Conflict`](crate::plan::FailureKind::Conflict) when the object is not as it was observed or written.
    async fn release(&self, release: &Release, written: Option<&Written>) -> Result<Written, Failure>;

    /// Writes a scale, and returns the workload's resourceVersion after that (empty where there is none).
    ///
    /// # Errors
    /// [`Conflict`](crate::plan::FailureKind::Conflict) when the object is not as it was observed.
    async fn write_scale(
        &self,
        write: &ScaleWrite,
        value: Replicas,
        manager: &str,
    ) -> Result<String, Failure>;

    /// Changes entries of a namespace's memory (`None` removes one) and returns it as it then is.
    ///
    /// # Errors
    /// [`Conflict`](crate::plan::FailureKind::Conflict) when it is not as it was `known`.
    async fn write_memory(
        &self,
        namespace: &str,
        known: Option<&MemoryMap>,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<MemoryMap, Failure>;

    /// Tells about a change, for `kubectl get events`.
    ///
    /// # Errors
    /// When it cannot be told; the change itself is done.
    async fn publish(&self, event: &EventNote) -> Result<(), Failure>;

    /// Ends a pass: what is still only in memory is stored.
    ///
    /// # Errors
    /// When it cannot be stored.
    async fn finish(&self) -> Result<(), Failure>;
}
