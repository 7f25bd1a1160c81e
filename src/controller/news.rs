//! What is worth telling of a target that is not written: told when it begins, not on each pass.

use std::collections::BTreeSet;

use crate::cluster::EventNote;
use crate::plan::{ObjectRef, Plan, TargetPlan};
use crate::time::Instant;

/// Notes of targets that are left as they are; each is one line when it begins.
const TOLD: [&str; 7] = [
    "held",
    "paced",
    "cooldown",
    "asleep-by-hand",
    "paused",
    "abandoned",
    "state-lost",
];

/// What there is to tell of a plan: by rule and code, so that each is told once for as long as it lasts.
pub(super) fn of(plan: &Plan) -> BTreeSet<(String, &'static str)> {
    let mut news = BTreeSet::new();
    for target in &plan.targets {
        if let Some(refusal) = target.refusal() {
            news.insert((target.rule.clone(), refusal.code.as_str()));
        }
        let notes = target.notes.iter().filter(|note| TOLD.contains(&note.code));
        news.extend(notes.map(|note| (target.rule.clone(), note.code)));
    }
    news
}

/// Writes the log lines of what was not told before, and returns its events.
pub(super) fn tell(plan: &Plan, told: &BTreeSet<(String, &'static str)>, time: Instant) -> Vec<EventNote> {
    let mut events = Vec::new();
    for target in &plan.targets {
        let is_new = |code: &'static str| !told.contains(&(target.rule.clone(), code));
        let TargetPlan { rule, object, .. } = target;
        let (namespace, name) = (&target.target.namespace, &target.target.name);
        let kind = object.as_ref().map_or(&target.target.kind, |object| &object.kind);
        if let Some(refusal) = target.refusal().filter(|refusal| is_new(refusal.code.as_str())) {
            let (code, reason, hint) = (refusal.code.as_str(), &refusal.message, &refusal.hint);
            tracing::warn!(kind, namespace, name, rule, code, reason, hint, "refused");
            let note = format!("{reason}; {hint}; rule {rule}");
            events.push(event(target, "Refused", true, &note, time));
        }
        for note in &target.notes {
            if !TOLD.contains(&note.code) || !is_new(note.code) {
                continue;
            }
            let (code, reason) = (note.code, &note.message);
            if note.warning {
                tracing::warn!(kind, namespace, name, rule, code, reason, "left as it is");
            } else {
                tracing::info!(kind, namespace, name, rule, code, reason, "left as it is");
            }
            let name = match note.code {
                "held" => "Held",
                "asleep-by-hand" => "LeftAsleep",
                "state-lost" => "StateLost",
                _ => continue,
            };
            let text = format!("{}; rule {rule}", note.message);
            events.push(event(target, name, note.warning, &text, time));
        }
    }
    events
}

fn event(target: &TargetPlan, reason: &'static str, warning: bool, note: &str, time: Instant) -> EventNote {
    let regarding = target
        .object
        .clone()
        .unwrap_or_else(|| ObjectRef::of(&target.target));
    EventNote::new(regarding, target.uid.clone(), reason, warning, note, time)
}
