//! The rules in force, by what they name.

use std::collections::HashMap;
use std::sync::Arc;

use super::picture::Picture;
use crate::plan::Planner;
use crate::policy::{Rule, Target};

pub(super) struct Rules {
    planner: Planner,
    by_target: HashMap<Target, Vec<Arc<Rule>>>,
}

impl Rules {
    pub(super) fn new(planner: Planner) -> Self {
        let mut by_target: HashMap<Target, Vec<Arc<Rule>>> = HashMap::new();
        for rule in planner.rules() {
            by_target
                .entry(rule.target.clone())
                .or_default()
                .push(Arc::clone(rule));
        }
        Self { planner, by_target }
    }

    pub(super) fn planner(&self) -> &Planner {
        &self.planner
    }

    /// What rules name: the knots that there are because of them. An autoscaler belongs to the knot of its workload,
    /// once it is there.
    pub(super) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.by_target.keys()
    }

    /// The rules of a knot: those that name its workload, or an autoscaler of it.
    pub(super) fn of(&self, knot: &Target, picture: &Picture) -> Vec<Arc<Rule>> {
        if knot.is_autoscaler() && picture.autoscaler(knot).is_some() {
            return Vec::new();
        }
        std::iter::once(knot)
            .chain(picture.scaling(knot))
            .filter_map(|target| self.by_target.get(target))
            .flatten()
            .cloned()
            .collect()
    }
}
