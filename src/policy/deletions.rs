//! How a layer deletes what earlier layers said: by `null`; in TOML, which has none, by `{ delete = true }`.
//!
//! A key whose value somebody forgot (`calendars:`) is YAML's null too; only one that is written deletes.
//! A map that has more than the mark `delete: true` starts afresh with the rest of it.

use super::node::{Key, Node, Value};
use super::source::Span;

/// The key of the mark.
pub(super) const MARK: &str = "delete";

/// Whether an entry of a map is the mark.
pub(super) fn is_mark(key: &Key, node: &Node) -> bool {
    key.text == MARK && matches!(node.value, Value::Bool(true))
}

fn is_written(null: &Node) -> bool {
    null.span.end > null.span.start
}

/// Whether it deletes, and says no more.
pub(super) fn is_one(node: &Node) -> bool {
    match &node.value {
        Value::Null => is_written(node),
        Value::Map(entries) => matches!(entries.as_slice(), [(key, node)] if is_mark(key, node)),
        _ => false,
    }
}

/// Whether it deletes, and may go on with something new.
pub(super) fn begins_with_one(node: &Node) -> bool {
    match &node.value {
        Value::Null => is_written(node),
        Value::Map(entries) => entries.iter().any(|(key, node)| is_mark(key, node)),
        _ => false,
    }
}

/// Whether anything in it deletes.
pub(super) fn has_one(node: &Node) -> bool {
    match &node.value {
        Value::Null => is_written(node),
        Value::Map(entries) => entries
            .iter()
            .any(|(key, node)| is_mark(key, node) || has_one(node)),
        // Windows; a list of values has nothing to delete from.
        Value::Seq(items) => items
            .iter()
            .any(|item| matches!(item.value, Value::Map(_)) && has_one(item)),
        _ => false,
    }
}

/// The keys in a layer that delete what none of the earlier ones has.
pub(super) fn needless(key: Span, node: &Node, earlier: &[&Node]) -> Vec<Span> {
    let mut found = Vec::new();
    look(key, node, earlier, &mut found);
    found
}

fn look(key: Span, node: &Node, earlier: &[&Node], found: &mut Vec<Span>) {
    if begins_with_one(node) {
        if earlier.is_empty() {
            found.push(key);
        }
        return;
    }
    if let Value::Seq(items) = &node.value {
        for (name, item) in items.iter().filter_map(|item| Some((name_of(item)?, item))) {
            let below: Vec<&Node> = earlier.iter().filter_map(|node| under(node, name)).collect();
            look(item.span, item, &below, found);
        }
    }
    let Value::Map(entries) = &node.value else {
        return;
    };
    for (key, node) in entries {
        let below: Vec<&Node> = earlier.iter().filter_map(|node| under(node, &key.text)).collect();
        look(key.span, node, &below, found);
    }
}

/// What a node has under a key; of a list of windows, the window of that name.
fn under<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Seq(items) => items.iter().find(
            |item| matches!(item.get("name"), Some(Node { value: Value::Str(name), .. }) if name == key),
        ),
        _ => node.get(key),
    }
}

/// The name of a window in a list.
pub(super) fn name_of(window: &Node) -> Option<&str> {
    match &window.get("name")?.value {
        Value::Str(name) => Some(name),
        _ => None,
    }
}
