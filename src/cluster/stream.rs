//! What is watched, and what that tells: kinds of objects, and what is kept of one.
//!
//! How it is watched is [`watch`](super::watch)'s.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::DeserializeOwned;

use super::resource::{Resource, Selection, autoscalers, config_maps, scaling_rules, workloads};
use super::supplies::Supplied;
use super::wire::Item;
use crate::plan::{Autoscaler, Driver, Failure, MemoryMap, Workload};

/// So many namespaces are asked one by one; beyond that, one request over all is cheaper.
const FEW_NAMESPACES: usize = 8;

/// The namespaces in which what is needed of `wanted` is to be looked for, where `handled` may be (none: all); none: in all.
#[must_use]
pub fn few_or_all<'a>(wanted: &'a BTreeSet<String>, handled: &'a BTreeSet<String>) -> &'a BTreeSet<String> {
    if handled.is_empty() && wanted.len() > FEW_NAMESPACES {
        handled
    } else {
        wanted
    }
}

/// What is watched: one kind of objects, in one namespace or in all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream {
    /// What.
    pub of: Watched,
    /// Where; `None`: in all namespaces.
    pub namespace: Option<String>,
}

/// A kind of objects that planning needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Watched {
    /// `HorizontalPodAutoscaler`s.
    Autoscalers,
    /// The memories of scales.
    Memories,
    /// Deployments or `StatefulSet`s.
    Workloads(String),
    /// `ConfigMap`s with rules, by the selector of their labels.
    PolicyMaps(String),
    /// Custom resources of rules.
    ScalingRules,
    /// Objects of another tool that drive the scale of workloads.
    Drivers {
        /// API group.
        group: &'static str,
        /// A version of it that is served.
        version: String,
        /// In the plural.
        resource: &'static str,
        /// Kind.
        kind: &'static str,
    },
}

/// One object, as far as it is kept.
#[derive(Debug, Clone)]
pub enum Thing {
    /// A `HorizontalPodAutoscaler`.
    Autoscaler(Autoscaler),
    /// A Deployment or `StatefulSet`.
    Workload(Workload),
    /// The memory of a namespace's scales, by the name of the namespace.
    Memory(String, MemoryMap),
    /// An object of another tool.
    Driver(Driver),
    /// An object that rules are read from.
    Supply(Box<Supplied>),
}

/// What arrives of an object.
pub(super) trait Kept: DeserializeOwned + Clone + fmt::Debug + 'static {
    fn resource_version(&self) -> &str;

    /// What is kept of it, if anything.
    fn keep(self, stream: &Stream) -> Option<Thing>;
}

/// What a stream tells.
#[derive(Debug)]
pub enum Sight {
    /// A list begins.
    Begun,
    /// A page of it.
    Page(Vec<Thing>),
    /// The list is complete: what was not in it is not there.
    Listed,
    /// An object is new or has changed.
    Changed(Thing),
    /// An object is gone; this is how it was last.
    Gone(Thing),
    /// Nothing can be seen for now; the stream tries again by itself.
    Lost(Failure),
    /// It can be seen again, without a gap.
    Back,
    /// The watch had to begin anew, for this reason; a word.
    Restarted(&'static str),
}

/// What a stream tells, and which one it is.
#[derive(Debug)]
pub struct Sighting {
    /// The stream.
    pub stream: Stream,
    /// What it tells.
    pub sight: Sight,
}

impl Stream {
    /// How metrics and log lines call it.
    #[must_use]
    pub fn resource(&self) -> &'static str {
        match &self.of {
            Watched::Autoscalers => "horizontalpodautoscalers",
            Watched::Memories | Watched::PolicyMaps(_) => "configmaps",
            Watched::ScalingRules => "scalingrules",
            Watched::Workloads(kind) if kind == "StatefulSet" => "statefulsets",
            Watched::Workloads(_) => "deployments",
            Watched::Drivers { resource, .. } => resource,
        }
    }

    /// Whether an object of its kind in this namespace is one of its objects.
    #[must_use]
    pub fn covers(&self, namespace: &str) -> bool {
        self.namespace.as_deref().is_none_or(|own| own == namespace)
    }

    pub(super) fn target(&self) -> Resource<'_> {
        let namespace = self.namespace.as_deref();
        match &self.of {
            Watched::Autoscalers => autoscalers(namespace),
            Watched::Memories | Watched::PolicyMaps(_) => config_maps(namespace),
            Watched::ScalingRules => scaling_rules(namespace),
            Watched::Workloads(kind) => workloads(kind, namespace).unwrap_or(autoscalers(namespace)),
            Watched::Drivers {
                group,
                version,
                resource,
                ..
            } => Resource {
                group,
                version,
                resource,
                namespace,
            },
        }
    }

    pub(super) fn selection(&self) -> Selection {
        match &self.of {
            Watched::Memories => Selection::memories(),
            Watched::PolicyMaps(selector) => Selection {
                fields: None,
                labels: Some(selector.clone()),
            },
            _ => Selection::default(),
        }
    }

    /// The streams of a kind of objects in these namespaces; none: one over all.
    #[must_use]
    pub fn everywhere(of: &Watched, namespaces: &BTreeSet<String>) -> Vec<Self> {
        if namespaces.is_empty() {
            return vec![Self {
                of: of.clone(),
                namespace: None,
            }];
        }
        let each = namespaces.iter().map(|namespace| Self {
            of: of.clone(),
            namespace: Some(namespace.clone()),
        });
        each.collect()
    }

    /// Whether its objects are custom resources of rules.
    #[must_use]
    pub fn is_of_scaling_rules(&self) -> bool {
        self.of == Watched::ScalingRules
    }

    /// Whether rules are read from its objects.
    #[must_use]
    pub fn supplies_rules(&self) -> bool {
        matches!(self.of, Watched::PolicyMaps(_) | Watched::ScalingRules)
    }
}

impl Kept for Item {
    fn resource_version(&self) -> &str {
        &self.metadata.resource_version
    }

    fn keep(self, stream: &Stream) -> Option<Thing> {
        let mut item = self;
        Some(match &stream.of {
            // Their items are of a type of their own.
            Watched::PolicyMaps(_) | Watched::ScalingRules => return None,
            Watched::Autoscalers => Thing::Autoscaler(item.into_autoscaler()),
            Watched::Memories => Thing::Memory(item.metadata.namespace.clone(), item.into_memory()),
            Watched::Workloads(kind) => {
                // A list's items do not say their kind.
                "apps/v1".clone_into(&mut item.api_version);
                item.kind.clone_from(kind);
                Thing::Workload(item.into_workload())
            }
            Watched::Drivers { kind, .. } => {
                (*kind).clone_into(&mut item.kind);
                Thing::Driver(item.into_driver())
            }
        })
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.resource())?;
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}
