//! Carries out a plan: bounds and scales first, each target on its own, then the telling.
//!
//! A target whose object is not as it was observed is observed and planned again, at most three times;
//! it is never written blindly. What was not written is a failure, and shows.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures::StreamExt;
use tokio::sync::Semaphore;
use tokio::time::Instant as Deadline;

use super::tell::{log_change, tell};
use super::{Cluster, Written};
use crate::plan::{
    Action, Applied, Autoscaler, Bounds, FIELD_MANAGER, Failure, FailureKind, MemoryMap, Note, ObjectRef,
    Observed, Outcome, Plan, Planner, ScaleWrite, TargetPlan, Workload, Writes,
};
use crate::time::Instant;

/// How often an object that keeps changing is planned again.
const MAX_ATTEMPTS: usize = 3;

/// How a plan is carried out.
#[derive(Debug, Clone)]
pub struct ApplyOptions {
    /// Requests in flight at most.
    pub concurrency: usize,
    /// The pass ends by then, done or not.
    pub deadline: Deadline,
    /// The instant to which plans are made again.
    pub at: Clock,
    /// Whether changes are told as Kubernetes Events, and their time.
    pub events: Option<Instant>,
    /// Told after each written target: how many are done, and of how many.
    pub progress: Option<fn(usize, usize)>,
}

/// What time it is for a pass.
#[derive(Clone)]
pub enum Clock {
    /// Always this instant (`--at`).
    Pretended(Instant),
    /// Whatever the wall says: a pass that was held up must not write the bounds of the window before.
    Wall(Arc<dyn Fn() -> Instant + Send + Sync>),
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pretended(at) => f.debug_tuple("Pretended").field(at).finish(),
            Self::Wall(_) => f.write_str("Wall"),
        }
    }
}

impl Clock {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Instant {
        match self {
            Self::Pretended(at) => *at,
            Self::Wall(now) => now(),
        }
    }
}

/// What came of a plan.
#[derive(Debug)]
pub struct Carried {
    /// Its targets, each with its outcome.
    pub targets: Vec<Applied>,
    /// The objects that were written or seen again meanwhile, as they were last.
    pub seen: Observed,
}

/// Carries out `plan`, and tells about it.
///
/// # Errors
/// Only when the backend cannot store what was written ([`Cluster::finish`]); what fails for one target is
/// in its outcome.
pub async fn apply<C: Cluster>(
    cluster: &C,
    planner: &Planner,
    observed: Observed,
    plan: Plan,
    options: &ApplyOptions,
) -> Result<Vec<Applied>, Failure> {
    let Carried { targets, .. } = carry_out(cluster, planner, observed, plan, options).await?;
    targets.iter().for_each(log_change);
    if let Some(time) = options.events {
        tell(cluster, &targets, time, options).await;
    }
    Ok(targets)
}

/// Carries out `plan`; nobody is told.
///
/// # Errors
/// Only when the backend cannot store what was written ([`Cluster::finish`]); what fails for one target is
/// in its outcome.
pub async fn carry_out<C: Cluster>(
    cluster: &C,
    planner: &Planner,
    observed: Observed,
    plan: Plan,
    options: &ApplyOptions,
) -> Result<Carried, Failure> {
    let mut pass = Pass {
        cluster,
        planner,
        options,
        observed,
        seen: Observed::default(),
        gate: Semaphore::new(options.concurrency.max(1)),
        done: Cell::new(0),
        total: 0,
        begun: vec![Begun::default(); plan.targets.len()],
        targets: plan
            .targets
            .into_iter()
            .map(|plan| Applied {
                outcome: Outcome::of_plan(&plan),
                plan,
            })
            .collect(),
    };
    let mut pending: Vec<usize> = pass.changing(0..pass.targets.len());
    pass.total = pending.len();
    for attempt in 0..=MAX_ATTEMPTS {
        let conflicts = pass.write(&pending).await;
        if conflicts.is_empty() || attempt == MAX_ATTEMPTS {
            break;
        }
        pending = pass.plan_again(&conflicts).await;
    }
    cluster.finish().await?;
    Ok(Carried {
        targets: pass.targets,
        seen: pass.seen,
    })
}

