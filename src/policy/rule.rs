//! What a rule means once it has been read and checked: plain values, each with its place.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::scope::Scope;
use crate::time::{Occurrences, Zone};

/// A number of replicas, `0..=i32::MAX` as Kubernetes stores them.
pub type Replicas = u32;

/// Where a value was written: the file as the user named it, line and column counted from 1; or a variable or a flag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file's path as it was given or found under a given directory; the name of the variable; the flag.
    pub file: Arc<str>,
    /// Line, from 1; 0 for a variable or a flag, which has no lines.
    pub line: u32,
    /// Column in characters, from 1; 0 for a variable or a flag.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}:{}", self.file, self.column),
        }
    }
}

/// A value that remembers where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}

/// One checked `ScalingRule`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `metadata.name`; of a rule from inside the cluster `namespace/name`, the namespace being that of the object.
    pub name: String,
    /// Whose it is.
    pub scope: Scope,
    /// Where the document starts to be about this rule: its `metadata.name`.
    pub place: Place,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// What is scaled.
    pub target: Target,
    /// The windows, in the order written; names are unique within a rule.
    pub schedule: Vec<Window>,
    /// What holds outside every window; `None` per bound means: the original.
    pub default: Setting,
    /// Clamps what windows and `default` ask: the rule's own, within the operator's for the target's namespace.
    pub limits: Limits,
    /// Whether a scale that somebody else put to zero is raised.
    pub wake: Wake,
    /// `easyscale run` only: seconds that must have passed since our last write to the object before a bound that
    /// somebody changed is lowered again. Edges and raises never wait; 0: nothing does.
    pub cooldown: u32,
    /// `easyscale run` only: seconds over which targets whose bounds only go down at an edge are spread, each with its
    /// own, lasting part of them; at most a day. Raises never wait; 0: all go down at once.
    pub stagger: u32,
}

/// The object a rule names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// API group, without version: `apps` for Deployment and StatefulSet, `autoscaling` for an autoscaler.
    pub group: String,
    /// Kind, for example `Deployment`.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Target {
    /// Whether the rule names an autoscaler itself instead of the workload behind it.
    #[must_use]
    pub fn is_autoscaler(&self) -> bool {
        self.group == "autoscaling" && self.kind == "HorizontalPodAutoscaler"
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// A named window of time and what it sets.
#[derive(Debug, Clone)]
pub struct Window {
    /// `name`.
    pub name: String,
    /// Where the window was written: its `name`.
    pub place: Place,
    /// When it is open.
    pub occurrences: Occurrences,
    /// The zone in which its days and times are read.
    pub zone: Zone,
    /// What it sets while open; at least one bound.
    pub sets: Setting,
    /// Higher wins, per bound.
    pub priority: i32,
    /// Elapsed seconds by which it opens before its start; 0: at its start.
    pub lead: u32,
    /// Elapsed seconds over which its bounds move in steps after it opens, and again after it ends; 0: at once.
    pub ramp: u32,
    /// Never active, only kept.
    pub suspended: bool,
    /// Free text for people.
    pub description: Option<String>,
}

/// What a window or `default` sets: a floor, a ceiling, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setting {
    /// `minReplicas`, or `replicas` (see `sugar`).
    pub floor: Option<Sourced<Replicas>>,
    /// `maxReplicas`.
    pub ceiling: Option<Sourced<Replicas>>,
    /// Whether the floor was written as `replicas: N`; `replicas: 0` means sleep.
    pub sugar: bool,
}

impl Setting {
    /// Whether this asks the target to go to zero and stay there.
    #[must_use]
    pub fn is_sleep(&self) -> bool {
        self.sugar && self.floor.as_ref().is_some_and(|floor| floor.value == 0)
    }
}

/// Safety limits; each clamps both bounds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// No floor and no ceiling that we ask is below this.
    pub min: Option<Sourced<Replicas>>,
    /// No floor and no ceiling that we ask is above this.
    pub max: Option<Sourced<Replicas>>,
}

/// What to do with a scale of zero that we did not write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wake {
    /// Leave it: somebody put it to sleep.
    #[default]
    Ours,
    /// `wake: always`: raise it like any other value.
    Always,
}
