//! Deployments without an autoscaler: one memory for a namespace, and others that may drive them.

use std::sync::Arc;
use std::time::Duration;

use kube::api::DeleteParams;
use serde_json::json;

use super::{SOON, Scene, lines, open, schedule, window};
use crate::support::timetable::far;
use crate::support::{Case, ControlPlane, Env, Options, Request, case, fixtures, wait_for};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "run: many Deployments of a namespace are scaled with one memory, kept, put back",
            many,
        ),
        case(
            "run: a ScaledObject whose API is installed later is respected",
            scaled_object,
        ),
    ]
}

const HOUR: Duration = Duration::from_secs(3600);

async fn many(env: Env) {
    const COUNT: usize = 20;
    let scene = Scene::new(env);
    let names: Vec<String> = (0..COUNT).map(|number| format!("job-{number}")).collect();
    for name in &names {
        scene.env.create(&fixtures::deployment(name, 0)).await;
    }
    // Nobody writes a status any more, so that each write is the first try.
    if scene.env.plane.has_controllers() {
        for name in &names {
            scene.env.wait_for_status(name).await;
        }
    }
    let rules = |opens, closes| -> String {
        let peak = schedule(&[window("peak", opens, closes, "replicas: 2")]);
        let rules = names
            .iter()
            .map(|name| scene.rule(name, &format!("{peak}  wake: always")));
        rules.collect()
    };
    let mut run = scene.run(&rules(far(), far() + HOUR), &[]);
    let writes = async |resource: &str| {
        let requests = scene.env.requests(&scene.user).await;
        let writes = requests
            .iter()
            .filter(|request| request.is_write() && request.resource == resource);
        writes.count()
    };
    run.told("the cluster is seen").await;
    assert_eq!(scene.remembered().await.len(), 0);
    let opens = run.ahead().await;
    run.rewrite(&rules(opens, far()));
    for number in 0..COUNT {
        scene
            .env
            .wait_for_replicas("Deployment", &format!("job-{number}"), 2)
            .await;
    }
    wait_for("all to be remembered as done", SOON, async || {
        let kept = scene.remembered().await;
        let done = kept
            .values()
            .filter(|entry| entry["replicas"] == json!({"original": 0, "applied": 2}));
        let done = done.count();
        if done == COUNT { Ok(()) } else { Err(done) }
    })
    .await;
    let of_memory = writes("configmaps").await;
    // One before the scales and one after, and as much again for those whose status was written in between.
    assert!(of_memory <= 6, "{of_memory} for {COUNT} scales");

    let closes = run.ahead().await;
    run.rewrite(&rules(opens, closes));
    for number in 0..COUNT {
        scene
            .env
            .wait_for_replicas("Deployment", &format!("job-{number}"), 0)
            .await;
    }
    wait_for("the memory to be empty", SOON, async || {
        let kept = scene.remembered().await;
        if kept.is_empty() { Ok(()) } else { Err(kept.len()) }
    })
    .await;
    assert!(writes("configmaps").await <= 12);
    assert!(lines(&run, "\"level\":\"ERROR\"").is_empty(), "{}", run.text());
}

/// A control plane of its own: an API that is installed is seen by every test of a server.
async fn scaled_object(env: Env) {
    drop(env);
    let options = Options {
        controller_manager: false,
        ..Options::default()
    };
    let plane = Arc::new(ControlPlane::start(&options).await.unwrap());
    let scene = Scene::new(Env::on(&plane).await);
    scene.env.create(&fixtures::deployment("job", 2)).await;
    scene.env.create(&fixtures::deployment("free", 2)).await;
    let rules = |replicas: u32| {
        let spec = schedule(&[open(&format!("replicas: {replicas}"))]);
        format!("{}{}", scene.rule("job", &spec), scene.rule("free", &spec))
    };
    let mut run = scene.run(&rules(3), &[]);
    scene.env.wait_for_replicas("Deployment", "job", 3).await;
    scene.env.wait_for_replicas("Deployment", "free", 3).await;

    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "scaledobjects.keda.sh"},
        "spec": {
            "group": "keda.sh", "scope": "Namespaced",
            "names": {"kind": "ScaledObject", "plural": "scaledobjects", "singular": "scaledobject"},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    });
    fixtures::apply(&scene.env.client, None, "test", &definition)
        .await
        .unwrap();
    let object = json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "queue"},
        "spec": {"scaleTargetRef": {"name": "job"}},
    });
    scene.env.wait_for_group("keda.sh/v1alpha1").await;
    wait_for("the new API", SOON, async || {
        fixtures::apply(&scene.env.client, Some(&scene.env.namespace), "test", &object)
            .await
            .map_err(|error| error.to_string())
    })
    .await;
    // New rules are a reason to look which APIs there are.
    run.rewrite(&rules(4));
    let refused = run.told("\"code\":\"driven-by\"").await;
    assert_eq!(refused["name"], json!("job"));
    scene.env.wait_for_replicas("Deployment", "free", 4).await;
    assert_eq!(scene.env.replicas("Deployment", "job").await, 3);

    // And when the other tool is uninstalled, the rule counts again.
    let definitions = fixtures::api(&scene.env.client, None, &definition);
    definitions
        .delete("scaledobjects.keda.sh", &DeleteParams::default())
        .await
        .unwrap();
    scene.env.wait_for_replicas("Deployment", "job", 4).await;
    // Nobody goes on asking for what is gone.
    let asked = async || {
        let requests = scene.env.requests(&scene.user).await;
        let last = |found: &dyn Fn(&Request) -> bool| requests.iter().rposition(found);
        let of_it = last(&|request| request.resource == "scaledobjects");
        (of_it, last(&|request| request.uri.starts_with("/apis?")))
    };
    wait_for("another look at which APIs there are", SOON, async || {
        let (of_it, of_apis) = asked().await;
        if of_it < of_apis {
            Ok(())
        } else {
            Err((of_it, of_apis))
        }
    })
    .await;
    let (last, _) = asked().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(asked().await.0, last);
    plane.stop();
}
