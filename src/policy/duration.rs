//! Lengths of time: `lead`, `ramp`, `duration`, `cooldown` and `stagger`.

use super::check::{Checker, Field};
use super::codes;
use super::node::Value;
use super::problem::Problem;
use super::source::Span;
use super::words::LONGEST_WORD;
use crate::time::elapsed;

/// A length of time in seconds, and the bytes it is written in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Duration {
    pub(super) seconds: u32,
    pub(super) span: Span,
}

/// The length of time under a key.
pub(super) fn read(field: Field<'_>, check: &mut Checker<'_>) -> Option<Duration> {
    let name = field.name;
    let span = field.node.span;
    let problem = match &field.node.value {
        Value::Int(0) => Problem::error(codes::BAD_DURATION, format!("`{name}` is no time at all"))
            .hint(format!("write at least `{name}: 1s`, or remove the line")),
        Value::Int(number) => Problem::error(
            codes::BAD_DURATION,
            format!("`{name}` needs a unit, found the number {number}"),
        )
        .hint(if *number > 0 && matches!(name, "cooldown" | "stagger") {
            // Other tools take seconds here.
            format!("write `{name}: {number}s` for seconds, `{name}: {number}m` for minutes")
        } else if *number > 0 {
            format!("write `{name}: {number}m` for minutes, `{name}: {number}h` for hours")
        } else {
            format!("for example `{name}: 15m`")
        }),
        Value::Float(_) => Problem::error(
            codes::BAD_DURATION,
            format!(
                "`{name}` must be whole numbers with units, found {}",
                field.node.describe()
            ),
        )
        .hint(format!("for example `{name}: 1h30m`")),
        _ => {
            let text = field.text(check)?;
            if text.len() > LONGEST_WORD {
                Problem::error(codes::BAD_DURATION, format!("`{name}` is too long"))
                    .hint(format!("for example `{name}: 1h30m`"))
            } else {
                match elapsed::parse(text) {
                    Ok(seconds) => return Some(Duration { seconds, span }),
                    Err(fault) => Problem::of_fault(codes::BAD_DURATION, &fault),
                }
            }
        }
    };
    check.report(problem, span);
    None
}
