//! Zones, and whose they are.

use std::process::Command;

use crate::schedule::{refused, schedule, window};

#[test]
fn zalando_an_unknown_zone_silently_becomes_the_default() {
    let problem = refused(r#"timezone: Europe/Berlln, timeStart: "09:00", replicas: 5"#);
    assert!(
        problem.contains("there is no time zone `Europe/Berlln`"),
        "{problem}"
    );
    assert!(problem.contains("did you mean `Europe/Berlin`?"), "{problem}");
}

/// A pattern for zone names that knows no digits and no minus.
#[test]
fn py_kube_downscaler_refuses_zones_with_digits_or_hyphens() {
    window(r#"timezone: Etc/GMT+3, timeStart: "09:00", timeEnd: "17:00""#).opens("2026-11-24T12:00Z");
    window(r#"timezone: America/Port-au-Prince, timeStart: "09:00", timeEnd: "17:00""#)
        .opens("2026-11-24T14:00Z");
}

/// KEDA and Aliyun once shipped without zone data.
#[test]
fn aliyun_zones_need_data_that_the_image_does_not_have() {
    assert_plan_is_the_same("TZDIR", ["/nonexistent", ""]);
}

/// One zone for all, that of the process.
#[test]
fn aliyun_the_zone_of_the_controller_decides() {
    assert_plan_is_the_same("TZ", ["Asia/Shanghai", "America/New_York"]);
}

/// A plan at an instant at which a window of New York is open.
fn assert_plan_is_the_same(variable: &str, values: [&str; 2]) {
    let plan = |value: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_easyscale"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env(variable, value)
            .args(["plan", "policies/", "--cluster", "examples/cluster.yaml"])
            .args(["--at", "2026-11-27T21:30:00Z"])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let [one, other] = values.map(plan);
    assert!(one.contains("Peak hours"), "{one}");
    assert_eq!(one, other);
}

#[test]
fn aibrix_refuses_zones_that_differ_between_windows() {
    schedule([
        r#"{name: east, timezone: America/New_York, timeStart: "09:00", timeEnd: "17:00", replicas: 5}"#,
        r#"{name: west, timezone: America/Los_Angeles, timeStart: "09:00", timeEnd: "17:00", replicas: 6}"#,
    ])
    .by("2026-11-24T09:00-05:00", ["east"])
    .by("2026-11-24T09:00-08:00", ["west"])
    .by("2026-11-24T16:59:59-08:00", ["west"]);
}
