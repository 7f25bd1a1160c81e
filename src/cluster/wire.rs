//! Objects as they are on the wire and in files: only the fields that planning uses.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::Written;
use crate::plan::{
    Autoscaler, Driver, FIELD_MANAGER, MEMORY_CONFIG_MAP, Managers, MemoryMap, Owner, RELEASE_MANAGER,
    ScaleUp, ScaleUpPolicy, Workload, WorkloadRef,
};
use crate::policy::Replicas;

/// Any object. One struct for every kind, so that a file is read in one pass.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Item {
    #[serde(deserialize_with = "nullable")]
    pub(super) api_version: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) kind: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) metadata: Metadata,
    #[serde(deserialize_with = "nullable")]
    pub(super) spec: Spec,
    #[serde(deserialize_with = "nullable")]
    pub(super) status: Status,
    /// Of a `ConfigMap`.
    #[serde(deserialize_with = "nullable")]
    pub(super) data: std::collections::BTreeMap<String, String>,
    /// Of a `List`.
    #[serde(deserialize_with = "nullable")]
    pub(super) items: Vec<Object>,
}

/// What is kept of an object of a file, by its kind; the rest of it is gone as soon as it is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Item")]
pub(super) enum Object {
    Autoscaler(Box<Autoscaler>),
    Workload(Box<Workload>),
    Driver(Driver),
    Memory(String, MemoryMap),
    List(Vec<Object>),
    Other,
    /// It does not say what it is: no manifest.
    Kindless,
}

/// Whether objects of this kind are read at all.
pub(super) fn is_ours_to_read(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("autoscaling", "HorizontalPodAutoscaler")
            | ("apps", "Deployment" | "StatefulSet")
            | ("keda.sh", "ScaledObject")
            | ("datadoghq.com", "DatadogPodAutoscaler")
            | ("", "ConfigMap")
    )
}

impl From<Item> for Object {
    fn from(mut item: Item) -> Self {
        if !item.items.is_empty() {
            return Self::List(item.items);
        }
        if item.metadata.namespace.is_empty() {
            DEFAULT_NAMESPACE.clone_into(&mut item.metadata.namespace);
        }
        match (group(&item.api_version), item.kind.as_str()) {
            ("autoscaling", "HorizontalPodAutoscaler") => Self::Autoscaler(Box::new(item.into_autoscaler())),
            ("apps", "Deployment" | "StatefulSet") => Self::Workload(Box::new(item.into_workload())),
            ("keda.sh", "ScaledObject") | ("datadoghq.com", "DatadogPodAutoscaler") => {
                Self::Driver(item.into_driver())
            }
            ("", "ConfigMap") if item.metadata.name == MEMORY_CONFIG_MAP => {
                Self::Memory(item.metadata.namespace.clone(), item.into_memory())
            }
            (_, "") => Self::Kindless,
            _ => Self::Other,
        }
    }
}

