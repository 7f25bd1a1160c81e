//! Carries out a plan: bounds and scales first, each target on its own, then the telling.
//!
//! A target whose object is not as it was observed is observed and planned again, at most three times;
//! it is never written blindly. What was not written is a failure, and shows.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;

use futures::StreamExt;
use tokio::time::Instant as Deadline;

use super::events::{EventNote, changes};
use super::{Cluster, Written};
use crate::plan::{
    Action, Applied, Bounds, Failure, FailureKind, Note, Observed, Outcome, Plan, Planner, ScaleWrite,
    TargetPlan, Writes,
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
    pub at: Instant,
    /// Whether changes are told as Kubernetes Events, and their time.
    pub events: Option<Instant>,
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
    let mut pass = Pass {
        cluster,
        planner,
        options,
        observed,
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
    for attempt in 0..=MAX_ATTEMPTS {
        let conflicts = pass.write(&pending).await;
        if conflicts.is_empty() || attempt == MAX_ATTEMPTS {
            break;
        }
        pending = pass.plan_again(&conflicts).await;
    }
    cluster.finish().await?;
    let targets = pass.targets;
    log_changes(&targets);
    if let Some(time) = options.events {
        tell(cluster, &targets, time, options).await;
    }
    Ok(targets)
}

struct Pass<'a, C> {
    cluster: &'a C,
    planner: &'a Planner,
    options: &'a ApplyOptions,
    observed: Observed,
    targets: Vec<Applied>,
    begun: Vec<Begun>,
}

/// What a target was before its first write went through; a later attempt that completes it starts from here.
#[derive(Debug, Clone, Copy, Default)]
struct Begun {
    bounds: Option<Bounds>,
    scale: Option<Bounds>,
}

