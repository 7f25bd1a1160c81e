//! Why a rule asks what it asks at an instant: in sentences, and as JSON.
//!
//! Here is gathered what both tell. Each part of the text has a file of its own.

mod bounds;
mod clocks;
mod edges;
mod headline;
mod json;
mod phrase;
mod text;
mod windows;

pub use json::json;
pub use text::text;

use crate::engine::{
    Base, Changeover, Decision, Explanation, Hidden, Segment, Setter, Standing, clock_changes, explain,
    timeline,
};
use crate::policy::{Rule, Window};
use crate::time::{Instant, Zone};
use bounds::Bound;
use edges::Edge;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Clock changes are told so many seconds ahead at least, and those of the last day too: that is the night that
/// people ask about in the morning.
const CLOCKS_AHEAD: i64 = 8 * DAY;

/// All that is told about a rule at an instant.
#[derive(Debug)]
pub struct Explained<'a> {
    rule: &'a Rule,
    at: Instant,
    /// What is asked, as far as the rule alone says.
    now: Segment,
    /// The same and each window's part in it, for a target with an autoscaler.
    explanation: Explanation,
    edges: Vec<Edge>,
    changeovers: Vec<Changeover>,
    /// Until when clock changes are told.
    told_until: Instant,
}

impl<'a> Explained<'a> {
    /// `rule` at `at`, with the next `edges` changes, if there are as many within its lifetime.
    #[must_use]
    pub fn new(rule: &'a Rule, at: Instant, edges: usize) -> Self {
        let unknown = Base::Autoscaler {
            floor: None,
            ceiling: None,
        };
        let now = timeline(rule, at, later(at, 1)).first().copied();
        let edges = edges::coming(rule, at, edges);
        let soon = later(at, CLOCKS_AHEAD);
        let told_until = edges.last().map_or(soon, |edge| soon.max(later(edge.until, 1)));
        Self {
            rule,
            at,
            now: now.unwrap_or(Segment {
                from: at,
                until: at,
                replicas: None,
                floor: None,
                ceiling: None,
            }),
            explanation: explain(rule, &unknown, at),
            changeovers: clock_changes(rule, later(at, -DAY), told_until),
            edges,
            told_until,
        }
    }

    fn window(&self, index: usize) -> Option<&'a Window> {
        self.rule.schedule.get(index)
    }

    /// The zone to tell the instant in: of a window that sets a bound, else of the first one.
    fn zone(&self) -> Zone {
        zone_of(self.rule, &self.now)
    }

    /// The window whose ramp moves a bound from or to the target's own, so that rules alone do not know where it is.
    fn ramp_from_its_own(&self, bound: Bound) -> Option<&'a Window> {
        let hidden = Some(Standing::Hidden(Hidden::NoStep));
        let index = self.explanation.windows.iter().position(|considered| {
            let standing = bound.of_considered(considered);
            standing == hidden && bound.of_segment(&self.now).is_none()
        })?;
        self.window(index)
    }

    /// What is asked, of a target with an autoscaler and of one without.
    fn decision(&self) -> Decision {
        Decision {
            floor: self.now.floor,
            ceiling: self.now.ceiling,
            replicas: self.now.replicas,
            until: None,
        }
    }
}

/// The zone of a window that sets a bound in `segment`, else of the rule's first window.
fn zone_of(rule: &Rule, segment: &Segment) -> Zone {
    let first_set = segment.windows().first().copied().unwrap_or_default();
    rule.schedule
        .get(first_set)
        .map_or_else(Zone::utc, |window| window.zone.clone())
}

/// Whether the target is to sleep: a scale of zero, and nothing of an autoscaler.
fn is_asleep(segment: &Segment) -> bool {
    segment.floor.is_none()
        && segment.ceiling.is_none()
        && segment.replicas.is_some_and(|want| want.value == 0)
}

/// The windows that set something in `segment`, and whether `default` does.
fn setters(segment: &Segment) -> Vec<Setter> {
    let mut setters: Vec<Setter> = Vec::new();
    for want in [segment.floor, segment.ceiling, segment.replicas]
        .into_iter()
        .flatten()
    {
        if !setters.contains(&want.setter) {
            setters.push(want.setter);
        }
    }
    setters
}

fn later(at: Instant, seconds: i64) -> Instant {
    Instant::from_unix(at.unix().saturating_add(seconds))
}
