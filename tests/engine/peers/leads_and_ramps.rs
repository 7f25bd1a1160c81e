//! Leads, ramps and suspended windows.

use crate::schedule::{schedule, window};

/// Pods that start when the window does are ready when it is too late.
#[test]
fn gce_capacity_is_not_there_at_the_start() {
    window(r#"timezone: Europe/Berlin, timeStart: "09:00", timeEnd: "17:00", lead: 10m"#)
        .opens("2026-11-24T08:50+01:00")
        .closes("2026-11-24T17:00+01:00");
}

/// The lead is elapsed time: ten minutes before a start that the clock skips are ten minutes before the gap ends.
#[test]
fn a_lead_before_the_skipped_hour_is_as_long_as_ever() {
    window(r#"timezone: Europe/Berlin, timeStart: "02:30", timeEnd: "05:00", lead: 10m"#)
        .opens("2026-03-29T01:50+01:00")
        .closes("2026-03-29T05:00+02:00");
}

/// A lead before midnight does not make Sunday a start day.
#[test]
fn a_lead_does_not_change_the_day() {
    window("days: [Mon], lead: 1h")
        .opens("2026-11-29T23:00Z")
        .closes("2026-12-01T00:00Z");
}

/// The last step is below the tolerance of the autoscaler, which never takes it.
#[test]
fn zalando_the_last_step_of_a_ramp_is_lost() {
    let morning = schedule([
        r#"{name: morning, timeStart: "08:00", timeEnd: "12:00", ramp: 40m, minReplicas: 21, maxReplicas: 44}"#,
    ]);
    morning
        .bounds("2026-11-24T08:00Z", 1, 4)
        .bounds("2026-11-24T08:10Z", 6, 14)
        .bounds("2026-11-24T08:20Z", 11, 24)
        .bounds("2026-11-24T08:39:59Z", 20, 43)
        .bounds("2026-11-24T08:40Z", 21, 44)
        .bounds("2026-11-24T11:59:59Z", 21, 44)
        .bounds("2026-11-24T12:00Z", 21, 44)
        .bounds("2026-11-24T12:20Z", 11, 24)
        .bounds("2026-11-24T12:40Z", 1, 4);
}

/// Suspended windows of Karmada and d-kuro leave what they last wrote; here nothing of them is seen.
#[test]
fn a_suspended_window_lets_go() {
    window(r#"timeStart: "08:00", timeEnd: "12:00", suspend: true"#)
        .bounds("2026-11-24T10:00Z", 1, 4)
        .changes_only_at("2026-11-24T00:00Z", "2026-12-24T00:00Z", []);
}
