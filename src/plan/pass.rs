//! Planning one target: the object that it resolves to, its bounds, the scale beside them.

use std::sync::Arc;

use super::autoscaler::{self, ObjectPlan};
use super::memory::{AutoscalerMemory, Header, ScaleMemory, Unreadable};
use super::observed::{Autoscaler, ObjectRef, Observed, Workload};
use super::patience::Patience;
use super::refusal::{Code, Refusal};
use super::resolve::{Index, Resolved, can_scale};
use super::scale;
use super::target_plan::{Action, Bounds, Intent, Note, TargetPlan};
use super::writes::Writes;
use crate::engine::Decision;
use crate::policy::{Rule, Target};
use crate::time::Instant;

/// What every step of planning a pass needs.
pub(super) struct Pass<'a> {
    pub(super) at: Instant,
    /// It as memories say it.
    pub(super) at_text: String,
    pub(super) instance: &'a str,
    pub(super) patience: &'a Patience,
    pub(super) index: Index<'a>,
}

/// A pause of an object by its annotation.
pub(super) struct Pause {
    pub(super) note: Note,
    /// Its end, if it is known: an edge like that of a window.
    pub(super) until: Option<Instant>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        observed: &'a Observed,
        at: Instant,
        instance: &'a str,
        patience: &'a Patience,
    ) -> Self {
        Self {
            at,
            at_text: at.to_string(),
            instance,
            patience,
            index: Index::new(observed),
        }
    }

    /// The pause of an object that is paused now. One that cannot be read counts.
    pub(super) fn paused(&self, annotation: Option<&str>) -> Option<Pause> {
        let (note, until) = match annotation?.trim() {
            "" | "false" => return None,
            "true" => (
                Note::info(
                    "paused",
                    "paused by its annotation easyscale.io/pause: nothing is written",
                ),
                None,
            ),
            text => match Instant::parse(text) {
                Ok(until) if self.at >= until => return None,
                Ok(until) => (
                    Note::info(
                        "paused",
                        format!(
                            "paused until {until} by its annotation easyscale.io/pause: nothing is written"
                        ),
                    ),
                    Some(until),
                ),
                Err(_) => (
                    Note::warning(
                        "paused",
                        format!(
                            "its annotation easyscale.io/pause is {text:?}, which is neither `true` nor an instant: \
                             nothing is written, to be safe"
                        ),
                    ),
                    None,
                ),
            },
        };
        Some(Pause { note, until })
    }

    pub(super) fn unreadable(&self, what: &str, unreadable: &Unreadable) -> Refusal {
        Refusal::new(
            Code::StateUnreadable,
            format!("the state that {what} carries cannot be read: {}", unreadable.0),
            "if an older easyscale did not write it, remove it and set the bounds that you want yourself",
        )
    }

    pub(super) fn check_instance(&self, what: &str, header: &Header) -> Result<(), Refusal> {
        if header.instance == self.instance {
            return Ok(());
        }
        Err(Refusal::new(
            Code::StateOfAnotherInstance,
            format!(
                "{what} is managed by the easyscale instance {:?} (rule {:?})",
                header.instance, header.rule
            ),
            format!(
                "this is instance {:?}; remove the rule on one side and let that side restore first",
                self.instance
            ),
        ))
    }

    pub(super) fn keep(&self, rule: &Arc<Rule>, resolved: Result<Resolved<'_>, Refusal>) -> TargetPlan {
        let intent = Intent::Keep(Arc::clone(rule));
        match resolved {
            Ok(resolved) => self.plan_resolved(intent, Some(rule), rule.target.clone(), resolved),
            Err(refusal) => self.refuse(rule, refusal),
        }
    }

    pub(super) fn restore(&self, object: &ObjectRef) -> TargetPlan {
        let intent = Intent::Restore(object.clone());
        let target = object.target();
        if target.is_autoscaler() {
            return match self.index.autoscaler(&object.namespace, &object.name) {
                Some(autoscaler) => match &autoscaler.controller {
                    Some(owner) => {
                        let planned = autoscaler::let_go(self, autoscaler, owner);
                        self.finish(intent, None, target, object, &autoscaler.uid, planned)
                    }
                    None => self.plan_resolved(intent, None, target, Resolved::Autoscaler(autoscaler)),
                },
                None => blank(intent, object, target),
            };
        }
        match (
            self.index.workload(&target),
            self.index.candidates(&target).first(),
        ) {
            (None, _) => self.forget_missing(intent, object, target),
            (Some(workload), None) => {
                let planned = match self.index.resolve(&target) {
                    Ok(resolved) => return self.plan_resolved(intent, None, target, resolved),
                    Err(taken) if matches!(taken.code, Code::DrivenBy | Code::OwnedBy) => {
                        scale::let_go(self, workload, &taken)
                    }
                    // What cannot be seen now may be seen by the next pass: the original is not given up for it.
                    Err(unclear) => Err(unclear),
                };
                self.finish(intent, None, target, &workload.object(), &workload.uid, planned)
            }
            (Some(workload), Some(autoscaler)) => {
                let floor = autoscaler.floor.unwrap_or(1);
                let memory = self.index.observed.memories.get(&target.namespace);
                let beside =
                    scale::plan_beside_autoscaler(self, None, workload, memory, &Decision::default(), floor);
                let planned = beside.map(|scale::Beside { write, waits, notes }| {
                    let from = Bounds {
                        replicas: Some(workload.replicas),
                        ..Bounds::default()
                    };
                    let to = write
                        .as_ref()
                        .and_then(|write| write.value)
                        .map_or(workload.replicas, |(value, _)| value);
                    ObjectPlan {
                        from,
                        to: Bounds {
                            replicas: Some(to),
                            ..Bounds::default()
                        },
                        until: self.sooner(None, workload),
                        notes,
                        waits,
                        restores: write.is_some(),
                        writes: Writes {
                            scale: write,
                            ..Writes::default()
                        },
                        ..ObjectPlan::default()
                    }
                });
                self.finish(intent, None, target, &workload.object(), &workload.uid, planned)
            }
        }
    }

    /// Says that no rule names an object any more, and why it is not restored.
    pub(super) fn mention(&self, object: &ObjectRef, doubt: Option<&str>) -> TargetPlan {
        let restored = self.restore(object);
        let what_next = match doubt {
            Some(doubt) => format!("it is not restored while {doubt}"),
            None => "`easyscale apply --prune` restores it".to_owned(),
        };
        let message = format!(
            "rule {:?} wrote it, and no rule names it any more; {what_next}",
            restored.rule
        );
        TargetPlan {
            intent: Intent::Mention(object.clone()),
            action: Action::None,
            to: restored.from,
            // The end of a pause changes nothing where nothing is restored.
            until: None,
            notes: vec![Note::info("abandoned", message)],
            writes: Writes::default(),
            ..restored
        }
    }

    fn plan_resolved(
        &self,
        intent: Intent,
        rule: Option<&Arc<Rule>>,
        target: Target,
        resolved: Resolved<'_>,
    ) -> TargetPlan {
        match resolved {
            Resolved::Autoscaler(autoscaler) => {
                let planned = self.plan_autoscaler(rule.map(AsRef::as_ref), autoscaler);
                self.finish(
                    intent,
                    rule,
                    target,
                    &autoscaler.object(),
                    &autoscaler.uid,
                    planned,
                )
            }
            Resolved::Workload(workload) => {
                let memory = self.index.observed.memories.get(&workload.namespace);
                let planned = scale::plan(self, rule.map(AsRef::as_ref), workload, memory);
                self.finish(intent, rule, target, &workload.object(), &workload.uid, planned)
            }
        }
    }

    /// The bounds of an autoscaler, and the scale of its workload where a sleep asks for it or left a memory.
    fn plan_autoscaler(&self, rule: Option<&Rule>, autoscaler: &Autoscaler) -> Result<ObjectPlan, Refusal> {
        let mut planned = autoscaler::plan(self, rule, autoscaler)?;
        let memory = self.index.observed.memories.get(&autoscaler.namespace);
        let remembered = memory.is_some_and(|memory| {
            let workload = &autoscaler.workload;
            let key = ScaleMemory::key(&workload.group, &workload.kind, &workload.name);
            memory.entries.contains_key(&key)
        });
        let sleeps = planned.decision.replicas.is_some();
        let workload = self.index.workload_of(autoscaler);
        let at_zero = rule.is_some() && workload.is_some_and(|workload| workload.replicas == 0);
        if !(sleeps || remembered || at_zero) || planned.notes.iter().any(|note| note.code == "paused") {
            return Ok(planned);
        }
        let Some(workload) = workload else {
            if sleeps {
                let target = autoscaler.target();
                return Err(cannot_sleep(&target, can_scale(&target)));
            }
            return Ok(planned);
        };
        let floor = planned.to.min_replicas.unwrap_or(1);
        let scale::Beside { write, waits, notes } =
            scale::plan_beside_autoscaler(self, rule, workload, memory, &planned.decision, floor)?;
        planned.waits = planned.waits.into_iter().chain(waits).min();
        planned.from.replicas = Some(workload.replicas);
        planned.to.replicas = Some(
            write
                .as_ref()
                .and_then(|write| write.value)
                .map_or(workload.replicas, |(value, _)| value),
        );
        planned.restores = if planned.writes.is_empty() {
            rule.is_none()
        } else {
            planned.restores && !sleeps
        };
        planned.writes.scale = write;
        planned.notes.extend(notes);
        planned.until = self.sooner(planned.until, workload);
        Ok(planned)
    }

    /// An edge, or the end of the workload's pause if that is before it.
    fn sooner(&self, edge: Option<Instant>, workload: &Workload) -> Option<Instant> {
        let pause = self.paused(workload.pause.as_deref());
        let end = pause.and_then(|pause| pause.until);
        edge.into_iter().chain(end).min()
    }

    fn forget_missing(&self, intent: Intent, object: &ObjectRef, target: Target) -> TargetPlan {
        let key = ScaleMemory::key(&target.group, &target.kind, &target.name);
        let entry = self
            .index
            .observed
            .memories
            .get(&target.namespace)
            .and_then(|memory| memory.entries.get(&key))
            .and_then(|text| ScaleMemory::parse(text).ok());
        let Some(entry) = entry else {
            return blank(intent, object, target);
        };
        let write = scale::forget_missing(&entry, &target.namespace, &key);
        let mut plan = blank(intent, object, target);
        plan.rule = entry.header.rule;
        plan.action = Action::Restore;
        plan.notes = vec![Note::info(
            "memory-dropped",
            "it does not exist any more; its memory is dropped",
        )];
        plan.writes.scale = Some(write);
        plan
    }

    fn finish(
        &self,
        intent: Intent,
        rule: Option<&Arc<Rule>>,
        target: Target,
        object: &ObjectRef,
        uid: &str,
        planned: Result<ObjectPlan, Refusal>,
    ) -> TargetPlan {
        let name = match rule {
            Some(rule) => rule.name.clone(),
            None => self.remembered_rule(object),
        };
        let mut plan = TargetPlan {
            rule: name,
            source: rule.map(|rule| rule.place.clone()),
            uid: uid.to_owned(),
            ..blank(intent, object, target)
        };
        match planned {
            Ok(planned) => {
                plan.action = match (planned.writes.is_empty(), planned.restores) {
                    (true, _) => Action::None,
                    (false, true) => Action::Restore,
                    (false, false) => Action::Change,
                };
                plan.from = planned.from;
                plan.to = planned.to;
                plan.because = planned.because;
                plan.until = planned.until;
                plan.waits = planned.waits;
                plan.notes = planned.notes;
                plan.originals = self.originals(object, &planned.writes);
                plan.writes = planned.writes;
            }
            Err(refusal) => {
                plan.from = self.live(object);
                plan.action = Action::Refuse(refusal);
            }
        }
        plan
    }

    /// What is remembered of an object once these writes are done.
    fn originals(&self, object: &ObjectRef, writes: &Writes) -> Bounds {
        let mut originals = Bounds::default();
        let target = object.target();
        let autoscaler = self.index.autoscaler(&object.namespace, &object.name);
        let autoscaler = autoscaler.filter(|_| target.is_autoscaler());
        if let Some(autoscaler) = autoscaler
            && writes.release.is_none()
        {
            let written = writes.bounds.as_ref().and_then(|bounds| bounds.state.as_ref());
            let state = written.or(autoscaler.state.as_ref());
            if let Some(memory) = state.and_then(|text| AutoscalerMemory::parse(text).ok()) {
                originals.min_replicas = memory.floor.and_then(|floor| floor.original);
                originals.max_replicas = memory.ceiling.and_then(|ceiling| ceiling.original);
            }
        }
        let workload = autoscaler.map_or(target, Autoscaler::target);
        let entry = match &writes.scale {
            Some(scale) => scale.after.as_ref(),
            None => {
                let memory = self.index.observed.memories.get(&workload.namespace);
                let key = ScaleMemory::key(&workload.group, &workload.kind, &workload.name);
                memory.and_then(|memory| memory.entries.get(&key))
            }
        };
        let memory = entry.and_then(|text| ScaleMemory::parse(text).ok());
        originals.replicas = memory.map(|memory| memory.replicas.original);
        originals
    }

    /// A rule that is not carried out, with what can be seen of its target.
    fn refuse(&self, rule: &Arc<Rule>, refusal: Refusal) -> TargetPlan {
        if refusal.code == Code::OtherNamespace {
            // What is there is not for those to see who may not touch it.
            let intent = Intent::Keep(Arc::clone(rule));
            return TargetPlan {
                rule: rule.name.clone(),
                source: Some(rule.place.clone()),
                object: None,
                action: Action::Refuse(refusal),
                ..blank(intent, &ObjectRef::of(&rule.target), rule.target.clone())
            };
        }
        let object = match self.index.candidates(&rule.target) {
            [] => self.index.workload(&rule.target).map(Resolved::Workload),
            [autoscaler] => Some(Resolved::Autoscaler(autoscaler)),
            _ => None,
        };
        let object = object.map(Resolved::object);
        let intent = Intent::Keep(Arc::clone(rule));
        TargetPlan {
            rule: rule.name.clone(),
            source: Some(rule.place.clone()),
            from: object
                .as_ref()
                .map(|object| self.live(object))
                .unwrap_or_default(),
            object,
            action: Action::Refuse(refusal),
            ..blank(intent, &ObjectRef::of(&rule.target), rule.target.clone())
        }
    }

    fn live(&self, object: &ObjectRef) -> Bounds {
        let target = object.target();
        if target.is_autoscaler() {
            let found = self.index.autoscaler(&object.namespace, &object.name);
            return found.map(Bounds::of).unwrap_or_default();
        }
        let replicas = self.index.workload(&target).map(|workload| workload.replicas);
        Bounds {
            replicas,
            ..Bounds::default()
        }
    }

    fn remembered_rule(&self, object: &ObjectRef) -> String {
        let target = object.target();
        let header = if target.is_autoscaler() {
            self.index
                .autoscaler(&object.namespace, &object.name)
                .and_then(|autoscaler| autoscaler.state.as_deref())
                .and_then(|text| AutoscalerMemory::parse(text).ok())
                .map(|memory| memory.header)
        } else {
            let key = ScaleMemory::key(&target.group, &target.kind, &target.name);
            self.index
                .observed
                .memories
                .get(&object.namespace)
                .and_then(|memory| memory.entries.get(&key))
                .and_then(|text| ScaleMemory::parse(text).ok())
                .map(|memory| memory.header)
        };
        header.map(|header| header.rule).unwrap_or_default()
    }
}

