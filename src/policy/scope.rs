//! Whose a rule is: the operator's files, or one object in the cluster.

use std::fmt;
use std::sync::Arc;

/// Where a rule comes from. What comes from one scope is accepted or refused together, and apart from all others.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The operator's files, variables and flags.
    #[default]
    Files,
    /// A `ConfigMap`, each key of which is a policy file.
    ConfigMap(Owner),
    /// A custom resource, which is one rule.
    ScalingRule(Owner),
}

/// An object in the cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// Its namespace, and with it that of its rules' targets, unless the operator allows more.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

impl Scope {
    /// The namespace of the object; `None` for files, which are the operator's own.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Files => None,
            Self::ConfigMap(owner) | Self::ScalingRule(owner) => Some(&owner.namespace),
        }
    }

    /// How a rule of that name is called among all rules: the names of namespaces do not meet those of others.
    pub(super) fn identity(&self, name: &str) -> String {
        match self.namespace() {
            None => name.to_owned(),
            Some(namespace) => format!("{namespace}/{name}"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files => f.write_str("the policy files"),
            Self::ConfigMap(Owner { namespace, name }) => write!(f, "configmap {namespace}/{name}"),
            Self::ScalingRule(Owner { namespace, name }) => write!(f, "scalingrule {namespace}/{name}"),
        }
    }
}