struct Pass<'a, C> {
    cluster: &'a C,
    planner: &'a Planner,
    options: &'a ApplyOptions,
    observed: Observed,
    /// What was written or seen again.
    seen: Observed,
    targets: Vec<Applied>,
    begun: Vec<Begun>,
    gate: Semaphore,
    done: Cell<usize>,
    total: usize,
}

/// What a target was before its first write went through; a later attempt that completes it starts from here.
#[derive(Debug, Clone, Copy, Default)]
struct Begun {
    bounds: Option<Bounds>,
    scale: Option<Bounds>,
    /// Its memory says already what is to become of its scale.
    remembered: bool,
}

impl Begun {
    fn any(self) -> bool {
        self.bounds.is_some() || self.scale.is_some()
    }
}

/// The memories of namespaces, after a write.
type Memories = Vec<(String, MemoryMap)>;

/// An autoscaler that was written.
struct Wrote {
    note: Option<Note>,
    seen: Option<Autoscaler>,
}

/// A target that was not written, or not wholly.
struct Stopped {
    failure: Failure,
    /// A value was written before.
    begun: bool,
    /// The memory of a scale was written before.
    remembered: bool,
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            begun: false,
            remembered: false,
        }
    }
}

impl<C: Cluster> Pass<'_, C> {
    fn changing(&self, numbers: impl IntoIterator<Item = usize>) -> Vec<usize> {
        numbers
            .into_iter()
            .filter(|number| {
                self.targets
                    .get(*number)
                    .is_some_and(|target| target.plan.changes())
            })
            .collect()
    }

    /// Writes these targets and returns those whose objects were not as observed.
    async fn write(&mut self, pending: &[usize]) -> Vec<usize> {
        let after_bounds = self.write_autoscalers(pending).await;
        let mut conflicts: Vec<usize> = Vec::new();
        let mut scales: Vec<usize> = Vec::new();
        for (number, result) in after_bounds {
            match result {
                Ok(Wrote { note, seen }) => {
                    self.seen.autoscalers.extend(seen);
                    let Some(target) = self.targets.get_mut(number) else {
                        continue;
                    };
                    if let Some(note) = note {
                        target.plan.to.min_replicas = Some(1);
                        target.plan.notes.push(note);
                    }
                    target.outcome = Outcome::Applied;
                    let writes = &target.plan.writes;
                    if writes.scale.is_some() {
                        scales.push(number);
                    }
                    if writes.bounds.is_some() {
                        self.begin(number, |begun| &mut begun.bounds);
                    }
                }
                Err(stopped) => {
                    if stopped.begun {
                        self.begin(number, |begun| &mut begun.bounds);
                    }
                    self.fail(number, stopped.failure, &mut conflicts);
                }
            }
        }
        let (results, memories) = self.write_scales(&scales).await;
        self.seen.memories.extend(memories);
        for (number, result) in results {
            match result {
                Ok(version) => {
                    let scaled = version.and_then(|version| self.scaled(number, version));
                    self.seen.workloads.extend(scaled);
                    self.settle(number, Outcome::Applied);
                }
                Err(Stopped {
                    mut failure,
                    begun,
                    remembered,
                }) => {
                    if begun {
                        self.begin(number, |begun| &mut begun.scale);
                    }
                    if let Some(begun) = self.begun.get_mut(number) {
                        begun.remembered |= remembered;
                    }
                    if self
                        .targets
                        .get(number)
                        .is_some_and(|target| target.plan.writes.bounds.is_some())
                    {
                        failure
                            .message
                            .push_str("; the bounds of its autoscaler were written before that");
                    }
                    self.fail(number, failure, &mut conflicts);
                }
            }
        }
        conflicts
    }

    fn begin(&mut self, number: usize, part: impl Fn(&mut Begun) -> &mut Option<Bounds>) {
        if let (Some(target), Some(begun)) = (self.targets.get(number), self.begun.get_mut(number)) {
            part(begun).get_or_insert(target.plan.from);
        }
    }

    fn settle(&mut self, number: usize, outcome: Outcome) {
        if let Some(target) = self.targets.get_mut(number) {
            target.outcome = outcome;
        }
    }

    fn fail(&mut self, number: usize, failure: Failure, conflicts: &mut Vec<usize>) {
        // A vanished object is planned again too: the plan then says that its target is missing. And so is what
        // the API refuses: a recreated object (its uid), or a bound that moved meanwhile, looks like a mistake.
        if matches!(
            failure.kind,
            FailureKind::Conflict | FailureKind::NotFound | FailureKind::Invalid
        ) {
            conflicts.push(number);
        }
        self.settle(number, Outcome::Failed(failure));
    }

    /// The workload of a target, after its scale was written.
    fn scaled(&self, number: usize, resource_version: String) -> Option<Workload> {
        let write = self.targets.get(number)?.plan.writes.scale.as_ref()?;
        let (replicas, manager) = write.value?;
        let before = self
            .observed
            .workloads
            .iter()
            .find(|workload| workload.uid == write.uid && workload.name == write.object.name)?;
        let mut workload = Workload {
            replicas,
            resource_version,
            ..before.clone()
        };
        workload.managers.owns_scale = manager == FIELD_MANAGER;
        Some(workload)
    }

    async fn write_autoscalers(&self, pending: &[usize]) -> Vec<(usize, Result<Wrote, Stopped>)> {
        let jobs = pending.iter().filter_map(|number| {
            let writes = &self.targets.get(*number)?.plan.writes;
            Some(async move {
                let result = write_autoscaler(self.cluster, writes).await;
                if writes.scale.is_none() {
                    self.tick();
                }
                (*number, result)
            })
        });
        complete(pending, self.bounded(jobs).await)
    }

    /// Scales share their memory by namespace: one write before, one after, the scales in between.
    async fn write_scales(
        &self,
        pending: &[usize],
    ) -> (Vec<(usize, Result<Option<String>, Stopped>)>, Memories) {
        let mut groups: BTreeMap<&str, Vec<(usize, &ScaleWrite)>> = BTreeMap::new();
        for number in pending {
            let scale = self
                .targets
                .get(*number)
                .and_then(|target| target.plan.writes.scale.as_ref());
            if let Some(scale) = scale {
                groups
                    .entry(&scale.object.namespace)
                    .or_default()
                    .push((*number, scale));
            }
        }
        let jobs = groups.into_iter().map(|(namespace, scales)| async move {
            let known = self.observed.memories.get(namespace);
            let (results, memory) = self.write_namespace(namespace, known, &scales).await;
            (results, memory.map(|memory| (namespace.to_owned(), memory)))
        });
        let (results, memories): (Vec<_>, Vec<_>) = self.bounded(jobs).await.into_iter().unzip();
        let memories = memories.into_iter().flatten().collect();
        (
            complete(pending, results.into_iter().flatten().collect()),
            memories,
        )
    }

    /// The three steps of the scales of one namespace.
    async fn write_namespace(
        &self,
        namespace: &str,
        known: Option<&MemoryMap>,
        scales: &[(usize, &ScaleWrite)],
    ) -> (Vec<(usize, Result<Option<String>, Stopped>)>, Option<MemoryMap>) {
        let pending: BTreeMap<String, Option<String>> = scales
            .iter()
            .filter_map(|(_, scale)| Some((scale.key.clone(), Some(scale.pending.clone()?))))
            .collect();
        let mut memory = known.cloned();
        if !pending.is_empty() {
            match self
                .gated(self.cluster.write_memory(namespace, known, &pending))
                .await
            {
                Ok(written) => memory = Some(written),
                Err(failure) => {
                    let failed = scales
                        .iter()
                        .map(|(number, _)| (*number, Err(failure.clone().into())));
                    return (failed.collect(), None);
                }
            }
        }
        let writes = scales.iter().map(|(number, scale)| async move {
            let result = match scale.value {
                Some((value, manager)) => self
                    .gated(self.cluster.write_scale(scale, value, manager))
                    .await
                    .map(Some),
                None => Ok(None),
            };
            self.tick();
            (*number, *scale, result)
        });
        let results = futures::future::join_all(writes).await;
        // A scale that failed keeps its `pending`: whether it was written is seen by the next pass.
        let after: BTreeMap<String, Option<String>> = results
            .iter()
            .filter(|(_, _, result)| result.is_ok())
            .map(|(_, scale, _)| (scale.key.clone(), scale.after.clone()))
            // What was never remembered need not be forgotten.
            .filter(|(key, after)| {
                after.is_some()
                    || memory
                        .as_ref()
                        .is_some_and(|memory| memory.entries.contains_key(key))
            })
            .collect();
        let mut remembered = Ok(());
        if !after.is_empty() {
            let writing = self.cluster.write_memory(namespace, memory.as_ref(), &after);
            match self.gated(writing).await {
                Ok(written) => memory = Some(written),
                Err(failure) => remembered = Err(failure),
            }
        }
        let results = results
            .into_iter()
            .map(|(number, scale, result)| {
                let begun = result.is_ok() && scale.value.is_some();
                let result = result.and_then(|version| remembered.clone().map(|()| version));
                let stopped = |failure| Stopped {
                    failure,
                    begun,
                    remembered: scale.pending.is_some(),
                };
                (number, result.map_err(stopped))
            })
            .collect();
        (results, memory)
    }

    /// A request when there is room for it: scales of many namespaces share one bound.
    async fn gated<T>(&self, request: impl Future<Output = T>) -> T {
        // The gate is never closed; if it were, an unbounded request would be better than none.
        let _room = self.gate.acquire().await.ok();
        request.await
    }

    fn tick(&self) {
        let done = self.done.get() + 1;
        self.done.set(done);
        if let Some(progress) = self.options.progress {
            progress(done, self.total);
        }
    }

    /// Runs jobs with bounded concurrency until the deadline, and returns what was done by then.
    async fn bounded<J: Future>(&self, jobs: impl Iterator<Item = J>) -> Vec<J::Output> {
        let until = tokio::time::sleep_until(self.options.deadline);
        futures::stream::iter(jobs)
            .buffer_unordered(self.options.concurrency.max(1))
            .take_until(until)
            .collect()
            .await
    }

    async fn look_again(&self, conflicts: &[usize]) -> Vec<(usize, Result<Observed, Stopped>)> {
        let looks = conflicts.iter().filter_map(|number| {
            let before = &self.targets.get(*number)?.plan;
            Some(async move {
                let mut seen = Observed::default();
                let result = self.cluster.observe_again(&mut seen, before).await;
                (*number, result.map(|()| seen).map_err(Stopped::from))
            })
        });
        complete(conflicts, self.bounded(looks).await)
    }

    async fn plan_again(&mut self, conflicts: &[usize]) -> Vec<usize> {
        let mut again = Vec::new();
        for (number, look) in self.look_again(conflicts).await {
            match (look, self.targets.get(number)) {
                (Ok(seen), Some(target)) => {
                    self.seen.autoscalers.extend(seen.autoscalers.iter().cloned());
                    self.seen.workloads.extend(seen.workloads.iter().cloned());
                    self.seen.memories.extend(seen.memories.clone());
                    renew(&mut self.observed, seen, &target.plan);
                    again.push(number);
                }
                (Err(stopped), _) => self.settle(number, Outcome::Failed(stopped.failure)),
                (Ok(_), None) => {}
            }
        }
        let intents = again
            .iter()
            .filter_map(|number| Some(&self.targets.get(*number)?.plan.intent));
        let plans = self.planner.again(intents, &self.observed, self.options.at.now());
        let mut pending = Vec::new();
        for (number, plan) in again.into_iter().zip(plans) {
            let begun = self.begun.get(number).copied().unwrap_or_default();
            let Some(target) = self.targets.get_mut(number) else {
                continue;
            };
            let plan = continued(&target.plan, plan, begun);
            if refused(&target.outcome) && plan.writes == target.plan.writes {
                // It was not for what had changed.
                continue;
            }
            target.outcome = Outcome::of_plan(&plan);
            if plan.changes() && !plan.writes.is_empty() {
                pending.push(number);
            } else if begun.any() {
                // Another pass has done the rest.
                target.outcome = Outcome::Applied;
            }
            target.plan = plan;
        }
        pending
    }
}

