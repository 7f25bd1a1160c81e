//! Bounds that cannot both hold: of a window and `default`, or of two windows that are open together.

use super::check::Checker;
use super::codes;
use super::doubts::{Subject, floor_key};
use super::extent::Week;
use super::open::{Open, asked};
use super::problem::Problem;
use super::side_by_side::{COMPARED_DATES, TOGETHER};
use super::words::quoted;

/// Tells of a window's bound that moves one of `default`, because the two cannot both hold.
pub(super) fn tell_crossed_default(
    at: usize,
    windows: &[Open<'_>],
    rule: &Subject<'_>,
    check: &mut Checker<'_>,
) {
    let open = &windows[at];
    let window = &open.sound.window;
    let Some(default) = rule.keys.default else {
        return;
    };
    let (floor, ceiling) = asked(rule.default, rule.limits);
    let key = floor_key(rule.default);
    let name = quoted(&window.name);
    let rivals = |may: fn(&Open<'_>, &Open<'_>) -> bool| {
        windows
            .iter()
            .enumerate()
            .filter(move |(other, rival)| *other != at && may(rival, open))
            .map(|(_, rival)| rival)
    };
    if let (None, Some(upper), Some(lower)) = (open.floor, open.ceiling, floor)
        && upper < lower
        && open.is_alone_at_times(rivals(|rival, own| {
            rival.floor.is_some() || (rival.ceiling.is_some() && !is_weaker(rival, own))
        }))
    {
        let problem = Problem::warning(
            codes::CROSSES_DEFAULT,
            format!(
                "the window {name} lets at most {upper} run, but `default` asks for at least {lower}: the floor falls to {upper} while it is open"
            ),
        )
        .also(check.mark(default), format!("`{key}: {lower}` is in here"))
        .hint(format!(
            "if that is what you want, say so: write `minReplicas` beside `maxReplicas: {upper}`; else raise it"
        ));
        check.warn(problem, open.sound.name);
    }
    // `replicas` says of itself that it lifts the ceiling.
    if let (Some(lower), None, Some(upper), false) = (open.floor, open.ceiling, ceiling, window.sets.sugar)
        && lower > upper
        && open.is_alone_at_times(rivals(|rival, own| {
            rival.ceiling.is_some() || (rival.floor.is_some() && !is_weaker(rival, own))
        }))
    {
        let problem = Problem::warning(
            codes::CROSSES_DEFAULT,
            format!(
                "the window {name} asks for at least {lower}, but `default` lets at most {upper} run: the ceiling rises to {lower} while it is open"
            ),
        )
        .also(check.mark(default), format!("`maxReplicas: {upper}` is in here"))
        .hint(format!(
            "if that is what you want, say so: write `maxReplicas` beside `minReplicas: {lower}`; else lower it"
        ));
        check.warn(problem, open.sound.name);
    }
}

/// Whether it has the lower priority, so that it does not win whatever it asks.
fn is_weaker(rival: &Open<'_>, open: &Open<'_>) -> bool {
    rival.sound.window.priority < open.sound.window.priority
}

/// Tells of two windows of equal priority that are open together, one asking for more than the other lets run.
pub(super) fn tell_crossed_windows(windows: &[Open<'_>], check: &mut Checker<'_>) {
    if windows.len() > TOGETHER {
        return;
    }
    let mut dates_left = COMPARED_DATES;
    for (raising, high) in windows.iter().enumerate() {
        let Some(lower) = high.floor else { continue };
        for (capping, low) in windows.iter().enumerate() {
            let Some(upper) = low.ceiling else { continue };
            let (first, second) = (&high.sound.window, &low.sound.window);
            if raising == capping
                || lower <= upper
                || first.priority != second.priority
                || first.zone != second.zone
            {
                continue;
            }
            let others = || {
                // Whoever else is as strong may settle it.
                let others = windows.iter().enumerate();
                others.filter_map(move |(at, other)| {
                    (at != raising && at != capping && !is_weaker(other, high)).then_some(other)
                })
            };
            let meet = if lies_inside(low, high, &mut dates_left) {
                low.is_alone_at_times(others())
            } else if lies_inside(high, low, &mut dates_left) {
                high.is_alone_at_times(others())
            } else if let (Some(one), Some(other)) = (&high.surely, &low.surely) {
                let zones = others().all(|other| other.sound.window.zone == first.zone);
                let taken = Week::union(others().map(|other| &other.at_most));
                zones && !one.and(other).is_within(&taken)
            } else {
                false
            };
            // A window's own ceiling stands beside its floor, and so the other's ceiling does not count.
            let own = high.ceiling.is_some_and(|own| own >= lower && own > upper);
            let other_own = low.floor.is_some_and(|own| own >= lower);
            if !meet || own || other_own {
                continue;
            }
            let problem = Problem::warning(
                codes::CROSSED_WINDOWS,
                format!(
                    "while {} and {} are both open, one asks for at least {lower} and the other lets at most {upper} run: {lower} counts",
                    quoted(&first.name),
                    quoted(&second.name)
                ),
            )
            .also(check.mark(high.sound.name), format!("at least {lower}"))
            .hint(format!(
                "give the window that is to win the higher `priority`, for example {}",
                first.priority.saturating_add(1)
            ));
            check.warn(problem, low.sound.name);
        }
    }
}

/// Whether the outer one is surely open whenever the inner one is, as far as there are dates left to look at.
fn lies_inside(inner: &Open<'_>, outer: &Open<'_>, dates_left: &mut usize) -> bool {
    if !inner.is_still() || !outer.is_still() {
        return false;
    }
    let Some(left) = dates_left.checked_sub(inner.sound.extent.effort(&outer.sound.extent)) else {
        return false;
    };
    *dates_left = left;
    inner.sound.extent.lies_inside(&outer.sound.extent)
}
