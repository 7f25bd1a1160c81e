//! Cron patterns.

use schemars::JsonSchema;

use super::super::pattern::LONGEST_PATTERN;
use super::days::one_of;

/// A pattern of start times: minute, hour, day of the month, month and weekday, with the second before them if need be.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = pattern(),
    "maxLength" = LONGEST_PATTERN,
    "patternErrorMessage" = "write five fields, minute hour day month weekday, such as 30 8 * * MON-FRI"
))]
pub(super) struct Cron(String);

const NAMED: [&str; 7] = [
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
];

fn pattern() -> String {
    const SIXTY: &str = "0*[1-5]?[0-9]";
    let minute = field(SIXTY);
    let hour = field("0*(1?[0-9]|2[0-3])");
    let day = field("0*([1-9]|[12][0-9]|3[01])");
    let months = one_of(&[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]);
    let month = field(&format!("(0*([1-9]|1[0-2])|{months})"));
    let weekdays = one_of(&["sun", "mon", "tue", "wed", "thu", "fri", "sat"]);
    let weekday = field(&format!("(0*[0-7]|{weekdays})"));
    let named = one_of(&NAMED);
    format!(r"^\s*({named}|({minute}\s+)?{minute}\s+{hour}\s+{day}\s+{month}\s+{weekday})\s*$")
}

/// `*`, `5`, `1-5`, `*/15`, `10-20/5`, and lists of them.
fn field(number: &str) -> String {
    let step = r"/\+?0*([1-9]|[1-5][0-9]|60)";
    let item = format!("([*?]|{number}(-{number})?)({step})?");
    format!("{item}(,{item})*")
}
