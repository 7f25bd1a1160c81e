//! What does not show in the end: what a later layer replaces or deletes, profiles that do not count now, and names
//! that are nearly others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::calendars::Calendars;
use super::check::Checker;
use super::codes;
use super::deletions;
use super::join::{self, Part};
use super::layers::Layers;
use super::limits::NamespaceLimits;
use super::node::{Key, Node, Value};
use super::problem::Problem;
use super::settings::Settings;
use super::source::Span;
use super::spec::{self, Form};
use super::words::{self, quoted};

/// Names of so many windows are compared.
const COMPARED: usize = 100;
/// For so many rules another one of nearly the same name is looked for.
pub(super) const LOOKED_FOR: usize = 20;

/// Looks at each layer of what has several, by itself: what a later layer replaces is to be right too.
pub(super) fn look_at_each(layers: &Layers<'_>, settings: &Settings, check: &mut Checker<'_>) {
    look(layers, 2, settings, check);
}

/// Looks at the profiles that do not count now; `layers` are those that do.
pub(super) fn look_aside(
    aside: &Layers<'_>,
    layers: &Layers<'_>,
    settings: &Settings,
    check: &mut Checker<'_>,
) {
    look(aside, 1, settings, check);
    let is_part = |part: &&Part<'_>| part.node.get("target").is_none() && !deletions::is_one(part.node);
    let parts = aside.rules().filter_map(|(name, stack)| {
        let part = stack.parts().first().filter(is_part)?;
        layers.rule(name).is_none().then_some((name, part.key))
    });
    let names: Vec<&str> = layers.rules().map(|(name, _)| name).collect();
    for (name, key) in parts.take(LOOKED_FOR) {
        tell_near_rule(name, key, &names, check);
    }
}

/// Looks at all parts of what has so many of them.
fn look(layers: &Layers<'_>, fewest: usize, settings: &Settings, check: &mut Checker<'_>) {
    let of_several = |parts: &[Part<'_>]| parts.len() >= fewest;
    for part in Some(layers.of_defaults())
        .filter(|parts| of_several(parts))
        .unwrap_or_default()
    {
        look_at_defaults(*part, check);
    }
    for (name, stack) in layers
        .of_calendars()
        .filter(|(_, stack)| of_several(stack.parts()))
    {
        stack
            .parts()
            .iter()
            .for_each(|part| look_at_calendar(name, *part, check));
    }
    for (name, stack) in layers.of_limits().filter(|(_, stack)| of_several(stack.parts())) {
        stack
            .parts()
            .iter()
            .for_each(|part| look_at_limits(name, *part, check));
    }
    for (_, stack) in layers.rules().filter(|(_, stack)| of_several(stack.parts())) {
        stack
            .parts()
            .iter()
            .for_each(|part| look_at_rule(*part, settings, check));
    }
}

fn look_at_defaults(part: Part<'_>, check: &mut Checker<'_>) {
    check.alone(|check| {
        if let Some((_, node)) = join::join(&[part]) {
            Settings::read(Some(&node), &[], check);
        }
    });
}

fn look_at_calendar(name: &str, part: Part<'_>, check: &mut Checker<'_>) {
    check.alone(|check| {
        if let Some((span, node)) = join::join(&[part]) {
            let text = name.to_owned();
            Calendars::read(&[(Key { text, span }, node)], check);
        }
    });
}

fn look_at_limits(namespace: &str, part: Part<'_>, check: &mut Checker<'_>) {
    check.alone(|check| {
        if let Some((span, node)) = join::join(&[part]) {
            let text = namespace.to_owned();
            NamespaceLimits::read(&[(Key { text, span }, node)], check);
        }
    });
}

fn look_at_rule(part: Part<'_>, settings: &Settings, check: &mut Checker<'_>) {
    check.alone(|check| {
        if !part.has_deletions {
            spec::read(part.node, part.form(), None, None, settings, check);
            return;
        }
        let node = spec::by_name(part.node, part.form(), check);
        if let Some((_, node)) = join::join(&[Part { node: &node, ..part }]) {
            spec::read(&node, Form::Policy, None, None, settings, check);
        }
    });
}

/// Tells deletions of what is not there: something is misspelt, or over.
pub(super) fn tell_needless(earlier: &[Part<'_>], part: Part<'_>, check: &mut Checker<'_>) {
    if !part.has_deletions {
        return;
    }
    let earlier: Vec<&Node> = earlier.iter().map(|part| part.node).collect();
    for span in deletions::needless(part.key, part.node, &earlier) {
        let written = check.slice(span);
        let problem = Problem::warning(
            codes::DELETES_NOTHING,
            format!("{} deletes nothing: no earlier layer has it", quoted(written)),
        )
        .hint("check the spelling, or remove the line");
        check.warn(problem, span);
    }
}

/// Warns of a part of a profile that is for no rule, where one of nearly the same name was probably meant.
fn tell_near_rule(name: &str, span: Span, names: &[&str], check: &mut Checker<'_>) {
    if let Some(near) = words::meant(name, names)
        && !words::are_numbered(near, name)
    {
        let problem = Problem::warning(
            codes::NEAR_RULE,
            format!("there is no rule {} that this profile could adjust", quoted(name)),
        );
        check.warn(
            problem.hint(format!("did you mean the rule {}?", quoted(near))),
            span,
        );
    }
}

/// Tells windows of a later layer whose names are nearly those of an earlier one: they are new ones, where the earlier
/// one was to be adjusted.
pub(super) fn tell_near_windows(layers: &[Cow<'_, Node>], check: &mut Checker<'_>) {
    let mut known: BTreeMap<&str, &Key> = BTreeMap::new();
    for layer in layers {
        let entries: &[(Key, Node)] = match layer.get("schedule").map(|schedule| &schedule.value) {
            Some(Value::Map(entries)) => entries,
            _ => &[],
        };
        let new: Vec<&Key> = entries
            .iter()
            .filter(|(_, node)| !deletions::is_one(node))
            .map(|(key, _)| key)
            .filter(|key| !known.contains_key(key.text.as_str()))
            .collect();
        if known.len() <= COMPARED {
            let names: Vec<&str> = known.keys().copied().collect();
            for key in new.iter().take(COMPARED) {
                if let Some(near) = words::meant(&key.text, &names)
                    && !words::are_numbered(near, &key.text)
                    && let Some(first) = known.get(near)
                {
                    let problem = Problem::warning(
                        codes::NEAR_WINDOW,
                        format!("{} is a new window, beside {}", quoted(&key.text), quoted(near)),
                    )
                    .also(check.mark(first.span), "this one is not adjusted")
                    .hint(format!("did you mean {}?", quoted(near)));
                    check.warn(problem, key.span);
                }
            }
        }
        known.extend(new.into_iter().map(|key| (key.text.as_str(), key)));
    }
}
