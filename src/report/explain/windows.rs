//! What each window has to do with it: who holds, who loses and why, who is closed and until when.

use super::super::printable;
use super::bounds::Bound;
use super::phrase;
use super::{Explained, is_asleep};
use crate::engine::{Activity, Adjusted, Considered, Standing, Why};
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
    let loses = |standing: Option<Standing>| matches!(standing, None | Some(Standing::LosesTo { .. }));
    match considered.activity {
        Activity::Open { .. } | Activity::Opening { .. } => {
            let lost = loses(considered.floor) && loses(considered.ceiling);
            (u8::from(lost), Instant::MIN)
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
            let lead = if window.lead > 0 {
                format!(", {} before its start", phrase::duration(i64::from(window.lead)))
            } else {
                String::new()
            };
            return format!("is closed. It opens next on {}, in {ahead}{lead}.", when(opens));
        }
        Activity::Closed { opens: None } => {
            let last = window.occurrences.last_date();
            let last = last.map(|date| format!(": it last started on {} {date}", date.weekday()));
            return format!("is over for good{}.", last.unwrap_or_default());
        }
        Activity::Open { ends: None } => "is open for good".to_owned(),
        Activity::Open { ends: Some(ends) } => format!("is open until {}", when(ends)),
        Activity::Opening { since, full } => format!(
            "opened on {} and moves in steps until {}",
            when(since),
            when(full)
        ),
        Activity::Closing { ended, gone } => format!(
            "ended on {} and is taken back in steps until {}",
            when(ended),
            when(gone)
        ),
    };
    let standings = [
        (Bound::Floor, considered.floor),
        (Bound::Ceiling, considered.ceiling),
    ];
    let held: Vec<Bound> = standings
        .iter()
        .filter(|(_, standing)| *standing == Some(Standing::Holds))
        .map(|(bound, _)| *bound)
        .collect();
    let mut parts = vec![format!("{state}{}", effect(explained, window, &held))];
    parts.extend(
        standings
            .into_iter()
            .filter_map(|(bound, standing)| match standing {
                Some(Standing::LosesTo { window: winner, why }) => {
                    loses(window, explained.window(winner)?, bound, why)
                }
                _ => None,
            }),
    );
    parts.join(" ")
}

/// What comes of the bounds for which no other window wins; ends the sentence.
fn effect(explained: &Explained<'_>, window: &Window, held: &[Bound]) -> String {
    let words = |bounds: &[Bound]| {
        let words: Vec<String> = bounds
            .iter()
            .map(|bound| format!("the {}", bound.word()))
            .collect();
        phrase::all(&words)
    };
    if held.is_empty() {
        return ".".to_owned();
    }
    if is_asleep(&explained.now) {
        return if window.sets.is_sleep() && held.contains(&Bound::Floor) {
            " and puts the target to sleep.".to_owned()
        } else {
            format!(
                " and asks for {}, which does not count while the target sleeps.",
                words(held)
            )
        };
    }
    let gives_way = |bound: &Bound| {
        let want = bound.of_segment(&explained.now);
        want.is_some_and(|want| matches!(want.adjusted, Some(Adjusted::ToFloor | Adjusted::ToCeiling)))
    };
    let (moved, set): (Vec<Bound>, Vec<Bound>) = held.iter().partition(|bound| gives_way(bound));
    match (set.as_slice(), moved.as_slice()) {
        (set, []) => format!(" and sets {}.", words(set)),
        ([], moved) => format!(" and asks for {}, which gives way (see above).", words(moved)),
        (set, moved) => format!(
            " and sets {}. It also asks for {}, which gives way (see above).",
            words(set),
            words(moved)
        ),
    }
}

fn loses(window: &Window, winner: &Window, bound: Bound, why: Why) -> Option<String> {
    let value = bound.of(&window.sets)?.value;
    let other = phrase::name(winner);
    let why = match why {
        Why::Priority => format!(
            "which has the higher priority ({} against {})",
            winner.priority, window.priority
        ),
        Why::AsksMore => format!(
            "which asks for more ({}) at the same priority",
            bound.of(&winner.sets)?.value
        ),
        Why::Name => "which asks for the same and comes first by name".to_owned(),
    };
    Some(format!(
        "Its {} of {value} loses to {other}, {why}.",
        bound.word()
    ))
}
