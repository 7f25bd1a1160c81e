//! What a change of the layers does: to the values, and to the plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Plan, TargetPlan};
use crate::policy::{Config, Content, Leaf, Place};

/// What differs between two sets of layers.
#[derive(Debug)]
pub struct Difference<'d> {
    /// The values, by path; a value that only moved to another line is not among them.
    pub values: Vec<Move<'d>>,
    /// Of two plans for the same cluster and instant: the targets that come out otherwise.
    pub targets: Option<Vec<(Option<&'d TargetPlan>, Option<&'d TargetPlan>)>>,
}

/// One value, before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Move<'d> {
    /// The keys from `defaults`, `calendars`, `limits` or `rules` on.
    pub path: Vec<&'d str>,
    /// What it was, and where that is written; `None`: it was not.
    pub from: Option<(&'d Content, &'d Place)>,
    /// What it is; `None`: it is gone.
    pub to: Option<(&'d Content, &'d Place)>,
}

impl<'d> Difference<'d> {
    /// Compares two sets of layers, and their plans if there are any.
    #[must_use]
    pub fn between(old: &'d Config, new: &'d Config, plans: Option<(&'d Plan, &'d Plan)>) -> Self {
        Self {
            values: moves(old, new),
            targets: plans.map(|(old, new)| targets(old, new)),
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.targets.as_ref().is_none_or(Vec::is_empty)
    }
}

fn moves<'d>(old: &'d Config, new: &'d Config) -> Vec<Move<'d>> {
    let by_path = |config: &'d Config| -> BTreeMap<Vec<&'d str>, Leaf<'d>> {
        let leaves = config.leaves().into_iter();
        leaves.map(|leaf| (leaf.path.clone(), leaf)).collect()
    };
    let (old, new) = (by_path(old), by_path(new));
    let paths: BTreeSet<&Vec<&str>> = old.keys().chain(new.keys()).collect();
    let differs = |path: &Vec<&'d str>| {
        let side = |leaves: &BTreeMap<Vec<&'d str>, Leaf<'d>>| {
            let leaf = leaves.get(path)?;
            Some((leaf.content, leaf.place))
        };
        let (from, to) = (side(&old), side(&new));
        let is_same = from.map(|(content, _)| content) == to.map(|(content, _)| content);
        (!is_same).then(|| Move {
            path: path.clone(),
            from,
            to,
        })
    };
    paths.into_iter().filter_map(differs).collect()
}

fn targets<'d>(old: &'d Plan, new: &'d Plan) -> Vec<(Option<&'d TargetPlan>, Option<&'d TargetPlan>)> {
    let by_target = |plan: &'d Plan| -> BTreeMap<_, &'d TargetPlan> {
        let targets = plan.targets.iter().filter(|target| target.source.is_some());
        targets.map(|target| (&target.target, target)).collect()
    };
    let (old, new) = (by_target(old), by_target(new));
    let all: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let outcome = |plan: &TargetPlan| (plan.action.clone(), plan.to, plan.until);
    all.into_iter()
        .map(|target| (old.get(*target).copied(), new.get(*target).copied()))
        .filter(|(old, new)| old.map(outcome) != new.map(outcome))
        .collect()
}
