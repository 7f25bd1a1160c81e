//! The plan for one target.

use std::sync::Arc;

use super::observed::{Autoscaler, ObjectRef};
use super::refusal::Refusal;
use super::writes::Writes;
use crate::engine::{Adjusted, Decision, Setter, Want};
use crate::policy::{Place, Replicas, Rule, Setting, Target};
use crate::time::Instant;

/// What is to become of a target.
#[derive(Debug, Clone)]
pub enum Intent {
    /// Keep it as the rule asks.
    Keep(Arc<Rule>),
    /// Put the originals back and forget it, whatever rule wrote it.
    Restore(ObjectRef),
    /// No rule resolves to it any more; only say so.
    Mention(ObjectRef),
}

/// What a plan does to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is as it should be.
    None,
    /// It is written.
    Change,
    /// Originals are put back, and the object is let go.
    Restore,
    /// It is left alone.
    Refuse(Refusal),
}

/// The values of a target; `None` where a value does not apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The scale.
    pub replicas: Option<Replicas>,
    /// The floor.
    pub min_replicas: Option<Replicas>,
    /// The ceiling.
    pub max_replicas: Option<Replicas>,
}

impl Bounds {
    /// Those of an autoscaler, as observed.
    pub(super) fn of(autoscaler: &Autoscaler) -> Self {
        Self {
            replicas: None,
            min_replicas: autoscaler.floor,
            max_replicas: Some(autoscaler.ceiling),
        }
    }
}

/// Why a bound is what it will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// `minReplicas`, `maxReplicas` or `replicas`.
    pub bound: &'static str,
    /// The window that set it; `None`: the rule's `default`.
    pub window: Option<String>,
    /// Where the value was written.
    pub source: Place,
    /// Why the value is not literally what stands there, if so.
    pub adjusted: Option<Adjusted>,
}

/// Something to know about a target that does not stop it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// A stable name.
    pub code: &'static str,
    /// What is to be known.
    pub message: String,
    /// Whether somebody should act.
    pub warning: bool,
}

impl Note {
    pub(super) fn info(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            warning: false,
        }
    }

    pub(super) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            warning: true,
        }
    }
}

/// The plan for one target.
#[derive(Debug, Clone)]
pub struct TargetPlan {
    /// What is to become of it.
    pub intent: Intent,
    /// The rule's name; of an abandoned object, the one in its state.
    pub rule: String,
    /// Where the rule was written; `None`: it is gone.
    pub source: Option<Place>,
    /// What the rule names; of an abandoned object, the object.
    pub target: Target,
    /// The object that is written, if one was found.
    pub object: Option<ObjectRef>,
    /// Its uid, for events.
    pub uid: String,
    /// What is done.
    pub action: Action,
    /// The values as observed.
    pub from: Bounds,
    /// The values after the change.
    pub to: Bounds,
    /// What a restoration would write, as it is remembered after the change; `None` where nothing is.
    pub originals: Bounds,
    /// Why, per bound that is asked.
    pub because: Vec<Because>,
    /// Until when, as far as the rules and a pause with an end say.
    pub until: Option<Instant>,
    /// When a write that waits now is due; `None`: none waits.
    pub waits: Option<Instant>,
    /// What else is to be known.
    pub notes: Vec<Note>,
    /// What is written.
    pub writes: Writes,
}

impl TargetPlan {
    /// Whether anything is written.
    #[must_use]
    pub fn changes(&self) -> bool {
        matches!(self.action, Action::Change | Action::Restore)
    }

    /// The refusal, if it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.action {
            Action::Refuse(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// The reasons of a decision, in the order floor, ceiling, scale.
pub(crate) fn reasons(rule: &Rule, decision: &Decision) -> Vec<Because> {
    [
        ("minReplicas", decision.floor),
        ("maxReplicas", decision.ceiling),
        ("replicas", decision.replicas),
    ]
    .into_iter()
    .filter_map(|(bound, want)| want.map(|want| because(rule, bound, want)))
    .collect()
}

fn because(rule: &Rule, bound: &'static str, want: Want) -> Because {
    let (window, setting, place) = match want.setter {
        Setter::Window(index) => match rule.schedule.get(index) {
            Some(window) => (Some(window.name.clone()), &window.sets, &window.place),
            None => (None, &rule.default, &rule.place),
        },
        Setter::Default => (None, &rule.default, &rule.place),
    };
    let source = place_in(setting, bound, want.adjusted).unwrap_or(place);
    Because {
        bound,
        window,
        source: source.clone(),
        adjusted: want.adjusted,
    }
}

/// The line that set the value: of a moved bound, the line of the bound that it moved to.
fn place_in<'a>(setting: &'a Setting, bound: &str, adjusted: Option<Adjusted>) -> Option<&'a Place> {
    let floor = setting.floor.as_ref().map(|sourced| &sourced.place);
    let ceiling = setting.ceiling.as_ref().map(|sourced| &sourced.place);
    let ceiling_first = match adjusted {
        Some(Adjusted::ToFloor) => false,
        Some(Adjusted::ToCeiling | Adjusted::CeilingAsScale) => true,
        Some(Adjusted::ByLimits | Adjusted::Ramping) | None => bound == "maxReplicas",
    };
    if ceiling_first {
        ceiling.or(floor)
    } else {
        floor.or(ceiling)
    }
}
