//! All that was written, by what it is about: for each rule and calendar what each layer says, lowest first.
//!
//! ```text
//! ScalingRule documents < policy files in their order < variables < --set
//! ```
//! A rule is joined from its own layers alone, so that a thousand files of rules cost no more than the rules in them.

use std::borrow::Cow;

use super::behind::{self, LOOKED_FOR, tell_needless};
use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::deletions;
use super::document::Document;
use super::join::Part;
use super::node::{Key, Node, Value};
use super::problem::Problem;
use super::scope::Scope;
use super::settings::Settings;
use super::spec::Form;
use super::stack::{self, Stack, Stacks, Written};
use super::words::{self, quoted};

/// The keys of a policy file.
pub(super) const POLICY: Keys = Keys {
    what: "a policy file",
    known: &["defaults", "calendars", "limits", "rules", "profile"],
    ignored: &[],
    synonyms: &[
        ("default", "defaults"),
        ("calendar", "calendars"),
        ("holidays", "calendars"),
        ("limit", "limits"),
        ("rule", "rules"),
        ("profiles", "profile"),
    ],
};

/// The keys of a profile in one.
pub(super) const PROFILE: Keys = Keys {
    what: "a profile",
    known: &["defaults", "calendars", "limits", "rules"],
    ignored: &[],
    synonyms: POLICY.synonyms,
};

/// Everything that was written, lowest layer first.
#[derive(Default)]
pub(super) struct Layers<'n> {
    defaults: Vec<Part<'n>>,
    calendars: Stacks<'n>,
    /// By namespace.
    limits: Stacks<'n>,
    rules: Stacks<'n>,
    /// Documents that nothing can adjust: without a sound name, or with that of an earlier one.
    apart: Vec<Document<'n>>,
    profiles: Vec<&'n str>,
    /// The profiles that do not count now.
    aside: Vec<&'n Node>,
    /// Whose they are: only the operator sets limits.
    scope: Scope,
}

/// Whether a document is part of a policy file: it does not say that it is an object, and has a key of theirs.
pub(super) fn is_policy(node: &Node) -> bool {
    let Value::Map(entries) = &node.value else {
        return false;
    };
    let has = |names: &[&str]| entries.iter().any(|(key, _)| names.contains(&key.text.as_str()));
    if has(&["apiVersion", "kind", "metadata", "spec"]) {
        return false;
    }
    // A rule without its head may have a `default`, which is nearly `defaults`, and `limits` of its own.
    let is_headless_rule = has(&["target", "schedule"]);
    let nearly = |key: &Key| words::meant(&key.text, POLICY.known).is_some();
    has(&["defaults", "calendars", "rules", "profile"])
        || (!is_headless_rule && entries.iter().any(|(key, _)| nearly(key)))
}

/// Whether a policy file has rules, in whatever profile.
pub(super) fn has_rules(policy: &Node) -> bool {
    let in_profile = |profile: &Node| match &profile.value {
        Value::Map(entries) => entries.iter().any(|(_, node)| node.get("rules").is_some()),
        _ => false,
    };
    policy.get("rules").is_some() || policy.get("profile").is_some_and(in_profile)
}

impl<'n> Layers<'n> {
    /// Nothing yet, of this scope.
    pub(super) fn of(scope: Scope) -> Self {
        Self {
            scope,
            ..Self::default()
        }
    }

    /// Takes in a document of a rule. Documents come before policies.
    pub(super) fn add_document(&mut self, document: Document<'n>, check: &mut Checker<'_>) {
        let (Some(node), Some((name, key))) = (document.spec, &document.name) else {
            return self.apart.push(document);
        };
        let stack = self.rules.stack(name);
        if let Some(first) = stack.parts().first() {
            let problem = Problem::error(
                codes::DUPLICATE_RULE,
                format!("two rules have the name {}", quoted(name)),
            )
            .also(check.mark(first.key), "the first one")
            .hint("give each rule a name of its own");
            check.report(problem, *key);
            return self.apart.push(document);
        }
        stack.push(Part::of_document(*key, node));
        stack.document = Some(document);
    }

