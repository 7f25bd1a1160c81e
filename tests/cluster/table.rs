//! The table of 13 rows, row by row, on autoscalers; and what can be refused.

use easyscale::plan::{Outcome, Selection};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};

use crate::road::{
    EVENING, NOON, PEAK, Road, annotate, assert_applied, assert_no_trace, assert_refused, assert_unchanged,
    edit, has_note, hpa, managers, memory, web,
};
use crate::support::{Case, Env, case, fixtures};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("row 1: outside its windows a rule leaves an object alone", row_1),
        case("row 2: a bound that is right already is not taken", row_2),
        case("row 3: a window writes, remembers, and takes over by name", row_3),
        case("row 4: a second pass sends no write", row_4),
        case("row 5: the next window writes, the first original stays", row_5),
        case("row 6: a reverted bound is set again", row_6),
        case("row 7: a raised floor is held until the want changes", row_7),
        case("row 8: a new intent becomes the original", row_8),
        case("row 9: the end of a window restores and lets go", row_9),
        case(
            "row 9: one bound is let go while the other is wanted",
            row_9_partly,
        ),
        case("row 10: a live value newer than the original stays", row_10),
        case(
            "row 11: lost state is refused, and rebuilt where a default knows",
            row_11,
        ),
        case(
            "row 11: lost state without a want is let go",
            row_11_nothing_wanted,
        ),
        case(
            "row 12: a recreated object with our value keeps its original",
            row_12,
        ),
        case(
            "row 13: a recreated object with its own value starts afresh",
            row_13,
        ),
        case("a default owns the bound it names", default_owns),
        case(
            "a renamed rule takes the memory over and leaves the bounds alone",
            renamed,
        ),
        case(
            "a floor above the ceiling raises it, and both come back",
            ceiling_raised,
        ),
        case("a paused object is not written", paused),
        case(
            "state of another instance is refused, unreadable state is reported",
            other_state,
        ),
        case(
            "two autoscalers, an owner, a missing target are refused, the rest goes on",
            refusals,
        ),
        case(
            "an original floor of zero that is refused becomes one",
            floor_zero,
        ),
        case(
            "the native autoscaler follows the floor and the ceiling, and back",
            native,
        )
        .needs_controllers(),
        case(
            "an abandoned object is mentioned, and restored with prune",
            abandoned,
        ),
        case(
            "nothing is pruned while a rule is refused",
            no_prune_while_refused,
        ),
        case(
            "restore by rule and by target leaves the others alone",
            restore_some,
        ),
        case(
            "an object deleted between plan and apply is a failure that says so",
            deleted_meanwhile,
        ),
    ]
}

const PEAK_5_20: &str =
    "  schedule: [{name: peak, timeStart: '16:00', timeEnd: '18:00', minReplicas: 5, maxReplicas: 20}]";
const PEAK_FLOOR_5: &str = "  schedule: [{name: peak, timeStart: '16:00', timeEnd: '18:00', minReplicas: 5}]";
const TWO_WINDOWS: &str = "  schedule:
    - {name: peak, timeStart: '16:00', timeEnd: '18:00', minReplicas: 5}
    - {name: evening, timeStart: '20:00', timeEnd: '22:00', minReplicas: 7}";
const DEFAULT_3: &str = "  schedule: [{name: peak, timeStart: '16:00', timeEnd: '18:00', minReplicas: 5}]
  default: {minReplicas: 3}";

fn remembered(memory: &Value, bound: &str) -> (i64, i64) {
    (
        memory[bound]["original"].as_i64().unwrap(),
        memory[bound]["applied"].as_i64().unwrap(),
    )
}

async fn row_1(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_5_20);
    let before = env.requests(&env.admin).await.len();
    assert_unchanged(&road.pass(NOON).await);
    let requests = env.requests(&env.admin).await.split_off(before);
    assert!(
        requests.iter().all(|request| !request.is_write()),
        "{requests:#?}"
    );
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_no_trace(&env, "web").await;
}

async fn row_2(env: Env) {
    env.apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 5, 20))
        .await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_5_20);
    assert_unchanged(&road.pass(PEAK).await);
    assert_no_trace(&env, "web").await;
}

