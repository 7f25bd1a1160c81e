//! From rules and an observed cluster to a plan: every rule, one by one, and what no rule resolves to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::abandoned::{abandoned, selected};
use super::clashes::clashes;
use super::observed::Observed;
use super::pass::Pass;
use super::patience::Patience;
use super::resolve::{Index, can_scale};
use super::target_plan::{Action, Intent, TargetPlan};
use crate::policy::{Rule, Target, Wake};
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
    /// A planner; rules outside the chosen namespaces are left out.
    #[must_use]
    pub fn new(mut rules: Vec<Arc<Rule>>, options: Options) -> Self {
        rules.retain(|rule| options.includes(&rule.target.namespace));
        Self {
            rules,
            options,
            patience: Patience::default(),
        }
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
        for rule in &self.rules {
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
        self.plan_beside(observed, at, None)
    }

    /// The same, where a rule of another [part](Self::part) may be refused: while one is, nothing is restored.
    #[must_use]
    pub fn plan_beside(&self, observed: &Observed, at: Instant, refused_elsewhere: Option<&str>) -> Plan {
        let pass = self.pass(observed, at);
        let resolved: Vec<_> = self
            .rules
            .iter()
            .map(|rule| pass.index.resolve(&rule.target))
            .collect();
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
        // While a rule is refused, nobody knows what it would have named: nothing is abandoned.
        let refused = targets
            .iter()
            .find(|target| target.refusal().is_some())
            .map(|target| target.rule.as_str())
            .or(refused_elsewhere)
            .map(str::to_owned);
        for object in abandoned(&pass, &self.options, &self.rules) {
            targets.push(if self.options.prune && refused.is_none() {
                pass.restore(&object)
            } else {
                pass.mention(&object, refused.as_deref().filter(|_| self.options.prune))
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
            Intent::Keep(rule) => pass.keep(rule, pass.index.resolve(&rule.target)),
            Intent::Restore(object) => pass.restore(object),
            Intent::Mention(object) => pass.mention(object, None),
        };
        intents.into_iter().map(plan).collect()
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
