//! The writes of a plan, as values: what is sent is exactly what is here.

use super::observed::ObjectRef;
use crate::policy::Replicas;

/// Everything that is written for one target. Empty: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writes {
    /// Bounds and memory of an autoscaler, in one server-side apply.
    pub bounds: Option<BoundsWrite>,
    /// Then: our annotation and our entry of the managed fields are removed.
    pub release: Option<Release>,
    /// A scale and its memory.
    pub scale: Option<ScaleWrite>,
}

impl Writes {
    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bounds.is_none() && self.release.is_none() && self.scale.is_none()
    }
}

/// One server-side apply to an autoscaler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundsWrite {
    /// The autoscaler.
    pub object: ObjectRef,
    /// Its uid as observed: the write fails if it was recreated.
    pub uid: String,
    /// Its resourceVersion as observed; `None` only where a manifest has none.
    pub resource_version: Option<String>,
    /// Take the fields from other managers.
    pub force: bool,
    /// `spec.minReplicas` to set, or to keep owning.
    pub floor: Option<Replicas>,
    /// `spec.maxReplicas` to set, or to keep owning.
    pub ceiling: Option<Replicas>,
    /// The state annotation; `None`: do not claim it.
    pub state: Option<String>,
}

/// The last step of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The autoscaler.
    pub object: ObjectRef,
    /// Its uid as observed.
    pub uid: String,
    /// Its resourceVersion as observed; used when no bounds were written just before.
    pub resource_version: String,
    /// Whether the state annotation is there to be removed.
    pub annotation: bool,
}

/// A scale, and its memory before and after: three requests, of which the memory's are shared by all
/// targets of a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleWrite {
    /// The workload.
    pub object: ObjectRef,
    /// Its uid as observed.
    pub uid: String,
    /// Its resourceVersion as observed.
    pub resource_version: String,
    /// The key of its memory.
    pub key: String,
    /// First: the memory with the value that is about to be written.
    pub pending: Option<String>,
    /// Second: the scale to write, and under which field manager.
    pub value: Option<(Replicas, &'static str)>,
    /// Third: the memory as it is afterwards; `None`: forgotten.
    pub after: Option<String>,
}
