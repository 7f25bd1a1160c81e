//! From rules and an observed cluster to a plan: every rule, one by one, and what no rule resolves to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::abandoned::{abandoned, selected};
use super::clashes::clashes;
use super::doubt::{InDoubt, refused};
use super::observed::Observed;
use super::pass::Pass;
use super::patience::Patience;
use super::refusal::Refusal;
use super::resolve::{Index, Resolved, can_scale};
use super::target_plan::{Action, Intent, TargetPlan};
use super::tenancy::Trust;
use crate::policy::{Rule, Scope, Target, Wake};
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
    trust: Trust,
    in_doubt: InDoubt,
    patience: Patience,
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
    /// A planner; rules of files that are for other than the chosen namespaces are left out.
    #[must_use]
    pub fn new(mut rules: Vec<Arc<Rule>>, options: Options) -> Self {
        rules.retain(|rule| rule.scope != Scope::Files || options.includes(&rule.target.namespace));
        Self {
            rules,
            options,
            trust: Trust::default(),
            in_doubt: InDoubt::default(),
            patience: Patience::default(),
        }
    }

    /// The same, where rules of these namespaces may reach into others.
    #[must_use]
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// The same, beside rules that are not in force although somebody has written them.
    #[must_use]
    pub fn doubting(self, in_doubt: InDoubt) -> Self {
        Self { in_doubt, ..self }
    }

    /// The same with other rules.
    #[must_use]
    pub fn with_rules(&self, rules: Vec<Arc<Rule>>) -> Self {
        let planner = Self::new(rules, self.options.clone());
        planner.trusting(self.trust.clone())
    }

    /// The rules that may touch their targets, and those that may not.
    #[must_use]
    pub fn by_reach(&self) -> (Self, Self) {
        let (near, far) = self.rules.iter().cloned().partition(|rule| self.reaches(rule));
        let of = |rules| Self {
            rules,
            ..self.clone()
        };
        (of(near), of(far))
    }

    /// The same, waiting with what `patience` names.
    #[must_use]
    pub fn waiting(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// A planner of some of the rules, for a part of the cluster that nothing else reaches into.
    #[must_use]
    pub fn part(&self, rules: Vec<Arc<Rule>>, patience: Patience) -> Self {
        Self {
            rules,
            options: self.options.clone(),
            trust: self.trust.clone(),
            in_doubt: InDoubt::default(),
            patience,
        }
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
        for rule in self.rules.iter().filter(|rule| self.reaches(rule)) {
            let target = &rule.target;
            let candidates = index.candidates(target);
            if candidates.is_empty() && can_scale(target) {
                add(&target.namespace, &target.kind);
                drivers = true;
            }
            let sleeps = rule.default.is_sleep() || rule.schedule.iter().any(|window| window.sets.is_sleep());
            // Whether somebody put it to 0 is seen in its workload alone.
            if sleeps || rule.wake == Wake::Always {
                for autoscaler in candidates
                    .iter()
                    .filter(|autoscaler| autoscaler.workload.group == "apps")
                {
                    add(&autoscaler.namespace, &autoscaler.workload.kind);
                }
            }
        }
        for (namespace, memory) in &observed.memories {
            for (_, entry) in memory.scales() {
                add(namespace, &entry.kind);
                // Whoever drives the workload by now must not be disturbed by a restoration either.
                drivers = true;
            }
        }
        needs.drivers = drivers;
        needs
    }

    /// Plans every rule, and what no rule resolves to.
    #[must_use]
    pub fn plan(&self, observed: &Observed, at: Instant) -> Plan {
        self.plan_beside(observed, at, &self.in_doubt)
    }

    /// The same, where rules of another [part](Self::part) may be in doubt: what they may have named is not restored.
    #[must_use]
    pub fn plan_beside(&self, observed: &Observed, at: Instant, elsewhere: &InDoubt) -> Plan {
        let pass = self.pass(observed, at);
        let resolved: Vec<_> = self.rules.iter().map(|rule| self.resolve(&pass, rule)).collect();
        let mut clashes = clashes(&pass, &self.rules, &resolved);
        let kept = self
            .rules
            .iter()
            .zip(resolved)
            .enumerate()
            .map(|(number, (rule, resolved))| {
                let resolved = clashes.remove(&number).map_or(resolved, Err);
                pass.keep(rule, resolved)
            });
        let mut targets: Vec<TargetPlan> = kept.collect();
        // While a rule is refused, nobody knows what it would have named.
        let mut own = InDoubt::default();
        for target in targets.iter().filter(|target| target.refusal().is_some()) {
            if let Intent::Keep(rule) = &target.intent {
                own.add(&rule.scope, &refused(&rule.name));
            }
        }
        let rules = self.rules.iter().filter(|rule| self.reaches(rule));
        for (object, rule) in abandoned(&pass, &self.options, rules) {
            let doubt = own.holds_back(&object.namespace, &rule);
            let doubt = doubt.or_else(|| elsewhere.holds_back(&object.namespace, &rule));
            targets.push(if self.options.prune && doubt.is_none() {
                pass.restore(&object)
            } else {
                pass.mention(&object, doubt.filter(|_| self.options.prune))
            });
        }
        Plan { at, targets }
    }

    /// Plans the restoration of what this instance wrote, whatever the rules say.
    #[must_use]
    pub fn restore(&self, observed: &Observed, selection: &Selection, at: Instant) -> Plan {
        let pass = self.pass(observed, at);
        let objects = selected(&pass, &self.options, selection);
        let targets = objects.iter().map(|object| pass.restore(object)).collect();
        Plan { at, targets }
    }

    /// Plans targets again, after they were observed again.
    #[must_use]
    pub fn again<'a>(
        &self,
        intents: impl IntoIterator<Item = &'a Intent>,
        observed: &Observed,
        at: Instant,
    ) -> Vec<TargetPlan> {
        let pass = self.pass(observed, at);
        let plan = |intent: &Intent| match intent {
            Intent::Keep(rule) => pass.keep(rule, self.resolve(&pass, rule)),
            Intent::Restore(object) => pass.restore(object),
            Intent::Mention(object) => pass.mention(object, None),
        };
        intents.into_iter().map(plan).collect()
    }

    /// Whether a rule may touch its target at all.
    fn reaches(&self, rule: &Rule) -> bool {
        self.trust.refusal(rule, &self.options).is_none()
    }

    /// The object that is written for a rule.
    fn resolve<'a>(&self, pass: &Pass<'a>, rule: &Rule) -> Result<Resolved<'a>, Refusal> {
        match self.trust.refusal(rule, &self.options) {
            Some(refusal) => Err(refusal),
            None => pass.index.resolve(&rule.target),
        }
    }

    fn pass<'a>(&'a self, observed: &'a Observed, at: Instant) -> Pass<'a> {
        Pass::new(observed, at, &self.options.instance, &self.patience)
    }
}