/// A page of a list. An answer without `items` is no list: taking it for an empty one would hide every object.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Page<T> {
    #[serde(default)]
    pub(super) metadata: PageMetadata,
    #[serde(deserialize_with = "nullable")]
    pub(super) items: Vec<T>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageMetadata {
    #[serde(rename = "continue", deserialize_with = "nullable")]
    pub(super) next: String,
    #[serde(rename = "resourceVersion", deserialize_with = "nullable")]
    pub(super) resource_version: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    #[serde(deserialize_with = "nullable")]
    pub(super) name: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) namespace: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) uid: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) resource_version: String,
    #[serde(deserialize_with = "nullable")]
    annotations: Annotations,
    #[serde(deserialize_with = "nullable")]
    owner_references: Vec<OwnerReference>,
    #[serde(deserialize_with = "nullable")]
    managed_fields: Vec<ManagedFields>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Annotations {
    #[serde(rename = "easyscale.io/state")]
    state: Option<String>,
    #[serde(rename = "easyscale.io/pause")]
    pause: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OwnerReference {
    api_version: String,
    kind: String,
    name: String,
    controller: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ManagedFields {
    #[serde(deserialize_with = "nullable")]
    manager: String,
    #[serde(deserialize_with = "nullable")]
    operation: String,
    #[serde(rename = "fieldsV1", deserialize_with = "nullable")]
    fields: Fields,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Fields {
    #[serde(rename = "f:spec")]
    spec: Option<SpecFields>,
    #[serde(rename = "f:metadata")]
    metadata: Option<MetadataFields>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct SpecFields {
    #[serde(rename = "f:minReplicas")]
    floor: Option<IgnoredAny>,
    #[serde(rename = "f:maxReplicas")]
    ceiling: Option<IgnoredAny>,
    #[serde(rename = "f:replicas")]
    replicas: Option<IgnoredAny>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct MetadataFields {
    #[serde(rename = "f:annotations")]
    annotations: Option<AnnotationFields>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct AnnotationFields {
    #[serde(rename = "f:easyscale.io/state")]
    state: Option<IgnoredAny>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec {
    scale_target_ref: Option<TargetRef>,
    /// Of a `DatadogPodAutoscaler`.
    target_ref: Option<TargetRef>,
    min_replicas: Option<Replicas>,
    max_replicas: Option<Replicas>,
    replicas: Option<Replicas>,
    metrics: Option<Vec<Metric>>,
    behavior: Option<Behavior>,
    persistent_volume_claim_retention_policy: Option<Retention>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TargetRef {
    #[serde(deserialize_with = "nullable")]
    api_version: String,
    #[serde(deserialize_with = "nullable")]
    kind: String,
    #[serde(deserialize_with = "nullable")]
    name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Metric {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Behavior {
    scale_up: Option<Rules>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rules {
    select_policy: Option<String>,
    policies: Option<Vec<Policy>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Policy {
    #[serde(rename = "type")]
    kind: String,
    value: Replicas,
    period_seconds: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Retention {
    when_scaled: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status {
    current_replicas: Option<Replicas>,
}

/// Where an object of a file without a namespace lives.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// What the API does to an autoscaler whose `behavior` says nothing of scaling up.
const DEFAULT_SCALE_UP: [ScaleUpPolicy; 2] = [
    ScaleUpPolicy {
        value: 4,
        percent: false,
        period: 15,
    },
    ScaleUpPolicy {
        value: 100,
        percent: true,
        period: 15,
    },
];

impl Item {
    pub(super) fn into_autoscaler(self) -> Autoscaler {
        let Self {
            metadata,
            spec,
            status,
            ..
        } = self;
        Autoscaler {
            managers: managers(&metadata.managed_fields),
            controller: controller(&metadata.owner_references),
            namespace: metadata.namespace,
            name: metadata.name,
            uid: metadata.uid,
            resource_version: metadata.resource_version,
            workload: spec
                .scale_target_ref
                .map(TargetRef::into_workload)
                .unwrap_or_default(),
            floor: spec.min_replicas,
            ceiling: spec.max_replicas.unwrap_or(1),
            state: metadata.annotations.state,
            pause: metadata.annotations.pause,
            has_external_metric: spec.metrics.is_some_and(|metrics| {
                metrics
                    .iter()
                    .any(|metric| matches!(&*metric.kind, "Object" | "External"))
            }),
            scale_up: spec.behavior.map(Behavior::into_scale_up),
            current_replicas: status.current_replicas,
        }
    }

    pub(super) fn into_workload(self) -> Workload {
        let Self {
            api_version,
            kind,
            metadata,
            spec,
            ..
        } = self;
        Workload {
            group: group(&api_version).to_owned(),
            kind,
            managers: managers(&metadata.managed_fields),
            controller: controller(&metadata.owner_references),
            namespace: metadata.namespace,
            name: metadata.name,
            uid: metadata.uid,
            resource_version: metadata.resource_version,
            replicas: spec.replicas.unwrap_or(1),
            pause: metadata.annotations.pause,
            deletes_volumes: spec
                .persistent_volume_claim_retention_policy
                .and_then(|policy| policy.when_scaled)
                .is_some_and(|when| when == "Delete"),
        }
    }

    /// A `ScaledObject` names its target in `scaleTargetRef` (a Deployment unless it says otherwise), a
    /// `DatadogPodAutoscaler` in `targetRef`.
    pub(super) fn into_driver(self) -> Driver {
        let Self {
            kind, metadata, spec, ..
        } = self;
        let mut workload = spec
            .scale_target_ref
            .or(spec.target_ref)
            .map(TargetRef::into_workload)
            .unwrap_or_default();
        if workload.kind.is_empty() {
            "Deployment".clone_into(&mut workload.kind);
        }
        if workload.group.is_empty() && matches!(workload.kind.as_str(), "Deployment" | "StatefulSet") {
            "apps".clone_into(&mut workload.group);
        }
        Driver {
            kind,
            namespace: metadata.namespace,
            name: metadata.name,
            workload,
        }
    }

    pub(super) fn into_memory(self) -> MemoryMap {
        MemoryMap {
            resource_version: self.metadata.resource_version,
            entries: self.data,
        }
    }

    /// It as the answer to a write to an autoscaler.
    pub(super) fn into_written(self) -> Written {
        Written {
            our_entries: self.our_entries(),
            resource_version: self.metadata.resource_version.clone(),
            seen: Some(Box::new(self.into_autoscaler())),
        }
    }

    /// The positions of our entries in `metadata.managedFields`.
    pub(super) fn our_entries(&self) -> Vec<usize> {
        let entries = self.metadata.managed_fields.iter().enumerate();
        entries
            .filter(|(_, entry)| entry.is_ours())
            .map(|(position, _)| position)
            .collect()
    }
}

impl TargetRef {
    fn into_workload(self) -> WorkloadRef {
        WorkloadRef {
            group: group(&self.api_version).to_owned(),
            kind: self.kind,
            name: self.name,
        }
    }
}

impl Behavior {
    fn into_scale_up(self) -> ScaleUp {
        let rules = self.scale_up.unwrap_or_default();
        let policies = match rules.policies {
            Some(policies) if !policies.is_empty() => policies
                .into_iter()
                .map(|policy| ScaleUpPolicy {
                    value: policy.value,
                    percent: policy.kind == "Percent",
                    period: policy.period_seconds,
                })
                .collect(),
            _ => DEFAULT_SCALE_UP.to_vec(),
        };
        ScaleUp {
            disabled: rules.select_policy.as_deref() == Some("Disabled"),
            policies,
        }
    }
}

impl ManagedFields {
    /// Server-side apply under our name: what a release removes.
    fn is_ours(&self) -> bool {
        self.manager == FIELD_MANAGER && self.operation == "Apply"
    }
}

fn managers(entries: &[ManagedFields]) -> Managers {
    let mut managers = Managers::default();
    for entry in entries {
        let spec = entry.fields.spec.as_ref();
        let has = |field: fn(&SpecFields) -> bool| spec.is_some_and(field);
        let (floor, ceiling) = (
            has(|spec| spec.floor.is_some()),
            has(|spec| spec.ceiling.is_some()),
        );
        let scale = has(|spec| spec.replicas.is_some());
        let annotations = entry
            .fields
            .metadata
            .as_ref()
            .and_then(|metadata| metadata.annotations.as_ref());
        let state = annotations.is_some_and(|annotations| annotations.state.is_some());
        if entry.is_ours() {
            managers.ours = true;
            managers.owns_floor |= floor;
            managers.owns_ceiling |= ceiling;
            continue;
        }
        if entry.manager == FIELD_MANAGER && scale {
            managers.owns_scale = true;
            continue;
        }
        if entry.manager == RELEASE_MANAGER {
            continue;
        }
        let mut add = |is_there: bool, list: fn(&mut Managers) -> &mut Vec<String>| {
            let list = list(&mut managers);
            if is_there && !list.contains(&entry.manager) {
                list.push(entry.manager.clone());
            }
        };
        add(floor, |managers| &mut managers.floor);
        add(ceiling, |managers| &mut managers.ceiling);
        add(scale, |managers| &mut managers.scale);
        add(state, |managers| &mut managers.state);
    }
    managers
}

fn controller(owners: &[OwnerReference]) -> Option<Owner> {
    owners
        .iter()
        .find(|owner| owner.controller == Some(true))
        .map(|owner| Owner {
            group: group(&owner.api_version).to_owned(),
            kind: owner.kind.clone(),
            name: owner.name.clone(),
        })
}

/// The group of an apiVersion: `apps` of `apps/v1`, nothing of `v1`.
pub(super) fn group(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// `null` is as good as absent.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
