//! Times of day, lengths of time, and points in time.

use schemars::JsonSchema;

use super::super::words::LONGEST_WORD;
use super::days::{date, weekday};

/// A time of day, hours and minutes, with seconds if need be.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = format!(r"^\s*{CLOCK}\s*$"),
    "maxLength" = LONGEST_WORD,
    "patternErrorMessage" = "write hours and minutes in quotes, from \"00:00\" to \"23:59\""
))]
pub(super) struct TimeOfDay(String);

/// A time of day at which something is over: `24:00` is the end of the day.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = format!(r"^\s*({CLOCK}|{MIDNIGHT})\s*$"),
    "maxLength" = LONGEST_WORD,
    "patternErrorMessage" = "write hours and minutes in quotes, from \"00:00\" to \"24:00\""
))]
pub(super) struct EndOfDay(String);

/// A length of time: numbers with units, larger ones first (`d`, `h`, `m`, `s`), up to 366 days.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = length(),
    "maxLength" = LONGEST_WORD,
    "allOf" = [{"pattern": "[1-9]", "patternErrorMessage": "this is no time at all; write at least 1s"}],
    "patternErrorMessage" = "write numbers with units, larger ones first, such as 90s, 15m, 1h30m or 2d"
))]
pub(super) struct Duration(String);

/// A time of every week (`Fri 20:10`), or a date and time once, in the window's zone or with an offset from UTC.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = format!(r"^\s*({}|{})\s*$", of_week(), dated()),
    "maxLength" = LONGEST_WORD,
    "patternErrorMessage" = "write weekday and time for every week, such as \"Fri 20:00\", or date and time, such as \"2026-11-27T20:00\""
))]
pub(super) struct Moment(String);

const CLOCK: &str = "([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?";
const MIDNIGHT: &str = "24:00(:00)?";

fn length() -> String {
    let parts = ["d", "h", "m", "s"].map(|unit| format!("[0-9]+{unit}"));
    let from = |first: usize| {
        let smaller: String = parts[first + 1..]
            .iter()
            .map(|part| format!("({part})?"))
            .collect();
        format!("{}{smaller}", parts[first])
    };
    format!(r"^\s*({})\s*$", [from(0), from(1), from(2), from(3)].join("|"))
}

/// `Fri 20:10`.
fn of_week() -> String {
    format!(r"{}\s+({CLOCK}|{MIDNIGHT})", weekday())
}

/// `2026-11-27T20:00`, with or without an offset.
fn dated() -> String {
    let exact = r"([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)(\.[0-9]+)?)?([Zz]|[-+]([01][0-9]|2[0-3]):[0-5][0-9])";
    format!("{}[Tt ]({CLOCK}|{exact})", date())
}
