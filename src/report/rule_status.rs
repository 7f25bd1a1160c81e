//! The status of a custom resource: what `kubectl get scalingrules` and `kubectl describe` show of a rule.
//!
//! It is derived anew from the plan each time, and says nothing that changes while nothing happens; so writing it only
//! when it differs costs at most one request per rule and change.

use serde_json::{Map, Value, json};

use crate::plan::{Bounds, Failure, TargetPlan};
use crate::policy::{Problem, Severity, Target};
use crate::time::Instant;

/// Longer messages are cut.
const LONGEST_MESSAGE: usize = 1024;
/// Longer lists of windows are cut where they are one text.
const LONGEST_ACTIVE: usize = 256;
/// A longer name of a target is cut.
const LONGEST_TARGET: usize = 330;
/// So many windows are listed.
const LISTED: usize = 64;

/// Whether a rule is used as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// It is.
    Accepted,
    /// It has mistakes; where it had none before, that is still in force.
    Invalid(String),
}

/// How far the write of a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// It has not begun.
    Waiting,
    /// All of it was written.
    Written,
    /// It did not succeed, for this reason.
    Failed(&'a str),
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    is_applied: Option<bool>,
    reason: &'static str,
    message: String,
    target: String,
    windows: Vec<String>,
    bounds: Option<Bounds>,
    originals: Bounds,
    next_change: Option<Instant>,
}

impl Acceptance {
    /// What is told of these problems.
    #[must_use]
    pub fn of(problems: &[Problem]) -> Self {
        let mut errors = problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error);
        let Some(first) = errors.next() else {
            return Self::Accepted;
        };
        let place = first
            .source()
            .map(|source| format!("{source}: "))
            .unwrap_or_default();
        let hint = first
            .hint
            .as_ref()
            .map(|hint| format!("; {hint}"))
            .unwrap_or_default();
        let more = match errors.count() {
            0 => String::new(),
            1 => " (and 1 more mistake)".to_owned(),
            more => format!(" (and {more} more mistakes)"),
        };
        Self::Invalid(format!("{place}{}{hint}{more}", first.message))
    }
}

impl Standing {
    /// What is to be told of a plan whose write is as far as `progress` says.
    #[must_use]
    pub fn of(plan: &TargetPlan, progress: Progress<'_>) -> Self {
        let note = |code: &str| plan.notes.iter().find(|note| note.code == code);
        let (is_applied, reason, message) = if let Some(refusal) = plan.refusal() {
            let message = format!("{}; {}", refusal.message, refusal.hint);
            (Some(false), "Refused", message)
        } else if let (Progress::Failed(failure), true) = (progress, plan.changes()) {
            (Some(false), "Failed", failure.to_owned())
        } else if let Some(paused) = note("paused") {
            (Some(false), "Paused", paused.message.clone())
        } else if let Some(held) = note("held") {
            (Some(false), "Held", held.message.clone())
        } else if plan.waits.is_some() || (plan.changes() && progress != Progress::Written) {
            let waiting = note("paced").or_else(|| note("cooldown"));
            let message = waiting.map_or("about to be written", |note| note.message.as_str());
            (None, "Pending", message.to_owned())
        } else {
            (
                Some(true),
                "InForce",
                "the bounds are as the rule asks".to_owned(),
            )
        };
        let mut windows: Vec<String> = Vec::new();
        for window in plan.because.iter().filter_map(|because| because.window.as_ref()) {
            if !windows.contains(window) {
                windows.push(window.clone());
            }
        }
        windows.truncate(LISTED);
        Self {
            is_applied,
            reason,
            message,
            target: plan.target.to_string(),
            windows,
            bounds: plan.refusal().is_none().then_some(plan.to),
            originals: plan.originals,
            next_change: plan.until,
        }
    }

    /// What is to be told of a rule whose target cannot be seen.
    #[must_use]
    pub fn unseen(target: &Target, failure: &Failure) -> Self {
        let hint = failure.hint.as_ref().map(|hint| format!("; {hint}"));
        Self {
            is_applied: Some(false),
            reason: "Failed",
            message: format!(
                "its target cannot be seen: {}{}",
                failure.message,
                hint.unwrap_or_default()
            ),
            target: target.to_string(),
            windows: Vec::new(),
            bounds: None,
            originals: Bounds::default(),
            next_change: None,
        }
    }
}

