//! Values to try under each key of a rule, right and wrong ones, and what the reader says about them. They are shown to
//! the JSON Schema here, and to a real API server in tests/cluster/crd.rs.

use std::collections::BTreeSet;

use easyscale::policy::{self, Severity};
use serde_json::{Map, Value, json};

/// A key, as a path into the document, and texts to try.
pub(crate) struct Key {
    pub(crate) path: &'static str,
    pub(crate) texts: &'static [&'static str],
    /// What the reader refuses and the schema cannot know.
    pub(crate) missed: &'static [&'static str],
}

const TIMES: &[&str] = &[
    "16:00",
    "9:00",
    " 09:05 ",
    "00:00",
    "23:59:59",
    "08:00:00",
    "24:00",
    "24:00:00",
    "25:00",
    "24:01",
    "12:60",
    "12:00:60",
    "6pm",
    "12:30 AM",
    "16",
    "noon",
    "9:5",
    "1:2:3:4",
    "+9:00",
    "09:00Z",
    "::",
    "٠٩:٠٠",
    "009:00",
];
const WEEKDAYS: &[&str] = &[
    "Saturday",
    " sAt ",
    "tues",
    "THURS",
    "thur",
    "weds",
    "Weekdays",
    "WEEKENDS",
    "daily",
    "Mon-Fri",
    "fri - monday",
    "Sat-Sun",
    "Wed-Wed",
    "Mondy",
    "Mondays",
    "weekday",
    "Mo",
    "Mon-Fry",
    "Mon..Fri",
    "every day",
    "*",
    "-",
    "Mon,Tue",
    "weekdays-weekends",
    "2026-11-27",
    "Mon–Fri",
    "Mon-Tue-Wed",
];
const DATES: &[&str] = &[
    "2026-12-25",
    "12-25",
    "02-29",
    "2028-02-29",
    "2026-11-27..2026-11-30",
    " 2026-11-27 .. 2026-11-27 ",
    "12-20..01-06",
    "0001-01-01",
    "9999-12-31",
    "0000-01-01",
    "02-30",
    "04-31",
    "06-30",
    "13-01",
    "00-10",
    "01-00",
    "2026-13-01",
    "2026-04-31",
    "24.12",
    "2026-11-27..",
    "..2026-11-27",
    "..",
    "2026-12-20..01-06",
    "01-06..2026-12-20",
    "1-1",
    "Christmas",
    "12-2x",
    "é-01",
    "2026-11-27...2026-11-28",
    "2026-1-1",
    "27.11.2026",
    "2026-11-27T00:00",
    "+026-11-27",
    "2026-02-29",
    "2026-12-01..2026-11-01",
];
const DATES_MISSED: &[&str] = &["2026-02-29", "2026-12-01..2026-11-01"];
const LENGTHS: &[&str] = &[
    "90s",
    "15m",
    "1h30m",
    "2d",
    " 1d2h3m4s ",
    "0h5m",
    "366d",
    "0s",
    "0d0h",
    "400d",
    "15",
    "1.5h",
    "1,5h",
    "30m1h",
    "1h1h",
    "2w",
    "h",
    "soon",
    "1é",
    "-5m",
    "5 m",
    "PT5M",
    "5min",
    "1H",
    "99999999999999999999d",
];
const LENGTHS_MISSED: &[&str] = &["400d", "99999999999999999999d"];
/// A stagger is at most a day.
const STAGGERS_MISSED: &[&str] = &["2d", " 1d2h3m4s ", "366d", "400d", "99999999999999999999d"];
const MOMENTS: &[&str] = &[
    "Fri 20:10",
    " friday  20:10:30 ",
    "Sun 24:00",
    "Mon-monday 10:00",
    "Mon - Mon 10:00",
    "Mon-Fri 20:10",
    "weekends 10:00",
    "Fru 20:10",
    "Fri 25:00",
    "Fri",
    "20:10",
    "Fri20:10",
    "Fri 20:10 UTC",
    "2026-11-27T20:00",
    "2026-11-27 9:00",
    "2026-11-27t20:00:30",
    "2026-11-27T24:00",
    "2026-11-27",
    "2026-11-27T",
    "2026-11-27_20:00",
    "2026-11-27T20:00Z",
    "2026-11-27T9:00Z",
    "2026-11-27T20:00:00z",
    "2026-11-27T20:00:00.5Z",
    "2026-11-27T20:00.5Z",
    "2026-11-27T20:00:60Z",
    "2026-11-27T20:00:60",
    "2026-11-27T20:00:60.25+01:00",
    "2026-11-27T24:00Z",
    "2026-11-27T20:00+01:00",
    "2026-11-27T20:00-23:59",
    "2026-11-27T20:00+24:00",
    "2026-11-27T20:00+0100",
    "2026-11-27T20:00+1:00",
    "2026-11-27T20:00 +01:00",
    "2026-11-31T20:00",
    "0000-11-27T20:00",
    "2026-11-27  20:00",
    "+2026-11-27T20:00",
    "tomorrow",
    "2026-02-29T20:00",
];
const PATTERNS: &[&str] = &[
    "0 8 * * MON-FRI",
    "30 0 8 * * 1",
    "@daily",
    "@Yearly",
    "@midnight",
    "*/15 * * * *",
    "0-59/5 8,9 ? * ?",
    "0 22-4 * nov-feb 5-1",
    "5/10 * * * *",
    "00 08 01 001 07",
    "* * * * SUN",
    "*/+5 * * * *",
    "0 8 * * 0,6,7",
    "0 8 * * MON-FRI/2",
    " 0  8 * * * ",
    "0 8 31 2,4 *",
    "60 8 * * *",
    "0 24 * * *",
    "0 8 32 * *",
    "0 8 0 * *",
    "0 8 * 13 *",
    "0 8 * * 8",
    "0 8 * * MO",
    "0 8 L * *",
    "0 8 * * 5#2",
    "*/0 * * * *",
    "*/61 * * * *",
    "*/x * * * *",
    "0 8 * *",
    "* * * * * * *",
    "@every 1h",
    "@reboot",
    "TZ=UTC 0 8 * * *",
    "0 8 * * 1-",
    "0 8 * * -1",
    "0 8 * * 1,,2",
    "0 8 * * */",
    "*-5 8 * * *",
    "0 8 30 2 *",
];
const ZONES: &[&str] = &[
    "Europe/Berlin",
    "europe/berlin",
    " UTC ",
    "utc",
    "Etc/GMT-14",
    "EST5EDT",
    "America/Argentina/Buenos_Aires",
    "America/New York",
    "+02:00",
    "Europe/Berlin;",
    "CET",
    "Nowhere/City",
];
const NAMES: &[&str] = &[
    "a", "web-1", "0", "a.b-c.d", "-a", "a-", "a..b", "a.-b", "A", "a_b", "a b", "é", ".a", "a.", "a/b",
    "a\n",
];
const TEXTS: &[&str] = &["Peak hours", " x ", "a\tb", "a\nb", "\u{1}", "ü"];
const VERSIONS: &[&str] = &[
    "apps/v1",
    "v1",
    "argoproj.io/v1alpha1",
    "/v1",
    "apps",
    "apps/v",
    "apps/vx",
    "Apps/v1",
    "a/b/v1",
    "apps/v1/",
    "v1.2",
];
const KINDS: &[&str] = &[
    "Deployment",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "deployment",
    "sts",
    "Rollout",
    "DaemonSet",
    "Pod",
    "Job",
    "My-Kind",
    "",
];

