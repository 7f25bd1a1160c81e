//! What each window has to do with it: who holds, who loses and why, who is closed and until when.

use super::super::printable;
use super::bounds::Bound;
use super::phrase;
use super::{Explained, is_asleep};
use crate::engine::{Activity, Considered, Hidden, Standing, Why};
use crate::policy::Window;
use crate::time::Instant;

/// One item per window: first those that are open, then those that open next, then the rest.
pub(super) fn lines(explained: &Explained<'_>) -> Vec<String> {
    let mut windows: Vec<(&Window, &Considered)> = explained
        .rule
        .schedule
        .iter()
        .zip(&explained.explanation.windows)
        .collect();
    windows.sort_by_key(|(_, considered)| rank(considered));
    windows
        .into_iter()
        .map(|(window, considered)| {
            let description = window.description.as_deref().map(|text| {
                let text = printable(text);
                format!(" Its description: {}.", text.trim().trim_end_matches('.'))
            });
            format!(
                "{} ({}) {}{}",
                phrase::name(window),
                phrase::place(&window.place),
                sentence(explained, window, considered),
                description.unwrap_or_default()
            )
        })
        .collect()
}

fn rank(considered: &Considered) -> (u8, Instant) {
    match considered.activity {
        Activity::Open { .. } | Activity::Opening { .. } => {
            let holds = [considered.floor, considered.ceiling].contains(&Some(Standing::Holds));
            (u8::from(!holds), Instant::MIN)
        }
        Activity::Closing { .. } => (2, Instant::MIN),
        Activity::Closed { opens: Some(opens) } => (3, opens),
        Activity::Closed { opens: None } => (4, Instant::MIN),
        Activity::Suspended => (5, Instant::MIN),
    }
}

fn sentence(explained: &Explained<'_>, window: &Window, considered: &Considered) -> String {
    let when = |at: Instant| phrase::instant(&window.zone, at);
    let state = match considered.activity {
        Activity::Suspended => {
            return "is suspended (`suspend: true`): it is kept, and never opens.".to_owned();
        }
        Activity::Closed { opens: Some(opens) } => {
            let ahead = phrase::duration(opens.unix() - explained.at.unix());
            let lead = match window.lead {
                0 => String::new(),
                lead => format!(" That is {} before its start.", phrase::duration(i64::from(lead))),
            };
            return format!("is closed. It opens next on {}, in {ahead}.{lead}", when(opens));
        }
        Activity::Closed { opens: None } => return format!("is over for good{}.", last(window)),
        Activity::Open { ends: None } => "is open for good".to_owned(),
        Activity::Open { ends: Some(ends) } => format!("is open until {}", when(ends)),
        Activity::Opening { since, full } => format!(
            "opened on {} and comes in steps until {}",
            when(since),
            when(full)
        ),
        Activity::Closing { ended, gone } => {
            format!("ended on {} and goes in steps until {}", when(ended), when(gone))
        }
    };
    let and = match considered.activity {
        Activity::Opening { .. } | Activity::Closing { .. } => ". It",
        _ => " and",
    };
    let standings = [
        (Bound::Floor, considered.floor),
        (Bound::Ceiling, considered.ceiling),
    ];
    let held: Vec<String> = standings
        .iter()
        .filter(|(_, standing)| *standing == Some(Standing::Holds))
        .map(|(bound, _)| format!("the {}", bound.word()))
        .collect();
    let mut parts = vec![match held.as_slice() {
        [] => format!("{state}."),
        _ if is_asleep(&explained.now) => format!("{state}{and} puts the target to sleep."),
        held => format!("{state}{and} sets {}.", phrase::all(held)),
    }];
    parts.extend(
        standings
            .into_iter()
            .filter_map(|(bound, standing)| match standing? {
                Standing::Holds => None,
                Standing::LosesTo { window: winner, why } => loses(explained, window, winner, bound, why),
                Standing::Hidden(hidden) => is_hidden(explained, window, bound, hidden),
            }),
    );
    parts.join(" ")
}

/// When a window that never opens again was open last, where that is known.
fn last(window: &Window) -> String {
    let occurrences = &window.occurrences;
    match (occurrences.as_once(), occurrences.last_date()) {
        (Some((_, until)), _) => format!(": it ended on {}", phrase::instant(&window.zone, until)),
        (None, Some(date)) => format!(": it last started on {}{}{date}", date.weekday(), phrase::TIED),
        (None, None) => String::new(),
    }
}

/// A bound that no other window beats, and that still does not show.
fn is_hidden(explained: &Explained<'_>, window: &Window, bound: Bound, hidden: Hidden) -> Option<String> {
    let its = format!("Its {} of {}", bound.word(), bound.of(&window.sets)?.value);
    let is_asked = bound.of_segment(&explained.now).is_some() || is_asleep(&explained.now);
    Some(match hidden {
        Hidden::Asleep => format!("{its} does not count while the target sleeps."),
        Hidden::NoAutoscaler => format!("{its} counts for an autoscaler only."),
        // Where that is because the target's own bound is not known, the reasons above say so.
        Hidden::NoStep if !is_asked => return None,
        Hidden::NoStep => format!("{its} does not show yet: the first step is still to come."),
    })
}

fn loses(
    explained: &Explained<'_>,
    window: &Window,
    winner: usize,
    bound: Bound,
    why: Why,
) -> Option<String> {
    let value = bound.of(&window.sets)?.value;
    let its = format!("Its {} of {value}", bound.word());
    let by_priority = |winner: &Window| {
        format!(
            "which has the higher priority ({} against {})",
            winner.priority, window.priority
        )
    };
    let other = explained.window(winner)?;
    let name = phrase::name(other);
    if bound.gives_way(&explained.now) {
        let why = match why {
            Why::Priority => by_priority(other),
            Why::AsksMore | Why::Name => "at the same priority".to_owned(),
        };
        return Some(format!(
            "{its} gives way to the {} of {name}, {why}.",
            bound.other().word()
        ));
    }
    let why = match why {
        Why::Priority => by_priority(other),
        Why::AsksMore => format!(
            "which asks for more ({}) at the same priority",
            bound.of(&other.sets)?.value
        ),
        Why::Name => "which asks for the same and comes first by name".to_owned(),
    };
    Some(format!("{its} loses to {name}, {why}."))
}
