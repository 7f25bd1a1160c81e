//! The objects in the cluster that rules are read from: what they said last, what of it is in force, and what their
//! statuses are to say.
//!
//! What is in force of an object stays in force until something better is whole: its mistakes are its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use tokio::time::{Duration, Instant as Mono};

use crate::cluster::{Sight, Stream, Supplied, Thing};
use crate::policy::{Denied, Ground, Owner, Rule, Scope, Supply, Target};
use crate::report::rule_status::{Acceptance, Standing, difference, status};
use crate::time::Instant;

/// The status of a rule is not written more often than this: what changes faster is no news.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// So long objects are read at a time; edges and answers wait meanwhile.
const AT_A_TIME: Duration = Duration::from_millis(50);

/// The longest wait after a status that could not be written.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// All objects that rules are read from.
#[derive(Default)]
pub(super) struct Supplies {
    denied: Vec<Denied>,
    kept: BTreeMap<Scope, Kept>,
    streams: BTreeMap<Stream, Progress>,
    /// Of the list that began last.
    epoch: u64,
    /// What has to be read again.
    stirred: BTreeSet<Scope>,
    /// The targets of rules whose object is gone.
    orphans: Vec<Target>,
    /// When each status is looked at next.
    due: BTreeSet<(Mono, Scope)>,
}

/// An object, and what came of it.
struct Kept {
    supplied: Supplied,
    epoch: u64,
    /// Its last state that was read without a mistake.
    good: Option<Supply>,
    /// What that says under what the operator says now.
    rules: Vec<Arc<Rule>>,
    /// `None`: not read yet.
    acceptance: Option<Acceptance>,
    standing: Option<Standing>,
    /// When its status is looked at.
    due: Option<Mono>,
    written: Option<Mono>,
    failures: u32,
}

#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    epoch: u64,
    complete: bool,
}

/// What became of an object that was read again.
pub(super) struct Verdict {
    pub(super) scope: Scope,
    pub(super) uid: String,
    pub(super) before: Option<Acceptance>,
    pub(super) acceptance: Acceptance,
    /// Whether something of it is in force all the same.
    pub(super) in_force: bool,
    /// What its rules name, before or now.
    pub(super) targets: Vec<Target>,
}

/// A status that is to be written.
pub(super) struct StatusWrite {
    pub(super) rule: Owner,
    pub(super) uid: String,
    pub(super) patch: Value,
    /// The whole status as it is then.
    pub(super) after: Value,
}

impl Supplies {
    pub(super) fn new(denied: Vec<Denied>) -> Self {
        Self {
            denied,
            ..Self::default()
        }
    }

    /// Takes in what a stream tells.
    pub(super) fn see(&mut self, stream: &Stream, sight: Sight) {
        match sight {
            Sight::Begun => {
                self.epoch += 1;
                self.streams.entry(stream.clone()).or_default().epoch = self.epoch;
            }
            Sight::Page(things) => things.into_iter().for_each(|thing| self.keep(stream, thing)),
            Sight::Changed(thing) => self.keep(stream, thing),
            Sight::Gone(Thing::Supply(supplied)) => self.remove(&supplied.supply.scope),
            Sight::Listed => {
                let progress = self.streams.entry(stream.clone()).or_default();
                progress.complete = true;
                let epoch = progress.epoch;
                let of_stream = |scope: &Scope| {
                    let is_of_kind = matches!(scope, Scope::ScalingRule(_)) == stream.is_of_scaling_rules();
                    is_of_kind
                        && scope
                            .namespace()
                            .is_some_and(|namespace| stream.covers(namespace))
                };
                let gone: Vec<Scope> = self
                    .kept
                    .iter()
                    .filter(|(scope, kept)| kept.epoch < epoch && of_stream(scope))
                    .map(|(scope, _)| scope.clone())
                    .collect();
                gone.iter().for_each(|scope| self.remove(scope));
            }
            Sight::Gone(_) | Sight::Lost(_) | Sight::Back | Sight::Restarted(_) => {}
        }
    }

    /// Whether a list of this stream was complete once.
    pub(super) fn is_complete(&self, stream: &Stream) -> bool {
        self.streams.get(stream).is_some_and(|progress| progress.complete)
    }

