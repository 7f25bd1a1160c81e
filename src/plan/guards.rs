//! What the autoscaler's own settings make of a change: said before it is done.

use super::observed::Autoscaler;
use super::refusal::{Code, Refusal};
use super::target_plan::Note;
use crate::policy::Replicas;

/// A floor of zero where the API would refuse it.
pub(super) fn check_zero_floor(autoscaler: &Autoscaler, floor: Option<Replicas>) -> Result<(), Refusal> {
    if floor != Some(0) || autoscaler.has_external_metric {
        return Ok(());
    }
    Err(Refusal::new(
        Code::FloorZeroNotAllowed,
        format!(
            "minReplicas: 0 needs a metric of type Object or External, and HorizontalPodAutoscaler {}/{} has none",
            autoscaler.namespace, autoscaler.name
        ),
        "write minReplicas: 1, or replicas: 0 to put the target to sleep",
    ))
}

/// A raised floor moves the scale in one jump, which the autoscaler books as a scale-up: with a small
/// `behavior.scaleUp` it then cannot follow its metrics until the jump is older than the policy's period.
pub(super) fn blocked_scale_up(autoscaler: &Autoscaler, floor: Replicas) -> Option<Note> {
    let scale_up = autoscaler.scale_up.as_ref()?;
    let current = autoscaler.current_replicas.or(autoscaler.floor).unwrap_or(1);
    let jump = floor.checked_sub(current).filter(|jump| *jump > 0)?;
    if scale_up.disabled {
        return None;
    }
    // Every policy that the jump exceeds is used up; the freest one decides how long that lasts.
    let blocked_for = scale_up.policies.iter().map(|policy| {
        let allowed = if policy.percent {
            u64::from(current)
                .saturating_mul(u64::from(policy.value))
                .div_ceil(100)
        } else {
            u64::from(policy.value)
        };
        if u64::from(jump) >= allowed {
            policy.period
        } else {
            0
        }
    });
    let seconds = blocked_for.min().filter(|seconds| *seconds > 15)?;
    Some(Note::info(
        "scale-up-blocked",
        format!(
            "raising the floor adds {jump} pods at once; this autoscaler's behavior.scaleUp then allows no \
             scale-up on metrics for {seconds} s: open the window that much earlier, or set the floor high enough"
        ),
    ))
}

/// Floor and ceiling that leave the autoscaler no choice.
pub(super) fn pinned(floor: Replicas, ceiling: Replicas) -> Option<Note> {
    (floor == ceiling).then(|| {
        Note::info(
            "pinned",
            format!("minReplicas and maxReplicas are both {floor}: the autoscaler has no room to move"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::observed::{ScaleUp, ScaleUpPolicy};
    use super::*;

    fn autoscaler(policies: Vec<ScaleUpPolicy>) -> Autoscaler {
        Autoscaler {
            current_replicas: Some(2),
            scale_up: Some(ScaleUp {
                disabled: false,
                policies,
            }),
            ..Autoscaler::default()
        }
    }

    #[test]
    fn a_jump_past_every_policy_is_told_with_the_shortest_wait() {
        let slow = ScaleUpPolicy {
            value: 4,
            percent: false,
            period: 120,
        };
        let slower = ScaleUpPolicy {
            value: 100,
            percent: true,
            period: 300,
        };
        let note = blocked_scale_up(&autoscaler(vec![slow, slower]), 30).expect("a note");
        assert!(
            note.message.contains("28 pods") && note.message.contains("120 s"),
            "{}",
            note.message
        );
    }

    #[test]
    fn a_jump_that_a_policy_allows_is_no_news() {
        let wide = ScaleUpPolicy {
            value: 100,
            percent: false,
            period: 120,
        };
        assert_eq!(blocked_scale_up(&autoscaler(vec![wide]), 30), None);
        assert_eq!(blocked_scale_up(&autoscaler(vec![]), 2), None, "no jump");
        let defaults = ScaleUpPolicy {
            value: 4,
            percent: false,
            period: 15,
        };
        assert_eq!(
            blocked_scale_up(&autoscaler(vec![defaults]), 30),
            None,
            "one sync period is no wait"
        );
    }
}
