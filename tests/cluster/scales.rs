//! Workloads without an autoscaler: the table on their scale, the memory beside them, sleep and wake.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use easyscale::plan::Selection;

use crate::road::{
    EVENING, NOON, PEAK, Road, assert_applied, assert_refused, assert_unchanged, has_note, web,
};
use crate::support::{Case, Env, case, fixtures};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "scale: a window sets replicas, remembers, and puts them back",
            window,
        ),
        case("scale: reverted, held, new intent", drift),
        case("scale: several targets share one memory", shared_memory),
        case(
            "scale: a lost memory is noticed, an original is not mistaken",
            lost,
        ),
        case(
            "scale: zero by hand stays, unless the rule wakes it",
            zero_by_hand,
        ),
        case("scale: a StatefulSet that would lose volumes is refused", volumes),
        case("scale: an owner or an installed driver is refused", driven),
        case(
            "scale: a ScaledObject drives it, or may not be seen",
            scaled_object,
        ),
        case("scale: an autoscaler that is added takes over", autoscaler_added),
        case("scale: sleep and wake of a target with an autoscaler", sleep).needs_controllers(),
        case(
            "scale: a sleep whose memory is gone is told, and ended where the rule says so",
            lost_sleep,
        )
        .needs_controllers(),
        case(
            "scale: an abandoned scale is restored, a deleted one forgotten",
            abandoned,
        ),
        case("scale: an entry under another's key moves nothing", forged_key),
    ]
}

const PEAK_5: &str = "  schedule: [{name: peak, timeStart: '16:00', timeEnd: '18:00', replicas: 5}]";
const PEAK_5_EVENING_4: &str = "  schedule:
    - {name: peak, timeStart: '16:00', timeEnd: '18:00', replicas: 5}
    - {name: evening, timeStart: '20:00', timeEnd: '22:00', replicas: 4}";

async fn remembered(env: &Env) -> std::collections::BTreeMap<String, Value> {
    let map = env.api::<ConfigMap>().get_opt("easyscale-state").await.unwrap();
    let data = map.and_then(|map| map.data).unwrap_or_default();
    data.into_iter()
        .map(|(key, text)| (key, serde_json::from_str(&text).unwrap()))
        .collect()
}

async fn scale_by_hand(env: &Env, name: &str, replicas: i32) {
    let params = PatchParams {
        field_manager: Some("kubectl".to_owned()),
        ..PatchParams::default()
    };
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    env.api::<Deployment>()
        .patch_scale(name, &params, &patch)
        .await
        .unwrap();
}

async fn window(env: Env) {
    env.create(&fixtures::deployment("job", 2)).await;
    let road = Road::new(&env).rule("Deployment", "job", PEAK_5);
    assert_unchanged(&road.pass(NOON).await);
    assert!(remembered(&env).await.is_empty());
    assert_applied(&road.pass(PEAK).await);
    assert_eq!(env.replicas("Deployment", "job").await, 5);
    let kept = remembered(&env).await;
    assert_eq!(
        kept["Deployment.apps.job"]["replicas"],
        json!({"original": 2, "applied": 5})
    );
    assert_applied(&road.pass(NOON).await);
    assert_eq!(env.replicas("Deployment", "job").await, 2);
    assert!(remembered(&env).await.is_empty());
}

async fn drift(env: Env) {
    env.create(&fixtures::deployment("job", 2)).await;
    let road = Road::new(&env).rule("Deployment", "job", PEAK_5_EVENING_4);
    road.pass(PEAK).await;
    scale_by_hand(&env, "job", 2).await;
    let applied = road.pass(PEAK).await;
    assert!(has_note(assert_applied(&applied), "reverted"));
    assert_eq!(env.replicas("Deployment", "job").await, 5);
    scale_by_hand(&env, "job", 9).await;
    assert!(has_note(assert_unchanged(&road.pass(PEAK).await), "held"));
    let applied = road.pass(EVENING).await;
    assert!(has_note(assert_applied(&applied), "new-original"));
    assert_eq!(env.replicas("Deployment", "job").await, 4);
    road.pass(NOON).await;
    assert_eq!(env.replicas("Deployment", "job").await, 9);
}

async fn shared_memory(env: Env) {
    let mut road = Road::new(&env);
    for number in 0..5 {
        let name = format!("job-{number}");
        env.create(&fixtures::deployment(&name, 1)).await;
        road = road.rule("Deployment", &name, PEAK_5);
    }
    env.create(&fixtures::stateful_set("db", 1)).await;
    let road = road.rule("StatefulSet", "db", PEAK_5);
    let before = env.requests(&env.admin).await.len();
    road.pass_over(&road.live, PEAK).await;
    let writes = env.requests(&env.admin).await.split_off(before);
    let of_memory: Vec<_> = writes
        .iter()
        .filter(|request| request.is_write() && request.resource.starts_with("configmaps"))
        .collect();
    // One before the six scales, one after; and the same at each of three more tries for those whose status was written in
    // between.
    assert!(of_memory.len() <= 8, "not two for each of six: {of_memory:#?}");
    assert_eq!(remembered(&env).await.len(), 6);
    assert_eq!(env.replicas("StatefulSet", "db").await, 5);
    road.restore(&Selection::All).await;
    assert!(remembered(&env).await.is_empty());
    assert_eq!(
        (
            env.replicas("Deployment", "job-3").await,
            env.replicas("StatefulSet", "db").await
        ),
        (1, 1)
    );
}

