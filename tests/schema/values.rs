//! Values of single keys, right and wrong ones: the schema thinks of them what the reader thinks.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::keys::{KEYS, Key, document, errors, of_any_type};
use crate::knowledge::{is_known, is_unknown};
use crate::{RULE, said};

/// What is wrong with the schema's verdict.
fn disagreement(key: &Key, value: &Value) -> Option<String> {
    let document = document(key.path, value);
    let errors = errors(&document);
    let said = said(&RULE, &document);
    let text = value.as_str().unwrap_or_default();
    let should_accept = errors.iter().all(|code| is_unknown(code)) || key.missed.contains(&text);
    match (should_accept, said.is_empty()) {
        (true, false) => Some(format!(
            "{}: {value} is refused, the reader has {errors:?}\n{said}",
            key.path
        )),
        (false, true) => Some(format!(
            "{}: {value} is accepted, the reader has {errors:?}",
            key.path
        )),
        _ => None,
    }
}

#[test]
fn the_schema_thinks_what_the_reader_thinks() {
    let of_any_type = of_any_type();
    let long = [
        "x".repeat(63),
        "x".repeat(64),
        "x".repeat(200),
        "x".repeat(201),
        "x".repeat(253),
        "x".repeat(254),
    ];
    let mut wrong = Vec::new();
    let mut tried = 0;
    for key in KEYS {
        let texts = key.texts.iter().map(|text| json!(text));
        let lists = key
            .texts
            .iter()
            .filter(|text| !key.missed.contains(text))
            .map(|text| json!([text]));
        // Any word may be a zone, for all that a schema knows.
        let long = long
            .iter()
            .filter(|_| !key.path.ends_with("timezone"))
            .map(|text| json!(text));
        for value in of_any_type.iter().cloned().chain(texts).chain(lists).chain(long) {
            wrong.extend(disagreement(key, &value));
            tried += 1;
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n{} of {tried}",
        wrong.join("\n"),
        wrong.len()
    );
}

/// Combinations of keys: of the forms of windows, and of what they set.
#[test]
fn keys_that_do_not_go_together_are_refused() {
    let values = json!({
        "timeStart": "08:00", "timeEnd": "10:00", "days": "Mon", "dates": "12-25", "from": "Fri 20:00",
        "until": "Mon 08:00", "cron": "@daily", "duration": "1h", "replicas": 1, "minReplicas": 1, "maxReplicas": 2,
        "except": {"days": "Tue"}
    });
    let keys: Vec<&String> = values.as_object().unwrap().keys().collect();
    for chosen in 0..1_u32 << keys.len() {
        for dated in [false, true] {
            let mut window = json!({"name": "peak"});
            let is_chosen = |at: usize| chosen >> at & 1 == 1;
            for (_, key) in keys.iter().enumerate().filter(|(at, _)| is_chosen(*at)) {
                window[key.as_str()] = values[key.as_str()].clone();
            }
            if dated && window.get("until").is_some() {
                window["until"] = json!("2026-11-30T00:00");
            }
            if dated && window.get("from").is_some() && chosen % 3 > 0 {
                window["from"] = json!("2026-11-27T00:00");
            }
            let document = document("/spec/schedule/0", &window);
            let errors = errors(&document);
            let said = said(&RULE, &document);
            let accepts = errors.iter().all(|code| is_unknown(code));
            assert_eq!(accepts, said.is_empty(), "{window}: {errors:?}\n{said}");
        }
    }
}

/// One change to a text: a character more, less, or another one.
fn edited(text: &str, at: Index, with: Option<char>, inserts: bool) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = at.index(characters.len() + 1);
    if !inserts && at < characters.len() {
        characters.remove(at);
    }
    if let Some(with) = with {
        characters.insert(at.min(characters.len()), with);
    }
    characters.into_iter().collect()
}

/// A text of one of the keys, with some changes.
fn texts() -> impl Strategy<Value = (usize, String)> {
    let characters: Vec<char> = "0123456789:-.,/ *?@TtZz+adhmsnoFriuMwkey_é\t".chars().collect();
    let edit = (
        any::<Index>(),
        prop::option::weighted(0.8, select(characters)),
        any::<bool>(),
    );
    let key = 0..KEYS.len();
    (key, any::<Index>(), prop::collection::vec(edit, 0..4)).prop_map(|(key, text, edits)| {
        let mut text = (*text.get(KEYS[key].texts)).to_owned();
        for (at, with, inserts) in edits {
            text = edited(&text, at, with, inserts);
        }
        (key, text)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn a_changed_text_is_judged_alike((key, text) in texts()) {
        let document = document(KEYS[key].path, &json!(text));
        let errors = errors(&document);
        let accepts = RULE.is_valid(&document);
        if errors.iter().any(|code| is_known(code)) {
            prop_assert!(!accepts, "{}: {:?} is accepted, the reader has {:?}", KEYS[key].path, text, errors);
        } else if errors.iter().all(|code| is_unknown(code)) {
            prop_assert!(accepts, "{}: {:?} is refused, the reader has {:?}", KEYS[key].path, text, errors);
        }
    }
}
