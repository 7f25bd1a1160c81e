//! The object that a rule scales.

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::super::target::{KINDS, NOT_SCALABLE};
use super::names::{Name, Namespace};

/// The object that a rule scales.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    rename_all = "camelCase",
    extend("required" = ["kind", "name"], "allOf" = versions())
)]
pub(super) struct Target {
    /// The object's API group and version. Only kinds that easyscale does not know by themselves need it.
    #[schemars(example = &"argoproj.io/v1alpha1", example = &"apps/v1")]
    api_version: ApiVersion,
    /// What sort of object it is. A kind other than `Deployment`, `StatefulSet` and `HorizontalPodAutoscaler` needs
    /// `apiVersion` beside it.
    #[schemars(
        example = &"Deployment",
        example = &"StatefulSet",
        example = &"HorizontalPodAutoscaler"
    )]
    kind: Kind,
    /// The object's name, as `kubectl get deployments` shows it.
    #[schemars(example = &"checkout")]
    name: Name,
    /// The namespace that the object lives in. Without it: the namespace of the rule's `metadata`, else of `defaults`.
    #[schemars(example = &"shop")]
    namespace: Namespace,
}

/// An API group and version, such as `apps/v1`.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = "^([-a-z0-9.]{1,253}/)?v[0-9][-a-z0-9.]{0,251}$",
    "patternErrorMessage" = "write group and version, such as apps/v1"
))]
struct ApiVersion(String);

/// A kind of object that can be scaled.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = "^[A-Z][A-Za-z0-9]{0,62}$",
    "not" = {"enum": names(NOT_SCALABLE)},
    "patternErrorMessage" = "a kind is one word with a capital letter, such as Deployment"
))]
struct Kind(String);

fn names(table: &[(&str, &str)]) -> Vec<String> {
    table.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// Kinds that are known need no version, and have no other group's; others need one.
fn versions() -> Vec<Value> {
    let of_its_group = KINDS.iter().map(|(kind, group)| {
        json!({
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {"properties": {"apiVersion": {"pattern": format!("^{group}/")}}}
        })
    });
    let known = json!({
        "if": {"not": {"required": ["apiVersion"]}},
        "then": {"properties": {"kind": {"enum": names(KINDS)}}}
    });
    of_its_group.chain([known]).collect()
}