/// Puts what was seen again of a target in the place of what was seen before.
fn renew(observed: &mut Observed, seen: Observed, target: &TargetPlan) {
    if target.writes.bounds.is_some() || target.writes.release.is_some() {
        if let Some(object) = &target.object {
            let known = (&object.namespace, &object.name);
            observed
                .autoscalers
                .retain(|one| (&one.namespace, &one.name) != known);
        }
        observed.autoscalers.extend(seen.autoscalers);
    }
    if let Some(scale) = &target.writes.scale {
        let ObjectRef {
            kind,
            namespace,
            name,
            ..
        } = &scale.object;
        let known = (kind, namespace, name);
        observed
            .workloads
            .retain(|one| (&one.kind, &one.namespace, &one.name) != known);
        observed.workloads.extend(seen.workloads);
        observed.memories.remove(namespace);
        observed.memories.extend(seen.memories);
    }
}

/// The plan that completes `before`, of which something may be written: it tells all that the pass changes.
fn continued(before: &TargetPlan, mut plan: TargetPlan, begun: Begun) -> TargetPlan {
    if !begun.any() {
        // The same values at another version: what is told of them is what was seen before this pass wrote the memory,
        // which by now says of them what it has learnt.
        if begun.remembered && (plan.from, plan.to) == (before.from, before.to) {
            plan.notes.clone_from(&before.notes);
        }
        return plan;
    }
    if let Some(from) = begun.bounds {
        plan.from.min_replicas = from.min_replicas;
        plan.from.max_replicas = from.max_replicas;
    }
    if let Some(from) = begun.scale {
        plan.from.replicas = from.replicas;
    }
    if plan.action == Action::None {
        plan.action = before.action.clone();
    }
    let told = before.notes.iter();
    let mut notes: Vec<Note> = told.filter(|note| !plan.notes.contains(note)).cloned().collect();
    notes.append(&mut plan.notes);
    TargetPlan { notes, ..plan }
}

