//! From rules and an observed cluster to a plan: every rule, one by one, and what no rule resolves to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::autoscaler::{self, ObjectPlan};
use super::memory::{AutoscalerMemory, Header, ScaleMemory, Unreadable};
use super::observed::{Autoscaler, ObjectRef, Observed, Workload};
use super::refusal::{Code, Refusal};
use super::resolve::{Index, Resolved, can_scale};
use super::scale;
use super::target_plan::{Action, Bounds, Intent, Note, TargetPlan};
use super::writes::Writes;
use crate::engine::Decision;
use crate::policy::{Rule, Target};
use crate::time::Instant;

/// How a pass plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Which installation this is; the state of others is never touched.
    pub instance: String,
    /// Restore objects that no rule resolves to any more.
    pub prune: bool,
    /// Plan only these namespaces; empty: all.
    pub namespaces: BTreeSet<String>,
}

/// What a `restore` restores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Everything that this instance wrote.
    All,
    /// What was written for this rule.
    Rule(String),
    /// This object, or the autoscaler of this workload.
    Target(Target),
}

/// What a pass has to see besides autoscalers and memories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Kinds of workloads (`Deployment`, `StatefulSet`), by namespace.
    pub workloads: BTreeMap<String, BTreeSet<String>>,
    /// Whether a target has no autoscaler, so that another tool's object may drive it.
    pub drivers: bool,
}

/// The plan of a pass.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The instant that it is for.
    pub at: Instant,
    /// One entry per rule, in the order of the rules; then what no rule resolves to.
    pub targets: Vec<TargetPlan>,
}

/// A plan in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Targets that are changed or restored.
    pub change: usize,
    /// Targets that are as they should be.
    pub unchanged: usize,
    /// Targets that are left alone.
    pub refused: usize,
}

/// Plans passes: the rules and the options of one instance.
#[derive(Debug, Clone)]
pub struct Planner {
    rules: Vec<Arc<Rule>>,
    options: Options,
}

/// What every step of planning a pass needs.
pub(super) struct Pass<'a> {
    pub(super) at: Instant,
    pub(super) instance: &'a str,
    index: Index<'a>,
}

impl Plan {
    /// It in numbers.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for target in &self.targets {
            match &target.action {
                Action::Change | Action::Restore => summary.change += 1,
                Action::None => summary.unchanged += 1,
                Action::Refuse(_) => summary.refused += 1,
            }
        }
        summary
    }
}

impl Planner {
    /// A planner; rules outside the chosen namespaces are left out.
    #[must_use]
    pub fn new(mut rules: Vec<Arc<Rule>>, options: Options) -> Self {
        rules.retain(|rule| options.includes(&rule.target.namespace));
        Self { rules, options }
    }

    /// The rules that it plans.
    #[must_use]
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What still has to be seen, once autoscalers and memories are there.
    #[must_use]
    pub fn needs(&self, observed: &Observed) -> Needs {
        let index = Index::new(observed);
        let mut needs = Needs::default();
        let mut add = |namespace: &str, kind: &str| {
            needs
                .workloads
                .entry(namespace.to_owned())
                .or_default()
                .insert(kind.to_owned());
        };
        let mut drivers = false;
        for rule in &self.rules {
            let target = &rule.target;
            let candidates = index.candidates(target);
            if candidates.is_empty() && can_scale(target) {
                add(&target.namespace, &target.kind);
                drivers = true;
            }
            let sleeps = rule.default.is_sleep() || rule.schedule.iter().any(|window| window.sets.is_sleep());
            if sleeps {
                for autoscaler in candidates
                    .iter()
                    .filter(|autoscaler| autoscaler.workload.group == "apps")
                {
                    add(&autoscaler.namespace, &autoscaler.workload.kind);
                }
            }
        }
        for (namespace, memory) in &observed.memories {
            for entry in memory
                .entries
                .values()
                .filter_map(|text| ScaleMemory::parse(text).ok())
            {
                add(namespace, &entry.kind);
            }
        }
        needs.drivers = drivers;
        needs
    }