async fn row_3(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_5_20);
    let applied = road.pass(PEAK).await;
    let one = assert_applied(&applied);
    assert!(one.plan.notes.iter().any(|note| {
        note.message
            .contains("takes over minReplicas and maxReplicas from helm")
    }));
    assert_eq!(env.bounds("web").await, (5, 20));
    let memory = memory(&env, "web").await.unwrap();
    assert_eq!(
        (
            remembered(&memory, "minReplicas"),
            remembered(&memory, "maxReplicas")
        ),
        ((2, 5), (10, 20))
    );
    assert_eq!(
        memory["uid"].as_str(),
        hpa(&env, "web").await.metadata.uid.as_deref()
    );
    assert!(managers(&env, "web").await.contains(&"easyscale".to_owned()));
}

async fn row_4(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_5_20);
    road.pass(PEAK).await;
    let before = env.requests(&env.admin).await.len();
    assert_unchanged(&road.pass_over(&road.live, "2026-11-24T17:30:00Z").await);
    let after = env.requests(&env.admin).await.split_off(before);
    assert!(
        after.iter().all(|request| request.verb == "list"),
        "only lists: {after:#?}"
    );
    assert_eq!(
        after.len(),
        2,
        "one page of autoscalers, one of memories: {after:#?}"
    );
}

async fn row_5(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", TWO_WINDOWS);
    road.pass(PEAK).await;
    assert_applied(&road.pass(EVENING).await);
    assert_eq!(env.bounds("web").await, (7, 10));
    assert_eq!(
        remembered(&memory(&env, "web").await.unwrap(), "minReplicas"),
        (2, 7)
    );
}

async fn row_6(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_FLOOR_5);
    road.pass(PEAK).await;
    env.apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 2, 10))
        .await;
    let applied = road.pass(PEAK).await;
    let one = assert_applied(&applied);
    assert!(
        has_note(one, "reverted") && has_note(one, "takes-over"),
        "{one:#?}"
    );
    assert_eq!(env.bounds("web").await, (5, 10));
    assert_eq!(
        remembered(&memory(&env, "web").await.unwrap(), "minReplicas"),
        (2, 5)
    );
}

async fn row_7(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", TWO_WINDOWS);
    road.pass(PEAK).await;
    edit(&env, "web", json!({"minReplicas": 8})).await;
    let applied = road.pass(PEAK).await;
    assert!(has_note(assert_unchanged(&applied), "held"));
    assert_eq!(env.bounds("web").await, (8, 10), "somebody wants more capacity");
    // The want changes, so the table goes on with row 8: what was asked for is the original now.
    assert_applied(&road.pass(EVENING).await);
    assert_eq!(
        remembered(&memory(&env, "web").await.unwrap(), "minReplicas"),
        (8, 7)
    );
    assert_applied(&road.pass(NOON).await);
    assert_eq!(env.bounds("web").await, (8, 10));
    assert_no_trace(&env, "web").await;
}

async fn row_8(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_FLOOR_5);
    road.pass(PEAK).await;
    edit(&env, "web", json!({"minReplicas": 3})).await;
    let applied = road.pass(PEAK).await;
    assert!(has_note(assert_applied(&applied), "new-original"));
    assert_eq!(env.bounds("web").await, (5, 10));
    road.pass(NOON).await;
    assert_eq!(env.bounds("web").await, (3, 10), "what its owner asked for last");
    assert_no_trace(&env, "web").await;
}

async fn row_9(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_5_20);
    road.pass(PEAK).await;
    assert_applied(&road.pass(NOON).await);
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_no_trace(&env, "web").await;
}

async fn row_9_partly(env: Env) {
    web(&env).await;
    let spec = "  schedule:
    - {name: long, timeStart: '16:00', timeEnd: '22:00', maxReplicas: 20}
    - {name: short, timeStart: '16:00', timeEnd: '18:00', minReplicas: 5}";
    let road = Road::new(&env).rule("Deployment", "web", spec);
    road.pass(PEAK).await;
    assert_eq!(env.bounds("web").await, (5, 20));
    assert_applied(&road.pass(EVENING).await);
    assert_eq!(env.bounds("web").await, (2, 20));
    let kept = memory(&env, "web").await.unwrap();
    assert_eq!(
        remembered(&kept, "minReplicas"),
        (2, 2),
        "written as its original, and owned until both go"
    );
    road.pass(NOON).await;
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_no_trace(&env, "web").await;
}