fn cannot_sleep(target: &Target, scalable: bool) -> Refusal {
    if scalable {
        return Refusal::new(
            Code::TargetMissing,
            format!(
                "there is no {} {} in namespace {} to put to sleep",
                target.kind, target.name, target.namespace
            ),
            "its autoscaler is there, the workload is not: check the autoscaler's scaleTargetRef",
        );
    }
    Refusal::new(
        Code::NoAutoscaler,
        format!("easyscale cannot set the replicas of {target}, so it cannot put it to sleep"),
        "use minReplicas and maxReplicas instead of replicas: 0",
    )
}

fn blank(intent: Intent, object: &ObjectRef, target: Target) -> TargetPlan {
    TargetPlan {
        intent,
        rule: String::new(),
        source: None,
        target,
        object: Some(object.clone()),
        uid: String::new(),
        action: Action::None,
        from: Bounds::default(),
        to: Bounds::default(),
        originals: Bounds::default(),
        because: Vec::new(),
        until: None,
        waits: None,
        notes: Vec::new(),
        writes: Writes::default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::memory::RememberedScale;
    use super::super::observed::{Driver, MemoryMap, WorkloadRef};
    use super::super::planner::{Options, Planner, Selection};
    use super::*;

    /// A Deployment shop/job that we scaled from 5 to `replicas`.
    fn scaled(replicas: u32) -> Observed {
        let workload = Workload {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "job".to_owned(),
            uid: "u-1".to_owned(),
            replicas,
            ..Workload::default()
        };
        let header = Header::new("default", "job", "u-1", "2026-11-24T17:00:00Z");
        let replicas = RememberedScale {
            original: 5,
            applied: Some(replicas),
            pending: None,
        };
        let entry = ScaleMemory::new(header, &workload.target(), replicas).to_text();
        let memory = MemoryMap {
            resource_version: "1".to_owned(),
            entries: BTreeMap::from([("Deployment.apps.job".to_owned(), entry)]),
        };
        Observed {
            workloads: vec![workload],
            memories: BTreeMap::from([("shop".to_owned(), memory)]),
            ..Observed::default()
        }
    }

    fn driver() -> Driver {
        let workload = WorkloadRef {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            name: "job".to_owned(),
        };
        Driver {
            kind: "ScaledObject".to_owned(),
            namespace: "shop".to_owned(),
            name: "queue".to_owned(),
            workload,
        }
    }

    fn restore(observed: &Observed) -> TargetPlan {
        let options = Options {
            instance: "default".to_owned(),
            prune: true,
            namespaces: BTreeSet::new(),
        };
        let mut plan =
            Planner::new(Vec::new(), options).restore(observed, &Selection::All, Instant::from_unix(0));
        assert_eq!(plan.targets.len(), 1);
        plan.targets.remove(0)
    }

    fn value(plan: &TargetPlan) -> Option<Option<u32>> {
        plan.writes
            .scale
            .as_ref()
            .map(|write| write.value.map(|(value, _)| value))
    }

    #[test]
    fn an_original_is_not_given_up_because_a_driver_cannot_be_seen_now() {
        assert_eq!(value(&restore(&scaled(3))), Some(Some(5)));
        let unseen = Observed {
            unseen_drivers: vec!["cannot list scaledobjects".to_owned()],
            ..scaled(3)
        };
        let plan = restore(&unseen);
        assert_eq!(
            plan.refusal().map(|refusal| refusal.code),
            Some(Code::CannotSeeDrivers)
        );
        assert!(plan.writes.is_empty(), "the memory stays for the next pass");
    }

    #[test]
    fn what_something_else_drives_by_now_is_let_go_and_a_zero_of_ours_is_woken_first() {
        let driven = Observed {
            drivers: vec![driver()],
            ..scaled(3)
        };
        assert_eq!(
            value(&restore(&driven)),
            Some(None),
            "its replicas are not ours to write"
        );
        let asleep = Observed {
            drivers: vec![driver()],
            ..scaled(0)
        };
        assert_eq!(value(&restore(&asleep)), Some(Some(1)));
    }

    #[test]
    fn a_pause_holds_a_letting_go_too() {
        let mut paused = Observed {
            drivers: vec![driver()],
            ..scaled(3)
        };
        paused.workloads[0].pause = Some("true".to_owned());
        assert!(restore(&paused).writes.is_empty());
    }
}
