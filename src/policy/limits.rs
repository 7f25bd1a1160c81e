//! What the operator allows per namespace, whatever rules ask.

use std::collections::BTreeMap;

use super::bounds;
use super::check::Checker;
use super::name::{self, Form};
use super::node::{Key, Node};
use super::rule::{Limits, Replicas, Sourced};

/// The namespace that stands for all that are not named.
pub(super) const ALL: &str = "*";

/// Limits by namespace.
#[derive(Debug, Clone, Default)]
pub(super) struct NamespaceLimits(BTreeMap<String, Limits>);

impl NamespaceLimits {
    /// Reads the section `limits` of policy files.
    pub(super) fn read(entries: &[(Key, Node)], check: &mut Checker<'_>) -> Self {
        let mut limits = BTreeMap::new();
        for (key, node) in entries {
            let is_named = key.text == ALL
                || name::check(&key.text, "name of the namespace", Form::Label, key.span, check);
            if let (true, Some((read, _))) = (is_named, bounds::limits(node, check)) {
                limits.insert(key.text.clone(), read);
            }
        }
        Self(limits)
    }

    /// What holds in a namespace: per bound what is said of it by name, else what is said of all.
    pub(super) fn of(&self, namespace: &str) -> Limits {
        let named = self.0.get(namespace).cloned().unwrap_or_default();
        let all = self.0.get(ALL).cloned().unwrap_or_default();
        let value = |bound: &Option<Sourced<Replicas>>| bound.as_ref().map(|bound| bound.value);
        // What is said by name stands, so the other bound gives way where both cannot hold.
        let min = named.min.clone().or_else(|| {
            all.min
                .filter(|min| value(&named.max).is_none_or(|max| min.value <= max))
        });
        let max = named.max.or_else(|| {
            all.max
                .filter(|max| value(&named.min).is_none_or(|min| min <= max.value))
        });
        Limits { min, max }
    }

    /// A rule's own limits within those of its target's namespace.
    pub(super) fn narrow(&self, own: Limits, namespace: &str) -> Limits {
        let allowed = self.of(namespace);
        let mut min = by(own.min, allowed.min.clone(), |own, allowed| own > allowed);
        let mut max = by(own.max, allowed.max.clone(), |own, allowed| own < allowed);
        if let (Some(low), Some(most)) = (&min, &allowed.max)
            && low.value > most.value
        {
            min = allowed.max.clone();
        }
        if let (Some(high), Some(least)) = (&max, &allowed.min)
            && high.value < least.value
        {
            max = allowed.min.clone();
        }
        Limits { min, max }
    }
}

/// The rule's own bound where it is the narrower one.
fn by(
    own: Option<Sourced<Replicas>>,
    allowed: Option<Sourced<Replicas>>,
    is_narrower: fn(Replicas, Replicas) -> bool,
) -> Option<Sourced<Replicas>> {
    match (own, allowed) {
        (Some(own), Some(allowed)) if is_narrower(own.value, allowed.value) => Some(own),
        (own, allowed) => allowed.or(own),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::Place;

    fn sourced(value: Replicas) -> Sourced<Replicas> {
        let place = Place {
            file: "limits.yaml".into(),
            line: 1,
            column: 1,
        };
        Sourced { value, place }
    }

    fn limits() -> impl Strategy<Value = Limits> {
        let bound = || prop::option::of(0..20_u32);
        (bound(), bound()).prop_map(|(one, other)| match (one, other) {
            (Some(one), Some(other)) => Limits {
                min: Some(sourced(one.min(other))),
                max: Some(sourced(one.max(other).max(1))),
            },
            (min, max) => Limits {
                min: min.map(sourced),
                max: max.map(|max| sourced(max.max(1))),
            },
        })
    }

    proptest! {
        /// Nobody who writes a rule reaches what the operator does not allow, and what is allowed is never empty.
        #[test]
        fn a_rule_stays_within_what_is_allowed(own in limits(), all in limits(), shop in limits()) {
            let allowed = NamespaceLimits([(ALL.to_owned(), all), ("shop".to_owned(), shop.clone())].into());
            let value = |bound: &Option<Sourced<Replicas>>| bound.as_ref().map(|bound| bound.value);
            let of_shop = allowed.of("shop");
            prop_assert!(shop.min.is_none() || shop.min == of_shop.min);
            prop_assert!(shop.max.is_none() || shop.max == of_shop.max);
            let narrowed = allowed.narrow(own, "shop");
            if let Some(least) = value(&of_shop.min) {
                prop_assert!(value(&narrowed.min) >= Some(least));
                prop_assert!(value(&narrowed.max).is_none_or(|max| max >= least));
            }
            if let Some(most) = value(&of_shop.max) {
                prop_assert!(value(&narrowed.max).is_some_and(|max| max <= most));
                prop_assert!(value(&narrowed.min).is_none_or(|min| min <= most));
            }
            if let (Some(min), Some(max)) = (value(&narrowed.min), value(&narrowed.max)) {
                prop_assert!(min <= max);
            }
        }
    }
}
