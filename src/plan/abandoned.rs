//! Objects that carry our memory: which of them no rule resolves to, and which a restore selects.

use std::collections::HashSet;
use std::sync::Arc;

use super::memory::{AutoscalerMemory, Header, ScaleMemory, Unreadable};
use super::observed::{ObjectRef, WorkloadRef};
use super::pass::Pass;
use super::planner::{Options, Selection};
use super::resolve::{Key, key};
use crate::policy::{Rule, Target};

/// Objects whose memory names our instance and to which no rule resolves, with the rule that wrote them.
pub(super) fn abandoned<'r>(
    pass: &Pass<'_>,
    options: &Options,
    rules: impl Iterator<Item = &'r Arc<Rule>>,
) -> Vec<(ObjectRef, String)> {
    let mut claimed: HashSet<Key<'_>> = HashSet::new();
    for rule in rules {
        claimed.insert(key(&rule.target));
        for autoscaler in pass.index.candidates(&rule.target) {
            claimed.insert(autoscaler.key());
            claimed.insert(autoscaler.workload_key());
        }
    }
    let objects = written(pass, options, |key| claimed.contains(key))
        .into_iter()
        .filter(|written| written.readable)
        .map(|written| (written.object, written.rule))
        .collect();
    without_the_scales_of_autoscalers(pass, objects)
}

/// Objects that a restore puts back.
pub(super) fn selected(pass: &Pass<'_>, options: &Options, selection: &Selection) -> Vec<ObjectRef> {
    let objects = written(pass, options, |_| false)
        .into_iter()
        .filter(|written| selection.covers(pass, written))
        .map(|written| (written.object, written.rule))
        .collect();
    let objects = without_the_scales_of_autoscalers(pass, objects);
    objects.into_iter().map(|(object, _)| object).collect()
}

/// An object that carries memory of this instance, or memory that cannot be read.
struct Written {
    object: ObjectRef,
    rule: String,
    readable: bool,
}

fn written(pass: &Pass<'_>, options: &Options, claimed: impl Fn(&Key<'_>) -> bool) -> Vec<Written> {
    let observed = pass.index.observed;
    let mut found = Vec::new();
    for autoscaler in observed
        .autoscalers
        .iter()
        .filter(|autoscaler| options.includes(&autoscaler.namespace))
    {
        let Some(text) = &autoscaler.state else { continue };
        if !claimed(&autoscaler.key()) {
            let header = AutoscalerMemory::parse(text).map(|memory| memory.header);
            found.extend(Written::by_us(pass, autoscaler.object(), header));
        }
    }
    for (namespace, memory) in observed
        .memories
        .iter()
        .filter(|(namespace, _)| options.includes(namespace))
    {
        let target = |group, kind, name| Target {
            group,
            kind,
            namespace: namespace.clone(),
            name,
        };
        for (
            _,
            ScaleMemory {
                header,
                group,
                kind,
                name,
                ..
            },
        ) in memory.scales()
        {
            let target = target(group, kind, name);
            if !claimed(&key(&target)) {
                found.extend(Written::by_us(pass, ObjectRef::of(&target), Ok(header)));
            }
        }
        let unreadable = || Unreadable("it is not what easyscale writes".to_owned());
        for WorkloadRef { group, kind, name } in memory.unreadable() {
            let target = target(group, kind, name);
            if !claimed(&key(&target)) {
                found.extend(Written::by_us(pass, ObjectRef::of(&target), Err(unreadable())));
            }
        }
    }
    found
}

impl Written {
    fn by_us(pass: &Pass<'_>, object: ObjectRef, header: Result<Header, Unreadable>) -> Option<Self> {
        match header {
            Ok(header) if header.instance == pass.instance => Some(Self {
                object,
                rule: header.rule,
                readable: true,
            }),
            Ok(_) => None,
            Err(_) => Some(Self {
                object,
                rule: String::new(),
                readable: false,
            }),
        }
    }
}

impl Selection {
    fn covers(&self, pass: &Pass<'_>, written: &Written) -> bool {
        match self {
            Self::All => true,
            Self::Rule(rule) => written.readable && written.rule == *rule,
            Self::Target(target) => {
                let candidates = pass.index.candidates(target);
                written.object == ObjectRef::of(target)
                    || candidates.iter().any(|autoscaler| {
                        // A target that sleeps is remembered at its workload, not at its autoscaler.
                        autoscaler.object() == written.object
                            || ObjectRef::of(&autoscaler.target()) == written.object
                    })
            }
        }
    }
}

/// The restoration of an autoscaler sees to the scale behind it as well; both would wake it twice.
fn without_the_scales_of_autoscalers(
    pass: &Pass<'_>,
    objects: Vec<(ObjectRef, String)>,
) -> Vec<(ObjectRef, String)> {
    let all: HashSet<&ObjectRef> = objects.iter().map(|(object, _)| object).collect();
    let covered = |object: &ObjectRef| {
        pass.index.candidates(&object.target()).iter().any(|autoscaler| {
            let other = autoscaler.object();
            other != *object && autoscaler.controller.is_none() && all.contains(&other)
        })
    };
    let kept: Vec<bool> = objects.iter().map(|(object, _)| !covered(object)).collect();
    objects
        .into_iter()
        .zip(kept)
        .filter_map(|(object, keep)| keep.then_some(object))
        .collect()
}
