//! The JSON Schemas: an independent validator accepts with them what the reader accepts, and refuses what it refuses,
//! wherever a schema can know.
//!
//! `EASYSCALE_BLESS=1 cargo test --test schema` writes docs/schema/ anew.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[allow(
    dead_code,
    reason = "rules at random come from the tests of the engine, which use more of it"
)]
#[path = "engine/model.rs"]
mod model;
#[allow(dead_code, reason = "as above")]
#[path = "engine/rules/mod.rs"]
mod rules;
#[allow(dead_code, reason = "as above")]
#[path = "engine/spans.rs"]
mod spans;
#[allow(dead_code, reason = "as above")]
#[path = "engine/zones.rs"]
mod zones;

#[path = "schema/crd.rs"]
mod crd;
#[path = "schema/documents.rs"]
mod documents;
#[path = "schema/keys.rs"]
mod keys;
#[path = "schema/knowledge.rs"]
mod knowledge;
#[path = "schema/layers.rs"]
mod layers;
#[path = "schema/values.rs"]
mod values;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use easyscale::policy::schema;
use jsonschema::Validator;
use serde_json::Value;

static RULE: LazyLock<Validator> = LazyLock::new(|| validator(&schema::rule()));
static POLICY: LazyLock<Validator> = LazyLock::new(|| validator(&schema::policy()));

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).unwrap()
}

/// What a validator says, one line per mistake.
fn said(validator: &Validator, document: &Value) -> String {
    let errors = validator.iter_errors(document);
    errors
        .map(|error| format!("  {}: {error}\n", error.instance_path()))
        .collect()
}

#[test]
fn what_is_checked_in_is_what_is_printed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
    for (arguments, name) in [
        (&["schema"][..], "scaling-rule"),
        (&["schema", "rule"], "scaling-rule"),
        (&["schema", "policy"], "policy"),
    ] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_easyscale"));
        let printed = program.args(arguments).output().unwrap();
        assert!(printed.status.success() && printed.stderr.is_empty());
        let file = folder.join(format!("{name}.schema.json"));
        if std::env::var_os("EASYSCALE_BLESS").is_some_and(|value| !value.is_empty() && value != "0") {
            fs::write(&file, &printed.stdout).unwrap();
        }
        assert!(
            fs::read(&file).unwrap_or_default() == printed.stdout,
            "{} is not what `easyscale {}` prints; EASYSCALE_BLESS=1 cargo test --test schema  writes it",
            file.display(),
            arguments.join(" ")
        );
    }
}

#[test]
fn they_are_schemas_of_their_draft() {
    for schema in [schema::rule(), schema::policy()] {
        assert!(jsonschema::draft202012::meta::is_valid(&schema));
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

#[test]
fn every_example_of_a_key_is_one_of_its_values() {
    for schema in [schema::rule(), schema::policy()] {
        let definitions = schema["$defs"].as_object().unwrap();
        for (name, definition) in definitions.iter().chain([(&"the root".to_owned(), &schema)]) {
            let own = [(name, definition)].into_iter();
            let keys = definition["properties"].as_object().into_iter().flatten();
            for (key, part) in own.chain(keys) {
                let mut alone = part.clone();
                if let Some(part) = alone.as_object_mut() {
                    part.insert("$defs".to_owned(), schema["$defs"].clone());
                }
                for example in part["examples"].as_array().into_iter().flatten() {
                    let said = said(&validator(&alone), example);
                    assert!(said.is_empty(), "{name}.{key}: {example}\n{said}");
                }
            }
        }
    }
}
