//! The laws, checked against what the walk knows by itself.

use easyscale::engine::{Adjusted, Base, Decision, Setter, Want, decide};
use easyscale::plan::{Applied, Bounds, Code, FIELD_MANAGER, Outcome};
use easyscale::policy::Wake;

use super::server::{CEILING, Change, FLOOR};
use super::{Checked, Walk, Way};

const NAMES: [&str; 3] = ["minReplicas", "maxReplicas", "replicas"];

pub(crate) fn values(bounds: Bounds) -> [Option<u32>; 3] {
    [bounds.min_replicas, bounds.max_replicas, bounds.replicas]
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(why()) }
}

/// Whether a raise above this want is respected.
fn may_hold(want: &Want) -> bool {
    matches!(want.setter, Setter::Window(_))
        && want.value > 0
        && matches!(want.adjusted, None | Some(Adjusted::ToFloor | Adjusted::Ramping))
}

impl Walk {
    /// Nothing is written that the plan did not show. `exact`: the values before are known too.
    pub(crate) fn check_shown(&self, applied: &[Applied], exact: bool) -> Checked {
        let objects = self.server.objects.borrow();
        ensure(objects.faults.is_empty(), || objects.faults.join(", "))?;
        for (number, name) in NAMES.into_iter().enumerate() {
            let mut changes = objects.changes.iter().filter(|(what, _, _)| *what == name);
            let Some(&(_, first, mut last)) = changes.next() else {
                continue;
            };
            if let Some(&(_, _, to)) = changes.next_back() {
                last = to;
            }
            let shown = applied
                .iter()
                .filter(|done| !matches!(done.outcome, Outcome::Failed(_)))
                .any(|done| {
                    let (from, to) = (values(done.plan.from)[number], values(done.plan.to)[number]);
                    to == Some(last) && (!exact || from == Some(first))
                });
            let failed = applied
                .iter()
                .any(|done| matches!(done.outcome, Outcome::Failed(_)));
            let change: Change = (name, first, last);
            ensure(shown || failed, || {
                format!("{change:?} was written, but not shown")
            })?;
        }
        for done in applied.iter().filter(|done| done.outcome == Outcome::Applied) {
            let (from, to) = (values(done.plan.from), values(done.plan.to));
            for number in 0..NAMES.len() {
                let written = objects.changes.iter().any(|(what, _, _)| *what == NAMES[number]);
                ensure(!exact || written || from[number] == to[number], || {
                    format!("{} was shown, but not written", NAMES[number])
                })?;
            }
        }
        Ok(())
    }

    /// After a pass, once nothing is left to write.
    pub(crate) fn check_laws(&mut self, last: &[Applied], way: &Way) -> Checked {
        let mut refused = false;
        for refusal in last.iter().filter_map(|done| done.plan.refusal()) {
            refused = true;
            // Only where somebody deleted the memory, or swapped the autoscaler for the scale.
            let lost = if self.hpa().is_some() {
                self.lost
            } else {
                self.scale.is_none()
            };
            ensure(refusal.code == Code::StateLost && lost, || {
                format!("refused: {}", refusal.message)
            })?;
        }
        if !refused {
            if self.hpa().is_some() {
                self.check_bounds(way)?;
                self.check_sleep(way)?;
            } else {
                self.check_scale(way)?;
            }
        }
        self.learn();
        Ok(())
    }

    fn decision(&self, base: &Base, way: &Way) -> Decision {
        match &self.rule {
            Some(rule) if !way.restore => decide(rule, base, self.at()),
            _ => Decision::default(),
        }
    }

    fn autoscaler_decision(&self, way: &Way) -> Decision {
        let base = Base::Autoscaler {
            floor: Some(self.intent[FLOOR]),
            ceiling: Some(self.intent[CEILING]),
        };
        self.decision(&base, way)
    }

