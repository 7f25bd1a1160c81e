//! What is written above the stretches of a row, and where there is room for it.

use std::collections::HashSet;

use super::axis::{LEFT, RIGHT, x};
use super::wording::{OWN_BOUNDS, Stretch, is_asleep, names};
use super::{Row, Timeline};
use crate::engine::{Segment, Want};

/// Labels stand in so many lines above each other.
const LANES: usize = 2;
/// A character, roughly, rather too wide.
pub(super) const CHARACTER: f64 = 6.1;
/// Between a label and the next.
const GAP: f64 = 8.0;

/// What stands above a stretch.
pub(super) struct Label {
    /// Where its stretch begins.
    pub(super) from: f64,
    pub(super) x: f64,
    pub(super) lane: usize,
    pub(super) says: String,
    pub(super) is_base: bool,
}

/// Each label takes the first lane that is free above its stretch: first what is said for the first time, then,
/// where there is room left, what was said before, once a day. Where there is none, the stretch stays without:
/// whoever points at it is told all the same. What holds outside of windows is told once.
pub(super) fn labels(timeline: &Timeline, row: &Row) -> Vec<Label> {
    let mut said = HashSet::new();
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for stretch in stretches(row) {
        let (from, until) = (x(timeline, stretch.first.from), x(timeline, stretch.first.until));
        let named = label(row, &stretch);
        let is_base = named.is_none();
        let says = named.unwrap_or_else(|| base_label(&stretch.first));
        let label = Label {
            from,
            x: from.min(RIGHT - width(&says)).max(LEFT),
            lane: 0,
            says,
            is_base,
        };
        let day = row.zone.to_civil(stretch.first.from).date;
        if !is_base && said.insert((label.says.clone(), None)) {
            said.insert((label.says.clone(), Some(day)));
            first.push((label, until));
        } else if said.insert((label.says.clone(), Some(day))) {
            again.push((label, until));
        }
    }
    let mut labels: Vec<Label> = Vec::new();
    for (mut label, until) in first.into_iter().chain(again) {
        let (from, to) = (label.x, label.x + width(&label.says));
        if label.is_base && (to > until || labels.iter().any(|other| other.says == label.says)) {
            continue;
        }
        let is_free = |lane: &usize| {
            let others = labels.iter().filter(|other| other.lane == *lane);
            others
                .into_iter()
                .all(|other| to + GAP <= other.x || other.x + width(&other.says) + GAP <= from)
        };
        if let Some(lane) = (0..LANES).find(is_free) {
            label.lane = lane;
            labels.push(label);
        }
    }
    labels
}

/// The segments of a row, those of one ramp together.
pub(super) fn stretches(row: &Row) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for segment in &row.segments {
        let taken = stretches.last_mut().is_some_and(|stretch| stretch.takes(segment));
        if !taken {
            stretches.push(Stretch::of(*segment));
        }
    }
    stretches
}

/// The windows of a stretch and what they ask, shortly; `None`: no window sets anything.
fn label(row: &Row, stretch: &Stretch) -> Option<String> {
    let names = names(&row.rule, &stretch.last);
    let (first, last) = (bounds(&stretch.first), bounds(&stretch.last));
    let asks = if first == last {
        first
    } else {
        format!("{first} → {last}")
    };
    (!names.is_empty()).then(|| format!("{} {asks}", names.join(" + ")))
}

fn base_label(segment: &Segment) -> String {
    match bounds(segment).as_str() {
        "" => OWN_BOUNDS.to_owned(),
        bounds => format!("default {bounds}"),
    }
}

fn bounds(segment: &Segment) -> String {
    let value = |want: Option<Want>| want.map(|want| want.value);
    match (value(segment.floor), value(segment.ceiling)) {
        _ if is_asleep(segment) => "asleep".to_owned(),
        (Some(floor), Some(ceiling)) if floor == ceiling => floor.to_string(),
        (Some(floor), Some(ceiling)) => format!("{floor}–{ceiling}"),
        (Some(floor), None) => format!("≥ {floor}"),
        (None, Some(ceiling)) => format!("≤ {ceiling}"),
        (None, None) => String::new(),
    }
}

/// How wide a text is.
pub(super) fn width(label: &str) -> f64 {
    // Characters of East Asian scripts are as wide as two of ours.
    let widths = label
        .chars()
        .map(|character| if character < '\u{1100}' { 1.0 } else { 2.0 });
    widths.sum::<f64>() * CHARACTER
}