/// A target that was not written, or not wholly.
struct Stopped {
    failure: Failure,
    /// A value was written before.
    begun: bool,
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            begun: false,
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
                Ok(note) => {
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
        for (number, result) in self.write_scales(&scales).await {
            match result {
                Ok(()) => self.settle(number, Outcome::Applied),
                Err(stopped) => {
                    if stopped.begun {
                        self.begin(number, |begun| &mut begun.scale);
                    }
                    self.fail(number, stopped.failure, &mut conflicts);
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

    async fn write_autoscalers(&self, pending: &[usize]) -> Vec<(usize, Result<Option<Note>, Stopped>)> {
        let jobs = pending.iter().filter_map(|number| {
            let writes = &self.targets.get(*number)?.plan.writes;
            Some(async move { (*number, write_autoscaler(self.cluster, writes).await) })
        });
        complete(pending, self.bounded(jobs).await)
    }

    /// Scales share their memory by namespace: one write before, one after, the scales in between.
    async fn write_scales(&self, pending: &[usize]) -> Vec<(usize, Result<(), Stopped>)> {
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
            write_namespace(self.cluster, namespace, known, &scales, self.options.concurrency).await
        });
        complete(pending, self.bounded(jobs).await.into_iter().flatten().collect())
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

    async fn plan_again(&mut self, conflicts: &[usize]) -> Vec<usize> {
        for number in conflicts {
            let Some(target) = self.targets.get(*number) else {
                continue;
            };
            let intent = target.plan.intent.clone();
            let before = target.plan.clone();
            let again = self.cluster.observe_again(&mut self.observed, &before);
            match tokio::time::timeout_at(self.options.deadline, again).await {
                Ok(Ok(())) => {
                    let plan = self.planner.again(&intent, &self.observed, self.options.at);
                    let plan = match self.begun.get(*number) {
                        Some(begun) => continued(&before, plan, *begun),
                        None => plan,
                    };
                    if let Some(target) = self.targets.get_mut(*number) {
                        if refused(&target.outcome) && plan.writes == before.writes {
                            // It was not for what had changed.
                            continue;
                        }
                        target.outcome = Outcome::of_plan(&plan);
                        target.plan = plan;
                    }
                }
                Ok(Err(failure)) => self.settle(*number, Outcome::Failed(failure)),
                Err(_) => self.settle(*number, Outcome::Failed(out_of_time())),
            }
        }
        let conflicts = conflicts.iter().copied().filter(|number| {
            self.targets
                .get(*number)
                .is_some_and(|target| !matches!(target.outcome, Outcome::Failed(_)))
        });
        self.changing(conflicts.collect::<Vec<_>>())
    }
}

/// The plan that completes `before`, of which something was written: it tells all that the pass changes.
fn continued(before: &TargetPlan, mut plan: TargetPlan, begun: Begun) -> TargetPlan {
    if begun.bounds.is_none() && begun.scale.is_none() {
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
async fn write_autoscaler<C: Cluster>(cluster: &C, writes: &Writes) -> Result<Option<Note>, Stopped> {
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
        released.map_err(|failure| Stopped { failure, begun })?;
    }
    Ok(note)
}

/// The three steps of the scales of one namespace.
async fn write_namespace<C: Cluster>(
    cluster: &C,
    namespace: &str,
    known: Option<&crate::plan::MemoryMap>,
    scales: &[(usize, &ScaleWrite)],
    concurrency: usize,
) -> Vec<(usize, Result<(), Stopped>)> {
    let all = |failure: &Failure| {
        scales
            .iter()
            .map(|(number, _)| (*number, Err(failure.clone().into())))
            .collect()
    };
    let pending: BTreeMap<String, Option<String>> = scales
        .iter()
        .filter_map(|(_, scale)| Some((scale.key.clone(), Some(scale.pending.clone()?))))
        .collect();
    let mut memory = known.cloned();
    if !pending.is_empty() {
        match cluster.write_memory(namespace, known, &pending).await {
            Ok(written) => memory = Some(written),
            Err(failure) => return all(&failure),
        }
    }
    let writes = scales.iter().map(|(number, scale)| async move {
        let result = match scale.value {
            Some((value, manager)) => cluster.write_scale(scale, value, manager).await,
            None => Ok(()),
        };
        (*number, *scale, result)
    });
    let results: Vec<_> = futures::stream::iter(writes)
        .buffer_unordered(concurrency.max(1))
        .collect()
        .await;
    // A scale that failed keeps its `pending`: whether it was written is seen by the next pass.
    let after: BTreeMap<String, Option<String>> = results
        .iter()
        .filter(|(_, _, result)| result.is_ok())
        .map(|(_, scale, _)| (scale.key.clone(), scale.after.clone()))
        .collect();
    let remembered = if after.is_empty() {
        Ok(())
    } else {
        cluster
            .write_memory(namespace, memory.as_ref(), &after)
            .await
            .map(drop)
    };
    results
        .into_iter()
        .map(|(number, scale, result)| {
            let begun = result.is_ok() && scale.value.is_some();
            let result = result.and_then(|()| remembered.clone());
            (number, result.map_err(|failure| Stopped { failure, begun }))
        })
        .collect()
}

/// One structured line per change, after all of them.
fn log_changes(targets: &[Applied]) {
    for applied in targets {
        let plan = &applied.plan;
        let object = plan.object.as_ref();
        let kind = object.map_or("", |object| object.kind.as_str());
        let (namespace, name) = (
            &plan.target.namespace,
            object.map_or("", |object| object.name.as_str()),
        );
        match &applied.outcome {
            Outcome::Applied => {
                let mut windows: Vec<_> = plan
                    .because
                    .iter()
                    .map(|because| because.window.as_deref().unwrap_or("default"))
                    .collect();
                windows.dedup();
                let sources: Vec<_> = plan
                    .because
                    .iter()
                    .map(|because| because.source.to_string())
                    .collect();
                let notes: Vec<_> = plan.notes.iter().map(|note| note.message.as_str()).collect();
                tracing::info!(
                    kind,
                    namespace,
                    name,
                    rule = plan.rule,
                    change = changes(plan.from, plan.to),
                    windows = windows.join(", "),
                    sources = sources.join(", "),
                    notes = notes.join("; "),
                    "{}",
                    if plan.action == Action::Restore {
                        "restored"
                    } else {
                        "changed"
                    },
                );
            }
            Outcome::Failed(failure) => {
                tracing::error!(
                    kind,
                    namespace,
                    name,
                    rule = plan.rule,
                    failure = failure.kind.as_str(),
                    "{failure}"
                );
            }
            Outcome::Refused => {
                if let Some(refusal) = plan.refusal() {
                    tracing::warn!(
                        namespace,
                        name = plan.target.name,
                        rule = plan.rule,
                        code = refusal.code.as_str(),
                        "{}",
                        refusal.message
                    );
                }
            }
            Outcome::Unchanged => {}
        }
    }
}

/// Sends the events. A change that could not be told is done all the same.
async fn tell<C: Cluster>(cluster: &C, targets: &[Applied], time: Instant, options: &ApplyOptions) {
    let events = targets.iter().filter_map(|applied| EventNote::of(applied, time));
    let sending = futures::stream::iter(events)
        .map(|event| async move { cluster.publish(&event).await })
        .buffer_unordered(options.concurrency.max(1))
        .filter_map(|result| std::future::ready(result.err()))
        .collect::<Vec<Failure>>();
    match tokio::time::timeout_at(options.deadline, sending).await {
        Ok(failures) => {
            if let Some(first) = failures.first() {
                let hint = first.hint.clone().unwrap_or_default();
                tracing::warn!(
                    failed = failures.len(),
                    hint,
                    "not every change could be told as an event: {first}"
                );
            }
        }
        Err(_) => tracing::warn!("the deadline passed before every change was told as an event"),
    }
}

fn out_of_time() -> Failure {
    Failure::new(
        FailureKind::Timeout,
        "the deadline of the pass was over before this was done",
    )
    .hint("the next pass will see whether it was done; give it more time with --deadline")
}
