//! How far rules reach: one from inside the cluster touches its own namespace, unless the operator trusts it with more.

use std::collections::BTreeSet;

use super::planner::Options;
use super::refusal::{Code, Refusal};
use crate::policy::Rule;

/// Namespaces whose rules may name targets in other namespaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust(pub BTreeSet<String>);

impl Trust {
    /// Why a rule must not touch its target, if so.
    pub(super) fn refusal(&self, rule: &Rule, options: &Options) -> Option<Refusal> {
        let home = rule.scope.namespace()?;
        let target = &rule.target;
        if target.namespace != home && !self.0.contains(home) {
            return Some(Refusal::new(
                Code::OtherNamespace,
                format!(
                    "the rule is in the namespace {home:?} and its target in {:?}",
                    target.namespace
                ),
                format!(
                    "a rule in the cluster scales its own namespace only: put it into {:?}, or ask whoever runs easyscale \
                     to start it with --trust-namespace {home}",
                    target.namespace
                ),
            ));
        }
        (!options.includes(&target.namespace)).then(|| {
            Refusal::new(
                Code::OtherNamespace,
                format!(
                    "the target is in the namespace {:?}, which this easyscale does not handle",
                    target.namespace
                ),
                "ask whoever runs easyscale to start it with that --namespace as well",
            )
        })
    }
}