    /// Takes in a policy file, or what is written like one, as the next layer; its part for `profile` counts right
    /// after the rest of it.
    pub(super) fn add(&mut self, policy: &'n Node, profile: Option<&str>, check: &mut Checker<'_>) {
        let Some(fields) = Fields::read(policy, &POLICY, check) else {
            return;
        };
        self.sections(&fields, check);
        let Some(profiles) = fields.get("profile", check) else {
            return;
        };
        let entries = named(
            profiles,
            "write the name of each profile, and below it, indented, `defaults`, `calendars` or `rules`: `prod:`",
            check,
        );
        for (key, node) in entries {
            if deletions::is_one(node) {
                let problem = Problem::error(codes::WRONG_TYPE, "a profile cannot be deleted as a whole")
                    .hint("delete what it says, or leave `--profile` out");
                check.report(problem, key.span);
                continue;
            }
            self.profiles.push(&key.text);
            if profile != Some(key.text.as_str()) {
                self.aside.push(node);
            } else if let Some(fields) = Fields::read(node, &PROFILE, check) {
                self.sections(&fields, check);
            }
        }
    }

    fn sections(&mut self, fields: &Fields<'n>, check: &mut Checker<'_>) {
        if let Some(field) = said("defaults", fields, check) {
            let part = Part::of_policy(field.key, field.node);
            tell_needless(&self.defaults, part, check);
            self.defaults.push(part);
        }
        let hint = "write the name of each calendar, and below it, indented, its `dates`: `public-holidays:`";
        if let Some(field) = said("calendars", fields, check) {
            add_section(&mut self.calendars, field, hint, check);
        }
        if let Some(field) = said("limits", fields, check) {
            if self.scope == Scope::Files {
                let hint = "write the name of each namespace, or \"*\" for all others, and below it, indented, `maxReplicas`: `shop:`";
                add_section(&mut self.limits, field, hint, check);
            } else {
                let problem = Problem::error(
                    codes::NOT_YOURS,
                    "only whoever runs easyscale sets limits for namespaces",
                )
                .hint("a rule has `limits` of its own: write them under the rule");
                check.report(problem, field.key);
            }
        }
        let hint = "write the name of each rule, and below it, indented, what it says: `checkout:`";
        if let Some(field) = said("rules", fields, check) {
            add_section(&mut self.rules, field, hint, check);
        }
    }

    /// To be called when all layers are in that count so far, before they are looked at.
    pub(super) fn catch_up(&mut self) {
        self.calendars.catch_up();
        self.limits.catch_up();
        self.rules.catch_up();
    }

    /// What people have named here and not deleted, for a path of keys to a calendar, rule or window.
    pub(super) fn names(&self, path: &[&str], check: &Checker<'_>) -> Vec<String> {
        let names = match path {
            ["calendars"] => self.calendars.names(),
            ["limits"] => self.limits.names(),
            ["rules"] => self.rules.names(),
            ["rules", rule, "schedule"] => {
                let stack = self.rules.get(rule);
                let rule = stack.and_then(|stack| stack.settled_rule(&mut Checker::new(check.sources())));
                return match rule.as_ref().and_then(|rule| Some(&rule.get("schedule")?.value)) {
                    Some(Value::Map(entries)) => entries.iter().map(|(key, _)| key.text.clone()).collect(),
                    Some(Value::Seq(items)) => items
                        .iter()
                        .filter_map(deletions::name_of)
                        .map(str::to_owned)
                        .collect(),
                    _ => Vec::new(),
                };
            }
            _ => Vec::new(),
        };
        names.into_iter().map(str::to_owned).collect()
    }

    /// What the layers say of `defaults`.
    pub(super) fn of_defaults(&self) -> &[Part<'n>] {
        &self.defaults
    }

    /// What the layers say of each calendar.
    pub(super) fn of_calendars(&self) -> impl Iterator<Item = (&str, &Stack<'n>)> {
        self.calendars.iter()
    }

    /// What the layers say of the limits of each namespace.
    pub(super) fn of_limits(&self) -> impl Iterator<Item = (&str, &Stack<'n>)> {
        self.limits.iter()
    }

