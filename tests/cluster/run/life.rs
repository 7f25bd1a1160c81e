//! The life of a target, of its rule, and of easyscale itself.

use std::time::{Duration, SystemTime};

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;

use super::{SOON, Scene, lines, open, schedule, window};
use crate::road::{memory, web};
use crate::support::timetable::{far, in_seconds, long_ago, sleep_past};
use crate::support::{Case, Env, case, fixtures, wait_for};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("run: a target that is created later is picked up", created_later),
        case(
            "run: a target that is deleted is refused, and welcome again",
            deleted,
        ),
        case(
            "run: an autoscaler comes to a workload without one, and goes",
            autoscaler_comes_and_goes,
        )
        .needs_controllers(),
        case(
            "run: a namespace that is deleted in a window is no storm",
            namespace_deleted,
        )
        .needs_controllers(),
        case("run: a rule that is gone is undone, one of two", rule_gone),
        case(
            "run: with --no-prune a rule that is gone changes nothing",
            rule_gone_no_prune,
        ),
        case("run: a rule changed in its window counts at once", rule_changed),
        case("run: stopped in one window, started in another", another_window),
        case(
            "run: a second rule for the same autoscaler comes and goes",
            two_rules,
        ),
    ]
}

fn floor(value: u32) -> String {
    schedule(&[open(&format!("minReplicas: {value}"))])
}

async fn created_later(env: Env) {
    let scene = Scene::new(env);
    let mut run = scene.run(&scene.rule("web", &floor(5)), &[]);
    let refused = run.told("\"message\":\"refused\"").await;
    assert_eq!(refused["code"], json!("target-missing"));
    web(&scene.env).await;
    scene.bounds_become("web", (5, 10)).await;
    run.metric_becomes("easyscale_refused_targets{code=\"target-missing\"}", 0.0)
        .await;
    let shown = format!(
        "easyscale_target_min_replicas_desired{{kind=\"Deployment\",namespace=\"{}\",name=\"web\",rule=\"web-rule\"}}",
        scene.env.namespace
    );
    run.metric_becomes(&shown, 5.0).await;
}

async fn deleted(env: Env) {
    // Without its Deployment, which would be scaled instead.
    let hpa = fixtures::hpa("web", ("Deployment", "web"), 2, 10);
    env.apply_as("helm", &hpa).await;
    let scene = Scene::new(env);
    let mut run = scene.run(&scene.rule("web", &floor(5)), &[]);
    scene.bounds_become("web", (5, 10)).await;
    let api = scene.env.api::<HorizontalPodAutoscaler>();
    api.delete("web", &DeleteParams::default()).await.unwrap();
    run.told("\"code\":\"target-missing\"").await;
    // Helm installs it again, with other bounds and without a memory.
    scene
        .env
        .apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 3, 12))
        .await;
    scene.floor_remembered("web", (3, 5)).await;
    assert!(lines(&run, "\"level\":\"ERROR\"").is_empty(), "{}", run.text());
}

async fn autoscaler_comes_and_goes(env: Env) {
    env.create(&fixtures::deployment("web", 2)).await;
    let scene = Scene::new(env);
    let mut run = scene.run(&scene.rule("web", &floor(5)), &[]);
    scene.env.wait_for_replicas("Deployment", "web", 5).await;
    wait_for("its memory", SOON, async || {
        let kept = scene.remembered().await;
        let replicas = &kept.get("Deployment.apps.web").ok_or_else(|| kept.clone())?["replicas"];
        if replicas == &json!({"original": 2, "applied": 5}) {
            Ok(())
        } else {
            Err(kept)
        }
    })
    .await;

    scene
        .env
        .apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 3, 10))
        .await;
    scene.bounds_become("web", (5, 10)).await;
    scene.floor_remembered("web", (3, 5)).await;
    wait_for("the memory of the scale to go", SOON, async || {
        let kept = scene.remembered().await;
        if kept.is_empty() { Ok(()) } else { Err(kept) }
    })
    .await;
    run.told("the memory of its scale is dropped").await;
    assert_eq!(
        scene.env.replicas("Deployment", "web").await,
        5,
        "replicas are the autoscaler's now"
    );

    // Somebody raises its floor, it scales, and that is the original when it goes. Not with this floor: its controller may
    // not have heard that it is gone, and would raise the replicas once more.
    crate::road::edit(&scene.env, "web", json!({"minReplicas": 7})).await;
    scene.env.wait_for_replicas("Deployment", "web", 7).await;
    crate::road::edit(&scene.env, "web", json!({"minReplicas": 2})).await;
    scene.floor_remembered("web", (2, 5)).await;
    let api = scene.env.api::<HorizontalPodAutoscaler>();
    api.delete("web", &DeleteParams::default()).await.unwrap();
    wait_for("a fresh memory of the scale", SOON, async || {
        let kept = scene.remembered().await;
        let replicas = &kept.get("Deployment.apps.web").ok_or_else(|| kept.clone())?["replicas"];
        if replicas == &json!({"original": 7, "applied": 5}) {
            Ok(())
        } else {
            Err(kept)
        }
    })
    .await;
    assert_eq!(scene.env.replicas("Deployment", "web").await, 5);
    assert!(lines(&run, "\"level\":\"ERROR\"").is_empty(), "{}", run.text());
}

