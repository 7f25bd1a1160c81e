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

mod cron;
mod days;
mod document;
mod layers;
mod loosen;
mod names;
mod replicas;
mod target;
mod times;
mod window;

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

/// Where both would live; a name, which nothing is fetched from.
const BASE: &str = "https://easyscale.io/schema/v1";

/// The schema of a `ScalingRule` document, or a `List` of them.
#[must_use]
pub fn rule() -> Value {
    named(of::<document::Document>(), "scaling-rule")
}

/// The schema of a policy file: settings and rules of one layer, which others may complete.
#[must_use]
pub fn policy() -> Value {
    let mut schema = of::<layers::PolicyFile>();
    loosen::loosen(&mut schema);
    named(schema, "policy")
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
