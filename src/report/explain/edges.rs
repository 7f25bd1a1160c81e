//! What changes next: the coming edges, each with the windows that make it.

use super::phrase;
use super::{DAY, Explained, later, setters, zone_of};
use crate::engine::{Activity, Adjusted, Base, Considered, Segment, Setter, Want, explain, timeline};
use crate::policy::{Replicas, Rule};
use crate::time::{Instant, Zone};

/// The search for edges begins with so many seconds, goes on in ever longer ranges, and ends after so many.
const FIRST_LOOK: i64 = 2 * DAY;
const LAST_LOOK: i64 = 40 * 366 * DAY;

/// A change of what is asked. The steps of a ramp, if no other window comes between them, are one.
#[derive(Debug)]
pub(super) struct Edge {
    /// When it happens, or begins.
    pub(super) at: Instant,
    /// When it is over: `at`, but for a ramp.
    pub(super) until: Instant,
    /// How often a value changes: once, more often on a ramp, or never where it is only set by somebody else.
    pub(super) steps: usize,
    /// What is asked before.
    pub(super) from: Segment,
    /// What is asked after.
    pub(super) to: Segment,
    /// The windows that make it by opening or ending.
    pub(super) turns: Vec<Turn>,
    /// The windows that make it by their ramps, as indices into the schedule.
    pub(super) ramps: Vec<usize>,
}

/// What a window does at an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) window: usize,
    pub(super) opens: bool,
}

/// The next `count` edges after `at`.
pub(super) fn coming(rule: &Rule, at: Instant, count: usize) -> Vec<Edge> {
    let mut length = FIRST_LOOK;
    loop {
        let segments = timeline(rule, at, later(at, length));
        // One more, so that the last one is known to be over.
        let mut edges = joined(rule, &segments, count.saturating_add(1));
        if edges.len() > count || length >= LAST_LOOK {
            edges.truncate(count);
            return edges;
        }
        length = length.saturating_mul(4).min(LAST_LOOK);
    }
}

/// The edges between segments, at most so many.
fn joined(rule: &Rule, segments: &[Segment], at_most: usize) -> Vec<Edge> {
    let mut edges: Vec<Edge> = Vec::new();
    for (from, to) in segments.iter().zip(segments.iter().skip(1)) {
        let (turns, ramps) = makers(rule, from, to);
        let step = usize::from(values(from) != values(to));
        let count = edges.len();
        match edges.last_mut() {
            Some(last) if turns.is_empty() && is_ramping(&last.to) => {
                last.to = *to;
                last.until = to.from;
                last.steps += step;
                last.ramps.extend(ramps);
                last.ramps.sort_unstable();
                last.ramps.dedup();
            }
            _ if count == at_most => break,
            _ => edges.push(Edge {
                at: to.from,
                until: to.from,
                steps: step,
                from: *from,
                to: *to,
                turns,
                ramps,
            }),
        }
    }
    edges
}

fn values(segment: &Segment) -> [Option<Replicas>; 3] {
    [segment.floor, segment.ceiling, segment.replicas].map(|want| want.map(|want| want.value))
}

fn is_ramping(segment: &Segment) -> bool {
    let wants = [segment.floor, segment.ceiling, segment.replicas];
    wants
        .into_iter()
        .flatten()
        .any(|want| want.adjusted == Some(Adjusted::Ramping))
}

/// The windows that make an edge: of those that open or end at it the ones that set a bound before or after, and
/// likewise of those that ramp.
fn makers(rule: &Rule, from: &Segment, to: &Segment) -> (Vec<Turn>, Vec<usize>) {
    let unknown = Base::Autoscaler {
        floor: None,
        ceiling: None,
    };
    let before = explain(rule, &unknown, later(to.from, -1)).windows;
    let after = explain(rule, &unknown, to.from).windows;
    let (set_before, set_after) = (from.windows(), to.windows());
    let sets = |window: &usize| set_before.contains(window) || set_after.contains(window);
    let states = || before.iter().zip(&after).enumerate();
    let turned = states().filter_map(|(window, (before, after))| {
        let (was, is) = (is_open(before), is_open(after));
        (was != is).then_some(Turn { window, opens: is })
    });
    let (setting, others): (Vec<Turn>, Vec<Turn>) = turned.partition(|turn| sets(&turn.window));
    let ramps: Vec<usize> = states()
        .filter(|(window, (before, after))| sets(window) && (is_in_steps(before) || is_in_steps(after)))
        .map(|(window, _)| window)
        .collect();
    // A minimum that gives way to a maximum sets nothing, and still it is its end that lets others set something.
    let turns = if setting.is_empty() && ramps.is_empty() {
        others
    } else {
        setting
    };
    (turns, ramps)
}

