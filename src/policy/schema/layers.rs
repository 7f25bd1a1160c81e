//! A policy file: settings and rules of one layer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::json;

use super::days::Dates;
use super::document::Spec;
use super::names::{Namespace, Text, Timezone, line, name};
use super::replicas::Limits;
use super::times::Duration;
use super::window::Window;

/// Settings and rules of easyscale. Several files lie one over the other, later ones win key by key; null or
/// `{delete: true}` takes out what earlier ones said.
#[derive(JsonSchema)]
#[schemars(title = "Policy file of easyscale", deny_unknown_fields, extend("required" = []))]
pub(super) struct PolicyFile {
    /// What holds for all rules that say nothing else.
    #[schemars(example = json!({"timezone": "Europe/Berlin", "namespace": "shop"}))]
    defaults: Defaults,
    /// Named sets of dates, which windows share.
    #[schemars(example = json!({"public-holidays": {"dates": ["12-25", "12-26", "01-01"]}}))]
    calendars: Calendars,
    /// What rules may ask at most and at least, by namespace of their targets; "*" is for all namespaces that are not named.
    #[schemars(example = json!({"*": {"maxReplicas": 50}, "shop": {"minReplicas": 1, "maxReplicas": 20}}))]
    limits: NamespaceLimits,
    /// The rules by their names.
    #[schemars(example = json!({"checkout": {"default": {"minReplicas": 2, "maxReplicas": 10}}}))]
    rules: Rules,
    /// What only holds when it is picked with `--profile NAME`. It counts right after the rest of its file.
    #[schemars(example = json!({"prod": {"defaults": {"namespace": "shop"}}}))]
    profile: Profiles,
}

/// What holds for all rules that say nothing else.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = []))]
struct Defaults {
    /// The zone of rules and windows that name none. Without it: UTC.
    #[schemars(example = &"Europe/Berlin")]
    timezone: Timezone,
    /// The namespace of targets that name none, and whose document does not either.
    #[schemars(example = &"shop")]
    namespace: Namespace,
    /// The stagger of rules that have none: the time, at most a day, over which targets that only go down are spread
    /// when a window starts or ends. `run` only.
    #[schemars(example = &"2m")]
    stagger: Duration,
}

/// Named sets of dates. The names are for `calendar` and `except` of windows.
#[derive(JsonSchema)]
#[schemars(extend("propertyNames" = {"pattern": line()}))]
struct Calendars(BTreeMap<String, Calendar>);

/// A named set of dates.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = []))]
struct Calendar {
    /// Its dates. A date without a year is every year's.
    #[schemars(example = ["12-25", "12-26", "2026-04-03", "2026-12-28..2026-12-31"])]
    dates: Dates,
    /// What the dates are, and where they come from, for people.
    #[schemars(example = &"Public holidays")]
    description: Text,
}

/// What rules may ask, by namespace of their targets.
#[derive(JsonSchema)]
#[schemars(extend("propertyNames" = {"pattern": "^(\\*|[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$"}))]
struct NamespaceLimits(BTreeMap<String, Limits>);

/// Rules by their names.
#[derive(JsonSchema)]
#[schemars(extend("propertyNames" = {"pattern": name(), "maxLength": 253}))]
struct Rules(BTreeMap<String, Spec<Schedule>>);

/// Windows by their names, or a list of windows with `name`.
#[derive(JsonSchema)]
#[schemars(extend(
    "type" = ["array", "object"],
    "propertyNames" = {"pattern": line(), "maxLength": 200}
))]
pub(super) struct Schedule(Vec<Window>);

/// Profiles by their names.
#[derive(JsonSchema)]
#[schemars(extend("propertyNames" = {"pattern": line()}))]
struct Profiles(BTreeMap<String, Profile>);

/// What only holds when it is picked.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = []))]
struct Profile {
    /// What holds for all rules that say nothing else.
    #[schemars(example = json!({"timezone": "Europe/Berlin"}))]
    defaults: Defaults,
    /// Named sets of dates, which windows share.
    #[schemars(example = json!({"public-holidays": {"dates": ["12-25"]}}))]
    calendars: Calendars,
    /// What rules may ask, by namespace of their targets.
    #[schemars(example = json!({"*": {"maxReplicas": 100}}))]
    limits: NamespaceLimits,
    /// The rules by their names.
    #[schemars(example = json!({"checkout": {"default": {"maxReplicas": 30}}}))]
    rules: Rules,
}
