//! Cron patterns.

use crate::schedule::{schedule, window};

/// robfig/cron skips what falls into the skipped hour, and with it Agones and Kubernetes' own CronJobs.
#[test]
fn robfig_a_start_in_the_skipped_hour_is_skipped() {
    window(r#"timezone: America/Los_Angeles, cron: "0 2 * * *", duration: 3h"#)
        .opens("2025-03-09T03:00-07:00")
        .closes("2025-03-09T06:00-07:00")
        .opens("2025-03-10T02:00-07:00");
}

/// Not one after the other, as if to catch up.
#[test]
fn starts_in_the_skipped_hour_are_one_at_its_end() {
    window(r#"timezone: Europe/Berlin, cron: "0,10,20,30,40,50 2 * * *", duration: 5m"#).changes_only_at(
        "2026-03-29T00:00+01:00",
        "2026-03-30T00:00+02:00",
        ["2026-03-29T03:00+02:00", "2026-03-29T03:05+02:00"],
    );
}

#[test]
fn robfig_a_start_in_the_repeated_hour_fires_twice() {
    window(r#"timezone: America/New_York, cron: "30 1 * * *", duration: 10m"#).changes_only_at(
        "2026-10-31T12:00-04:00",
        "2026-11-01T12:00-05:00",
        ["2026-11-01T01:30-04:00", "2026-11-01T01:40-04:00"],
    );
}

/// The `cron` crate: 1 is Sunday, five fields are refused, and both days must match.
#[test]
fn cron_crate_reads_weekdays_and_days_of_the_month_in_its_own_way() {
    window(r#"cron: "0 9 * * 1", duration: 1h"#)
        .opens("2026-11-30T09:00Z")
        .closed_at("2026-11-29T09:00Z");
    for sunday in [0, 7] {
        window(&format!(r#"cron: "0 9 * * {sunday}", duration: 1h"#)).opens("2026-11-29T09:00Z");
    }
    // The 13th, and each Friday.
    window(r#"cron: "0 9 13 * FRI", duration: 1h"#)
        .opens("2026-12-11T09:00Z")
        .opens("2026-12-13T09:00Z")
        .closed_at("2026-12-12T09:00Z");
}

/// As in numaflow; Kubernetes has none.
#[test]
fn seconds_come_first_if_there_are_any() {
    window(r#"cron: "30 0 22 * * 1-5", duration: 8h"#).opens("2026-11-27T22:00:30Z");
    window(r#"cron: "30 22 * * 1-5", duration: 8h"#).opens("2026-11-27T22:30Z");
}

/// An hour's window every half hour is open all the time, not open and shut again.
#[test]
fn occurrences_that_overlap_end_together() {
    window(r#"cron: "0,30 9-16 * * *", duration: 1h"#).changes_only_at(
        "2026-11-24T00:00Z",
        "2026-11-25T00:00Z",
        ["2026-11-24T09:00Z", "2026-11-24T17:30Z"],
    );
}

/// "15 to 30 on the first of each month."
#[test]
fn keda_the_ceiling_of_the_first_of_each_month_cannot_be_said() {
    schedule([r#"{name: payday, cron: "0 0 1 * *", duration: 1d, maxReplicas: 30}"#])
        .bounds("2026-11-30T23:59:59Z", 1, 4)
        .bounds("2026-12-01T00:00:00Z", 1, 30)
        .bounds("2026-12-02T00:00:00Z", 1, 4);
}
