//! The instants at which windows open and close.

use crate::schedule::{rule, window};

/// Aliyun, kube-green and Karmada act at the edge alone: who was down, late or created after it waits a day.
#[test]
fn kube_green_an_edge_missed_while_down_is_missed_for_a_day() {
    let night = window(r#"timezone: Europe/Berlin, timeStart: "20:00", timeEnd: "08:00""#);
    for hours_later in [
        "2026-11-24T20:01+01:00",
        "2026-11-24T23:00+01:00",
        "2026-11-25T07:59:59+01:00",
    ] {
        night.bounds(hours_later, 5, 5);
    }
    for hours_later in [
        "2026-11-25T08:00+01:00",
        "2026-11-25T08:02+01:00",
        "2026-11-25T19:00+01:00",
    ] {
        night.bounds(hours_later, 1, 4);
    }
}

/// kube-green fires up to a minute early, Agones 90 seconds.
#[test]
fn agones_starts_90_seconds_early() {
    window(r#"timeStart: "09:00", timeEnd: "17:00""#)
        .closed_at("2026-11-24T08:58:30Z")
        .closed_at("2026-11-24T08:59:59Z")
        .open_at("2026-11-24T09:00:00Z");
}

/// kured and winter-soldier include the end, others exclude the start too.
#[test]
fn kured_is_open_at_its_end() {
    window(r#"timeStart: "16:00", timeEnd: "18:00""#)
        .open_at("2026-11-24T16:00:00Z")
        .open_at("2026-11-24T17:59:59Z")
        .closed_at("2026-11-24T18:00:00Z");
}

/// Without 24:00 (d-kuro, aibrix) the last minute of the day cannot be said.
#[test]
fn aibrix_the_last_minute_before_midnight_is_lost() {
    let evening = window(r#"days: [Mon], timeStart: "20:00", timeEnd: "24:00""#);
    evening
        .open_at("2026-11-23T23:59:59Z")
        .closes("2026-11-24T00:00Z");
    window(r#"days: [Mon], timeStart: "20:00""#).closes("2026-11-24T00:00Z");
}

/// Back-to-back windows of 24 hours cancel each other where "the next start is the next end" means closed.
#[test]
fn kapacity_whole_days_in_a_row_are_closed() {
    let weekend = ["2026-11-28T00:00Z", "2026-11-30T00:00Z"];
    window("days: [weekends]").changes_only_at("2026-11-27T00:00Z", "2026-12-01T00:00Z", weekend);
    window(r#"timeStart: "00:00", timeEnd: "24:00""#).changes_only_at(
        "2026-11-27T00:00Z",
        "2027-12-01T00:00Z",
        [],
    );
}

/// The portal of Azure needs a second profile to end the first one.
#[test]
fn azure_a_recurring_window_has_no_end_of_its_own() {
    let office = r#"{name: office, timeStart: "09:00", timeEnd: "17:00", minReplicas: 6, maxReplicas: 8}"#;
    rule(&format!(
        "default: {{minReplicas: 2, maxReplicas: 3}}\n  schedule:\n    - {office}"
    ))
    .bounds("2026-11-24T12:00Z", 6, 8)
    .bounds("2026-11-24T17:00Z", 2, 3);
}
