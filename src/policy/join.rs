//! Layers of one value become one value: maps are joined key by key, all else is replaced by what comes later.
//!
//! figment does the joining; it knows maps and values, and nothing of deletions or places. So each node goes in as a
//! map of numbers, which count up from layer to layer: under `~` the number of a value (or of a deletion), under `=` and
//! the number itself that of a map, under `.key` its entries. Joined, each place has the highest number of a value and
//! those of all maps, and whatever is older than the value beside it has been replaced. So nothing hangs on the order in which layers are
//! joined (joining is associative: layers may be put together in any grouping), and a number is all it takes to find
//! the text that a value was written in.

use figment::value::{Dict, Map, Value as Joined};
use figment::{Figment, Metadata, Profile, Provider};

use super::deletions;
use super::node::{Key, Node, Value};
use super::source::Span;

/// What one layer says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'n> {
    pub(super) key: Span,
    pub(super) node: &'n Node,
    /// Whether `null` deletes what earlier layers said; else it is a value like others.
    pub(super) deletes: bool,
    /// Whether anything in it does.
    pub(super) has_deletions: bool,
}

impl<'n> Part<'n> {
    /// Of a document, which deletes nothing.
    pub(super) fn of_document(key: Span, node: &'n Node) -> Self {
        Self {
            key,
            node,
            deletes: false,
            has_deletions: false,
        }
    }

    /// Of a policy file.
    pub(super) fn of_policy(key: Span, node: &'n Node) -> Self {
        Self {
            key,
            node,
            deletes: true,
            has_deletions: deletions::has_one(node),
        }
    }
}

/// Joins layers, the later ones winning; `None` when nothing is left.
pub(super) fn join(parts: &[Part<'_>]) -> Option<(Span, Node)> {
    let mut written = Vec::new();
    let layers: Vec<Layer> = parts.iter().map(|part| Layer::new(*part, &mut written)).collect();
    resolve(&joined(&layers), &written)
}

/// By halves, since joining costs as much as what is joined so far.
fn joined(layers: &[Layer]) -> Figment {
    match layers {
        [] => Figment::new(),
        [layer] => Figment::from(layer),
        several => {
            let (earlier, later) = several.split_at(several.len() / 2);
            joined(earlier).merge(joined(later))
        }
    }
}

/// A node on its way through figment, by its number.
#[derive(Debug, Clone, Copy)]
struct Written<'n> {
    key: Span,
    node: &'n Node,
    is_deletion: bool,
}

/// What a layer gives to figment.
struct Layer(Dict);

impl Layer {
    fn new<'n>(part: Part<'n>, written: &mut Vec<Written<'n>>) -> Self {
        Self(numbered(part.key, part.node, part.deletes, written))
    }
}

impl Provider for &Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named("layer")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.0.clone())]))
    }
}

const VALUE: &str = "~";
const MAP: char = '=';
const ENTRY: char = '.';

fn numbered<'n>(key: Span, node: &'n Node, deletes: bool, written: &mut Vec<Written<'n>>) -> Dict {
    let mut count = |is_deletion| {
        written.push(Written {
            key,
            node,
            is_deletion,
        });
        written.len() - 1
    };
    let mut dict = Dict::new();
    let deletion = deletes && deletions::begins_with_one(node);
    if deletion || !matches!(node.value, Value::Map(_)) {
        dict.insert(VALUE.to_owned(), Joined::from(count(deletion)));
    }
    let Value::Map(entries) = &node.value else {
        return dict;
    };
    if deletion && deletions::is_one(node) {
        return dict;
    }
    let map = count(false);
    dict.insert(format!("{MAP}{map:010}"), Joined::from(map));
    for (key, node) in entries {
        if deletes && deletions::is_mark(key, node) {
            continue;
        }
        let entry = numbered(key.span, node, deletes, written);
        dict.insert(format!("{ENTRY}{}", key.text), Joined::from(entry));
    }
    dict
}

