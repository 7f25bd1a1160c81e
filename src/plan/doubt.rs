//! What must not be restored while some rule is not in force.
//!
//! Of a rule that is refused, wrong or unread nobody knows what it would have named. So what no other rule names may still be
//! meant to stay as it is.

use std::collections::BTreeMap;

use crate::policy::Scope;

/// Why rules are in doubt, by the namespace that they are from (`None`: the operator's files), and how often each reason
/// was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InDoubt(BTreeMap<Option<String>, BTreeMap<String, usize>>);

impl InDoubt {
    /// Notes a reason, which is part of a sentence: `rule "web" is refused`.
    pub fn add(&mut self, scope: &Scope, reason: &str) {
        let reasons = self.0.entry(home(scope)).or_default();
        *reasons.entry(reason.to_owned()).or_default() += 1;
    }

    /// Takes back what was [added](Self::add).
    pub fn remove(&mut self, scope: &Scope, reason: &str) {
        let home = home(scope);
        let Some(reasons) = self.0.get_mut(&home) else {
            return;
        };
        if let Some(count) = reasons.get_mut(reason) {
            *count -= 1;
            if *count == 0 {
                reasons.remove(reason);
            }
        }
        if reasons.is_empty() {
            self.0.remove(&home);
        }
    }

    /// Why an object of this namespace, written for this rule, is not abandoned for certain.
    pub(super) fn holds_back(&self, namespace: &str, rule: &str) -> Option<&str> {
        // A rule of a file may name anything; one of a namespace what is in it, and what it has written elsewhere.
        let home = rule.split_once('/').map_or(namespace, |(home, _)| home);
        let mut scopes = [None, Some(namespace), Some(home)].into_iter();
        let reasons = scopes.find_map(|scope| self.0.get(&scope.map(str::to_owned)))?;
        reasons.keys().next().map(String::as_str)
    }
}

fn home(scope: &Scope) -> Option<String> {
    scope.namespace().map(str::to_owned)
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
