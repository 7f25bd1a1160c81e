//! The CustomResourceDefinition: what it is made of, that it accepts what the reader accepts, and its two copies in the
//! repository. What a server makes of it is in tests/cluster/crd.rs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use easyscale::policy::crd;
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::documents::documents;
use crate::keys::{KEYS, document, errors, listed};
use crate::rules;
use crate::said;

static OBJECT: LazyLock<Value> = LazyLock::new(|| {
    let definition = crd::definition();
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
});
/// Without its rules in CEL, which only a server looks at.
static PLAIN: LazyLock<Validator> = LazyLock::new(|| crate::validator(&OBJECT));

fn blesses() -> bool {
    std::env::var_os("EASYSCALE_BLESS").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Compares a file of the repository, or writes it.
fn is_checked_in(file: &str, content: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if blesses() {
        fs::write(&path, content).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == content,
        "{file} is not what it should be; EASYSCALE_BLESS=1 cargo test --test schema  writes it"
    );
}

#[test]
fn what_is_deployed_is_what_is_printed() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_easyscale"));
    let printed = program.arg("crd").output().unwrap();
    assert!(printed.status.success() && printed.stderr.is_empty());
    let printed = String::from_utf8(printed.stdout).unwrap();
    is_checked_in("deploy/crd.yaml", &printed);
    let read: Value = serde_saphyr::from_str(&printed).unwrap();
    assert_eq!(read, crd::definition());
}

/// The maps of the schema, each as a section of the page: its keys, and the sentences of a refusal.
fn sections(schema: &Value, path: &str, page: &mut String) {
    let mut below = Vec::new();
    let (of_list, map) = match schema["type"].as_str() {
        Some("array") => ("[]", &schema["items"]),
        _ => ("", schema),
    };
    let Some(properties) = map["properties"].as_object() else {
        return;
    };
    let path = format!("{path}{of_list}");
    let told = map["description"].as_str().unwrap_or_default();
    let _ = write!(
        page,
        "\n### `{path}`\n\n{told}\n\n| key | value | |\n| --- | --- | --- |\n"
    );
    let required = |key: &str| {
        map["required"]
            .as_array()
            .is_some_and(|keys| keys.contains(&json!(key)))
    };
    let mut keys: Vec<_> = properties.iter().collect();
    keys.sort_by_key(|(key, _)| (!required(key), *key));
    for (key, value) in keys {
        let told = value["description"]
            .as_str()
            .unwrap_or_default()
            .replace('|', "\\|");
        let needed = if required(key) { ", required" } else { "" };
        let _ = writeln!(page, "| `{key}` | {}{needed} | {told} |", what(value));
        below.push((format!("{path}.{key}"), value));
    }
    let mut sentences: Vec<String> = refusals(map).collect();
    for (key, value) in properties {
        let of_key = refusals(value).chain(refusals(&value["items"]));
        // Those of a map stand in its own section.
        let of_key = of_key
            .filter(|_| value.get("properties").is_none() && value["items"].get("properties").is_none());
        sentences.extend(of_key.map(|sentence| format!("`{key}`: {sentence}")));
    }
    if !sentences.is_empty() {
        page.push_str("\nRefused with:\n\n");
    }
    for sentence in sentences {
        let _ = writeln!(page, "- {sentence}");
    }
    for (path, value) in below {
        sections(value, &path, page);
    }
}

/// What sort of value it is, and its ends.
fn what(value: &Value) -> String {
    let number = |keyword: &str| value[keyword].as_i64();
    match value["type"].as_str().unwrap_or_default() {
        "array" if value["items"].get("properties").is_some() => {
            format!("list of maps, at most {}", number("maxItems").unwrap())
        }
        "array" => format!(
            "list of texts, {} {}",
            number("minItems").map_or("at most".to_owned(), |least| format!("{least} to")),
            number("maxItems").unwrap()
        ),
        "object" => "map".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "integer" => match (number("minimum").unwrap(), number("maximum")) {
            (least, Some(most)) if most < i64::from(i32::MAX) || least < 0 => {
                format!("number, {least} to {most}")
            }
            (least, _) => format!("number, at least {least}"),
        },
        "string" => match value["enum"].as_array() {
            Some(words) => {
                let words: Vec<String> = words
                    .iter()
                    .map(|word| format!("`{}`", word.as_str().unwrap()))
                    .collect();
                words.join(", ")
            }
            // Nobody has a weekday or a name of that length.
            None if number("maxLength").unwrap() <= 253 => "text".to_owned(),
            None => format!("text, at most {} characters", number("maxLength").unwrap()),
        },
        other => other.to_owned(),
    }
}

