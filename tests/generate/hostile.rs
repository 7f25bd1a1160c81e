//! Exports that nobody should have given: an error or a remark, soon, and never a panic.

use std::time::{Duration, Instant as Clock};

use easyscale::draft::{Context, carry_over, file};
use easyscale::policy::{self, Target};
use easyscale::time::{Instant, Zone};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::sandbox::Sandbox;
use super::{generate, text};

/// What takes a few seconds at most, when the other tests run at the same time; without care it would take for ever.
const SOON: Duration = Duration::from_secs(60);

fn context() -> Context {
    Context {
        zone: Some(Zone::utc()),
        target: Some(Target {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "a".to_owned(),
        }),
        at: Instant::parse("2026-11-24T12:00:00Z").expect("an instant"),
    }
}

#[test]
fn bombs_garbage_and_the_wrong_files() {
    let sandbox = Sandbox::new("generate-hostile");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..15 {
        let before = format!("*a{}", level - 1);
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            vec![before; 10].join(", ")
        ));
    }
    sandbox.write("bomb.yaml", bomb);
    sandbox.write("deep.yaml", "[".repeat(200_000));
    sandbox.write("deep.json", "{\"a\":".repeat(200_000));
    sandbox.write("noise.bin", [0xFF, 0xFE, 0x00, 0x80]);
    sandbox.write("empty.yaml", "");
    sandbox.write(
        "words.yaml",
        "error: the server could not find the requested resource\n",
    );
    sandbox.write("twice.yaml", "kind: A\nkind: B\n");
    let large = std::fs::File::create(sandbox.path("large.yaml")).expect("a file");
    large.set_len(65 << 20).expect("a sparse file");
    let made = std::process::Command::new("mkfifo")
        .arg(sandbox.path("pipe.yaml"))
        .status();
    assert!(made.expect("mkfifo is there").success());
    for (name, told) in [
        ("bomb.yaml", "not valid YAML"),
        ("deep.yaml", "not valid JSON"),
        ("deep.json", "not valid JSON"),
        ("noise.bin", "not UTF-8"),
        ("empty.yaml", "it holds 0 objects"),
        ("words.yaml", "that is not understood"),
        ("twice.yaml", "not valid YAML"),
        ("large.yaml", "larger than 64 MiB"),
        ("pipe.yaml", "not a file"),
        ("policies", "not a file"),
        ("missing.yaml", "cannot read missing.yaml"),
    ] {
        let begin = Clock::now();
        let output = generate(&sandbox, &["--from", name]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(told), "{name}: {said}");
        assert!(begin.elapsed() < SOON, "{name} took {:?}", begin.elapsed());
    }
}

#[test]
fn many_triggers_of_one_object_are_soon_done() {
    let carried = |number: usize, start: &str, end: &str| {
        let trigger = json!({"type": "cron", "metadata": {"timezone": "UTC", "start": start, "end": end,
            "desiredReplicas": 5}});
        let keda = json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": {"name": "k", "namespace": "shop"},
            "spec": {"scaleTargetRef": {"name": "k"}, "triggers": vec![trigger; number]}});
        let begin = Clock::now();
        let carried = carry_over(&keda.to_string(), &context()).expect("it is understood");
        assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
        carried
    };
    for (start, end) in [
        ("0 8 24 12 *", "0 20 24 12 *"),
        ("0,2,4,6,8,10,12,14 0-11 * * *", "1,3,5,7,9,11,13,15 0-11 * * *"),
    ] {
        let some = carried(500, start, end);
        assert!(
            some.drafts[0].windows.len() < 97,
            "of equal ones the first counts"
        );
        let many = carried(2000, start, end);
        assert!(many.drafts.is_empty());
        assert_eq!(many.remarks[0].why, "it has more than 500 triggers");
    }
}