async fn lost(env: Env) {
    env.create(&fixtures::deployment("job", 2)).await;
    let road = Road::new(&env).rule("Deployment", "job", PEAK_5);
    road.pass(PEAK).await;
    road.pass(NOON).await;
    // What was put back is the owner's value: the next window starts from it.
    road.pass(PEAK).await;
    env.api::<ConfigMap>()
        .delete("easyscale-state", &DeleteParams::default())
        .await
        .unwrap();
    assert_eq!(assert_refused(&road.pass(PEAK).await), "state-lost");
    // Somebody says what it should be; that is an original again.
    scale_by_hand(&env, "job", 3).await;
    assert_applied(&road.pass(PEAK).await);
    road.pass(NOON).await;
    assert_eq!(env.replicas("Deployment", "job").await, 3);
}

async fn zero_by_hand(env: Env) {
    env.create(&fixtures::deployment("job", 2)).await;
    let road = Road::new(&env).rule("Deployment", "job", PEAK_5);
    scale_by_hand(&env, "job", 0).await;
    assert!(has_note(
        assert_unchanged(&road.pass(PEAK).await),
        "asleep-by-hand"
    ));
    assert_eq!(env.replicas("Deployment", "job").await, 0);
    let road = Road::new(&env).rule("Deployment", "job", &format!("{PEAK_5}\n  wake: always"));
    assert_applied(&road.pass(PEAK).await);
    assert_eq!(env.replicas("Deployment", "job").await, 5);
    road.pass(NOON).await;
    assert_eq!(
        env.replicas("Deployment", "job").await,
        0,
        "the zero was the original"
    );
}

async fn volumes(env: Env) {
    let mut set = fixtures::stateful_set("db", 6);
    set["spec"]["persistentVolumeClaimRetentionPolicy"] =
        json!({"whenDeleted": "Retain", "whenScaled": "Delete"});
    env.create(&set).await;
    let road = Road::new(&env).rule("StatefulSet", "db", PEAK_5);
    assert_eq!(assert_refused(&road.pass(PEAK).await), "deletes-volumes");
    assert_eq!(env.replicas("StatefulSet", "db").await, 6);
}

async fn driven(env: Env) {
    let mut owned = fixtures::deployment("owned", 1);
    owned["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "serving.knative.dev/v1", "kind": "Revision", "name": "r-1", "uid": "1", "controller": true
    }]);
    env.create(&owned).await;
    let road = Road::new(&env).rule("Deployment", "owned", PEAK_5);
    let applied = road.pass(PEAK).await;
    assert_eq!(assert_refused(&applied), "owned-by");
    assert!(
        applied[0]
            .plan
            .refusal()
            .unwrap()
            .message
            .contains("Revision r-1 (serving.knative.dev)")
    );
}

/// A control plane of its own: an API that is installed is seen by every test of a server.
async fn scaled_object(env: Env) {
    let options = crate::support::Options {
        controller_manager: false,
        audit_log: false,
        ..crate::support::Options::default()
    };
    let plane = std::sync::Arc::new(crate::support::ControlPlane::start(&options).await.unwrap());
    drop(env);
    let env = Env::on(&plane).await;
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
    fixtures::apply(&env.client, None, "test", &definition)
        .await
        .unwrap();
    // Another resource of the group is at a later version, which the group then prefers.
    let mut later = definition.clone();
    later["metadata"]["name"] = json!("others.keda.sh");
    later["spec"]["names"] = json!({"kind": "Other", "plural": "others", "singular": "other"});
    later["spec"]["versions"][0]["name"] = json!("v2");
    fixtures::apply(&env.client, None, "test", &later).await.unwrap();
    let object = json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "queue"},
        "spec": {"scaleTargetRef": {"name": "job"}},
    });
    for version in ["keda.sh/v1alpha1", "keda.sh/v2"] {
        env.wait_for_group(version).await;
    }
    crate::support::wait_for("the new API", std::time::Duration::from_secs(90), async || {
        fixtures::apply(&env.client, Some(&env.namespace), "test", &object)
            .await
            .map_err(|error| error.to_string())
    })
    .await;
    env.create(&fixtures::deployment("job", 2)).await;
    env.create(&fixtures::deployment("free", 2)).await;
    let road = Road::new(&env)
        .rule("Deployment", "job", PEAK_5)
        .rule("Deployment", "free", PEAK_5);
    let applied = road.pass(PEAK).await;
    assert_eq!(applied[0].plan.refusal().unwrap().code.as_str(), "driven-by");
    assert!(
        applied[0]
            .plan
            .refusal()
            .unwrap()
            .message
            .contains("ScaledObject")
    );
    assert_eq!(applied[1].outcome, easyscale::plan::Outcome::Applied);

    // Present, but forbidden to us: nothing is known, so nothing is written.
    let user = env.limited();
    let rights = json!([
        {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["list"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]},
    ]);
    env.allow(&user, &rights).await;
    let rules = crate::program::rules(&env, &crate::program::peak_rule(&env.namespace, "free"));
    let told = crate::support::wait_for(
        "the rights to count",
        std::time::Duration::from_secs(90),
        async || {
            let args = ["plan", rules.to_str().unwrap(), "-n", &env.namespace];
            let out = crate::program::easyscale(&env, &user, &args);
            if out.status.success() {
                Ok(crate::program::text(&out.stdout))
            } else {
                Err(crate::program::text(&out.stderr))
            }
        },
    )
    .await;
    assert!(
        told.contains("cannot-see-drivers") && told.contains("resources: [scaledobjects], verbs: [list]"),
        "{told}"
    );
    plane.stop();
}

