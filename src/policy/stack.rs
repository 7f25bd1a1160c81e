//! What the layers say of one name, a calendar or a rule, lowest first.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::behind;
use super::check::Checker;
use super::deletions;
use super::document::Document;
use super::join::{self, Part};
use super::node::{Node, Value};
use super::source::Span;
use super::spec::{self, Form};

/// The layers of each name of a section.
#[derive(Default)]
pub(super) struct Stacks<'n> {
    by_name: BTreeMap<String, Stack<'n>>,
    /// The last deletion of the whole section. It is put on a stack when that is looked at, not on all of them at once.
    deletion: Option<(usize, Part<'n>)>,
    /// How many such deletions there were.
    deletions: usize,
}

/// The layers of one name.
#[derive(Default)]
pub(super) struct Stack<'n> {
    /// Of a rule: around its lowest layer.
    pub(super) document: Option<Document<'n>>,
    parts: Vec<Part<'n>>,
    /// How many deletions of the whole section it has seen.
    seen: usize,
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

impl<'n> Stacks<'n> {
    /// The stack of a name, for a further layer.
    pub(super) fn stack(&mut self, name: &str) -> &mut Stack<'n> {
        let deletion = self.deletion;
        let stack = self.by_name.entry(name.to_owned()).or_default();
        stack.catch_up(deletion);
        stack
    }

    /// Deletes all that was said so far.
    pub(super) fn delete_all(&mut self, key: Span) {
        const NOTHING: &Node = &Node {
            value: Value::Null,
            span: Span { start: 0, end: 1 },
        };
        self.deletions += 1;
        self.deletion = Some((self.deletions, Part::of_policy(key, NOTHING)));
    }

    /// Puts the last deletion of the section on all stacks that it is for.
    pub(super) fn catch_up(&mut self) {
        let deletion = self.deletion;
        self.by_name
            .values_mut()
            .for_each(|stack| stack.catch_up(deletion));
    }

    pub(super) fn get(&self, name: &str) -> Option<&Stack<'n>> {
        self.by_name.get(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Stack<'n>)> {
        self.by_name.iter().map(|(name, stack)| (name.as_str(), stack))
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = (String, Stack<'n>)> {
        self.by_name.into_iter()
    }

    /// The names of which something is left.
    pub(super) fn names(&self) -> Vec<&str> {
        let kept = self.iter().filter(|(_, stack)| stack.first_kept().is_some());
        kept.map(|(name, _)| name).collect()
    }
}

impl<'n> Stack<'n> {
    pub(super) fn parts(&self) -> &[Part<'n>] {
        &self.parts
    }

    pub(super) fn push(&mut self, part: Part<'n>) {
        self.parts.push(part);
    }

    fn catch_up(&mut self, deletion: Option<(usize, Part<'n>)>) {
        if let Some((number, part)) = deletion
            && self.seen < number
        {
            self.seen = number;
            if !self.parts.is_empty() {
                self.parts.push(part);
            }
        }
    }

    /// The first layer that the last deletion has left.
    fn first_kept(&self) -> Option<Part<'n>> {
        let last = |part: &Part<'n>| part.deletes && deletions::begins_with_one(part.node);
        let from = match self.parts.iter().rposition(last) {
            Some(at) if deletions::is_one(self.parts[at].node) => at + 1,
            Some(at) => at,
            None => 0,
        };
        self.parts.get(from).copied()
    }

    /// What all layers together say; `None` when nothing is left.
    pub(super) fn settled(&self) -> Option<(Span, Cow<'n, Node>)> {
        settled(&self.parts)
    }

    /// The same of a rule, whose windows have names in lists too; what is wrong with these is told.
    pub(super) fn settled_rule(&self, check: &mut Checker<'_>) -> Option<Cow<'n, Node>> {
        if is_settled(&self.parts) {
            return self.settled().map(|(_, node)| node);
        }
        let mut by_name = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            by_name.push(spec::by_name(part.node, part.form(), check));
        }
        behind::tell_near_windows(&by_name, check);
        let parts: Vec<Part<'_>> = self
            .parts
            .iter()
            .zip(&by_name)
            .map(|(part, node)| Part { node, ..*part })
            .collect();
        join::join(&parts).map(|(_, node)| Cow::Owned(node))
    }

    pub(super) fn into_rule(self, name: &str, check: &mut Checker<'_>) -> Option<Written<'n>> {
        let errors = check.errors();
        let span = self.first_kept()?.key;
        let node = self.settled_rule(check)?;
        let form = match self.parts.as_slice() {
            [part] => part.form(),
            _ => Form::Policy,
        };
        // A rule that was deleted, and said anew, is no longer the document's.
        let is_its = |document: &Document<'_>| document.name.as_ref().is_some_and(|(_, key)| *key == span);
        Some(Written {
            name: name.to_owned(),
            span,
            document: self.document.filter(is_its),
            form,
            node,
            is_sound: check.errors() == errors,
            near: None,
        })
    }
}

impl Part<'_> {
    /// Only policy files delete.
    pub(super) fn form(self) -> Form {
        if self.deletes {
            Form::Policy
        } else {
            Form::Document
        }
    }
}

/// Whether there is nothing to join.
fn is_settled(parts: &[Part<'_>]) -> bool {
    match parts {
        [part] => !part.has_deletions,
        _ => false,
    }
}

/// What layers together say.
pub(super) fn settled<'n>(parts: &[Part<'n>]) -> Option<(Span, Cow<'n, Node>)> {
    match parts {
        [part] if is_settled(parts) => Some((part.key, Cow::Borrowed(part.node))),
        _ => join::join(parts).map(|(span, node)| (span, Cow::Owned(node))),
    }
}