/// A piece of an object, right, nearly right, or wrong.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!("")),
        Just(json!(true)),
        (-2..20_i64).prop_map(|number| json!(number)),
        (0..20_u32).prop_map(|number| json!(number.to_string())),
        "[0-9*]{1,2} [0-9*]{1,2} [0-9*] [0-9*] [0-9*,/-]{1,4}( [0-9*?])?".prop_map(Value::from),
        "(Mon|Fri)-(Sat|Sun) [0-2][0-9]:00-[0-2][0-9]:30( UTC)?(, never)?".prop_map(Value::from),
        "cron\\([0-9*]{1,2} [0-9]{1,2} \\? \\* (MON|SAT|[0-9]) \\*\\)".prop_map(Value::from),
        Just(json!("UTC")),
        Just(json!("Europe/Berlin")),
        Just(json!("2026-12-24T18:00:00Z")),
        Just(json!("at(2026-12-24T18:00:00)")),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!([1, "a"])),
        Just(json!({"a": {"b": 1}})),
    ]
}

fn object() -> impl Strategy<Value = Value> {
    proptest::collection::vec(value(), 8).prop_flat_map(|v| {
        let [a, b, c, d, e, f, g, h] = <[Value; 8]>::try_from(v).expect("eight");
        let keda = json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": {"name": "k", "namespace": "shop"},
            "spec": {"scaleTargetRef": {"name": a}, "minReplicaCount": b, "maxReplicaCount": c, "triggers": [
                {"type": "cron", "metadata": {"timezone": "UTC", "start": d, "end": e, "desiredReplicas": f}},
                {"type": "cron", "metadata": {"timezone": g, "start": "0 8 * * *", "end": e, "desiredReplicas": h}}]}});
        let cronhpa = json!({"apiVersion": "autoscaling.alibabacloud.com/v1beta1", "kind": "CronHorizontalPodAutoscaler",
            "metadata": {"name": "c", "namespace": "shop"},
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "c"}, "excludeDates": [a], "jobs": [
                {"name": b, "schedule": c, "targetSize": d}, {"name": "x", "schedule": "0 0 8 * * 1", "targetSize": e},
                {"name": "\u{1b}[31m\n# y", "schedule": "0 0 9 * * 1-5", "targetSize": f, "runOnce": g}]}});
        let aws = json!({"ScheduledActions": [
            {"ScheduledActionName": a, "ResourceId": "r", "Schedule": b, "ScalableTargetAction": {"MinCapacity": c, "MaxCapacity": d}},
            {"ScheduledActionName": "n", "ResourceId": "r", "Schedule": "cron(0 8 * * ? *)", "EndTime": e, "ScalableTargetAction": {"MinCapacity": f}},
            {"ScheduledActionName": "o", "ResourceId": "r", "Schedule": g, "Timezone": h, "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 5}}]});
        let downscaler = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "d", "namespace": "shop", "annotations": {"downscaler/uptime": a,
                "downscaler/downtime-replicas": b, "downscaler/exclude": c, "downscaler/downtime": d}}});
        let half = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": e, "namespace": f, "annotations": {"downscaler/downtime": g, "downscaler/x": h}}});
        prop_oneof![Just(keda), Just(cronhpa), Just(aws), Just(downscaler), Just(half)]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_objects_are_carried_over_soundly_or_not_at_all(objects in proptest::collection::vec(object(), 1..5)) {
        let export = serde_json::to_string(&objects).expect("JSON");
        let Ok(carried) = carry_over(&export, &context()) else { return Ok(()) };
        prop_assert!(!carried.drafts.is_empty() || !carried.remarks.is_empty());
        if carried.drafts.is_empty() {
            return Ok(());
        }
        let written = file(&carried.drafts, &carried.remarks, "objects\n.json");
        let loaded = policy::check(vec![("from.yaml".to_owned(), written.clone())]);
        prop_assert!(loaded.problems.iter().all(|problem| problem.code.starts_with('N')), "{written}\n{:?}", loaded.problems);
        prop_assert_eq!(loaded.rules.len(), carried.drafts.len());
    }

    #[test]
    fn any_text_is_an_answer(export in "\\PC{0,200}") {
        let _ = carry_over(&export, &context());
    }
}
