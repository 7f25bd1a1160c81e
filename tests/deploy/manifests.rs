//! The manifests for kustomize, the alerts and the dashboard.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::{assert_is, files, read, repository};

fn documents(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
}

/// All YAML files below deploy/kustomize.
fn manifests() -> Vec<(PathBuf, Vec<Value>)> {
    files(&repository().join("deploy/kustomize"), "yaml")
        .into_iter()
        .map(|path| {
            let documents = documents(&read(&path));
            (path, documents)
        })
        .collect()
}

const ALERTS: &str = "deploy/kustomize/components/monitoring/prometheusrule.yaml";

/// kustomize reads nothing outside of its folder, and Helm packs nothing.
#[test]
fn copies_are_equal() {
    assert_is("deploy/kustomize/crd/crd.yaml", &read("deploy/crd.yaml"));
    let alerts = read(ALERTS);
    let (_, spec) = alerts.split_once("spec:\n").unwrap();
    let mut copy = format!("# A copy of {ALERTS}, made by EASYSCALE_BLESS=1 cargo test --test deploy.\n");
    for line in spec.lines() {
        copy.push_str(line.strip_prefix("  ").unwrap_or(line));
        copy.push('\n');
    }
    assert_is("deploy/helm/easyscale/files/alerts.yaml", &copy);
}

#[test]
fn they_are_of_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let mut seen = 0;
    for (path, _) in manifests() {
        for line in read(&path).lines() {
            let line = line.trim();
            if line.starts_with("app.kubernetes.io/version:") {
                assert_eq!(line, format!("app.kubernetes.io/version: {version}"), "{path:?}");
                seen += 1;
            }
            if line.starts_with("image:") {
                assert_eq!(
                    line,
                    format!("image: ghcr.io/easyscale/easyscale:{version}"),
                    "{path:?}"
                );
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn roles_have_no_wildcard_no_secret_and_make_no_autoscaler() {
    let mut roles = 0;
    for (path, documents) in manifests() {
        for role in documents
            .iter()
            .filter(|document| document["kind"] == "ClusterRole" || document["kind"] == "Role")
        {
            roles += 1;
            for rule in role["rules"].as_array().unwrap() {
                let text = rule.to_string();
                assert!(!text.contains('*'), "{path:?}: {text}");
                assert!(!text.contains("secrets"), "{path:?}: {text}");
                // What people may do with their rules is another matter.
                let is_for_people = role["metadata"]["name"] == "easyscale-rules-edit";
                assert!(is_for_people || !text.contains("delete"), "{path:?}: {text}");
                if rule["apiGroups"] == json!(["autoscaling"]) {
                    let writes: Vec<_> = rule["verbs"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .filter(|verb| !["get", "list", "watch"].iter().any(|read| verb == read))
                        .collect();
                    assert_eq!(writes, ["patch"], "{path:?}");
                }
            }
        }
    }
    assert_eq!(roles, 5);
}

/// Metrics that are, with the series that a histogram has.
fn metrics() -> BTreeSet<String> {
    let page = read("docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `easyscale_"));
    let mut names = BTreeSet::new();
    for row in rows {
        let (name, rest) = row.split_once('`').unwrap();
        names.insert(format!("easyscale_{name}"));
        if rest.trim_start_matches(" | ").starts_with("histogram") {
            names.insert(format!("easyscale_{name}_bucket"));
        }
    }
    names
}

fn assert_asks_what_exists(expression: &str) {
    let metrics = metrics();
    let names = expression
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("easyscale_"));
    let mut asked = 0;
    for name in names {
        assert!(
            metrics.contains(name),
            "{name} is no metric of docs/metrics.md: {expression}"
        );
        asked += 1;
    }
    assert!(asked > 0, "it asks nothing: {expression}");
    for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
        assert_eq!(
            expression.matches(open).count(),
            expression.matches(close).count(),
            "{expression}"
        );
    }
}

#[test]
fn alerts_ask_for_metrics_that_exist_and_are_in_the_runbook() {
    let rule = documents(&read(ALERTS)).remove(0);
    let runbook = read("docs/runbook.md");
    assert!(runbook.contains("\n### Alerts\n"));
    let mut told: BTreeSet<&str> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("| `Easyscale")?.split('`').next())
        .collect();
    for alert in rule["spec"]["groups"][0]["rules"].as_array().unwrap() {
        assert_asks_what_exists(alert["expr"].as_str().unwrap());
        let name = alert["alert"].as_str().unwrap();
        let severity = alert["labels"]["severity"].as_str().unwrap();
        let row = format!("| `{name}` | {severity} |");
        assert!(runbook.contains(&row), "docs/runbook.md has no row {row}");
        assert!(
            told.remove(name.strip_prefix("Easyscale").unwrap()),
            "{name} twice"
        );
        assert!(alert["annotations"]["summary"].is_string(), "{name}");
        assert_eq!(
            alert["annotations"]["runbook"], "docs/runbook.md#alerts",
            "{name}"
        );
    }
    assert!(told.is_empty(), "docs/runbook.md tells of no alerts: {told:?}");
}

#[test]
fn the_dashboard_asks_for_metrics_that_exist() {
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/easyscale.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64()), "two panels with one id");
        assert!(panel["gridPos"]["x"].as_u64().unwrap() + panel["gridPos"]["w"].as_u64().unwrap() <= 24);
        for target in panel["targets"].as_array().unwrap() {
            assert_asks_what_exists(target["expr"].as_str().unwrap());
        }
    }
    assert!(!panels.is_empty());
    let asked = dashboard["templating"]["list"][1]["query"].as_str().unwrap();
    assert_asks_what_exists(asked);
}
