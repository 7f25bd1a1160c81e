//! Looking at what is due: plans, and when to look again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant as Mono;

use super::super::knot::{Due, Key, Knot, Need, Refused};
use super::super::news;
use super::super::picture::Touched;
use super::super::queue::Rank;
use super::super::streams::Watching;
use super::{Control, DOUBT, PATIENT_WRITES, QUICK, backoff, writes_scale};
use crate::cluster::{Cluster, Stream};
use crate::engine::{Base, decide};
use crate::plan::{Code, Intent, Observed, Patience, Plan, Planner, TargetPlan, refused};
use crate::policy::{Rule, Target};
use crate::time::Instant;

impl<C: Cluster, W: Watching> Control<'_, C, W> {
    pub(super) fn look_at_what_is_due(&mut self) {
        let due = self.knots.take_due(self.clock.now(), Mono::now());
        if due.is_empty() {
            return;
        }
        // Whether a rule is refused has to be known before anything is restored.
        let (with_rules, without): (Vec<Due>, Vec<Due>) = due
            .into_iter()
            .partition(|due| !self.rules.of(&due.key, &self.picture).is_empty());
        let was_undecided = !self.undecided.is_empty();
        let busy = with_rules.iter().filter(|due| self.is_busy(&due.key));
        let busy: Vec<Key> = busy.map(|due| Arc::clone(&due.key)).collect();
        self.undecided.extend(busy);
        for Due { key, edge } in with_rules.into_iter().chain(without) {
            if let Some(knot) = self.knots.get_mut(&key) {
                knot.since_edge = knot.since_edge.or(edge);
            }
            if self.is_busy(&key) {
                continue;
            }
            match self.look(&key) {
                Some(plan) => {
                    let scales = writes_scale(&plan);
                    self.queue.push(&key, Rank::of(&plan), scales);
                }
                None => self.queue.remove(&key),
            }
        }
        let is_decided = was_undecided && self.undecided.is_empty();
        if self.settled_doubt || is_decided {
            self.touch_abandoned();
        }
        self.gauges.metrics.refusals(&self.refusals);
    }

    /// Has looked at what was not restored because of a doubt that is settled.
    pub(super) fn touch_abandoned(&mut self) {
        self.settled_doubt = false;
        let waiting: Vec<Key> = self
            .knots
            .keys()
            .filter(|key| self.knots.get(key).is_some_and(|knot| knot.abandoned))
            .cloned()
            .collect();
        for key in waiting {
            self.knots.touch(&key);
        }
    }

    pub(super) fn is_busy(&self, key: &Key) -> bool {
        self.knots.get(key).is_some_and(|knot| knot.busy)
    }

    /// Plans a knot, notes when it is looked at next, and says what of it is to be written now, if anything is.
    pub(super) fn look(&mut self, key: &Key) -> Option<Plan> {
        let rules = self.rules.of(key, &self.picture);
        if rules.is_empty() && !self.picture.remembers(key) {
            self.forget(key);
            return None;
        }
        if rules.is_empty() {
            self.undecided.remove(key);
            if !self.undecided.is_empty() || self.supplies.are_stirred() {
                self.knots.get_mut(key)?.abandoned = true;
                return None;
            }
        }
        let mut observed = self.picture.part([key.as_ref()]);
        observed.unseen_drivers = self.streams.unseen();
        let mut patience = Patience {
            cooldown: true,
            ..Patience::default()
        };
        let planner = self.rules.planner().part(rules.clone(), patience.clone());
        if !self.sees_enough(key, &planner, &observed) {
            if !rules.is_empty() {
                self.undecided.insert(Arc::clone(key));
            }
            return None;
        }
        let (now, mono) = (self.clock.now(), Mono::now());
        // What was refused of this knot may not be any more.
        let own = self
            .knots
            .get(key)
            .map_or(Vec::new(), |knot| knot.refused.clone());
        self.forget_doubts(&own);
        let mut plan = planner.plan_beside(&observed, now, &self.in_doubt);
        self.gauges
            .metrics
            .decided(u64::try_from(rules.len()).unwrap_or(u64::MAX));
        let knot = self.knots.get_mut(key)?;
        if has_note(&plan, "reverted") {
            if let Some(until) = knot.pace.put_back(mono) {
                let until = self.clock.instant_of(until);
                knot.paced = plan
                    .targets
                    .iter()
                    .filter_map(|target| target.object.clone())
                    .collect();
                let objects = knot.paced.iter().cloned();
                patience.reverts.extend(objects.map(|object| (object, until)));
                let planner = self.rules.planner().part(rules.clone(), patience);
                plan = planner.plan_beside(&observed, now, &self.in_doubt);
            }
        } else {
            knot.pace.settled();
        }
        self.note_doubts(&own);
        let knot = self.knots.get_mut(key)?;
        let mut alarm = plan
            .targets
            .iter()
            .filter_map(|target| target.waits)
            .min()
            .map(|waits| mono + self.clock.ahead(waits));
        let lost = plan.targets.iter().any(|target| {
            target
                .refusal()
                .is_some_and(|refusal| refusal.code == Code::StateLost)
        });
        if lost && !knot.doubted {
            knot.doubted = true;
            self.knots.set_alarm(key, Some(mono + DOUBT));
            self.undecided.insert(Arc::clone(key));
            return None;
        }
        knot.doubted = lost;
        self.undecided.remove(key);
        let edge = next_edge(&plan, &rules, now);
        let wait = if plan.targets.iter().any(TargetPlan::changes) {
            self.wait(key, &plan, mono)
        } else {
            let knot = self.knots.get_mut(key)?;
            knot.staggered = None;
            knot.since_edge = None;
            knot.would.clear();
            knot.failures = 0;
            knot.failing = None;
            None
        };
        alarm = alarm.into_iter().chain(wait).min();
        self.knots.set_edge(key, edge);
        self.knots.set_alarm(key, alarm);
        self.note_refusals(key, &plan);
        self.tell_news(key, &plan);
        self.show(key, &plan);
        let is_due = wait.is_none() && plan.targets.iter().any(TargetPlan::changes);
        self.note_standings(&plan, is_due);
        is_due.then_some(plan)
    }

    /// Whether all is seen that a plan of this knot depends on; what is not is asked for.
    pub(super) fn sees_enough(&mut self, key: &Key, planner: &Planner, observed: &Observed) -> bool {
        let needs = planner.needs(observed);
        let need = Need {
            workload: !needs.workloads.is_empty(),
            drivers: needs.drivers,
        };
        self.set_need(key, need);
        let complete = |stream: &Stream| self.picture.is_complete(stream);
        let workload = !need.workload || self.streams.show_workload(&key.kind, &key.namespace, complete);
        workload && (!need.drivers || self.streams.show_drivers(complete))
    }

    pub(super) fn set_need(&mut self, key: &Key, need: Need) {
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        let before = std::mem::replace(&mut knot.need, need);
        if before == need {
            return;
        }
        if before.workload != need.workload {
            let namespaces = self.kinds.entry(key.kind.clone()).or_default();
            let count = namespaces.entry(key.namespace.clone()).or_default();
            *count = if need.workload {
                *count + 1
            } else {
                count.saturating_sub(1)
            };
            if *count == 0 {
                namespaces.remove(&key.namespace);
            }
        }
        if before.drivers != need.drivers {
            self.driven = if need.drivers {
                self.driven + 1
            } else {
                self.driven.saturating_sub(1)
            };
        }
        // Streams that nobody needs any more stay until the safety pass: a target may come and go.
        if need.workload || need.drivers {
            self.adjust_streams();
        }
    }

    pub(super) fn adjust_streams(&mut self) {
        let kinds: BTreeMap<String, BTreeSet<String>> = self
            .kinds
            .iter()
            .map(|(kind, namespaces)| (kind.clone(), namespaces.keys().cloned().collect()))
            .collect();
        let closed = self.streams.adjust(&kinds, self.driven > 0, &mut self.watching);
        let mut touched = Touched::default();
        for stream in closed {
            self.picture.close(&stream, &mut touched);
            self.outage.regain(&stream);
        }
        self.touch(touched);
    }

    /// Until when a change waits although the plan would write it.
    pub(super) fn wait(&mut self, key: &Key, plan: &Plan, mono: Mono) -> Option<Mono> {
        let knot = self.knots.get_mut(key)?;
        if knot.failures > 0 {
            // The alarm of the failure, or a server that answers again, or an edge, brought us here.
            return None;
        }
        if knot.since_edge.is_some() {
            let spread = stagger(plan).filter(|_| Rank::of(plan) == Rank::Lower);
            let spread = spread?;
            let until = *knot.staggered.get_or_insert_with(|| mono + share(key, spread));
            return (until > mono).then_some(until);
        }
        let (written, streak) = knot.written?;
        let since = mono.saturating_duration_since(written);
        let quick = since < QUICK && streak >= PATIENT_WRITES;
        let wait = backoff(streak.saturating_sub(PATIENT_WRITES));
        (quick && since < wait).then(|| written + wait)
    }

    pub(super) fn note_refusals(&mut self, key: &Key, plan: &Plan) {
        let refused: Vec<Refused> = plan.targets.iter().filter_map(Refused::of).collect();
        let abandoned = has_note(plan, "abandoned");
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        knot.abandoned = abandoned;
        let before = std::mem::replace(&mut knot.refused, refused.clone());
        if before == refused {
            return;
        }
        self.count_refusals(&before, &refused);
    }

    /// Counts refusals as they change, and notes whose restorations are in doubt for them.
    pub(super) fn count_refusals(&mut self, before: &[Refused], now: &[Refused]) {
        for Refused { code, .. } in before {
            let count = self.refusals.entry(*code).or_default();
            *count = count.saturating_sub(1);
        }
        for Refused { code, .. } in now {
            *self.refusals.entry(*code).or_default() += 1;
            if !before.iter().any(|before| before.code == *code) {
                self.gauges.metrics.refused(*code);
            }
        }
        self.note_doubts(now);
        self.forget_doubts(before);
        self.settled_doubt |= !before.is_empty();
    }

    fn note_doubts(&mut self, of: &[Refused]) {
        for Refused { rule, scope, .. } in of {
            if let Some(scope) = scope {
                self.in_doubt.add(scope, &refused(rule));
            }
        }
    }

    fn forget_doubts(&mut self, of: &[Refused]) {
        for Refused { rule, scope, .. } in of {
            if let Some(scope) = scope {
                self.in_doubt.remove(scope, &refused(rule));
            }
        }
    }

    pub(super) fn tell_news(&mut self, key: &Key, plan: &Plan) {
        let current = news::of(plan);
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        if current == knot.told {
            return;
        }
        let before = std::mem::replace(&mut knot.told, current);
        let is_held = knot.told.iter().any(|(_, _, code)| *code == "held");
        self.count_held(key, is_held);
        let events = news::tell(plan, &before, self.clock.now());
        for event in events {
            self.queue_event_of_rule(plan, event);
        }
    }

    /// Counts as it changes: a turn must not cost more where there are more knots.
    fn count_held(&mut self, key: &Key, is_held: bool) {
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        if std::mem::replace(&mut knot.held, is_held) != is_held {
            self.held += if is_held { 1 } else { -1 };
            self.gauges.metrics.held(self.held);
        }
    }

    /// Puts the numbers of a knot's targets among the metrics.
    pub(super) fn show(&mut self, key: &Key, plan: &Plan) {
        let named = |target: &Target| match *target == **key {
            true => Arc::clone(key),
            false => Arc::new(target.clone()),
        };
        let shown: Vec<Key> = plan.targets.iter().map(|target| named(&target.target)).collect();
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        let before = std::mem::replace(&mut knot.shown, shown);
        for gone in before.iter().filter(|target| !knot.shown.contains(target)) {
            self.gauges.metrics.forget(gone);
        }
        for target in &plan.targets {
            self.gauges
                .metrics
                .target(&target.target, &target.rule, target.to, target.from);
        }
    }

    pub(super) fn hide(&mut self, key: &Key) {
        if let Some(knot) = self.knots.get_mut(key) {
            for target in std::mem::take(&mut knot.shown) {
                self.gauges.metrics.forget(&target);
            }
        }
    }

    pub(super) fn forget(&mut self, key: &Key) {
        self.hide(key);
        self.count_held(key, false);
        self.set_need(key, Need::default());
        self.queue.remove(key);
        self.undecided.remove(key);
        let Some(Knot { refused, .. }) = self.knots.remove(key) else {
            return;
        };
        for Refused { code, .. } in &refused {
            let count = self.refusals.entry(*code).or_default();
            *count = count.saturating_sub(1);
        }
        self.forget_doubts(&refused);
        self.settled_doubt |= !refused.is_empty();
    }
}

