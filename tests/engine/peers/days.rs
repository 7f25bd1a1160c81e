//! Weekdays, dates, holidays, spans.

use crate::schedule::{refused, rule_beside, window};

#[test]
fn py_kube_downscaler_overnight_windows_never_match() {
    window(r#"days: [Mon-Fri], timeStart: "22:00", timeEnd: "06:00""#)
        .opens("2026-11-27T22:00Z")
        .closes("2026-11-28T06:00Z")
        // Neither on Saturday nor on Sunday evening.
        .closed_at("2026-11-28T23:00Z")
        .closed_at("2026-11-30T05:00Z")
        .opens("2026-11-30T22:00Z");
}

/// For the current day's name, Friday's night is its small hours and its evening.
#[test]
fn go_kube_downscaler_friday_night_is_friday_morning() {
    window(r#"days: [Fri], timeStart: "22:00", timeEnd: "06:00""#).changes_only_at(
        "2026-11-26T12:00Z",
        "2026-12-01T00:00Z",
        ["2026-11-27T22:00Z", "2026-11-28T06:00Z"],
    );
}

/// One start and one end for each day, not the first start and the last end of the week.
#[test]
fn numaflow_friday_night_lasts_until_monday() {
    window(r#"days: [weekdays], timeStart: "22:00", timeEnd: "06:00""#)
        .closes("2026-11-28T06:00Z")
        .closed_at("2026-11-29T12:00Z");
}

#[test]
fn hjacobs_a_week_that_wraps_never_matches() {
    window("days: [Sun-Fri]")
        .closes("2026-11-28T00:00Z")
        .opens("2026-11-29T00:00Z")
        .open_at("2026-11-30T12:00Z");
    window("days: [Sat-Mon]")
        .opens("2026-11-28T00:00Z")
        .closes("2026-12-01T00:00Z");
}

#[test]
fn hjacobs_equal_start_and_end_silently_never_match() {
    let problem = refused(r#"timeStart: "03:00", timeEnd: "03:00", replicas: 5"#);
    assert!(problem.contains("starts and ends at the same time"), "{problem}");
    assert!(
        problem.contains(r#"`timeStart: "00:00"` and `timeEnd: "24:00"`"#),
        "{problem}"
    );
}

/// Start and end in patterns of their own do not pair up: closed from Friday's end until Monday's start.
#[test]
fn keda_a_start_and_an_end_on_different_weekdays_do_not_pair_up() {
    window(r#"timezone: Europe/Berlin, from: "Fri 20:10", until: "Mon 10:10""#)
        .changes_only_at(
            "2026-11-24T00:00+01:00",
            "2026-12-04T20:00+01:00",
            ["2026-11-27T20:10+01:00", "2026-11-30T10:10+01:00"],
        )
        .open_at("2026-11-28T23:00+01:00");
}

/// The same over the week's end that has no 02:00 to 03:00, and the one that has it twice.
#[test]
fn a_weekend_over_a_clock_change_begins_and_ends_on_the_wall_clock() {
    let weekend = window(r#"timezone: Europe/Berlin, from: "Fri 20:10", until: "Mon 10:10""#);
    weekend
        .changes_only_at(
            "2026-03-26T00:00+01:00",
            "2026-04-01T00:00+02:00",
            ["2026-03-27T20:10+01:00", "2026-03-30T10:10+02:00"],
        )
        .changes_only_at(
            "2026-10-22T00:00+02:00",
            "2026-10-28T00:00+01:00",
            ["2026-10-23T20:10+02:00", "2026-10-26T10:10+01:00"],
        );
}

/// `except` knows the day, the month and the year; Aliyun compares month and hour alone, so that the days before
/// and after are skipped too.
#[test]
fn aliyun_excluded_dates_compare_only_month_and_hour() {
    window(r#"except: {dates: ["2026-11-15"]}, timeStart: "00:00", timeEnd: "01:00""#)
        .open_at("2026-11-14T00:30Z")
        .closed_at("2026-11-15T00:30Z")
        .open_at("2026-11-16T00:30Z")
        .open_at("2027-11-15T00:30Z");
    window(r#"cron: "0 0 * * *", duration: 1h, except: {dates: ["2026-11-15"]}"#)
        .open_at("2026-11-14T00:30Z")
        .closed_at("2026-11-15T00:30Z")
        .open_at("2026-11-16T00:30Z");
}

/// A day that is left out is the day on which a night begins.
#[test]
fn a_night_before_a_holiday_still_ends_on_it() {
    window(r#"except: {dates: ["12-25"]}, timeStart: "22:00", timeEnd: "06:00""#)
        .closes("2026-12-25T06:00Z")
        .closed_at("2026-12-25T23:00Z")
        .opens("2026-12-26T22:00Z");
}

#[test]
fn a_range_of_dates_goes_over_new_year() {
    window(r#"dates: ["12-20..01-06"]"#).changes_only_at(
        "2026-12-01T00:00Z",
        "2027-12-01T00:00Z",
        ["2026-12-20T00:00Z", "2027-01-07T00:00Z"],
    );
}

/// Every team keeps its own list of holidays, changed by hand each year (KEDA, kube-green, hjacobs, kubernetes-on-aws).
#[test]
fn keda_holidays_cannot_be_shared() {
    let shop = rule_beside(
        "calendars:\n  germany: {dates: [\"01-01\", \"12-25\", \"12-26\", \"2027-03-26\"]}",
        "schedule:\n    - {name: work, days: [weekdays], except: {calendars: germany}, minReplicas: 5}\n    \
         - {name: closed, calendar: germany, replicas: 0}",
    );
    shop.by("2026-12-24T12:00Z", ["work"])
        .by("2026-12-25T12:00Z", ["closed"])
        .sleeps_at("2026-12-26T12:00Z")
        .by("2026-12-28T12:00Z", ["work"])
        // Good Friday, of one year.
        .by("2027-03-26T12:00Z", ["closed"])
        .by("2028-03-24T12:00Z", ["work"]);
}

#[test]
fn d_kuro_a_single_occasion_in_america_ends_hours_early() {
    window(r#"timezone: America/Los_Angeles, from: "2026-11-27T00:00", until: "2026-11-28T00:00""#)
        .changes_only_at(
            "2026-01-01T00:00Z",
            "2028-01-01T00:00Z",
            ["2026-11-27T08:00Z", "2026-11-28T08:00Z"],
        );
}

/// The downscalers' ranges of instants are closed at both ends.
#[test]
fn hjacobs_a_range_of_instants_includes_its_end() {
    window(r#"from: "2026-11-27T09:00+01:00", until: "2026-11-27T17:00+01:00""#)
        .open_at("2026-11-27T15:59:59Z")
        .closed_at("2026-11-27T16:00:00Z");
}

#[test]
fn an_end_before_its_start_is_told() {
    let problem = refused(r#"from: "2026-11-28T00:00", until: "2026-11-27T00:00", replicas: 5"#);
    assert!(problem.contains("ends before it starts"), "{problem}");
}

/// Validation that lets a window pass which nothing can open.
#[test]
fn days_and_dates_that_exclude_each_other_are_told() {
    let problem = refused(r#"days: [Mon], dates: ["2026-11-24"], replicas: 5"#);
    assert!(problem.contains("never opens"), "{problem}");
}