fn refused(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(failure) if failure.kind == FailureKind::Invalid)
}

/// What has no result was not done in time.
fn complete<T>(
    pending: &[usize],
    mut results: Vec<(usize, Result<T, Stopped>)>,
) -> Vec<(usize, Result<T, Stopped>)> {
    let done: HashSet<usize> = results.iter().map(|(number, _)| *number).collect();
    let late = pending.iter().filter(|number| !done.contains(number));
    results.extend(late.map(|number| (*number, Err(out_of_time().into()))));
    results
}

/// Bounds, then the release. An original floor of zero that the API no longer takes becomes one.
async fn write_autoscaler<C: Cluster>(cluster: &C, writes: &Writes) -> Result<Wrote, Stopped> {
    let mut note = None;
    let mut written: Option<Written> = None;
    if let Some(bounds) = &writes.bounds {
        written = Some(match cluster.write_bounds(bounds).await {
            Err(failure)
                if failure.kind == FailureKind::Invalid
                    && bounds.floor == Some(0)
                    && writes.release.is_some() =>
            {
                note = Some(Note {
                    code: "floor-zero-not-restorable",
                    message: format!(
                        "the original minReplicas of 0 is refused now, so 1 was written: {failure}"
                    ),
                    warning: true,
                });
                let mut with_one = bounds.clone();
                with_one.floor = Some(1);
                cluster.write_bounds(&with_one).await?
            }
            result => result?,
        });
    }
    if let Some(release) = &writes.release {
        let begun = written.is_some();
        let released = cluster.release(release, written.as_ref()).await;
        written = Some(released.map_err(|failure| Stopped {
            begun,
            ..Stopped::from(failure)
        })?);
    }
    let seen = written.and_then(|written| written.seen).map(|seen| *seen);
    Ok(Wrote { note, seen })
}

fn out_of_time() -> Failure {
    Failure::new(
        FailureKind::Timeout,
        "the deadline of the pass was over before this was done",
    )
    .hint("the next pass will see whether it was done; give it more time with --deadline")
}
