//! The merged layers as a policy file whose comments say where each value is from, and differences for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::difference::{Difference, Move};
use super::value;
use crate::plan::TargetPlan;
use crate::policy::{Config, Content, Entry, Place};
use crate::report::printable;

const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();

/// Comments stand in one column as far as the values let them.
const COLUMN: usize = 48;

/// As one policy file. Loaded again, it means the same, so it has no styles.
#[must_use]
pub fn text(config: &Config) -> String {
    let mut out = String::new();
    block(&config.0, 0, &mut out);
    out
}

fn block(entries: &[Entry], depth: usize, out: &mut String) {
    for entry in entries {
        let line = format!("{:1$}{2}:", "", depth * 2, value::key(&entry.key));
        match &entry.content {
            Content::Map(entries) if !entries.is_empty() => {
                let _ = writeln!(out, "{line}");
                block(entries, depth + 1, out);
            }
            content => {
                let line = format!("{line} {}", value::flow(content));
                let place = printable(&entry.place.to_string()).into_owned();
                let _ = writeln!(out, "{line:<COLUMN$} # {place}");
            }
        }
    }
}

/// What differs, rule by rule, and what that does to the plan.
#[must_use]
pub fn difference_text(difference: &Difference<'_>) -> String {
    let mut out = String::new();
    if difference.values.is_empty() {
        out.push_str("The layers say the same.\n");
    }
    let mut last = None;
    let width = |of: fn(&Move<'_>) -> String| {
        let widths = difference.values.iter().map(|change| of(change).chars().count());
        widths.max().unwrap_or_default().min(COLUMN)
    };
    let (names, values) = (width(below), width(what));
    for change in &difference.values {
        let (about, _) = split(change);
        if last.replace(about) != Some(about) {
            let _ = writeln!(
                out,
                "{}{}",
                if out.is_empty() { "" } else { "\n" },
                about
                    .iter()
                    .map(|key| printable(key))
                    .collect::<Vec<_>>()
                    .join(" ")
            );
        }
        let (sign, style) = sign(change);
        let name = below(change);
        let _ = writeln!(
            out,
            "  {style}{sign} {name:<names$}  {:<values$}{style:#}  {DIM}{}{DIM:#}",
            what(change),
            places(change)
        );
    }
    if let Some(targets) = &difference.targets {
        out.push('\n');
        match targets.len() {
            0 => out.push_str("The plan stays the same.\n"),
            1 => out.push_str("The plan comes out otherwise for 1 target:\n"),
            many => {
                let _ = writeln!(out, "The plan comes out otherwise for {many} targets:");
            }
        }
        for (old, new) in targets {
            let _ = writeln!(out, "  {}", title(*old, *new));
            for line in outcomes(*old, *new) {
                let _ = writeln!(out, "    {line}");
            }
        }
    }
    out
}

/// The same for a comment on a pull request.
#[must_use]
pub fn difference_markdown(difference: &Difference<'_>) -> String {
    let code = |text: &str| format!("`{}`", printable(text).replace('`', "'").replace('|', "\\|"));
    let mut out = String::new();
    if difference.values.is_empty() {
        out.push_str("The layers say the same.\n");
    } else {
        out.push_str("| | value | was | is | where |\n| --- | --- | --- | --- | --- |\n");
    }
    let side = |side: Option<(&Content, &Place)>| {
        side.map_or_else(String::new, |(content, _)| code(&value::flow(content)))
    };
    for change in &difference.values {
        let (about, _) = split(change);
        let path = format!("{} {}", about.join(" "), below(change));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            sign(change).0,
            code(path.trim_end()),
            side(change.from),
            side(change.to),
            code(&places(change))
        );
    }
    if let Some(targets) = &difference.targets {
        out.push('\n');
        if targets.is_empty() {
            out.push_str("The plan stays the same.\n");
        } else {
            out.push_str("| target | plan |\n| --- | --- |\n");
        }
        for (old, new) in targets {
            let lines = outcomes(*old, *new).join("<br>").replace('|', "\\|");
            let _ = writeln!(out, "| {} | {lines} |", code(&title(*old, *new)));
        }
    }
    out
}

/// `rules checkout`, and the keys below it.
fn split<'m>(change: &'m Move<'_>) -> (&'m [&'m str], &'m [&'m str]) {
    let about = match change.path.first() {
        Some(&"rules" | &"calendars" | &"limits") => 2,
        _ => 1,
    };
    change.path.split_at(about.min(change.path.len()))
}

fn below(change: &Move<'_>) -> String {
    let keys: Vec<String> = split(change).1.iter().map(|key| value::key(key)).collect();
    keys.join(".")
}

fn sign(change: &Move<'_>) -> (char, Style) {
    match (change.from, change.to) {
        (None, _) => ('+', ADDED),
        (_, None) => ('-', REMOVED),
        _ => ('~', CHANGED),
    }
}

fn what(change: &Move<'_>) -> String {
    let sides = [change.from, change.to];
    let sides = sides
        .into_iter()
        .flatten()
        .map(|(content, _)| value::flow(content));
    printable(&sides.collect::<Vec<_>>().join(" -> ")).into_owned()
}

fn places(change: &Move<'_>) -> String {
    let sides = [change.from, change.to];
    let sides = sides.into_iter().flatten().map(|(_, place)| place.to_string());
    printable(&sides.collect::<Vec<_>>().join(" -> ")).into_owned()
}

fn title(old: Option<&TargetPlan>, new: Option<&TargetPlan>) -> String {
    let target = new.or(old).map(|plan| plan.target.to_string());
    printable(&target.unwrap_or_default()).into_owned()
}

/// One line per bound that comes out otherwise, or what else does.
fn outcomes(old: Option<&TargetPlan>, new: Option<&TargetPlan>) -> Vec<String> {
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (Some(_), None) => {
            return vec!["no rule names it any more: `apply --prune` puts its originals back".to_owned()];
        }
        (None, Some(new)) => {
            let asked = bounds(new)
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            let mut lines: Vec<String> = asked
                .map(|(name, value)| format!("{name:<11}  {value}"))
                .collect();
            lines.insert(0, "new".to_owned());
            lines.extend(refusal(new));
            return lines;
        }
        (None, None) => return Vec::new(),
    };
    let text = |value: Option<u32>| value.map_or_else(|| "unset".to_owned(), |value| value.to_string());
    let mut lines: Vec<String> = bounds(old)
        .into_iter()
        .zip(bounds(new))
        .filter(|((_, old), (_, new))| old != new)
        .map(|((name, old), (_, new))| format!("{name:<11}  {} -> {}", text(old), text(new)))
        .collect();
    if old.refusal().map(|refusal| refusal.code.as_str())
        != new.refusal().map(|refusal| refusal.code.as_str())
    {
        match refusal(new) {
            Some(refused) => lines.push(refused),
            None => lines.push("is no longer refused".to_owned()),
        }
    }
    if old.until != new.until {
        let until = |plan: &TargetPlan| {
            plan.until
                .map_or_else(|| "for ever".to_owned(), |until| until.to_string())
        };
        lines.push(format!("{:<11}  {} -> {}", "until", until(old), until(new)));
    }
    lines
}

fn refusal(plan: &TargetPlan) -> Option<String> {
    let refusal = plan.refusal()?;
    Some(format!("is refused: {}", printable(&refusal.message)))
}

fn bounds(plan: &TargetPlan) -> [(&'static str, Option<u32>); 3] {
    [
        ("minReplicas", plan.to.min_replicas),
        ("maxReplicas", plan.to.max_replicas),
        ("replicas", plan.to.replicas),
    ]
}
