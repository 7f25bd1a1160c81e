//! deploy/kustomize/cronjob/rbac.yaml is exactly what apply needs: it is enough, and no line of it can go.

use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::program::{easyscale, peak_rule, rules, text};
use crate::road::web;
use crate::support::{Case, Env, User, case, fixtures, wait_for};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "permissions: the role is enough, for windows, scales, restore and events",
            enough,
        ),
        case(
            "permissions: each missing verb is told with the line to add",
            each_verb,
        ),
        case(
            "permissions: without a cluster-wide role, --namespace is the way",
            namespaced,
        ),
    ]
}

/// The rules of the ClusterRole in deploy/kustomize/cronjob/rbac.yaml, as they stand.
fn role() -> Vec<Value> {
    let text = std::fs::read_to_string("deploy/kustomize/cronjob/rbac.yaml").unwrap();
    let documents =
        serde_yaml::Deserializer::from_str(&text).map(|document| Value::deserialize(document).unwrap());
    let role = documents
        .into_iter()
        .find(|document| document["kind"] == "ClusterRole")
        .unwrap();
    role["rules"].as_array().unwrap().clone()
}

async fn objects(env: &Env) -> String {
    web(env).await;
    env.create(&fixtures::deployment("job", 2)).await;
    env.create(&fixtures::stateful_set("db", 2)).await;
    let stateful = peak_rule(&env.namespace, "db").replace("kind: Deployment", "kind: StatefulSet");
    let rules = rules(
        env,
        &format!(
            "{}{}{stateful}",
            peak_rule(&env.namespace, "web"),
            peak_rule(&env.namespace, "job")
        ),
    );
    rules.to_str().unwrap().to_owned()
}

const PEAK: [&str; 2] = ["--at", "2026-11-24T17:00:00Z"];

async fn allowed(env: &Env, user: &User, rules: &str) {
    wait_for(
        "the rights to count",
        std::time::Duration::from_secs(90),
        async || {
            let out = easyscale(env, user, &["plan", rules, "-n", &env.namespace]);
            if out.status.success() {
                Ok(())
            } else {
                Err(text(&out.stderr))
            }
        },
    )
    .await;
}

async fn enough(env: Env) {
    let rules = objects(&env).await;
    let user = env.limited();
    env.allow_everywhere(&user, &json!(role())).await;
    allowed(&env, &user, &rules).await;
    let out = easyscale(
        &env,
        &user,
        &["apply", &rules, "-n", &env.namespace, PEAK[0], PEAK[1]],
    );
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}{}",
        text(&out.stdout),
        text(&out.stderr)
    );
    assert!(
        !text(&out.stderr).contains("could be told"),
        "{}",
        text(&out.stderr)
    );
    assert_eq!(env.bounds("web").await, (5, 20));
    assert_eq!(env.replicas("Deployment", "job").await, 5);
    assert_eq!(env.replicas("StatefulSet", "db").await, 5);
    let out = easyscale(&env, &user, &["restore", "-n", &env.namespace]);
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}{}",
        text(&out.stdout),
        text(&out.stderr)
    );
    assert_eq!(
        (env.bounds("web").await, env.replicas("Deployment", "job").await),
        ((2, 10), 2)
    );
    // A lost memory is let go: the one place that reads a single autoscaler.
    let requests = env.requests(&user).await;
    assert!(
        requests.iter().all(|request| request.code != 403),
        "{requests:#?}"
    );
    assert!(
        !requests
            .iter()
            .any(|request| request.verb == "update" || request.verb == "delete")
    );
}

/// The role without one verb of one of its rules.
fn without(rule: usize, verb: &str) -> Vec<Value> {
    let mut rules = role();
    let verbs = rules[rule]["verbs"].as_array_mut().unwrap();
    verbs.retain(|held| held != verb);
    if verbs.is_empty() {
        rules.remove(rule);
    }
    rules
}

async fn each_verb(env: Env) {
    // (rule of the role, verb, what the message names). `get` is needed only to look again.
    let cases = [
        (
            0,
            "list",
            "cannot list horizontalpodautoscalers",
            "resources: [horizontalpodautoscalers], verbs: [list]",
        ),
        (
            0,
            "patch",
            "cannot patch horizontalpodautoscalers",
            "resources: [horizontalpodautoscalers], verbs: [patch]",
        ),
        (
            1,
            "list",
            "cannot list deployments",
            "resources: [deployments], verbs: [list]",
        ),
        (
            2,
            "patch",
            "cannot patch deployments/scale",
            "resources: [deployments/scale], verbs: [patch]",
        ),
        (
            3,
            "list",
            "cannot list configmaps",
            "resources: [configmaps], resourceNames: [easyscale-state], verbs: [list]",
        ),
        (
            3,
            "patch",
            "cannot patch configmaps",
            "resources: [configmaps], resourceNames: [easyscale-state], verbs: [patch]",
        ),
        (
            4,
            "create",
            "cannot create configmaps",
            "resources: [configmaps], verbs: [create]",
        ),
        (
            5,
            "create",
            "cannot create events",
            "resources: [events], verbs: [create]",
        ),
    ];
    let rules = objects(&env).await;
    // The memory is there already where its patch is what is missing.
    let admin = |args: &[&str]| easyscale(&env, &env.admin, args);
    for (rule, verb, message, line) in cases {
        admin(&["restore", "-n", &env.namespace]);
        if (rule, verb) == (4, "create") {
            use k8s_openapi::api::core::v1::ConfigMap;
            let api = env.api::<ConfigMap>();
            let _ = api
                .delete("easyscale-state", &kube::api::DeleteParams::default())
                .await;
        }
        let user = env.limited();
        env.allow(&user, &json!(without(rule, verb))).await;
        let told = wait_for(message, std::time::Duration::from_secs(90), async || {
            let out = easyscale(
                &env,
                &user,
                &["apply", &rules, "-n", &env.namespace, PEAK[0], PEAK[1]],
            );
            let told = format!("{}{}", text(&out.stdout), text(&out.stderr));
            if told.contains(message) {
                return Ok(told);
            }
            admin(&["restore", "-n", &env.namespace]);
            Err(told)
        })
        .await;
        assert!(told.contains(line), "{rule} {verb}: {told}");
        assert!(told.contains(&user.name), "it says who lacks it: {told}");
    }
}

async fn namespaced(env: Env) {
    let rules = objects(&env).await;
    let user = env.limited();
    env.allow(&user, &json!(role())).await;
    allowed(&env, &user, &rules).await;
    let out = easyscale(&env, &user, &["plan", &rules]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("--namespace"), "{}", text(&out.stderr));
    let out = easyscale(
        &env,
        &user,
        &["apply", &rules, "-n", &env.namespace, PEAK[0], PEAK[1]],
    );
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}{}",
        text(&out.stdout),
        text(&out.stderr)
    );
    assert_eq!(env.bounds("web").await, (5, 20));
}
