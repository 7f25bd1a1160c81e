//! The whole road: a window opens and closes, and nothing happens in between.

use std::time::Duration;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{SOON, Scene, lines, open, schedule, window};
use crate::road::{memory, web};
use crate::support::timetable::far;
use crate::support::{Case, Env, case, fixtures};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "run: a window opens, the target follows, and all goes back",
            whole_road,
        )
        .needs_controllers(),
        case("run: radio silence while nothing changes", silence),
        case("run: a stop in the middle of a window leaves its bounds", stopped),
    ]
}

async fn whole_road(env: Env) {
    web(&env).await;
    env.wait_for_replicas("Deployment", "web", 2).await;
    let scene = Scene::new(env);
    let peak = |opens, closes| {
        let peak = window("peak", opens, closes, "minReplicas: 5, maxReplicas: 20");
        scene.rule("web", &schedule(&[peak]))
    };
    let mut run = scene.run(&peak(far(), far() + Duration::from_secs(3600)), &[]);
    let opens = run.ahead().await;
    run.put_in_force(&peak(opens, far())).await;

    scene.bounds_become("web", (5, 20)).await;
    scene.env.wait_for_replicas("Deployment", "web", 5).await;
    let kept = memory(&scene.env, "web").await.unwrap();
    assert_eq!(kept["minReplicas"]["original"], json!(2));
    assert_eq!(kept["maxReplicas"]["original"], json!(10));
    let changed = run.told("\"message\":\"changed\"").await;
    assert_eq!(
        changed["change"],
        json!("minReplicas 2 -> 5, maxReplicas 10 -> 20")
    );
    assert_eq!(
        (&changed["windows"], &changed["rule"]),
        (&json!("peak"), &json!("web-rule"))
    );
    let note = scene.told("BoundsChanged").await;
    assert!(
        note.contains("window \"peak\"") && note.contains("from helm"),
        "{note}"
    );

    // Only now, since the autoscaler's controller may have much to do.
    let closes = run.ahead().await;
    run.put_in_force(&peak(opens, closes)).await;
    scene.free_with("web", (2, 10)).await;
    run.told("\"message\":\"restored\"").await;
    scene.told("BoundsRestored").await;
    assert_eq!(lines(&run, "\"message\":\"changed\"").len(), 1);
    assert_eq!(lines(&run, "\"message\":\"restored\"").len(), 1);
    assert!(lines(&run, "\"level\":\"ERROR\"").is_empty(), "{}", run.text());
    run.metric_becomes("easyscale_edge_to_patch_seconds_count", 2.0)
        .await;
    let took = run.metric("easyscale_edge_to_patch_seconds_sum").await.unwrap();
    eprintln!("edge to patch, both edges together: {took:.3} s");
    // One apply, one apply of the originals, one release; what met a write of the autoscaler's controller came once more.
    assert_eq!(scene.done_writes().await, 3);

    run.signal("TERM");
    assert_eq!(run.ended(SOON).await, Some(0));
}

async fn silence(env: Env) {
    web(&env).await;
    env.create(&fixtures::deployment("job", 1)).await;
    let scene = Scene::new(env);
    let rules = format!(
        "{}{}",
        scene.rule("web", &schedule(&[open("minReplicas: 5")])),
        scene.rule("job", &schedule(&[open("replicas: 3")]))
    );
    let mut run = scene.run(&rules, &[]);
    scene.bounds_become("web", (5, 10)).await;
    for (name, replicas) in [("web", 5), ("job", 3)] {
        scene.env.wait_for_replicas("Deployment", name, replicas).await;
        scene.env.wait_for_status(name).await;
    }
    // Told after the bounds: then nothing is left to do.
    scene.told("BoundsChanged").await;
    scene.told("ReplicasChanged").await;
    // And the last echo of that has come.
    let mut decisions = None;
    while decisions.is_none() || decisions != run.metric("easyscale_decisions_total").await {
        decisions = run.metric("easyscale_decisions_total").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let before = scene.env.requests(&scene.user).await;

    // The autoscaler's controller writes a status every few seconds.
    let autoscalers = scene.env.api::<HorizontalPodAutoscaler>();
    for replicas in 1..=10 {
        let status = json!({"status": {"currentReplicas": replicas, "desiredReplicas": replicas}});
        autoscalers
            .patch_status("web", &PatchParams::default(), &Patch::Merge(status))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let after = scene.env.requests(&scene.user).await.split_off(before.len());
    let heard: Vec<_> = after
        .iter()
        .filter(|request| request.resource != "leases" && request.verb != "watch")
        .collect();
    assert!(heard.is_empty(), "{heard:#?}");
    assert_eq!(
        run.metric("easyscale_decisions_total").await,
        decisions,
        "{}",
        run.text()
    );
    assert!(run.is_running());
}

async fn stopped(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let mut run = scene.run(&scene.rule("web", &schedule(&[open("minReplicas: 5")])), &[]);
    scene.bounds_become("web", (5, 10)).await;
    run.signal("INT");
    assert_eq!(run.ended(SOON).await, Some(0));
    run.told("\"message\":\"stopped\"").await;
    assert_eq!(scene.env.bounds("web").await, (5, 10));
    assert!(memory(&scene.env, "web").await.is_some());
}
