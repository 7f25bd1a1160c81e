//! What a layer may leave to others: everything. Any key may be missing, null, or `{delete: true}`, and what belongs
//! together may stand in different files; so each value is looked at by itself.

use std::collections::BTreeSet;

use schemars::Schema;
use serde_json::{Map, Value, json};

/// Keywords that look at several keys at once.
const ACROSS_KEYS: [&str; 5] = [
    "required",
    "anyOf",
    "allOf",
    "dependentRequired",
    "dependentSchemas",
];
/// An entry of a list of windows, which may not be null and says by its name which window it is about.
const ENTRY: &str = "Window";
/// The same where the name is the key.
const NAMED: &str = "NamedWindow";
const LIST_OR_MAP: &str = "Schedule";
/// The only value of the key `delete`.
const DELETE: &str = "Delete";

/// Loosens the values of all keys.
pub(super) fn loosen(root: &mut Schema) {
    let root = root.ensure_object();
    let mut definitions = match root.remove("$defs") {
        Some(Value::Object(definitions)) => definitions,
        _ => Map::new(),
    };
    add_named_windows(&mut definitions);
    let mut values = BTreeSet::new();
    for schema in definitions.values().chain([&Value::Object(root.clone())]) {
        values.extend(of_keys(schema).filter_map(reference));
    }
    for (name, schema) in &mut definitions {
        loosen_inline(schema);
        if values.contains(name) {
            loosen_value(schema);
        }
    }
    if let Some(entry) = definitions.get_mut(ENTRY).and_then(Value::as_object_mut) {
        ACROSS_KEYS
            .iter()
            .for_each(|keyword| drop(entry.remove(*keyword)));
        entry.insert("required".to_owned(), json!(["name"]));
        if let Some(properties) = entry.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("delete".to_owned(), delete());
        }
    }
    let delete = json!({
        "description": "`true` takes out what earlier layers said; what stands beside it starts afresh.",
        "examples": [true],
        "const": true
    });
    definitions.insert(DELETE.to_owned(), delete);
    root.insert("$defs".to_owned(), definitions.into());
}

fn add_named_windows(definitions: &mut Map<String, Value>) {
    let Some(mut named) = definitions.get(ENTRY).cloned() else {
        return;
    };
    if let Some(properties) = named.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove("name");
    }
    definitions.insert(NAMED.to_owned(), named);
    if let Some(schedule) = definitions.get_mut(LIST_OR_MAP).and_then(Value::as_object_mut) {
        let named = json!({"$ref": format!("#/$defs/{NAMED}")});
        schedule.insert("additionalProperties".to_owned(), named);
    }
}

/// The schemas of a map's values.
fn of_keys(schema: &Value) -> impl Iterator<Item = &Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flat_map(Map::values)
        .chain(schema.get("additionalProperties"))
}

fn reference(schema: &Value) -> Option<String> {
    let path = schema.get("$ref")?.as_str()?;
    path.strip_prefix("#/$defs/").map(str::to_owned)
}

/// Values whose schema stands where the key is.
fn loosen_inline(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties
            .values_mut()
            .filter(|value| value.get("$ref").is_none())
            .for_each(loosen_value);
    }
}

fn loosen_value(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    let mut types = match schema.remove("type") {
        Some(Value::Array(types)) => types,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let is_map = types.contains(&json!("object"));
    types.extend(
        ["null", "object"]
            .map(Value::from)
            .into_iter()
            .filter(|it| is_new(it, is_map)),
    );
    schema.insert("type".to_owned(), types.into());
    if let Some(only) = schema.remove("const") {
        schema.insert("enum".to_owned(), json!([only, null, {"delete": true}]));
    }
    if !is_map {
        schema.insert("properties".to_owned(), json!({"delete": delete()}));
        schema.insert("required".to_owned(), json!(["delete"]));
        schema.insert("additionalProperties".to_owned(), false.into());
        return;
    }
    ACROSS_KEYS
        .iter()
        .for_each(|keyword| drop(schema.remove(*keyword)));
    // Names are the user's: one of them may be `delete`.
    let named = schema
        .get("additionalProperties")
        .filter(|named| named.is_object());
    let delete = match named {
        Some(named) => json!({"anyOf": [delete(), named]}),
        None => delete(),
    };
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        properties.insert("delete".to_owned(), delete);
    }
}

fn delete() -> Value {
    json!({"$ref": format!("#/$defs/{DELETE}")})
}

fn is_new(kind: &Value, is_map: bool) -> bool {
    !(is_map && *kind == "object")
}
