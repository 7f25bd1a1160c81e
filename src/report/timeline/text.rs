//! A timeline for people in a terminal: per target and local day, who asks for what.

use std::fmt::Write as _;

use anstyle::Style;

use super::table::{Block, blocks};
use super::wording::{ASLEEP, Asked, OWN_BOUNDS, Stretch, footnotes};
use super::{Row, Timeline, chart, range};
use crate::report::printable;
use crate::time::{Date, tzdb_version};

const TARGET: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// Footnotes break before this column.
const WIDTH: usize = 100;

/// A timeline as tables, after a chart if `with_chart`. Styled; the printer takes the styles out where nobody sees them.
pub fn text(timeline: &Timeline, with_chart: bool) -> impl Iterator<Item = String> {
    let head = format!("Timeline {}\nzone rules {}\n\n", range(timeline), tzdb_version());
    let pictures = with_chart.then(|| chart::panels(timeline).chain(["\n".to_owned()]));
    let tables = timeline.rows.iter().map(|row| table(timeline, row));
    std::iter::once(head)
        .chain(pictures.into_iter().flatten())
        .chain(tables)
        .chain(footnotes(timeline).into_iter().map(wrapped))
}

/// One line of a table before its columns are aligned.
struct Line {
    day: String,
    span: String,
    asked: Asked,
    why: String,
}

fn table(timeline: &Timeline, row: &Row) -> String {
    let blocks = blocks(row, timeline.from, timeline.until);
    let lines: Vec<Vec<Line>> = blocks.iter().map(|block| lines(row, block)).collect();
    let width = |measure: fn(&Line) -> usize| lines.iter().flatten().map(measure).max().unwrap_or_default();
    let (span, min, max) = (
        width(|line| line.span.len()),
        width(|line| bound(&line.asked, true)),
        width(|line| bound(&line.asked, false)),
    );
    let rule = &row.rule;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{TARGET}{}{TARGET:#}  rule {}, times in {}",
        printable(&rule.target.to_string()),
        printable(&rule.name),
        row.zone
    );
    for (block, lines) in blocks.iter().zip(&lines) {
        for note in block.day.change_notes() {
            let _ = writeln!(out, "  {}  * {note}", block.day.label());
        }
        for line in lines {
            let asked = match &line.asked {
                Asked::Nothing => format!("{DIM}{OWN_BOUNDS}{DIM:#}"),
                Asked::Sleep => {
                    let both = if min + max > 0 { min + max + 10 } else { 0 };
                    format!("{ASLEEP:both$}")
                }
                Asked::Bounds { min: a, max: b } => format!("min {a:min$}  max {b:max$}"),
            };
            let line = format!("  {}  {:span$}  {asked}  {}", line.day, line.span, line.why);
            let _ = writeln!(out, "{}", line.trim_end());
        }
        if let Some(last) = &block.last {
            let second = Date::from_days_since_epoch(block.day.date.days_since_epoch() + 1);
            let days = if second == last.date {
                last.label()
            } else {
                format!("{} {second} to {}", second.weekday(), last.label())
            };
            let _ = writeln!(out, "  {days}  {DIM}the same{DIM:#}");
        }
    }
    out.push('\n');
    out
}

fn lines(row: &Row, block: &Block) -> Vec<Line> {
    let line = |stretch: &Stretch| Line {
        day: block.day.label(),
        span: block.day.span(&row.zone, stretch.first.from, stretch.first.until),
        asked: stretch.asked(),
        why: stretch.why(&row.rule),
    };
    block.lines.iter().map(line).collect()
}

/// How wide a bound is.
fn bound(asked: &Asked, is_min: bool) -> usize {
    match asked {
        Asked::Bounds { min, .. } if is_min => min.len(),
        Asked::Bounds { max, .. } => max.len(),
        Asked::Nothing | Asked::Sleep => 0,
    }
}

/// Lines of words, not longer than `WIDTH`.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        if column > 0 && column + 1 + word.len() > WIDTH {
            out.push_str("\n  ");
            column = 2;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += word.len();
    }
    out.push('\n');
    out
}