    fn keep(&mut self, stream: &Stream, thing: Thing) {
        let Thing::Supply(supplied) = thing else { return };
        let epoch = self.streams.get(stream).map_or(0, |progress| progress.epoch);
        let scope = supplied.supply.scope.clone();
        // Another one of its name: what was in force of that one went with it.
        if self
            .kept
            .get(&scope)
            .is_some_and(|kept| kept.supplied.uid != supplied.uid)
        {
            self.remove(&scope);
        }
        match self.kept.get_mut(&scope) {
            Some(kept) => {
                kept.epoch = epoch;
                let is_same = kept.supplied.supply == supplied.supply;
                let is_told = kept.supplied.status == supplied.status
                    && kept.supplied.generation == supplied.generation;
                kept.supplied = *supplied;
                if !is_same {
                    self.stirred.insert(scope);
                } else if !is_told {
                    self.look_at(&scope);
                }
            }
            None => {
                let kept = Kept {
                    supplied: *supplied,
                    epoch,
                    good: None,
                    rules: Vec::new(),
                    acceptance: None,
                    standing: None,
                    due: None,
                    written: None,
                    failures: 0,
                };
                self.stirred.insert(scope.clone());
                self.kept.insert(scope, kept);
            }
        }
    }

    fn remove(&mut self, scope: &Scope) {
        if let Some(kept) = self.kept.remove(scope) {
            if let Some(due) = kept.due {
                self.due.remove(&(due, scope.clone()));
            }
            self.orphans
                .extend(kept.rules.iter().map(|rule| rule.target.clone()));
            // Whoever asks is told that it is gone.
            self.stirred.insert(scope.clone());
        }
    }

    /// Has all objects read again: what holds for all of them has changed.
    pub(super) fn stir_all(&mut self) {
        self.stirred.extend(self.kept.keys().cloned());
    }

    pub(super) fn are_stirred(&self) -> bool {
        !self.stirred.is_empty()
    }

    /// Reads again what has changed. Returns what came of each object, those that are gone, and the targets of these.
    pub(super) fn read_again(&mut self, ground: &Ground) -> (Vec<Verdict>, Vec<Scope>, Vec<Target>) {
        let mut verdicts = Vec::new();
        let mut gone = Vec::new();
        let began = Mono::now();
        while began.elapsed() < AT_A_TIME
            && let Some(scope) = self.stirred.pop_first()
        {
            let Some(kept) = self.kept.get_mut(&scope) else {
                gone.push(scope);
                continue;
            };
            let (acceptance, rules) = read(&kept.supplied.supply, ground, &self.denied);
            let mut targets: Vec<Target> = kept.rules.iter().map(|rule| rule.target.clone()).collect();
            if acceptance != Acceptance::Accepted {
                // Under what the operator says now: nothing of it may ask more than that.
                let good = kept.good.as_ref().map(|good| read(good, ground, &self.denied));
                kept.rules = good.map_or(Vec::new(), |(_, rules)| rules);
            } else {
                kept.good = Some(kept.supplied.supply.clone());
                kept.rules = rules;
                // What was said of another state is not said of this one; its target is looked at now.
                kept.standing = None;
                targets.extend(kept.rules.iter().map(|rule| rule.target.clone()));
            }
            let before = kept.acceptance.replace(acceptance.clone());
            verdicts.push(Verdict {
                uid: kept.supplied.uid.clone(),
                before,
                in_force: !kept.rules.is_empty(),
                acceptance,
                targets,
                scope: scope.clone(),
            });
            if matches!(&kept.acceptance, Some(Acceptance::Invalid(_))) {
                self.look_at(&scope);
            }
        }
        (verdicts, gone, std::mem::take(&mut self.orphans))
    }

    /// The rules that are in force.
    pub(super) fn rules(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.kept.values().flat_map(|kept| &kept.rules)
    }

