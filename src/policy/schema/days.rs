//! Weekdays, dates, and the calendars that name them.

use schemars::JsonSchema;

use super::super::words::LONGEST_WORD;
use super::names::Text;

/// A weekday (`Saturday`, `Sat`, in any case), a range (`Mon-Fri`), `weekdays`, `weekends` or `daily`.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = weekdays(),
    "maxLength" = LONGEST_WORD,
    "examples" = [
        "weekdays", "weekends", "daily", "Mon-Fri",
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
    ],
    "patternErrorMessage" = WEEKDAYS_ERROR
))]
struct Weekday(String);

/// One weekday, range or group, or a list of them; at least one.
#[derive(JsonSchema)]
#[schemars(extend(
    "type" = ["string", "array"],
    "minItems" = 1,
    "pattern" = weekdays(),
    "maxLength" = LONGEST_WORD,
    "patternErrorMessage" = WEEKDAYS_ERROR
))]
pub(super) struct Days(Vec<Weekday>);

/// One weekday, range or group, or a list of them.
#[derive(JsonSchema)]
#[schemars(extend(
    "type" = ["string", "array"],
    "pattern" = weekdays(),
    "maxLength" = LONGEST_WORD,
    "patternErrorMessage" = WEEKDAYS_ERROR
))]
pub(super) struct ExceptDays(Vec<Weekday>);

/// A date (`2026-12-25`), one of every year (`12-25`), or a range of either (`12-24..01-01`).
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = dates(),
    "maxLength" = LONGEST_WORD,
    "examples" = ["2026-12-25", "12-25", "2026-11-27..2026-11-30", "12-20..01-06"],
    "patternErrorMessage" = DATES_ERROR
))]
struct Date(String);

/// One date or range, or a list of them; at least one.
#[derive(JsonSchema)]
#[schemars(extend(
    "type" = ["string", "array"],
    "minItems" = 1,
    "pattern" = dates(),
    "maxLength" = LONGEST_WORD,
    "patternErrorMessage" = DATES_ERROR
))]
pub(super) struct Dates(Vec<Date>);

/// One date or range, or a list of them.
#[derive(JsonSchema)]
#[schemars(extend(
    "type" = ["string", "array"],
    "pattern" = dates(),
    "maxLength" = LONGEST_WORD,
    "patternErrorMessage" = DATES_ERROR
))]
pub(super) struct ExceptDates(Vec<Date>);

/// The name of a calendar, or a list of names; at least one.
#[derive(JsonSchema)]
#[schemars(extend("type" = ["string", "array"], "minItems" = 1, "pattern" = r"\S"))]
pub(super) struct CalendarNames(Vec<Text>);

/// The name of a calendar, or a list of names.
#[derive(JsonSchema)]
#[schemars(extend("type" = ["string", "array"], "pattern" = r"\S"))]
pub(super) struct ExceptCalendars(Vec<Text>);

const WEEKDAYS_ERROR: &str = "write a weekday such as Monday or Mon, a range such as Mon-Fri, or weekdays, weekends, daily; several of them as a list";
const DATES_ERROR: &str = "write a date as 2026-12-25, or 12-25 for every year; a range as 2026-11-27..2026-11-30; several of them as a list";

/// What each weekday may be called, from Monday: the shortest name, and what may follow it.
const NAMES: [(&str, &[&str]); 7] = [
    ("mon", &["day"]),
    ("tue", &["s", "sday"]),
    ("wed", &["s", "nesday"]),
    ("thu", &["r", "rs", "rsday"]),
    ("fri", &["day"]),
    ("sat", &["urday"]),
    ("sun", &["day"]),
];

fn weekdays() -> String {
    let day = format!("({})", NAMES.map(spelt).join("|"));
    let group = one_of(&["weekdays", "weekends", "daily"]);
    format!(r"^\s*({day}(\s*-\s*{day})?|{group})\s*$")
}

/// A single weekday; the reader takes a range from a day to itself for one.
pub(super) fn weekday() -> String {
    let days = NAMES.map(spelt).map(|day| format!("{day}(-{day})?"));
    format!("({})", days.join("|"))
}

fn spelt((shortest, more): (&str, &[&str])) -> String {
    format!("{}{}?", any_case(shortest), one_of(more))
}

/// `(mon|monday)` in any case: JSON Schema knows no pattern without case.
pub(super) fn one_of(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| any_case(word)).collect();
    format!("({})", words.join("|"))
}

fn any_case(word: &str) -> String {
    let letter = |c: char| match c {
        'a'..='z' => format!("[{}{c}]", c.to_ascii_uppercase()),
        _ => c.to_string(),
    };
    word.chars().map(letter).collect()
}

fn dates() -> String {
    let (date, yearly) = (date(), day_of_year());
    format!(r"^\s*({date}(\s*\.\.\s*{date})?|{yearly}(\s*\.\.\s*{yearly})?)\s*$")
}

/// As [`Date`], without asking whether both ends of a range have a year: half as long.
pub(in super::super) fn loose_dates() -> String {
    let date = format!("({}-)?{}", YEAR, day_of_year());
    format!(r"^\s*{date}(\s*\.\.\s*{date})?\s*$")
}

const YEAR: &str = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])";

/// `2026-11-27`, 29 February in any year.
pub(super) fn date() -> String {
    format!("{YEAR}-{}", day_of_year())
}

fn day_of_year() -> String {
    let any = "(0[1-9]|[12][0-9])";
    format!("((0[1-9]|1[0-2])-{any}|(0[13-9]|1[0-2])-30|(0[13578]|1[02])-31)")
}
