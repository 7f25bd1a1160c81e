//! The status of a rule in a cluster: what easyscale writes back for whoever wrote the rule.
//!
//! Shapes, like those of [`super::super::schema`]: they say what may stand there, nothing is read into them.

#![expect(
    dead_code,
    reason = "the types are shapes: nothing is ever read into their fields"
)]

use schemars::JsonSchema;

/// What easyscale makes of the rule. Nobody else writes here.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", extend("required" = []))]
pub(super) struct Status {
    /// The generation of the rule that the status is about; an older one than `metadata.generation`: not looked at yet.
    #[schemars(extend("format" = "int64", "minimum" = 0))]
    observed_generation: i64,
    /// What the rule scales, for people.
    #[schemars(extend("maxLength" = 330), example = &"Deployment shop/checkout")]
    target: String,
    /// The names of the windows that set a bound now.
    #[schemars(extend("maxItems" = 100), example = ["Peak hours"])]
    active_windows: Vec<WindowName>,
    /// The names of the windows that set a bound now, in one line for `kubectl get`.
    #[schemars(extend("maxLength" = 256), example = &"Peak hours, Sale")]
    active: String,
    /// What the rule asks for now, and is in force if it is applied.
    bounds: Bounds,
    /// What was there before the rule, and comes back without it.
    originals: Bounds,
    /// When the bounds change next, in UTC. Without it: never.
    #[schemars(extend("format" = "date-time", "maxLength" = 40), example = &"2026-11-27T18:00:00Z")]
    next_change: String,
    /// Whether the rule is understood (`Accepted`) and in force (`Applied`), and why.
    #[schemars(extend(
        "maxItems" = 16,
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["type"]
    ))]
    conditions: Vec<Condition>,
}

/// A window's name.
#[derive(JsonSchema)]
#[schemars(extend("maxLength" = 200))]
struct WindowName(String);

/// Numbers of copies.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", extend("required" = []))]
struct Bounds {
    /// The lower bound of the autoscaler.
    min_replicas: Replicas,
    /// The upper bound of the autoscaler.
    max_replicas: Replicas,
    /// How many copies, of a target without an autoscaler.
    replicas: Replicas,
}

/// How many copies.
#[derive(JsonSchema)]
#[schemars(extend("minimum" = 0, "maximum" = i32::MAX))]
struct Replicas(i32);

/// One thing that is so, or is not.
#[derive(JsonSchema)]
#[schemars(
    rename_all = "camelCase",
    extend("required" = ["type", "status", "reason", "message", "lastTransitionTime"])
)]
struct Condition {
    /// `Accepted`: the rule has no mistake and is let in. `Applied`: what it asks for is in force.
    #[schemars(extend("maxLength" = 316), example = &"Applied")]
    r#type: String,
    /// Whether it is so.
    #[schemars(extend("enum" = ["True", "False", "Unknown"]))]
    status: String,
    /// Why, in a word. Of `Accepted`: `Accepted`, `Invalid`. Of `Applied`: `InForce`, `Pending`, `Refused`, `Failed`,
    /// `Paused`, `Held`, `NotAccepted`.
    #[schemars(extend("maxLength" = 1024), example = &"InForce")]
    reason: String,
    /// Why, in a sentence.
    #[schemars(extend("maxLength" = 32_768))]
    message: String,
    /// Since when it is so.
    #[schemars(extend("format" = "date-time", "maxLength" = 40), example = &"2026-11-27T16:00:00Z")]
    last_transition_time: String,
    /// The generation of the rule that it is about.
    #[schemars(extend("format" = "int64", "minimum" = 0))]
    observed_generation: i64,
}
