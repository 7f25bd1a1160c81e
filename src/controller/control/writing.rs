//! Writing what is planned: jobs, and what came of them.

use std::sync::Arc;
use tokio::time::Instant as Mono;

use super::super::knot::Key;
use super::super::metrics::Moved;
use super::super::picture::Touched;
use super::super::queue::{Rank, pairs};
use super::super::streams::Watching;
use super::{Control, Finished, JOB_DEADLINE, QUICK, SCALES, backoff, writes_scale};
use crate::cluster::Clock as PassClock;
use crate::cluster::{ApplyOptions, Cluster, EventNote, carry_out, log_change, log_would};
use crate::plan::{Action, Applied, Bounds, Failure, FailureKind, Outcome, Patience, Plan};
use crate::policy::Rule;
use crate::report::rule_status::Progress;
use crate::time::Instant;

impl<'a, C: Cluster, W: Watching> Control<'a, C, W> {
    pub(super) fn begin_jobs(&mut self) {
        while self.jobs.len() < self.settings.concurrency.max(1) && self.fence.holds() {
            let (knots, remembering) = (&self.knots, &self.remembering);
            let next = self.queue.pop(|key, scales| {
                knots.get(key).is_some_and(|knot| !knot.busy)
                    && !(scales && remembering.contains(&key.namespace))
            });
            let Some(key) = next else { return };
            // Planned once more: the queue may have been long, and a window over meanwhile.
            let Some(plan) = self.look(&key) else { continue };
            let mut plans = vec![(key, plan)];
            let scales = plans.iter().any(|(_, plan)| writes_scale(plan));
            if scales {
                let namespace = plans
                    .first()
                    .map(|(key, _)| key.namespace.clone())
                    .unwrap_or_default();
                if self.remembering.contains(&namespace) {
                    for (key, plan) in &plans {
                        self.queue.push(key, Rank::of(plan), true);
                    }
                    continue;
                }
                if plans.iter().any(|(key, _)| self.needs_drivers(key))
                    && self.streams.refresh_drivers(&mut self.watching)
                {
                    // The answer has them looked at again.
                    continue;
                }
                for key in self.queue.pop_scales(&namespace, SCALES) {
                    if let Some(plan) = self.look(&key) {
                        plans.push((key, plan));
                    }
                }
            }
            if self.settings.dry_run {
                for (key, plan) in plans {
                    self.pretend(&key, &plan);
                }
                continue;
            }
            self.begin_job(plans);
        }
    }

    pub(super) fn needs_drivers(&self, key: &Key) -> bool {
        self.knots.get(key).is_some_and(|knot| knot.need.drivers)
    }

    pub(super) fn begin_job(&mut self, plans: Vec<(Key, Plan)>) {
        let keys: Vec<Key> = plans.iter().map(|(key, _)| Arc::clone(key)).collect();
        let mut rules: Vec<Arc<Rule>> = Vec::new();
        let mut owners = Vec::new();
        let mut targets = Vec::new();
        let mut remembered = None;
        for (key, plan) in plans {
            rules.extend(self.rules.of(&key, &self.picture));
            if writes_scale(&plan) {
                // All of one job are of one namespace.
                self.remembering.insert(key.namespace.clone());
                remembered = Some(key.namespace.clone());
            }
            owners.extend(plan.targets.iter().map(|_| Arc::clone(&key)));
            targets.extend(plan.targets);
            if let Some(knot) = self.knots.get_mut(&key) {
                knot.busy = true;
            }
        }
        let observed = self.picture.part(keys.iter().map(AsRef::as_ref));
        let patience = Patience {
            cooldown: true,
            ..Patience::default()
        };
        let planner = self.rules.planner().part(rules, patience);
        let wall = Arc::clone(&self.wall);
        let options = ApplyOptions {
            concurrency: self.settings.concurrency,
            deadline: Mono::now() + JOB_DEADLINE,
            at: PassClock::Wall(Arc::new(move || Instant::from_system_time(wall()))),
            events: None,
            progress: None,
        };
        let (cluster, fence, at) = (self.cluster, self.fence.clone(), self.clock.now());
        let plan = Plan { at, targets };
        self.jobs.push(Box::pin(async move {
            let work = carry_out(cluster, &planner, observed, plan, &options);
            Finished {
                keys,
                remembered,
                owners,
                carried: fence.guard(work).await,
            }
        }));
    }

