//! Other tools after us: what was released can be changed without a conflict.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use easyscale::plan::Selection;

use crate::road::{NOON, PEAK, Road, assert_applied, assert_no_trace, assert_unchanged, has_note, web};
use crate::support::{Case, Env, case, fixtures};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "after a release another manager applies without force",
            helm_after_release,
        ),
        case(
            "inside a window another manager's apply conflicts and names us",
            helm_inside_window,
        ),
        case(
            "after a restore a client-side apply changes the bounds",
            client_side_after_restore,
        ),
        case(
            "a client-side apply inside a window is a revert",
            client_side_inside_window,
        ),
    ]
}

const PEAK_5_20: &str =
    "  schedule: [{name: peak, timeStart: '16:00', timeEnd: '18:00', minReplicas: 5, maxReplicas: 20}]";

/// A server-side apply that does not force, as Helm 4 does.
async fn helm_apply(env: &Env, floor: i32, ceiling: i32) -> kube::Result<HorizontalPodAutoscaler> {
    let params = PatchParams::apply("helm");
    let object = fixtures::hpa("web", ("Deployment", "web"), floor, ceiling);
    env.api::<HorizontalPodAutoscaler>()
        .patch("web", &params, &Patch::Apply(object))
        .await
}

async fn helm_after_release(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_5_20);
    road.pass(PEAK).await;
    road.pass(NOON).await;
    helm_apply(&env, 3, 12).await.unwrap();
    assert_eq!(env.bounds("web").await, (3, 12));
    assert_unchanged(&road.pass(NOON).await);
    assert_applied(&road.pass(PEAK).await);
    assert_applied(&road.restore(&Selection::All).await);
    helm_apply(&env, 4, 14).await.unwrap();
    assert_eq!(env.bounds("web").await, (4, 14));
}

async fn helm_inside_window(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_5_20);
    road.pass(PEAK).await;
    let kube::Error::Api(status) = helm_apply(&env, 2, 10).await.unwrap_err() else {
        panic!("not the API")
    };
    assert_eq!(status.code, 409);
    assert!(status.message.contains("easyscale"), "{}", status.message);
}

/// What `kubectl apply` sends: a patch from the last applied configuration to the new one.
async fn client_side_apply(env: &Env, floor: i32, ceiling: i32) {
    let params = PatchParams {
        field_manager: Some("kubectl-client-side-apply".to_owned()),
        ..PatchParams::default()
    };
    let patch = Patch::Strategic(json!({"spec": {"minReplicas": floor, "maxReplicas": ceiling}}));
    env.api::<HorizontalPodAutoscaler>()
        .patch("web", &params, &patch)
        .await
        .unwrap();
}

async fn client_side_after_restore(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_5_20);
    road.pass(PEAK).await;
    road.restore(&Selection::All).await;
    client_side_apply(&env, 3, 12).await;
    assert_eq!(env.bounds("web").await, (3, 12));
    assert_unchanged(&road.pass(NOON).await);
    assert_no_trace(&env, "web").await;
}

async fn client_side_inside_window(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", PEAK_5_20);
    road.pass(PEAK).await;
    client_side_apply(&env, 2, 10).await;
    let applied = road.pass(PEAK).await;
    let one = assert_applied(&applied);
    assert!(has_note(one, "reverted"));
    assert!(
        one.plan
            .notes
            .iter()
            .any(|note| note.message.contains("kubectl-client-side-apply")),
        "{one:#?}"
    );
    assert_eq!(env.bounds("web").await, (5, 20));
}
