//! To 0 and back: what easyscale put to sleep, and what somebody else did.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{SOON, Scene, lines, open, schedule, window};
use crate::road::web;
use crate::support::timetable::{far, in_seconds};
use crate::support::{Case, ControlPlane, Env, Options, case, wait_for};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("run: put to sleep, kept asleep, woken with its floor", asleep).needs_controllers(),
        case(
            "run: the same where an autoscaler may not scale to zero",
            asleep_gate_off,
        )
        .needs_controllers(),
        case(
            "run: put to 0 by hand stays there, told once, until the rule wakes it",
            by_hand,
        ),
        case(
            "run: an autoscaler's target put to 0 by hand stays there, told once",
            by_hand_with_autoscaler,
        )
        .needs_controllers(),
        case(
            "run: an autoscaler's target put to 0 by hand is woken by wake: always",
            by_hand_woken,
        )
        .needs_controllers(),
    ]
}

const HOUR: Duration = Duration::from_secs(3600);

async fn scale(env: &Env, replicas: i32, manager: &str) {
    let params = PatchParams {
        field_manager: Some(manager.to_owned()),
        ..PatchParams::default()
    };
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    env.api::<Deployment>()
        .patch_scale("web", &params, &patch)
        .await
        .unwrap();
}

async fn asleep(env: Env) {
    sleep_and_wake(Scene::new(env)).await;
}

/// A control plane of its own: what a server can is decided at its start.
async fn asleep_gate_off(env: Env) {
    drop(env);
    let options = Options {
        feature_gates: vec!["HPAScaleToZero=false".to_owned()],
        ..Options::default()
    };
    let plane = Arc::new(ControlPlane::start(&options).await.unwrap());
    sleep_and_wake(Scene::new(Env::on(&plane).await)).await;
    plane.stop();
}

async fn sleep_and_wake(scene: Scene) {
    let env = &scene.env;
    web(env).await;
    env.wait_for_replicas("Deployment", "web", 2).await;
    let rules = |night, morning, end| {
        let night = window("night", night, morning, "replicas: 0");
        let morning = window("morning", morning, end, "minReplicas: 4");
        scene.rule("web", &schedule(&[night, morning]))
    };
    let (later, latest) = (far() + HOUR, far() + HOUR * 2);
    let mut run = scene.run(&rules(far(), later, latest), &[]);
    let night = run.ahead().await;
    run.rewrite(&rules(night, later, latest));
    env.wait_for_replicas("Deployment", "web", 0).await;
    assert!(SystemTime::now() >= night);
    assert_eq!(
        env.bounds("web").await,
        (2, 10),
        "asleep, its bounds are its owner's"
    );
    // As the autoscaler's controller does that had read the scale a moment before.
    scale(env, 2, "kube-controller-manager").await;
    env.wait_for_replicas("Deployment", "web", 0).await;
    run.told("put replicas back to 2").await;

    let morning = run.ahead().await;
    run.rewrite(&rules(night, morning, far()));
    scene.bounds_become("web", (4, 10)).await;
    wait_for("it to be awake", SOON, async || {
        let replicas = env.replicas("Deployment", "web").await;
        if replicas >= 4 { Ok(()) } else { Err(replicas) }
    })
    .await;
    let woken = run.told("wakes it with 4 replicas").await;
    assert_eq!(woken["change"], json!("minReplicas 2 -> 4, replicas 0 -> 4"));
    wait_for("the memory of the sleep to go", SOON, async || {
        let kept = scene.remembered().await;
        if kept.is_empty() { Ok(()) } else { Err(kept) }
    })
    .await;
    let end = run.ahead().await;
    run.rewrite(&rules(night, morning, end));
    scene.free_with("web", (2, 10)).await;
    assert!(lines(&run, "asleep-by-hand").is_empty(), "{}", run.text());
    assert!(lines(&run, "\"level\":\"ERROR\"").is_empty(), "{}", run.text());
}

async fn by_hand(env: Env) {
    let scene = Scene::new(env);
    scene
        .env
        .create(&crate::support::fixtures::deployment("web", 2))
        .await;
    let spec = schedule(&[open("replicas: 5")]);
    let mut run = scene.run(&scene.rule("web", &spec), &[]);
    scene.env.wait_for_replicas("Deployment", "web", 5).await;
    run.told("\"message\":\"changed\"").await;
    scale(&scene.env, 0, "kubectl").await;
    let note = scene.told("LeftAsleep").await;
    assert!(note.contains("wake: always"), "{note}");
    // Looked at again, and nothing to tell.
    run.rewrite(&format!("# The same again.\n{}", scene.rule("web", &spec)));
    run.told("new policies are in force").await;
    let labels = json!({"metadata": {"annotations": {"easyscale.io/pause": "false"}}});
    scene
        .env
        .api::<Deployment>()
        .patch("web", &PatchParams::default(), &Patch::Merge(labels))
        .await
        .unwrap();
    assert_eq!(scene.env.replicas("Deployment", "web").await, 0);
    assert_eq!(scene.events("LeftAsleep").await.len(), 1);
    assert_eq!(lines(&run, "\"code\":\"asleep-by-hand\"").len(), 1);

    run.rewrite(&scene.rule("web", &format!("{spec}  wake: always")));
    scene.env.wait_for_replicas("Deployment", "web", 5).await;
    let kept = scene.remembered().await;
    assert_eq!(
        kept["Deployment.apps.web"]["replicas"]["original"],
        json!(2),
        "a zero is never learnt"
    );
}

async fn by_hand_with_autoscaler(env: Env) {
    web(&env).await;
    env.wait_for_replicas("Deployment", "web", 2).await;
    let scene = Scene::new(env);
    let later = window(
        "night",
        in_seconds(3600),
        in_seconds(7200),
        "replicas: 0, priority: 1",
    );
    let spec = schedule(&[open("minReplicas: 4"), later]);
    let mut run = scene.run(&scene.rule("web", &spec), &[]);
    scene.env.wait_for_replicas("Deployment", "web", 4).await;
    scale(&scene.env, 0, "kubectl").await;
    let note = scene.told("LeftAsleep").await;
    assert!(note.contains("would raise it to 4"), "{note}");
    // Its bounds are still written; they do not wake it.
    crate::road::edit(&scene.env, "web", json!({"minReplicas": 3})).await;
    scene.floor_remembered("web", (3, 4)).await;
    assert_eq!(scene.env.replicas("Deployment", "web").await, 0);
    run.told("that is what is restored later").await;
    assert_eq!(scene.events("LeftAsleep").await.len(), 1);
    assert_eq!(lines(&run, "\"code\":\"asleep-by-hand\"").len(), 1);
}

async fn by_hand_woken(env: Env) {
    web(&env).await;
    env.wait_for_replicas("Deployment", "web", 2).await;
    let scene = Scene::new(env);
    let spec = format!("{}  wake: always", schedule(&[open("minReplicas: 4")]));
    let mut run = scene.run(&scene.rule("web", &spec), &[]);
    scene.env.wait_for_replicas("Deployment", "web", 4).await;
    scale(&scene.env, 0, "kubectl").await;
    run.told("wakes it with 4 replicas").await;
    scene.env.wait_for_replicas("Deployment", "web", 4).await;
    wait_for("no memory of a sleep", SOON, async || {
        let kept = scene.remembered().await;
        if kept.is_empty() { Ok(()) } else { Err(kept) }
    })
    .await;
}
