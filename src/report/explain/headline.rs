//! The first sentences: what is asked, for somebody who has never heard of Kubernetes.

use super::bounds::Bound;
use super::phrase;
use super::{Explained, is_asleep};
use crate::engine::{Segment, Setter};
use crate::policy::Window;

/// What is asked at the instant, with an autoscaler and without.
pub(super) fn headline(explained: &Explained<'_>) -> String {
    let at = phrase::instant(&explained.zone(), explained.at);
    let who = phrase::target(&explained.rule.target);
    let asked = match on_the_way(explained) {
        Some(window) => format!(
            "{who} is between its own bounds and those of {}, on a ramp. Rules alone cannot tell how far.",
            phrase::name(window)
        ),
        None => asked(&explained.now, &who),
    };
    match alone(&explained.now) {
        Some(alone) if !explained.rule.target.is_autoscaler() => format!("On {at}, {asked} {alone}"),
        _ => format!("On {at}, {asked}"),
    }
}

/// The window whose ramp hides all that is asked.
fn on_the_way<'a>(explained: &Explained<'a>) -> Option<&'a Window> {
    let now = &explained.now;
    let on_ramp = || {
        let bounds = [Bound::Floor, Bound::Ceiling].into_iter();
        bounds
            .filter_map(|bound| explained.ramp_from_its_own(bound))
            .next()
    };
    (!is_asleep(now) && now.floor.is_none() && now.ceiling.is_none())
        .then(on_ramp)
        .flatten()
}

fn asked(now: &Segment, who: &str) -> String {
    if is_asleep(now) {
        return format!(
            "{who} sleeps: it has 0 replicas (running copies). An autoscaler that it may have rests until it wakes."
        );
    }
    match (now.floor, now.ceiling) {
        (None, None) => format!("nothing is asked of {who}: its own bounds hold."),
        (Some(floor), Some(ceiling)) if floor.value == ceiling.value => format!(
            "{who} must have exactly {}, no more and no fewer.",
            replicas(floor.value)
        ),
        (Some(floor), Some(ceiling)) if floor.value == 0 => {
            format!("{who} may have 0 to {}.", replicas(ceiling.value))
        }
        (Some(floor), None) if floor.value == 0 => {
            format!("{who} may go down to {}; its own maximum holds.", replicas(0))
        }
        (Some(floor), Some(ceiling)) => format!(
            "{who} must have at least {} and at most {}.",
            floor.value,
            replicas(ceiling.value)
        ),
        (Some(floor), None) => {
            let raised = match floor.value {
                1 => String::new(),
                value => format!(" (raised to {value} if it is lower)"),
            };
            format!(
                "{who} must have at least {}; its own maximum holds{raised}.",
                replicas(floor.value)
            )
        }
        (None, Some(ceiling)) => {
            let own = match ceiling.setter {
                Setter::Window(_) => format!("it is lowered to {} if it is higher", ceiling.value),
                Setter::Default => "if it is higher, the maximum is raised to it".to_owned(),
            };
            format!(
                "{who} must have at most {}; its own minimum holds ({own}).",
                replicas(ceiling.value)
            )
        }
    }
}

/// What differs for a target without an autoscaler.
fn alone(now: &Segment) -> Option<String> {
    match (now.floor, now.ceiling, now.replicas) {
        (None, None, _) => None,
        (Some(floor), Some(ceiling), Some(replicas))
            if floor.value == ceiling.value && floor.value == replicas.value =>
        {
            None
        }
        (Some(_), Some(_), Some(replicas)) => Some(format!(
            "An autoscaler chooses in between; without one it has exactly {}.",
            replicas.value
        )),
        (_, _, Some(replicas)) => Some(format!(
            "Without an autoscaler it has exactly {}.",
            replicas.value
        )),
        (None, Some(ceiling), None) => Some(format!(
            "Without an autoscaler it keeps its own number, but no more than {}.",
            ceiling.value
        )),
        (Some(_), _, None) => None,
    }
}

/// Said in the first sentence, where somebody may read the word for the first time.
fn replicas(number: u32) -> String {
    match number {
        1 => "1 replica (running copy)".to_owned(),
        _ => format!("{number} replicas (running copies)"),
    }
}
