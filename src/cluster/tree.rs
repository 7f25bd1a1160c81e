//! A file of manifests as a whole, in the order in which it was written: what is changed in it, and nothing else.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};
use serde_yaml::{Mapping, Value};

use super::wire::{DEFAULT_NAMESPACE, group};
use crate::plan::{MEMORY_CONFIG_MAP, ObjectRef, STATE_ANNOTATION};

/// Which notation a file is in, by its first character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Yaml,
}

/// The whole file, once something is to be written.
#[derive(Debug)]
pub(super) struct Tree {
    format: Format,
    /// The text that it was read from: the file must still say this when it is replaced.
    pub(super) text: String,
    pub(super) documents: Vec<Value>,
    positions: HashMap<Identity, Position>,
}

/// Group, kind, namespace, name: two groups may have kinds of one name.
pub(super) type Identity = (String, String, String, String);

/// A document, and the item in it if it is a list.
#[derive(Debug, Clone, Copy)]
struct Position {
    document: usize,
    item: Option<usize>,
}

pub(super) fn format(text: &str) -> Format {
    match text.trim_start().chars().next() {
        Some('{' | '[') => Format::Json,
        _ => Format::Yaml,
    }
}

impl Tree {
    pub(super) fn parse(text: String) -> Result<Self, String> {
        use serde::Deserialize as _;
        let format = format(&text);
        let documents: Vec<Value> = match format {
            Format::Json => serde_json::Deserializer::from_str(&text)
                .into_iter()
                .collect::<Result<_, _>>()
                .map_err(|error| error.to_string())?,
            Format::Yaml => serde_yaml::Deserializer::from_str(&text)
                .map(Value::deserialize)
                .collect::<Result<_, _>>()
                .map_err(|error| error.to_string())?,
        };
        let mut tree = Self {
            format,
            text,
            documents,
            positions: HashMap::new(),
        };
        tree.find_positions();
        Ok(tree)
    }

    /// Whether what is not touched would keep its meaning when the file is written anew.
    ///
    /// # Errors
    /// Names the first value that YAML 1.1 readers such as kubectl take for a number or a switch, and YAML 1.2 readers
    /// for text: written anew it would be text for both.
    pub(super) fn check_rewritable(&self) -> Result<(), String> {
        if self.format == Format::Json {
            return Ok(());
        }
        for event in Parser::new_from_str(&self.text) {
            let (event, span) = event.map_err(|error| error.to_string())?;
            let Event::Scalar(text, ScalarStyle::Plain, _, None) = event else {
                continue;
            };
            if text == "<<" || means_more_in_yaml_1_1(&text) {
                return Err(format!(
                    "{text:?} in line {} is text for some readers of YAML and not for others; put it in quotes if it is \
                     text, or export the objects with kubectl, which writes no such thing",
                    span.start.line()
                ));
            }
        }
        Ok(())
    }

    fn find_positions(&mut self) {
        for (document, value) in self.documents.iter().enumerate() {
            match value.get("items").and_then(Value::as_sequence) {
                Some(items) => {
                    for (item, value) in items.iter().enumerate() {
                        if let Some(key) = identity(value) {
                            self.positions.insert(
                                key,
                                Position {
                                    document,
                                    item: Some(item),
                                },
                            );
                        }
                    }
                }
                None => {
                    if let Some(key) = identity(value) {
                        self.positions.insert(key, Position { document, item: None });
                    }
                }
            }
        }
    }

    pub(super) fn find(&mut self, object: &ObjectRef) -> Option<&mut Mapping> {
        let ObjectRef {
            api_version,
            kind,
            namespace,
            name,
        } = object;
        let key = (
            group(api_version).to_owned(),
            kind.clone(),
            namespace.clone(),
            name.clone(),
        );
        let position = *self.positions.get(&key)?;
        let document = self.documents.get_mut(position.document)?;
        match position.item {
            Some(item) => document
                .get_mut("items")?
                .as_sequence_mut()?
                .get_mut(item)?
                .as_mapping_mut(),
            None => document.as_mapping_mut(),
        }
    }

    pub(super) fn create_if_missing(&mut self, object: &ObjectRef) {
        if self.find(object).is_some() {
            return;
        }
        let mut created = Mapping::new();
        created.insert("apiVersion".into(), object.api_version.clone().into());
        created.insert("kind".into(), object.kind.clone().into());
        let metadata = mapping_in(&mut created, "metadata");
        metadata.insert("name".into(), object.name.clone().into());
        metadata.insert("namespace".into(), object.namespace.clone().into());
        let list = self
            .documents
            .iter_mut()
            .find_map(|document| document.get_mut("items")?.as_sequence_mut());
        match list {
            Some(items) => items.push(Value::Mapping(created)),
            None => self.documents.push(Value::Mapping(created)),
        }
        self.find_positions();
    }

    /// In a file nobody else needs the object that holds no memory any more.
    pub(super) fn forget_empty_memories(&mut self) {
        let empty = |value: &Value| {
            let is_memory = identity(value).is_some_and(|(group, kind, _, name)| {
                group.is_empty() && kind == "ConfigMap" && name == MEMORY_CONFIG_MAP
            });
            is_memory
                && value
                    .get("data")
                    .is_none_or(|data| data.as_mapping().is_none_or(Mapping::is_empty))
        };
        for document in &mut self.documents {
            if let Some(items) = document.get_mut("items").and_then(Value::as_sequence_mut) {
                items.retain(|item| !empty(item));
            }
        }
        self.documents.retain(|document| !empty(document));
    }

