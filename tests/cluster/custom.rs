//! Custom resources of rules, as tests see them.

use std::time::Duration;

use kube::Api;
use kube::api::DynamicObject;
use serde_json::{Value, json};

use crate::support::{Env, fixtures, wait_for};

const SOON: Duration = Duration::from_secs(30);

/// Defines them, once for all tests of a control plane: doing it again changes nothing.
pub(crate) async fn install(env: &Env) {
    let definition: Value = serde_json::from_str(DEFINITION).expect("it is JSON");
    let defined = async || {
        let applied = fixtures::apply(&env.client, None, "test", &definition)
            .await
            .map_err(|error| error.to_string())?;
        let conditions = applied.data["status"]["conditions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let is_established =
            |condition: &Value| condition["type"] == "Established" && condition["status"] == "True";
        if conditions.iter().any(is_established) {
            Ok(())
        } else {
            Err(format!("{conditions:?}"))
        }
    };
    wait_for("ScalingRules to be known", SOON, defined).await;
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

const DEFINITION: &str = r#"{
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
  "metadata": {"name": "scalingrules.easyscale.io"},
  "spec": {
    "group": "easyscale.io", "scope": "Namespaced",
    "names": {"kind": "ScalingRule", "listKind": "ScalingRuleList", "plural": "scalingrules", "singular": "scalingrule"},
    "versions": [{
      "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
      "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
    }]
  }
}"#;
