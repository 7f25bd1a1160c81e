//! `timezone`, wherever it stands.

use super::check::{Checker, Field};
use super::codes;
use super::problem::Problem;
use super::words::{self, LONGEST_WORD, quoted};
use crate::time::Zone;

/// Names that look like the standard time of a region and never follow its clock changes, in hours from UTC.
const FIXED: &[(&str, i32)] = &[("EST", -5), ("HST", -10), ("MST", -7)];

/// The zone under a key.
pub(super) fn read(field: Field<'_>, check: &mut Checker<'_>) -> Option<Zone> {
    let text = field.text(check)?;
    // What is not told needs no suggestion.
    let is_told = !check.is_full(field.node.span);
    let problem = if text.len() > LONGEST_WORD || (!is_told && Zone::named(text).is_none()) {
        unknown(text, &[])
    } else {
        match Zone::parse(text) {
            Ok(zone) => {
                if let Some(note) = of_fixed_offset(&zone) {
                    check.warn(note, field.node.span);
                }
                return Some(zone);
            }
            Err(error) if error.is_ambiguous => ambiguous(text, &error.suggestions),
            Err(error) => unknown(text, &error.suggestions),
        }
    };
    check.report(problem, field.node.span);
    None
}

fn unknown(text: &str, suggestions: &[String]) -> Problem {
    let problem = Problem::error(
        codes::UNKNOWN_ZONE,
        format!("there is no time zone {}", quoted(text)),
    );
    if suggestions.is_empty() {
        problem.hint("write continent and city, for example `Europe/Berlin` or `America/New_York`; or `UTC`")
    } else {
        problem.hint(format!("did you mean {}?", words::choice(suggestions)))
    }
}

fn ambiguous(text: &str, suggestions: &[String]) -> Problem {
    Problem::error(
        codes::UNKNOWN_ZONE,
        format!(
            "{} is an abbreviation that means several time zones",
            quoted(text)
        ),
    )
    .hint(format!(
        "write the place whose clocks you mean: {}",
        words::choice(suggestions)
    ))
}

/// What to know about a zone whose clocks never change; nothing about UTC.
fn of_fixed_offset(zone: &Zone) -> Option<Problem> {
    let name = zone.name();
    let known = FIXED.iter().find(|(fixed, _)| *fixed == name);
    let offset = zone
        .fixed_offset()
        .or_else(|| known.map(|(_, hours)| hours * 3600))
        .filter(|offset| *offset != 0)?;
    let (hours, minutes) = (offset.abs() / 3600, offset.abs() / 60 % 60);
    let side = if offset < 0 { "behind" } else { "ahead of" };
    let sign = if offset < 0 { '-' } else { '+' };
    let far = if minutes == 0 {
        words::count(hours.unsigned_abs() as usize, "hour")
    } else {
        format!("{hours}:{minutes:02} hours")
    };
    let mut message = format!(
        "the time zone {} is always {far} {side} UTC (UTC{sign}{hours:02}:{minutes:02}): it does not follow clock changes",
        quoted(name)
    );
    if name.starts_with("Etc/GMT") {
        message.push_str(", and its sign counts westwards");
    }
    Some(Problem::note(codes::FIXED_ZONE, message).hint(
        "if people live by these times, write the place whose clocks they follow, for example `Europe/Berlin` or `America/New_York`",
    ))
}
