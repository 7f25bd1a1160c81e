//! What is worth knowing at an instant: windows that will not open again.

use std::collections::HashMap;

use super::Loaded;
use super::codes;
use super::problem::Problem;
use super::rule::{Place, Window};
use super::source::Mark;
use super::words::quoted;
use crate::time::Instant;

/// Notes on the windows whose last occurrence has ended at `at`, by file and position.
///
/// They depend on the clock, so they are for a person who looks; the meaning of the policies does not hang on them.
#[must_use]
pub fn notes(loaded: &Loaded, at: Instant) -> Vec<Problem> {
    let names: HashMap<&Place, &Mark> = loaded.windows.iter().map(|mark| (&mark.place, mark)).collect();
    let windows = loaded.rules.iter().flat_map(|rule| &rule.schedule);
    let passed = windows.filter(|window| !window.suspended && has_passed(window, at));
    passed
        .filter_map(|window| Some(note(window).at((*names.get(&window.place)?).clone())))
        .collect()
}

fn has_passed(window: &Window, at: Instant) -> bool {
    // A closing ramp goes on after the end.
    let settled = Instant::from_unix(at.unix() - i64::from(window.ramp));
    let phase = window.occurrences.phase(&window.zone, settled);
    !phase.open && phase.next.is_none()
}

fn note(window: &Window) -> Problem {
    let name = quoted(&window.name);
    let message = match window.occurrences.last_date() {
        Some(last) => format!("all dates of the window {name} have passed, the last one is {last}"),
        None => format!("the span of the window {name} has passed"),
    };
    Problem::note(codes::PASSED, message).hint(
        "it does nothing any more: remove it, or give it dates to come; dates without a year, such as `12-25`, are every year's",
    )
}
