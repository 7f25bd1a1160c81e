//! Two rules on one object, which shows only in the cluster: a workload and its autoscaler, both named.

use std::collections::HashMap;
use std::sync::Arc;

use super::autoscaler;
use super::memory::ScaleMemory;
use super::observed::ObjectRef;
use super::pass::Pass;
use super::refusal::{Code, Refusal};
use super::resolve::Resolved;
use crate::policy::{Rule, Scope, Target};

/// The rules that are refused, by their number: the one named in the object's memory keeps it.
pub(super) fn clashes(
    pass: &Pass<'_>,
    rules: &[Arc<Rule>],
    resolved: &[Result<Resolved<'_>, Refusal>],
) -> HashMap<usize, Refusal> {
    let mut objects: Vec<(usize, usize, Resolved<'_>)> = resolved
        .iter()
        .enumerate()
        .filter_map(|(number, resolved)| {
            resolved
                .as_ref()
                .ok()
                .map(|object| (object.identity(), number, *object))
        })
        .collect();
    objects.sort_unstable_by_key(|(identity, number, _)| (*identity, *number));
    let mut refused = HashMap::new();
    for shared in objects.chunk_by(|(one, ..), (other, ..)| one == other) {
        let [(_, _, object), _, ..] = shared else { continue };
        let object = object.object();
        let sharing = || {
            shared
                .iter()
                .filter_map(|(_, number, _)| Some((*number, rules.get(*number)?)))
        };
        // A team must not be able to put a rule of whoever runs easyscale out of force.
        let of_files = || sharing().filter(|(_, rule)| rule.scope == Scope::Files);
        let operator = of_files().map(|(number, _)| number).next();
        if let Some(operator) = operator.filter(|_| of_files().count() == 1 && shared.len() > 1) {
            let names = names_of(sharing());
            for (number, _) in sharing().filter(|(number, _)| *number != operator) {
                refused.insert(number, two_rules(&object, &names));
            }
            continue;
        }
        // Two of one name, from a ConfigMap and a custom resource, cannot be told apart.
        let keeper = keeper(pass, &object)
            .filter(|keeper| sharing().filter(|(_, rule)| rule.name == *keeper).count() == 1);
        let names = names_of(sharing());
        for (number, _) in sharing().filter(|(_, rule)| Some(&rule.name) != keeper.as_ref()) {
            refused.insert(number, two_rules(&object, &names));
        }
    }
    refused
}

fn names_of<'r>(rules: impl Iterator<Item = (usize, &'r Arc<Rule>)>) -> Vec<String> {
    let names = rules.map(|(_, rule)| format!("{} ({})", rule.name, rule.place));
    names.collect()
}

/// The rule in the memory of an object, or of the scale behind it.
fn keeper(pass: &Pass<'_>, object: &ObjectRef) -> Option<String> {
    let target = object.target();
    let autoscaler = pass.index.autoscaler(&object.namespace, &object.name);
    let Some(autoscaler) = autoscaler.filter(|_| target.is_autoscaler()) else {
        return keeper_of_scale(pass, &target);
    };
    match autoscaler::read_memory(pass, autoscaler) {
        Ok(Some(memory)) if !memory.is_empty() => Some(memory.header.rule),
        Ok(_) => keeper_of_scale(pass, &autoscaler.target()),
        Err(_) => None,
    }
}

fn keeper_of_scale(pass: &Pass<'_>, target: &Target) -> Option<String> {
    let key = ScaleMemory::key(&target.group, &target.kind, &target.name);
    let memory = pass.index.observed.memories.get(&target.namespace)?;
    let header = ScaleMemory::parse(memory.entries.get(&key)?).ok()?.header;
    (header.instance == pass.instance).then_some(header.rule)
}

fn two_rules(object: &ObjectRef, names: &[String]) -> Refusal {
    Refusal::new(
        Code::TwoRules,
        format!(
            "{} rules resolve to {} {}/{}: {}",
            names.len(),
            object.kind,
            object.namespace,
            object.name,
            names.join(", ")
        ),
        "keep one of them: a rule may name the workload or its autoscaler, not both",
    )
}
