//! What is worth telling of a target that is not written: told when it begins, not on each pass.

use std::collections::BTreeSet;

use crate::cluster::{EventNote, Reason};
use crate::plan::{Code, Intent, ObjectRef, Plan, TargetPlan};
use crate::time::Instant;

/// Notes of targets that are left as they are; each is one line when it begins.
const TOLD: [&str; 6] = [
    "held",
    "paced",
    "cooldown",
    "asleep-by-hand",
    "paused",
    "abandoned",
];

/// Neither a refusal nor a note is told twice: the rule, whether it is a refusal, and its code.
pub(super) type Told = BTreeSet<(String, bool, &'static str)>;

/// What there is to tell of a plan: by rule and code, so that each is told once for as long as it lasts.
pub(super) fn of(plan: &Plan) -> Told {
    let mut news = BTreeSet::new();
    for target in &plan.targets {
        if let Some(refusal) = target.refusal() {
            news.insert((target.rule.clone(), true, refusal.code.as_str()));
        }
        let notes = target.notes.iter().filter(|note| TOLD.contains(&note.code));
        news.extend(notes.map(|note| (target.rule.clone(), false, note.code)));
    }
    news
}

/// Writes the log lines of what was not told before, and returns its events.
pub(super) fn tell(plan: &Plan, told: &Told, time: Instant) -> Vec<EventNote> {
    let mut events = Vec::new();
    for target in &plan.targets {
        let is_new =
            |refuses: bool, code: &'static str| !told.contains(&(target.rule.clone(), refuses, code));
        let TargetPlan { rule, object, .. } = target;
        let (namespace, name) = (&target.target.namespace, &target.target.name);
        let kind = object.as_ref().map_or(&target.target.kind, |object| &object.kind);
        if let Some(refusal) = target
            .refusal()
            .filter(|refusal| is_new(true, refusal.code.as_str()))
        {
            let (code, reason, hint) = (refusal.code.as_str(), &refusal.message, &refusal.hint);
            tracing::warn!(kind, namespace, name, rule, code, reason, hint, "refused");
            let note = format!("{reason}; {hint}; rule {rule}");
            events.push(event(target, Reason::Refused, true, &note, time));
        }
        for note in &target.notes {
            if !TOLD.contains(&note.code) || !is_new(false, note.code) {
                continue;
            }
            let (code, reason) = (note.code, &note.message);
            if note.warning {
                tracing::warn!(kind, namespace, name, rule, code, reason, "left as it is");
            } else {
                tracing::info!(kind, namespace, name, rule, code, reason, "left as it is");
            }
            let about = match note.code {
                "held" => Reason::Held,
                "asleep-by-hand" => Reason::LeftAsleep,
                _ => continue,
            };
            let text = format!("{}; rule {rule}", note.message);
            events.push(event(target, about, note.warning, &text, time));
        }
    }
    events
}

fn is_foreign(target: &TargetPlan) -> bool {
    target
        .refusal()
        .is_some_and(|refusal| refusal.code == Code::OtherNamespace)
}

fn event(target: &TargetPlan, reason: Reason, warning: bool, note: &str, time: Instant) -> EventNote {
    let regarding = match &target.intent {
        // It is told to those whose rule it is, not in the namespace that the rule reaches for.
        Intent::Keep(rule) if is_foreign(target) => ObjectRef::of_scope(&rule.scope),
        _ => target.object.clone(),
    };
    let regarding = regarding.unwrap_or_else(|| ObjectRef::of(&target.target));
    EventNote::new(regarding, target.uid.clone(), reason, warning, note, time)
}
