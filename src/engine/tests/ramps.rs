//! What a ramp means, one test each.

use super::*;

const HOUR: u32 = 3_600;

/// From 12:00 to 13:00, ten minutes up and ten minutes down.
fn peak(sets: Setting) -> Window {
    window("peak", NOON, sets, 0).ramping(600)
}

/// A decision at each of its edges in a span of 2026-11-27, as `HH:MM:SS what`.
fn told(rule: &Rule, base: Base, from: &str, until: &str, what: fn(&Decision) -> String) -> Vec<String> {
    let (mut now, end) = (clock(from), clock(until));
    let mut told = Vec::new();
    while now < end {
        let decision = decide(rule, &base, now);
        told.push(format!("{} {}", &now.to_string()[11..19], what(&decision)));
        let next = decision.until.map_or(end, |until| until.min(end));
        let last = Instant::from_unix(next.unix() - 1);
        let asked = |decision: Decision| (decision.floor, decision.ceiling, decision.replicas);
        assert_eq!(
            asked(decide(rule, &base, last)),
            asked(decision),
            "holds until {next}"
        );
        now = next;
    }
    told
}

fn shown(want: Option<Want>) -> String {
    let Some(want) = want else {
        return "-".to_owned();
    };
    let setter = match want.setter {
        From(index) => format!("by {index}"),
        FromDefault => "by default".to_owned(),
    };
    match want.adjusted {
        None => format!("{} {setter}", want.value),
        Some(adjusted) => format!("{} {setter} {adjusted:?}", want.value),
    }
}

fn floors(decision: &Decision) -> String {
    shown(decision.floor)
}

fn ceilings(decision: &Decision) -> String {
    shown(decision.ceiling)
}

fn scales(decision: &Decision) -> String {
    shown(decision.replicas)
}

#[test]
fn moves_up_after_the_start_and_down_after_the_end() {
    let rule = rule(vec![peak(floor(6))]);
    let expected = [
        "11:00:00 -",
        "12:02:30 3 by 0 Ramping",
        "12:05:00 4 by 0 Ramping",
        "12:07:30 5 by 0 Ramping",
        "12:10:00 6 by 0",
        "13:00:00 6 by 0 Ramping",
        "13:02:30 5 by 0 Ramping",
        "13:05:00 4 by 0 Ramping",
        "13:07:30 3 by 0 Ramping",
        "13:10:00 -",
    ];
    assert_eq!(
        told(&rule, originals(2, 10), "11:00:00", "14:00:00", floors),
        expected
    );
}

#[test]
fn the_opening_ramp_begins_at_the_lead() {
    let rule = rule(vec![peak(floor(4)).leading(900)]);
    let expected = [
        "11:00:00 -",
        "11:50:00 3 by 0 Ramping",
        "11:55:00 4 by 0",
        "13:00:00 4 by 0 Ramping",
        "13:05:00 3 by 0 Ramping",
        "13:10:00 -",
    ];
    assert_eq!(
        told(&rule, originals(2, 10), "11:00:00", "14:00:00", floors),
        expected
    );
}

#[test]
fn steps_fall_on_the_first_whole_second_that_reaches_them() {
    let mut rule = rule(vec![peak(floor(4))]);
    rule.schedule[0].ramp = 100;
    let expected = [
        "12:00:00 -",
        "12:00:34 2 by 0 Ramping",
        "12:01:07 3 by 0 Ramping",
        "12:01:40 4 by 0",
    ];
    assert_eq!(
        told(&rule, originals(1, 10), "12:00:00", "12:30:00", floors),
        expected
    );
}

#[test]
fn truncates_towards_where_it_comes_from_also_downwards() {
    let rule = rule(vec![peak(ceiling(4)), window("cap", ALWAYS, ceiling(6), -1)]);
    let expected = [
        "11:00:00 6 by 1",
        "12:05:00 5 by 0 Ramping",
        "12:10:00 4 by 0",
        "13:00:00 4 by 0 Ramping",
        "13:05:00 5 by 0 Ramping",
        "13:10:00 6 by 1",
    ];
    assert_eq!(
        told(&rule, originals(1, 10), "11:00:00", "14:00:00", ceilings),
        expected
    );
}

