//! After the bounds: what was done, as log lines and as Kubernetes Events.
//!
//! What comes from a cluster is a field of a line, never its message: fields are quoted, so that no name and no
//! answer of a server can make a line of its own.

use futures::StreamExt;

use super::Cluster;
use super::apply::ApplyOptions;
use super::events::{EventNote, changes};
use crate::plan::{Action, Applied, Failure, Outcome, TargetPlan};
use crate::time::Instant;

/// One structured line about a target that was changed, refused or failed.
///
/// Text that a cluster had a say in is a field, never the message: fields are quoted and escaped, a message could end
/// its line and begin another.
pub fn log_change(applied: &Applied) {
    let plan = &applied.plan;
    let object = plan.object.as_ref();
    let kind = object.map_or("", |object| object.kind.as_str());
    let (namespace, name) = (
        &plan.target.namespace,
        object.map_or("", |object| object.name.as_str()),
    );
    match &applied.outcome {
        Outcome::Applied => {
            let mut windows: Vec<_> = plan
                .because
                .iter()
                .map(|because| because.window.as_deref().unwrap_or("default"))
                .collect();
            windows.dedup();
            let sources: Vec<_> = plan
                .because
                .iter()
                .map(|because| because.source.to_string())
                .collect();
            let notes: Vec<_> = plan.notes.iter().map(|note| note.message.as_str()).collect();
            tracing::info!(
                kind,
                namespace,
                name,
                rule = plan.rule,
                change = changes(plan.from, plan.to),
                windows = windows.join(", "),
                sources = sources.join(", "),
                notes = notes.join("; "),
                "{}",
                if plan.action == Action::Restore {
                    "restored"
                } else {
                    "changed"
                },
            );
        }
        Outcome::Failed(failure) => {
            tracing::error!(
                kind,
                namespace,
                name,
                rule = plan.rule,
                failure = failure.kind.as_str(),
                reason = failure.message,
                hint = failure.hint.as_deref(),
                "failed"
            );
        }
        Outcome::Refused => {
            if let Some(refusal) = plan.refusal() {
                tracing::warn!(
                    namespace,
                    name = plan.target.name,
                    rule = plan.rule,
                    code = refusal.code.as_str(),
                    reason = refusal.message,
                    "refused"
                );
            }
        }
        Outcome::Unchanged => {}
    }
}

/// One structured line about a target that a dry run would change.
pub fn log_would(plan: &TargetPlan) {
    let object = plan.object.as_ref();
    let kind = object.map_or("", |object| object.kind.as_str());
    let name = object.map_or("", |object| object.name.as_str());
    tracing::info!(
        kind,
        namespace = plan.target.namespace,
        name,
        rule = plan.rule,
        change = changes(plan.from, plan.to),
        "would change"
    );
}

/// Sends the events. A change that could not be told is done all the same.
pub(super) async fn tell<C: Cluster>(
    cluster: &C,
    targets: &[Applied],
    time: Instant,
    options: &ApplyOptions,
) {
    let events = targets.iter().filter_map(|applied| EventNote::of(applied, time));
    let sending = futures::stream::iter(events)
        .map(|event| async move { cluster.publish(&event).await })
        .buffer_unordered(options.concurrency.max(1))
        .filter_map(|result| std::future::ready(result.err()))
        .collect::<Vec<Failure>>();
    match tokio::time::timeout_at(options.deadline, sending).await {
        Ok(failures) => {
            if let Some(first) = failures.first() {
                let hint = first.hint.clone().unwrap_or_default();
                tracing::warn!(
                    failed = failures.len(),
                    reason = first.message,
                    hint,
                    "not every change could be told as an event"
                );
            }
        }
        Err(_) => tracing::warn!("the deadline passed before every change was told as an event"),
    }
}
