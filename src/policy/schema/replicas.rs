//! Numbers of replicas, and the maps of them.

use schemars::JsonSchema;

use super::{none_of, required, without_format};

/// How many copies, as many as Kubernetes can count.
#[derive(JsonSchema)]
#[schemars(transform = without_format, extend("minimum" = 0, "maximum" = i32::MAX))]
pub(super) struct Replicas(i32);

/// An upper bound: at least 1.
#[derive(JsonSchema)]
#[schemars(transform = without_format, extend("minimum" = 1, "maximum" = i32::MAX))]
pub(super) struct Ceiling(i32);

/// What holds outside every window: `replicas`, or one or both of `minReplicas` and `maxReplicas`.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    rename_all = "camelCase",
    extend("required" = [], "anyOf" = sets(), "dependentSchemas" = {"replicas": none_of(BOUNDS)})
)]
pub(super) struct Default {
    /// At least this many copies outside every window, 0 for none at all. With an autoscaler, the lower bound; to set
    /// the upper one too, write `minReplicas` and `maxReplicas` instead.
    #[schemars(example = 2)]
    replicas: Replicas,
    /// The lower bound outside every window.
    #[schemars(example = 2)]
    min_replicas: Replicas,
    /// The upper bound outside every window.
    #[schemars(example = 10)]
    max_replicas: Ceiling,
}

/// What windows and `default` may ask for at most and at least.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    rename_all = "camelCase",
    extend("required" = [], "anyOf" = required(BOUNDS))
)]
pub(super) struct Limits {
    /// Nothing that is asked goes below this.
    #[schemars(example = 1)]
    min_replicas: Replicas,
    /// Nothing that is asked goes above this.
    #[schemars(example = 50)]
    max_replicas: Ceiling,
}

pub(super) const BOUNDS: &[&str] = &["minReplicas", "maxReplicas"];

/// One of the keys that set something.
pub(super) fn sets() -> Vec<serde_json::Value> {
    required(&["replicas", "minReplicas", "maxReplicas"])
}
