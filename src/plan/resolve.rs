//! From a rule's target to the object that is written, or to the reason why none is.

use std::collections::HashMap;

use super::observed::{Autoscaler, Driver, ObjectRef, Observed, Owner, Workload, WorkloadRef};
use super::refusal::{Code, Refusal};
use crate::policy::Target;

/// `Observed`, by what a target asks for.
pub(super) struct Index<'a> {
    pub(super) observed: &'a Observed,
    by_name: HashMap<(&'a str, &'a str), [&'a Autoscaler; 1]>,
    by_workload: HashMap<Key<'a>, Vec<&'a Autoscaler>>,
    workloads: HashMap<Key<'a>, &'a Workload>,
    drivers: HashMap<Key<'a>, &'a Driver>,
}

/// Namespace, group, kind, name.
pub(super) type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The object that a target resolves to.
#[derive(Clone, Copy)]
pub(super) enum Resolved<'a> {
    Autoscaler(&'a Autoscaler),
    Workload(&'a Workload),
}

impl Resolved<'_> {
    pub(super) fn object(self) -> ObjectRef {
        match self {
            Self::Autoscaler(autoscaler) => autoscaler.object(),
            Self::Workload(workload) => workload.object(),
        }
    }

    /// Equal for two that are the same observed object.
    pub(super) fn identity(self) -> usize {
        match self {
            Self::Autoscaler(autoscaler) => std::ptr::from_ref(autoscaler).addr(),
            Self::Workload(workload) => std::ptr::from_ref(workload).addr(),
        }
    }
}

impl Autoscaler {
    /// It as a rule would name it.
    pub(super) fn key(&self) -> Key<'_> {
        (
            &self.namespace,
            "autoscaling",
            "HorizontalPodAutoscaler",
            &self.name,
        )
    }

    /// Its workload as a rule would name it.
    pub(super) fn workload_key(&self) -> Key<'_> {
        let WorkloadRef { group, kind, name } = &self.workload;
        (&self.namespace, group, kind, name)
    }
}

impl<'a> Index<'a> {
    pub(super) fn new(observed: &'a Observed) -> Self {
        let mut by_name = HashMap::with_capacity(observed.autoscalers.len());
        let mut by_workload: HashMap<Key<'a>, Vec<&'a Autoscaler>> =
            HashMap::with_capacity(observed.autoscalers.len());
        for autoscaler in &observed.autoscalers {
            by_name.insert(
                (autoscaler.namespace.as_str(), autoscaler.name.as_str()),
                [autoscaler],
            );
            let workload = &autoscaler.workload;
            by_workload
                .entry((
                    &autoscaler.namespace,
                    &workload.group,
                    &workload.kind,
                    &workload.name,
                ))
                .or_default()
                .push(autoscaler);
        }
        let workloads = observed
            .workloads
            .iter()
            .map(|workload| {
                (
                    (
                        &*workload.namespace,
                        &*workload.group,
                        &*workload.kind,
                        &*workload.name,
                    ),
                    workload,
                )
            })
            .collect();
        let drivers = observed
            .drivers
            .iter()
            .map(|driver| {
                let workload = &driver.workload;
                (
                    (
                        &*driver.namespace,
                        &*workload.group,
                        &*workload.kind,
                        &*workload.name,
                    ),
                    driver,
                )
            })
            .collect();
        Self {
            observed,
            by_name,
            by_workload,
            workloads,
            drivers,
        }
    }

