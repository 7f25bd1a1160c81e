//! What one rule says and hardly means: windows, limits and `default` that cross, repeat or silence each other.
//!
//! Here: warnings that need a whole rule, and only rules without a mistake, since what is missing may be what a warning
//! misses. Each is told only where it is certain. Not here: windows that lose to other windows, see
//! [`super::side_by_side`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::check::Checker;
use super::codes;
use super::crossings::{tell_crossed_default, tell_crossed_windows};
use super::lookalike;
use super::open::{Open, asked};
use super::problem::Problem;
use super::reading::Read;
use super::rule::{Limits, Setting};
use super::side_by_side::COMPARED;
use super::source::Span;
use super::window::Sound;
use super::words::quoted;

/// A rule without a mistake.
pub(super) struct Subject<'r> {
    pub(super) windows: &'r [Sound],
    pub(super) default: &'r Setting,
    pub(super) limits: &'r Limits,
    /// The keys of the rule that have a say, where they are written.
    pub(super) keys: Keys,
}

/// Where the keys are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Keys {
    pub(super) default: Option<Span>,
    pub(super) limits: Option<Span>,
    pub(super) zone: Option<Span>,
}

/// Tells all doubts about a rule.
pub(super) fn tell(rule: &Subject<'_>, check: &mut Checker<'_>) {
    tell_unused_zone(rule, check);
    tell_beyond_limits("`default`", rule.default, rule.keys.default, false, rule, check);
    // Comparing every window with every other is for schedules that people write.
    if rule.windows.len() > COMPARED {
        return;
    }
    let windows: Vec<Open<'_>> = rule
        .windows
        .iter()
        .filter(|sound| !sound.window.suspended)
        .map(|sound| Open::new(sound, rule.limits))
        .collect();
    tell_sleep_for_ever(rule, &windows, check);
    tell_of_names(rule.windows, check);
    for (at, open) in windows.iter().enumerate() {
        let others = || windows.iter().enumerate().filter(move |(other, _)| *other != at);
        let repeats =
            open.repeats(rule.default, rule.limits) && others().all(|(_, other)| !open.may_meet(other));
        let name = format!("the window {}", quoted(&open.sound.window.name));
        if !tell_beyond_limits(
            &name,
            &open.sound.window.sets,
            Some(open.sound.name),
            repeats,
            rule,
            check,
        ) && repeats
        {
            tell_repeated_default(open, rule, check);
        }
        tell_crossed_default(at, &windows, rule, check);
    }
    tell_crossed_windows(&windows, check);
}

/// Tells of a zone for all rules that no window of any of them reads.
pub(super) fn tell_unused_default_zone(zone: Option<Span>, rules: &[Read], check: &mut Checker<'_>) {
    let Some(zone) = zone else {
        return;
    };
    // A file of settings alone is for rules that may not be here today.
    let file = check.place(zone).file;
    let is_beside_rules = rules.iter().any(|read| {
        read.name
            .as_ref()
            .is_some_and(|(_, mark)| mark.place.file == file)
    });
    let is_whole = rules.iter().all(|read| read.rule.is_some());
    if !is_beside_rules || !is_whole || rules.iter().any(|read| read.uses_default_zone) {
        return;
    }
    let problem = Problem::warning(
        codes::UNUSED_ZONE,
        "this `timezone` is for nothing: each rule or window names its own",
    )
    .hint("it is for the windows of rules that name none; remove it here, or there");
    check.warn(problem, zone);
}

pub(super) fn floor_key(sets: &Setting) -> &'static str {
    if sets.sugar { "replicas" } else { "minReplicas" }
}

/// Tells of a rule's zone that no window reads.
fn tell_unused_zone(rule: &Subject<'_>, check: &mut Checker<'_>) {
    let Some(zone) = rule.keys.zone else {
        return;
    };
    if rule.windows.iter().any(|sound| !sound.names_zone) {
        return;
    }
    let message = if rule.windows.is_empty() {
        "this `timezone` is for nothing: the rule has no window"
    } else {
        "this `timezone` is for nothing: each window names its own"
    };
    let problem = Problem::warning(codes::UNUSED_ZONE, message)
        .hint("a rule's `timezone` is for the windows that name none; remove it here, or in the windows");
    check.warn(problem, zone);
}