#[test]
fn a_window_shorter_than_its_ramp_closes_from_what_it_asks() {
    let rule = rule(vec![window("peak", ("12:00", "12:02"), floor(4), 0).ramping(240)]);
    let expected = [
        "11:00:00 -",
        "12:01:20 2 by 0 Ramping",
        "12:02:00 4 by 0 Ramping",
        "12:03:20 3 by 0 Ramping",
        "12:04:40 2 by 0 Ramping",
        "12:06:00 -",
    ];
    assert_eq!(
        told(&rule, originals(1, 10), "11:00:00", "14:00:00", floors),
        expected
    );
}

#[test]
fn who_opens_again_while_it_closes_stays_at_the_nearer_of_the_two() {
    // Ends at 12:00 and opens again at 12:02: half-way between, at 12:03, the two meet.
    let twice = window("twice", ("12:02", "12:00"), floor(9), 0).ramping(240);
    let expected = [
        "11:00:00 9 by 0",
        "12:00:00 9 by 0 Ramping",
        "12:00:30 8 by 0 Ramping",
        "12:01:00 7 by 0 Ramping",
        "12:01:30 6 by 0 Ramping",
        "12:02:00 5 by 0 Ramping",
        "12:02:30 4 by 0 Ramping",
        "12:03:00 3 by 0 Ramping",
        "12:03:30 4 by 0 Ramping",
        "12:04:00 5 by 0 Ramping",
        "12:04:30 6 by 0 Ramping",
        "12:05:00 7 by 0 Ramping",
        "12:05:30 8 by 0 Ramping",
        "12:06:00 9 by 0",
    ];
    assert_eq!(
        told(
            &rule(vec![twice]),
            originals(1, 20),
            "11:00:00",
            "14:00:00",
            floors
        ),
        expected
    );
}

#[test]
fn occurrences_without_a_gap_do_not_ramp_in_between() {
    // From 12:00 to 12:00 of the next day but for its lead, which closes the gap.
    let leading = window("always", ("12:02", "12:00"), floor(9), 0)
        .leading(120)
        .ramping(600);
    assert_eq!(
        told(
            &rule(vec![leading]),
            originals(1, 20),
            "11:00:00",
            "13:00:00",
            floors
        ),
        ["11:00:00 9 by 0"]
    );
    let whole_days = window("always", ALWAYS, floor(9), 0).ramping(600);
    assert_eq!(
        told(
            &rule(vec![whole_days]),
            originals(1, 20),
            "11:00:00",
            "13:00:00",
            floors
        ),
        ["11:00:00 9 by 0"]
    );
}

#[test]
fn the_way_begins_where_default_and_limits_put_it() {
    let mut rule = rule(vec![peak(floor(50))]);
    rule.default = floor(1);
    rule.limits = limits(Some(3), Some(5));
    let expected = [
        "11:00:00 3 by default ByLimits",
        "12:05:00 4 by 0 Ramping",
        "12:10:00 5 by 0 ByLimits",
        "13:00:00 5 by 0 Ramping",
        "13:05:00 4 by 0 Ramping",
        "13:10:00 3 by default ByLimits",
    ];
    assert_eq!(
        told(&rule, originals(9, 9), "11:00:00", "14:00:00", floors),
        expected
    );
}

#[test]
fn nothing_can_be_said_of_a_ramp_from_an_unknown_original() {
    let rule = rule(vec![peak(sets(Some(4), Some(9)))]);
    let expected = ["11:00:00 -", "12:10:00 4 by 0", "13:00:00 -"];
    assert_eq!(told(&rule, UNKNOWN, "11:00:00", "14:00:00", floors), expected);
    assert_eq!(
        told(&rule, Base::Scale(None), "11:00:00", "14:00:00", scales),
        expected
    );
}

