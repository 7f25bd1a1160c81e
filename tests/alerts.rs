//! The alerts of deploy/ and the questions of the dashboard, as Prometheus takes them: whether it would load them, and when the
//! alerts fire. tests/cases/alerts has courses of events, in files that `promtool test rules` reads as well.
//!
//! That names of metrics exist is tested in tests/deploy, that chart and manifests are alike in tests/helm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: a panic is how a test fails"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Trial};
use serde::Deserialize as _;
use serde_json::{Value, json};
use support::{Prometheus, Tools};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests: [(&str, fn()); 7] = [
        ("kustomize: Prometheus takes the rules", manifests_are_taken),
        ("helm: Prometheus takes the rules", chart_is_taken),
        ("helm: a CronJob has no alerts", a_cron_job_has_no_alerts),
        ("a rule that is spoilt is refused", spoilt_rules_are_refused),
        ("an alert at another time is told", another_time_is_told),
        ("grafana: Prometheus takes every question", dashboard_is_taken),
        ("every alert fires when it should, and only then", alerts_fire),
    ];
    let missing = Prometheus::look().and_then(|()| Tools::look()).err();
    // In CI a missing program is a mistake; the tests then fail with its message.
    let may_ignore = std::env::var("CI").map_or(true, |ci| ci != "true");
    if let Some(reason) = &missing
        && may_ignore
        && !arguments.list
    {
        eprintln!(
            "\n!! IGNORING {} tests: {reason}\n!! With CI=true they fail.\n",
            tests.len()
        );
    }
    let ignored = missing.is_some() && may_ignore;
    let trials = tests.into_iter().map(|(name, test)| {
        let run = move || {
            test();
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(ignored)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn prometheus() -> Prometheus {
    Prometheus::find().unwrap_or_else(|error| panic!("{error}"))
}

fn tools() -> Tools {
    Tools::find().unwrap_or_else(|error| panic!("{error}"))
}

/// What a command prints.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// The rules of the one PrometheusRule among manifests, as a file of rules; none if there is no such object.
fn rules(manifests: &str) -> Option<Value> {
    let mut found: Vec<Value> = serde_yaml::Deserializer::from_str(manifests)
        .map(|document| Value::deserialize(document).unwrap())
        .filter(|object| object["kind"] == "PrometheusRule")
        .collect();
    assert!(found.len() < 2, "more than one PrometheusRule");
    Some(found.pop()?["spec"].clone())
}

/// What Prometheus says of rules.
fn check(name: &str, rules: &Value) -> Result<(), String> {
    assert!(rules["groups"][0]["rules"].as_array().unwrap().len() > 5);
    let path = scratch(name);
    // JSON is YAML.
    fs::write(&path, rules.to_string()).unwrap();
    prometheus().check(&path)
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The chart with these values, which are switches.
fn chart(set: &str) -> Option<Value> {
    let text = output(
        Command::new(tools().helm)
            .env("HOME", env!("CARGO_TARGET_TMPDIR"))
            .args(["template", "easyscale"])
            .arg(repository().join("deploy/helm/easyscale"))
            .args(["--set", set]),
    );
    rules(&text)
}

fn manifests_are_taken() {
    let folder = repository().join("deploy/kustomize/components/monitoring");
    let text = output(Command::new(tools().kustomize).arg("build").arg(folder));
    check("alerts-kustomize.json", &rules(&text).unwrap()).unwrap_or_else(|said| panic!("{said}"));
}

fn chart_is_taken() {
    let rules = chart("monitoring.prometheusRule.enabled=true").unwrap();
    check("alerts-helm.json", &rules).unwrap_or_else(|said| panic!("{said}"));
}

/// Nobody leads there, which is what it is asked for: the first alert would never end.
fn a_cron_job_has_no_alerts() {
    let set = "mode=cronjob,policies.a\\.yaml=rules: {},monitoring.prometheusRule.enabled=true";
    assert_eq!(chart(set), None);
}

/// Else nobody would know that anything is looked at.
fn spoilt_rules_are_refused() {
    let text = fs::read_to_string(repository().join("deploy/helm/easyscale/files/alerts.yaml")).unwrap();
    let rules: Value = serde_yaml::from_str(&text).unwrap();
    for (key, value, said) in [
        ("expr", json!("sum(easyscale_leader"), "unclosed left parenthesis"),
        (
            "expr",
            json!("rate(easyscale_leader)"),
            "expected type range vector",
        ),
        ("for", json!("2 minutes"), "unknown unit"),
        ("fro", json!("2m"), "field fro not found"),
        ("annotations", json!({"summary": "{{ $label.kind }}"}), "summary"),
    ] {
        let mut spoilt = rules.clone();
        spoilt["groups"][0]["rules"][0][key] = value;
        let problem = check("alerts-spoilt.json", &spoilt).unwrap_err();
        assert!(problem.contains(said), "{key}: {problem}");
    }
}

fn another_time_is_told() {
    let text = fs::read_to_string(repository().join("tests/cases/alerts/two-write.yaml")).unwrap();
    let rules = repository().join("deploy/helm/easyscale/files/alerts.yaml");
    let text = text.replace(
        "../../../deploy/helm/easyscale/files/alerts.yaml",
        rules.to_str().unwrap(),
    );
    let path = scratch("alerts-spoilt-case.yaml");
    fs::write(&path, &text).unwrap();
    prometheus().test(&path).unwrap();
    for (from, to, said) in [
        ("eval_time: 7m", "eval_time: 6m", "EasyscaleTwoWrite after 6m"),
        ("leads: 2", "leads: 3", "leads: 2"),
        (
            "namespace: easyscale,",
            "namespace: shop,",
            "namespace=\"easyscale\"",
        ),
        ("0x9 1x50", "0x60", "fires\n    none"),
    ] {
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let problem = prometheus().test(&path).unwrap_err();
        assert!(problem.contains(said), "{from}: {problem}");
    }
}

/// What Grafana puts in place of its variables.
fn as_asked(expression: &str) -> String {
    let asked = expression
        .replace("$__rate_interval", "2m")
        .replace("$namespace", "shop|web");
    assert!(!asked.contains('$'), "a variable that is not known here: {asked}");
    asked
}

fn dashboard_is_taken() {
    let text = fs::read_to_string(repository().join("deploy/grafana/easyscale.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let targets = dashboard["panels"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut expressions: Vec<String> = targets
        .map(|target| as_asked(target["expr"].as_str().unwrap()))
        .collect();
    assert!(expressions.len() > 10);
    prometheus()
        .parse(&expressions)
        .unwrap_or_else(|said| panic!("{said}"));
    expressions.push("sum(easyscale_leader) by".to_owned());
    prometheus().parse(&expressions).unwrap_err();
}

/// A file of courses of events.
#[derive(Debug, serde::Deserialize)]
struct Cases {
    tests: Vec<Case>,
}

#[derive(Debug, serde::Deserialize)]
struct Case {
    name: String,
    input_series: Vec<Series>,
    alert_rule_test: Vec<Expectation>,
}

#[derive(Debug, serde::Deserialize)]
struct Series {
    series: String,
}

#[derive(Debug, serde::Deserialize)]
struct Expectation {
    alertname: String,
    #[serde(default)]
    exp_alerts: Vec<Value>,
}

/// Labels that Prometheus adds to what it scrapes; `namespace` is that of a target where a series has one.
const SCRAPED: [&str; 5] = ["cluster", "namespace", "job", "pod", "instance"];

/// The labels that a metric has by docs/metrics.md, which is written from what the program registers.
fn labels() -> BTreeMap<String, BTreeSet<String>> {
    let page = fs::read_to_string(repository().join("docs/metrics.md")).unwrap();
    let mut metrics = BTreeMap::new();
    for row in page.lines().filter(|line| line.starts_with("| `easyscale_")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let mut labels: BTreeSet<String> = cells[3]
            .split(", ")
            .map(|label| label.trim_matches('`').to_owned())
            .filter(|label| !label.is_empty())
            .collect();
        let mut name = cells[1].trim_matches('`').to_owned();
        if cells[2] == "histogram" {
            name.push_str("_bucket");
            labels.insert("le".to_owned());
        }
        metrics.insert(name, labels);
    }
    metrics
}

/// An alert about a series that the program does not have proves nothing.
fn assert_is_as_scraped(series: &str, metrics: &BTreeMap<String, BTreeSet<String>>) {
    let (name, rest) = series.split_once('{').unwrap();
    let labels: BTreeSet<String> = rest
        .trim_end_matches('}')
        .split(',')
        .map(|label| label.split_once('=').unwrap().0.trim().to_owned())
        .collect();
    let own = &metrics[name];
    for label in &labels {
        assert!(
            own.contains(label) || SCRAPED.contains(&label.as_str()),
            "it has no label {label}: {series}"
        );
    }
    for label in own.iter().map(String::as_str).chain(["job", "instance"]) {
        assert!(labels.contains(label), "it lacks the label {label}: {series}");
    }
}

fn alerts_fire() {
    let folder = repository().join("tests/cases/alerts");
    let metrics = labels();
    let (mut fire, mut stay_silent) = (BTreeSet::new(), BTreeSet::new());
    let mut problems = String::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let cases: Cases = serde_yaml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for case in cases.tests {
            assert!(!case.name.is_empty(), "{path:?}");
            for Series { series } in &case.input_series {
                assert_is_as_scraped(series, &metrics);
            }
            let fires: BTreeSet<String> = case
                .alert_rule_test
                .iter()
                .filter(|expected| !expected.exp_alerts.is_empty())
                .map(|expected| expected.alertname.clone())
                .collect();
            let named = case.alert_rule_test.iter().map(|it| it.alertname.clone());
            stay_silent.extend(named.filter(|name| !fires.contains(name)));
            fire.extend(fires);
        }
        problems.extend(prometheus().test(&path).err());
    }
    assert!(problems.is_empty(), "\n{problems}");
    let text = fs::read_to_string(repository().join("deploy/helm/easyscale/files/alerts.yaml")).unwrap();
    let rules: Value = serde_yaml::from_str(&text).unwrap();
    for rule in rules["groups"][0]["rules"].as_array().unwrap() {
        let name = rule["alert"].as_str().unwrap();
        assert!(fire.contains(name), "{name} fires in no case");
        assert!(stay_silent.contains(name), "{name} is silent in no whole case");
    }
}
