//! Every document of the repository, and rules at random.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use easyscale::policy::{self, Severity};
use proptest::prelude::*;
use serde_json::{Value, json};
use toml::de::{DeTable, DeValue};

use crate::knowledge::{OF_PARTS, is_known, is_unknown};
use crate::rules;
use crate::{POLICY, RULE, said};

/// One document of a file.
pub(crate) struct Document {
    /// Lines of the file, counted from 1.
    lines: std::ops::Range<usize>,
    /// Nothing where it is no YAML, or nothing that a schema would be shown.
    pub(crate) value: Option<Value>,
}

impl Document {
    /// Whether it is of a policy file, and not meant as an object.
    fn is_layer(&self) -> bool {
        const OF_OBJECTS: [&str; 6] = ["apiVersion", "kind", "metadata", "spec", "target", "schedule"];
        let value = self.value.as_ref().and_then(Value::as_object);
        value.is_some_and(|value| OF_OBJECTS.iter().all(|key| !value.contains_key(*key)))
    }

    /// What the schema says against it; nothing if it accepts it.
    fn said(&self) -> Option<String> {
        let value = self.value.as_ref()?;
        if self.is_layer() {
            return Some(said(&POLICY, value));
        }
        // The schema of all documents judges rules alike.
        assert_eq!(RULE.is_valid(value), POLICY.is_valid(value), "{value}");
        Some(said(&RULE, value))
    }
}

/// The documents of a YAML text, each read by itself, so that a broken one does not hide the others.
pub(crate) fn documents(text: &str) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut part = String::new();
    let mut first = 1;
    let mut close = |part: &str, lines: std::ops::Range<usize>| {
        let value = serde_saphyr::from_str::<Value>(part).ok();
        let value = value.filter(|value| !value.is_null());
        documents.push(Document { lines, value });
    };
    for (number, line) in (1..).zip(text.lines()) {
        if line == "---" || line.starts_with("--- ") {
            close(&part, first..number);
            part.clear();
            first = number;
        } else {
            part.push_str(line);
            part.push('\n');
        }
    }
    close(&part, first..usize::MAX);
    documents
}

/// A TOML text as a schema is shown it: dates and times are texts.
fn toml(text: &str) -> Value {
    fn value(written: &DeValue<'_>) -> Value {
        match written {
            DeValue::String(text) => json!(text),
            DeValue::Integer(number) => json!(i64::from_str_radix(number.as_str(), number.radix()).unwrap()),
            DeValue::Float(number) => json!(number.as_str().parse::<f64>().unwrap()),
            DeValue::Boolean(value) => json!(value),
            DeValue::Datetime(time) => json!(time.to_string()),
            DeValue::Array(items) => items.iter().map(|item| value(item.get_ref())).collect(),
            DeValue::Table(table) => map(table),
        }
    }
    fn map(table: &DeTable<'_>) -> Value {
        let entries = table.iter();
        Value::Object(
            entries
                .map(|(key, node)| (key.get_ref().to_string(), value(node.get_ref())))
                .collect(),
        )
    }
    map(DeTable::parse(text).unwrap().get_ref())
}

#[test]
fn policies_in_toml_validate() {
    let files = fs::read_dir("policies").unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let files = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()));
    let shown = pages().into_iter().flat_map(|(page, text)| {
        let blocks = blocks(&text, "toml");
        let of_policies = blocks.into_iter().filter(|block| block.starts_with("# "));
        of_policies
            .map(move |block| (page.clone(), block))
            .collect::<Vec<_>>()
    });
    let mut validated = 0;
    for (place, text) in files.chain(shown) {
        let said = said(&POLICY, &toml(&text));
        assert!(said.is_empty(), "{place}: {text}\n{said}");
        validated += 1;
    }
    assert!(validated >= 30, "only {validated} were found");
}

/// The YAML files of policies below a folder.
fn policies(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_manifest = ["cluster", "after", "hpa", "mixed", "octal"]
            .iter()
            .any(|it| name.starts_with(it));
        if path.is_dir() {
            policies(&path, found);
        } else if name.ends_with(".yaml") && !is_manifest {
            found.push(path);
        }
    }
}

