//! Rules from inside the cluster: reading them again, and the statuses of those that are custom resources.

use std::sync::Arc;

use super::super::knot::Refused;
use super::super::news;
use super::super::rules::Rules;
use super::super::streams::Watching;
use super::super::supplies::{StatusWrite, Verdict};
use super::{Control, REPORTING, Reported, UNREAD};
use crate::cluster::{Cluster, EventNote, Reason, Stream, Watched};
use crate::plan::{Failure, FailureKind, Intent, ObjectRef, Observed, Plan, TargetPlan, has_mistakes};
use crate::policy::{Rule, Scope, Target};
use crate::report::rule_status::{Acceptance, Progress, Standing};

impl<C: Cluster, W: Watching> Control<'_, C, W> {
    /// Reads again what has changed, and puts it in force as far as it can be used.
    pub(super) fn read_supplies(&mut self) {
        if self.supplies.are_stirred() {
            self.read_some_supplies();
        }
        let is_all_seen = || {
            self.streams
                .supplies()
                .all(|stream| self.supplies.is_complete(&stream))
        };
        if self.is_unread && !self.supplies.are_stirred() && is_all_seen() {
            self.is_unread = false;
            self.gauges.health.set_supplied();
            self.in_doubt.remove(&Scope::Files, UNREAD);
            self.touch_abandoned();
            tracing::info!(
                rules = self.supplies.rules().count(),
                "the rules in the cluster are seen"
            );
        }
    }

    fn read_some_supplies(&mut self) {
        let (verdicts, gone, mut targets) = self.supplies.read_again(&self.ground);
        for scope in gone {
            if self.mistaken.remove(&scope) {
                self.in_doubt.remove(&scope, &has_mistakes(&scope));
                self.settled_doubt = true;
            }
            tracing::info!(source = %scope, "its rules are gone");
        }
        for verdict in verdicts {
            self.tell_verdict(&verdict);
            targets.extend(verdict.targets);
        }
        self.put_rules_in_force();
        for target in targets {
            self.touch_home(target);
        }
        // Until all is read, nobody knows what else may name a target.
        if !self.supplies.are_stirred() {
            self.touch_abandoned();
        }
        self.gauges.metrics.rule_objects(&self.supplies.count());
    }

    /// The rules of files and those of the cluster together.
    pub(super) fn put_rules_in_force(&mut self) {
        let rules = self.file_rules.iter().chain(self.supplies.rules());
        let planner = self.rules.planner().with_rules(rules.cloned().collect());
        self.gauges.metrics.targets(planner.rules().len());
        let (near, far) = planner.by_reach();
        self.rules = Rules::new(near);
        self.foreign = far;
        self.tell_foreign();
    }

    /// Rules that may not touch their targets are refused here, without a look at anything: they take no part in what
    /// becomes of those targets.
    pub(super) fn tell_foreign(&mut self) {
        if !self.leading {
            return;
        }
        let plan = self.foreign.plan(&Observed::default(), self.clock.now());
        let refused: Vec<Refused> = plan.targets.iter().filter_map(Refused::of).collect();
        let before = std::mem::replace(&mut self.foreign_refused, refused.clone());
        if before != refused {
            self.count_refusals(&before, &refused);
            self.gauges.metrics.refusals(&self.refusals);
        }
        let told = std::mem::replace(&mut self.foreign_told, news::of(&plan));
        for event in news::tell(&plan, &told, self.clock.now()) {
            self.queue_event_of_rule(&plan, event);
        }
        self.note_standings(&plan, false);
    }

    /// An event that may be about the object that a rule is in.
    pub(super) fn queue_event_of_rule(&mut self, plan: &Plan, mut event: EventNote) {
        if event.uid.is_empty() {
            let mut rules = plan.targets.iter().filter_map(|target| match &target.intent {
                Intent::Keep(rule) => Some(rule),
                _ => None,
            });
            // `kubectl describe` finds events by it.
            if let Some(rule) =
                rules.find(|rule| ObjectRef::of_scope(&rule.scope).as_ref() == Some(&event.regarding))
            {
                event.uid = self.supplies.uid(&rule.scope);
            }
        }
        self.queue_event(event);
    }

    fn tell_verdict(&mut self, verdict: &Verdict) {
        let Verdict {
            scope,
            uid,
            before,
            acceptance,
            in_force,
            ..
        } = verdict;
        let is_changed = before.as_ref() != Some(acceptance);
        match acceptance {
            Acceptance::Accepted => {
                if self.mistaken.remove(scope) {
                    self.in_doubt.remove(scope, &has_mistakes(scope));
                    self.settled_doubt = true;
                    tracing::info!(source = %scope, "its rules are in force again");
                }
            }
            Acceptance::Invalid(why) => {
                if self.mistaken.insert(scope.clone()) {
                    self.in_doubt.add(scope, &has_mistakes(scope));
                }
                if !is_changed {
                    return;
                }
                let stays = match in_force {
                    true => "the last good rules of it stay in force",
                    false => "nothing of it is in force",
                };
                tracing::error!(source = %scope, reason = why, "its rules have mistakes: {stays}");
                if let (true, Some(object)) = (self.leading, ObjectRef::of_scope(scope)) {
                    let note = format!("the rules have mistakes, {stays}; {why}");
                    let time = self.clock.now();
                    let event = EventNote::new(object, uid.clone(), Reason::PolicyInvalid, true, &note, time);
                    self.queue_event(event);
                }
            }
        }
    }

    /// Notes what became of the rules of a plan; of what is being written that is known later.
    pub(super) fn note_standings(&mut self, plan: &Plan, is_due: bool) {
        for target in &plan.targets {
            if !(is_due && target.changes()) {
                self.note_standing(target, Progress::Waiting);
            }
        }
    }

    pub(super) fn note_standing(&mut self, target: &TargetPlan, progress: Progress<'_>) {
        if let Intent::Keep(rule) = &target.intent
            && matches!(rule.scope, Scope::ScalingRule(_))
        {
            self.supplies
                .set_standing(&rule.scope, Standing::of(target, progress));
        }
    }

    /// Notes of the rules that nothing can be said of before this stream tells something, why it does not.
    pub(super) fn tell_unseen(&mut self, stream: &Stream, failure: &Failure) {
        if self.picture.is_complete(stream) {
            return;
        }
        let waits = |target: &Target| {
            let needs_workload = || self.knots.get(target).is_some_and(|knot| knot.need.workload);
            stream.covers(&target.namespace)
                && match &stream.of {
                    Watched::Autoscalers | Watched::Memories => true,
                    Watched::Workloads(kind) => *kind == target.kind && needs_workload(),
                    // What may not be seen of them is a refusal of the plan.
                    Watched::Drivers { .. } | Watched::PolicyMaps(_) | Watched::ScalingRules => false,
                }
        };
        let waiting: Vec<Arc<Rule>> = self
            .rules
            .planner()
            .rules()
            .iter()
            .filter(|rule| waits(&rule.target))
            .cloned()
            .collect();
        for rule in waiting {
            if matches!(rule.scope, Scope::ScalingRule(_)) {
                self.supplies
                    .set_standing(&rule.scope, Standing::unseen(&rule.target, failure));
            }
        }
    }

    /// Statuses follow the bounds, a few at a time.
    pub(super) fn begin_reporting(&mut self) {
        let is_quiet = self.queue.is_empty() && self.jobs.is_empty();
        if !(is_quiet && self.leading && self.fence.holds()) || self.settings.dry_run {
            return;
        }
        while self.reporting.len() < REPORTING
            && let Some(write) = self.supplies.take_status(self.clock.now())
        {
            let (cluster, fence) = (self.cluster, self.fence.clone());
            self.reporting.push(Box::pin(async move {
                let StatusWrite { rule, uid, patch, .. } = &write;
                let sent = fence.guard(cluster.write_status(rule, uid, patch)).await;
                Reported { write, sent }
            }));
        }
    }

    pub(super) fn reported(&mut self, reported: Reported) {
        let Reported { write, sent } = reported;
        let scope = Scope::ScalingRule(write.rule);
        match sent {
            Some(Ok(())) => {
                self.supplies.wrote_status(&scope, &write.uid, Some(write.after));
            }
            // Nobody knows what came of it.
            None => self.supplies.look_at(&scope),
            // It is gone: then nobody waits for it.
            Some(Err(Failure {
                kind: FailureKind::NotFound,
                ..
            })) => {}
            Some(Err(failure)) if self.supplies.wrote_status(&scope, &write.uid, None) => {
                let hint = failure.hint.unwrap_or_default();
                tracing::warn!(
                    rule = %scope,
                    reason = failure.message,
                    hint,
                    "its status could not be written; trying again"
                );
            }
            // Told before.
            Some(Err(_)) => {}
        }
    }
}