pub(crate) const KEYS: &[Key] = &[
    key("/metadata/name", NAMES),
    key("/metadata/namespace", NAMES),
    key(
        "/apiVersion",
        &["easyscale.io/v1", "easyscale.io/v2", "v1", " easyscale.io/v1"],
    ),
    key(
        "/kind",
        &["ScalingRule", "scalingrule", "ScalingRules", "Deployment", "List"],
    ),
    key("/metadata/labels", &["team"]),
    key("/metadata/labels/team", &["shop"]),
    key("/metadata/annotations", &["team"]),
    key("/metadata/generation", &["5"]),
    key("/metadata/colour", &["red"]),
    key("/status", &["ready"]),
    key("/colour", &["red"]),
    key("/spec/colour", &["red"]),
    key("/spec/target/colour", &["red"]),
    key("/spec/default/colour", &["red"]),
    key("/spec/limits/colour", &["red"]),
    key("/spec/schedule/0/except/colour", &["red"]),
    key("/spec/target/name", NAMES),
    key("/spec/target/namespace", NAMES),
    key("/spec/target/apiVersion", VERSIONS),
    key("/spec/target/kind", KINDS),
    missing("/spec/timezone", ZONES, &["CET", "Nowhere/City"]),
    key("/spec/wake", &["always", "Always", " always", "never"]),
    missing("/spec/cooldown", LENGTHS, LENGTHS_MISSED),
    missing("/spec/stagger", LENGTHS, STAGGERS_MISSED),
    key("/spec/description", TEXTS),
    key("/spec/schedule", &["weekdays"]),
    key("/spec/default", &["5"]),
    key("/spec/limits", &["5"]),
    key("/spec/target", &["web"]),
    key("/spec/default/replicas", &["5"]),
    key("/spec/limits/minReplicas", &["5"]),
    key("/spec/limits/maxReplicas", &["5"]),
    key("/spec/schedule/0/name", TEXTS),
    key("/spec/schedule/0/days", WEEKDAYS),
    missing("/spec/schedule/0/dates", DATES, DATES_MISSED),
    key("/spec/schedule/0/except", &["12-25"]),
    missing("/spec/schedule/0/except/days", WEEKDAYS, &["daily"]),
    missing("/spec/schedule/0/except/dates", DATES, DATES_MISSED),
    key("/spec/schedule/0/except/calendars", TEXTS),
    key("/spec/schedule/0/calendar", TEXTS),
    key("/spec/schedule/0/timeStart", TIMES),
    key("/spec/schedule/0/timeEnd", TIMES),
    missing("/spec/schedule/0/from", MOMENTS, &["2026-02-29T20:00"]),
    missing("/spec/schedule/0/until", MOMENTS, &["2026-02-29T20:00"]),
    missing("/spec/schedule/0/cron", PATTERNS, &["0 8 30 2 *", "0 8 31 2,4 *"]),
    missing("/spec/schedule/0/duration", LENGTHS, LENGTHS_MISSED),
    missing("/spec/schedule/0/timezone", ZONES, &["CET", "Nowhere/City"]),
    key("/spec/schedule/0/replicas", &["5"]),
    key("/spec/schedule/0/minReplicas", &["5"]),
    key("/spec/schedule/0/maxReplicas", &["5"]),
    key("/spec/schedule/0/priority", &["5"]),
    missing("/spec/schedule/0/lead", LENGTHS, LENGTHS_MISSED),
    missing("/spec/schedule/0/ramp", LENGTHS, LENGTHS_MISSED),
    key("/spec/schedule/0/suspend", &["true"]),
    key("/spec/schedule/0/description", TEXTS),
    key("/spec/schedule/0/colour", &["red"]),
];

