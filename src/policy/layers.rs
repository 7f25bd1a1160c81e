//! All that was written, by what it is about: for each rule and calendar what each layer says, lowest first.
//!
//! ```text
//! ScalingRule documents < policy files in their order < variables < --set
//! ```
//! A rule is joined from its own layers alone, so that a thousand files of rules cost no more than the rules in them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::calendars::Calendars;
use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::deletions;
use super::document::Document;
use super::join::{self, Part};
use super::node::{Key, Node, Value};
use super::problem::Problem;
use super::settings::Settings;
use super::source::Span;
use super::spec::{self, Form};
use super::words::{self, quoted};

/// The keys of a policy file.
pub(super) const POLICY: Keys = Keys {
    what: "a policy file",
    known: &["defaults", "calendars", "rules", "profile"],
    ignored: &[],
    synonyms: &[
        ("default", "defaults"),
        ("calendar", "calendars"),
        ("holidays", "calendars"),
        ("rule", "rules"),
        ("profiles", "profile"),
    ],
};

/// The keys of a profile in one.
pub(super) const PROFILE: Keys = Keys {
    what: "a profile",
    known: &["defaults", "calendars", "rules"],
    ignored: &[],
    synonyms: POLICY.synonyms,
};

/// Names of so many windows are compared.
const COMPARED: usize = 100;
/// For so many rules without a target another one of nearly the same name is looked for.
const LOOKED_FOR: usize = 100;

/// Everything that was written, lowest layer first.
#[derive(Default)]
pub(super) struct Layers<'n> {
    defaults: Vec<Part<'n>>,
    calendars: BTreeMap<String, Vec<Part<'n>>>,
    rules: BTreeMap<String, Stack<'n>>,
    /// Documents that nothing can adjust: without a sound name, or with that of an earlier one.
    apart: Vec<Document<'n>>,
    profiles: Vec<&'n str>,
    /// The profiles that do not count now.
    aside: Vec<&'n Node>,
}

#[derive(Default)]
struct Stack<'n> {
    document: Option<Document<'n>>,
    parts: Vec<Part<'n>>,
}

