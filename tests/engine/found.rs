//! What random rules have found, as examples.

use crate::schedule::{schedule, window};

/// `5/2` is `5-6/2`, as in Kubernetes: the last weekday of a pattern is Saturday, 7 is only another word for Sunday.
#[test]
fn a_step_from_a_weekday_ends_with_saturday() {
    window(r#"cron: "0 0 * * 5/2", duration: 1d"#).changes_only_at(
        "2026-11-24T00:00Z",
        "2026-12-01T00:00Z",
        ["2026-11-27T00:00Z", "2026-11-28T00:00Z"],
    );
}

/// Without an autoscaler a ceiling begins to lower what runs, not what would run without any window: here it would
/// drop from 8 to 1 and climb to 6.
#[test]
fn a_ceiling_that_ramps_does_not_dip_below_where_it_goes() {
    let capped = schedule([
        r#"{name: day, timeStart: "08:00", timeEnd: "20:00", replicas: 8}"#,
        r#"{name: cap, timeStart: "12:00", timeEnd: "14:00", maxReplicas: 6, priority: 1, ramp: 10m}"#,
    ]);
    for (at, replicas) in [
        ("2026-11-24T12:00:00Z", 8),
        ("2026-11-24T12:04:59Z", 8),
        ("2026-11-24T12:05:00Z", 7),
        ("2026-11-24T12:10:00Z", 6),
        ("2026-11-24T14:00:00Z", 6),
        ("2026-11-24T14:05:00Z", 7),
        ("2026-11-24T14:10:00Z", 8),
    ] {
        capped.replicas(at, 1, replicas);
    }
}