async fn autoscaler_added(env: Env) {
    env.create(&fixtures::deployment("web", 2)).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_5);
    road.pass(PEAK).await;
    env.apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 3, 10))
        .await;
    let applied = road.pass(PEAK).await;
    assert!(has_note(assert_applied(&applied), "memory-dropped"));
    assert_eq!(env.bounds("web").await, (5, 10));
    assert_eq!(
        env.replicas("Deployment", "web").await,
        5,
        "replicas are the autoscaler's now"
    );
    assert!(remembered(&env).await.is_empty());
}

async fn sleep(env: Env) {
    web(&env).await;
    env.wait_for_replicas("Deployment", "web", 2).await;
    let spec = "  schedule:
    - {name: peak, timeStart: '16:00', timeEnd: '18:00', minReplicas: 4}
    - {name: night, timeStart: '20:00', timeEnd: '22:00', replicas: 0}";
    let road = Road::new(&env).rule("Deployment", "web", spec);
    road.pass(PEAK).await;
    env.wait_for_replicas("Deployment", "web", 4).await;
    assert_applied(&road.pass_over(&road.live, EVENING).await);
    env.wait_for_replicas("Deployment", "web", 0).await;
    assert_eq!(
        env.bounds("web").await,
        (2, 10),
        "asleep, its bounds are its owner's"
    );
    let woken = road.pass_over(&road.live, "2026-11-25T17:00:00Z").await;
    assert!(has_note(assert_applied(&woken), "wakes"));
    env.wait_for_replicas("Deployment", "web", 4).await;
    assert!(remembered(&env).await.is_empty());
    road.pass(NOON).await;
    assert_eq!(env.bounds("web").await, (2, 10));
}

async fn lost_sleep(env: Env) {
    web(&env).await;
    let spec = "  schedule: [{name: night, timeStart: '20:00', timeEnd: '22:00', replicas: 0}]";
    let road = Road::new(&env).rule("Deployment", "web", spec);
    road.pass_over(&road.live, EVENING).await;
    env.wait_for_replicas("Deployment", "web", 0).await;
    env.api::<ConfigMap>()
        .delete("easyscale-state", &DeleteParams::default())
        .await
        .unwrap();
    // The API does not say who wrote a zero, so this may be somebody's wish; it is never silent.
    assert!(has_note(
        assert_unchanged(&road.pass(NOON).await),
        "asleep-by-hand"
    ));
    let road = Road::new(&env).rule("Deployment", "web", &format!("{spec}\n  wake: always"));
    let woken = road.pass_over(&road.live, NOON).await;
    assert!(has_note(assert_applied(&woken), "wakes"));
    env.wait_for_replicas("Deployment", "web", 2).await;
    assert_unchanged(&road.pass(NOON).await);
}

async fn forged_key(env: Env) {
    env.create(&fixtures::deployment("job", 2)).await;
    let road = Road::new(&env).rule("Deployment", "job", PEAK_5);
    road.pass(PEAK).await;
    let mut entry = remembered(&env).await.remove("Deployment.apps.job").unwrap();
    entry["replicas"]["original"] = json!(1_000_000);
    let patch =
        Patch::Merge(json!({"data": {"Deployment.apps.other": entry.to_string(), "x": entry.to_string()}}));
    env.api::<ConfigMap>()
        .patch("easyscale-state", &PatchParams::default(), &patch)
        .await
        .unwrap();
    road.without_rules().prune().pass(PEAK).await;
    assert_eq!(
        env.replicas("Deployment", "job").await,
        2,
        "its own entry counts, and no other"
    );
}

async fn abandoned(env: Env) {
    for name in ["a", "b"] {
        env.create(&fixtures::deployment(name, 1)).await;
    }
    let road = Road::new(&env)
        .rule("Deployment", "a", PEAK_5)
        .rule("Deployment", "b", PEAK_5);
    road.pass(PEAK).await;
    env.api::<Deployment>()
        .delete("b", &DeleteParams::default())
        .await
        .unwrap();
    let road = road.without_rules().prune();
    road.pass(PEAK).await;
    assert_eq!(env.replicas("Deployment", "a").await, 1);
    assert!(remembered(&env).await.is_empty());
}
