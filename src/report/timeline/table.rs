//! What a target is asked, day by day as people read it: cut at local midnight, days that look alike folded.

use super::Row;
use super::days::{Day, days};
use super::wording::Stretch;
use crate::engine::Segment;
use crate::time::Instant;

/// A local day, or several in a row that look alike.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) day: Day,
    pub(super) lines: Vec<Stretch>,
    /// The last of the days that look alike; `None`: it is only this day.
    pub(super) last: Option<Day>,
}

impl Block {
    /// `Tue 2026-11-24`, or `Tue 2026-11-24 to Fri 2026-11-27`.
    pub(super) fn label(&self) -> String {
        match &self.last {
            None => self.day.label(),
            Some(last) => format!("{} to {}", self.day.label(), last.label()),
        }
    }

    fn looks_like(&self, row: &Row, day: &Day, lines: &[Stretch]) -> bool {
        let plain = |day: &Day| day.is_whole() && day.changes.is_empty();
        let spans = |day: &Day, stretch: &Stretch| {
            let Segment { from, until, .. } = stretch.first;
            day.span(&row.zone, from, until)
        };
        plain(&self.day)
            && plain(day)
            && self.lines.len() == lines.len()
            && self
                .lines
                .iter()
                .zip(lines)
                .all(|(one, other)| one.asks_the_same(other) && spans(&self.day, one) == spans(day, other))
    }
}

/// The blocks of a target, in order.
pub(super) fn blocks(row: &Row, from: Instant, until: Instant) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut rest = row.segments.as_slice();
    for day in days(&row.zone, from, until) {
        let lines = stretches(&day, &mut rest);
        match blocks.last_mut() {
            Some(block) if block.looks_like(row, &day, &lines) => block.last = Some(day),
            _ => blocks.push(Block {
                day,
                lines,
                last: None,
            }),
        }
    }
    blocks
}

/// The stretches of a day; what ends with it is taken off `rest`.
fn stretches(day: &Day, rest: &mut &[Segment]) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    while let [segment, later @ ..] = *rest {
        if segment.from >= day.until {
            break;
        }
        let cut = Segment {
            from: segment.from.max(day.from),
            until: segment.until.min(day.until),
            ..*segment
        };
        let taken = stretches.last_mut().is_some_and(|stretch| stretch.takes(&cut));
        if !taken {
            stretches.push(Stretch::of(cut));
        }
        if segment.until > day.until {
            break;
        }
        *rest = later;
    }
    stretches
}