/// The sentences of its rules; one that depends on the value is left to the server.
fn refusals(schema: &Value) -> impl Iterator<Item = String> {
    let rules = schema["x-kubernetes-validations"]
        .as_array()
        .into_iter()
        .flatten();
    rules.filter_map(|rule| Some(rule["message"].as_str()?.to_owned()))
}

#[test]
fn the_page_has_the_reference() {
    const BEGIN: &str = "\n## Reference\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/crd.md");
    let page = fs::read_to_string(file).unwrap();
    let (by_hand, _) = page.split_once(BEGIN).expect("the page has a reference");
    let mut page = format!(
        "{by_hand}{BEGIN}\nMade from the definition by a test. `[]` stands for each entry of a list.\n"
    );
    sections(&OBJECT["properties"]["spec"], "spec", &mut page);
    sections(&OBJECT["properties"]["status"], "status", &mut page);
    is_checked_in("docs/crd.md", &page);
}

/// All values of a schema, with the path to each.
fn values(schema: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    found.push((path.to_owned(), schema.clone()));
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        values(value, &format!("{path}.{key}"), found);
    }
    if schema.get("items").is_some() {
        values(&schema["items"], &format!("{path}[]"), found);
    }
}

#[test]
fn it_is_structural_and_bounded() {
    let mut found = Vec::new();
    values(&OBJECT, "", &mut found);
    assert!(found.len() > 60, "only {} values were found", found.len());
    for (path, schema) in found {
        let has = |keyword: &str| schema.get(keyword).is_some();
        assert!(schema["type"].is_string(), "{path}: {schema}");
        for keyword in [
            "$ref",
            "oneOf",
            "anyOf",
            "allOf",
            "not",
            "additionalProperties",
            "const",
            "pattern",
        ] {
            assert!(!has(keyword), "{path} has {keyword}");
        }
        if [".apiVersion", ".kind", ".metadata"].contains(&path.as_str()) {
            continue;
        }
        assert!(schema["description"].is_string(), "{path} has no description");
        match schema["type"].as_str().unwrap() {
            "string" => assert!(has("maxLength") || has("enum"), "{path}"),
            "array" => assert!(has("maxItems"), "{path}"),
            "integer" => assert!(has("minimum"), "{path}"),
            _ => {}
        }
        for rule in schema["x-kubernetes-validations"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let said = rule.get("message").or(rule.get("messageExpression"));
            let said = said.and_then(Value::as_str).unwrap_or_default();
            assert!(said.len() > 20 && !said.contains('\n'), "{path}: {rule}");
        }
    }
}

/// The paths of keys that the schema does not have: the server would not know them.
fn strangers(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    if let (Some(properties), Some(map)) = (schema["properties"].as_object(), value.as_object()) {
        for (key, value) in map {
            match properties.get(key) {
                Some(schema) => strangers(schema, value, &format!("{path}.{key}"), found),
                None => found.push(format!("{path}.{key}")),
            }
        }
    }
    for item in value.as_array().into_iter().flatten() {
        strangers(&schema["items"], item, path, found);
    }
}

/// What the server would say before it looks at rules in CEL.
fn refused(document: &Value) -> String {
    let mut found = Vec::new();
    strangers(
        &OBJECT["properties"]["spec"],
        &document["spec"],
        "spec",
        &mut found,
    );
    format!("{}{}", said(&PLAIN, document), found.join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn what_is_read_is_accepted(rule in rules::anywhere()) {
        for document in documents(&rule.yaml()) {
            if let Some(value) = document.value.filter(|value| value["kind"] == "ScalingRule") {
                prop_assert_eq!(refused(&listed(value)), "");
            }
        }
    }
}

#[test]
fn single_values_that_are_read_are_accepted() {
    let mut accepted = 0;
    for key in KEYS.iter().filter(|key| key.path.starts_with("/spec/")) {
        for text in key.texts {
            let document = listed(document(key.path, &json!(text)));
            if errors(&document).is_empty() {
                assert_eq!(refused(&document), "", "{}: {text}", key.path);
                accepted += 1;
            }
        }
    }
    assert!(accepted > 100, "only {accepted} were read");
}
