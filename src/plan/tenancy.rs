//! How far rules reach, and what must not be restored while some rule is not in force.

use std::collections::{BTreeMap, BTreeSet};

use super::planner::Options;
use super::refusal::{Code, Refusal};
use crate::policy::{Rule, Scope};

/// Namespaces whose rules may name targets in other namespaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust(pub BTreeSet<String>);

impl Trust {
    /// Why a rule must not touch its target, if so: one from inside the cluster touches its own namespace only.
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

/// The scopes of which some rule is refused, wrong or unread, and why: nobody knows what it would have named, so what no
/// other rule names may still be meant to stay as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InDoubt {
    /// Why, and how often.
    files: BTreeMap<String, usize>,
    namespaces: BTreeMap<String, BTreeMap<String, usize>>,
}

impl InDoubt {
    /// Notes a reason, which is part of a sentence: `rule "web" is refused`.
    pub fn add(&mut self, scope: &Scope, reason: &str) {
        let reasons = match scope.namespace() {
            None => &mut self.files,
            Some(namespace) => self.namespaces.entry(namespace.to_owned()).or_default(),
        };
        *reasons.entry(reason.to_owned()).or_default() += 1;
    }

    /// Takes back what was [added](Self::add).
    pub fn remove(&mut self, scope: &Scope, reason: &str) {
        let take = |reasons: &mut BTreeMap<String, usize>| {
            if let Some(count) = reasons.get_mut(reason) {
                *count -= 1;
                if *count == 0 {
                    reasons.remove(reason);
                }
            }
        };
        match scope.namespace() {
            None => take(&mut self.files),
            Some(namespace) => {
                if let Some(reasons) = self.namespaces.get_mut(namespace) {
                    take(reasons);
                    if reasons.is_empty() {
                        self.namespaces.remove(namespace);
                    }
                }
            }
        }
    }

    /// Why an object of this namespace, written for this rule, is not abandoned for certain.
    pub(super) fn holds_back(&self, namespace: &str, rule: &str) -> Option<&str> {
        // A rule of a file may name anything; one of a namespace what is in it, and what it has written elsewhere.
        let home = rule.split_once('/').map(|(home, _)| home);
        let of = |namespace: &str| self.namespaces.get(namespace);
        let reasons = Some(&self.files)
            .filter(|files| !files.is_empty())
            .or_else(|| of(namespace))
            .or_else(|| of(home?))?;
        reasons.keys().next().map(String::as_str)
    }
}

/// The reason of an object in the cluster whose rules cannot be used.
#[must_use]
pub fn has_mistakes(scope: &Scope) -> String {
    format!("{scope} has mistakes")
}

/// The reason of a rule that is refused.
#[must_use]
pub fn refused(rule: &str) -> String {
    format!("rule {rule:?} is refused")
}