/// A rule as all layers together have it.
pub(super) struct Written<'n> {
    pub(super) name: String,
    /// Where it is named.
    pub(super) span: Span,
    /// Around the rule, if a document is its lowest layer.
    pub(super) document: Option<Document<'n>>,
    pub(super) form: Form,
    pub(super) node: Cow<'n, Node>,
    /// Whether nothing was wrong with its layers when they were joined.
    pub(super) is_sound: bool,
    /// Of a rule that names no target: another rule of nearly the same name.
    pub(super) near: Option<String>,
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
    // A rule without its head may have a `default`, which is nearly `defaults`.
    let is_headless_rule = has(&["target", "schedule"]);
    let nearly = |key: &Key| words::meant(&key.text, POLICY.known).is_some();
    has(POLICY.known) || (!is_headless_rule && entries.iter().any(|(key, _)| nearly(key)))
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
    /// Takes in a document of a rule. Documents come before policies.
    pub(super) fn add_document(&mut self, document: Document<'n>) {
        let (Some(node), Some((name, key))) = (document.spec, &document.name) else {
            return self.apart.push(document);
        };
        let stack = self.rules.entry(name.clone()).or_default();
        if stack.document.is_some() {
            return self.apart.push(document);
        }
        stack.parts.push(Part::of_document(*key, node));
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
        if let Some(field) = said("calendars", fields, check) {
            if deletions::begins_with_one(field.node) {
                let part = deletion(field);
                self.calendars.values_mut().for_each(|parts| parts.push(part));
            }
            let hint =
                "write the name of each calendar, and below it, indented, its `dates`: `public-holidays:`";
            for (key, node) in named(field, hint, check) {
                let parts = self.calendars.entry(key.text.clone()).or_default();
                push(parts, key, node, check);
            }
        }
        if let Some(field) = said("rules", fields, check) {
            if deletions::begins_with_one(field.node) {
                let part = deletion(field);
                self.rules.values_mut().for_each(|stack| stack.parts.push(part));
            }
            let hint = "write the name of each rule, and below it, indented, what it says: `checkout:`";
            for (key, node) in named(field, hint, check) {
                push(
                    &mut self.rules.entry(key.text.clone()).or_default().parts,
                    key,
                    node,
                    check,
                );
            }
        }
    }

    /// What people have named here, for a path of keys to a calendar, rule or window.
    pub(super) fn names(&self, path: &[&str]) -> Vec<&str> {
        match path {
            ["calendars"] => self.calendars.keys().map(String::as_str).collect(),
            ["rules"] => self.rules.keys().map(String::as_str).collect(),
            ["rules", rule, "schedule"] => {
                let parts = self.rules.get(*rule).map(|stack| stack.parts.as_slice());
                let mut names = Vec::new();
                for schedule in parts
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|part| part.node.get("schedule"))
                {
                    match &schedule.value {
                        Value::Map(entries) => names.extend(entries.iter().map(|(key, _)| key.text.as_str())),
                        Value::Seq(items) => names.extend(items.iter().filter_map(deletions::name_of)),
                        _ => {}
                    }
                }
                names.sort_unstable();
                names.dedup();
                names
            }
            _ => Vec::new(),
        }
    }

    /// The profiles of all files.
    pub(super) fn profiles(&self) -> &[&'n str] {
        &self.profiles
    }

    /// `defaults` as all layers together have it.
    pub(super) fn defaults(&self) -> Option<Cow<'n, Node>> {
        settled(&self.defaults).map(|(_, node)| node)
    }

    /// The calendars as all layers together have them.
    pub(super) fn calendars(&self) -> Vec<(Key, Node)> {
        let settled = self.calendars.iter().filter_map(|(name, parts)| {
            let (span, node) = settled(parts)?;
            let text = name.clone();
            Some((Key { text, span }, node.into_owned()))
        });
        settled.collect()
    }

    /// What does not show in the end: each layer of what has several, since what a later layer replaces is to be right
    /// too, and the profiles that do not count now.
    pub(super) fn look_behind(&self, settings: &Settings, check: &mut Checker<'_>) {
        let mut aside = Layers::default();
        for profile in &self.aside {
            check.alone(|check| {
                if let Some(fields) = Fields::read(profile, &PROFILE, check) {
                    aside.sections(&fields, check);
                }
            });
        }
        for (layers, fewest) in [(self, 2), (&aside, 1)] {
            let several = |parts: &&Vec<Part<'n>>| parts.len() >= fewest;
            for part in Some(&layers.defaults).filter(several).into_iter().flatten() {
                look_at_defaults(*part, check);
            }
            for (name, parts) in layers.calendars.iter().filter(|(_, parts)| several(parts)) {
                parts.iter().for_each(|part| look_at_calendar(name, *part, check));
            }
            for stack in layers.rules.values().filter(|stack| several(&&stack.parts)) {
                stack
                    .parts
                    .iter()
                    .for_each(|part| look_at_rule(*part, settings, check));
            }
        }
        for (name, stack) in aside.rules.iter().take(LOOKED_FOR) {
            let is_part =
                |part: &Part<'_>| part.node.get("target").is_none() && !deletions::is_one(part.node);
            if let Some(part) = stack.parts.first().filter(|part| is_part(part))
                && !self.rules.contains_key(name)
            {
                tell_near_rule(name, part.key, self.rules.keys().map(String::as_str), check);
            }
        }
    }

    /// The rules as all layers together have them, in the order in which they were named first.
    pub(super) fn into_rules(self, check: &mut Checker<'_>) -> Vec<Written<'n>> {
        let mut rules: Vec<Written<'n>> = Vec::with_capacity(self.rules.len());
        for (name, stack) in self.rules {
            rules.extend(stack.settle(&name, check));
        }
        for document in self.apart {
            rules.extend(alone(document));
        }
        rules.sort_by_key(|rule| rule.span.start);
        let is_part = |rule: &Written<'_>| rule.document.is_none() && rule.node.get("target").is_none();
        let parts: Vec<usize> = (0..rules.len()).filter(|at| is_part(&rules[*at])).collect();
        for at in parts.into_iter().take(LOOKED_FOR) {
            rules[at].near = near(&rules[at].name, &rules);
        }
        rules
    }
}

/// Warns of a part of a profile that is for no rule, where one of nearly the same name was probably meant.
fn tell_near_rule<'r>(name: &str, span: Span, rules: impl Iterator<Item = &'r str>, check: &mut Checker<'_>) {
    let names: Vec<&str> = rules.collect();
    if let Some(near) = words::meant(name, &names)
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

impl Part<'_> {
    /// Only policy files delete.
    fn form(self) -> Form {
        if self.deletes {
            Form::Policy
        } else {
            Form::Document
        }
    }
}

