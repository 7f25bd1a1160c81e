//! The Helm chart: its copies, its values, and what is said of these.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{assert_is, read};

const VALUES: &str = "deploy/helm/easyscale/values.yaml";

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&read(path)).unwrap()
}

/// A chart has to be whole by itself: Helm packs no file from outside, and links are no files on Windows. Its alerts are compared
/// in [`manifests`](crate::manifests).
#[test]
fn its_definition_is_equal() {
    assert_is("deploy/helm/easyscale/files/crd.yaml", &read("deploy/crd.yaml"));
}

#[test]
fn it_is_of_this_version() {
    let chart = yaml("deploy/helm/easyscale/Chart.yaml");
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}

/// The first and the last Kubernetes that docs/versions.md names are those that tests can run on, and Helm asks for the first.
#[test]
fn the_table_of_versions_is_what_is_tested() {
    let minor = |module: &str| {
        let text = read(format!("{module}/go.mod"));
        let version = text.split("k8s.io/kubernetes v").nth(1).unwrap();
        let mut numbers = version.split('.');
        format!("{}.{}", numbers.next().unwrap(), numbers.next().unwrap())
    };
    let (oldest, newest) = (minor("tests/control-plane-1.33"), minor("tests/control-plane"));
    let claim = format!("Kubernetes {oldest} to {newest} are supported");
    assert!(read("docs/versions.md").contains(&claim), "{claim}");
    let chart = yaml("deploy/helm/easyscale/Chart.yaml");
    assert_eq!(chart["kubeVersion"], format!(">={oldest}.0-0"));
}

/// A value: where it is, what is said of it, and its default; none for a section.
#[derive(Debug)]
struct Row {
    path: Vec<String>,
    text: String,
    default: Option<Value>,
}

/// The keys of values.yaml that have a comment right above them.
fn rows() -> Vec<Row> {
    let text = read(VALUES);
    let values: Value = serde_yaml::from_str(&text).unwrap();
    let mut rows: Vec<Row> = Vec::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut comment = String::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        if let Some(said) = trimmed.strip_prefix("# ") {
            if !comment.is_empty() {
                comment.push(' ');
            }
            comment.push_str(said);
            continue;
        }
        let said = std::mem::take(&mut comment);
        let Some((key, _)) = trimmed.split_once(':').filter(|_| !trimmed.starts_with('-')) else {
            continue;
        };
        while path.last().is_some_and(|(depth, _)| *depth >= indent) {
            path.pop();
        }
        path.push((indent, key.to_owned()));
        if !said.is_empty() {
            let path: Vec<String> = path.iter().map(|(_, key)| key.clone()).collect();
            let pointer = format!("/{}", path.join("/"));
            let default = Some(values.pointer(&pointer).unwrap().clone());
            rows.push(Row {
                path,
                text: said,
                default,
            });
        }
    }
    let parents: BTreeSet<Vec<String>> = rows
        .iter()
        .map(|row| row.path.split_last().unwrap().1.to_vec())
        .collect();
    for row in &mut rows {
        if parents.contains(&row.path) {
            row.default = None;
        }
    }
    rows
}

#[test]
fn every_value_is_described() {
    fn leaves(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        match value {
            Value::Object(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    path.push(key.clone());
                    leaves(value, path, found);
                    path.pop();
                }
            }
            _ => found.push(path.clone()),
        }
    }
    let rows = rows();
    let mut found = Vec::new();
    leaves(&yaml(VALUES), &mut Vec::new(), &mut found);
    for leaf in found {
        let is_described = |row: &Row| row.default.is_some() && leaf.starts_with(&row.path);
        assert!(
            rows.iter().any(is_described),
            "no comment above {}",
            leaf.join(".")
        );
    }
}

#[test]
fn the_page_of_values_is_made_from_their_comments() {
    let escape = |text: &str| text.replace('|', "\\|");
    let mut table = String::from("| value | default | |\n| --- | --- | --- |\n");
    for Row { path, text, default } in rows() {
        let default = default.map_or(String::new(), |value| format!("`{}`", escape(&value.to_string())));
        table.push_str(&format!(
            "| `{}` | {default} | {} |\n",
            path.join("."),
            escape(&text)
        ));
    }
    let page = read("docs/helm-values.md");
    let begin = page.find("| value |").unwrap();
    let end = begin
        + page[begin..]
            .find("\n\n")
            .map_or(page.len() - begin, |end| end + 1);
    let wanted = format!("{}{table}{}", &page[..begin], &page[end..]);
    assert_is("docs/helm-values.md", &wanted);
}

/// Else somebody sets what no template reads, or cannot set what one does.
#[test]
fn the_schema_has_exactly_the_values() {
    fn compare(schema: &Value, value: &Value, path: &str, wrong: &mut Vec<String>) {
        let (Some(known), Some(entries)) = (schema["properties"].as_object(), value.as_object()) else {
            return;
        };
        if schema["additionalProperties"] != false {
            wrong.push(format!("{path} takes anything"));
        }
        let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
        for (key, value) in entries {
            // A key that is left empty takes the default away, and Helm says nothing.
            let may_be_empty = known.get(key).is_some_and(|schema| schema["type"][1] == "null");
            if !may_be_empty && !required.iter().any(|name| name == key) {
                wrong.push(format!("{path}.{key} is not required"));
            }
            match known.get(key) {
                Some(schema) => compare(schema, value, &format!("{path}.{key}"), wrong),
                None => wrong.push(format!("{path}.{key} is not in the schema")),
            }
        }
        // What a parent chart hands down to all its charts.
        for key in known
            .keys()
            .filter(|key| !["global", "enabled"].contains(&key.as_str()))
        {
            if !entries.contains_key(key) {
                wrong.push(format!("{path}.{key} is not in values.yaml"));
            }
        }
    }
    let schema: Value = serde_json::from_str(&read("deploy/helm/easyscale/values.schema.json")).unwrap();
    let mut wrong = Vec::new();
    compare(&schema, &yaml(VALUES), "", &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&yaml(VALUES)));
}
