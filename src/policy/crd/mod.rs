//! The CustomResourceDefinition of ScalingRule: what a cluster has to know to keep rules as objects of its own.
//!
//! It is made from the same types as `easyscale schema rule` ([`super::schema`]), in three steps: `structural` turns
//! the JSON Schema of `spec` into the narrower form that the API server takes; `validations` adds what needs a look at
//! two keys, in the server's own language (CEL), with a sentence for each; `status` is what easyscale writes back.
//!
//! The server may accept what the reader refuses, where it cannot know better: that is told in the status. It refuses
//! what the reader accepts in few places, all of size or shape: a text where a list may stand as well, and lists and
//! texts beyond any sensible length, which would make a check too dear for the server.

mod status;
mod structural;
mod validations;

use serde_json::{Value, json};

use super::document::KIND;
use super::schema;

/// API group, version and names, as RBAC rules and requests write them.
const GROUP: &str = "easyscale.io";
const VERSION: &str = "v1";
const PLURAL: &str = "scalingrules";
const SINGULAR: &str = "scalingrule";
const SHORT: &str = "sr";

/// The CustomResourceDefinition, as `easyscale crd` prints it.
#[must_use]
pub fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{PLURAL}.{GROUP}"),
            "labels": {"app.kubernetes.io/name": "easyscale", "app.kubernetes.io/part-of": "easyscale"}
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": format!("{KIND}List"),
                "plural": PLURAL,
                "singular": SINGULAR,
                "shortNames": [SHORT]
            },
            "versions": [{
                "name": VERSION,
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "additionalPrinterColumns": columns(),
                "schema": {"openAPIV3Schema": object()}
            }]
        }
    })
}

fn object() -> Value {
    let rule = schema::rule();
    let status = schema::root::<status::Status>();
    json!({
        "type": "object",
        "description": "A rule of easyscale: who gets how many replicas when.",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": "The version of the format."},
            "kind": {"type": "string", "description": "What the object is."},
            "metadata": {"type": "object"},
            "spec": structural::of(&rule, &rule["$defs"]["ScalingRule"]["properties"]["spec"]),
            "status": structural::of(&status, &status)
        }
    })
}

/// What `kubectl get scalingrules` shows.
fn columns() -> Value {
    let bound = |name: &str| format!(".status.bounds['{name}','replicas']");
    let applied = |field: &str| format!(r#".status.conditions[?(@.type=="Applied")].{field}"#);
    json!([
        {
            "name": "Target", "type": "string", "jsonPath": ".spec.target.name",
            "description": "The name of the object that the rule scales."
        },
        {
            "name": "Kind", "type": "string", "priority": 1, "jsonPath": ".spec.target.kind",
            "description": "What sort of object that is."
        },
        {
            "name": "Active", "type": "string", "jsonPath": ".status['active','activeWindows']",
            "description": "The windows that set a bound now."
        },
        {
            "name": "Min", "type": "integer", "jsonPath": bound("minReplicas"),
            "description": "The lower bound in force; for a target without an autoscaler, its number of copies."
        },
        {
            "name": "Max", "type": "integer", "jsonPath": bound("maxReplicas"),
            "description": "The upper bound in force; for a target without an autoscaler, its number of copies."
        },
        {
            "name": "Next", "type": "string", "jsonPath": ".status.nextChange",
            "description": "When the bounds change next, in UTC; empty: never."
        },
        {
            "name": "Ready", "type": "string", "jsonPath": applied("status"),
            "description": "Whether the bounds of the rule are in force."
        },
        {
            "name": "Reason", "type": "string", "priority": 1, "jsonPath": applied("reason"),
            "description": "Why they are, or are not."
        },
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
    ])
}
