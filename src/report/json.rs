//! The stable JSON of `plan`, `apply` and `restore`; docs/plan-json.md describes it.

use serde::Serialize;
use serde_json::Value;

use super::escape::json_escaped;
use super::problems::json_list;
use super::{Entry, Shown, count};
use crate::engine::Adjusted;
use crate::plan::{Action, Bounds, Outcome};
use crate::policy::Target;
use crate::time::tzdb_version;

/// The keys of a plan.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    at: String,
    tzdb: &'a str,
    cluster: &'a str,
    summary: SummaryJson,
    targets: Vec<TargetJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Value>,
}

#[derive(Serialize)]
struct SummaryJson {
    change: usize,
    unchanged: usize,
    refused: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<usize>,
}

#[derive(Serialize)]
struct TargetJson<'a> {
    rule: &'a str,
    source: Option<String>,
    target: Reference<'a>,
    object: Option<ObjectJson<'a>>,
    action: &'static str,
    from: BoundsJson,
    to: BoundsJson,
    because: Vec<BecauseJson<'a>>,
    until: Option<String>,
    reason: Option<Reason<'a>>,
    notes: Vec<NoteJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct Reference<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ObjectJson<'a> {
    api_version: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BoundsJson {
    replicas: Option<u32>,
    min_replicas: Option<u32>,
    max_replicas: Option<u32>,
}

#[derive(Serialize)]
struct BecauseJson<'a> {
    bound: &'a str,
    window: Option<&'a str>,
    source: String,
    adjusted: Option<&'static str>,
}

#[derive(Serialize)]
struct Reason<'a> {
    code: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct NoteJson<'a> {
    code: &'a str,
    message: &'a str,
    warning: bool,
}

/// A plan, or what came of it, as one JSON document with a newline.
#[must_use]
pub fn json(shown: &Shown<'_>) -> String {
    printed(&Document::of(shown))
}

/// A document as text with a newline, harmless in a terminal.
pub(super) fn printed(document: &impl Serialize) -> String {
    // Structs of strings and numbers: serialisation has nothing to fail on.
    let mut text = json_escaped(serde_json::to_string_pretty(document).unwrap_or_default());
    text.push('\n');
    text
}

impl<'a> Document<'a> {
    pub(super) fn of(shown: &Shown<'a>) -> Self {
        let (summary, failed) = count(shown.targets);
        Self {
            at: shown.at.to_string(),
            tzdb: tzdb_version(),
            cluster: shown.cluster,
            summary: SummaryJson {
                change: summary.change,
                unchanged: summary.unchanged,
                refused: summary.refused,
                failed: shown.tried.then_some(failed),
            },
            targets: shown.targets.iter().map(target).collect(),
            problems: json_list(shown.problems),
        }
    }
}

impl<'a> Reference<'a> {
    pub(super) fn to(target: &'a Target) -> Self {
        Self {
            kind: &target.kind,
            namespace: &target.namespace,
            name: &target.name,
        }
    }
}

fn target<'a>(entry: &Entry<'a>) -> TargetJson<'a> {
    let plan = entry.plan;
    let failure = entry.failure().map(|failure| Reason {
        code: failure.kind.as_str(),
        message: &failure.message,
        hint: failure.hint.as_deref(),
    });
    let refusal = plan.refusal().map(|refusal| Reason {
        code: refusal.code.as_str(),
        message: &refusal.message,
        hint: Some(&refusal.hint),
    });
    TargetJson {
        rule: &plan.rule,
        source: plan.source.as_ref().map(ToString::to_string),
        target: Reference::to(&plan.target),
        object: plan.object.as_ref().map(|object| ObjectJson {
            api_version: &object.api_version,
            kind: &object.kind,
            namespace: &object.namespace,
            name: &object.name,
        }),
        action: match plan.action {
            Action::Change => "change",
            Action::Restore => "restore",
            Action::None => "none",
            Action::Refuse(_) => "refuse",
        },
        from: bounds(plan.from),
        to: bounds(plan.to),
        because: plan
            .because
            .iter()
            .map(|because| BecauseJson {
                bound: because.bound,
                window: because.window.as_deref(),
                source: because.source.to_string(),
                adjusted: because.adjusted.map(adjusted),
            })
            .collect(),
        until: plan.until.map(|until| until.to_string()),
        reason: failure.or(refusal),
        notes: plan
            .notes
            .iter()
            .map(|note| NoteJson {
                code: note.code,
                message: &note.message,
                warning: note.warning,
            })
            .collect(),
        outcome: entry.outcome.map(Outcome::as_str),
    }
}

fn bounds(bounds: Bounds) -> BoundsJson {
    BoundsJson {
        replicas: bounds.replicas,
        min_replicas: bounds.min_replicas,
        max_replicas: bounds.max_replicas,
    }
}

pub(super) fn adjusted(adjusted: Adjusted) -> &'static str {
    match adjusted {
        Adjusted::ByLimits => "limits",
        Adjusted::ToFloor => "raised-to-floor",
        Adjusted::ToCeiling => "lowered-to-ceiling",
        Adjusted::Ramping => "ramping",
        Adjusted::CeilingAsScale => "ceiling-as-scale",
    }
}
