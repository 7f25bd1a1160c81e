//! Overlaps, and what becomes of the bounds.

use crate::schedule::{refused, rule, schedule, window};

/// "I'd rather keep a replica set up."
#[test]
fn hjacobs_an_overlap_of_up_and_down_scales_down() {
    schedule([
        r#"{name: down, timeStart: "18:00", timeEnd: "08:00", minReplicas: 1}"#,
        r#"{name: up, timeStart: "07:00", timeEnd: "19:00", minReplicas: 4}"#,
    ])
    .by("2026-11-24T07:30Z", ["up"])
    .by("2026-11-24T18:30Z", ["up"])
    .by("2026-11-24T19:00Z", ["down"]);
}

/// The first in the list (Agones, ARC, numaflow), or whichever was written last (tkestack, Karmada).
#[test]
fn agones_the_order_in_the_list_decides() {
    let small = r#"{name: small, timeStart: "08:00", timeEnd: "18:00", replicas: 2}"#;
    let large = r#"{name: large, timeStart: "08:00", timeEnd: "18:00", replicas: 5}"#;
    schedule([small, large]).by("2026-11-24T12:00Z", ["large"]);
    schedule([large, small]).by("2026-11-24T12:00Z", ["large"]);
}

#[test]
fn kapacity_an_overlap_is_an_error_at_run_time() {
    schedule([
        r#"{name: day, timeStart: "08:00", timeEnd: "18:00", replicas: 5}"#,
        r#"{name: lunch, timeStart: "12:00", timeEnd: "13:00", replicas: 2, priority: 1}"#,
    ])
    .by("2026-11-24T11:59:59Z", ["day"])
    .by("2026-11-24T12:00:00Z", ["lunch"])
    .by("2026-11-24T13:00:00Z", ["day"]);
}

/// KEDA, the downscalers and ARC move the floor alone.
#[test]
fn keda_a_schedule_cannot_move_the_ceiling() {
    let launch = schedule([r#"{name: launch, dates: "2026-12-01", minReplicas: 15, maxReplicas: 30}"#]);
    launch
        .bounds("2026-11-30T23:59:59Z", 1, 4)
        .bounds("2026-12-01T00:00:00Z", 15, 30)
        .bounds("2026-12-02T00:00:00Z", 1, 4);
}

/// A metric that asks for at least so many cannot ask for less.
#[test]
fn keda_a_schedule_cannot_go_below_the_floor() {
    let quiet = r#"{name: quiet, timeStart: "01:00", timeEnd: "05:00", minReplicas: 2}"#;
    rule(&format!(
        "default: {{minReplicas: 3}}\n  schedule:\n    - {quiet}"
    ))
    .bounds("2026-11-24T03:00Z", 2, 4)
    .bounds("2026-11-24T05:00Z", 3, 4);
}

/// ARC: only `minReplicas` is scheduled, and above `maxReplicas` nothing is seen of it.
#[test]
fn actions_runner_controller_a_floor_above_the_ceiling_has_no_effect() {
    window(r#"timeStart: "09:00", timeEnd: "17:00""#)
        .bounds("2026-11-24T12:00Z", 5, 5)
        .bounds("2026-11-24T17:00Z", 1, 4);
}

#[test]
fn keda_a_floor_above_the_ceiling_is_accepted_and_two_controllers_fight() {
    let problem = refused("days: [Mon], minReplicas: 50, maxReplicas: 10");
    assert!(
        problem.contains("`minReplicas` 50 above `maxReplicas` 10"),
        "{problem}"
    );
}

#[test]
fn keda_zero_replicas_are_refused_or_do_the_opposite() {
    let night = schedule([r#"{name: night, timeStart: "22:00", timeEnd: "06:00", replicas: 0}"#]);
    night
        .sleeps_at("2026-11-24T23:00Z")
        .sleeps_at("2026-11-25T05:59:59Z")
        .bounds("2026-11-25T06:00Z", 1, 4);
}

/// The downscalers can only lower, and only by a fixed number.
#[test]
fn py_kube_downscaler_cannot_raise_in_a_window() {
    window(r#"timeStart: "09:00", timeEnd: "17:00""#).bounds("2026-11-24T12:00Z", 5, 5);
}
