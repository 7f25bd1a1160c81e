//! Targets that are not there, with what may have been meant.

use super::observed::Observed;
use super::resolve::{Index, can_scale};
use crate::policy::{Absent, Rule, Target, meant};

/// The rules whose target was not observed, as far as it would have been.
#[must_use]
pub fn absent<'r>(rules: impl Iterator<Item = &'r Rule>, observed: &Observed) -> Vec<Absent> {
    let index = Index::new(observed);
    rules
        .map(|rule| &rule.target)
        .filter(|target| target.is_autoscaler() || can_scale(target))
        .filter(|target| index.candidates(target).is_empty() && index.workload(target).is_none())
        .map(|target| Absent {
            target: target.clone(),
            near: near(target, observed),
        })
        .collect()
}

/// One of the same kind: of nearly the same name in its namespace, else of its name in another one.
fn near(target: &Target, observed: &Observed) -> Option<(String, String)> {
    let known: Vec<(&str, &str)> = if target.is_autoscaler() {
        let autoscalers = observed.autoscalers.iter();
        autoscalers.map(|it| (&*it.namespace, &*it.name)).collect()
    } else {
        let workloads = observed.workloads.iter();
        let workloads = workloads.filter(|it| it.group == target.group && it.kind == target.kind);
        let scaled = observed.autoscalers.iter();
        let scaled = scaled.filter(|it| it.workload.group == target.group && it.workload.kind == target.kind);
        workloads
            .map(|it| (&*it.namespace, &*it.name))
            .chain(scaled.map(|it| (&*it.namespace, &*it.workload.name)))
            .collect()
    };
    let beside: Vec<&str> = known
        .iter()
        .filter(|(namespace, _)| *namespace == target.namespace)
        .map(|(_, name)| *name)
        .collect();
    if let Some(name) = meant(&target.name, &beside) {
        return Some((target.namespace.clone(), name.to_owned()));
    }
    let elsewhere = known.iter().find(|(_, name)| *name == target.name);
    elsewhere.map(|(namespace, name)| ((*namespace).to_owned(), (*name).to_owned()))
}