    /// Plans every rule, and what no rule resolves to.
    #[must_use]
    pub fn plan(&self, observed: &Observed, at: Instant) -> Plan {
        let pass = Pass::new(observed, at, &self.options.instance);
        let clashes = clashes(&pass, &self.rules);
        let mut targets: Vec<TargetPlan> = self
            .rules
            .iter()
            .enumerate()
            .map(|(number, rule)| match clashes.get(&number) {
                Some(refusal) => refuse_rule(&pass, rule, refusal.clone()),
                None => pass.keep(rule),
            })
            .collect();
        for object in self.abandoned(&pass) {
            targets.push(if self.options.prune {
                pass.restore(&object)
            } else {
                pass.mention(&object)
            });
        }
        Plan { at, targets }
    }

    /// Plans the restoration of what this instance wrote, whatever the rules say.
    #[must_use]
    pub fn restore(&self, observed: &Observed, selection: &Selection, at: Instant) -> Plan {
        let pass = Pass::new(observed, at, &self.options.instance);
        let objects = written(&pass, &self.options)
            .into_iter()
            .filter(|written| selection.covers(&pass, written))
            .map(|written| written.object)
            .collect();
        let targets = pass
            .without_the_scales_of_autoscalers(objects)
            .iter()
            .map(|object| pass.restore(object))
            .collect();
        Plan { at, targets }
    }

    /// Plans one target again, after it was observed again.
    #[must_use]
    pub fn again(&self, intent: &Intent, observed: &Observed, at: Instant) -> TargetPlan {
        let pass = Pass::new(observed, at, &self.options.instance);
        match intent {
            Intent::Keep(rule) => pass.keep(rule),
            Intent::Restore(object) => pass.restore(object),
            Intent::Mention(object) => pass.mention(object),
        }
    }

    /// Objects whose state names our instance and to which no rule resolves.
    fn abandoned(&self, pass: &Pass<'_>) -> Vec<ObjectRef> {
        let mut claimed: HashSet<ObjectRef> = HashSet::new();
        for rule in &self.rules {
            let candidates = pass.index.candidates(&rule.target);
            for autoscaler in &candidates {
                claimed.insert(autoscaler.object());
                claimed.insert(workload_ref(&autoscaler.target()));
            }
            claimed.insert(workload_ref(&rule.target));
        }
        let objects = written(pass, &self.options)
            .into_iter()
            .filter(|written| written.readable && !claimed.contains(&written.object))
            .map(|written| written.object)
            .collect();
        pass.without_the_scales_of_autoscalers(objects)
    }
}

impl Options {
    fn includes(&self, namespace: &str) -> bool {
        self.namespaces.is_empty() || self.namespaces.contains(namespace)
    }
}

/// An object that carries state of this instance, or state that cannot be read.
struct Written {
    object: ObjectRef,
    rule: String,
    readable: bool,
}

fn written(pass: &Pass<'_>, options: &Options) -> Vec<Written> {
    let observed = pass.index.observed;
    let mut found = Vec::new();
    for autoscaler in &observed.autoscalers {
        let Some(text) = &autoscaler.state else { continue };
        let header = AutoscalerMemory::parse(text).map(|memory| memory.header);
        found.extend(pass.written_by_us(autoscaler.object(), header));
    }
    for (namespace, memory) in &observed.memories {
        for text in memory.entries.values() {
            let Ok(entry) = ScaleMemory::parse(text) else {
                continue;
            };
            let target = Target {
                group: entry.group.clone(),
                kind: entry.kind.clone(),
                namespace: namespace.clone(),
                name: entry.name.clone(),
            };
            found.extend(pass.written_by_us(workload_ref(&target), Ok(entry.header)));
        }
    }
    found.retain(|written| options.includes(&written.object.namespace));
    found
}

impl Selection {
    fn covers(&self, pass: &Pass<'_>, written: &Written) -> bool {
        match self {
            Self::All => true,
            Self::Rule(rule) => written.readable && written.rule == *rule,
            Self::Target(target) => {
                written.object == workload_ref(target)
                    || pass
                        .index
                        .candidates(target)
                        .iter()
                        .any(|autoscaler| autoscaler.object() == written.object)
            }
        }
    }
}

fn workload_ref(target: &Target) -> ObjectRef {
    let workload = Workload {
        group: target.group.clone(),
        kind: target.kind.clone(),
        namespace: target.namespace.clone(),
        name: target.name.clone(),
        ..Workload::default()
    };
    workload.object()
}

