//! A plan for people: what changes, from what to what, why, where that is written, until when.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{Entry, Shown, count, printable};
use crate::engine::Adjusted;
use crate::plan::{Action, Because, Bounds, Intent, Outcome, TargetPlan};
use crate::time::{Instant, Zone};

const CHANGE: Style = AnsiColor::Yellow.on_default();
const RESTORE: Style = AnsiColor::Green.on_default();
const REFUSE: Style = AnsiColor::Red.on_default();
const DIM: Style = Style::new().dimmed();

/// A plan, or what came of it. Styled; the printer takes the styles out where nobody sees them.
#[must_use]
pub fn text(shown: &Shown<'_>) -> String {
    let mut out = String::new();
    let what = if shown.tried { "Applied" } else { "Plan" };
    let _ = writeln!(out, "{what} for {} on {}\n", shown.at, printable(shown.cluster));
    for entry in shown.targets {
        show(&mut out, entry, shown.unchanged);
    }
    out.push_str(&summary_line(shown));
    out
}

fn show(out: &mut String, entry: &Entry<'_>, unchanged: bool) {
    let plan = entry.plan;
    if plan.action == Action::None && plan.notes.is_empty() && entry.failure().is_none() && !unchanged {
        return;
    }
    let (sign, style) = match (&plan.action, entry.outcome) {
        (_, Some(Outcome::Failed(_))) => ('x', REFUSE),
        (Action::Change, _) => ('~', CHANGE),
        (Action::Restore, _) => ('<', RESTORE),
        (Action::Refuse(_), _) => ('!', REFUSE),
        (Action::None, _) => ('=', DIM),
    };
    let _ = writeln!(out, "{style}{sign} {}{style:#}{}", title(plan), verdict(entry));
    for line in values(plan) {
        let _ = writeln!(out, "    {line}");
    }
    if plan.refusal().is_none()
        && let Some(until) = plan.until
    {
        let _ = writeln!(out, "    {DIM}until {}{DIM:#}", when(plan, until));
    }
    if let Some(refusal) = plan.refusal() {
        let _ = writeln!(out, "    {}", printable(&refusal.message));
        let _ = writeln!(out, "    hint: {}", printable(&refusal.hint));
    }
    if let Some(failure) = entry.failure() {
        let _ = writeln!(out, "    {}", printable(&failure.message));
        if let Some(hint) = &failure.hint {
            let _ = writeln!(out, "    hint: {}", printable(hint));
        }
    }
    for note in &plan.notes {
        let word = if note.warning { "warning" } else { "note" };
        let _ = writeln!(out, "    {word}: {}", printable(&note.message));
    }
    out.push('\n');
}

/// A target, and the object that is written if that is another one.
pub(super) fn title(plan: &TargetPlan) -> String {
    let mut title = printable(&plan.target.to_string()).into_owned();
    if let Some(object) = plan
        .object
        .as_ref()
        .filter(|object| object.kind != plan.target.kind)
    {
        let _ = write!(title, " ({} {})", object.kind, printable(&object.name));
    }
    title
}

fn verdict(entry: &Entry<'_>) -> String {
    if entry.failure().is_some() {
        return " failed".to_owned();
    }
    let done = entry.outcome.is_some();
    let plan = entry.plan;
    match (&plan.action, done) {
        (Action::Change, false) => String::new(),
        (Action::Change, true) => " changed".to_owned(),
        // Nothing is put back where nothing was known, or where everything is in its place already.
        (Action::Restore, _) if plan.from == plan.to => " is let go".to_owned(),
        (Action::Restore, false) => " gets its originals back".to_owned(),
        (Action::Restore, true) => " has its originals back".to_owned(),
        (Action::None, _) => " stays as it is".to_owned(),
        (Action::Refuse(refusal), _) => format!(" is left alone: {}", refusal.code.as_str()),
    }
}

