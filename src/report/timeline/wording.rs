//! What a stretch of time asks, in words.

use std::fmt::Write as _;

use super::Timeline;
use crate::engine::{Adjusted, Segment, Setter, Want};
use crate::policy::Rule;
use crate::report::printable;

/// What nobody sets.
pub(super) const OWN: &str = "its own";
/// What nobody sets, of both bounds.
pub(super) const OWN_BOUNDS: &str = "its own bounds";
/// `replicas: 0`.
pub(super) const ASLEEP: &str = "asleep, 0 replicas";

/// For somebody who knows no Kubernetes.
const MIN_AND_MAX: &str = "min and max: at least min and at most max copies (replicas) of the service run; in between \
     the autoscaler decides by load. A service without an autoscaler gets min.";
/// What it means that the rules alone do not know a bound.
const WHAT_OWN_MEANS: &str = "its own: the rule does not set this then, so the service keeps what it has without \
     easyscale. That is in the cluster, not in these files: `easyscale plan` shows it.";

/// What a reader may not know, in sentences.
pub(super) fn footnotes(timeline: &Timeline) -> Vec<&'static str> {
    let mut segments = timeline.rows.iter().flat_map(|row| &row.segments);
    let is_own =
        |segment: &Segment| !is_asleep(segment) && (segment.floor.is_none() || segment.ceiling.is_none());
    if segments.any(is_own) {
        vec![MIN_AND_MAX, WHAT_OWN_MEANS]
    } else {
        vec![MIN_AND_MAX]
    }
}

/// Segments of one ramp count as one stretch, all others each as one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// What it asks first; its `from` and `until` are those of the whole stretch.
    pub(super) first: Segment,
    /// What it asks at its end.
    pub(super) last: Segment,
    /// How many values it goes through.
    pub(super) steps: usize,
}

/// What a stretch asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// Nothing.
    Nothing,
    /// Zero.
    Sleep,
    /// These bounds, `its own` where it asks none.
    Bounds { min: String, max: String },
}

impl Stretch {
    pub(super) fn of(segment: Segment) -> Self {
        Self {
            first: segment,
            last: segment,
            steps: 1,
        }
    }

    /// Takes in the next segment, if it is a step of the same ramp.
    pub(super) fn takes(&mut self, next: &Segment) -> bool {
        let is_step = is_step(&self.last, next);
        if is_step {
            self.first.until = next.until;
            self.last = *next;
            self.steps += 1;
        }
        is_step
    }

    /// Whether both ask the same, whenever that is.
    pub(super) fn asks_the_same(&self, other: &Self) -> bool {
        wants(&self.first) == wants(&other.first)
            && wants(&self.last) == wants(&other.last)
            && self.steps == other.steps
    }

    pub(super) fn asked(&self) -> Asked {
        if is_asleep(&self.first) {
            return Asked::Sleep;
        }
        let (first, last) = (wants(&self.first), wants(&self.last));
        if first == [None; 3] {
            return Asked::Nothing;
        }
        let moved = |at: usize| match (value(first[at]), value(last[at])) {
            (None, None) => OWN.to_owned(),
            (Some(first), Some(last)) if first != last => format!("{first} -> {last}"),
            (Some(value), _) | (None, Some(value)) => value.to_string(),
        };
        // A target without autoscaler may get another number than the floor, or get one where there is no floor.
        let mut min = moved(1);
        if value(first[0]) != value(first[1]) && value(first[0]).is_some() {
            let _ = write!(min, " (without autoscaler: {})", moved(0));
        }
        Asked::Bounds { min, max: moved(2) }
    }

    /// Who asks, and what became of it: `Peak hours, clamped by limits`. Empty if nobody does.
    pub(super) fn why(&self, rule: &Rule) -> String {
        let mut parts = names(rule, &self.first);
        for name in names(rule, &self.last) {
            if !parts.contains(&name) {
                parts.push(name);
            }
        }
        let has_default = |segment: &Segment| {
            let mut wants = wants(segment).into_iter().flatten();
            wants.any(|want| want.setter == Setter::Default)
        };
        if has_default(&self.first) && has_default(&self.last) {
            parts.push("default".to_owned());
        }
        for want in wants(&self.first).iter().flatten() {
            if let Some(how) = want.adjusted.and_then(adjusted)
                && !parts.iter().any(|part| part == how)
            {
                parts.push(how.to_owned());
            }
        }
        if self.steps > 1 {
            parts.push(format!("in {} steps", self.steps));
        }
        parts.join(", ")
    }

    /// In one line: `min 5, max 20, Peak hours`.
    pub(super) fn line(&self, rule: &Rule) -> String {
        let asked = match self.asked() {
            Asked::Nothing => OWN_BOUNDS.to_owned(),
            Asked::Sleep => ASLEEP.to_owned(),
            Asked::Bounds { min, max } => format!("min {min}, max {max}"),
        };
        match self.why(rule) {
            why if why.is_empty() => asked,
            why => format!("{asked}, {why}"),
        }
    }
}

/// The windows that set a bound, harmless to show.
pub(super) fn names(rule: &Rule, segment: &Segment) -> Vec<String> {
    let windows = segment.windows();
    let named = windows.iter().filter_map(|index| rule.schedule.get(*index));
    named.map(|window| printable(&window.name).into_owned()).collect()
}

/// Whether the target is asked to go to zero.
pub(super) fn is_asleep(segment: &Segment) -> bool {
    // A `minReplicas: 0` is no sleep: it has a floor.
    value(segment.replicas) == Some(0) && segment.floor.is_none() && segment.ceiling.is_none()
}

fn wants(segment: &Segment) -> [Option<Want>; 3] {
    [segment.replicas, segment.floor, segment.ceiling]
}

/// Whether both are steps of one ramp, and nobody else comes or goes between them. A bound on which the ramp makes its
/// first step, or made its last, is the ramp's.
fn is_step(one: &Segment, next: &Segment) -> bool {
    let ramp = ramp(one);
    ramp.is_some()
        && ramp == self::ramp(next)
        && wants(one).iter().zip(wants(next)).all(|(one, next)| {
            let setter = |want: &Option<Want>| want.map(|want| want.setter);
            setter(one) == setter(&next) || [*one, next].into_iter().flatten().any(is_ramping)
        })
}

/// The window that moves bounds in steps; `None`: none does, or several do.
fn ramp(segment: &Segment) -> Option<Setter> {
    let mut ramping = wants(segment)
        .into_iter()
        .flatten()
        .filter(|want| is_ramping(*want));
    let setter = ramping.next()?.setter;
    ramping.all(|want| want.setter == setter).then_some(setter)
}

fn is_ramping(want: Want) -> bool {
    want.adjusted == Some(Adjusted::Ramping)
}

fn value(want: Option<Want>) -> Option<u32> {
    want.map(|want| want.value)
}

fn adjusted(adjusted: Adjusted) -> Option<&'static str> {
    match adjusted {
        Adjusted::ByLimits => Some("clamped by limits"),
        Adjusted::ToFloor => Some("max raised to min"),
        Adjusted::ToCeiling => Some("min lowered to max"),
        // The steps are told instead.
        Adjusted::Ramping => None,
        Adjusted::CeilingAsScale => Some("a ceiling without an autoscaler"),
    }
}