/// When the rules of a plan ask something else. What is refused says nothing of that, so the rules alone are asked.
fn next_edge(plan: &Plan, rules: &[Arc<Rule>], now: Instant) -> Option<Instant> {
    let planned = plan.targets.iter().filter_map(|target| target.until);
    let base = Base::Autoscaler {
        floor: None,
        ceiling: None,
    };
    let refused = plan.targets.iter().any(|target| target.refusal().is_some());
    let of_rules = rules
        .iter()
        .filter(|_| refused)
        .filter_map(|rule| decide(rule, &base, now).until);
    planned.chain(of_rules).filter(|edge| *edge > now).min()
}

fn has_note(plan: &Plan, code: &str) -> bool {
    let mut notes = plan.targets.iter().flat_map(|target| &target.notes);
    notes.any(|note| note.code == code)
}

/// The `stagger` of the rules whose targets a plan changes.
fn stagger(plan: &Plan) -> Option<Duration> {
    let seconds = plan.targets.iter().filter_map(|target| match &target.intent {
        Intent::Keep(rule) if target.changes() => Some(rule.stagger),
        _ => None,
    });
    seconds
        .max()
        .filter(|seconds| *seconds > 0)
        .map(|seconds| Duration::from_secs(seconds.into()))
}

/// A target's part of a span, the same every day: FNV-1a of its name.
fn share(key: &Key, spread: Duration) -> Duration {
    let name = key.to_string();
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // FNV's low bits alone are not evenly spread.
    let mixed = hash ^ (hash >> 32);
    let millis = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(mixed % millis)
}