#[test]
fn moves_what_the_weaker_windows_have_reached() {
    let rule = rule(vec![
        window("day", ("08:00", "18:00"), floor(2), 0),
        window("hill", ("11:58", "18:00"), floor(6), 1).ramping(480),
        window("peak", NOON, floor(10), 2).ramping(480),
    ]);
    // At 12:04 the hill has reached 2 + 3 = 5, and the peak is half-way from there.
    let decision = decide(&rule, &UNKNOWN, clock("12:04:00"));
    assert_eq!(decision.floor, moved(7, From(2), Ramping));
    assert_eq!(
        decision.until,
        Some(clock("12:04:48")),
        "the fourth of five steps"
    );
}

#[test]
fn a_full_window_hides_the_ramps_below_it() {
    let rule = rule(vec![
        window("day", ("08:00", "18:00"), floor(2), 1),
        peak(floor(9)),
    ]);
    assert_eq!(
        told(&rule, UNKNOWN, "11:00:00", "14:00:00", floors),
        ["11:00:00 2 by 0"]
    );
}

#[test]
fn who_does_not_change_the_value_is_not_the_setter() {
    let same = rule(vec![
        window("day", ("08:00", "18:00"), floor(4), 0),
        window("peak", NOON, floor(4), 1).ramping(600),
    ]);
    let expected = ["11:00:00 4 by 0", "12:10:00 4 by 1", "13:00:00 4 by 0"];
    assert_eq!(told(&same, UNKNOWN, "11:00:00", "14:00:00", floors), expected);
}

#[test]
fn a_ramp_has_the_rank_of_its_window_against_the_other_bound() {
    let mut rule = rule(vec![
        peak(ceiling(3)),
        window("day", ("08:00", "18:00"), sets(Some(5), Some(9)), 0),
    ]);
    rule.schedule[0].priority = 1;
    // Nine to three: from 12:05 on the ceiling is at six, at 12:08:20 below the floor.
    let decision = decide(&rule, &UNKNOWN, clock("12:05:00"));
    assert_eq!(
        (decision.floor, decision.ceiling),
        (want(5, From(1)), moved(6, From(0), Ramping))
    );
    let decision = decide(&rule, &UNKNOWN, clock("12:08:20"));
    assert_eq!(
        (decision.floor, decision.ceiling),
        (moved(4, From(0), ToCeiling), moved(4, From(0), Ramping))
    );
}

#[test]
fn falls_asleep_exactly_at_the_end_of_the_ramp_and_wakes_with_the_first_step() {
    let rule = rule(vec![peak(replicas(0))]);
    let both = |decision: &Decision| match decision.replicas {
        Some(asleep) => format!("asleep {}", shown(Some(asleep))),
        None => floors(decision),
    };
    let expected = [
        "11:00:00 -",
        "12:05:00 1 by 0 Ramping",
        "12:10:00 asleep 0 by 0",
        "13:00:00 asleep 0 by 0 Ramping",
        "13:05:00 1 by 0 Ramping",
        "13:10:00 -",
    ];
    assert_eq!(
        told(&rule, originals(2, 10), "11:00:00", "14:00:00", both),
        expected
    );
}

#[test]
fn wakes_from_a_default_of_zero_with_the_first_step() {
    let mut rule = rule(vec![peak(floor(2))]);
    rule.default = replicas(0);
    let expected = [
        "11:00:00 0 by default",
        "12:05:00 1 by 0 Ramping",
        "12:10:00 2 by 0",
        "13:00:00 2 by 0 Ramping",
        "13:05:00 1 by 0 Ramping",
        "13:10:00 0 by default",
    ];
    assert_eq!(
        told(&rule, Base::Scale(Some(4)), "11:00:00", "14:00:00", scales),
        expected
    );
}

#[test]
fn a_floor_of_zero_that_is_no_sleep_keeps_the_setting_below_asleep_until_it_is_all_there() {
    let mut rule = rule(vec![peak(floor(0))]);
    rule.default = replicas(0);
    assert_eq!(
        decide(&rule, &UNKNOWN, clock("12:05:00")).replicas,
        want(0, FromDefault)
    );
    assert_eq!(decide(&rule, &UNKNOWN, clock("12:10:00")).floor, want(0, From(0)));
}

#[test]
fn whoever_sleeps_has_no_steps_of_a_ceiling() {
    let mut rule = rule(vec![peak(ceiling(3))]);
    rule.default = replicas(0);
    assert_eq!(
        told(&rule, originals(1, 9), "11:00:00", "14:00:00", scales),
        ["11:00:00 0 by default"]
    );
}

