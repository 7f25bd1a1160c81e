//! The custom resource on a real API server: what it refuses while a rule is being applied, and with which sentence; that
//! it refuses nothing that easyscale reads; what `kubectl` shows.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use futures::{StreamExt as _, stream};
use http::Request;
use kube::Client;
use kube::api::{Patch, PatchParams};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::custom::install;
use crate::keys::{self, KEYS, listed, of_any_type};
use crate::support::{Case, Env, case, fixtures};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("crd: it is taken as it is, and again without a change", taken),
        case("crd: wrong rules are refused with a sentence", refused),
        case("crd: the rules of the seed and of the pages are let in", let_in),
        case(
            "crd: single values are judged as the reader judges them",
            single_values,
        ),
        case("crd: keys that do not go together are refused", combinations),
        case("crd: rules at random are let in", at_random),
        case("crd: the largest rule is not too dear to check", largest),
        case("crd: kubectl get shows what matters", columns),
        case(
            "crd: kubectl knows it, explains it, and applies it twice",
            kubectl,
        ),
    ]
}

const NAME: &str = "scalingrules.easyscale.io";

fn definition() -> Value {
    let text = std::fs::read_to_string("deploy/crd.yaml").unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// What the server says to a new rule, as to `kubectl create --dry-run=server`; nothing if it would take it.
async fn said(client: &Client, namespace: &str, rule: &Value) -> String {
    let path = format!(
        "/apis/easyscale.io/v1/namespaces/{namespace}/scalingrules?dryRun=All&fieldValidation=Strict"
    );
    let request = Request::post(path)
        .header("Content-Type", "application/json")
        .body(rule.to_string().into_bytes())
        .unwrap();
    match client.request::<Value>(request).await {
        Ok(_) => String::new(),
        Err(kube::Error::Api(status)) => status.message.clone(),
        Err(error) => panic!("{rule}: {error}"),
    }
}

/// What the server says to each of many rules.
async fn said_to_all<T>(env: &Env, rules: Vec<(T, Value)>) -> Vec<(T, String)> {
    let answers = stream::iter(rules.into_iter().map(|(about, mut rule)| async move {
        // The server wants it to be where it is sent.
        if let Some(namespace) = rule.pointer_mut("/metadata/namespace") {
            *namespace = json!(env.namespace);
        }
        (about, said(&env.client, &env.namespace, &rule).await)
    }));
    answers.buffered(8).collect().await
}

/// For tests that look whether the definition itself is changed.
static UNCHANGED: Mutex<()> = Mutex::const_new(());

async fn taken(env: Env) {
    install(&env).await;
    let _unchanged = UNCHANGED.lock().await;
    let crds = fixtures::api(&env.client, None, &definition());
    let before = crds.get(NAME).await.unwrap();
    let conditions = before.data["status"]["conditions"].as_array().unwrap();
    let is = |name: &str| {
        let of_name = conditions.iter().find(|condition| condition["type"] == name);
        of_name.map(|condition| condition["status"].clone())
    };
    assert_eq!(is("Established"), Some(json!("True")), "{conditions:#?}");
    assert_eq!(is("NamesAccepted"), Some(json!("True")), "{conditions:#?}");
    assert_eq!(is("NonStructuralSchema"), None, "{conditions:#?}");
    let again = crds
        .patch(
            NAME,
            &PatchParams::apply("test").force(),
            &Patch::Apply(definition()),
        )
        .await
        .unwrap();
    assert_eq!(again.metadata.resource_version, before.metadata.resource_version);
}

/// A rule that is let in.
fn sound() -> Value {
    json!({
        "apiVersion": "easyscale.io/v1",
        "kind": "ScalingRule",
        "metadata": {"name": "web"},
        "spec": {
            "target": {"kind": "Deployment", "name": "web"},
            "schedule": [{"name": "peak", "replicas": 5}]
        }
    })
}

/// Wrong rules, as what is laid over a sound one, and what the server says; `…` stands for the value, which older
/// servers do not show.
fn wrong() -> Vec<(Value, &'static str)> {
    let window = |keys: Value| {
        let mut window = json!({"name": "peak"});
        for (key, value) in keys.as_object().unwrap() {
            window[key.as_str()] = value.clone();
        }
        if !["replicas", "minReplicas", "maxReplicas"]
            .iter()
            .any(|key| keys.get(key).is_some())
        {
            window["replicas"] = json!(5);
        }
        json!({"schedule": [window]})
    };
    vec![
        (
            window(json!({"timeStart": "6pm"})),
            "spec.schedule[0].timeStart: Invalid value: … write hours and minutes in quotes, from \"00:00\" to \"23:59\"",
        ),
        (
            window(json!({"timeEnd": "25:00"})),
            "write hours and minutes in quotes, from \"00:00\" to \"24:00\"",
        ),
        (
            window(json!({"timeStart": "24:00"})),
            "write hours and minutes in quotes, from \"00:00\" to \"23:59\"",
        ),
        (
            window(json!({"timeStart": 960})),
            "spec.schedule[0].timeStart in body must be of type string: \"integer\"",
        ),
        (
            window(json!({"timeStart": "9:00", "timeEnd": "09:00:00"})),
            "the window starts and ends at the same time",
        ),
        (
            window(json!({"timeEnd": "00:00"})),
            "the window starts and ends at the same time",
        ),
        (
            window(json!({"minReplicas": 9, "maxReplicas": 5})),
            "minReplicas is above maxReplicas",
        ),
        (
            json!({"default": {"minReplicas": 9, "maxReplicas": 5}}),
            "minReplicas is above maxReplicas",
        ),
        (
            json!({"limits": {"minReplicas": 9, "maxReplicas": 5}}),
            "minReplicas is above maxReplicas",
        ),
        (
            window(json!({"replicas": 5, "minReplicas": 2})),
            "replicas does not go together with minReplicas and maxReplicas",
        ),
        (
            json!({"default": {"replicas": 5, "maxReplicas": 9}}),
            "replicas does not go together with minReplicas and maxReplicas",
        ),
        (
            json!({"schedule": [{"name": "peak"}]}),
            "the window sets nothing: write replicas, or minReplicas and maxReplicas",
        ),
        (json!({"default": {}}), "default sets nothing"),
        (json!({"limits": {}}), "limits sets nothing"),
        (
            json!({"schedule": []}),
            "the rule changes nothing: add a window to schedule, or a default",
        ),
        (
            window(json!({"cron": "0 8 * * *"})),
            "a window with cron needs duration",
        ),
        (
            window(json!({"duration": "2h"})),
            "a window with duration needs cron",
        ),
        (
            window(json!({"from": "Fri 20:00"})),
            "a window with from needs until",
        ),
        (
            window(json!({"until": "Mon 08:00"})),
            "a window with until needs from",
        ),
        (
            window(json!({"cron": "@daily", "duration": "1h", "from": "Fri 20:00", "until": "Mon 08:00"})),
            "cron and from..until do not go together in one window",
        ),
        (
            window(json!({"cron": "@daily", "duration": "1h", "days": ["Mon"]})),
            "cron and duration do not go together with days",
        ),
        (
            window(json!({"from": "Fri 20:00", "until": "Mon 08:00", "timeStart": "08:00"})),
            "from and until do not go together with days",
        ),
        (
            window(json!({"from": "Fri 20:00", "until": "2026-11-30T00:00"})),
            "from and until are of two sorts",
        ),
        (
            window(json!({"from": "Fri 20:00", "until": "fri 20:00"})),
            "the span starts and ends at the same time of the week",
        ),
        (
            window(json!({"from": "2026-11-30T00:00", "until": "2026-11-27T00:00"})),
            "the span ends before it starts",
        ),
        (
            window(json!({"from": "2026-11-27T10:00+01:00", "until": "2026-11-27T10:00+01:00"})),
            "the span ends before it starts",
        ),
        (
            window(
                json!({"from": "2026-11-27T00:00", "until": "2026-11-30T00:00", "except": {"days": ["Sun"]}}),
            ),
            "except does not go with a dated span",
        ),
        (
            window(json!({"from": "tomorrow", "until": "Mon 08:00"})),
            "write weekday and time for every week, such as \"Fri 20:00\"",
        ),
        (
            window(json!({"cron": "60 8 * * *", "duration": "1h"})),
            "write five fields, minute hour day month weekday, such as 30 8 * * MON-FRI",
        ),
        (
            window(json!({"cron": "@daily", "duration": "2 hours"})),
            "write numbers with units, larger ones first, such as 90s, 15m, 1h30m or 2d",
        ),
        (
            window(json!({"lead": "0s"})),
            "this is no time at all; write at least 1s",
        ),
        (
            window(json!({"days": ["Samstag"]})),
            "spec.schedule[0].days[0]: Invalid value: … write a weekday such as Monday or Mon",
        ),
        (
            window(json!({"days": "Saturday"})),
            "spec.schedule[0].days in body must be of type array: \"string\"",
        ),
        (window(json!({"days": []})), "should have at least 1 items"),
        (
            window(json!({"dates": ["25.12.2026"]})),
            "write a date as 2026-12-25, or 12-25 for every year",
        ),
        (
            window(json!({"dates": ["2026-04-31"]})),
            "write a date as 2026-12-25, or 12-25 for every year",
        ),
        (
            window(json!({"dates": ["2026-12-24..2026-12-20"]})),
            "a range has two dates, the first one first",
        ),
        (
            window(json!({"except": {"dates": ["12-24..2026-12-26"]}})),
            "a range has two dates, the first one first, both with a year or both without",
        ),
        (
            window(json!({"timezone": "+02:00"})),
            "write continent and city, such as Europe/Berlin, or UTC",
        ),
        (
            json!({"timezone": "Europe/Berlin;"}),
            "write continent and city, such as Europe/Berlin, or UTC",
        ),
        (
            window(json!({"replicas": -1})),
            "should be greater than or equal to 0",
        ),
        (
            window(json!({"maxReplicas": 0})),
            "spec.schedule[0].maxReplicas in body should be greater than or equal to 1",
        ),
        (
            window(json!({"priority": 3_000_000_000_u32})),
            "should be less than or equal to 2147483647",
        ),
        (
            json!({"schedule": [{"name": "peak", "replicas": 5}, {"name": "peak", "replicas": 6}]}),
            "spec.schedule[1]: Duplicate value: ",
        ),
        (
            json!({"schedule": [{"replicas": 5}]}),
            "spec.schedule[0].name: Required value",
        ),
        (
            json!({"schedule": [{"name": "a\nb", "replicas": 5}]}),
            "a name is one short line of text",
        ),
        (
            json!({"target": {"kind": "DaemonSet", "name": "web"}}),
            "a DaemonSet cannot be scaled, it runs one copy on every node: a target is a Deployment, a StatefulSet or a HorizontalPodAutoscaler",
        ),
        (
            json!({"target": {"kind": "Rollout", "name": "web"}}),
            "kind is Deployment, StatefulSet or HorizontalPodAutoscaler; any other kind needs apiVersion beside it",
        ),
        (
            json!({"target": {"kind": "deployment", "name": "web"}}),
            "a kind is one word with a capital letter, such as Deployment",
        ),
        (
            json!({"target": {"kind": "Deployment", "apiVersion": "v1", "name": "web"}}),
            "a Deployment is of the group apps: remove apiVersion, it is known",
        ),
        (
            json!({"target": {"kind": "Deployment"}}),
            "spec.target.name: Required value",
        ),
        (
            json!({"target": {"kind": "Deployment", "name": "My Service"}}),
            "a name has only small letters, digits, `-` and `.`",
        ),
        (
            json!({"schedule": [{"name": "night", "replicas": 0}], "limits": {"minReplicas": 1}}),
            "replicas: 0 is below the rule's own limits.minReplicas",
        ),
        (
            json!({"wake": "never"}),
            "spec.wake: Unsupported value: \"never\": supported values: \"always\"",
        ),
        (json!({"cooldown": "5"}), "write numbers with units"),
        (json!({"colour": "red"}), "unknown field \"spec.colour\""),
    ]
}

async fn refused(env: Env) {
    install(&env).await;
    assert_eq!(said(&env.client, &env.namespace, &sound()).await, "");
    let rules = wrong().into_iter().map(|(keys, expected)| {
        let mut rule = sound();
        for (key, value) in keys.as_object().unwrap() {
            rule["spec"][key.as_str()] = value.clone();
        }
        ((keys, expected), rule)
    });
    let mut failures = String::new();
    for ((keys, expected), said) in said_to_all(&env, rules.collect()).await {
        if !expected.split(" … ").all(|part| said.contains(part)) {
            let _ = writeln!(failures, "{keys}\n  expected: {expected}\n  said: {said}");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// The rules in the YAML of a file or a page.
fn rules_of(file: &Path) -> Vec<Value> {
    let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
    let texts: Vec<&str> = if file.extension().is_some_and(|extension| extension == "md") {
        let blocks = text.split("\n```yaml\n").skip(1);
        blocks.filter_map(|block| block.split("\n```").next()).collect()
    } else {
        vec![&text]
    };
    let documents = texts.into_iter().flat_map(|text| text.split("\n---"));
    documents
        .filter_map(|document| serde_saphyr::from_str::<Value>(document).ok())
        .filter(|document| document["kind"] == "ScalingRule")
        .collect()
}

/// The pages and the YAML files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "md" || extension == "yaml")
        {
            found.push(path);
        }
    }
}

async fn let_in(env: Env) {
    install(&env).await;
    let mut found = vec![PathBuf::from("README.md")];
    for folder in ["docs", "policies", "tests/cases"] {
        files(Path::new(folder), &mut found);
    }
    let mut rules = Vec::new();
    for file in &found {
        for rule in rules_of(file) {
            let errors = keys::errors(&rule);
            if errors.iter().all(|code| LEFT_TO_THE_READER.contains(code)) {
                rules.push((format!("{}: {rule}", file.display()), listed(rule)));
            }
        }
    }
    for name in [
        "inference-weekend-scale",
        "peak-hours-scaling",
        "ml-model-complex-schedule",
    ] {
        assert!(
            rules.iter().any(|(_, rule)| rule["metadata"]["name"] == name),
            "{name}"
        );
    }
    assert!(rules.len() > 250, "only {} were found", rules.len());
    for (rule, said) in said_to_all(&env, rules).await {
        assert_eq!(said, "", "{rule}");
    }
}

/// What the server does not know, besides what is spelt as it may be: a calendar that there is not, a lead or ramp that is
/// too long for its window. It is said in the status.
const LEFT_TO_THE_READER: &[&str] = &["E0413", "E0414", "E0415"];

async fn single_values(env: Env) {
    install(&env).await;
    let mut rules = Vec::new();
    for key in KEYS.iter().filter(|key| key.path.starts_with("/spec/")) {
        let texts = key.texts.iter().map(|text| json!(text));
        for value in of_any_type().into_iter().chain(texts) {
            let rule = listed(keys::document(key.path, &value));
            let errors = keys::errors(&rule);
            // The server takes a null out before anybody sees it.
            if value.is_null() {
                continue;
            }
            let is_missed = value.as_str().is_some_and(|text| key.missed.contains(&text));
            rules.push(((format!("{}: {value}", key.path), errors, is_missed), rule));
        }
    }
    let (mut wrong, mut let_in, mut refused) = (String::new(), 0, 0);
    for ((about, errors, is_missed), said) in said_to_all(&env, rules).await {
        if said.is_empty() {
            let_in += 1;
            let is_left = errors.iter().all(|code| LEFT_TO_THE_READER.contains(code));
            if !is_left && !is_missed {
                let _ = writeln!(wrong, "{about} is let in, the reader has {errors:?}");
            }
        } else {
            refused += 1;
            if errors.is_empty() {
                let _ = writeln!(wrong, "{about} is refused, the reader takes it\n  {said}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(
        let_in > 100 && refused > 500,
        "{let_in} let in, {refused} refused"
    );
}

async fn combinations(env: Env) {
    install(&env).await;
    let values = json!({
        "timeStart": "08:00", "timeEnd": "10:00", "days": ["Mon"], "dates": ["12-25"], "from": "Fri 20:00",
        "until": "Mon 08:00", "cron": "@daily", "duration": "1h", "replicas": 1, "minReplicas": 1, "maxReplicas": 2,
        "except": {"days": ["Tue"]}
    });
    let keys: Vec<&String> = values.as_object().unwrap().keys().collect();
    let mut rules = Vec::new();
    for first in 0..keys.len() {
        for second in first..keys.len() {
            for third in second..keys.len() {
                for dated in [false, true] {
                    let mut window = json!({"name": "peak"});
                    for key in [first, second, third].map(|at| keys[at].as_str()) {
                        window[key] = values[key].clone();
                    }
                    if dated && window.get("from").is_some() {
                        window["from"] = json!("2026-11-27T00:00");
                    }
                    if dated && window.get("until").is_some() && third % 2 == 0 {
                        window["until"] = json!("2026-11-30T00:00");
                    }
                    let rule = keys::document("/spec/schedule/0", &window);
                    rules.push(((window, keys::errors(&rule)), rule));
                }
            }
        }
    }
    for ((window, errors), said) in said_to_all(&env, rules).await {
        assert_eq!(errors.is_empty(), said.is_empty(), "{window}: {errors:?}\n{said}");
    }
}

async fn at_random(env: Env) {
    install(&env).await;
    let mut runner = TestRunner::deterministic();
    let mut rules = Vec::new();
    for _ in 0..200 {
        let rule = crate::rules::anywhere().new_tree(&mut runner).unwrap().current();
        let documents = rule.yaml();
        let documents = documents
            .split("---\n")
            .map(|text| serde_saphyr::from_str::<Value>(text).unwrap());
        let documents = documents.filter(|document| document["kind"] == "ScalingRule");
        rules.extend(documents.map(|document| (rule.yaml(), listed(document))));
    }
    for (rule, said) in said_to_all(&env, rules).await {
        assert_eq!(said, "", "{rule}");
    }
}

/// As long as every list and text may be.
async fn largest(env: Env) {
    install(&env).await;
    let dates = vec![" 2026-11-27 .. 2026-11-30 "; 100];
    let days = vec![" wednesday - thursday "; 31];
    let calendars = vec!["c".repeat(30); 100];
    let text = "x".repeat(2000);
    let list = ["0-59/5"; 60].join(",");
    let mut windows = Vec::new();
    for number in 0..100 {
        let name = format!("{number}{}", "w".repeat(190));
        let except = json!({"dates": dates, "days": days, "calendars": calendars});
        let mut window = json!({"name": name, "minReplicas": 5, "maxReplicas": 20, "lead": "0d00000000h1m", "ramp": "1m",
            "timezone": "America/Argentina/Buenos_Aires", "description": text, "except": except});
        match number % 2 {
            0 => {
                window["cron"] = json!(format!("{list} 8 * * MON-FRI"));
                window["duration"] = json!("1h30m");
            }
            _ => {
                window["dates"] = json!(dates);
                window["days"] = json!(days);
                window["calendar"] = json!(calendars);
                window["timeStart"] = json!("08:00:00");
                window["timeEnd"] = json!("9:00");
            }
        }
        windows.push(window);
    }
    let mut rule = sound();
    rule["spec"]["schedule"] = json!(windows);
    assert_eq!(said(&env.client, &env.namespace, &rule).await, "");
}

async fn columns(env: Env) {
    install(&env).await;
    env.create(&sound()).await;
    let api = fixtures::api(&env.client, Some(&env.namespace), &sound());
    let condition = |kind: &str, reason: &str| {
        json!({
            "type": kind, "status": "True", "reason": reason, "message": "As it should be.",
            "lastTransitionTime": "2026-11-27T16:00:00Z", "observedGeneration": 1
        })
    };
    let status = json!({
        "observedGeneration": 1,
        "target": format!("Deployment {}/web", env.namespace),
        "activeWindows": ["Peak hours", "Sale"],
        "bounds": {"minReplicas": 5, "maxReplicas": 20},
        "originals": {"minReplicas": 2, "maxReplicas": 10},
        "nextChange": "2026-11-27T18:00:00Z",
        "conditions": [condition("Accepted", "Accepted"), condition("Applied", "InForce")],
    });
    let shown = async || {
        let path = format!("/apis/easyscale.io/v1/namespaces/{}/scalingrules", env.namespace);
        let request = Request::get(path)
            .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
            .body(Vec::new())
            .unwrap();
        let table: Value = env.client.request(request).await.unwrap();
        let columns = table["columnDefinitions"].as_array().unwrap().iter();
        let cells = table["rows"][0]["cells"].as_array().unwrap().iter();
        let shown = columns.zip(cells).filter(|(column, _)| column["name"] != "Age");
        shown
            .map(|(column, cell)| {
                format!(
                    "{}={}",
                    column["name"].as_str().unwrap(),
                    cell.to_string().replace('"', "'")
                )
            })
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        shown().await,
        "Name='web' Target='web' Kind='Deployment' Active=null Min=null Max=null Next=null Ready=null Reason=null"
    );
    let write = async |status: Value| {
        let merge = Patch::Merge(json!({"status": status}));
        api.patch_status("web", &PatchParams::default(), &merge)
            .await
            .unwrap()
    };
    let written = write(status.clone()).await;
    assert_eq!(written.data["status"], status, "nothing of it is dropped");
    assert_eq!(
        shown().await,
        r"Name='web' Target='web' Kind='Deployment' Active='[\'Peak hours\',\'Sale\']' Min=5 Max=20 Next='2026-11-27T18:00:00Z' Ready='True' Reason='InForce'"
    );
    write(json!({
        "active": "Peak hours, Sale",
        "bounds": {"minReplicas": null, "maxReplicas": null, "replicas": 3},
        "nextChange": null
    }))
    .await;
    assert_eq!(
        shown().await,
        "Name='web' Target='web' Kind='Deployment' Active='Peak hours, Sale' Min=3 Max=3 Next=null Ready='True' Reason='InForce'"
    );
}

async fn kubectl(env: Env) {
    install(&env).await;
    let _unchanged = UNCHANGED.lock().await;
    let kubectl = |arguments: &[&str]| -> Option<Output> {
        Command::new("kubectl")
            .env("KUBECONFIG", env.kubeconfig(&env.admin))
            .env("HOME", env.plane.path())
            .args(arguments)
            .output()
            .ok()
    };
    let Some(version) = kubectl(&["version", "--client"]) else {
        assert!(
            std::env::var("CI").map_or(true, |ci| ci != "true"),
            "there is no kubectl on this machine"
        );
        eprintln!("\n!! SKIPPED: there is no kubectl on this machine. With CI=true this fails.\n");
        return;
    };
    assert!(version.status.success(), "{version:?}");
    let run = |arguments: &[&str]| {
        let output = kubectl(arguments).unwrap();
        let (told, failed) = [&output.stdout, &output.stderr]
            .map(|bytes| String::from_utf8_lossy(bytes))
            .into();
        assert!(output.status.success(), "{arguments:?}: {told}{failed}");
        told.into_owned()
    };
    for arguments in [
        &["apply", "-f", "deploy/crd.yaml"][..],
        &[
            "apply",
            "--server-side",
            "--field-manager=kubectl-test",
            "-f",
            "deploy/crd.yaml",
        ],
    ] {
        run(arguments);
        let version = || run(&["get", "crd", NAME, "-o", "jsonpath={.metadata.resourceVersion}"]);
        let before = version();
        run(arguments);
        assert_eq!(version(), before, "{arguments:?} again changes it");
    }
    // kubectl reads YAML of the old kind, in which more words are booleans.
    let stored: Value = serde_json::from_str(&run(&["get", "crd", NAME, "-o", "json"])).unwrap();
    for part in ["names", "versions"] {
        assert_eq!(stored["spec"][part], definition()["spec"][part]);
    }
    let explained = run(&["explain", "scalingrule.spec.schedule"]);
    let words: Vec<&str> = explained.split_whitespace().collect();
    let explained = words.join(" ");
    for sentence in [
        "FIELD: schedule <[]Object>",
        "The windows: when how many copies should run.",
        "timeStart <string> The time of day at which it opens. Without it: 00:00. For example `\"16:00\"`.",
        "days <[]string> The weekdays on which it opens.",
        "name <string> -required- The window's name.",
    ] {
        assert!(explained.contains(sentence), "{sentence}\n{explained}");
    }
    let path = env.plane.path().join(format!("rule-{}.json", env.namespace));
    std::fs::write(&path, sound().to_string()).unwrap();
    let path = path.to_str().unwrap();
    run(&["-n", &env.namespace, "apply", "-f", path]);
    let listed = run(&["-n", &env.namespace, "get", "sr"]);
    let head: Vec<&str> = listed
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    assert_eq!(
        head,
        ["NAME", "TARGET", "ACTIVE", "MIN", "MAX", "NEXT", "READY", "AGE"]
    );
}