impl Options {
    pub(super) fn includes(&self, namespace: &str) -> bool {
        self.namespaces.is_empty() || self.namespaces.contains(namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Autoscaler, WorkloadRef};
    use crate::policy::{self, Ground, Supply};

    fn autoscaler(namespace: &str, name: &str, state: Option<&str>) -> Autoscaler {
        Autoscaler {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid: "u".to_owned(),
            workload: WorkloadRef {
                group: "apps".to_owned(),
                kind: "Deployment".to_owned(),
                name: name.to_owned(),
            },
            floor: Some(5),
            ceiling: 20,
            state: state.map(str::to_owned),
            ..Autoscaler::default()
        }
    }
    #[test]
    fn a_tenant_cannot_hold_back_restorations_elsewhere() {
        let file = "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {name: web}\nspec:\n  target: {kind: Deployment, name: web, namespace: evil}\n  schedule:\n    - {name: peak, timeStart: '16:00', timeEnd: '18:00', minReplicas: 5}\n";
        let loaded = policy::check(vec![("r.yaml".to_owned(), file.to_owned())]);
        assert!(!loaded.has_errors());
        let mut rules = loaded.rules;
        let spec = serde_json::json!({"target": {"kind": "Deployment", "name": "web"}, "default": {"minReplicas": 1}});
        let options = Options {
            instance: "default".to_owned(),
            prune: true,
            namespaces: BTreeSet::new(),
        };
        let state = r#"{"v":1,"instance":"default","rule":"b/gone","uid":"u","at":"2026-11-24T17:00:00Z","minReplicas":{"original":2,"applied":5}}"#;
        let observed = Observed {
            autoscalers: vec![
                autoscaler("evil", "web", None),
                autoscaler("b", "api", Some(state)),
            ],
            ..Observed::default()
        };
        let at = Instant::parse("2026-11-27T12:00:00Z").unwrap();
        rules.extend(
            Ground::default()
                .read(&Supply::of_scaling_rule("evil", "x", &BTreeMap::new(), &spec))
                .rules,
        );
        let plan = Planner::new(rules, options).plan(&observed, at);
        assert!(
            plan.targets
                .iter()
                .any(|t| t.target.namespace == "b" && t.action == Action::Restore),
            "b/api is not restored"
        );
    }
}