async fn namespace_deleted(env: Env) {
    // Easyscale's lease is in the namespace of the scene; its target in one that goes.
    let scene = Scene::new(env);
    let doomed = Env::on(&scene.env.plane).await;
    web(&doomed).await;
    doomed.create(&fixtures::deployment("job", 1)).await;
    let rule = |name: &str, sets: &str| {
        scene.rule(name, &schedule(&[open(sets)])).replace(
            &format!("namespace: {}}}", scene.env.namespace),
            &format!("namespace: {}}}", doomed.namespace),
        )
    };
    let rules = format!("{}{}", rule("web", "minReplicas: 5"), rule("job", "replicas: 3"));
    let mut run = scene.run(&rules, &["-n", &doomed.namespace]);
    doomed.wait_for_replicas("Deployment", "job", 3).await;
    wait_for("the bounds", SOON, async || {
        let bounds = doomed.bounds("web").await;
        if bounds == (5, 10) { Ok(()) } else { Err(bounds) }
    })
    .await;
    let name = doomed.namespace.clone();
    doomed.delete().await;
    let namespaces = Api::<Namespace>::all(scene.env.client.clone());
    wait_for("the namespace to be gone", SOON, async || {
        match namespaces.get_opt(&name).await.unwrap() {
            None => Ok(()),
            Some(namespace) => Err(namespace.status),
        }
    })
    .await;
    run.metric_becomes("easyscale_refused_targets{code=\"target-missing\"}", 2.0)
        .await;
    // Until all is said about it.
    let asked = async || {
        let mut requests = scene.env.requests(&scene.user).await;
        requests.retain(|request| request.resource != "leases");
        requests
    };
    let mut before = 0;
    wait_for("silence", SOON, async || {
        let last = std::mem::replace(&mut before, asked().await.len());
        tokio::time::sleep(Duration::from_secs(2)).await;
        if last == before { Ok(()) } else { Err(last) }
    })
    .await;
    let said = run.count();
    let before = asked().await.len();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = asked().await.split_off(before);
    assert!(after.is_empty(), "{after:#?}");
    assert_eq!(run.count(), said, "{}", run.text());
    assert!(said < 25, "some lines, not a storm:\n{}", run.text());
}

async fn rule_gone(env: Env) {
    web(&env).await;
    env.create(&fixtures::deployment("job", 1)).await;
    let scene = Scene::new(env);
    let (web_rule, job_rule) = (
        scene.rule("web", &floor(5)),
        scene.rule("job", &schedule(&[open("replicas: 3")])),
    );
    let run = scene.run(&format!("{web_rule}{job_rule}"), &[]);
    scene.bounds_become("web", (5, 10)).await;
    scene.env.wait_for_replicas("Deployment", "job", 3).await;
    run.rewrite(&job_rule);
    scene.free_with("web", (2, 10)).await;
    run.rewrite(&web_rule);
    scene.env.wait_for_replicas("Deployment", "job", 1).await;
    scene.bounds_become("web", (5, 10)).await;
    wait_for("the memory of the scale to go", SOON, async || {
        let kept = scene.remembered().await;
        if kept.is_empty() { Ok(()) } else { Err(kept) }
    })
    .await;
    scene.told("BoundsRestored").await;
    scene.told("ReplicasRestored").await;
}

