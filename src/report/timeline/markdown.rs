//! A timeline as a CI job posts it on a pull request: a table per target.

use std::fmt::Write as _;

use super::table::blocks;
use super::wording::{ASLEEP, Asked, OWN, footnotes};
use super::{Row, Timeline, range};
use crate::report::markdown::cell;
use crate::time::tzdb_version;

/// A pull request's comment holds so many rows at most; the rest is counted.
const MAX_ROWS: usize = 300;

/// A timeline as Markdown.
pub fn markdown(timeline: &Timeline) -> impl Iterator<Item = String> {
    let head = format!(
        "### easyscale timeline\n\n{}, zone rules {}.\n",
        cell(&range(timeline)),
        cell(tzdb_version())
    );
    let mut room = MAX_ROWS;
    let mut rows = timeline.rows.iter();
    let tables = std::iter::from_fn(move || {
        let row = rows.next()?;
        if room == 0 {
            let left_out = rows.len() + 1;
            rows = [].iter();
            return Some(format!(
                "\n… and {left_out} more targets: choose some with `--rule` or `--target`.\n"
            ));
        }
        Some(table(timeline, row, &mut room))
    });
    std::iter::once(head)
        .chain(tables)
        .chain(footnotes(timeline).into_iter().map(|note| format!("\n{note}\n")))
}

fn table(timeline: &Timeline, row: &Row, room: &mut usize) -> String {
    let rule = &row.rule;
    let mut out = format!(
        "\n#### {}\n\nRule {}, times in {}.\n\n| day | time | min | max | why |\n|---|---|---|---|---|\n",
        cell(&rule.target.to_string()),
        cell(&rule.name),
        cell(row.zone.name())
    );
    let mut left_out = 0;
    for block in blocks(row, timeline.from, timeline.until) {
        let notes: Vec<String> = block.day.change_notes().map(|note| cell(&note)).collect();
        for (index, stretch) in block.lines.iter().enumerate() {
            if *room == 0 {
                left_out += 1;
                continue;
            }
            *room -= 1;
            let day = match (index, notes.as_slice()) {
                (0, []) => block.label(),
                (0, notes) => format!("{} ({})", block.label(), notes.join("; ")),
                _ => String::new(),
            };
            let (min, max) = match stretch.asked() {
                Asked::Nothing => (OWN.to_owned(), OWN.to_owned()),
                Asked::Sleep => (ASLEEP.to_owned(), String::new()),
                Asked::Bounds { min, max } => (min.replace("->", "→"), max.replace("->", "→")),
            };
            let span = block.day.span(&row.zone, stretch.first.from, stretch.first.until);
            let why = cell(&stretch.why(rule));
            let _ = writeln!(out, "| {day} | {span} | {min} | {max} | {why} |");
        }
    }
    if left_out > 0 {
        let _ = writeln!(out, "\n… and {left_out} more lines: choose a shorter range.");
    }
    out
}