#[test]
fn without_autoscaler_a_floor_ramps_from_the_original_scale() {
    let rule = rule(vec![peak(floor(5))]);
    let expected = [
        "12:00:00 -",
        "12:05:00 4 by 0 Ramping",
        "12:10:00 5 by 0",
        "13:00:00 5 by 0 Ramping",
        "13:05:00 4 by 0 Ramping",
        "13:10:00 -",
    ];
    assert_eq!(
        told(&rule, Base::Scale(Some(3)), "12:00:00", "14:00:00", scales),
        expected
    );
}

#[test]
fn without_autoscaler_a_ceiling_ramps_from_default_or_the_original_scale() {
    let mut rule = rule(vec![peak(ceiling(3))]);
    let half = clock("12:05:00");
    let scale = |rule: &Rule| decide(rule, &Base::Scale(Some(7)), half).replicas;
    assert_eq!(scale(&rule), moved(5, From(0), CeilingAsScale), "from 7");
    rule.default = floor(5);
    assert_eq!(scale(&rule), moved(4, From(0), ToCeiling), "from the floor of 5");
    rule.default = sets(Some(5), Some(9));
    assert_eq!(scale(&rule), want(5, FromDefault), "from the ceiling of 9 to 6");
}

#[test]
fn a_ramp_across_a_clock_change_is_elapsed_time() {
    // Clocks go back from 03:00 to 02:00, which is 01:00 UTC.
    let mut window = window("night", ("02:30", "06:00"), floor(5), 0).ramping(2 * HOUR);
    window.zone = Zone::parse("Europe/Berlin").unwrap();
    let floor = |text: &str| decide(&rule(vec![window.clone()]), &originals(1, 9), at(text)).floor;
    assert_eq!(floor("2026-10-25T00:59:59Z"), None);
    assert_eq!(
        floor("2026-10-25T01:30:00Z"),
        moved(3, From(0), Ramping),
        "an hour after 02:30"
    );
    assert_eq!(floor("2026-10-25T02:30:00Z"), want(5, From(0)));
}

#[test]
fn who_opens_and_closes_without_end_within_its_ramp_does_not_ramp() {
    // 365 days and nights of twelve hours each lie within the ramp.
    let restless = window("half", ("00:00", "12:00"), floor(9), 0).ramping(365 * 24 * HOUR);
    let rule = rule(vec![restless]);
    assert_eq!(
        decide(&rule, &originals(1, 9), clock("06:00:00")).floor,
        want(9, From(0))
    );
    assert_eq!(decide(&rule, &originals(1, 9), clock("18:00:00")).floor, None);
    assert_eq!(
        told(&rule, originals(1, 9), "06:00:00", "13:00:00", floors),
        ["06:00:00 9 by 0", "12:00:00 -"]
    );
}

#[test]
fn gives_up_a_ramp_only_while_more_edges_lie_within_it() {
    // 2 edges per day on 140 dates; they are more than are followed until the first of them is a ramp ago.
    let first = Date::parse("2026-06-01").unwrap().days_since_epoch();
    let dates = on((first..first + 140).map(Date::from_days_since_epoch));
    let mut window = window("half", ("00:00", "12:00"), floor(9), 0).ramping(200 * 24 * HOUR);
    let (start, end) = (
        TimeOfDay::parse("00:00").unwrap(),
        TimeOfDay::parse("12:00").unwrap(),
    );
    window.occurrences = Occurrences::daily(dates, start, end);
    let rule = rule(vec![window]);
    let base = originals(1, 9);
    let (mut now, end) = (at("2026-10-01T00:00:00Z"), at("2027-08-01T00:00:00Z"));
    while now < end {
        let decision = decide(&rule, &base, now);
        let until = decision.until.unwrap_or(end);
        for within in [
            now.unix() + 1,
            now.unix().midpoint(until.unix()),
            until.unix() - 1,
        ] {
            if within < until.unix() {
                assert_eq!(decide(&rule, &base, Instant::from_unix(within)), decision);
            }
        }
        now = until;
    }
}