async fn row_10(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_5_20);
    road.pass(PEAK).await;
    edit(&env, "web", json!({"minReplicas": 4})).await;
    let applied = road.pass(NOON).await;
    assert!(has_note(assert_applied(&applied), "newer-than-original"));
    assert_eq!(
        env.bounds("web").await,
        (4, 10),
        "the floor is newer, the ceiling is restored"
    );
    assert_no_trace(&env, "web").await;
}

async fn row_11(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_FLOOR_5);
    road.pass(PEAK).await;
    annotate(&env, "web", "easyscale.io/state", Value::Null).await;
    assert_eq!(assert_refused(&road.pass(PEAK).await), "state-lost");
    assert_eq!(
        env.bounds("web").await,
        (5, 10),
        "nothing is guessed, nothing is written"
    );

    let road = Road::new(&env).rule("Deployment", "web", DEFAULT_3);
    let applied = road.pass(PEAK).await;
    assert!(has_note(assert_applied(&applied), "state-rebuilt"));
    assert_eq!(
        remembered(&memory(&env, "web").await.unwrap(), "minReplicas"),
        (3, 5)
    );
}

async fn row_11_nothing_wanted(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_FLOOR_5);
    road.pass(PEAK).await;
    annotate(&env, "web", "easyscale.io/state", Value::Null).await;
    let applied = road.pass(NOON).await;
    assert!(has_note(assert_applied(&applied), "state-lost"));
    assert_eq!(env.bounds("web").await, (5, 10), "the values stay");
    assert_no_trace(&env, "web").await;
}

/// Deletes and creates an autoscaler with the same annotations, as a backup tool does.
async fn recreate(env: &Env, floor: i32) {
    let api = env.api::<HorizontalPodAutoscaler>();
    let mut copy = hpa(env, "web").await;
    api.delete("web", &DeleteParams::default()).await.unwrap();
    copy.metadata.uid = None;
    copy.metadata.resource_version = None;
    copy.metadata.managed_fields = None;
    copy.metadata.creation_timestamp = None;
    copy.spec.as_mut().unwrap().min_replicas = Some(floor);
    api.create(
        &PostParams {
            field_manager: Some("velero".to_owned()),
            ..PostParams::default()
        },
        &copy,
    )
    .await
    .unwrap();
}

async fn row_12(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_FLOOR_5);
    road.pass(PEAK).await;
    recreate(&env, 5).await;
    let applied = road.pass(PEAK).await;
    assert!(has_note(assert_applied(&applied), "adopted"));
    let kept = memory(&env, "web").await.unwrap();
    assert_eq!(remembered(&kept, "minReplicas"), (2, 5));
    assert_eq!(
        kept["uid"].as_str(),
        hpa(&env, "web").await.metadata.uid.as_deref()
    );
    road.pass(NOON).await;
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_no_trace(&env, "web").await;
}

async fn row_13(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_FLOOR_5);
    road.pass(PEAK).await;
    recreate(&env, 3).await;
    let applied = road.pass(PEAK).await;
    assert!(has_note(assert_applied(&applied), "memory-of-another-object"));
    assert_eq!(
        remembered(&memory(&env, "web").await.unwrap(), "minReplicas"),
        (3, 5)
    );
    recreate(&env, 4).await;
    assert_applied(&road.pass(NOON).await);
    assert_eq!(env.bounds("web").await, (4, 10));
    assert_no_trace(&env, "web").await;
}

async fn default_owns(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", DEFAULT_3);
    assert_applied(&road.pass(NOON).await);
    assert_eq!(env.bounds("web").await, (3, 10));
    road.pass(PEAK).await;
    assert_eq!(env.bounds("web").await, (5, 10));
    road.pass(NOON).await;
    assert_eq!(env.bounds("web").await, (3, 10));
    assert_eq!(
        remembered(&memory(&env, "web").await.unwrap(), "minReplicas"),
        (2, 3)
    );
    road.restore(&Selection::All).await;
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_no_trace(&env, "web").await;
}

async fn renamed(env: Env) {
    web(&env).await;
    Road::new(&env)
        .rule("Deployment", "web", PEAK_FLOOR_5)
        .pass(PEAK)
        .await;
    // The same target under another name: the autoscaler, named directly.
    let road = Road::new(&env).rule(
        "HorizontalPodAutoscaler",
        "web",
        PEAK_FLOOR_5.replace("peak", "later").as_str(),
    );
    let mut state = memory(&env, "web").await.unwrap();
    state["rule"] = json!("an-older-name");
    annotate(&env, "web", "easyscale.io/state", json!(state.to_string())).await;
    let applied = road.pass(PEAK).await;
    let one = assert_applied(&applied);
    assert!(has_note(one, "renamed"));
    assert_eq!((one.plan.from, env.bounds("web").await), (one.plan.to, (5, 10)));
    assert_eq!(memory(&env, "web").await.unwrap()["rule"], json!("web-rule"));
}