fn target_of(object: &ObjectRef) -> Target {
    let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
    Target {
        group: group.to_owned(),
        kind: object.kind.clone(),
        namespace: object.namespace.clone(),
        name: object.name.clone(),
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

/// Rules that resolve to one object: the one named in the object's state keeps it, the others are refused.
fn clashes(pass: &Pass<'_>, rules: &[Arc<Rule>]) -> HashMap<usize, Refusal> {
    let mut by_object: HashMap<ObjectRef, Vec<usize>> = HashMap::new();
    for (number, rule) in rules.iter().enumerate() {
        match pass.index.resolve(&rule.target) {
            Ok(Resolved::Autoscaler(autoscaler)) => {
                by_object.entry(autoscaler.object()).or_default().push(number);
            }
            Ok(Resolved::Workload(workload)) => {
                by_object.entry(workload.object()).or_default().push(number);
            }
            Err(_) => {}
        }
    }
    let mut refused = HashMap::new();
    for (object, numbers) in by_object.into_iter().filter(|(_, numbers)| numbers.len() > 1) {
        let keeper = pass.keeper(&object);
        let keeps = |number: &usize| rules.get(*number).map(|rule| rule.name.clone()) == keeper;
        let names: Vec<_> = numbers
            .iter()
            .filter_map(|number| rules.get(*number))
            .map(|rule| format!("{} ({})", rule.name, rule.place))
            .collect();
        for number in numbers.iter().filter(|number| !keeps(number)) {
            refused.insert(
                *number,
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
                ),
            );
        }
    }
    refused
}

impl<'a> Pass<'a> {
    fn new(observed: &'a Observed, at: Instant, instance: &'a str) -> Self {
        Self {
            at,
            instance,
            index: Index::new(observed),
        }
    }

    /// The note of a pause, if the object is paused now. A pause that cannot be read counts.
    pub(super) fn paused(&self, annotation: Option<&str>) -> Option<Note> {
        match annotation?.trim() {
            "" | "false" => None,
            "true" => Some(Note::info(
                "paused",
                "paused by its annotation easyscale.io/pause: nothing is written",
            )),
            text => match Instant::parse(text) {
                Ok(until) if self.at >= until => None,
                Ok(until) => Some(Note::info(
                    "paused",
                    format!("paused until {until} by its annotation easyscale.io/pause: nothing is written"),
                )),
                Err(_) => Some(Note::warning(
                    "paused",
                    format!(
                        "its annotation easyscale.io/pause is {text:?}, which is neither `true` nor an instant: \
                         nothing is written, to be safe"
                    ),
                )),
            },
        }
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

    fn written_by_us(&self, object: ObjectRef, header: Result<Header, Unreadable>) -> Option<Written> {
        match header {
            Ok(header) if header.instance == self.instance => Some(Written {
                object,
                rule: header.rule,
                readable: true,
            }),
            Ok(_) => None,
            Err(_) => Some(Written {
                object,
                rule: String::new(),
                readable: false,
            }),
        }
    }

    /// The restoration of an autoscaler sees to the scale behind it as well; both would wake it twice.
    fn without_the_scales_of_autoscalers(&self, objects: Vec<ObjectRef>) -> Vec<ObjectRef> {
        let autoscalers: HashSet<&ObjectRef> = objects.iter().collect();
        let covered = |object: &ObjectRef| {
            let candidates = self.index.candidates(&target_of(object));
            candidates.iter().any(|autoscaler| {
                let other = autoscaler.object();
                other != *object && autoscaler.controller.is_none() && autoscalers.contains(&other)
            })
        };
        let kept: Vec<bool> = objects.iter().map(|object| !covered(object)).collect();
        let numbered = objects.into_iter().zip(kept);
        numbered
            .filter_map(|(object, keep)| keep.then_some(object))
            .collect()
    }

    /// The rule in the memory of an object that is written, or of the scale behind it.
    fn keeper(&self, object: &ObjectRef) -> Option<String> {
        let target = target_of(object);
        let autoscaler = self.index.autoscaler(&object.namespace, &object.name);
        let Some(autoscaler) = autoscaler.filter(|_| target.is_autoscaler()) else {
            return self.keeper_of_scale(&target);
        };
        match autoscaler::read_memory(self, autoscaler) {
            Ok(Some(memory)) if !memory.is_empty() => Some(memory.header.rule),
            Ok(_) => self.keeper_of_scale(&autoscaler.target()),
            Err(_) => None,
        }
    }

    fn keeper_of_scale(&self, target: &Target) -> Option<String> {
        let key = ScaleMemory::key(&target.group, &target.kind, &target.name);
        let memory = self.index.observed.memories.get(&target.namespace)?;
        let header = ScaleMemory::parse(memory.entries.get(&key)?).ok()?.header;
        (header.instance == self.instance).then_some(header.rule)
    }

    fn keep(&self, rule: &Arc<Rule>) -> TargetPlan {
        match self.index.resolve(&rule.target) {
            Ok(resolved) => self.plan_resolved(
                Intent::Keep(Arc::clone(rule)),
                Some(rule),
                rule.target.clone(),
                resolved,
            ),
            Err(refusal) => refuse_rule(self, rule, refusal),
        }
    }

    fn restore(&self, object: &ObjectRef) -> TargetPlan {
        let intent = Intent::Restore(object.clone());
        let target = target_of(object);
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
            (Some(workload), None) => self.plan_resolved(intent, None, target, Resolved::Workload(workload)),
            (Some(workload), Some(autoscaler)) => {
                let floor = autoscaler.floor.unwrap_or(1);
                let memory = self.index.observed.memories.get(&target.namespace);
                let beside =
                    scale::plan_beside_autoscaler(self, None, workload, memory, &Decision::default(), floor);
                let planned = beside.map(|(write, notes)| {
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
                        notes,
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

    fn mention(&self, object: &ObjectRef) -> TargetPlan {
        let restored = self.restore(object);
        TargetPlan {
            intent: Intent::Mention(object.clone()),
            action: Action::None,
            to: restored.from,
            notes: vec![Note::info(
                "abandoned",
                format!(
                    "rule {:?} wrote it, and no rule names it any more; `easyscale apply --prune` restores it",
                    restored.rule
                ),
            )],
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
        let target = autoscaler.target();
        let memory = self.index.observed.memories.get(&target.namespace);
        let key = ScaleMemory::key(&target.group, &target.kind, &target.name);
        let remembered = memory.is_some_and(|memory| memory.entries.contains_key(&key));
        let sleeps = planned.decision.replicas.is_some();
        if !(sleeps || remembered) || planned.notes.iter().any(|note| note.code == "paused") {
            return Ok(planned);
        }
        let Some(workload) = self.index.workload(&target) else {
            if sleeps {
                return Err(cannot_sleep(&target, can_scale(&target)));
            }
            return Ok(planned);
        };
        let floor = planned.to.min_replicas.unwrap_or(1);
        let (write, notes) =
            scale::plan_beside_autoscaler(self, rule, workload, memory, &planned.decision, floor)?;
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
        Ok(planned)
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
                plan.notes = planned.notes;
                plan.writes = planned.writes;
            }
            Err(refusal) => {
                plan.from = self.live(object);
                plan.action = Action::Refuse(refusal);
            }
        }
        plan
    }

    fn live(&self, object: &ObjectRef) -> Bounds {
        let target = target_of(object);
        if target.is_autoscaler() {
            let found = self.index.autoscaler(&object.namespace, &object.name);
            return found.map_or_else(Bounds::default, |autoscaler| Bounds {
                replicas: None,
                min_replicas: autoscaler.floor,
                max_replicas: Some(autoscaler.ceiling),
            });
        }
        let replicas = self.index.workload(&target).map(|workload| workload.replicas);
        Bounds {
            replicas,
            ..Bounds::default()
        }
    }

    fn remembered_rule(&self, object: &ObjectRef) -> String {
        let target = target_of(object);
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

fn refuse_rule(pass: &Pass<'_>, rule: &Arc<Rule>, refusal: Refusal) -> TargetPlan {
    let candidates = pass.index.candidates(&rule.target);
    let only = match candidates.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    let mut plan = TargetPlan {
        rule: rule.name.clone(),
        source: Some(rule.place.clone()),
        action: Action::Refuse(refusal),
        object: None,
        ..blank(
            Intent::Keep(Arc::clone(rule)),
            &workload_ref(&rule.target),
            rule.target.clone(),
        )
    };
    if let Some(autoscaler) = only {
        plan.object = Some(autoscaler.object());
        plan.uid.clone_from(&autoscaler.uid);
        plan.from = pass.live(&autoscaler.object());
    } else if let (true, Some(workload)) = (candidates.is_empty(), pass.index.workload(&rule.target)) {
        plan.object = Some(workload.object());
        plan.uid.clone_from(&workload.uid);
        plan.from = pass.live(&workload.object());
    }
    plan
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
        because: Vec::new(),
        until: None,
        notes: Vec::new(),
        writes: Writes::default(),
    }
}
