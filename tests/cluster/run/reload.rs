//! Rules that change while it runs: edited, swapped as a mounted ConfigMap, spoilt and mended.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::json;

use super::{SOON, Scene, lines, open, schedule};
use crate::road::web;
use crate::support::{Case, Env, case, wait_for};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("run, reload: a mounted ConfigMap is swapped", config_map),
        case(
            "run, reload: a bad file keeps the last good rules, a good one ends that",
            bad_and_good,
        ),
        case(
            "run, reload: an emptied directory is an accident, unless it is allowed",
            emptied,
        ),
        case("run, reload: SIGHUP reads it all again", hang_up),
    ]
}

fn floor(scene: &Scene, value: u32) -> String {
    scene.rule("web", &schedule(&[open(&format!("minReplicas: {value}"))]))
}

/// What kubelet does: a new directory, a new link `..data_tmp` to it, renamed over `..data`.
fn mount(directory: &Path, version: &str, text: &str) {
    let fresh = directory.join(format!("..{version}"));
    std::fs::create_dir(&fresh).unwrap();
    std::fs::write(fresh.join("rules.yaml"), text).unwrap();
    symlink(format!("..{version}"), directory.join("..data_tmp")).unwrap();
    std::fs::rename(directory.join("..data_tmp"), directory.join("..data")).unwrap();
}

async fn config_map(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let volume = scene
        .env
        .plane
        .path()
        .join(format!("volume-{}", scene.env.namespace));
    std::fs::create_dir(&volume).unwrap();
    mount(&volume, "2026_11_26", &floor(&scene, 5));
    symlink("..data/rules.yaml", volume.join("rules.yaml")).unwrap();
    let namespace = &scene.env.namespace;
    let args = [
        "run",
        volume.to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
        "-n",
        namespace,
        "--instance",
        namespace,
        "--lease-namespace",
        namespace,
    ];
    let mut run = crate::support::Running::command(&scene.env.kubeconfig(&scene.user), "", &args);
    scene.bounds_become("web", (5, 10)).await;
    mount(&volume, "2026_11_27", &floor(&scene, 6));
    std::fs::remove_dir_all(volume.join("..2026_11_26")).unwrap();
    scene.floor_remembered("web", (2, 6)).await;
    run.told("new policies are in force").await;
    assert!(lines(&run, "\"level\":\"ERROR\"").is_empty(), "{}", run.text());
}

async fn bad_and_good(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let mut run = scene.run(&floor(&scene, 5), &[]);
    scene.bounds_become("web", (5, 10)).await;
    run.metric_becomes("easyscale_policy_valid", 1.0).await;

    run.rewrite(&floor(&scene, 6).replace("minReplicas: 6", "minReplicas: six"));
    let line = run.told("the last good ones stay in force").await;
    assert_eq!(line["level"], json!("ERROR"));
    assert!(
        line["first"].as_str().unwrap().contains("rules.yaml:7:"),
        "{line}"
    );
    let note = scene.told("PolicyInvalid").await;
    assert!(note.contains("rules.yaml:7:"), "{note}");
    let event = scene.events("PolicyInvalid").await.remove(0);
    assert_eq!(event.regarding.unwrap().kind.as_deref(), Some("Lease"));
    run.metric_becomes("easyscale_policy_valid", 0.0).await;
    assert_eq!(run.get("/readyz").await.0, 200);
    let (_, status) = run.get("/status").await;
    assert!(status.contains("rules.yaml:7:"), "{status}");
    assert_eq!(scene.env.bounds("web").await, (5, 10));
    // And they are still carried out.
    crate::road::edit(&scene.env, "web", json!({"minReplicas": 3})).await;
    scene.floor_remembered("web", (3, 5)).await;

    run.rewrite(&floor(&scene, 7));
    scene.floor_remembered("web", (3, 7)).await;
    run.metric_becomes("easyscale_policy_valid", 1.0).await;
}

async fn emptied(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let mut run = scene.run(&floor(&scene, 5), &[]);
    scene.bounds_become("web", (5, 10)).await;
    std::fs::remove_file(run.policies().join("rules.yaml")).unwrap();
    run.told("the last good ones stay in force").await;
    run.metric_becomes("easyscale_policy_valid", 0.0).await;
    assert_eq!(scene.env.bounds("web").await, (5, 10));
    run.signal("TERM");
    assert_eq!(run.ended(SOON).await, Some(0));

    let run = scene.run(&floor(&scene, 5), &["--allow-empty"]);
    scene.floor_remembered("web", (2, 5)).await;
    std::fs::remove_file(run.policies().join("rules.yaml")).unwrap();
    scene.free_with("web", (2, 10)).await;
}

async fn hang_up(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let mut run = scene.run(&floor(&scene, 5), &[]);
    scene.bounds_become("web", (5, 10)).await;
    let writes = scene.writes().await;
    let loaded = run
        .metric("easyscale_policy_reloads_total{result=\"valid\"}")
        .await;
    run.signal("HUP");
    run.told("new policies are in force").await;
    wait_for("it to be counted", SOON, async || {
        let now = run
            .metric("easyscale_policy_reloads_total{result=\"valid\"}")
            .await;
        if now > loaded { Ok(()) } else { Err(now) }
    })
    .await;
    assert!(run.is_running());
    assert_eq!(scene.writes().await, writes, "the same rules change nothing");
}