/// Tells of values that the rule's limits never let through; whether it did.
fn tell_beyond_limits(
    what: &str,
    sets: &Setting,
    place: Option<Span>,
    repeats_default: bool,
    rule: &Subject<'_>,
    check: &mut Checker<'_>,
) -> bool {
    let (Some(place), Some(limits)) = (place, rule.keys.limits) else {
        return false;
    };
    if sets.is_sleep() {
        return false;
    }
    let (floor, ceiling) = asked(sets, rule.limits);
    let bounds = [
        (floor_key(sets), sets.floor.as_ref(), floor),
        ("maxReplicas", sets.ceiling.as_ref(), ceiling),
    ];
    let mut told = false;
    for (key, written, within) in bounds {
        let (Some(written), Some(within)) = (written, within) else {
            continue;
        };
        if written.value == within {
            continue;
        }
        told = true;
        let side = if written.value > within { "most" } else { "least" };
        let mut message = format!(
            "{what} asks for `{key}: {}`, and `limits` makes {within} of it, the {side} that it lets through",
            written.value
        );
        if repeats_default {
            message.push_str(": the same as `default`, so that the window does nothing");
        }
        let problem = Problem::warning(codes::BEYOND_LIMITS, message)
            .also(check.mark(limits), "the limits")
            .hint(format!(
                "write `{key}: {within}` if that is what you want, or change `limits`"
            ));
        check.warn(problem, place);
    }
    told
}

fn tell_repeated_default(open: &Open<'_>, rule: &Subject<'_>, check: &mut Checker<'_>) {
    let mut problem = Problem::warning(
        codes::SAME_AS_DEFAULT,
        format!(
            "the window {} does nothing: it sets what `default` sets",
            quoted(&open.sound.window.name)
        ),
    )
    .hint("outside all windows `default` holds anyway: give the window other numbers, or remove it");
    if let Some(default) = rule.keys.default {
        problem = problem.also(check.mark(default), "this holds without the window too");
    }
    check.warn(problem, open.sound.name);
}

/// Tells of a target that goes to 0 and that nobody wakes.
fn tell_sleep_for_ever(rule: &Subject<'_>, windows: &[Open<'_>], check: &mut Checker<'_>) {
    let hint = "to let it run at times, add a window with `replicas: 1` or more; or write `replicas: 0` only in a window";
    if let Some(default) = rule.keys.default
        && rule.default.is_sleep()
        && windows.iter().all(|open| open.floor.unwrap_or_default() == 0)
    {
        let problem = Problem::warning(
            codes::NEVER_WAKES,
            "the target sleeps for ever: `default` puts it to 0, and no window asks for more",
        );
        return check.warn(problem.hint(hint), default);
    }
    let never_shut = windows.iter().find(|open| {
        let window = &open.sound.window;
        window.sets.is_sleep()
            && window.occurrences.always()
            && windows.iter().all(|other| {
                other.floor.unwrap_or_default() == 0 || other.sound.window.priority < window.priority
            })
    });
    if let Some(open) = never_shut {
        let problem = Problem::warning(
            codes::NEVER_WAKES,
            format!(
                "the target sleeps for ever: the window {} is always open and puts it to 0, and no other window wins",
                quoted(&open.sound.window.name)
            ),
        );
        check.warn(problem.hint(hint), open.sound.name);
    }
}

/// Tells of names with characters that nobody sees, and of those that differ only in letters that look the same.
fn tell_of_names(windows: &[Sound], check: &mut Checker<'_>) {
    let mut seen: BTreeMap<Cow<'_, str>, &Sound> = BTreeMap::new();
    for sound in windows {
        let name = &sound.window.name;
        if let Some(sentence) = lookalike::unseen(name) {
            let message = format!(
                "the name of the window {} is not what it looks like",
                quoted(name)
            );
            let problem = Problem::warning(codes::UNSEEN, message)
                .hint(format!("{sentence}; write the name anew, without it"));
            check.warn(problem, sound.name);
        }
        let Some(first) = seen.get(&lookalike::seen(name)) else {
            seen.insert(lookalike::seen(name), sound);
            continue;
        };
        let mut problem = Problem::warning(
            codes::LOOKALIKE,
            format!(
                "two windows of this rule have names that look like {}",
                quoted(&lookalike::seen(name))
            ),
        )
        .also(check.mark(first.name), "the other one");
        let strange = lookalike::stranger(name).or_else(|| lookalike::stranger(&first.window.name));
        problem = match strange {
            Some(strange) => problem.hint(format!(
                "{strange}; give the windows names that can be told apart"
            )),
            None => problem.hint("give the windows names that can be told apart"),
        };
        check.warn(problem, sound.name);
    }
}
