//! A plan as a CI job posts it on a pull request.

use std::fmt::Write as _;

use super::{Shown, count, printable};
use crate::plan::{Action, Because, TargetPlan};

/// A pull request's comment holds so many rows at most; the rest is counted.
const MAX_ROWS: usize = 200;

/// A plan, or what came of it, as Markdown.
#[must_use]
pub fn markdown(shown: &Shown<'_>) -> String {
    let (summary, failed) = count(shown.targets);
    let mut out = String::new();
    let (title, done) = if shown.tried {
        ("apply", "changed")
    } else {
        ("plan", "to change")
    };
    let _ = writeln!(out, "### easyscale {title}\n");
    let _ = write!(
        out,
        "**{} {done}**, {} unchanged, {} refused",
        summary.change, summary.unchanged, summary.refused
    );
    if failed > 0 {
        let _ = write!(out, ", {failed} failed");
    }
    let _ = writeln!(out, " at {} on {}.\n", shown.at, cell(shown.cluster));
    let rows: Vec<_> = shown
        .targets
        .iter()
        .filter(|entry| entry.plan.action != Action::None || !entry.plan.notes.is_empty() || shown.unchanged)
        .collect();
    if rows.is_empty() {
        return out;
    }
    out.push_str(
        "| target | minReplicas | maxReplicas | replicas | why | until |\n|---|---|---|---|---|---|\n",
    );
    for entry in rows.iter().take(MAX_ROWS) {
        let plan = entry.plan;
        let until = plan.until.map(|until| until.to_string()).unwrap_or_default();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {until} |",
            cell(&plan.target.to_string()),
            change(plan.from.min_replicas, plan.to.min_replicas, plan),
            change(plan.from.max_replicas, plan.to.max_replicas, plan),
            change(plan.from.replicas, plan.to.replicas, plan),
            why(entry),
        );
    }
    if rows.len() > MAX_ROWS {
        let _ = writeln!(out, "\n… and {} more.", rows.len() - MAX_ROWS);
    }
    out
}

fn change(from: Option<u32>, to: Option<u32>, plan: &TargetPlan) -> String {
    let text = |value: Option<u32>| value.map_or_else(|| "unset".to_owned(), |value| value.to_string());
    match (from, to) {
        (None, None) => String::new(),
        (from, _) if plan.refusal().is_some() => text(from),
        (from, to) if from == to => text(to),
        (from, to) => format!("{} → **{}**", text(from), text(to)),
    }
}

fn why(entry: &super::Entry<'_>) -> String {
    let plan = entry.plan;
    let mut parts: Vec<String> = Vec::new();
    if let Some(refusal) = plan.refusal() {
        parts.push(format!(
            "**refused: {}** {}. {}",
            refusal.code.as_str(),
            cell(&refusal.message),
            cell(&refusal.hint)
        ));
    } else {
        let mut reasons: Vec<String> = plan.because.iter().map(reason).collect();
        reasons.dedup();
        parts.extend(reasons);
        if plan.action == Action::Restore {
            parts.push("originals back".to_owned());
        }
    }
    if let Some(failure) = entry.failure() {
        parts.push(format!(
            "**failed: {}** {}",
            failure.kind.as_str(),
            cell(&failure.message)
        ));
    }
    parts.extend(plan.notes.iter().map(|note| cell(&note.message)));
    parts.join("<br>")
}

fn reason(because: &Because) -> String {
    let source = cell(&because.source.to_string());
    match &because.window {
        Some(window) => format!("{}, {source}", cell(window)),
        None => format!("default, {source}"),
    }
}

/// Text that cannot leave its cell, nor become a link, an image or markup.
pub(super) fn cell(text: &str) -> String {
    let mut cell = String::new();
    for character in printable(text).chars() {
        match character {
            '|' | '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '<' | '>' | '&' | '@' | '#' | '!' => {
                let _ = write!(cell, "&#{};", u32::from(character));
            }
            other => cell.push(other),
        }
    }
    // Even a bare address becomes a link.
    cell.replace("://", "&#58;//").replace("www.", "www&#46;")
}
