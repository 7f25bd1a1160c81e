//! What an uninstallation asks of `restore`: each right that it takes, and what happens without it. tests/helm has the rest.

use std::time::Duration;

use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::program::{easyscale, peak_rule, rules, text};
use crate::road::web;
use crate::support::{Case, Env, User, case, fixtures, wait_for};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "uninstall: nothing is restored while a CronJob may write, and each right is told that is missing",
            cron_job,
        ),
        case(
            "uninstall: ConfigMaps that remember nothing are deleted, others stay",
            delete_state,
        ),
        case(
            "uninstall: a lease that cannot be kept is a failure, once all is restored",
            keep_lease,
        ),
    ]
}

/// As in deploy/rbac.yaml, as far as it matters here.
fn rights() -> Vec<Value> {
    vec![
        json!({"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["get", "list", "patch"]}),
        json!({"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": ["get", "list"]}),
        json!({"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"]}),
        json!({"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["easyscale-state"],
            "verbs": ["get", "list", "patch"]}),
        json!({"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": ["easyscale"],
            "verbs": ["get", "list", "update"]}),
    ]
}

async fn applied(env: &Env) {
    web(env).await;
    env.create(&fixtures::deployment("job", 2)).await;
    let text = format!(
        "{}{}",
        peak_rule(&env.namespace, "web"),
        peak_rule(&env.namespace, "job")
    );
    let rules = rules(env, &text);
    let args = [
        "apply",
        rules.to_str().unwrap(),
        "--at",
        "2026-11-24T17:00:00Z",
        "-n",
        &env.namespace,
    ];
    let out = easyscale(env, &env.admin, &args);
    assert!(out.status.success(), "{}", crate::program::text(&out.stderr));
}

/// Tries until it says this, since rights count a moment after they are written.
async fn says(env: &Env, user: &User, args: &[&str], code: i32, told: &str) -> String {
    wait_for(told, Duration::from_secs(90), async || {
        let mut all = vec!["restore", "--no-events", "-n", &env.namespace];
        all.extend(args);
        let out = easyscale(env, user, &all);
        let said = format!("{}{}", text(&out.stdout), text(&out.stderr));
        if out.status.code() == Some(code) && said.contains(told) {
            Ok(said)
        } else {
            Err(said)
        }
    })
    .await
}

async fn cron_job(env: Env) {
    applied(&env).await;
    let user = env.limited();
    env.allow(&user, &json!(rights())).await;
    let namespace = env.namespace.clone();
    let args = ["--suspend-cronjob", "easyscale", "--lease-namespace", &namespace];
    let told = says(
        &env,
        &user,
        &args,
        1,
        "nothing is restored, since a CronJob may write",
    )
    .await;
    assert!(
        told.contains("cannot patch cronjobs") && told.contains("verbs: [patch]"),
        "{told}"
    );
    let patch = json!([{"apiGroups": ["batch"], "resources": ["cronjobs"], "resourceNames": ["easyscale"],
        "verbs": ["patch"]}]);
    env.allow(&user, &patch).await;
    says(&env, &user, &args, 1, "not found").await;
    env.create(&json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "easyscale"},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "main", "image": "example.invalid/none"}],
        }}}}},
    }))
    .await;
    let told = says(&env, &user, &args, 1, "cannot list jobs").await;
    assert!(told.contains("resources: [jobs], verbs: [list]"), "{told}");
    assert_eq!(env.bounds("web").await, (5, 20), "nothing is restored");
    let is_suspended = async || {
        let cron_job = env.api::<CronJob>().get("easyscale").await.unwrap();
        cron_job.spec.unwrap().suspend.unwrap()
    };
    assert!(told.contains("goes on: its bounds are looked after"), "{told}");
    assert!(!is_suspended().await);
    let list = json!([{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["list"]}]);
    env.allow(&user, &list).await;
    let told = says(&env, &user, &args, 0, "is suspended and starts nothing any more").await;
    assert!(!told.contains("lease"), "a CronJob has none: {told}");
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_eq!(env.replicas("Deployment", "job").await, 2);
    assert!(is_suspended().await);
    // What was suspended before is not resumed by somebody who could not undo anything.
    let nothing = [&args[..], &["--rule", "nobody"]].concat();
    let told = says(&env, &user, &nothing, 1, "nothing carries what rule").await;
    assert!(!told.contains("goes on"), "{told}");
    assert!(is_suspended().await);
}

async fn memories(env: &Env) -> usize {
    let ours = ListParams::default().fields("metadata.name=easyscale-state");
    env.api::<ConfigMap>().list(&ours).await.unwrap().items.len()
}

async fn delete_state(env: Env) {
    applied(&env).await;
    let user = env.limited();
    env.allow(&user, &json!(rights())).await;
    // Something is still remembered: not all was restored.
    let args = ["--delete-state", "--target"];
    let of_web = format!("hpa/{}/web", env.namespace);
    let told = says(&env, &env.admin, &[args[0], args[1], &of_web], 0, "1 restored").await;
    assert!(!told.contains("Deleted"), "{told}");
    assert_eq!(memories(&env).await, 1);
    let told = says(&env, &user, &["--delete-state"], 1, "cannot delete configmaps").await;
    assert!(
        told.contains("resources: [configmaps], resourceNames: [easyscale-state], verbs: [delete]"),
        "{told}"
    );
    assert_eq!(
        (env.replicas("Deployment", "job").await, memories(&env).await),
        (2, 1)
    );
    let delete = json!([{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["easyscale-state"],
        "verbs": ["delete"]}]);
    env.allow(&user, &delete).await;
    says(&env, &user, &["--delete-state"], 0, "Deleted 1 empty ConfigMap").await;
    assert_eq!(memories(&env).await, 0);
}

async fn keep_lease(env: Env) {
    applied(&env).await;
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "easyscale", "labels": {"easyscale.io/instance": "default"}}, "spec": {},
    });
    env.create(&lease).await;
    let user = env.limited();
    let mut rights = rights();
    rights.last_mut().unwrap()["verbs"] = json!(["get", "list"]);
    env.allow(&user, &json!(rights)).await;
    let namespace = env.namespace.clone();
    let args = ["--keep-lease", "2m", "--lease-namespace", &namespace];
    let told = says(&env, &user, &args, 1, "cannot be held").await;
    assert!(told.contains("verbs: [update]"), "{told}");
    assert_eq!(env.bounds("web").await, (2, 10), "it is restored all the same");
    let told = says(&env, &env.admin, &args, 0, "is held for another 120 s").await;
    assert!(!told.contains("will write these bounds again"), "{told}");
    let out = easyscale(&env, &env.admin, &["restore", "--keep-lease", "6m"]);
    assert!(
        text(&out.stderr).contains("between 2s and 5m"),
        "{}",
        text(&out.stderr)
    );
}