    /// How many objects there are, by kind and by whether they are used.
    pub(super) fn count(&self) -> [(&'static str, &'static str, usize); 4] {
        let count = |rule: bool, accepted: bool| {
            let fits = |(scope, kept): &(&Scope, &Kept)| {
                matches!(scope, Scope::ScalingRule(_)) == rule
                    && matches!(kept.acceptance, Some(Acceptance::Invalid(_))) != accepted
            };
            self.kept.iter().filter(fits).count()
        };
        [
            ("configmap", "accepted", count(false, true)),
            ("configmap", "refused", count(false, false)),
            ("scalingrule", "accepted", count(true, true)),
            ("scalingrule", "refused", count(true, false)),
        ]
    }

    /// The uid of an object.
    pub(super) fn uid(&self, scope: &Scope) -> String {
        let kept = self.kept.get(scope);
        kept.map(|kept| kept.supplied.uid.clone()).unwrap_or_default()
    }

    /// Notes what became of a rule.
    pub(super) fn set_standing(&mut self, scope: &Scope, standing: Standing) {
        let Some(kept) = self.kept.get_mut(scope) else {
            return;
        };
        if kept.standing.as_ref() != Some(&standing) {
            kept.standing = Some(standing);
            self.look_at(scope);
        }
    }

    /// Has all statuses looked at: somebody else may have written them.
    pub(super) fn look_at_all(&mut self) {
        let scopes: Vec<Scope> = self.kept.keys().cloned().collect();
        scopes.iter().for_each(|scope| self.look_at(scope));
    }

    /// Has a status looked at, not too soon after the last time.
    pub(super) fn look_at(&mut self, scope: &Scope) {
        if !matches!(scope, Scope::ScalingRule(_)) {
            return;
        }
        let Some(kept) = self.kept.get_mut(scope) else {
            return;
        };
        let pause = match kept.failures {
            0 => AT_MOST_EVERY,
            failures => (AT_MOST_EVERY * 2_u32.saturating_pow(failures.min(9))).min(LONGEST_WAIT),
        };
        let now = Mono::now();
        let then = kept.written.map_or(now, |written| (written + pause).max(now));
        if let Some(before) = kept.due.replace(then) {
            self.due.remove(&(before, scope.clone()));
        }
        self.due.insert((then, scope.clone()));
    }

    /// When a status is looked at next.
    pub(super) fn next_status(&self) -> Option<Mono> {
        self.due.first().map(|(then, _)| *then)
    }

    /// The next status that has to be written by now.
    pub(super) fn take_status(&mut self, now: Instant) -> Option<StatusWrite> {
        while let Some((then, _)) = self.due.first()
            && *then <= Mono::now()
        {
            let (_, scope) = self.due.pop_first()?;
            let Some(kept) = self.kept.get_mut(&scope) else {
                continue;
            };
            kept.due = None;
            let Scope::ScalingRule(owner) = &scope else {
                continue;
            };
            let Some(acceptance) = &kept.acceptance else {
                continue;
            };
            if *acceptance == Acceptance::Accepted && kept.standing.is_none() {
                // It has yet to be looked at, and will be told then.
                continue;
            }
            let Supplied {
                status: before,
                generation,
                uid,
                ..
            } = &kept.supplied;
            let after = status(acceptance, kept.standing.as_ref(), *generation, before, now);
            if let Some(patch) = difference(before, &after) {
                kept.written = Some(Mono::now());
                return Some(StatusWrite {
                    rule: owner.clone(),
                    uid: uid.clone(),
                    patch,
                    after,
                });
            }
        }
        None
    }

    /// Notes what came of a status; says whether its failure is new.
    pub(super) fn wrote_status(&mut self, scope: &Scope, uid: &str, after: Option<Value>) -> bool {
        let Some(kept) = self.kept.get_mut(scope).filter(|kept| kept.supplied.uid == uid) else {
            return false;
        };
        if let Some(after) = after {
            kept.supplied.status = after;
            kept.failures = 0;
            return false;
        }
        kept.failures = kept.failures.saturating_add(1);
        let is_new = kept.failures == 1;
        self.look_at(scope);
        is_new
    }
}

