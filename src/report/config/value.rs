//! Values of policies as YAML that any reader understands alike, and as JSON.

use serde_json::{Number, Value};

use super::super::escape::is_obeyed;
use crate::policy::Content;

/// In one line; texts are always quoted, so that `on` and `16:00` stay texts for every reader.
pub(super) fn flow(content: &Content) -> String {
    match content {
        Content::Null => "null".to_owned(),
        Content::Bool(value) => value.to_string(),
        Content::Int(value) => value.to_string(),
        Content::Float(value) => value.to_string(),
        Content::Text(text) => quoted(text),
        Content::List(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Content::Map(entries) => {
            let entries = entries
                .iter()
                .map(|entry| format!("{}: {}", key(&entry.key), flow(&entry.content)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A key, in quotes unless it is a plain word to every reader.
pub(super) fn key(text: &str) -> String {
    const OTHERWISE: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !OTHERWISE.contains(&text.to_ascii_lowercase().as_str());
    if is_word { text.to_owned() } else { quoted(text) }
}

/// JSON's quotes and escapes are YAML's too, but for halves of characters.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for character in Value::from(text).to_string().chars() {
        match u32::from(character) {
            _ if !is_obeyed(character) => quoted.push(character),
            code @ 0..=0xFFFF => quoted.push_str(&format!("\\u{code:04x}")),
            code => quoted.push_str(&format!("\\U{code:08x}")),
        }
    }
    quoted
}

/// As JSON.
pub(super) fn json(content: &Content) -> Value {
    match content {
        Content::Null => Value::Null,
        Content::Bool(value) => Value::from(*value),
        Content::Int(value) => Value::from(*value),
        Content::Float(value) => Number::from_f64(*value).map_or(Value::Null, Value::from),
        Content::Text(text) => Value::from(text.as_str()),
        Content::List(items) => items.iter().map(json).collect(),
        Content::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), json(&entry.content)))
            .collect(),
    }
}