/// The status to be, where it stands at `before`: a condition keeps the instant at which it last changed.
#[must_use]
pub fn status(
    acceptance: &Acceptance,
    standing: Option<&Standing>,
    generation: i64,
    before: &Value,
    now: Instant,
) -> Value {
    let condition = |kind: &str, is: Option<bool>, reason: &str, message: &str| {
        let status = match is {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        };
        let known = before["conditions"].as_array().and_then(|conditions| {
            conditions
                .iter()
                .find(|known| known["type"] == kind && known["status"] == status)
        });
        let since = known.and_then(|known| known["lastTransitionTime"].as_str());
        json!({
            "type": kind,
            "status": status,
            "reason": reason,
            "message": cut(message, LONGEST_MESSAGE),
            "lastTransitionTime": since.map_or_else(|| now.to_string(), str::to_owned),
            "observedGeneration": generation,
        })
    };
    let (is_accepted, reason, message) = match acceptance {
        Acceptance::Accepted => (true, "Accepted", "the rule is understood"),
        Acceptance::Invalid(why) => (false, "Invalid", why.as_str()),
    };
    let accepted = condition("Accepted", Some(is_accepted), reason, message);
    let applied = match standing {
        Some(standing) => condition("Applied", standing.is_applied, standing.reason, &standing.message),
        None if is_accepted => condition("Applied", None, "Pending", "not looked at yet"),
        None => condition(
            "Applied",
            Some(false),
            "NotAccepted",
            "the rule has mistakes, and nothing of it is in force",
        ),
    };
    let mut status = Map::new();
    status.insert("observedGeneration".to_owned(), generation.into());
    status.insert("conditions".to_owned(), json!([accepted, applied]));
    if let Some(standing) = standing {
        status.insert("target".to_owned(), cut(&standing.target, LONGEST_TARGET).into());
        status.insert("activeWindows".to_owned(), standing.windows.clone().into());
        // A column of kubectl shows a text better than a list.
        let active = cut(&standing.windows.join(", "), LONGEST_ACTIVE);
        status.insert("active".to_owned(), active.into());
        if let Some(bounds) = bounds(standing.bounds.unwrap_or_default()) {
            status.insert("bounds".to_owned(), bounds);
        }
        if let Some(originals) = bounds(standing.originals) {
            status.insert("originals".to_owned(), originals);
        }
        if let Some(next) = standing.next_change {
            status.insert("nextChange".to_owned(), next.to_string().into());
        }
    }
    Value::Object(status)
}

/// What has to be sent so that `before` becomes `after`, as a merge patch; `None`: nothing.
#[must_use]
pub fn difference(before: &Value, after: &Value) -> Option<Value> {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return (before != after).then(|| after.clone());
    };
    let mut patch = Map::new();
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in new {
        if let Some(part) = difference(old.get(key).unwrap_or(&Value::Null), value) {
            patch.insert(key.clone(), part);
        }
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}

fn bounds(bounds: Bounds) -> Option<Value> {
    let values = [
        ("replicas", bounds.replicas),
        ("minReplicas", bounds.min_replicas),
        ("maxReplicas", bounds.max_replicas),
    ];
    let said: Map<String, Value> = values
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?.into())))
        .collect();
    (!said.is_empty()).then_some(Value::Object(said))
}

/// A text of at most so many characters.
fn cut(text: &str, longest: usize) -> String {
    if text.chars().nth(longest).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest - 1).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn a_condition_keeps_its_time_until_it_changes() {
        let noon = at("2026-11-27T12:00:00Z");
        let first = status(&Acceptance::Accepted, None, 1, &Value::Null, noon);
        let later = status(&Acceptance::Accepted, None, 1, &first, at("2026-11-27T13:00:00Z"));
        assert_eq!(difference(&first, &later), None);
        let wrong = Acceptance::Invalid("no".to_owned());
        let wrong = status(&wrong, None, 2, &first, at("2026-11-27T13:00:00Z"));
        assert_eq!(
            wrong["conditions"][0]["lastTransitionTime"],
            "2026-11-27T13:00:00Z"
        );
        assert_eq!(wrong["conditions"][1]["status"], "False");
    }

    #[test]
    fn what_is_no_longer_said_is_taken_away() {
        let before =
            json!({"bounds": {"minReplicas": 5, "maxReplicas": 20}, "nextChange": "x", "more": {"a": 1}});
        let after = json!({"bounds": {"minReplicas": 2}});
        let patch = difference(&before, &after).unwrap();
        assert_eq!(
            patch,
            json!({"bounds": {"minReplicas": 2, "maxReplicas": null}, "nextChange": null, "more": null})
        );
        assert_eq!(difference(&after, &after), None);
        assert_eq!(difference(&Value::Null, &after), Some(after));
    }

    #[test]
    fn a_message_is_bounded() {
        assert_eq!(cut(&"é".repeat(5000), 1024).chars().count(), 1024);
        assert_eq!(cut("short", 5), "short");
    }
}
