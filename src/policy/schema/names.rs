//! Names, free texts and time zones.

use schemars::JsonSchema;

use super::super::words::LONGEST_WORD;

/// Small letters and digits, with `-` inside.
const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

/// A text that has more than blanks.
#[derive(JsonSchema)]
#[schemars(extend("pattern" = r"\S", "patternErrorMessage" = "write a text; it is empty"))]
pub(super) struct Text(String);

/// A name as Kubernetes accepts it: up to 253 small letters, digits, `-` and `.`.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = format!(r"^{LABEL}(\.{LABEL})*$"),
    "maxLength" = 253,
    "patternErrorMessage" = "a name has only small letters, digits, `-` and `.`, and starts and ends with a letter or digit"
))]
pub(super) struct Name(String);

/// The name of a namespace: up to 63 small letters, digits and `-`.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = format!("^{LABEL}$"),
    "maxLength" = 63,
    "patternErrorMessage" = "a namespace has only small letters, digits and `-`, and starts and ends with a letter or digit"
))]
pub(super) struct Namespace(String);

/// A time zone by the name of the IANA database: continent and city. Case does not matter.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = r"^\s*[A-Za-z][-A-Za-z0-9._+/]*\s*$",
    "maxLength" = LONGEST_WORD,
    "examples" = [
        "UTC",
        "Europe/Berlin",
        "Europe/London",
        "America/New_York",
        "America/Los_Angeles",
        "America/Sao_Paulo",
        "Asia/Kolkata",
        "Asia/Tokyo",
        "Australia/Sydney"
    ],
    "patternErrorMessage" = "write continent and city, such as Europe/Berlin, or UTC"
))]
pub(super) struct Timezone(String);

/// One short line: a window's name.
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = line(),
    "maxLength" = 200,
    "patternErrorMessage" = "a name is one short line of text"
))]
pub(super) struct WindowName(String);

/// A text without control characters that has more than blanks.
pub(super) fn line() -> String {
    const CONTROL: &str = r"\u0000-\u001F\u007F-\u009F";
    format!(r"^[^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*$")
}

/// As [`Name`], for the keys of a map.
pub(super) fn name() -> String {
    format!(r"^{LABEL}(\.{LABEL})*$")
}