/// What an object says under what the operator says: there are rules only without a mistake.
fn read(supply: &Supply, ground: &Ground, denied: &[Denied]) -> (Acceptance, Vec<Arc<Rule>>) {
    let mut loaded = ground.read(supply);
    loaded.deny(denied);
    match Acceptance::of(&loaded.problems) {
        Acceptance::Accepted => (Acceptance::Accepted, loaded.rules),
        invalid => (invalid, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::Watched;
    use crate::policy::Inputs;

    /// All objects, as one stream tells of them.
    fn seen(sights: impl IntoIterator<Item = Sight>) -> Supplies {
        let mut supplies = Supplies::new(Vec::new());
        see(&mut supplies, sights);
        supplies
    }

    fn see(supplies: &mut Supplies, sights: impl IntoIterator<Item = Sight>) {
        let stream = Stream {
            of: Watched::ScalingRules,
            namespace: None,
        };
        sights.into_iter().for_each(|sight| supplies.see(&stream, sight));
    }

    /// `shop/web` with a spec of this beside its target.
    fn rule(spec: Value, uid: &str) -> Thing {
        let mut spec = spec;
        spec["target"] = json!({"kind": "Deployment", "name": "web"});
        Thing::Supply(Box::new(Supplied {
            supply: Supply::of_scaling_rule("shop", "web", &BTreeMap::new(), &spec),
            uid: uid.to_owned(),
            resource_version: "1".to_owned(),
            generation: 1,
            status: Value::Null,
        }))
    }

    fn ground(text: &str) -> Ground {
        let loaded = Inputs::default().check(vec![("base.yaml".to_owned(), text.to_owned())]);
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        loaded.ground()
    }

    #[test]
    fn tightened_limits_hold_for_the_last_good_rules() {
        let asked = json!({"minReplicas": 50, "maxReplicas": 90});
        let mut supplies = seen([Sight::Changed(rule(json!({"default": asked}), "u"))]);
        supplies.read_again(&ground("limits: {'*': {maxReplicas: 100}}\nrules: {}\n"));
        // The tenant adds a mistake; the operator tightens.
        let wrong = json!({"default": asked, "wake": "x"});
        see(&mut supplies, [Sight::Changed(rule(wrong, "u"))]);
        supplies.stir_all();
        supplies.read_again(&ground("limits: {'*': {maxReplicas: 10}}\nrules: {}\n"));
        let max: Vec<_> = supplies
            .rules()
            .map(|rule| rule.limits.max.as_ref().map(|max| max.value))
            .collect();
        assert_eq!(max, [Some(10)]);
    }

    /// One that changes twice before it is read keeps what was good, and not what nobody has read.
    #[test]
    fn two_mistakes_in_a_row_keep_the_last_good_rules() {
        let mut supplies = seen([Sight::Changed(rule(json!({"default": {"replicas": 3}}), "u"))]);
        supplies.read_again(&Ground::default());
        let mistakes = ["x", "y"].map(|wake| Sight::Changed(rule(json!({"wake": wake}), "u")));
        see(&mut supplies, mistakes);
        supplies.read_again(&Ground::default());
        assert_eq!(supplies.rules().count(), 1);
    }

    #[test]
    fn a_sleep_ends_when_the_operator_forbids_it() {
        let mut supplies = seen([Sight::Changed(rule(json!({"default": {"replicas": 0}}), "u"))]);
        supplies.read_again(&ground("rules: {}\ndefaults: {timezone: UTC}\n"));
        assert_eq!(supplies.rules().count(), 1);
        supplies.stir_all();
        supplies.read_again(&ground("limits: {'*': {minReplicas: 2}}\nrules: {}\n"));
        assert!(
            !supplies.rules().any(|rule| rule.default.is_sleep()),
            "it still sleeps"
        );
    }

    #[test]
    fn a_recreated_object_inherits_nothing() {
        let listed = |thing| [Sight::Begun, Sight::Page(vec![thing]), Sight::Listed];
        let mut supplies = seen(listed(rule(json!({"default": {"replicas": 3}}), "u1")));
        supplies.read_again(&Ground::default());
        assert_eq!(supplies.rules().count(), 1);
        see(&mut supplies, listed(rule(json!({"wake": "x"}), "u2")));
        supplies.read_again(&Ground::default());
        assert_eq!(
            supplies.rules().count(),
            0,
            "rules of the deleted object are in force"
        );
    }
}
