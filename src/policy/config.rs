//! What all layers say together, as it was written, with the place of each value.

use super::check::Checker;
use super::node::{Key, Node, Value};
use super::rule::Place;
use super::shape::Shape;
use super::spec::{self, Form};
use super::stack::Written;

/// A value of the policies, as it was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// No value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Content>),
    /// A map.
    Map(Vec<Entry>),
}

/// A key and what is under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the value was written; of a map, where its key was.
    pub place: Place,
    /// The value.
    pub content: Content,
}

/// A value that is no map, by its path of keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf<'c> {
    /// The keys from `defaults`, `calendars`, `limits` or `rules` on.
    pub path: Vec<&'c str>,
    /// The value.
    pub content: &'c Content,
    /// Where it was written.
    pub place: &'c Place,
}

/// What all layers say together: as one policy file would say it. Empty sections are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config(pub Vec<Entry>);

impl Config {
    /// Every value that is no map, in the order written; an empty map is one.
    #[must_use]
    pub fn leaves(&self) -> Vec<Leaf<'_>> {
        let mut leaves = Vec::new();
        gather(&self.0, &mut Vec::new(), &mut leaves);
        leaves
    }

    pub(super) fn of(
        defaults: Option<&Node>,
        calendars: &[(Key, Node)],
        limits: &[(Key, Node)],
        rules: &[Written<'_>],
        check: &Checker<'_>,
    ) -> Self {
        let mut sections = Vec::new();
        let mut section = |key: &str, entries: Vec<Entry>| {
            if let Some(first) = entries.first() {
                sections.push(Entry {
                    key: key.to_owned(),
                    place: first.place.clone(),
                    content: Content::Map(entries),
                });
            }
        };
        if let Some(Content::Map(entries)) = defaults.map(|node| content(node, Shape::Defaults, check)) {
            section("defaults", entries);
        }
        section("calendars", entries(calendars, Shape::Calendars, check));
        section("limits", entries(limits, Shape::NamespaceLimits, check));
        section(
            "rules",
            rules.iter().map(|rule| rule_entry(rule, check)).collect(),
        );
        Self(sections)
    }
}

fn gather<'c>(entries: &'c [Entry], path: &mut Vec<&'c str>, leaves: &mut Vec<Leaf<'c>>) {
    for entry in entries {
        path.push(&entry.key);
        match &entry.content {
            Content::Map(entries) if !entries.is_empty() => gather(entries, path, leaves),
            content => leaves.push(Leaf {
                path: path.clone(),
                content,
                place: &entry.place,
            }),
        }
        path.pop();
    }
}

/// A rule as a policy file would say it: its windows by name, its namespace at the target.
fn rule_entry(rule: &Written<'_>, check: &Checker<'_>) -> Entry {
    let by_name = spec::by_name(&rule.node, Form::Policy, &mut Checker::new(check.sources()));
    let mut content = content(&by_name, Shape::Rule, check);
    if let Some((namespace, span)) = rule
        .document
        .as_ref()
        .and_then(|document| document.namespace.as_ref())
        && let Content::Map(keys) = &mut content
        && let Some(Content::Map(target)) = keys
            .iter_mut()
            .find(|entry| entry.key == "target")
            .map(|entry| &mut entry.content)
        && !target.iter().any(|entry| entry.key == "namespace")
    {
        target.push(Entry {
            key: "namespace".to_owned(),
            place: check.place(*span),
            content: Content::Text(namespace.clone()),
        });
    }
    Entry {
        key: rule.name.clone(),
        place: check.place(rule.span),
        content,
    }
}

/// In the order of the grammar; what has names stays in the order written.
fn entries(entries: &[(Key, Node)], shape: Shape, check: &Checker<'_>) -> Vec<Entry> {
    let entry = |(key, node): &(Key, Node)| {
        let is_map = matches!(node.value, Value::Map(_));
        Entry {
            key: key.text.clone(),
            place: check.place(if is_map { key.span } else { node.span }),
            content: content(node, shape.under(&key.text), check),
        }
    };
    let mut entries: Vec<Entry> = entries.iter().map(entry).collect();
    if let Some(keys) = shape.keys() {
        let position = |entry: &Entry| keys.known.iter().position(|key| *key == entry.key);
        entries.sort_by_key(|entry| position(entry).unwrap_or(usize::MAX));
    }
    entries
}

fn content(node: &Node, shape: Shape, check: &Checker<'_>) -> Content {
    match &node.value {
        Value::Null => Content::Null,
        Value::Bool(value) => Content::Bool(*value),
        Value::Int(value) => Content::Int(*value),
        Value::Float(value) => Content::Float(*value),
        Value::Str(text) => Content::Text(text.clone()),
        Value::Seq(items) => {
            let items = items.iter().map(|item| content(item, Shape::Value, check));
            Content::List(items.collect())
        }
        Value::Map(map) => Content::Map(entries(map, shape, check)),
    }
}
