//! From JSON Schema to a structural one: every value says its one type where it stands, and nothing is referred to.
//!
//! A pattern becomes a rule in CEL: the server would quote the pattern, and a person wants a sentence. What looks at
//! several keys has no form here and is said again in [`super::validations`].

use serde_json::{Map, Value, json};

use super::super::schema::loose_dates;
use super::validations::{self, Validation};

/// Keywords that mean the same to the server.
const KEPT: &[&str] = &[
    "description",
    "enum",
    "format",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minimum",
    "required",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
];

/// Sizes that the reader does not need and the server does, which reckons what a rule in CEL may cost at most. By
/// definition, so that all places of one sort have the same.
const SIZES: &[(&str, &str, u64)] = &[
    ("ApiVersion", "maxLength", 506),
    ("CalendarNames", "maxItems", 100),
    ("Cron", "maxLength", 500),
    ("Date", "maxLength", 32),
    ("Dates", "maxItems", 100),
    ("Days", "maxItems", 31),
    ("ExceptCalendars", "maxItems", 100),
    ("ExceptDates", "maxItems", 100),
    ("ExceptDays", "maxItems", 31),
    ("Kind", "maxLength", 63),
    ("Text", "maxLength", 2000),
];

/// Windows of a rule, at most.
const MOST_WINDOWS: u64 = 100;

/// The structural form of a schema in `root`.
pub(super) fn of(root: &Value, schema: &Value) -> Value {
    let definitions = &root["$defs"];
    Structure { definitions }.of(schema, None)
}

struct Structure<'a> {
    definitions: &'a Value,
}

impl Structure<'_> {
    /// A schema, which is the definition of that name or stands where it is used.
    fn of(&self, schema: &Value, name: Option<&str>) -> Value {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            let mut merged = self.definitions[name].clone();
            for (key, value) in schema.as_object().into_iter().flatten() {
                merged[key.as_str()] = value.clone();
            }
            if let Some(merged) = merged.as_object_mut() {
                merged.remove("$ref");
            }
            return self.of(&merged, Some(name));
        }
        let mut out = Map::new();
        for keyword in KEPT {
            if let Some(value) = schema.get(*keyword) {
                out.insert((*keyword).to_owned(), value.clone());
            }
        }
        let kind = one_type(&schema["type"]);
        out.insert("type".to_owned(), kind.into());
        if let Some(only) = schema.get("const") {
            out.insert("enum".to_owned(), json!([only]));
        }
        for (_, keyword, size) in SIZES.iter().filter(|(of, ..)| Some(*of) == name) {
            out.insert((*keyword).to_owned(), (*size).into());
        }
        let mut rules = Vec::new();
        match kind {
            "object" => {
                let properties = schema["properties"].as_object().into_iter().flatten();
                let properties: Map<String, Value> = properties
                    .map(|(key, value)| (key.clone(), self.of(value, None)))
                    .collect();
                out.insert("properties".to_owned(), properties.into());
            }
            "array" => {
                // Such a pattern and length are of the single text that may stand there in a file.
                out.remove("maxLength");
                out.insert("items".to_owned(), self.of(&schema["items"], None));
                if schema["items"]["$ref"] == "#/$defs/Window" {
                    out.insert("maxItems".to_owned(), MOST_WINDOWS.into());
                    out.insert("x-kubernetes-list-type".to_owned(), "map".into());
                    out.insert("x-kubernetes-list-map-keys".to_owned(), json!(["name"]));
                }
            }
            // The server would say it twice: the format, and the end of the range.
            "integer" if schema["format"] == "int32" => drop(out.remove("format")),
            _ => rules.extend(of_patterns(schema, name)),
        }
        rules.extend(name.into_iter().flat_map(validations::of));
        if !out.contains_key("enum")
            && let Some(example) = example(schema, kind)
        {
            let told = schema["description"].as_str().unwrap_or_default();
            out.insert("description".to_owned(), format!("{told} {example}").into());
        }
        if !rules.is_empty() {
            let rules: Vec<Value> = rules.iter().map(Validation::to_json).collect();
            out.insert("x-kubernetes-validations".to_owned(), rules.into());
        }
        out.into()
    }
}

/// Where a text or a list may stand, a list.
fn one_type(types: &Value) -> &str {
    match types.as_array() {
        Some(types) if types.iter().any(|one| one == "array") => "array",
        Some(types) => types.first().and_then(Value::as_str).unwrap_or_default(),
        None => types.as_str().unwrap_or_default(),
    }
}

/// "For example `"18:00"` or `"24:00"`.": `kubectl explain` shows descriptions and no examples. It shows the values of
/// an enumeration.
fn example(schema: &Value, kind: &str) -> Option<String> {
    let fits = |example: &&Value| match kind {
        "array" => example
            .as_array()
            .is_some_and(|list| list.iter().all(|item| !item.is_object())),
        "string" => example.is_string(),
        "integer" => example.is_i64(),
        _ => false,
    };
    let examples = schema["examples"].as_array().into_iter().flatten();
    let shown: Vec<String> = examples
        .filter(fits)
        .take(3)
        .map(|example| format!("`{example}`"))
        .collect();
    let (last, most) = shown.split_last()?;
    Some(match most {
        [] => format!("For example {last}."),
        _ => format!("For example {} or {last}.", most.join(", ")),
    })
}

/// The pattern of a text and what it must match besides, as rules.
fn of_patterns(schema: &Value, name: Option<&str>) -> impl Iterator<Item = Validation> {
    let more = schema["allOf"].as_array().into_iter().flatten();
    [schema].into_iter().chain(more).filter_map(move |schema| {
        let pattern = schema["pattern"].as_str()?;
        let message = schema["patternErrorMessage"].as_str().unwrap_or_default();
        // Hundreds of dates in each of a hundred windows: the exact pattern is too dear.
        let pattern = if name == Some("Date") {
            loose_dates()
        } else {
            pattern.to_owned()
        };
        Some(Validation::new(matches("self", &pattern), message))
    })
}

/// Whether a text matches a pattern of JSON Schema, in CEL.
///
/// Blanks at the ends are taken off first, as the reader does, which is cheaper too. The server's patterns are those of
/// RE2, which can leave case aside; for each letter in both cases, the cost would be too high.
fn matches(text: &str, pattern: &str) -> String {
    let inner = pattern
        .strip_prefix(r"^\s*")
        .and_then(|rest| rest.strip_suffix(r"\s*$"));
    let (text, pattern) = match inner {
        Some(inner) => (format!("{text}.trim()"), format!("^{inner}$")),
        None => (text.to_owned(), pattern.to_owned()),
    };
    let pattern = in_re2(&pattern);
    format!("{text}.matches(r'{pattern}')")
}

/// Letters that stand in both cases as one, and code points as RE2 writes them.
fn in_re2(pattern: &str) -> String {
    let characters: Vec<char> = pattern.chars().collect();
    let mut written = String::new();
    let mut any_case = false;
    let mut rest = characters.as_slice();
    while let [first, tail @ ..] = rest {
        rest = match rest {
            ['[', upper, lower, ']', tail @ ..]
                if upper.is_ascii_uppercase() && upper.to_ascii_lowercase() == *lower =>
            {
                any_case = true;
                written.push(*lower);
                tail
            }
            ['\\', 'u', a, b, c, d, tail @ ..] => {
                written.extend(['\\', 'x', '{', *a, *b, *c, *d, '}']);
                tail
            }
            _ => {
                written.push(*first);
                tail
            }
        };
    }
    if any_case {
        format!("(?i){written}")
    } else {
        written
    }
}
