//! From the two bounds that are asked to what is done: conflicts, sleep, targets without autoscaler.

use super::asked::Asked;
use super::{Adjusted, Base, Decision, Want};
use crate::policy::Replicas;

/// The decision, without its `until`.
#[inline]
pub(super) fn settle(base: Base, floor: Option<Asked>, ceiling: Option<Asked>) -> Decision {
    if let Some(sleep) = floor.filter(|floor| floor.sleep) {
        return Decision {
            replicas: Some(sleep.want),
            ..Decision::default()
        };
    }
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