    pub(super) fn autoscaler(&self, namespace: &str, name: &str) -> Option<&'a Autoscaler> {
        self.by_name
            .get(&(namespace, name))
            .map(|[autoscaler]| *autoscaler)
    }

    /// The workload behind an autoscaler, if it was observed.
    pub(super) fn workload_of(&self, autoscaler: &'a Autoscaler) -> Option<&'a Workload> {
        self.workloads.get(&autoscaler.workload_key()).copied()
    }

    pub(super) fn workload(&self, target: &Target) -> Option<&'a Workload> {
        self.workloads.get(&key(target)).copied()
    }

    /// Every autoscaler that a target might mean; more than one is refused, but none is abandoned.
    pub(super) fn candidates<'s>(&'s self, target: &'s Target) -> &'s [&'a Autoscaler] {
        if target.is_autoscaler() {
            let named = self
                .by_name
                .get(&(target.namespace.as_str(), target.name.as_str()));
            return named.map_or(&[], |one| one.as_slice());
        }
        self.by_workload.get(&key(target)).map_or(&[], Vec::as_slice)
    }

    /// The object that is written for a target.
    pub(super) fn resolve(&self, target: &Target) -> Result<Resolved<'a>, Refusal> {
        let candidates = self.candidates(target);
        match candidates {
            [] if target.is_autoscaler() => Err(missing(target)),
            [] => self.resolve_workload(target).map(Resolved::Workload),
            [autoscaler] => match &autoscaler.controller {
                Some(owner) => Err(owned_autoscaler(autoscaler, owner)),
                None => self.only_one(autoscaler),
            },
            several => Err(two_autoscalers(target, several)),
        }
    }

    /// An autoscaler that is named directly may share its workload with another one.
    fn only_one(&self, autoscaler: &'a Autoscaler) -> Result<Resolved<'a>, Refusal> {
        let workload = Target {
            group: autoscaler.workload.group.clone(),
            kind: autoscaler.workload.kind.clone(),
            namespace: autoscaler.namespace.clone(),
            name: autoscaler.workload.name.clone(),
        };
        match self.by_workload.get(&key(&workload)).map(Vec::as_slice) {
            Some(several @ [_, _, ..]) => Err(two_autoscalers(&workload, several)),
            _ => Ok(Resolved::Autoscaler(autoscaler)),
        }
    }

    fn resolve_workload(&self, target: &Target) -> Result<&'a Workload, Refusal> {
        if !can_scale(target) {
            return Err(Refusal::new(
                Code::NoAutoscaler,
                format!(
                    "no autoscaler scales {target}, and easyscale sets replicas only of Deployments and StatefulSets"
                ),
                "give it a HorizontalPodAutoscaler, or check kind and name of the target",
            ));
        }
        let Some(workload) = self.workload(target) else {
            return Err(missing(target));
        };
        if let Some(driver) = self.drivers.get(&key(target)) {
            return Err(Refusal::new(
                Code::DrivenBy,
                format!(
                    "{} {}/{} drives the scale of {target}",
                    driver.kind, driver.namespace, driver.name
                ),
                format!(
                    "schedule its own bounds in the {} instead, or remove it",
                    driver.kind
                ),
            ));
        }
        if let Some(owner) = &workload.controller {
            return Err(Refusal::new(
                Code::OwnedBy,
                format!(
                    "{target} belongs to {}, which would undo a change of its scale",
                    owner_name(owner)
                ),
                format!("change the scale in {} {}", owner.kind, owner.name),
            ));
        }
        if let Some(unseen) = self.observed.unseen_drivers.first() {
            return Err(Refusal::new(
                Code::CannotSeeDrivers,
                format!(
                    "{target} has no HorizontalPodAutoscaler, and easyscale may not look whether something else drives its scale: {unseen}"
                ),
                "allow easyscale to list that resource (docs/permissions.md)",
            ));
        }
        Ok(workload)
    }
}

/// Whether we can scale such a target without an autoscaler.
pub(super) fn can_scale(target: &Target) -> bool {
    target.group == "apps" && matches!(target.kind.as_str(), "Deployment" | "StatefulSet")
}

pub(super) fn key(target: &Target) -> Key<'_> {
    (&target.namespace, &target.group, &target.kind, &target.name)
}

fn missing(target: &Target) -> Refusal {
    Refusal::new(
        Code::TargetMissing,
        format!(
            "there is no {} {} in namespace {}",
            target.kind, target.name, target.namespace
        ),
        "check kind, name and namespace of the target, or create it",
    )
}

fn owner_name(owner: &Owner) -> String {
    if owner.group.is_empty() {
        format!("{} {}", owner.kind, owner.name)
    } else {
        format!("{} {} ({})", owner.kind, owner.name, owner.group)
    }
}

fn owned_autoscaler(autoscaler: &Autoscaler, owner: &Owner) -> Refusal {
    let hint = if owner.group == "keda.sh" {
        "KEDA would revert the change at once; this version cannot write ScaledObjects yet: set minReplicaCount and \
         maxReplicaCount there"
            .to_owned()
    } else {
        format!(
            "its owner would revert the change: set the bounds in {} {}",
            owner.kind, owner.name
        )
    };
    Refusal::new(
        Code::OwnedBy,
        format!(
            "HorizontalPodAutoscaler {}/{} belongs to {}",
            autoscaler.namespace,
            autoscaler.name,
            owner_name(owner)
        ),
        hint,
    )
}

fn two_autoscalers(target: &Target, several: &[&Autoscaler]) -> Refusal {
    let names: Vec<_> = several
        .iter()
        .take(5)
        .map(|autoscaler| autoscaler.name.as_str())
        .collect();
    let more = if several.len() > names.len() { ", …" } else { "" };
    Refusal::new(
        Code::TwoAutoscalers,
        format!(
            "{} HorizontalPodAutoscalers scale {target}: {}{more}",
            several.len(),
            names.join(", ")
        ),
        "they fight each other; delete all but one",
    )
}