    /// Says what would be written, once for as long as it is the same.
    pub(super) fn pretend(&mut self, key: &Key, plan: &Plan) {
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        let changing = plan.targets.iter().filter(|target| target.changes());
        let would = changing.clone().map(|it| (it.target.clone(), it.from, it.to));
        let before = std::mem::replace(&mut knot.would, would.collect());
        for target in changing {
            if !before.contains(&(target.target.clone(), target.from, target.to)) {
                log_would(target);
            }
        }
    }

    pub(super) fn finish(&mut self, finished: Finished) {
        let Finished {
            keys,
            remembered,
            owners,
            carried,
        } = finished;
        if let Some(namespace) = remembered {
            self.remembering.remove(&namespace);
        }
        for key in &keys {
            if let Some(knot) = self.knots.get_mut(key) {
                knot.busy = false;
            }
        }
        let carried = match carried {
            // Nobody knows what came of it.
            None => return keys.iter().for_each(|key| self.knots.touch(key)),
            Some(Err(failure)) => {
                tracing::error!(reason = failure.message, "a job failed");
                return keys.iter().for_each(|key| self.knots.touch(key));
            }
            Some(Ok(carried)) => carried,
        };
        let mut touched = Touched::default();
        self.picture.absorb(carried.seen, &mut touched);
        // What was written is right for now; it is looked at once nothing else waits to be written.
        touched.retain(|target| keys.iter().all(|key| **key != *target));
        self.touch(touched);
        for (applied, key) in carried.targets.iter().zip(owners) {
            match &applied.outcome {
                Outcome::Applied => self.applied(&key, applied),
                Outcome::Failed(failure) => self.failed(&key, applied, failure),
                Outcome::Unchanged | Outcome::Refused => {}
            }
        }
        // What failed has an alarm of its own.
        let knots = &self.knots;
        let well = keys
            .into_iter()
            .filter(|key| knots.get(key).is_some_and(|knot| knot.failures == 0));
        self.settled.extend(well);
    }

    pub(super) fn applied(&mut self, key: &Key, applied: &Applied) {
        log_change(applied);
        let plan = &applied.plan;
        let metrics = Arc::clone(&self.gauges.metrics);
        metrics.changed(moved(plan.from, plan.to, &plan.action));
        let mono = Mono::now();
        if let Some(knot) = self.knots.get_mut(key) {
            if let Some(edge) = knot.since_edge.take() {
                // A stagger is meant, and no delay.
                let took = match knot.staggered {
                    Some(until) => mono.saturating_duration_since(until),
                    None => self.clock.ago(edge),
                };
                metrics.edge_to_patch(took);
            }
            if plan.notes.iter().any(|note| note.code == "reverted") {
                metrics.reasserted();
                knot.pace.set_again(mono);
            }
            let streak = match knot.written {
                Some((last, streak)) if mono.saturating_duration_since(last) < QUICK => streak + 1,
                _ => 0,
            };
            knot.written = Some((mono, streak));
            knot.failures = 0;
            knot.failing = None;
            knot.staggered = None;
        }
        self.outage.succeed();
        if let Some(event) = EventNote::of(applied, self.clock.now()) {
            self.queue_event(event);
        }
    }

    pub(super) fn failed(&mut self, key: &Key, applied: &Applied, failure: &Failure) {
        self.gauges.metrics.failed(failure.kind);
        if failure.kind == FailureKind::Conflict {
            self.gauges.metrics.conflicts(1);
        }
        let is_told = self.outage.blame(failure);
        self.note_standing(&applied.plan, Progress::Failed(&failure.message));
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        knot.failures = knot.failures.saturating_add(1);
        let is_new = knot.failing.replace(failure.kind) != Some(failure.kind);
        if !is_told && is_new {
            log_change(applied);
        }
        let again = Mono::now() + backoff(knot.failures.saturating_sub(1));
        self.knots.untouch(key);
        self.knots.set_alarm(key, Some(again));
    }
}

fn moved(from: Bounds, to: Bounds, action: &Action) -> Moved {
    if *action == Action::Restore {
        return Moved::Restore;
    }
    let up = pairs(from, to).any(|(from, to)| to > from);
    let down = pairs(from, to).any(|(from, to)| to < from);
    match (up, down) {
        (true, true) => Moved::Mixed,
        (true, false) => Moved::Raise,
        (false, true) => Moved::Lower,
        (false, false) => Moved::Memory,
    }
}