fn resolve(figment: &Figment, written: &[Written<'_>]) -> Option<(Span, Node)> {
    let data = figment.data().ok()?;
    resolved(data.get(&Profile::Default)?, None, written)
}

/// What is newer than `after`.
fn resolved(dict: &Dict, after: Option<usize>, written: &[Written<'_>]) -> Option<(Span, Node)> {
    let number = |name: &str| {
        let number = dict.get(name)?.to_u128()?;
        usize::try_from(number)
            .ok()
            .filter(|number| Some(*number) > after)
    };
    let value = number(VALUE);
    let after = value.max(after);
    // A map is where it began: later layers only add to it.
    let maps = dict
        .keys()
        .filter_map(|name| name.strip_prefix(MAP)?.parse().ok());
    let Some(map) = maps.filter(|map| Some(*map) > after).min() else {
        let found = written.get(value?)?;
        return (!found.is_deletion).then(|| (found.key, found.node.clone()));
    };
    let found = written.get(map)?;
    let mut entries: Vec<(Key, Node)> = dict
        .iter()
        .filter_map(|(name, entry)| {
            let text = name.strip_prefix(ENTRY)?.to_owned();
            let (span, node) = resolved(entry.as_dict()?, after, written)?;
            Some((Key { text, span }, node))
        })
        .collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    let value = Value::Map(entries);
    let span = found.node.span;
    Some((found.key, Node { value, span }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOWHERE: Span = Span { start: 0, end: 1 };

    /// A tree of a layer; every key and scalar gets a span of its own, by which its layer is known.
    fn tree() -> impl Strategy<Value = Node> {
        let at = |value| Node { value, span: NOWHERE };
        let leaf = prop_oneof![
            3 => (0..4_i64).prop_map(Value::Int),
            1 => Just(Value::Null),
            1 => Just(Value::Seq(Vec::new())),
        ];
        leaf.prop_map(at).prop_recursive(3, 24, 3, move |inner| {
            let entries = prop::collection::btree_map("[a-c]", inner, 0..3);
            (entries, prop::bool::weighted(0.15)).prop_map(move |(entries, afresh)| {
                let mark = afresh.then(|| ("delete".to_owned(), at(Value::Bool(true))));
                let entries = entries.into_iter().chain(mark).map(|(text, node)| {
                    let span = NOWHERE;
                    (Key { text, span }, node)
                });
                at(Value::Map(entries.collect()))
            })
        })
    }

    /// Layers from spans that count up.
    fn layers(trees: Vec<Node>) -> Vec<Node> {
        fn stamp(node: &mut Node, next: &mut usize) {
            *next += 2;
            node.span = Span {
                start: *next,
                end: *next + 1,
            };
            if let Value::Map(entries) = &mut node.value {
                for (key, node) in entries {
                    *next += 2;
                    key.span = Span {
                        start: *next,
                        end: *next + 1,
                    };
                    stamp(node, next);
                }
            }
        }
        let mut next = 0;
        let stamped = trees.into_iter().map(|mut tree| {
            stamp(&mut tree, &mut next);
            tree
        });
        stamped.collect()
    }

    fn parts(layers: &[Node]) -> Vec<Part<'_>> {
        layers.iter().map(|node| Part::of_policy(NOWHERE, node)).collect()
    }

    /// What joining means, said once more without figment: the last word counts, a value or a deletion ends what was.
    fn model(before: Option<Node>, layer: &Node) -> Option<Node> {
        let Value::Map(entries) = &layer.value else {
            return (!deletions::is_one(layer)).then(|| layer.clone());
        };
        if deletions::is_one(layer) {
            return None;
        }
        let afresh = deletions::begins_with_one(layer);
        let (mut joined, span) = match before {
            Some(Node {
                value: Value::Map(entries),
                span,
            }) if !afresh => (entries, span),
            _ => (Vec::new(), layer.span),
        };
        for (key, node) in entries
            .iter()
            .filter(|(key, node)| !deletions::is_mark(key, node))
        {
            let at = joined.iter().position(|(known, _)| known.text == key.text);
            let before = at.map(|at| joined.remove(at).1);
            let span = key.span;
            let text = key.text.clone();
            joined.extend(model(before, node).map(|node| (Key { text, span }, node)));
        }
        Some(Node {
            value: Value::Map(joined),
            span,
        })
    }

    /// A tree as text, with the place of each value.
    fn shown(node: Option<&Node>) -> String {
        let Some(node) = node else {
            return "-".to_owned();
        };
        match &node.value {
            Value::Map(entries) => {
                let mut entries: Vec<String> = entries
                    .iter()
                    .map(|(key, node)| format!("{}: {}", key.text, shown(Some(node))))
                    .collect();
                entries.sort();
                format!("{{{}}}@{}", entries.join(", "), node.span.start)
            }
            value => format!("{value:?}@{}", node.span.start),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn later_layers_win_and_deletions_end_what_was(trees in prop::collection::vec(tree(), 1..5)) {
            let layers = layers(trees);
            let expected = layers.iter().fold(None, model);
            let joined = join(&parts(&layers)).map(|(_, node)| node);
            prop_assert_eq!(shown(joined.as_ref()), shown(expected.as_ref()));
        }

        #[test]
        fn layers_can_be_joined_in_any_grouping(trees in prop::collection::vec(tree(), 3..=3)) {
            let layers = layers(trees);
            let mut written = Vec::new();
            let numbered: Vec<Layer> = parts(&layers)
                .into_iter()
                .map(|part| Layer::new(part, &mut written))
                .collect();
            let [a, b, c] = numbered.as_slice() else {
                unreachable!("three layers")
            };
            let one = |layer: &Layer| Figment::from(layer);
            let left = one(a).merge(one(b)).merge(one(c));
            let right = one(a).merge(one(b).merge(one(c)));
            let shown = |figment: &Figment| shown(resolve(figment, &written).as_ref().map(|(_, node)| node));
            prop_assert_eq!(shown(&left), shown(&right));
        }

        #[test]
        fn layers_that_say_nothing_of_each_other_may_change_places(one in tree(), other in tree()) {
            let under = |key: &str, node: Node| Node {
                value: Value::Map(vec![(Key { text: key.to_owned(), span: NOWHERE }, node)]),
                span: NOWHERE,
            };
            let (one, other) = (under("x", one), under("y", other));
            let text = |node: Option<(Span, Node)>| format!("{:?}", node.map(|(_, node)| shown(Some(&node))));
            let forth = join(&parts(&[one.clone(), other.clone()]));
            let back = join(&parts(&[other, one]));
            prop_assert_eq!(text(forth), text(back));
        }
    }
}