/// What the reader says and what the schema says about each document of some files that are read together.
fn compare(files: &[PathBuf], compared: &mut usize) {
    let texts = files.iter().map(|path| {
        let text = fs::read(path).unwrap();
        (
            path.display().to_string(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    });
    let texts: Vec<(String, String)> = texts.collect();
    let loaded = policy::check(texts.clone());
    for (name, text) in texts {
        for document in documents(&text) {
            let problems = loaded.problems.iter().filter(|problem| {
                let place = problem.place().filter(|place| *place.file == *name);
                // To a schema, a value that somebody forgot is a null that deletes.
                let is_missing = document.is_layer()
                    && (OF_PARTS.contains(&problem.code) || problem.message.ends_with("has no value"));
                problem.severity == Severity::Error
                    && !is_missing
                    && place.is_some_and(|place| document.lines.contains(&(place.line as usize)))
            });
            let problems: BTreeMap<&str, &str> = problems
                .map(|problem| (problem.code, problem.message.as_str()))
                .collect();
            let Some(said) = document.said() else { continue };
            *compared += 1;
            let place = format!("{name}:{}", document.lines.start);
            if problems.keys().any(|code| is_known(code)) {
                assert!(
                    !said.is_empty(),
                    "{place}: a schema can know one of {problems:#?}"
                );
            } else if problems.keys().all(|code| is_unknown(code)) {
                assert!(
                    said.is_empty(),
                    "{place}: {problems:#?}, but the schema says\n{said}"
                );
            }
        }
    }
}

#[test]
fn the_repositorys_documents_are_refused_when_the_schema_can_know() {
    let mut folders = vec![PathBuf::from("policies")];
    for cases in ["problems", "plans", "explanations", "timelines", "cli"] {
        let cases = fs::read_dir(Path::new("tests/cases").join(cases)).unwrap();
        folders.extend(cases.map(|case| case.unwrap().path()));
    }
    let mut compared = 0;
    for folder in folders {
        let mut files = Vec::new();
        policies(&folder, &mut files);
        compare(&files, &mut compared);
    }
    assert!(compared > 250, "only {compared} documents were found");
}

/// The pages, by name.
fn pages() -> Vec<(String, String)> {
    let entries = fs::read_dir("docs").unwrap();
    let pages = entries
        .map(|entry| entry.unwrap().path())
        .chain([PathBuf::from("README.md")]);
    pages
        .filter(|page| page.extension().is_some_and(|extension| extension == "md"))
        .map(|page| (page.display().to_string(), fs::read_to_string(page).unwrap()))
        .collect()
}

/// The blocks of a language in a page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    page.split(&format!("\n```{language}\n"))
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .map(str::to_owned)
        .collect()
}

/// The blocks of YAML in the pages.
#[test]
fn what_the_pages_show_validates() {
    let mut shown = 0;
    for (page, text) in pages() {
        for document in blocks(&text, "yaml").iter().flat_map(|block| documents(block)) {
            let value = document.value.as_ref();
            let is_ours = |value: &&Value| {
                let has = |key: &str| value.get(key).is_some();
                // A Role has rules as well, and says what it is.
                value["apiVersion"] == "easyscale.io/v1"
                    || (!has("apiVersion") && ["defaults", "calendars", "rules"].into_iter().any(has))
            };
            let Some(value) = value.filter(is_ours) else {
                continue;
            };
            let said = document.said().unwrap_or_default();
            assert!(said.is_empty(), "{page}: {value}\n{said}");
            shown += 1;
        }
    }
    assert!(shown >= 10, "only {shown} documents were found");
}

/// The schedule as a map, as policy files may have it.
fn with_named_windows(mut spec: Value) -> Value {
    let Some(schedule) = spec.get_mut("schedule") else {
        return spec;
    };
    let windows = schedule.as_array_mut().unwrap().iter_mut().map(|window| {
        let name = window.as_object_mut().unwrap().remove("name").unwrap();
        (name.as_str().unwrap().to_owned(), window.take())
    });
    *schedule = Value::Object(windows.collect());
    spec
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn what_is_read_validates(rule in rules::anywhere()) {
        for document in documents(&rule.yaml()) {
            prop_assert_eq!(document.said().unwrap_or_default(), "");
            let spec = document.value.as_ref().and_then(|value| value.get("spec"));
            for spec in spec.into_iter().flat_map(|spec| [spec.clone(), with_named_windows(spec.clone())]) {
                prop_assert_eq!(said(&POLICY, &json!({"rules": {"web": spec}})), "");
            }
        }
    }
}
