//! The stable JSON of `plan`, `apply` and `restore`; docs/plan-json.md describes it.

use serde::Serialize;

use super::escape::json_escaped;
use super::{Entry, Shown, count};
use crate::engine::Adjusted;
use crate::plan::{Action, Bounds, Outcome};
use crate::time::tzdb_version;

#[derive(Serialize)]
struct Document<'a> {
    at: String,
    tzdb: &'a str,
    cluster: &'a str,
    summary: SummaryJson,
    targets: Vec<TargetJson<'a>>,
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
struct Reference<'a> {
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
    let (summary, failed) = count(shown.targets);
    let document = Document {
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
    };
    // Structs of strings and numbers: serialisation has nothing to fail on.
    let mut text = json_escaped(&serde_json::to_string_pretty(&document).unwrap_or_default());
    text.push('\n');
    text
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
        target: Reference {
            kind: &plan.target.kind,
            namespace: &plan.target.namespace,
            name: &plan.target.name,
        },
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
