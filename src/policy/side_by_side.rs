//! What only shows when windows or rules are seen side by side.

use std::collections::BTreeMap;

use super::check::Checker;
use super::codes;
use super::extent::Week;
use super::problem::Problem;
use super::reading::Read;
use super::rule::{Replicas, Setting, Sourced, Target, Window};
use super::source::Mark;
use super::window::Sound;
use super::words::{self, quoted};

/// Comparing every window with every other is for schedules that people write, and so is comparing all their dates.
pub(super) const COMPARED: usize = 200;
pub(super) const COMPARED_DATES: usize = 500_000;
/// So many windows are tried together.
pub(super) const TOGETHER: usize = 50;

/// One bound of what a window sets.
type Bound = fn(&Setting) -> Option<&Sourced<Replicas>>;

const BOUNDS: [Bound; 2] = [|sets| sets.floor.as_ref(), |sets| sets.ceiling.as_ref()];

/// Warns of windows that do nothing, or surely something else than was meant; `default` is the rule's.
pub(super) fn compare_windows(windows: &[Sound], default: &Setting, check: &mut Checker<'_>) {
    if windows.len() > COMPARED {
        return;
    }
    let active: Vec<&Sound> = windows.iter().filter(|sound| !sound.window.suspended).collect();
    let mut dates_left = COMPARED_DATES;
    for sound in &active {
        if sound.window.occurrences.always() {
            warn_of_constant_window(sound, check);
        }
        warn_if_lost(sound, &active, &mut dates_left, check);
        warn_of_early_lowering(sound, &active, default, check);
    }
}

fn warn_of_constant_window(sound: &Sound, check: &mut Checker<'_>) {
    let problem = Problem::warning(
        codes::ALWAYS_OPEN,
        format!("the window {} is always open", quoted(&sound.window.name)),
    )
    .hint("what always holds belongs into `default`; what nothing may get past, into `limits`");
    check.warn(problem, sound.name);
}

/// Warns of a window that loses each of its bounds whenever it is open: to one window that it lies inside, or to
/// several that cover it together. Only told when it is certain.
fn warn_if_lost(inner: &Sound, active: &[&Sound], dates_left: &mut usize, check: &mut Checker<'_>) {
    // Outside its hours it still moves its bounds.
    if inner.window.ramp > 0 {
        return;
    }
    let rivals: Vec<&Sound> = active
        .iter()
        .copied()
        .filter(|outer| {
            outer.window.name != inner.window.name
                && outer.window.zone == inner.window.zone
                // While it ramps it asks for less than it says.
                && outer.window.ramp == 0
                && outer.window.lead >= inner.window.lead
        })
        .collect();
    let single = rivals.iter().find(|outer| {
        let loses_all = BOUNDS
            .iter()
            .all(|bound| loses(&inner.window, &outer.window, *bound).unwrap_or(true));
        if !loses_all {
            return false;
        }
        let Some(left) = dates_left.checked_sub(inner.extent.effort(&outer.extent)) else {
            return false;
        };
        *dates_left = left;
        inner.extent.lies_inside(&outer.extent)
    });
    if let Some(outer) = single {
        let why = if outer.window.priority > inner.window.priority {
            "has a higher priority"
        } else {
            "asks for more at the same priority"
        };
        let problem = Problem::warning(
            codes::LOST_WINDOW,
            format!(
                "the window {} never has an effect: {} is open whenever it is, and {why}",
                quoted(&inner.window.name),
                quoted(&outer.window.name)
            ),
        )
        .also(check.mark(outer.name), "this one wins")
        .hint(format!(
            "give the inner window the higher `priority`, for example {}",
            outer.window.priority.saturating_add(1)
        ));
        return check.warn(problem, inner.name);
    }
    let Some(winners) = covering(inner, &rivals) else {
        return warn_of_lost_bounds(inner, &rivals, dates_left, check);
    };
    let names: Vec<_> = winners.iter().map(|outer| &outer.window.name).collect();
    let highest = winners.iter().map(|outer| outer.window.priority).max();
    let mut problem = Problem::warning(
        codes::COVERED_WINDOW,
        format!(
            "the window {} never has an effect: one of {} is always open when it is, and wins",
            quoted(&inner.window.name),
            words::all(&names)
        ),
    )
    .hint(format!(
        "give the inner window the higher `priority`, for example {}",
        highest.unwrap_or_default().saturating_add(1)
    ));
    for outer in &winners {
        problem = problem.also(check.mark(outer.name), "this one wins at times");
    }
    check.warn(problem, inner.name);
}

