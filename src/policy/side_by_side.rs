//! What only shows when windows or rules are seen side by side.

use std::collections::BTreeMap;

use super::check::Checker;
use super::codes;
use super::document::Read;
use super::problem::Problem;
use super::rule::{Replicas, Sourced, Target, Window};
use super::source::{Mark, Span};
use super::window::Days;
use super::words::quoted;
use crate::time::TimeOfDay;

/// Comparing every window with every other, and all their dates, is for schedules that people write.
const COMPARED: usize = 200;

/// Warns of each window that lies inside another one and loses every bound to it.
///
/// Only told when it is certain: the same zone, and days and times that show it without a calendar.
pub(super) fn warn_of_lost_windows(
    windows: &[(Window, Days, Span)],
    names: &BTreeMap<String, Span>,
    check: &mut Checker<'_>,
) {
    if windows.len() > COMPARED {
        return;
    }
    for (inner, inner_days, span) in windows {
        let winner = windows.iter().find(|(outer, outer_days, _)| {
            outer.name != inner.name
                && outer.zone.name() == inner.zone.name()
                && lies_inside(inner_days, outer_days)
                && loses(inner, outer)
        });
        let Some((outer, _, outer_span)) = winner else {
            continue;
        };
        let why = if outer.priority > inner.priority {
            "has a higher priority"
        } else {
            "asks for more at the same priority"
        };
        let mark = check.mark(names.get(&outer.name).copied().unwrap_or(*outer_span));
        let problem = Problem::warning(
            codes::LOST_WINDOW,
            format!(
                "the window {} never has an effect: {} is open whenever it is, and {why}",
                quoted(&inner.name),
                quoted(&outer.name)
            ),
        )
        .also(mark, "this one wins")
        .hint(format!(
            "give the inner window the higher `priority`, for example {}",
            outer.priority.saturating_add(1)
        ));
        check.warn(problem, names.get(&inner.name).copied().unwrap_or(*span));
    }
}

fn lies_inside(inner: &Days, outer: &Days) -> bool {
    let days = inner.weekdays.union(outer.weekdays) == outer.weekdays;
    let dates = match (&inner.dates, &outer.dates) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(inner), Some(outer)) => {
            inner.len() <= COMPARED && inner.iter().all(|date| outer.binary_search(date).is_ok())
        }
    };
    days && dates && times_inside((inner.start, inner.end), (outer.start, outer.end))
}

/// Both start on the same day; what one does on the day after counts only for overnight windows.
fn times_inside(inner: (TimeOfDay, TimeOfDay), outer: (TimeOfDay, TimeOfDay)) -> bool {
    let overnight = |(start, end): (TimeOfDay, TimeOfDay)| end <= start;
    let ends = match (overnight(inner), overnight(outer)) {
        (false, true) => true,
        (true, false) => false,
        _ => inner.1 <= outer.1,
    };
    outer.0 <= inner.0 && ends
}

/// Whether the inner window loses every bound that it sets.
fn loses(inner: &Window, outer: &Window) -> bool {
    let loses = |inner_bound: &Option<Sourced<Replicas>>, outer_bound: &Option<Sourced<Replicas>>| match (
        inner_bound,
        outer_bound,
    ) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(a), Some(b)) => {
            outer.priority > inner.priority || (outer.priority == inner.priority && b.value > a.value)
        }
    };
    loses(&inner.sets.floor, &outer.sets.floor) && loses(&inner.sets.ceiling, &outer.sets.ceiling)
}

/// Tells rules that share a name or a target; a copied document, which shares both, once.
pub(super) fn compare_rules(documents: &[Read]) -> Vec<Problem> {
    let mut names: BTreeMap<&str, &Mark> = BTreeMap::new();
    let mut targets: BTreeMap<&Target, (&Mark, Option<&str>)> = BTreeMap::new();
    let mut problems = Vec::new();
    for document in documents {
        let name = document.name.as_ref().map(|(name, _)| name.as_str());
        if let Some((name, mark)) = &document.name {
            if let Some(first) = names.get(name.as_str()) {
                problems.push(
                    Problem::error(
                        codes::DUPLICATE_RULE,
                        format!("two rules have the name {}", quoted(name)),
                    )
                    .at(mark.clone())
                    .also((*first).clone(), "the first one")
                    .hint("give each rule a name of its own"),
                );
            } else {
                names.insert(name, mark);
            }
        }
        let Some((target, mark)) = &document.target else {
            continue;
        };
        match targets.get(target) {
            None => {
                targets.insert(target, (mark, name));
            }
            Some((_, first_name)) if first_name.is_some() && *first_name == name => {}
            Some((first, first_name)) => {
                let first_name =
                    first_name.map_or_else(String::new, |name| format!(" of the rule {}", quoted(name)));
                problems.push(
                    Problem::error(
                        codes::DUPLICATE_TARGET,
                        format!(
                            "{} {} in the namespace {} is already the target{first_name}",
                            target.kind,
                            quoted(&target.name),
                            quoted(&target.namespace)
                        ),
                    )
                    .at(mark.clone())
                    .also((*first).clone(), "the first one")
                    .hint("one rule decides about one target: put all its windows into one `schedule`"),
                );
            }
        }
    }
    problems
}
