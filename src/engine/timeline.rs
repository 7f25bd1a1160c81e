//! (rule, range) -> [`Segment`]s: what the rule alone asks, over a range of time.

use super::{Base, Decision, Setter, Want, decide};
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
        let mut windows: Vec<usize> = wants
            .filter_map(|want| match want.setter {
                Setter::Window(index) => Some(index),
                Setter::Default => None,
            })
            .collect();
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
    let unknown = Base::Autoscaler {
        floor: None,
        ceiling: None,
    };
    let mut segments: Vec<Segment> = Vec::new();
    let mut at = from;
    while at < until {
        let alone = decide(rule, &Base::Scale(None), at);
        let autoscaled = decide(rule, &unknown, at);
        let next = earlier(alone, autoscaled).map_or(until, |next| next.min(until));
        let segment = Segment {
            from: at,
            until: next,
            replicas: alone.replicas,
            floor: autoscaled.floor,
            ceiling: autoscaled.ceiling,
        };
        match segments.last_mut() {
            Some(last) if last.asks_the_same(&segment) => last.until = next,
            _ => segments.push(segment),
        }
        at = next;
    }
    segments
}

fn earlier(one: Decision, other: Decision) -> Option<Instant> {
    [one.until, other.until].into_iter().flatten().min()
}