/// Warns of a bound that loses to one window that this one lies inside, where the other bound does not.
fn warn_of_lost_bounds(inner: &Sound, rivals: &[&Sound], dates_left: &mut usize, check: &mut Checker<'_>) {
    for (bound, key) in BOUNDS.into_iter().zip(["minReplicas", "maxReplicas"]) {
        let Some(asked) = bound(&inner.window.sets) else {
            continue;
        };
        let winner = rivals.iter().find(|outer| {
            let effort = inner.extent.effort(&outer.extent);
            if loses(&inner.window, &outer.window, bound) != Some(true) || effort > *dates_left {
                return false;
            }
            *dates_left -= effort;
            inner.extent.lies_inside(&outer.extent)
        });
        let Some((outer, wins)) = winner.and_then(|outer| Some((outer, bound(&outer.window.sets)?.value)))
        else {
            continue;
        };
        let stronger = if key == "minReplicas" && outer.window.sets.sugar {
            "replicas"
        } else {
            key
        };
        let why = if outer.window.priority > inner.window.priority {
            "has a higher priority"
        } else {
            "asks for more at the same priority"
        };
        let problem = Problem::warning(
            codes::LOST_BOUND,
            format!(
                "`{key}: {}` of the window {} never has an effect: {} is open whenever it is, has `{stronger}: {wins}` and {why}",
                asked.value,
                quoted(&inner.window.name),
                quoted(&outer.window.name)
            ),
        )
        .also(check.mark(outer.name), "this one wins")
        .hint(format!(
            "give the inner window the higher `priority`, for example {}, or remove its `{key}`",
            outer.window.priority.saturating_add(1)
        ));
        check.warn(problem, inner.name);
    }
}

/// The windows to which this one loses each of its bounds, each at some of the times at which it is open.
fn covering<'s>(inner: &Sound, rivals: &[&'s Sound]) -> Option<Vec<&'s Sound>> {
    // A lead is elapsed time: what it covers is not the same in every week of the wall clock.
    if inner.window.lead > 0 || rivals.len() > TOGETHER {
        return None;
    }
    let mut winners: Vec<&Sound> = Vec::new();
    for bound in BOUNDS {
        if bound(&inner.window.sets).is_none() {
            continue;
        }
        let wins = |outer: &&Sound| loses(&inner.window, &outer.window, bound) == Some(true);
        let mut needed: Vec<&Sound> = rivals
            .iter()
            .copied()
            .filter(wins)
            .filter(|outer| outer.extent.surely().is_some())
            .collect();
        if !is_covered(inner, &needed) {
            return None;
        }
        let mut at = 0;
        while at < needed.len() {
            let spared = needed.remove(at);
            if !is_covered(inner, &needed) {
                needed.insert(at, spared);
                at += 1;
            }
        }
        for outer in needed {
            if !winners.iter().any(|known| std::ptr::eq(*known, outer)) {
                winners.push(outer);
            }
        }
    }
    (!winners.is_empty()).then_some(winners)
}

fn is_covered(inner: &Sound, outer: &[&Sound]) -> bool {
    let weeks = outer.iter().filter_map(|outer| outer.extent.surely());
    inner.extent.is_within(&Week::union(weeks))
}

/// Whether the inner window loses this bound whenever both are open; `None` if it does not set it.
fn loses(inner: &Window, outer: &Window, bound: Bound) -> Option<bool> {
    let asked = bound(&inner.sets)?;
    Some(bound(&outer.sets).is_some_and(|other| {
        outer.priority > inner.priority || (outer.priority == inner.priority && other.value > asked.value)
    }))
}

/// A lead lets copies get ready in time; before a window that lowers it only takes them away too early.
///
/// Told when the window sets nothing above `default`, and no other window goes lower than it does.
fn warn_of_early_lowering(sound: &Sound, active: &[&Sound], default: &Setting, check: &mut Checker<'_>) {
    let Some(lead) = sound.lead else {
        return;
    };
    let mut lowers = false;
    for bound in BOUNDS {
        let Some(asked) = bound(&sound.window.sets) else {
            continue;
        };
        let is_lowest = active
            .iter()
            .all(|other| bound(&other.window.sets).is_none_or(|other| other.value >= asked.value));
        match bound(default) {
            Some(base) if is_lowest && asked.value <= base.value => lowers |= asked.value < base.value,
            _ => return,
        }
    }
    if !lowers {
        return;
    }
    let problem = Problem::warning(
        codes::EARLY_LOWERING,
        format!(
            "the window {} only lowers what `default` sets, and its lead lowers it even earlier",
            quoted(&sound.window.name)
        ),
    )
    .hint("remove `lead`; it is the time that copies need to get ready before a window that raises");
    check.warn(problem, lead);
}

/// Tells rules that share a target; a copied document, whose name is told already, not once more.
pub(super) fn compare_rules(rules: &[Read]) -> Vec<Problem> {
    let mut targets: BTreeMap<&Target, (&Mark, Option<&str>)> = BTreeMap::new();
    let mut problems = Vec::new();
    for rule in rules {
        let name = rule.name.as_ref().map(|(name, _)| name.as_str());
        let Some((target, mark)) = &rule.target else {
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
