//! What the rules ask over a range of time, as text, chart, JSON, Markdown, SVG and HTML: one form per file.
//!
//! Pure: every form is an iterator of strings, a piece per target, so that the longest answer is written while it is
//! made. What several forms share: `days` (the local days of a range), `table` (the lines under a day), `wording`
//! (bounds in words), `zones` (whose wall clock is shown); and of the two pictures, `drawing`, `axis`, `labels`, `style`.

mod axis;
mod chart;
mod days;
mod drawing;
mod html;
mod json;
mod labels;
mod markdown;
mod style;
mod svg;
mod table;
mod text;
mod wording;
mod zones;

use std::sync::Arc;

pub use chart::chart;
pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use svg::svg;
pub use text::text;
pub use zones::{display_zone, prevailing_zone};

use crate::engine::Segment;
use crate::policy::Rule;
use crate::time::{Instant, Zone};

/// What is shown: a range of time, and what each rule asks in it.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// The first instant of the range.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// The present: marked where it lies inside the range.
    pub at: Instant,
    /// One per rule, in the order of the rules.
    pub rows: Vec<Row>,
}

/// One target.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its rule.
    pub rule: Arc<Rule>,
    /// Whose wall clock people are shown.
    pub zone: Zone,
    /// Contiguous, covering the range of the timeline.
    pub segments: Vec<Segment>,
}

/// The range as people say it, on the wall clock of most targets.
fn range(timeline: &Timeline) -> String {
    let zone = prevailing_zone(timeline.rows.iter().map(|row| &row.zone));
    let from = zone.to_civil(timeline.from);
    format!(
        "{} {from} until {}",
        from.date.weekday(),
        zone.local(timeline.until)
    )
}

/// How many targets, from the first, have together not more than `most` segments; the first is always one of them.
fn how_many_fit(timeline: &Timeline, most: usize) -> usize {
    let mut segments = 0;
    let fitting = timeline.rows.iter().take_while(|row| {
        segments += row.segments.len();
        segments <= most
    });
    fitting.count().max(1).min(timeline.rows.len())
}
