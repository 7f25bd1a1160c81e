//! The text of an export taken apart: YAML or JSON, several documents, lists. Bounded, and strict about YAML.

use serde_json::{Map, Value};

use crate::draft::quoted;

/// The largest export that is read, in bytes.
pub const LARGEST_EXPORT: usize = 64 << 20;
/// No export of a cluster has more objects; somebody gave another file.
const MOST_OBJECTS: usize = 200_000;
/// What the reader of YAML says about its own settings.
const ADVICE_FOR_PROGRAMMERS: &str = ", set DuplicateKeyPolicy in Options if acceptable";

/// One object of an export.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Object(Map<String, Value>);

/// The objects of an export, lists taken apart.
pub(super) fn read(text: &str) -> Result<Vec<Object>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > LARGEST_EXPORT {
        return Err(format!("it is larger than {} MiB", LARGEST_EXPORT >> 20));
    }
    let documents: Vec<Value> = match text.trim_start().chars().next() {
        Some('{' | '[') => serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|error| format!("it is not valid JSON: {error}"))?,
        _ => serde_saphyr::from_multiple_with_options(text, options(text.len())).map_err(|error| {
            format!(
                "it is not valid YAML: {}",
                error.to_string().replace(ADVICE_FOR_PROGRAMMERS, "")
            )
        })?,
    };
    let mut objects = Vec::new();
    for document in documents {
        take_apart(document, &mut objects)?;
    }
    if objects.len() > MOST_OBJECTS {
        return Err(format!("it holds more than {MOST_OBJECTS} objects"));
    }
    Ok(objects)
}

fn take_apart(value: Value, objects: &mut Vec<Object>) -> Result<(), String> {
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items.into_iter().try_for_each(|item| take_apart(item, objects)),
        Value::Object(mut map) => match map.remove("items") {
            Some(Value::Array(items)) => items.into_iter().try_for_each(|item| take_apart(item, objects)),
            other => {
                if let Some(items) = other {
                    map.insert("items".to_owned(), items);
                }
                objects.push(Object(map));
                Ok(())
            }
        },
        other => Err(format!(
            "{} stands where an object should be",
            quoted(&other.to_string())
        )),
    }
}

/// Limits in proportion to the text: an export is large, but no alias makes it larger than it is.
fn options(bytes: usize) -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: None,
            max_documents: MOST_OBJECTS,
            max_events: bytes.saturating_mul(2).saturating_add(1000),
            max_nodes: bytes.saturating_mul(2).saturating_add(1000),
            max_total_scalar_bytes: bytes.saturating_mul(2).saturating_add(1000),
        },
        with_snippet: false,
    }
}

impl Object {
    pub(super) fn get(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(self.0.get(*first)?, |value, key| value.get(key))
    }

    /// The text under a path; an empty one is none.
    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        self.get(path)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    pub(super) fn list(&self, path: &[&str]) -> &[Value] {
        self.get(path)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// The keys and values under a path.
    pub(super) fn map(&self, path: &[&str]) -> impl Iterator<Item = (&str, &Value)> {
        let map = self.get(path).and_then(Value::as_object);
        map.into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), value))
    }

    pub(super) fn kind(&self) -> &str {
        self.text(&["kind"]).unwrap_or_default()
    }

    pub(super) fn name(&self) -> &str {
        self.text(&["metadata", "name"]).unwrap_or_default()
    }

    /// Its name for a command that people may copy: never one that a shell would take for something else.
    pub(super) fn name_to_type(&self) -> &str {
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        let name = self.name();
        let good =
            name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.bytes().all(harmless);
        if good { name } else { "NAME" }
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        self.text(&["metadata", "namespace"])
    }

    /// Its annotations that are texts, as all are that a cluster has taken.
    pub(super) fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        let annotations = self.get(&["metadata", "annotations"]).and_then(Value::as_object);
        annotations
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }

    /// The API group, empty for the core group.
    pub(super) fn group(&self) -> &str {
        group_of(self.text(&["apiVersion"]).unwrap_or_default())
    }

    /// How to call it: `Deployment shop/checkout`.
    pub(super) fn title(&self) -> String {
        let kind = self.kind();
        match self.namespace() {
            Some(namespace) => format!("{kind} {namespace}/{}", self.name()),
            None => format!("{kind} {}", self.name()),
        }
    }
}

/// The group of an API version, empty for the core group.
pub(super) fn group_of(version: &str) -> &str {
    version.split_once('/').map_or("", |(group, _)| group)
}

/// A number that is written as one or as a text of digits.
pub(super) fn number(value: &Value) -> Option<u32> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok()?,
        value => u32::try_from(value.as_u64()?).ok()?,
    };
    i32::try_from(number).is_ok().then_some(number)
}

/// A value as it would be written in a message.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        value => quoted(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_lists() {
        let yaml = "kind: A\n---\n---\nkind: List\nitems: [{kind: B}, {kind: C}]\n";
        let kinds = |text: &str| -> Vec<String> {
            read(text)
                .unwrap()
                .iter()
                .map(|object| object.kind().to_owned())
                .collect()
        };
        assert_eq!(kinds(yaml), ["A", "B", "C"]);
        assert_eq!(
            kinds("{\"kind\": \"A\"} {\"items\": [{\"kind\": \"B\"}]}"),
            ["A", "B"]
        );
        assert_eq!(kinds(""), [""; 0]);
        assert_eq!(kinds(&"kind: A\n---\n".repeat(5000)).len(), 5000);
    }

    #[test]
    fn hostile_texts_are_errors() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            bomb.push_str(&format!(
                "a{level}: &a{level} [{}]\n",
                vec![before; 10].join(", ")
            ));
        }
        for text in [
            bomb.as_str(),
            &"[".repeat(100_000),
            &"- ".repeat(100_000),
            &"{\"a\":".repeat(100_000),
            "a: 1\na: 2\n",
            "just words",
            "42",
            "{\"a\": ",
            "a: [1",
            "\0",
        ] {
            assert!(read(text).is_err(), "{}", quoted(text));
        }
    }
}
