//! Days on which clocks change: in New York 8 March 2026, when 02:00 is 03:00, and 1 November, when 02:00 is 01:00 again.

use crate::schedule::{schedule, window};

/// "Active if the next end comes before the next start" skips the end whose start does not exist.
#[test]
fn keda_a_window_stays_open_for_28_hours_on_a_clock_change_day() {
    window(r#"timezone: America/New_York, timeStart: "02:30", timeEnd: "08:00""#)
        .opens("2026-03-07T02:30-05:00")
        .closes("2026-03-07T08:00-05:00")
        .opens("2026-03-08T03:00-04:00")
        .closes("2026-03-08T08:00-04:00")
        .opens("2026-03-09T02:30-04:00");
}

#[test]
fn keda_the_night_that_ends_in_the_skipped_hour_never_opens() {
    window(r#"timezone: America/New_York, timeStart: "22:00", timeEnd: "02:30""#)
        .opens("2026-03-07T22:00-05:00")
        .closes("2026-03-08T03:00-04:00")
        .opens("2026-03-08T22:00-04:00")
        .closes("2026-03-09T02:30-04:00");
}

/// Go's `time.Date` moves it to 01:15 in New York, where it meets what runs there, and to 03:15 in Berlin.
#[test]
fn kured_a_window_inside_the_skipped_hour_is_moved_to_another_one() {
    window(r#"timezone: America/New_York, timeStart: "02:15", timeEnd: "02:45""#).changes_only_at(
        "2026-03-07T12:00-05:00",
        "2026-03-09T12:00-04:00",
        ["2026-03-09T02:15-04:00", "2026-03-09T02:45-04:00"],
    );
    window(r#"timezone: Europe/Berlin, timeStart: "02:15", timeEnd: "02:45""#).changes_only_at(
        "2026-03-28T12:00+01:00",
        "2026-03-30T12:00+02:00",
        ["2026-03-30T02:15+02:00", "2026-03-30T02:45+02:00"],
    );
}

/// `time.Date` moves an edge in the gap by an hour, back in New York and forward in Berlin.
#[test]
fn zalando_an_edge_in_the_skipped_hour_moves_in_a_direction_that_depends_on_the_zone() {
    window(r#"timezone: America/New_York, timeStart: "02:30", timeEnd: "08:00""#)
        .opens("2026-03-08T03:00-04:00");
    window(r#"timezone: Europe/Berlin, timeStart: "02:30", timeEnd: "08:00""#)
        .opens("2026-03-29T03:00+02:00");
}

/// Half an hour is skipped there.
#[test]
fn lord_howe_skips_half_an_hour() {
    window(r#"timezone: Australia/Lord_Howe, timeStart: "02:15", timeEnd: "02:45""#)
        .opens("2026-10-04T02:30+11:00")
        .closes("2026-10-04T02:45+11:00");
}

#[test]
fn a_day_that_begins_at_one_o_clock_is_whole() {
    // Midnight is skipped in Cairo on 24 April 2026, a Friday, and in Santiago on 6 September, a Sunday.
    window("timezone: Africa/Cairo, days: Friday")
        .opens("2026-04-24T01:00+03:00")
        .closes("2026-04-25T00:00+03:00");
    window("timezone: Africa/Cairo, days: Thursday").closes("2026-04-24T01:00+03:00");
    window("timezone: America/Santiago, days: Sunday")
        .opens("2026-09-06T01:00-03:00")
        .closes("2026-09-07T00:00-03:00");
}

#[test]
fn a_gap_that_goes_over_midnight_belongs_to_neither_day() {
    // Nuuk, 28 March 2026: 23:00 is 00:00 of the 29th.
    window(r#"timezone: America/Nuuk, dates: "2026-03-28", timeStart: "23:15", timeEnd: "23:45""#)
        .changes_only_at("2026-03-01T00:00Z", "2026-05-01T00:00Z", []);
    window(r#"timezone: America/Nuuk, days: Saturday"#).closes("2026-03-29T00:00-01:00");
    window(r#"timezone: America/Nuuk, days: Sunday"#).opens("2026-03-29T00:00-01:00");
}

#[test]
fn a_day_that_never_was_opens_nothing() {
    // Apia went from 29 to 31 December 2011.
    window(r#"timezone: Pacific/Apia, dates: "2011-12-30""#).changes_only_at(
        "2011-12-01T00:00Z",
        "2012-01-31T00:00Z",
        [],
    );
    window(r#"timezone: Pacific/Apia, dates: ["2011-12-29", "2011-12-30", "2011-12-31"]"#).changes_only_at(
        "2011-12-01T00:00Z",
        "2012-01-31T00:00Z",
        ["2011-12-29T00:00-10:00", "2012-01-01T00:00+14:00"],
    );
}

#[test]
fn downscalers_flap_in_the_repeated_hour() {
    window(r#"timezone: America/New_York, timeStart: "01:30", timeEnd: "08:00""#).changes_only_at(
        "2026-10-31T12:00-04:00",
        "2026-11-01T12:00-05:00",
        ["2026-11-01T01:30-04:00", "2026-11-01T08:00-05:00"],
    );
    window(r#"timezone: America/New_York, timeStart: "22:00", timeEnd: "01:30""#).changes_only_at(
        "2026-10-31T12:00-04:00",
        "2026-11-01T12:00-05:00",
        ["2026-10-31T22:00-04:00", "2026-11-01T01:30-04:00"],
    );
}

#[test]
fn keda_opens_and_closes_an_hour_late_in_the_repeated_hour() {
    window(r#"timezone: America/New_York, timeStart: "01:30", timeEnd: "08:00""#)
        .opens("2026-11-01T01:30-04:00")
        .open_at("2026-11-01T01:00-05:00");
    window(r#"timezone: America/New_York, timeStart: "22:00", timeEnd: "01:30""#)
        .closes("2026-11-01T01:30-04:00")
        .closed_at("2026-11-01T01:15-05:00");
}

#[test]
fn a_window_inside_the_repeated_hour_opens_once() {
    window(r#"timezone: America/New_York, timeStart: "01:15", timeEnd: "01:45""#).changes_only_at(
        "2026-10-31T12:00-04:00",
        "2026-11-01T12:00-05:00",
        ["2026-11-01T01:15-04:00", "2026-11-01T01:45-04:00"],
    );
}

/// What begins where another ends has neither a dip nor an overlap, whatever the clock does.
#[test]
fn keda_replicas_dip_between_two_windows_that_meet() {
    let day = schedule([
        r#"{name: night, timezone: America/New_York, timeStart: "20:00", timeEnd: "01:30", replicas: 3}"#,
        r#"{name: day, timezone: America/New_York, timeStart: "01:30", timeEnd: "20:00", replicas: 4}"#,
    ]);
    day.by("2026-11-01T01:29:59-04:00", ["night"])
        .by("2026-11-01T01:30:00-04:00", ["day"])
        .by("2026-11-01T01:00:00-05:00", ["day"])
        .by("2026-11-01T19:59:59-05:00", ["day"])
        .by("2026-11-01T20:00:00-05:00", ["night"]);
}

/// Hours since midnight are not what the wall clock shows on these days.
#[test]
fn scylla_manager_adds_hours_to_midnight() {
    let office = window(r#"timezone: Europe/Berlin, timeStart: "09:00", timeEnd: "17:00""#);
    office
        .opens("2026-03-29T09:00+02:00")
        .closes("2026-03-29T17:00+02:00")
        .opens("2026-10-25T09:00+01:00")
        .closes("2026-10-25T17:00+01:00");
}

/// Starts and ends stored with a fixed offset are an hour off for half of the year.
#[test]
fn actions_runner_controller_drifts_with_daylight_saving_time() {
    window(r#"timezone: Europe/Berlin, days: [weekdays], timeStart: "09:00", timeEnd: "17:00""#)
        .opens("2026-01-15T08:00Z")
        .opens("2026-07-15T07:00Z")
        .closes("2026-01-15T16:00Z")
        .closes("2026-07-15T15:00Z");
}

/// A night as a start and eight elapsed hours ends at 07:00 or 05:00 when clocks change.
#[test]
fn agones_a_night_ends_an_hour_off() {
    window(r#"timezone: America/New_York, timeStart: "22:00", timeEnd: "06:00""#)
        .opens("2026-03-07T22:00-05:00")
        .closes("2026-03-08T06:00-04:00")
        .opens("2026-10-31T22:00-04:00")
        .closes("2026-11-01T06:00-05:00");
}

/// Waiting for the next edge gets stuck where that edge is not there (Nomad), or comes back to it for an hour (Octopus).
#[test]
fn nomad_and_octopus_get_stuck_or_loop_at_a_clock_change() {
    window(r#"timezone: America/New_York, timeStart: "02:00", timeEnd: "02:30""#).changes_only_at(
        "2026-03-06T12:00-05:00",
        "2026-03-09T12:00-04:00",
        [
            "2026-03-07T02:00-05:00",
            "2026-03-07T02:30-05:00",
            "2026-03-09T02:00-04:00",
            "2026-03-09T02:30-04:00",
        ],
    );
    window(r#"timezone: America/New_York, timeStart: "01:00", timeEnd: "02:00""#).changes_only_at(
        "2026-10-31T12:00-04:00",
        "2026-11-01T12:00-05:00",
        ["2026-11-01T01:00-04:00", "2026-11-01T02:00-05:00"],
    );
}
