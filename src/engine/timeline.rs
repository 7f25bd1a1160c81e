//! (rule, range) -> [`Segment`]s: what the rule alone asks, over a range of time.

use super::activity::IDLE;
use super::walk::Walk;
use super::{Base, Want};
use crate::policy::Rule;
use crate::time::Instant;

/// A stretch of time in which a rule asks the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Its first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// What a target without autoscaler would get; `None`: nothing is asked, or it depends on the original.
    pub replicas: Option<Want>,
    /// The floor that an autoscaler would get; `None`: nothing is asked, or it depends on the original.
    pub floor: Option<Want>,
    /// The ceiling that an autoscaler would get; `None` as for the floor.
    pub ceiling: Option<Want>,
}

impl Segment {
    /// The windows that set a bound in it, as indices into the schedule: ascending, each once.
    #[must_use]
    pub fn windows(&self) -> Vec<usize> {
        let wants = [self.replicas, self.floor, self.ceiling].into_iter().flatten();
        let mut windows: Vec<usize> = wants.filter_map(Want::window).collect();
        windows.sort_unstable();
        windows.dedup();
        windows
    }

    fn asks_the_same(&self, other: &Self) -> bool {
        (self.replicas, self.floor, self.ceiling) == (other.replicas, other.floor, other.ceiling)
    }
}

/// What `rule` asks over `[from, until)` as far as it alone says: contiguous half-open segments, neighbours differ.
/// Empty if `until` is not after `from`.
#[must_use]
pub fn timeline(rule: &Rule, from: Instant, until: Instant) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    if until <= from {
        return segments;
    }
    let mut room = vec![IDLE; rule.schedule.len()];
    let mut walk = Walk::start(rule, &mut room, from);
    let mut at = from;
    loop {
        let alone = walk.stop(Base::Scale(None));
        let autoscaled = walk.stop(Base::Autoscaler {
            floor: None,
            ceiling: None,
        });
        let edges = [walk.next_edge(alone), walk.next_edge(autoscaled)];
        let edge = edges.into_iter().flatten().min().filter(|edge| *edge < until);
        let segment = Segment {
            from: at,
            until: edge.unwrap_or(until),
            replicas: alone.decision.replicas,
            floor: autoscaled.decision.floor,
            ceiling: autoscaled.decision.ceiling,
        };
        match segments.last_mut() {
            Some(last) if last.asks_the_same(&segment) => last.until = segment.until,
            _ => segments.push(segment),
        }
        let Some(edge) = edge else { return segments };
        walk.go_on_to(edge);
        at = edge;
    }
}