/// One aligned line per bound that is known or asked.
fn values(plan: &TargetPlan) -> Vec<String> {
    if plan.refusal().is_some() {
        return Vec::new();
    }
    let all = [
        ("minReplicas", plan.from.min_replicas, plan.to.min_replicas),
        ("maxReplicas", plan.from.max_replicas, plan.to.max_replicas),
        ("replicas", plan.from.replicas, plan.to.replicas),
    ];
    let shown: Vec<_> = all
        .iter()
        .filter(|(_, from, to)| from.is_some() || to.is_some())
        .collect();
    let text = |value: Option<u32>| value.map_or_else(|| "unset".to_owned(), |value| value.to_string());
    let moves: Vec<String> = shown
        .iter()
        .map(|(_, from, to)| {
            if from == to {
                text(*to)
            } else {
                format!("{} -> {}", text(*from), text(*to))
            }
        })
        .collect();
    let width = moves.iter().map(String::len).max().unwrap_or_default();
    shown
        .iter()
        .zip(moves)
        .map(|((name, _, _), moved)| {
            let why = plan.because.iter().find(|because| because.bound == *name);
            // What somebody else raised is not what the window wrote.
            let held = plan
                .notes
                .iter()
                .any(|note| note.code == "held" && note.message.contains(name));
            let why = why
                .map(|because| {
                    if held {
                        "held, see the note".to_owned()
                    } else {
                        reason(because)
                    }
                })
                .or_else(|| original(plan, plan.from, name))
                .unwrap_or_default();
            if why.is_empty() {
                return format!("{name:<11}  {moved}");
            }
            format!("{name:<11}  {moved:<width$}  {DIM}{why}{DIM:#}")
        })
        .collect()
}

fn reason(because: &Because) -> String {
    let mut why = match &because.window {
        Some(window) => format!(
            "window \"{}\", {}",
            printable(window),
            printable(&because.source.to_string())
        ),
        None => format!("default, {}", printable(&because.source.to_string())),
    };
    match because.adjusted {
        Some(Adjusted::ByLimits) => why.push_str(", clamped by limits"),
        Some(Adjusted::ToFloor) => why.push_str(", raised to the floor"),
        Some(Adjusted::ToCeiling) => why.push_str(", lowered to the ceiling"),
        Some(Adjusted::Ramping) => why.push_str(", moving in steps"),
        Some(Adjusted::CeilingAsScale) => why.push_str(", a ceiling without an autoscaler"),
        None => {}
    }
    why
}

/// Why a bound moves that nothing asks for.
fn original(plan: &TargetPlan, from: Bounds, name: &str) -> Option<String> {
    let has = |code: &str| plan.notes.iter().any(|note| note.code == code);
    let (moves, otherwise) = match name {
        "minReplicas" => (from.min_replicas != plan.to.min_replicas, None),
        "maxReplicas" => (
            from.max_replicas != plan.to.max_replicas,
            has("ceiling-raised").then_some("raised to the floor"),
        ),
        _ => (
            from.replicas != plan.to.replicas,
            has("wakes").then_some("awake again"),
        ),
    };
    moves.then(|| otherwise.unwrap_or("its original").to_owned())
}

/// The instant on the wall clock of the rule's zone, and in UTC.
fn when(plan: &TargetPlan, until: Instant) -> String {
    match zone(plan) {
        Some(zone) if zone.name() != "UTC" => format!("{} ({until})", zone.local(until)),
        _ => until.to_string(),
    }
}

/// Whose wall clock a target's people look at.
pub(super) fn zone(plan: &TargetPlan) -> Option<&Zone> {
    let Intent::Keep(rule) = &plan.intent else {
        return None;
    };
    let named = plan.because.iter().find_map(|because| because.window.as_deref());
    let window = rule
        .schedule
        .iter()
        .find(|window| Some(window.name.as_str()) == named);
    window.or(rule.schedule.first()).map(|window| &window.zone)
}

fn summary_line(shown: &Shown<'_>) -> String {
    let (summary, failed) = count(shown.targets);
    let restores = shown
        .targets
        .iter()
        .filter(|entry| entry.plan.action == Action::Restore && entry.failure().is_none())
        .count();
    let changes = summary.change - restores;
    let mut parts = Vec::new();
    let (change, restore) = if shown.tried {
        ("changed", "restored")
    } else {
        ("to change", "to restore")
    };
    parts.push(format!("{changes} {change}"));
    if restores > 0 {
        parts.push(format!("{restores} {restore}"));
    }
    parts.push(format!("{} unchanged", summary.unchanged));
    parts.push(format!("{} refused", summary.refused));
    if failed > 0 {
        parts.push(format!("{failed} failed"));
    }
    format!("{}.\n", parts.join(", "))
}
