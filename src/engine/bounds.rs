//! From the windows that set the bounds to what is asked: limits, conflicts, sleep, targets without autoscaler.

use super::contest::Winners;
use super::{Adjusted, Base, Decision, Setter, Want};
use crate::policy::{Limits, Replicas, Rule, Setting};

/// A bound that a window or `default` asks.
#[derive(Clone, Copy)]
struct Asked {
    want: Want,
    /// The window's priority. `default` has none: it is lower than every window, like an original.
    rank: Option<i32>,
}

/// The decision of these winners, without its `until`.
pub(super) fn settle(rule: &Rule, base: Base, winners: Winners) -> Decision {
    let (setting, setter, rank) = origin(rule, winners.floor);
    if setting.is_sleep() {
        let replicas = Some(Want {
            value: 0,
            setter,
            adjusted: None,
        });
        return Decision {
            replicas,
            ..Decision::default()
        };
    }
    let floor = setting
        .floor
        .as_ref()
        .map(|it| ask(it.value, setter, rank, &rule.limits));
    let (setting, setter, rank) = origin(rule, winners.ceiling);
    let ceiling = setting
        .ceiling
        .as_ref()
        .map(|it| ask(it.value, setter, rank, &rule.limits));
    match base {
        Base::Autoscaler {
            floor: original_floor,
            ceiling: original_ceiling,
        } => between(floor, ceiling, original_floor, original_ceiling),
        Base::Scale(original) => Decision {
            replicas: scale(floor, ceiling, original),
            ..Decision::default()
        },
    }
}

/// The window that won, or else `default`.
fn origin(rule: &Rule, winner: Option<usize>) -> (&Setting, Setter, Option<i32>) {
    match winner.and_then(|index| Some((index, rule.schedule.get(index)?))) {
        Some((index, window)) => (&window.sets, Setter::Window(index), Some(window.priority)),
        None => (&rule.default, Setter::Default, None),
    }
}

fn ask(written: Replicas, setter: Setter, rank: Option<i32>, limits: &Limits) -> Asked {
    let at_least = limits.min.as_ref().map_or(Replicas::MIN, |min| min.value);
    let at_most = limits.max.as_ref().map_or(Replicas::MAX, |max| max.value);
    let value = written.max(at_least).min(at_most);
    let adjusted = (value != written).then_some(Adjusted::ByLimits);
    Asked {
        want: Want {
            value,
            setter,
            adjusted,
        },
        rank,
    }
}

/// Floor and ceiling of an autoscaler, neither crossing the other.
fn between(
    floor: Option<Asked>,
    ceiling: Option<Asked>,
    original_floor: Option<Replicas>,
    original_ceiling: Option<Replicas>,
) -> Decision {
    let mut decision = Decision {
        floor: floor.map(|floor| floor.want),
        ceiling: ceiling.map(|ceiling| ceiling.want),
        ..Decision::default()
    };
    let (Some(lower), Some(upper)) = (
        decision.floor.map(|want| want.value).or(original_floor),
        decision.ceiling.map(|want| want.value).or(original_ceiling),
    ) else {
        // An unknown original: a conflict with it cannot be seen.
        return decision;
    };
    if lower <= upper {
        return decision;
    }
    match (floor, ceiling) {
        // Both are originals; the cluster lived with them before us.
        (None, None) => {}
        (_, Some(ceiling)) if outranks(ceiling, floor) => decision.floor = Some(lowered(ceiling.want)),
        // An original floor stays put and nobody set it, so the ceiling keeps its own setter.
        (
            None,
            Some(Asked {
                want: Want { setter, .. },
                ..
            }),
        )
        | (
            Some(Asked {
                want: Want { setter, .. },
                ..
            }),
            _,
        ) => {
            decision.ceiling = Some(Want {
                value: lower,
                setter,
                adjusted: Some(Adjusted::ToFloor),
            });
        }
    }
    decision
}

/// The replicas of a target without autoscaler.
fn scale(floor: Option<Asked>, ceiling: Option<Asked>, original: Option<Replicas>) -> Option<Want> {
    match (floor, ceiling) {
        (Some(floor), Some(ceiling))
            if floor.want.value > ceiling.want.value && outranks(ceiling, Some(floor)) =>
        {
            Some(lowered(ceiling.want))
        }
        (Some(floor), _) => Some(floor.want),
        (
            None,
            Some(Asked {
                want: Want { value, setter, .. },
                ..
            }),
        ) => original.map(|original| Want {
            value: original.min(value),
            setter,
            adjusted: Some(Adjusted::CeilingAsScale),
        }),
        (None, None) => None,
    }
}

/// Whether the ceiling stays and the floor moves. At equal rank it is the ceiling that moves: up.
fn outranks(ceiling: Asked, floor: Option<Asked>) -> bool {
    ceiling.rank > floor.and_then(|floor| floor.rank)
}

/// A floor that fell to this ceiling.
fn lowered(ceiling: Want) -> Want {
    Want {
        adjusted: Some(Adjusted::ToCeiling),
        ..ceiling
    }
}
