//! What a pass has seen of the cluster: only what planning uses of each object.

use std::collections::BTreeMap;

use super::memory::ScaleMemory;
use crate::policy::{Replicas, Scope, Target};

/// The field manager under which easyscale writes. A public name: `GitOps` recipes match on it.
pub const FIELD_MANAGER: &str = "easyscale";

/// The field manager of a scale write that puts an original back: a value of the owner's, not of ours.
pub const RELEASE_MANAGER: &str = "easyscale-release";

/// The annotation that holds an autoscaler's [memory](super::AutoscalerMemory).
pub const STATE_ANNOTATION: &str = "easyscale.io/state";

/// The annotation by which people stop easyscale from writing an object.
pub const PAUSE_ANNOTATION: &str = "easyscale.io/pause";

/// The `ConfigMap` that remembers, per namespace, the scales that were written.
pub const MEMORY_CONFIG_MAP: &str = "easyscale-state";

/// The cluster as one pass saw it.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Every autoscaler in the namespaces of the pass.
    pub autoscalers: Vec<Autoscaler>,
    /// Workloads; empty if no target needed them.
    pub workloads: Vec<Workload>,
    /// Objects of other tools that drive a workload's scale.
    pub drivers: Vec<Driver>,
    /// Driver APIs that are installed but that we may not read, in words.
    pub unseen_drivers: Vec<String>,
    /// The scale memories, by namespace.
    pub memories: BTreeMap<String, MemoryMap>,
}

/// The `ConfigMap` of one namespace, as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryMap {
    /// Its resourceVersion.
    pub resource_version: String,
    /// Its entries, unread.
    pub entries: BTreeMap<String, String>,
}

/// A reference to a workload, without version and namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadRef {
    /// API group, empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
}

/// A `HorizontalPodAutoscaler`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Autoscaler {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `metadata.uid`, empty if a manifest has none.
    pub uid: String,
    /// `metadata.resourceVersion`, empty if a manifest has none.
    pub resource_version: String,
    /// `spec.scaleTargetRef`.
    pub workload: WorkloadRef,
    /// The controlling owner, if any.
    pub controller: Option<Owner>,
    /// `spec.minReplicas`; `None`: absent, which means 1.
    pub floor: Option<Replicas>,
    /// `spec.maxReplicas`.
    pub ceiling: Replicas,
    /// The state annotation, unread.
    pub state: Option<String>,
    /// The pause annotation, unread.
    pub pause: Option<String>,
    /// Who manages which field.
    pub managers: Managers,
    /// Whether a metric of type Object or External is there (a floor of zero needs one).
    pub has_external_metric: bool,
    /// `spec.behavior.scaleUp`, if `spec.behavior` is there at all.
    pub scale_up: Option<ScaleUp>,
    /// `status.currentReplicas`.
    pub current_replicas: Option<Replicas>,
}

/// Field managers of the fields that we may write, from `metadata.managedFields`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Managers {
    /// Whether there is an entry of ours at all.
    pub ours: bool,
    /// Whether we own the floor.
    pub owns_floor: bool,
    /// Whether we own the ceiling.
    pub owns_ceiling: bool,
    /// Whether we own the scale (written under [`FIELD_MANAGER`], not under [`RELEASE_MANAGER`]).
    pub owns_scale: bool,
    /// Others that own the floor.
    pub floor: Vec<String>,
    /// Others that own the ceiling.
    pub ceiling: Vec<String>,
    /// Others that own the scale.
    pub scale: Vec<String>,
    /// Others that own our state annotation.
    pub state: Vec<String>,
}

/// A controlling owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// API group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
}

/// How fast the autoscaler may scale up on its metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleUp {
    /// `selectPolicy` is `Disabled`.
    pub disabled: bool,
    /// The policies, defaults filled in.
    pub policies: Vec<ScaleUpPolicy>,
}

/// One scale-up policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaleUpPolicy {
    /// Pods, or percent of the pods at the start of the period.
    pub value: Replicas,
    /// Whether `value` is percent.
    pub percent: bool,
    /// Seconds.
    pub period: u32,
}

