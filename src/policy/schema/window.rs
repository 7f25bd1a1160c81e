//! One entry of `schedule`.

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::days::{CalendarNames, Dates, Days, ExceptCalendars, ExceptDates, ExceptDays};
use super::names::{Text, Timezone, WindowName};
use super::pattern::Cron;
use super::replicas::{BOUNDS, Ceiling, Replicas, sets};
use super::times::{Duration, EndOfDay, Moment, TimeOfDay};
use super::{none_of, without_format};

/// A named span of time, and what it sets while it is open. When it is open is said in one of three ways: by days and
/// times (`days`, `dates`, `calendar`, `timeStart`, `timeEnd`), as one continuous span (`from`, `until`), or by a
/// pattern (`cron`, `duration`).
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    rename_all = "camelCase",
    extend(
        "required" = ["name"],
        "anyOf" = sets(),
        "dependentRequired" = {"from": ["until"], "until": ["from"], "cron": ["duration"], "duration": ["cron"]},
        "dependentSchemas" = apart(),
        "allOf" = ends()
    )
)]
pub(super) struct Window {
    /// The window's name. Plans and messages call it by this name; no other window of the rule may have it.
    #[schemars(example = &"Peak hours")]
    name: WindowName,
    /// The weekdays on which it opens. Without it: every day. With `dates` or `calendar`: only on those of them that
    /// are such weekdays.
    #[schemars(example = ["weekdays"], example = ["Sat", "Sun"], example = &"Mon-Fri")]
    days: Days,
    /// The dates on which it opens. A date without a year is every year's.
    #[schemars(example = ["2026-12-24", "12-31"], example = &"2026-11-27..2026-11-30")]
    dates: Dates,
    /// It also opens on the dates of these `calendars`.
    #[schemars(example = &"public-holidays", example = ["public-holidays", "company"])]
    calendar: CalendarNames,
    /// The days on which it does not open, although it would.
    #[schemars(example = json!({"calendars": ["public-holidays"], "dates": ["12-24"]}))]
    except: Except,
    /// The time of day at which it opens. Without it: 00:00.
    #[schemars(example = &"16:00")]
    time_start: TimeOfDay,
    /// The time of day at which it closes. One that is not after `timeStart` is on the next day. Without it: 24:00, the
    /// end of the day.
    #[schemars(example = &"18:00", example = &"24:00")]
    time_end: EndOfDay,
    /// The start of one continuous span: a time of every week, or a date and time. It needs `until`.
    #[schemars(example = &"Fri 20:00", example = &"2026-11-27T00:00", example = &"2026-11-27T00:00:00+01:00")]
    from: Moment,
    /// The end of one continuous span: the first moment at which it is over. It needs `from`.
    #[schemars(example = &"Mon 08:00", example = &"2026-12-01T00:00", example = &"2026-12-01T00:00:00+01:00")]
    until: Moment,
    /// The times at which it opens, as a pattern: minute, hour, day of the month, month, weekday. It needs `duration`.
    #[schemars(example = &"0 8 * * MON-FRI", example = &"@daily")]
    cron: Cron,
    /// How long it is open each time that the pattern matches. It needs `cron`.
    #[schemars(example = &"2h", example = &"1h30m")]
    duration: Duration,
    /// The zone in which its days and times are read. Without it: the rule's.
    #[schemars(example = &"Europe/Berlin")]
    timezone: Timezone,
    /// At least this many copies, 0 for none at all. With an autoscaler, the lower bound; to set the upper one too,
    /// write `minReplicas` and `maxReplicas` instead.
    #[schemars(example = 5, example = 0)]
    replicas: Replicas,
    /// The lower bound while it is open.
    #[schemars(example = 5)]
    min_replicas: Replicas,
    /// The upper bound while it is open.
    #[schemars(example = 20)]
    max_replicas: Ceiling,
    /// Among windows that are open together, the one with the highest number wins; of equal ones, the one that asks for
    /// more. Without it: 0.
    #[schemars(example = 100)]
    priority: Priority,
    /// Open so much earlier, so that copies are ready at the start.
    #[schemars(example = &"10m")]
    lead: Duration,
    /// Move to the new value in steps over this time, and back again after the end.
    #[schemars(example = &"30m")]
    ramp: Duration,
    /// Keep the window, but never open it.
    #[schemars(example = true)]
    suspend: bool,
    /// What the window is for, for people.
    #[schemars(example = &"The evening rush")]
    description: Text,
}

/// Days on which a window does not open. Windows over midnight belong to the day on which they open.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = []))]
pub(super) struct Except {
    /// Not on the dates of these `calendars`.
    #[schemars(example = ["public-holidays"])]
    calendars: ExceptCalendars,
    /// Not on these dates. A date without a year is every year's.
    #[schemars(example = ["12-24", "2026-12-31"])]
    dates: ExceptDates,
    /// Not on these weekdays.
    #[schemars(example = ["Fri"])]
    days: ExceptDays,
}

/// A whole number; small ones do.
#[derive(JsonSchema)]
#[schemars(transform = without_format, extend("minimum" = i32::MIN, "maximum" = i32::MAX))]
struct Priority(i32);

/// Which keys must not stand beside one. A refused key is told where it is, which a choice of whole forms would not be.
fn apart() -> Value {
    const OF_DAYS: [&str; 5] = ["timeStart", "timeEnd", "days", "dates", "calendar"];
    let beside_pattern = none_of(&[&OF_DAYS[..], &["from", "until"]].concat());
    let beside_span = none_of(&OF_DAYS);
    json!({
        "replicas": none_of(BOUNDS),
        "cron": beside_pattern,
        "duration": beside_pattern,
        "from": beside_span,
        "until": beside_span,
    })
}

/// Both ends of a span are of one sort, and a dated one has no exceptions.
fn ends() -> Value {
    let from = |pattern: &str| json!({"properties": {"from": {"type": "string", "pattern": pattern}}, "required": ["from"]});
    json!([
        {
            "if": from(r"^\s*[0-9]"),
            "then": {"properties": {"until": {"pattern": r"^\s*[0-9]"}, "except": false}}
        },
        {
            "if": from(r"^\s*[A-Za-z]"),
            "then": {"properties": {"until": {"pattern": r"^\s*[A-Za-z]"}}}
        }
    ])
}