impl<'n> Stack<'n> {
    fn settle(self, name: &str, check: &mut Checker<'_>) -> Option<Written<'n>> {
        let errors = check.errors();
        let Self { document, parts } = self;
        let is_untouched = document.is_some() && parts.len() == 1;
        let form = if is_untouched {
            Form::Document
        } else {
            Form::Policy
        };
        let named_at = first_kept(&parts)?.key;
        let (_, node) = if is_untouched || is_settled(&parts) {
            settled(&parts)?
        } else {
            // Windows in lists have names too.
            let mut by_name = Vec::with_capacity(parts.len());
            for part in &parts {
                by_name.push(spec::by_name(part.node, part.form(), check));
            }
            tell_near_windows(&by_name, check);
            let parts = parts
                .iter()
                .zip(&by_name)
                .map(|(part, node)| Part { node, ..*part });
            let (span, node) = join::join(&parts.collect::<Vec<_>>())?;
            (span, Cow::Owned(node))
        };
        let document =
            document.filter(|document| document.name.as_ref().is_some_and(|(_, key)| *key == named_at));
        Some(Written {
            name: name.to_owned(),
            span: named_at,
            document,
            form,
            node,
            is_sound: check.errors() == errors,
            near: None,
        })
    }
}

/// Tells windows of a later layer whose names are nearly those of an earlier one: they are new ones, where the earlier
/// one was to be adjusted.
fn tell_near_windows(layers: &[Cow<'_, Node>], check: &mut Checker<'_>) {
    let mut known: Vec<&Key> = Vec::new();
    for layer in layers {
        let entries: &[(Key, Node)] = match layer.get("schedule").map(|schedule| &schedule.value) {
            Some(Value::Map(entries)) => entries,
            _ => &[],
        };
        let new: Vec<&Key> = entries
            .iter()
            .filter(|(_, node)| !deletions::is_one(node))
            .map(|(key, _)| key)
            .filter(|key| !known.iter().any(|known| known.text == key.text))
            .collect();
        if known.len() <= COMPARED {
            let names: Vec<&str> = known.iter().map(|key| key.text.as_str()).collect();
            for key in new.iter().take(COMPARED) {
                if let Some(near) = words::meant(&key.text, &names)
                    && !words::are_numbered(near, &key.text)
                    && let Some(first) = known.iter().find(|known| known.text == near)
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
        known.extend(new);
    }
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

/// The name of the whole rule that was probably meant to be adjusted.
fn near(name: &str, rules: &[Written<'_>]) -> Option<String> {
    let whole = rules.iter().filter(|rule| rule.node.get("target").is_some());
    let names: Vec<&str> = whole.map(|rule| rule.name.as_str()).collect();
    words::meant(name, &names).map(str::to_owned)
}

/// The first layer that the last deletion has left.
fn first_kept<'n>(parts: &[Part<'n>]) -> Option<Part<'n>> {
    let kept = parts
        .iter()
        .rposition(|part| part.deletes && deletions::begins_with_one(part.node));
    let from = kept.map_or(0, |at| {
        if deletions::is_one(parts[at].node) {
            at + 1
        } else {
            at
        }
    });
    parts.get(from).copied()
}

/// Whether there is nothing to join.
fn is_settled(parts: &[Part<'_>]) -> bool {
    match parts {
        [part] => !part.has_deletions,
        _ => false,
    }
}

fn settled<'n>(parts: &[Part<'n>]) -> Option<(Span, Cow<'n, Node>)> {
    match parts {
        [part] if is_settled(parts) => Some((part.key, Cow::Borrowed(part.node))),
        _ => join::join(parts).map(|(span, node)| (span, Cow::Owned(node))),
    }
}

/// A section that is there, if only to delete; without a value it is told.
fn said<'n>(name: &str, fields: &Fields<'n>, check: &mut Checker<'_>) -> Option<Field<'n>> {
    let field = fields.get_quietly(name)?;
    if deletions::is_one(field.node) {
        return Some(field);
    }
    fields.get(name, check)
}

fn deletion<'n>(field: Field<'n>) -> Part<'n> {
    const NOTHING: &Node = &Node {
        value: Value::Null,
        span: Span { start: 0, end: 1 },
    };
    Part::of_policy(field.key, NOTHING)
}

fn push<'n>(parts: &mut Vec<Part<'n>>, key: &'n Key, node: &'n Node, check: &mut Checker<'_>) {
    let part = Part::of_policy(key.span, node);
    tell_needless(parts, part, check);
    parts.push(part);
}

/// Tells deletions of what is not there: something is misspelt, or over.
fn tell_needless(earlier: &[Part<'_>], part: Part<'_>, check: &mut Checker<'_>) {
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