async fn rule_gone_no_prune(env: Env) {
    web(&env).await;
    env.create(&fixtures::hpa("other", ("Deployment", "other"), 1, 9))
        .await;
    let scene = Scene::new(env);
    let rules = format!(
        "{}{}",
        scene.rule("web", &floor(5)),
        scene.rule("other", &floor(4))
    );
    let mut run = scene.run(&rules, &["--no-prune"]);
    scene.bounds_become("web", (5, 10)).await;
    scene.bounds_become("other", (4, 9)).await;
    run.rewrite(&scene.rule("other", &floor(4)));
    let line = run.told("\"code\":\"abandoned\"").await;
    assert!(
        line["reason"]
            .as_str()
            .unwrap()
            .contains("no rule names it any more"),
        "{line}"
    );
    run.rewrite(&scene.rule("other", &floor(6)));
    scene.bounds_become("other", (6, 9)).await;
    assert_eq!(scene.env.bounds("web").await, (5, 10));
    assert!(memory(&scene.env, "web").await.is_some());
    assert_eq!(lines(&run, "\"code\":\"abandoned\"").len(), 1);
}

async fn rule_changed(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let mut run = scene.run(&scene.rule("web", &floor(5)), &[]);
    scene.bounds_become("web", (5, 10)).await;
    run.rewrite(&scene.rule("web", &floor(7)));
    scene.bounds_become("web", (7, 10)).await;
    scene.floor_remembered("web", (2, 7)).await;
    // Renamed: the memory goes over, the bounds stay.
    run.rewrite(&scene.named_rule("new-name", "Deployment", "web", &floor(7)));
    run.told("takes over from rule web-rule").await;
    wait_for("the memory to go over", SOON, async || {
        let kept = memory(&scene.env, "web").await.unwrap();
        if kept["rule"] == json!("new-name") {
            Ok(())
        } else {
            Err(kept)
        }
    })
    .await;
    scene.floor_remembered("web", (2, 7)).await;
    // Its window is over by now.
    let past = window(
        "past",
        in_seconds(0) - Duration::from_secs(60),
        in_seconds(0),
        "minReplicas: 7",
    );
    run.rewrite(&scene.named_rule("new-name", "Deployment", "web", &schedule(&[past])));
    scene.free_with("web", (2, 10)).await;
}

async fn another_window(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let windows = |first_ends: SystemTime, second_ends| {
        scene.rule(
            "web",
            &schedule(&[
                window("one", long_ago(), first_ends, "minReplicas: 5"),
                window(
                    "two",
                    first_ends + Duration::from_secs(1),
                    second_ends,
                    "maxReplicas: 20",
                ),
            ]),
        )
    };
    let mut run = scene.run(&windows(far(), far() + Duration::from_secs(3600)), &[]);
    scene.bounds_become("web", (5, 10)).await;
    run.signal("TERM");
    assert_eq!(run.ended(SOON).await, Some(0));
    let first_ends = in_seconds(1);
    sleep_past(first_ends, Duration::from_secs(1)).await;
    assert_eq!(
        scene.env.bounds("web").await,
        (5, 10),
        "nobody is there to see the edge"
    );
    let mut run = scene.run(&windows(first_ends, far()), &[]);
    scene.bounds_become("web", (2, 20)).await;
    let kept = memory(&scene.env, "web").await.unwrap();
    assert_eq!(kept["maxReplicas"], json!({"original": 10, "applied": 20}));
    run.signal("TERM");
    assert_eq!(run.ended(SOON).await, Some(0));
    let second_ends = in_seconds(1);
    sleep_past(second_ends, Duration::ZERO).await;
    let _run = scene.run(&windows(first_ends, second_ends), &[]);
    scene.free_with("web", (2, 10)).await;
}

async fn two_rules(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let first = scene.rule("web", &floor(5));
    let second = scene.named_rule("second", "HorizontalPodAutoscaler", "web", &floor(7));
    let mut run = scene.run(&first, &[]);
    scene.bounds_become("web", (5, 10)).await;
    run.rewrite(&format!("{first}{second}"));
    let refused = run.told("\"code\":\"two-rules\"").await;
    assert_eq!(
        refused["rule"],
        json!("second"),
        "the one that wrote it first keeps it"
    );
    assert_eq!(scene.env.bounds("web").await, (5, 10));
    run.rewrite(&first);
    wait_for("the refusal to be over", SOON, async || {
        let refused = run.metric("easyscale_refused_targets{code=\"two-rules\"}").await;
        if refused == Some(0.0) {
            Ok(())
        } else {
            Err(refused)
        }
    })
    .await;
    scene.floor_remembered("web", (2, 5)).await;
    run.rewrite(&second);
    scene.floor_remembered("web", (2, 7)).await;
    assert_eq!(scene.events("Refused").await.len(), 1);
}
