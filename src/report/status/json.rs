//! The JSON of a plan, and beside it how the controller stands; docs/http.md describes it.

use serde::Serialize;
use serde_json::Value;

use super::Status;
use crate::report::json::{Document, Reference, printed};
use crate::report::{Entry, Shown, problems};

#[derive(Serialize)]
struct StatusJson<'a> {
    controller: ControllerJson<'a>,
    #[serde(flatten)]
    plan: Document<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ControllerJson<'a> {
    version: &'static str,
    instance: &'a str,
    leader: Option<bool>,
    holder: Option<&'a str>,
    policy: PolicyJson,
    next_change: Option<String>,
    dry_run: bool,
    waiting: Vec<WaitingJson<'a>>,
}

#[derive(Serialize)]
struct PolicyJson {
    valid: bool,
    since: String,
    problems: Value,
}

#[derive(Serialize)]
struct WaitingJson<'a> {
    target: Reference<'a>,
    until: Option<String>,
    why: &'a str,
}

/// The state as one JSON document with a newline: `controller`, then the keys of a plan.
#[must_use]
pub fn json(status: &Status<'_>) -> String {
    let entries = Entry::of_plan(status.plan);
    let mut problems = problems::json(&status.policy.problems);
    printed(&StatusJson {
        controller: ControllerJson {
            version: env!("CARGO_PKG_VERSION"),
            instance: status.instance,
            leader: status.leading,
            holder: status.holder,
            policy: PolicyJson {
                valid: status.policy.valid,
                since: status.policy.since.to_string(),
                problems: problems["problems"].take(),
            },
            next_change: status.next_change().map(|next| next.to_string()),
            dry_run: status.dry_run,
            waiting: status
                .waiting
                .iter()
                .map(|waiting| WaitingJson {
                    target: Reference::to(&waiting.target),
                    until: waiting.until.map(|until| until.to_string()),
                    why: &waiting.why,
                })
                .collect(),
        },
        plan: Document::of(&Shown {
            at: status.plan.at,
            cluster: status.cluster,
            targets: &entries,
            tried: false,
            unchanged: true,
            problems: &[],
        }),
    })
}