async fn ceiling_raised(env: Env) {
    web(&env).await;
    let spec = "  schedule: [{name: sale, timeStart: '16:00', timeEnd: '18:00', minReplicas: 30}]";
    let road = Road::new(&env).rule("Deployment", "web", spec);
    assert_applied(&road.pass(PEAK).await);
    assert_eq!(env.bounds("web").await, (30, 30));
    road.pass(NOON).await;
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_no_trace(&env, "web").await;
}

async fn paused(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_FLOOR_5);
    annotate(&env, "web", "easyscale.io/pause", json!("2026-11-24T17:30:00Z")).await;
    let applied = road.pass(PEAK).await;
    assert!(has_note(assert_unchanged(&applied), "paused"));
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_applied(&road.pass("2026-11-24T17:30:00Z").await);
    assert_eq!(env.bounds("web").await, (5, 10));
}

async fn other_state(env: Env) {
    web(&env).await;
    Road::new(&env)
        .instance("blue")
        .rule("Deployment", "web", PEAK_FLOOR_5)
        .pass(PEAK)
        .await;
    let road = Road::new(&env).rule("Deployment", "web", TWO_WINDOWS);
    let applied = road.pass(EVENING).await;
    assert_eq!(assert_refused(&applied), "state-of-another-instance");
    assert!(applied[0].plan.refusal().unwrap().message.contains("blue"));
    assert!(
        road.restore(&Selection::All).await.is_empty(),
        "nothing here is ours"
    );
    annotate(&env, "web", "easyscale.io/state", json!("{\"v\":7}")).await;
    assert_eq!(assert_refused(&road.pass(EVENING).await), "state-unreadable");
    assert_eq!(env.bounds("web").await, (5, 10));
}

async fn refusals(env: Env) {
    web(&env).await;
    for name in ["twin-a", "twin-b"] {
        env.create(&fixtures::hpa(name, ("Deployment", "twin"), 1, 4))
            .await;
    }
    let mut owned = fixtures::hpa("keda-hpa-owned", ("Deployment", "owned"), 1, 4);
    owned["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "owned", "uid": "1", "controller": true
    }]);
    env.create(&owned).await;
    let road = Road::new(&env)
        .rule("Deployment", "twin", PEAK_FLOOR_5)
        .rule("Deployment", "owned", PEAK_FLOOR_5)
        .rule("Deployment", "nowhere", PEAK_FLOOR_5)
        .rule("Deployment", "web", PEAK_FLOOR_5);
    let applied = road.pass(PEAK).await;
    let codes: Vec<_> = applied
        .iter()
        .map(|one| one.plan.refusal().map_or("", |refusal| refusal.code.as_str()))
        .collect();
    assert_eq!(codes, ["two-autoscalers", "owned-by", "target-missing", ""]);
    assert!(
        applied[0]
            .plan
            .refusal()
            .unwrap()
            .message
            .contains("twin-a, twin-b")
    );
    assert!(
        applied[1]
            .plan
            .refusal()
            .unwrap()
            .message
            .contains("ScaledObject owned")
    );
    assert_eq!(applied[3].outcome, Outcome::Applied);
}

async fn floor_zero(env: Env) {
    let mut external = fixtures::hpa("web", ("Deployment", "web"), 0, 10);
    external["spec"]["metrics"] = json!([{"type": "External", "external": {
        "metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "1"},
    }}]);
    let made = fixtures::apply(&env.client, Some(&env.namespace), "test", &external).await;
    if let Err(error) = made {
        // The gate is off in older versions, and then there is no such original either.
        assert!(std::env::var_os("EASYSCALE_TEST_KUBERNETES").is_some(), "{error}");
        return eprintln!("!! SKIPPED: this Kubernetes allows no floor of zero");
    }
    let road = Road::new(&env).rule("Deployment", "web", PEAK_FLOOR_5);
    road.pass(PEAK).await;
    let cpu = fixtures::hpa("web", ("Deployment", "web"), 5, 10);
    edit(&env, "web", json!({"metrics": cpu["spec"]["metrics"]})).await;
    let applied = road.pass(NOON).await;
    assert!(has_note(assert_applied(&applied), "floor-zero-not-restorable"));
    assert_eq!(env.bounds("web").await, (1, 10));
    assert_no_trace(&env, "web").await;
    // And a rule that asks for a floor of zero where the API would refuse it is refused before.
    let zero = "  schedule: [{name: night, timeStart: '16:00', timeEnd: '18:00', minReplicas: 0}]";
    let road = Road::new(&env).rule("Deployment", "web", zero);
    assert_eq!(assert_refused(&road.pass(PEAK).await), "floor-zero-not-allowed");
}