const fn key(path: &'static str, texts: &'static [&'static str]) -> Key {
    missing(path, texts, &[])
}

const fn missing(path: &'static str, texts: &'static [&'static str], missed: &'static [&'static str]) -> Key {
    Key { path, texts, missed }
}

/// A sound document, but for that value.
pub(crate) fn document(path: &str, value: &Value) -> Value {
    let mut window = json!({"name": "peak"});
    match path.rsplit('/').next() {
        // The same at both ends: the schema cannot compare them.
        Some("from") => window["until"] = value.clone(),
        Some("until") => window["from"] = value.clone(),
        Some("cron") => window["duration"] = json!("1h"),
        Some("duration") => window["cron"] = json!("@daily"),
        _ => {}
    }
    if !path.ends_with("0/minReplicas") && !path.ends_with("0/maxReplicas") {
        window["replicas"] = json!(5);
    }
    let mut document = json!({
        "apiVersion": "easyscale.io/v1",
        "kind": "ScalingRule",
        "metadata": {"name": "web"},
        "spec": {
            "target": {"kind": "Deployment", "name": "web", "namespace": "shop"},
            "schedule": [window]
        }
    });
    let mut place = &mut document;
    for step in path.split('/').skip(1) {
        place = match step.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[step],
        };
    }
    *place = value.clone();
    document
}

/// The codes of the reader's errors.
pub(crate) fn errors(document: &Value) -> BTreeSet<&'static str> {
    // JSON is YAML.
    let loaded = policy::check(vec![("rule.yaml".to_owned(), document.to_string())]);
    let errors = loaded
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| problem.code).collect()
}

/// One or two of each type, and the ends of numbers.
pub(crate) fn of_any_type() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(5),
        json!(-1),
        json!(5.5),
        json!(2_147_483_647),
        json!(-2_147_483_648),
        json!(2_147_483_648_u64),
        json!(-2_147_483_649_i64),
        json!(16),
        json!(""),
        json!(" "),
        json!("5"),
        json!([]),
        json!({}),
        json!([null]),
        json!([5]),
        json!([""]),
        json!([[]]),
        json!({"a": "b"}),
    ]
}

/// The keys under which a file may have a text or a list, and a custom resource a list.
const LISTS: &[&str] = &["days", "dates", "calendar", "calendars"];

/// A document as a custom resource has it: with lists.
pub(crate) fn listed(mut document: Value) -> Value {
    let windows = document
        .pointer_mut("/spec/schedule")
        .and_then(Value::as_array_mut);
    for window in windows.into_iter().flatten() {
        let Some(window) = window.as_object_mut() else {
            continue;
        };
        list(window);
        if let Some(except) = window.get_mut("except").and_then(Value::as_object_mut) {
            list(except);
        }
    }
    document
}

fn list(map: &mut Map<String, Value>) {
    for key in LISTS {
        if let Some(value) = map.get_mut(*key).filter(|value| value.is_string()) {
            *value = json!([value.take()]);
        }
    }
}