    /// What the layers say of each rule.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&str, &Stack<'n>)> {
        self.rules.iter()
    }

    /// What the layers say of a rule.
    pub(super) fn rule(&self, name: &str) -> Option<&Stack<'n>> {
        self.rules.get(name)
    }

    /// The profiles of all files.
    pub(super) fn profiles(&self) -> &[&'n str] {
        &self.profiles
    }

    /// `defaults` as all layers together have it.
    pub(super) fn defaults(&self) -> Option<Cow<'n, Node>> {
        stack::settled(&self.defaults).map(|(_, node)| node)
    }

    /// The calendars as all layers together have them.
    pub(super) fn calendars(&self) -> Vec<(Key, Node)> {
        settled(&self.calendars)
    }

    /// The limits of namespaces as all layers together have them.
    pub(super) fn limits(&self) -> Vec<(Key, Node)> {
        settled(&self.limits)
    }

    /// Tells what is wrong with what does not show in the end.
    pub(super) fn look_behind(&self, settings: &Settings, check: &mut Checker<'_>) {
        behind::look_at_each(self, settings, check);
        let mut aside = Layers::default();
        for profile in &self.aside {
            check.alone(|check| {
                if let Some(fields) = Fields::read(profile, &PROFILE, check) {
                    aside.sections(&fields, check);
                }
            });
        }
        behind::look_aside(&aside, self, settings, check);
    }

    /// The rules as all layers together have them, in the order in which they were named first.
    pub(super) fn into_rules(self, check: &mut Checker<'_>) -> Vec<Written<'n>> {
        let mut rules: Vec<Written<'n>> = Vec::new();
        for (name, stack) in self.rules.into_iter() {
            rules.extend(stack.into_rule(&name, check));
        }
        for document in self.apart {
            rules.extend(alone(document));
        }
        rules.sort_by_key(|rule| rule.span.start);
        note_nearest(&mut rules);
        rules
    }
}

/// Notes for rules that name no target which other one was probably meant to be adjusted.
fn note_nearest(rules: &mut [Written<'_>]) {
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    for (at, rule) in rules.iter().enumerate() {
        if rule.node.get("target").is_some() {
            whole.push(rule.name.as_str());
        } else if rule.document.is_none() && parts.len() < LOOKED_FOR {
            parts.push(at);
        }
    }
    let near: Vec<Option<String>> = parts
        .iter()
        .map(|at| words::meant(&rules[*at].name, &whole).map(str::to_owned))
        .collect();
    for (at, near) in parts.into_iter().zip(near) {
        rules[at].near = near;
    }
}

/// Takes in the next layer of a section of names.
fn add_section<'n>(stacks: &mut Stacks<'n>, field: Field<'n>, hint: &str, check: &mut Checker<'_>) {
    if deletions::begins_with_one(field.node) {
        stacks.delete_all(field.key);
    }
    for (key, node) in named(field, hint, check) {
        let stack = stacks.stack(&key.text);
        let part = Part::of_policy(key.span, node);
        tell_needless(stack.parts(), part, check);
        stack.push(part);
    }
}

/// What all layers together say of each name of a section.
fn settled(stacks: &Stacks<'_>) -> Vec<(Key, Node)> {
    let settled = stacks.iter().filter_map(|(name, stack)| {
        let (span, node) = stack.settled()?;
        let text = name.to_owned();
        Some((Key { text, span }, node.into_owned()))
    });
    settled.collect()
}

/// A document that no layer adjusts.
fn alone(document: Document<'_>) -> Option<Written<'_>> {
    let node = document.spec?;
    let (name, span) = document.name.clone().unwrap_or((String::new(), node.span));
    Some(Written {
        name,
        span,
        document: Some(document),
        form: Form::Document,
        node: Cow::Borrowed(node),
        is_sound: true,
        near: None,
    })
}

/// A section that is there, if only to delete; without a value it is told.
fn said<'n>(name: &str, fields: &Fields<'n>, check: &mut Checker<'_>) -> Option<Field<'n>> {
    let field = fields.get_quietly(name)?;
    if deletions::is_one(field.node) {
        return Some(field);
    }
    fields.get(name, check)
}

/// The entries of a map whose keys are names, but for the mark of a deletion.
fn named<'n>(field: Field<'n>, hint: &str, check: &mut Checker<'_>) -> Vec<(&'n Key, &'n Node)> {
    match &field.node.value {
        Value::Map(entries) => entries
            .iter()
            .filter(|(key, node)| !deletions::is_mark(key, node))
            .map(|(key, node)| (key, node))
            .collect(),
        Value::Null => Vec::new(),
        _ => {
            let name = field.name;
            let problem = Problem::error(
                codes::WRONG_TYPE,
                format!(
                    "`{name}` must be a map (`key: value` lines), found {}",
                    field.node.describe()
                ),
            );
            check.report(problem.hint(hint), field.node.span);
            Vec::new()
        }
    }
}
