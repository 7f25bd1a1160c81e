//! A timeline at a glance, in characters: a row per target, days as columns, blocks as high as the floor.

use std::fmt::Write as _;

use super::days::{Day, days};
use super::wording::is_asleep;
use super::zones::by_zone;
use super::{Row, Timeline, range};
use crate::engine::Segment;
use crate::report::printable;
use crate::time::{Instant, tzdb_version};

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASLEEP: char = 'z';
const OWN: char = '·';
const CEILING_ONLY: char = '^';
const OUTSIDE: char = ' ';

/// A target's name is cut to fit in front of eight days.
const LABEL: usize = 20;
/// Days side by side.
const DAYS: usize = 8;
/// A longer range is broken into weeks.
const WEEK: usize = 7;
/// The weeks that are drawn; what comes later is only told.
const WEEKS: usize = 6;

/// A timeline as a chart of at most 100 columns.
pub fn chart(timeline: &Timeline) -> impl Iterator<Item = String> {
    let head = format!("Timeline {}\nzone rules {}\n\n", range(timeline), tzdb_version());
    std::iter::once(head).chain(panels(timeline))
}

/// A panel per zone and week, then the legend.
pub(super) fn panels(timeline: &Timeline) -> impl Iterator<Item = String> {
    let panels = by_zone(&timeline.rows).into_iter().flat_map(|(zone, rows)| {
        let days = days(zone, timeline.from, timeline.until);
        let length = if days.len() <= DAYS { DAYS } else { WEEK };
        let mut panels = vec![format!("{zone}\n")];
        panels.extend(days.chunks(length).take(WEEKS).map(|days| panel(&rows, days)));
        if let Some(day) = days.get(length * WEEKS).filter(|_| days.len() > DAYS) {
            panels.push(format!("(days from {} on are not drawn)\n\n", day.label()));
        }
        panels
    });
    panels.chain(std::iter::once_with(|| legend(timeline)))
}

fn panel(rows: &[&Row], days: &[Day]) -> String {
    let cells = match days.len() {
        0..=2 => 24,
        3..=5 => 12,
        _ => 8,
    };
    let first = days.first().map_or_else(String::new, |day| day.date.to_string());
    let mut out = format!("{first:LABEL$}");
    for day in days {
        let (_, _, of_month) = day.date.ymd();
        let changes = if day.changes.is_empty() { "" } else { "*" };
        let label = format!("{} {of_month}{changes}", day.date.weekday());
        let _ = write!(out, " {label:cells$}");
    }
    out.push_str("  █\n");
    for row in rows {
        let _ = writeln!(out, "{}", drawn(row, days, cells).trim_end());
    }
    for day in days {
        for note in day.change_notes() {
            let _ = writeln!(out, "* {}: {note}", day.label());
        }
    }
    out.push('\n');
    out
}

fn drawn(row: &Row, days: &[Day], cells: usize) -> String {
    let target = &row.rule.target;
    let mut out = format!(
        "{:LABEL$}",
        shortened(&format!("{}/{}", target.namespace, target.name))
    );
    let top = row.segments.iter().filter_map(floor).max().unwrap_or_default();
    let mut rest = row.segments.as_slice();
    for day in days {
        out.push(' ');
        let length = day.ends.unix() - day.begins.unix();
        let edge = |cell: usize| Instant::from_unix(day.begins.unix() + length * cell as i64 / cells as i64);
        for cell in 0..cells {
            let (from, until) = (edge(cell).max(day.from), edge(cell + 1).min(day.until));
            while let [first, later @ ..] = rest
                && first.until <= from
            {
                rest = later;
            }
            let within = rest.iter().take_while(|segment| segment.from < until);
            out.push(if from < until { glyph(within, top) } else { OUTSIDE });
        }
    }
    let _ = match top {
        0 => write!(out, "  -"),
        top => write!(out, "  {top}"),
    };
    out
}

/// The highest floor of a cell, so that no short peak is lost.
fn glyph<'a>(segments: impl Iterator<Item = &'a Segment> + Clone, top: u32) -> char {
    let highest = segments
        .clone()
        .filter(|segment| !is_asleep(segment))
        .filter_map(floor)
        .max();
    if let Some(floor) = highest {
        let level = (u64::from(floor) * 8).div_ceil(u64::from(top.max(1)));
        return BLOCKS[(level.clamp(1, 8) - 1) as usize];
    }
    if segments.clone().any(is_asleep) {
        ASLEEP
    } else if segments.into_iter().any(|segment| segment.ceiling.is_some()) {
        CEILING_ONLY
    } else {
        OWN
    }
}

fn floor(segment: &Segment) -> Option<u32> {
    segment.floor.or(segment.replicas).map(|want| want.value)
}

/// A name that is too long keeps both its ends.
fn shortened(name: &str) -> String {
    let characters: Vec<char> = printable(name).chars().collect();
    if characters.len() <= LABEL {
        return characters.into_iter().collect();
    }
    let tail = characters.len() - LABEL / 2;
    let head = characters.iter().take(LABEL - LABEL / 2 - 1);
    head.chain([&'…']).chain(&characters[tail..]).collect()
}

fn legend(timeline: &Timeline) -> String {
    if timeline.rows.is_empty() {
        return String::new();
    }
    let segments = || timeline.rows.iter().flat_map(|row| &row.segments);
    let mut parts =
        vec!["▁ to █ min, the highest in its hours; █ is the number at the end of the row".to_owned()];
    if segments().any(is_asleep) {
        parts.push(format!("{ASLEEP} asleep, 0 replicas"));
    }
    if segments().any(|segment| floor(segment).is_none() && segment.ceiling.is_some()) {
        parts.push(format!("{CEILING_ONLY} only max is set"));
    }
    if segments().any(|segment| floor(segment).is_none() && segment.ceiling.is_none()) {
        parts.push(format!("{OWN} its own bounds"));
    }
    format!("{}\n", parts.join("\n"))
}
