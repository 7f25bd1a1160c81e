//! The schemas and the reader know the same keys, and every key is explained.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::check::Keys;
use super::super::{bounds, calendars, document, layers, settings, spec, start_days, target, window};
use super::{policy, rule};

/// The keys of a map, in a definition of a schema.
fn keys(schema: &Value, definition: &str) -> BTreeSet<String> {
    let map = &schema["$defs"][definition];
    assert_eq!(map["additionalProperties"], false, "{definition}");
    let properties = map["properties"].as_object().unwrap();
    properties.keys().cloned().collect()
}

fn read(keys: &Keys) -> BTreeSet<String> {
    let all = keys.known.iter().chain(keys.ignored);
    all.map(|key| (*key).to_owned()).collect()
}

fn with(mut keys: BTreeSet<String>, more: &[&str]) -> BTreeSet<String> {
    keys.extend(more.iter().map(|key| (*key).to_owned()));
    keys
}

#[test]
fn a_document_has_the_keys_that_are_read() {
    let schema = rule();
    for (name, known) in [
        ("ScalingRule", &document::DOCUMENT),
        ("Metadata", &document::METADATA),
        ("Spec", &spec::SPEC),
        ("Target", &target::TARGET),
        ("Window", &window::WINDOW),
        ("Except", &start_days::EXCEPT),
        ("Default", &bounds::DEFAULT),
        ("Limits", &bounds::LIMITS),
    ] {
        assert_eq!(keys(&schema, name), read(known), "{name}");
    }
}

#[test]
fn a_policy_file_has_the_keys_that_are_read_and_can_delete() {
    let schema = policy();
    for (name, known) in [
        ("Spec", &spec::SPEC),
        ("Target", &target::TARGET),
        ("Except", &start_days::EXCEPT),
        ("Default", &bounds::DEFAULT),
        ("Limits", &bounds::LIMITS),
        ("Calendar", &calendars::CALENDAR),
        ("Defaults", &settings::DEFAULTS),
    ] {
        let known = with(read(known), &["delete"]);
        assert_eq!(keys(&schema, name), known, "{name}");
    }
    let mut named = with(read(&window::WINDOW), &["delete"]);
    assert_eq!(keys(&schema, "Window"), named);
    named.remove("name");
    assert_eq!(keys(&schema, "NamedWindow"), named);
    assert_eq!(keys(&schema, "PolicyFile"), read(&layers::POLICY));
    assert_eq!(
        keys(&schema, "Profile"),
        with(read(&layers::PROFILE), &["delete"])
    );
    assert_eq!(
        schema["$defs"]["Rule"]["$defs"].as_object().map(Map::len),
        rule()["$defs"].as_object().map(Map::len)
    );
}

#[test]
fn every_key_has_a_description_and_an_example() {
    for schema in [rule(), policy()] {
        let definitions = schema["$defs"].as_object().unwrap();
        let mut told = 0;
        for (name, definition) in definitions {
            assert!(definition["description"].is_string(), "{name}");
            let properties = definition.get("properties").and_then(Value::as_object);
            for (key, value) in properties.into_iter().flatten() {
                // What `delete` is, is said once.
                let value = if key == "delete" {
                    &definitions["Delete"]
                } else {
                    value
                };
                let description = value["description"].as_str().unwrap_or_default();
                assert!(description.ends_with(['.', ')']), "{name}.{key}: {description:?}");
                let examples = value["examples"].as_array();
                assert!(examples.is_some_and(|list| !list.is_empty()), "{name}.{key}");
                told += 1;
            }
        }
        assert!(told > 50, "only {told} keys were found");
    }
}