async fn native(env: Env) {
    env.create(&fixtures::deployment("web", 2)).await;
    env.apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 2, 10))
        .await;
    env.wait_for_replicas("Deployment", "web", 2).await;
    let spec = "  schedule:
    - {name: peak, timeStart: '16:00', timeEnd: '18:00', minReplicas: 6}
    - {name: evening, timeStart: '20:00', timeEnd: '22:00', maxReplicas: 4}";
    let road = Road::new(&env).rule("Deployment", "web", spec);
    road.pass(PEAK).await;
    env.wait_for_replicas("Deployment", "web", 6).await;
    road.pass(EVENING).await;
    assert_eq!(env.bounds("web").await, (2, 4));
    env.wait_for_replicas("Deployment", "web", 4).await;
    road.pass(NOON).await;
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_no_trace(&env, "web").await;
}

async fn abandoned(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_FLOOR_5);
    road.pass(PEAK).await;
    let road = road.without_rules();
    let applied = road.pass(PEAK).await;
    assert!(has_note(assert_unchanged(&applied), "abandoned"));
    assert_eq!(env.bounds("web").await, (5, 10));
    assert_applied(&road.prune().pass(PEAK).await);
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_no_trace(&env, "web").await;
}

async fn no_prune_while_refused(env: Env) {
    web(&env).await;
    Road::new(&env)
        .rule("Deployment", "web", PEAK_FLOOR_5)
        .pass(PEAK)
        .await;
    // The rule's target is misspelt: that is a typo, not a wish to lose the capacity.
    let road = Road::new(&env).rule("Deployment", "wbe", PEAK_FLOOR_5).prune();
    let applied = road.pass(PEAK).await;
    let outcomes: Vec<_> = applied.iter().map(|one| one.outcome.as_str()).collect();
    assert_eq!(outcomes, ["refused", "unchanged"]);
    assert!(
        applied[1].plan.notes[0]
            .message
            .contains("while rule \"wbe-rule\" is refused"),
        "{applied:#?}"
    );
    assert_eq!(env.bounds("web").await, (5, 10));
}

async fn restore_some(env: Env) {
    for name in ["a", "b"] {
        env.create(&fixtures::hpa(name, ("Deployment", name), 2, 10))
            .await;
    }
    let road = Road::new(&env)
        .rule("Deployment", "a", PEAK_FLOOR_5)
        .rule("Deployment", "b", PEAK_FLOOR_5);
    road.pass(PEAK).await;
    assert_applied(&road.restore(&Selection::Rule("a-rule".to_owned())).await);
    assert_eq!((env.bounds("a").await, env.bounds("b").await), ((2, 10), (5, 10)));
    let target = easyscale::policy::Target {
        group: "apps".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: env.namespace.clone(),
        name: "b".to_owned(),
    };
    assert_applied(&road.restore(&Selection::Target(target)).await);
    assert_eq!(env.bounds("b").await, (2, 10));
}

async fn deleted_meanwhile(env: Env) {
    use easyscale::cluster::{Cluster as _, apply};
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_FLOOR_5);
    let planner = road.planner();
    let observed = road.live.observe(&planner).await.unwrap();
    let plan = planner.plan(&observed, crate::road::instant(PEAK));
    let api: Api<HorizontalPodAutoscaler> = env.api();
    api.delete("web", &DeleteParams::default()).await.unwrap();
    let applied = apply(&road.live, &planner, observed, plan, &crate::road::options(PEAK))
        .await
        .unwrap();
    let Outcome::Failed(failure) = &applied[0].outcome else {
        panic!("{applied:#?}")
    };
    assert!(
        failure.message.contains("was deleted between plan and apply"),
        "{failure}"
    );
    assert!(api.get_opt("web").await.unwrap().is_none(), "nothing was created");
}
