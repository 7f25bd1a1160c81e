//! Custom resources of rules, as tests see them.

use std::time::Duration;

use kube::Api;
use kube::api::{DynamicObject, ListParams};
use serde_json::{Value, json};

use crate::support::{Env, fixtures, wait_for};

const SOON: Duration = Duration::from_secs(90);

/// Defines them as deploy/ does, and waits until they are served; doing it again changes nothing.
pub(crate) async fn install(env: &Env) {
    let text = std::fs::read_to_string("deploy/crd.yaml").expect("it is in the repository");
    let definition: Value = serde_saphyr::from_str(&text).expect("it is YAML");
    fixtures::apply(&env.client, None, "test", &definition)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    wait_for("scaling rules to be served", SOON, async || {
        let list = rules(env).list(&ListParams::default()).await;
        list.map(drop).map_err(|error| error.to_string())
    })
    .await;
}

/// The API for them, in the namespace of the test.
pub(crate) fn rules(env: &Env) -> Api<DynamicObject> {
    fixtures::api(
        &env.client,
        Some(&env.namespace),
        &json!({"apiVersion": "easyscale.io/v1", "kind": "ScalingRule"}),
    )
}

/// The status of one.
pub(crate) async fn status(env: &Env, name: &str) -> Value {
    let rule = rules(env).get(name).await.expect("the rule is there");
    rule.data["status"].clone()
}

/// Waits until the condition `Applied` has this status and reason.
pub(crate) async fn status_becomes(env: &Env, name: &str, (is, reason): (&str, &str)) -> Value {
    wait_for(&format!("{name} to be {reason}"), SOON, async || {
        let told = status(env, name).await;
        let applied = told["conditions"].as_array().and_then(|conditions| {
            conditions
                .iter()
                .find(|condition| condition["type"] == "Applied")
                .cloned()
        });
        match applied {
            Some(applied) if applied["status"] == is && applied["reason"] == reason => Ok(told),
            _ => Err(told),
        }
    })
    .await
}