    /// YAML is quoted so that YAML 1.1 readers such as kubectl read the same.
    pub(super) fn to_text(&self) -> Result<String, String> {
        let mut text = String::new();
        for (number, document) in self.documents.iter().enumerate() {
            match self.format {
                Format::Json => {
                    text.push_str(
                        &serde_json::to_string_pretty(document).map_err(|error| error.to_string())?,
                    );
                    text.push('\n');
                }
                Format::Yaml => {
                    if number > 0 {
                        text.push_str("---\n");
                    }
                    text.push_str(&serde_saphyr::to_string(document).map_err(|error| error.to_string())?);
                }
            }
        }
        Ok(text)
    }
}

/// Switches, octal and grouped numbers, and numbers to the base of 60.
fn means_more_in_yaml_1_1(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    let made_of = |allowed: fn(char) -> bool| digits.chars().all(allowed);
    let begins_with_digit = digits.starts_with(|character: char| character.is_ascii_digit());
    let octal = digits.len() > 1 && digits.starts_with('0') && made_of(|one| matches!(one, '0'..='7' | '_'));
    let grouped =
        digits.contains('_') && made_of(|one| one.is_ascii_hexdigit() || matches!(one, '_' | '.' | 'x'));
    let base_60 = digits.contains(':') && made_of(|one| one.is_ascii_digit() || matches!(one, ':' | '.'));
    let switch = ["yes", "no", "on", "off"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    switch || begins_with_digit && (octal || grouped || base_60)
}

/// Group, kind, namespace and name, for looking an object up.
pub(super) fn identity(value: &Value) -> Option<Identity> {
    let metadata = value.get("metadata")?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let namespace = text(metadata.get("namespace")).filter(|namespace| !namespace.is_empty());
    Some((
        group(value.get("apiVersion")?.as_str()?).to_owned(),
        text(value.get("kind"))?,
        namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
        text(metadata.get("name"))?,
    ))
}

/// The mapping under a key, made if it is not there.
pub(super) fn mapping_in<'a>(mapping: &'a mut Mapping, key: &str) -> &'a mut Mapping {
    let value = mapping
        .entry(key.into())
        .or_insert_with(|| Value::Mapping(Mapping::new()));
    if !value.is_mapping() {
        *value = Value::Mapping(Mapping::new());
    }
    match value {
        Value::Mapping(mapping) => mapping,
        _ => unreachable!("it was made a mapping just now"),
    }
}

pub(super) fn is_entry(entry: &Value, manager: &str, operation: &str) -> bool {
    let says = |key: &str, text: &str| entry.get(key).and_then(Value::as_str) == Some(text);
    says("manager", manager) && says("operation", operation)
}

/// Keeps `managedFields` as the API server would, where the file has them (`--show-managed-fields`): a
/// changed field is taken from every other manager, and `owned` is what this manager owns from now on.
pub(super) fn own(object: &mut Mapping, manager: &str, operation: &str, owned: &[&str], changed: &[&str]) {
    let metadata = mapping_in(object, "metadata");
    let Some(Value::Sequence(entries)) = metadata.get_mut("managedFields") else {
        return;
    };
    for entry in entries
        .iter_mut()
        .filter(|entry| !is_entry(entry, manager, operation))
    {
        let Some(spec) = entry
            .get_mut("fieldsV1")
            .and_then(|fields| fields.get_mut("f:spec"))
        else {
            continue;
        };
        if let Some(spec) = spec.as_mapping_mut() {
            for field in changed {
                spec.shift_remove(format!("f:{field}").as_str());
            }
        }
    }
    entries.retain(|entry| !is_entry(entry, manager, operation));
    let mut spec = Mapping::new();
    for field in owned {
        spec.insert(format!("f:{field}").into(), Value::Mapping(Mapping::new()));
    }
    let mut fields = Mapping::new();
    if operation == "Apply" {
        let annotations = mapping_in(mapping_in(&mut fields, "f:metadata"), "f:annotations");
        annotations.insert(
            format!("f:{STATE_ANNOTATION}").into(),
            Value::Mapping(Mapping::new()),
        );
    }
    fields.insert("f:spec".into(), Value::Mapping(spec));
    let mut entry = Mapping::new();
    for (key, text) in [
        ("manager", manager),
        ("operation", operation),
        ("fieldsType", "FieldsV1"),
    ] {
        entry.insert(key.into(), text.into());
    }
    entry.insert("fieldsV1".into(), Value::Mapping(fields));
    entries.push(Value::Mapping(entry));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_change_its_meaning_is_found() {
        for text in [
            "0644",
            "-017",
            "1_000",
            "0x_ff",
            "12:30",
            "1:20:30.5",
            "yes",
            "Off",
        ] {
            assert!(means_more_in_yaml_1_1(text), "{text}");
        }
        for text in [
            "0",
            "10",
            "1.5",
            "0x1f",
            "web",
            "a_b",
            "10.0.0.1",
            "shop:80",
            "once",
            "2026-11-27",
            "-",
        ] {
            assert!(!means_more_in_yaml_1_1(text), "{text}");
        }
        let tree = |text: &str| Tree::parse(text.to_owned()).expect("a tree").check_rewritable();
        assert!(tree("a: '0644'\nb: 12\n").is_ok());
        let told = tree("a: 1\nmode: 0644\n").expect_err("it would become text");
        assert!(told.contains("\"0644\" in line 2"), "{told}");
    }
}