/// A workload that may be scaled through its scale subresource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workload {
    /// API group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
    /// `spec.replicas`; absent means 1.
    pub replicas: Replicas,
    /// The controlling owner, if any.
    pub controller: Option<Owner>,
    /// The pause annotation, unread.
    pub pause: Option<String>,
    /// Who manages `spec.replicas`.
    pub managers: Managers,
    /// Scaling down deletes volumes (`persistentVolumeClaimRetentionPolicy.whenScaled: Delete`).
    pub deletes_volumes: bool,
}

/// An object of another tool that drives a workload's scale, for example a KEDA `ScaledObject`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// What it drives.
    pub workload: WorkloadRef,
}

/// An object as plans and events name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// `autoscaling/v2` or `apps/v1`.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl MemoryMap {
    /// Its entries that can be read and that say of what they are: an entry under another's key is nobody's.
    pub(super) fn scales(&self) -> impl Iterator<Item = (&str, ScaleMemory)> {
        self.entries.iter().filter_map(|(key, text)| {
            let memory = ScaleMemory::parse(text).ok()?;
            let is_its_own = ScaleMemory::key(&memory.group, &memory.kind, &memory.name) == *key;
            let can_be =
                memory.group == "apps" && matches!(memory.kind.as_str(), "Deployment" | "StatefulSet");
            (is_its_own && can_be).then_some((key.as_str(), memory))
        })
    }

    /// Workloads whose entry cannot be read, as far as its key names one.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = WorkloadRef> {
        self.entries
            .iter()
            .filter(|(_, text)| ScaleMemory::parse(text).is_err())
            .filter_map(|(key, _)| {
                let (kind, rest) = key.split_once('.')?;
                let (group, name) = rest.split_once('.')?;
                Some(WorkloadRef {
                    group: group.to_owned(),
                    kind: kind.to_owned(),
                    name: name.to_owned(),
                })
            })
    }
}

impl Observed {
    /// Whether a workload carries a scale of ours that no memory here explains.
    #[must_use]
    pub fn has_unremembered_scales(&self) -> bool {
        self.workloads.iter().any(|workload| {
            let key = ScaleMemory::key(&workload.group, &workload.kind, &workload.name);
            let remembered = self
                .memories
                .get(&workload.namespace)
                .is_some_and(|memory| memory.entries.contains_key(&key));
            workload.managers.owns_scale && !remembered
        })
    }
}

impl Autoscaler {
    /// Its reference.
    #[must_use]
    pub fn object(&self) -> ObjectRef {
        ObjectRef {
            api_version: "autoscaling/v2".to_owned(),
            kind: "HorizontalPodAutoscaler".to_owned(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

impl Workload {
    /// Its reference.
    #[must_use]
    pub fn object(&self) -> ObjectRef {
        ObjectRef {
            api_version: format!("{}/v1", self.group),
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    /// It as a rule would name it.
    #[must_use]
    pub fn target(&self) -> Target {
        Target {
            group: self.group.clone(),
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

impl Autoscaler {
    /// The workload that it scales.
    #[must_use]
    pub fn target(&self) -> Target {
        Target {
            group: self.workload.group.clone(),
            kind: self.workload.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.workload.name.clone(),
        }
    }
}

impl ObjectRef {
    /// The object that a target names; only `autoscaling` is at its second version.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        let version = if target.is_autoscaler() { "v2" } else { "v1" };
        Self {
            api_version: match target.group.as_str() {
                "" => version.to_owned(),
                group => format!("{group}/{version}"),
            },
            kind: target.kind.clone(),
            namespace: target.namespace.clone(),
            name: target.name.clone(),
        }
    }

    /// The object that rules are read from; `None` for the operator's files.
    #[must_use]
    pub fn of_scope(scope: &Scope) -> Option<Self> {
        let (api_version, kind, owner) = match scope {
            Scope::Files => return None,
            Scope::ConfigMap(owner) => ("v1", "ConfigMap", owner),
            Scope::ScalingRule(owner) => ("easyscale.io/v1", "ScalingRule", owner),
        };
        Some(Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: owner.namespace.to_string(),
            name: owner.name.to_string(),
        })
    }

    /// It as a rule would name it.
    #[must_use]
    pub fn target(&self) -> Target {
        let group = self.api_version.split_once('/').map_or("", |(group, _)| group);
        Target {
            group: group.to_owned(),
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}