fn is_open(considered: &Considered) -> bool {
    matches!(
        considered.activity,
        Activity::Open { .. } | Activity::Opening { .. }
    )
}

fn is_in_steps(considered: &Considered) -> bool {
    matches!(
        considered.activity,
        Activity::Opening { .. } | Activity::Closing { .. }
    )
}

impl Edge {
    /// The zone to tell it in.
    pub(super) fn zone(&self, rule: &Rule) -> Zone {
        let turned = self.turns.first().map(|turn| turn.window);
        let made_by = turned
            .or(self.ramps.first().copied())
            .and_then(|window| rule.schedule.get(window));
        made_by.map_or_else(|| zone_of(rule, &self.to), |window| window.zone.clone())
    }
}

/// When it changes next and to what, and what comes after: a line that says when, and one that says what.
pub(super) fn lines(explained: &Explained<'_>) -> Vec<(String, String)> {
    let first = explained.edges.first().map(|edge| edge.at);
    let edges = explained.edges.iter().map(|edge| {
        let zone = edge.zone(explained.rule);
        let mut when = phrase::instant(&zone, edge.at);
        if Some(edge.at) == first {
            let ahead = phrase::duration(edge.at.unix() - explained.at.unix());
            when.push_str(&format!(", in {ahead}"));
        }
        (format!("{when}:"), what(explained.rule, edge, &zone))
    });
    edges.collect()
}

/// `5 to 20 -> at least 2, the default: "Peak hours" ends.`
fn what(rule: &Rule, edge: &Edge, zone: &Zone) -> String {
    let (from, to) = (phrase::bounds(&edge.from), phrase::bounds(&edge.to));
    let mut said = if from == to {
        format!("still {to}")
    } else {
        format!("{from} -> {to}")
    };
    if edge.until > edge.at {
        let steps = if edge.steps == 1 { "step" } else { "steps" };
        let until = phrase::instant(zone, edge.until);
        said.push_str(&format!(", in {} {steps} until {until}", edge.steps));
    }
    if let Some(until) = unseen_ramp(rule, edge) {
        let until = phrase::instant(zone, until);
        said.push_str(&format!(", in steps until {until}"));
    }
    let turned = turned(rule, edge);
    if turned.is_empty() {
        let ramps: Vec<String> = edge.ramps.iter().map(|index| named(rule, *index)).collect();
        if !ramps.is_empty() {
            said.push_str(&format!(", by the ramp of {}", phrase::all(&ramps)));
        }
        return format!("{said}.");
    }
    // Who opens also sets something; who ends leaves it to others.
    if edge.turns.iter().all(|turn| !turn.opens)
        && let Some(by) = set_by(rule, &edge.to)
    {
        said.push_str(&format!(", by {by}"));
    }
    format!("{said}. {turned}.")
}

/// When a ramp back to the target's own bounds is over, of which rules alone cannot tell the steps.
fn unseen_ramp(rule: &Rule, edge: &Edge) -> Option<Instant> {
    let is_left = |before: Option<Want>, after: Option<Want>| before.is_some() && after.is_none();
    let is_unseen = is_left(edge.from.floor, edge.to.floor) || is_left(edge.from.ceiling, edge.to.ceiling);
    let ended = edge.turns.iter().filter(|turn| !turn.opens);
    let ramps = ended.filter_map(|turn| rule.schedule.get(turn.window).map(|window| window.ramp));
    ramps
        .max()
        .filter(|ramp| is_unseen && edge.until == edge.at && *ramp > 0)
        .map(|ramp| later(edge.at, i64::from(ramp)))
}

/// `"Peak hours" ends, "Night" opens`
fn turned(rule: &Rule, edge: &Edge) -> String {
    let said = |opens: bool, one: &str, several: &str| {
        let turns = edge.turns.iter().filter(|turn| turn.opens == opens);
        let names: Vec<String> = turns.map(|turn| named(rule, turn.window)).collect();
        let verb = if names.len() == 1 { one } else { several };
        (!names.is_empty()).then(|| format!("{} {verb}", phrase::all(&names)))
    };
    let parts = [said(false, "ends", "end"), said(true, "opens", "open")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Who sets what is asked; `None`: nothing is.
fn set_by(rule: &Rule, segment: &Segment) -> Option<String> {
    let by: Vec<String> = setters(segment)
        .into_iter()
        .map(|setter| match setter {
            Setter::Window(index) => named(rule, index),
            Setter::Default => "the default".to_owned(),
        })
        .collect();
    (!by.is_empty()).then(|| phrase::all(&by))
}

fn named(rule: &Rule, index: usize) -> String {
    rule.schedule.get(index).map(phrase::name).unwrap_or_default()
}
