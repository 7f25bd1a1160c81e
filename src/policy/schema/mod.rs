//! JSON Schema (draft 2020-12) of what people write, for editors and other programs.
//!
//! Here: types that have the shape of the documents, with a description and an example for every key, and the patterns
//! of their texts. They are never filled: documents are read by the rest of [`super`], which knows more and says it
//! better. Tests hold both together.
//!
//! A schema may accept what the reader refuses, where it cannot know better; it must never refuse what the reader
//! accepts.

#![expect(
    dead_code,
    reason = "the types are shapes: nothing is ever read into their fields"
)]

mod days;
mod document;
mod layers;
mod loosen;
mod names;
mod pattern;
mod replicas;
mod target;
mod times;
mod window;

pub(super) use days::loose_dates;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Map, Value};

/// Where both would live; a name, which nothing is fetched from.
const BASE: &str = "https://easyscale.io/schema/v1";

/// The schema of a `ScalingRule` document, or a `List` of them.
#[must_use]
pub fn rule() -> Value {
    named(of::<document::Document>(), "scaling-rule")
}

/// The schema of every document that a policy file may have: settings and rules of one layer, which others may complete,
/// or a `ScalingRule`.
#[must_use]
pub fn policy() -> Value {
    let mut layer = of::<layers::PolicyFile>();
    loosen::loosen(&mut layer);
    named(beside_rules(layer), "policy")
}

/// What is plainly an object is looked at as a rule, which no other file completes.
fn beside_rules(mut layer: Schema) -> Schema {
    const OF_OBJECTS: &[&str] = &["apiVersion", "kind", "metadata", "spec"];
    let mut definitions = layer.remove("$defs").unwrap_or_default();
    let draft = layer.remove("$schema");
    let title = layer.remove("title");
    let description = layer.get("description").cloned();
    let mut rule = of::<document::Document>();
    rule.remove("$schema");
    move_references(&mut rule);
    definitions["PolicyFile"] = layer.to_value();
    definitions["Rule"] = rule.to_value();
    json_schema!({
        "$schema": draft,
        "title": title,
        "description": description,
        "type": "object",
        "if": {"anyOf": required(OF_OBJECTS)},
        "then": {"$ref": "#/$defs/Rule"},
        "else": {"$ref": "#/$defs/PolicyFile"},
        "$defs": definitions
    })
}

/// Definitions of rules keep to themselves: those of layers, which have the same names, are looser.
fn move_references(schema: &mut Schema) {
    if let Some(Value::String(path)) = schema.get_mut("$ref") {
        *path = path.replacen('#', "#/$defs/Rule", 1);
    }
    transform_subschemas(&mut move_references, schema);
}

/// The schema of a type that is no document of its own.
pub(super) fn root<T: JsonSchema>() -> Value {
    let mut schema = of::<T>();
    tidy(&mut schema);
    schema.to_value()
}

fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>()
}

fn named(mut schema: Schema, name: &str) -> Value {
    tidy(&mut schema);
    schema.insert("$id".to_owned(), format!("{BASE}/{name}.schema.json").into());
    schema.to_value()
}

/// Takes out what only the source needs: line breaks inside sentences, and the word that nothing is required.
fn tidy(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    if schema.get("required") == Some(&Value::Array(Vec::new())) {
        schema.remove("required");
    }
    transform_subschemas(&mut tidy, schema);
}

/// The number type's name is nothing that JSON Schema knows.
fn without_format(schema: &mut Schema) {
    schema.remove("format");
}

/// `{"minReplicas": false, …}`: keys that must not be there.
fn none_of(names: &[&str]) -> Value {
    let none: Map<String, Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), Value::Bool(false)))
        .collect();
    serde_json::json!({ "properties": none })
}

/// `[{"required": ["a"]}, …]`: for `anyOf`, one of these keys must be there.
fn required(names: &[&str]) -> Vec<Value> {
    names
        .iter()
        .map(|name| serde_json::json!({ "required": [name] }))
        .collect()
}

#[cfg(test)]
mod tests;
