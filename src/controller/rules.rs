//! The rules in force, by what they name.

use std::sync::Arc;

use super::picture::Picture;
use crate::plan::Planner;
use crate::policy::{Rule, Target};

pub(super) struct Rules {
    planner: Planner,
    /// In the order of their targets.
    by_target: Vec<Arc<Rule>>,
}

impl Rules {
    pub(super) fn new(planner: Planner) -> Self {
        let mut by_target = planner.rules().to_vec();
        by_target.sort_by(|one, other| one.target.cmp(&other.target));
        Self { planner, by_target }
    }

    pub(super) fn planner(&self) -> &Planner {
        &self.planner
    }

    /// What rules name: the knots that there are because of them. An autoscaler belongs to the knot of its workload,
    /// once it is there.
    pub(super) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.by_target.iter().map(|rule| &rule.target)
    }

    /// The rules of a knot: those that name its workload, or an autoscaler of it.
    pub(super) fn of(&self, knot: &Target, picture: &Picture) -> Vec<Arc<Rule>> {
        if knot.is_autoscaler() && picture.autoscaler(knot).is_some() {
            return Vec::new();
        }
        std::iter::once(knot)
            .chain(picture.scaling(knot))
            .flat_map(|target| self.naming(target))
            .cloned()
            .collect()
    }

    fn naming(&self, target: &Target) -> &[Arc<Rule>] {
        let from = self.by_target.partition_point(|rule| rule.target < *target);
        let rest = self.by_target.get(from..).unwrap_or_default();
        let many = rest.iter().take_while(|rule| rule.target == *target).count();
        rest.get(..many).unwrap_or_default()
    }
}