    fn check_bounds(&self, way: &Way) -> Checked {
        let Some(hpa) = self.hpa() else { return Ok(()) };
        if hpa.pause.is_some() || self.lost {
            return Ok(());
        }
        let decision = self.autoscaler_decision(way);
        let [live, live_ceiling] = hpa.bounds;
        let floor = decision.floor.map_or(self.intent[FLOOR], |want| want.value);
        let held =
            decision.floor.is_some_and(|want| may_hold(&want)) && live == self.intent[FLOOR] && live > floor;
        ensure(live == floor || held, || {
            format!("minReplicas should be {floor}, and is {live}")
        })?;
        let ceiling = decision.ceiling.map_or(self.intent[CEILING], |want| want.value);
        let ceiling = ceiling.max(live);
        ensure(live_ceiling == ceiling, || {
            format!("maxReplicas should be {ceiling}, and is {live_ceiling}")
        })?;
        let asked = |want: &Want| self.raised == Some(want.value) && may_hold(want);
        ensure(held || !decision.floor.is_some_and(|want| asked(&want)), || {
            "somebody wanted more capacity, and it was taken away".to_owned()
        })?;
        if let (Some(rule), Some(state)) = (&self.rule, self.state()) {
            ensure(way.restore || state.header.rule == rule.name, || {
                "the memory names another rule".to_owned()
            })?;
        }
        for (bound, want) in [decision.floor, decision.ceiling].iter().enumerate() {
            let kept = self.remembered(bound).filter(|_| want.is_none());
            ensure(
                kept.is_none_or(|(_, applied)| applied == hpa.bounds[bound]),
                || format!("{} is somebody else's, and still remembered", NAMES[bound]),
            )?;
        }
        if decision.floor.is_none() && decision.ceiling.is_none() {
            ensure(hpa.state.is_none() && hpa.ours().is_none(), || {
                "a trace is left on the autoscaler".to_owned()
            })?;
        }
        for bound in [FLOOR, CEILING] {
            if let Some((original, applied)) = self.remembered(bound) {
                ensure(
                    hpa.bounds[bound] != applied || original == self.intent[bound],
                    || {
                        format!(
                            "the original of {} should be {}, and is {original}",
                            NAMES[bound], self.intent[bound]
                        )
                    },
                )?;
            }
        }
        Ok(())
    }

    /// A workload beside an autoscaler sleeps when it should, and wakes unless somebody else put it to sleep.
    fn check_sleep(&self, way: &Way) -> Checked {
        let deployment = self.deployment();
        let paused = deployment.pause.is_some() || self.hpa().is_some_and(|hpa| hpa.pause.is_some());
        if paused {
            return Ok(());
        }
        let sleeps = self.autoscaler_decision(way).replicas.is_some();
        let live = deployment.replicas;
        ensure(!sleeps || live == 0, || "it should sleep".to_owned())?;
        ensure(sleeps || live > 0 || self.zero_by_hand, || {
            "it should have been woken".to_owned()
        })?;
        let wakes = self.rule.as_ref().is_some_and(|rule| rule.wake == Wake::Always);
        ensure(live == 0 || wakes || !self.zero_by_hand, || {
            "what somebody put to sleep was woken".to_owned()
        })?;
        ensure(sleeps || self.scale_memory().is_none(), || {
            "a trace of the scale is left".to_owned()
        })
    }

    fn check_scale(&self, way: &Way) -> Checked {
        let deployment = self.deployment();
        if deployment.pause.is_some() {
            return Ok(());
        }
        let live = deployment.replicas;
        let always = self.rule.as_ref().is_some_and(|rule| rule.wake == Wake::Always);
        let by_hand = self.zero_by_hand && !always;
        ensure(!by_hand || live == 0, || {
            "what somebody scaled to zero was raised".to_owned()
        })?;
        let Some(intent) = self.scale else { return Ok(()) };
        let want = self.decision(&Base::Scale(Some(intent)), way).replicas;
        let Some(want) = want else {
            ensure(live == intent, || {
                format!("replicas should be {intent} again, and are {live}")
            })?;
            return ensure(self.scale_memory().is_none(), || {
                "a trace of the scale is left".to_owned()
            });
        };
        let held = live == intent && live > want.value && may_hold(&want);
        ensure(live == want.value || held || by_hand, || {
            format!("replicas should be {}, and are {live}", want.value)
        })?;
        match self.scale_memory() {
            Some(memory) if memory.replicas.applied == Some(live) && !by_hand => {
                let original = memory.replicas.original;
                ensure(original == intent, || {
                    format!("the original of the scale should be {intent}, and is {original}")
                })
            }
            _ => Ok(()),
        }
    }

    /// Memory that is there again says what the originals are.
    pub(crate) fn recover(&mut self) {
        if let Some(hpa) = self.hpa().filter(|hpa| hpa.state.is_some() && self.lost) {
            self.lost = false;
            self.intent = std::array::from_fn(|bound| match self.remembered(bound) {
                Some((original, _)) => original,
                None => hpa.bounds[bound],
            });
        }
    }

    /// Where nothing of ours is left, the live values are what the owners want.
    fn learn(&mut self) {
        self.raised = None;
        self.zero_by_hand &= self.deployment().replicas == 0;
        if let Some(hpa) = self.hpa() {
            if hpa.state.is_none() && hpa.ours().is_none() {
                self.lost = false;
                self.intent = hpa.bounds;
            }
        } else {
            let deployment = self.deployment();
            if self.scale_memory().is_none() && deployment.manager != FIELD_MANAGER {
                self.scale = Some(deployment.replicas);
                self.zero_by_hand = deployment.replicas == 0;
            }
        }
    }
}
