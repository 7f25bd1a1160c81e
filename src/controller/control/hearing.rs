//! What is told to the loop: by streams, by policy files, by the election, by who asks.

use std::collections::BTreeMap;
use tokio::sync::watch;

use super::super::knot::{Key, Need};
use super::super::lease::Leadership;
use super::super::outage::is_outage;
use super::super::picture::Touched;
use super::super::reload::Verdict;
use super::super::snapshot::{Question, Snapshot};
use super::super::streams::{DriverApis, Watching};
use super::{Control, LONGEST_SLEEP};
use crate::cluster::{Cluster, EventNote, Reason, Sight, Sighting, Watched};
use crate::plan::{Autoscaler, Failure, FailureKind, Patience};
use crate::policy::{Problem, Severity, Target};
use crate::report::status::{PolicyState, Waiting};

impl<C: Cluster, W: Watching> Control<'_, C, W> {
    pub(super) fn see(&mut self, Sighting { stream, sight }: Sighting) -> Result<(), Failure> {
        if !self.streams.is_open(&stream) {
            return Ok(());
        }
        match &sight {
            Sight::Lost(failure) => {
                let of_another_tool = matches!(stream.of, Watched::Drivers { .. });
                if stream.of == Watched::Autoscalers
                    && failure.kind == FailureKind::NotFound
                    && !self.picture.is_complete(&stream)
                {
                    return Err(Failure::new(
                        FailureKind::NotFound,
                        format!("this cluster does not serve autoscaling/v2: {}", failure.message),
                    )
                    .hint("easyscale needs Kubernetes 1.33 or newer"));
                }
                if of_another_tool && matches!(failure.kind, FailureKind::Forbidden) {
                    if self.streams.set_unseen(&stream, Some(failure.in_one_line())) {
                        self.touch_the_needy();
                    }
                } else if of_another_tool && failure.kind == FailureKind::NotFound {
                    // It was uninstalled.
                    self.streams.distrust_drivers(&mut self.watching);
                }
                self.outage.lose(&stream, failure);
                if !is_outage(failure.kind) {
                    self.tell_unseen(&stream, failure);
                }
            }
            Sight::Restarted(why) => self.gauges.metrics.watch_restarted(stream.resource(), why),
            Sight::Back | Sight::Listed => {
                self.outage.regain(&stream);
                self.try_again();
                if self.streams.set_unseen(&stream, None) {
                    self.touch_the_needy();
                }
            }
            Sight::Begun | Sight::Page(_) | Sight::Changed(_) | Sight::Gone(_) => {}
        }
        if stream.supplies_rules() {
            self.supplies.see(&stream, sight);
            return Ok(());
        }
        let is_first_list = matches!(sight, Sight::Listed) && !self.picture.is_complete(&stream);
        let mut touched = Touched::default();
        self.picture.see(&stream, sight, &mut touched);
        self.touch(touched);
        if is_first_list {
            let base = self.streams.base();
            let complete = base.iter().all(|stream| self.picture.is_complete(stream));
            if complete && !self.listed {
                self.listed = true;
                self.gauges.health.set_listed();
                tracing::info!(
                    autoscalers = self.picture.autoscalers(),
                    rules = self.rules.planner().rules().len(),
                    "the cluster is seen"
                );
            }
            self.touch_the_needy();
        }
        Ok(())
    }

    pub(super) fn touch(&mut self, touched: Touched) {
        for target in touched {
            let has_rules = !self.rules.of(&target, &self.picture).is_empty();
            if has_rules || self.picture.remembers(&target) || self.knots.get(&target).is_some() {
                self.knots.touch(&target);
            }
        }
    }

    /// Knots that could not be planned before something else was seen.
    pub(super) fn touch_the_needy(&mut self) {
        let needy: Vec<Key> = self
            .knots
            .keys()
            .filter(|key| {
                self.knots
                    .get(key)
                    .is_some_and(|knot| knot.need != Need::default())
            })
            .cloned()
            .collect();
        for key in needy {
            self.knots.touch(&key);
        }
    }

    /// Knots that failed are tried again: the server has just answered.
    pub(super) fn try_again(&mut self) {
        let failed: Vec<Key> = self
            .knots
            .keys()
            .filter(|key| self.knots.get(key).is_some_and(|knot| knot.failures > 0))
            .cloned()
            .collect();
        for key in failed {
            self.knots.touch(&key);
        }
    }

    pub(super) fn found_drivers(&mut self, found: DriverApis) {
        if let Err(failure) = &found
            && !self.outage.blame(failure)
        {
            tracing::warn!(
                reason = failure.message,
                "cannot see which APIs are installed; trying again"
            );
        }
        self.streams.found_drivers(found, LONGEST_SLEEP / 6);
        self.adjust_streams();
        self.touch_the_needy();
    }

    pub(super) fn take_verdict(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Good(loaded) => {
                self.gauges.metrics.reload(true);
                self.ground = loaded.ground();
                self.file_rules = self.rules.planner().with_rules(loaded.rules).rules().to_vec();
                let now = self.clock.now();
                tracing::info!(rules = self.file_rules.len(), "new policies are in force");
                self.policy = PolicyState {
                    valid: true,
                    since: now,
                    problems: loaded.problems,
                };
                self.supplies.stir_all();
                self.read_supplies();
                self.put_rules_in_force();
                if self.driven > 0 {
                    // Who changes rules may have installed something, too.
                    self.streams.distrust_drivers(&mut self.watching);
                }
                self.adopt_rules();
            }
            Verdict::Bad(loaded) => {
                self.gauges.metrics.reload(false);
                let errors = errors(&loaded.problems);
                self.policy.valid = false;
                self.policy.problems = loaded.problems;
                let first = errors.first().cloned().unwrap_or_default();
                tracing::error!(
                    errors = errors.len(),
                    first,
                    "the policies have mistakes: the last good ones stay in force"
                );
                if self.leading {
                    let note = format!(
                        "the policies have {} mistakes, the last good ones stay in force; the first: {first}",
                        errors.len()
                    );
                    let event = EventNote::new(
                        self.stage.clone(),
                        String::new(),
                        Reason::PolicyInvalid,
                        true,
                        &note,
                        self.clock.now(),
                    );
                    self.queue_event(event);
                }
            }
        }
        self.tell_policy();
    }

    /// Has all knots looked at under the rules that are in force.
    pub(super) fn adopt_rules(&mut self) {
        let targets: Vec<Target> = self.rules.targets().cloned().collect();
        for target in targets {
            self.touch_home(target);
        }
        self.knots.touch_all();
    }

    /// Has the knot looked at that a rule's target belongs to.
    pub(super) fn touch_home(&mut self, target: Target) {
        let home = self
            .picture
            .autoscaler(&target)
            .map_or(target, Autoscaler::target);
        self.knots.touch(&home);
    }

    pub(super) fn tell_policy(&mut self) {
        let PolicyState { valid, since, .. } = &self.policy;
        self.gauges.metrics.policy(*valid, *since);
        if *valid {
            self.gauges.health.set_policy_valid_once();
        }
        self.gauges.metrics.targets(self.rules.planner().rules().len());
    }

    pub(super) fn set_leading(&mut self, leads: bool) {
        if leads == self.leading {
            return;
        }
        self.leading = leads;
        self.gauges.metrics.leader(leads);
        if leads {
            self.gauges.metrics.refusals(&self.refusals);
            self.gauges.metrics.held(self.held);
            self.supplies.look_at_all();
            self.tell_foreign();
            self.knots.touch_all();
        } else {
            self.queue.clear();
            self.untold.clear();
            let keys: Vec<Key> = self.knots.keys().cloned().collect();
            for key in &keys {
                self.hide(key);
            }
            // What it knows grows old: the one that leads now tells.
            self.gauges.metrics.refusals(&BTreeMap::new());
            self.gauges.metrics.held(0);
        }
    }

    pub(super) fn answer(&self, question: Question, leadership: Option<&watch::Receiver<Leadership>>) {
        if !self.listed {
            // What is not seen yet would look as if it were not there.
            return;
        }
        let mut patience = Patience {
            cooldown: true,
            ..Patience::default()
        };
        for knot in self.knots.values() {
            let Some(until) = knot.pace.until() else { continue };
            let until = self.clock.instant_of(until);
            let objects = knot.paced.iter().cloned();
            patience.reverts.extend(objects.map(|object| (object, until)));
        }
        let mut observed = self.picture.whole();
        observed.unseen_drivers = self.streams.unseen();
        let holder = leadership.and_then(|leadership| match &*leadership.borrow() {
            Leadership::Following { holder } => holder.clone(),
            Leadership::Leading => None,
        });
        // Those that may not touch their targets are shown as refused, like all that is.
        let planner = || {
            let planner = self.rules.planner();
            let rules = planner.rules().iter().chain(self.foreign.rules());
            planner.with_rules(rules.cloned().collect())
        };
        let snapshot = || Snapshot {
            at: self.clock.now(),
            instance: self.rules.planner().options().instance.clone(),
            cluster: self.cluster.name(),
            planner: planner().waiting(patience),
            observed,
            leading: leadership.map(|_| self.leading),
            holder,
            policy: self.policy.clone(),
            dry_run: self.settings.dry_run,
            targets_waiting: self.waiting(),
        };
        question.answer(snapshot);
    }

    /// Targets whose change is put off for a reason that their plan does not know.
    pub(super) fn waiting(&self) -> Vec<Waiting> {
        let mut waiting = Vec::new();
        for knot in self.knots.values() {
            let why = if knot.failures > 0 {
                "the last write failed; it is tried again"
            } else if knot.staggered.is_some() {
                "its lowering is spread by the rule's stagger"
            } else {
                continue;
            };
            let until = knot.alarm().map(|alarm| self.clock.instant_of(alarm));
            waiting.extend(knot.shown.iter().map(|target| Waiting {
                target: target.as_ref().clone(),
                until,
                why: why.to_owned(),
            }));
        }
        waiting
    }
}

/// The errors among problems, in a line each.
fn errors(problems: &[Problem]) -> Vec<String> {
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error);
    errors
        .map(|problem| match problem.place() {
            Some(place) => format!("{place}: {}", problem.message),
            None => problem.message.clone(),
        })
        .collect()
}
