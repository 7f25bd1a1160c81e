//! Objects as JSON, small enough to be changed in place: `hpa["spec"]["minReplicas"] = json!(0)`.

use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};

/// A Deployment whose pods nobody will ever run.
pub fn deployment(name: &str, replicas: i32) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": pod(name)},
    })
}

/// A StatefulSet that starts its pods all at once: with no nodes, none becomes ready, and an
/// ordered start would end at the first.
pub fn stateful_set(name: &str, replicas: i32) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "serviceName": name,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": {"app": name}},
            "template": pod(name),
        },
    })
}

fn pod(name: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{
            "name": "main",
            "image": "example.invalid/none",
            "resources": {"requests": {"cpu": "100m"}},
        }]},
    })
}

/// An HPA on CPU for a `(kind, name)` of `apps/v1`. No metrics server answers here: the floor and
/// the ceiling are enforced without one.
pub fn hpa(name: &str, (kind, target): (&str, &str), min: i32, max: i32) -> Value {
    json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": target},
            "minReplicas": min,
            "maxReplicas": max,
            "metrics": [{"type": "Resource", "resource": {
                "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80},
            }}],
        },
    })
}

/// The API for objects like `object`, in `namespace`, or of the whole cluster.
pub fn api(client: &Client, namespace: Option<&str>, object: &Value) -> Api<DynamicObject> {
    let text = |field: &str| {
        object[field]
            .as_str()
            .unwrap_or_else(|| panic!("no {field} in {object}"))
    };
    let (group, version) = text("apiVersion")
        .split_once('/')
        .unwrap_or(("", text("apiVersion")));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, text("kind")));
    match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

/// Server-side apply of `object` under the name of `manager`, with force.
pub async fn apply(
    client: &Client,
    namespace: Option<&str>,
    manager: &str,
    object: &Value,
) -> kube::Result<DynamicObject> {
    let name = object["metadata"]["name"]
        .as_str()
        .expect("the object has a name");
    let parameters = PatchParams::apply(manager).force();
    api(client, namespace, object)
        .patch(name, &parameters, &Patch::Apply(object))
        .await
}

/// A Namespace.
pub fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}
