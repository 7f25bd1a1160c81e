//! A `ScalingRule` document.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::super::document::{API_VERSION, KIND};
use super::names::{Name, Namespace, Text, Timezone};
use super::replicas::{Default, Limits};
use super::target::Target;
use super::times::Duration;
use super::window::Window;

/// A rule, or a list of them as `kubectl get -o yaml` prints it.
pub(super) struct Document;

impl JsonSchema for Document {
    fn schema_name() -> Cow<'static, str> {
        "Document".into()
    }

    /// A list is told from a rule by its kind alone, so that what is wrong with a rule is not drowned in what is
    /// wrong with it as a list.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let rule = generator.subschema_for::<ScalingRule>();
        json_schema!({
            "title": "ScalingRule",
            "description": "Who gets how many replicas when: a rule of easyscale.",
            "type": "object",
            "if": {
                "properties": {"kind": {"enum": ["List", "ScalingRuleList"]}},
                "required": ["kind"]
            },
            "then": {
                "properties": {"items": {"type": "array", "items": rule}},
                "required": ["items"]
            },
            "else": rule
        })
    }
}

/// Who gets how many replicas when.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    rename_all = "camelCase",
    extend("required" = ["apiVersion", "kind", "metadata", "spec"])
)]
struct ScalingRule {
    /// The version of the format.
    #[schemars(extend("const" = API_VERSION), example = API_VERSION)]
    api_version: String,
    /// What the document is.
    #[schemars(extend("const" = KIND), example = KIND)]
    kind: String,
    /// The rule's name, and what else is to be known about it.
    #[schemars(example = json!({"name": "checkout-peak"}))]
    metadata: Metadata,
    /// What to scale, when, and to how many copies.
    #[schemars(example = example())]
    spec: Spec<Vec<Window>>,
    /// What a cluster adds; it means nothing here.
    #[schemars(example = json!({}))]
    status: Value,
}

/// The rule's name, and what else is to be known about it.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    rename_all = "camelCase",
    extend("required" = ["name"])
)]
struct Metadata {
    /// The rule's name; no other rule may have it.
    #[schemars(example = &"checkout-peak")]
    name: Name,
    /// The namespace of the rule, and of its target if that names none.
    #[schemars(example = &"shop")]
    namespace: Namespace,
    /// Labels of the rule.
    #[schemars(extend("type" = ["object", "null"]), example = json!({"team": "shop"}))]
    labels: BTreeMap<String, String>,
    /// Notes of other programs about the rule; they mean nothing here.
    #[schemars(example = json!({"example.com/owner": "shop"}))]
    annotations: Value,
    /// What a cluster adds; it means nothing here.
    #[schemars(example = &"2026-11-24T16:30:00Z")]
    creation_timestamp: Value,
    /// What a cluster adds; it means nothing here.
    #[schemars(example = json!([]))]
    finalizers: Value,
    /// What a cluster adds; it means nothing here.
    #[schemars(example = 1)]
    generation: Value,
    /// What a cluster adds; it means nothing here.
    #[schemars(example = json!([]))]
    managed_fields: Value,
    /// What a cluster adds; it means nothing here.
    #[schemars(example = json!([]))]
    owner_references: Value,
    /// What a cluster adds; it means nothing here.
    #[schemars(example = &"4711")]
    resource_version: Value,
    /// What a cluster adds; it means nothing here.
    #[schemars(example = &"/apis/easyscale.io/v1/namespaces/shop/scalingrules/checkout-peak")]
    self_link: Value,
    /// What a cluster adds; it means nothing here.
    #[schemars(example = &"2f1c9a5e-0b1d-4c8e-9d2a-6f5b7c8d9e0f")]
    uid: Value,
}

// Its schedule is `S`: policy files know more forms of it.
/// What to scale, when, and to how many copies.
#[derive(JsonSchema)]
#[schemars(
    rename = "Spec",
    deny_unknown_fields,
    extend("required" = ["target"], "anyOf" = [
        {"required": ["default"]},
        {"required": ["schedule"], "properties": {"schedule": {"minItems": 1}}}
    ])
)]
pub(super) struct Spec<S> {
    /// The object that the rule scales.
    #[schemars(example = json!({"kind": "Deployment", "name": "checkout", "namespace": "shop"}))]
    target: Target,
    /// The windows: when how many copies should run.
    #[schemars(example = json!([{"name": "Peak hours", "days": ["weekdays"], "timeStart": "16:00", "timeEnd": "18:00", "minReplicas": 5, "maxReplicas": 20}]))]
    schedule: S,
    /// What holds outside every window. Without it: what was there before.
    #[schemars(example = json!({"minReplicas": 2, "maxReplicas": 10}))]
    default: Default,
    /// What windows and `default` may ask for at most and at least.
    #[schemars(example = json!({"minReplicas": 1, "maxReplicas": 50}))]
    limits: Limits,
    /// The zone in which days and times are read. Without it: the one of `defaults`, else UTC.
    #[schemars(example = &"Europe/Berlin")]
    timezone: Timezone,
    /// `always`: also raise what somebody else has put to 0. Without it, that sleeps on.
    #[schemars(extend("const" = "always"), example = &"always")]
    wake: String,
    /// `run` only: so long after its last change, easyscale does not lower again what somebody has changed. Starts and
    /// ends of windows, and raises, never wait. Without it: nothing does.
    #[schemars(example = &"5m")]
    cooldown: Duration,
    /// `run` only: when a window starts or ends, targets that only go down are spread over this time, at most a day, so
    /// that many do not shrink in one second. Raises never wait. Without it: the one of `defaults`, else all at once.
    #[schemars(example = &"2m")]
    stagger: Duration,
    /// What the rule is for, for people.
    #[schemars(example = &"More copies of the checkout while people go home")]
    description: Text,
}

fn example() -> Value {
    json!({
        "target": {"kind": "Deployment", "name": "checkout", "namespace": "shop"},
        "timezone": "Europe/Berlin",
        "schedule": [{
            "name": "Peak hours",
            "days": ["weekdays"],
            "timeStart": "16:00",
            "timeEnd": "18:00",
            "minReplicas": 5,
            "maxReplicas": 20
        }]
    })
}
