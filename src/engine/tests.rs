//! What each sentence about bounds means, one test each.

use std::collections::BTreeMap;

mod explanations;
mod leads;
mod ramps;
mod timelines;

use super::*;
use crate::policy::{Limits, Place, Replicas, Setting, Sourced, Target, Wake, Window};
use crate::time::{Date, Dates, Occurrences, StartDays, TimeOfDay, Weekdays, Zone};

fn place() -> Place {
    Place {
        file: "policy.yaml".into(),
        line: 1,
        column: 1,
    }
}

fn sourced(value: Replicas) -> Option<Sourced<Replicas>> {
    Some(Sourced {
        value,
        place: place(),
    })
}

fn sets(floor: Option<Replicas>, ceiling: Option<Replicas>) -> Setting {
    Setting {
        floor: floor.and_then(sourced),
        ceiling: ceiling.and_then(sourced),
        sugar: false,
    }
}

fn floor(value: Replicas) -> Setting {
    sets(Some(value), None)
}

fn ceiling(value: Replicas) -> Setting {
    sets(None, Some(value))
}

fn replicas(value: Replicas) -> Setting {
    Setting {
        sugar: true,
        ..floor(value)
    }
}

/// These dates and no others.
fn on(dates: impl IntoIterator<Item = Date>) -> StartDays {
    let dates = dates.into_iter().collect();
    StartDays::new(Weekdays::DAILY, Some(&dates), Weekdays::NONE, &Dates::default())
}

/// A window that is open every day from `times.0` to `times.1`, UTC.
fn window(name: &str, times: (&str, &str), sets: Setting, priority: i32) -> Window {
    let time = |text: &str| TimeOfDay::parse(text).unwrap();
    Window {
        name: name.to_owned(),
        place: place(),
        occurrences: Occurrences::daily(StartDays::weekly(Weekdays::DAILY), time(times.0), time(times.1)),
        zone: Zone::utc(),
        sets,
        priority,
        lead: 0,
        ramp: 0,
        suspended: false,
        description: None,
    }
}

impl Window {
    /// Opens so many seconds earlier.
    fn leading(self, lead: u32) -> Self {
        Self { lead, ..self }
    }

    /// Moves its bounds over so many seconds.
    fn ramping(self, ramp: u32) -> Self {
        Self { ramp, ..self }
    }
}

const NOON: (&str, &str) = ("12:00", "13:00");
const ALWAYS: (&str, &str) = ("00:00", "24:00");

fn rule(schedule: Vec<Window>) -> Rule {
    Rule {
        name: "checkout".to_owned(),
        scope: crate::policy::Scope::Files,
        place: place(),
        labels: BTreeMap::new(),
        target: Target {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "checkout".to_owned(),
        },
        schedule,
        default: Setting::default(),
        limits: Limits::default(),
        wake: Wake::default(),
        cooldown: 0,
        stagger: 0,
    }
}

fn limits(min: Option<Replicas>, max: Option<Replicas>) -> Limits {
    Limits {
        min: min.and_then(sourced),
        max: max.and_then(sourced),
    }
}

fn originals(floor: Replicas, ceiling: Replicas) -> Base {
    Base::Autoscaler {
        floor: Some(floor),
        ceiling: Some(ceiling),
    }
}

const UNKNOWN: Base = Base::Autoscaler {
    floor: None,
    ceiling: None,
};

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// At this time of 2026-11-27, UTC.
fn clock(time: &str) -> Instant {
    at(&format!("2026-11-27T{time}Z"))
}

fn noon() -> Instant {
    at("2026-11-27T12:30:00Z")
}

fn want(value: Replicas, setter: Setter) -> Option<Want> {
    Some(Want {
        value,
        setter,
        adjusted: None,
    })
}

fn moved(value: Replicas, setter: Setter, adjusted: Adjusted) -> Option<Want> {
    Some(Want {
        value,
        setter,
        adjusted: Some(adjusted),
    })
}

use Adjusted::{ByLimits, CeilingAsScale, Ramping, ToCeiling, ToFloor};
use Setter::{Default as FromDefault, Window as From};

/// `decide` at noon, as (floor, ceiling); no scale is asked.
fn bounds(rule: &Rule, base: Base) -> (Option<Want>, Option<Want>) {
    let decision = decide(rule, &base, noon());
    assert_eq!(decision.replicas, None);
    (decision.floor, decision.ceiling)
}

/// `decide` at noon, as replicas; no bound is asked.
fn scale(rule: &Rule, base: Base) -> Option<Want> {
    let decision = decide(rule, &base, noon());
    assert_eq!((decision.floor, decision.ceiling), (None, None));
    decision.replicas
}

#[test]
fn nothing_is_asked_outside_every_window() {
    let night = rule(vec![window(
        "night",
        ("22:00", "06:00"),
        sets(Some(1), Some(2)),
        0,
    )]);
    assert_eq!(bounds(&night, originals(9, 3)), (None, None));
    assert_eq!(scale(&night, Base::Scale(Some(3))), None);
}

#[test]
fn a_window_may_set_one_bound_and_leave_the_other_to_default() {
    let mut rule = rule(vec![window("peak", NOON, floor(5), 0)]);
    assert_eq!(bounds(&rule, originals(2, 10)), (want(5, From(0)), None));
    rule.default = sets(Some(2), Some(8));
    assert_eq!(
        bounds(&rule, originals(1, 10)),
        (want(5, From(0)), want(8, FromDefault))
    );
}

#[test]
fn the_highest_priority_wins_per_bound() {
    let rule = rule(vec![
        window("a", NOON, sets(Some(5), Some(50)), 0),
        window("b", NOON, floor(3), 1),
        window("c", NOON, ceiling(40), 2),
        window("shut", ("01:00", "02:00"), sets(Some(9), Some(90)), 9),
    ]);
    assert_eq!(bounds(&rule, UNKNOWN), (want(3, From(1)), want(40, From(2))));
}

#[test]
fn at_equal_priority_the_one_that_asks_for_more_then_the_first_name() {
    let more = rule(vec![
        window("a", NOON, sets(Some(5), Some(9)), 0),
        window("b", NOON, sets(Some(6), Some(8)), 0),
    ]);
    assert_eq!(bounds(&more, UNKNOWN), (want(6, From(1)), want(9, From(0))));
    let named = rule(vec![
        window("b", NOON, floor(5), 0),
        window("a", NOON, floor(5), 0),
        window("c", NOON, floor(5), 0),
    ]);
    assert_eq!(bounds(&named, UNKNOWN).0, want(5, From(1)));
}

#[test]
fn limits_clamp_what_is_asked_and_leave_originals_alone() {
    let mut rule = rule(vec![window("peak", NOON, floor(50), 0)]);
    rule.limits = limits(Some(2), Some(20));
    assert_eq!(
        bounds(&rule, originals(1, 30)),
        (moved(20, From(0), ByLimits), None)
    );
    rule.schedule[0].sets = sets(Some(1), Some(20));
    assert_eq!(
        bounds(&rule, UNKNOWN),
        (moved(2, From(0), ByLimits), want(20, From(0)))
    );
    rule.schedule.clear();
    rule.default = ceiling(1);
    assert_eq!(
        bounds(&rule, originals(1, 30)),
        (None, moved(2, FromDefault, ByLimits))
    );
    rule.default = Setting::default();
    assert_eq!(bounds(&rule, originals(0, 100)), (None, None));
}

#[test]
fn a_floor_of_a_window_lifts_a_ceiling_of_the_base() {
    let mut rule = rule(vec![window("peak", NOON, floor(12), -5)]);
    let lifted = (want(12, From(0)), moved(12, From(0), ToFloor));
    assert_eq!(bounds(&rule, originals(2, 10)), lifted);
    assert_eq!(
        bounds(&rule, UNKNOWN),
        (want(12, From(0)), None),
        "an unknown ceiling is in nobody's way"
    );
    rule.default = ceiling(8);
    assert_eq!(bounds(&rule, UNKNOWN), lifted);
    rule.schedule[0].sets = replicas(12);
    assert_eq!(bounds(&rule, UNKNOWN), lifted);
}

#[test]
fn a_ceiling_of_a_window_lowers_a_floor_of_the_base() {
    let mut rule = rule(vec![window("cap", NOON, ceiling(3), -5)]);
    let lowered = (moved(3, From(0), ToCeiling), want(3, From(0)));
    assert_eq!(bounds(&rule, originals(5, 10)), lowered);
    rule.default = floor(4);
    assert_eq!(bounds(&rule, UNKNOWN), lowered);
}

#[test]
fn between_windows_the_higher_priority_stays_and_at_equal_the_ceiling_rises() {
    let mut rule = rule(vec![
        window("up", NOON, floor(12), 0),
        window("cap", NOON, ceiling(3), 0),
    ]);
    assert_eq!(
        bounds(&rule, UNKNOWN),
        (want(12, From(0)), moved(12, From(0), ToFloor))
    );
    rule.schedule[1].priority = 1;
    assert_eq!(
        bounds(&rule, UNKNOWN),
        (moved(3, From(1), ToCeiling), want(3, From(1)))
    );
    rule.schedule[0].priority = 2;
    assert_eq!(
        bounds(&rule, UNKNOWN),
        (want(12, From(0)), moved(12, From(0), ToFloor))
    );
}

#[test]
fn in_the_base_the_ceiling_rises() {
    let mut rule = rule(Vec::new());
    rule.default = floor(12);
    assert_eq!(
        bounds(&rule, originals(2, 10)),
        (want(12, FromDefault), moved(12, FromDefault, ToFloor))
    );
    rule.default = ceiling(3);
    assert_eq!(
        bounds(&rule, originals(5, 10)),
        (None, moved(5, FromDefault, ToFloor))
    );
}

#[test]
fn sleep_puts_the_scale_to_zero_and_asks_no_bound() {
    let mut rule = rule(vec![
        window("sleep", NOON, replicas(0), 1),
        window("up", NOON, sets(Some(5), Some(9)), 0),
        window("cap", NOON, ceiling(3), 7),
    ]);
    assert_eq!(scale(&rule, originals(2, 10)), want(0, From(0)));
    assert_eq!(scale(&rule, Base::Scale(Some(4))), want(0, From(0)));
    rule.schedule[0].priority = 0;
    assert_eq!(
        bounds(&rule, UNKNOWN).0,
        moved(3, From(2), ToCeiling),
        "awake: more is asked"
    );
    rule.schedule.truncate(1);
    rule.schedule[0].sets = floor(0);
    assert_eq!(
        bounds(&rule, UNKNOWN),
        (want(0, From(0)), None),
        "minReplicas: 0 is no sleep"
    );
    rule.schedule.clear();
    rule.default = replicas(0);
    assert_eq!(scale(&rule, UNKNOWN), want(0, FromDefault));
}

#[test]
fn without_autoscaler_the_floor_is_the_scale() {
    let mut rule = rule(vec![
        window("up", NOON, floor(5), 0),
        window("cap", NOON, ceiling(3), 0),
    ]);
    assert_eq!(scale(&rule, Base::Scale(Some(1))), want(5, From(0)));
    assert_eq!(scale(&rule, Base::Scale(None)), want(5, From(0)));
    rule.schedule[1].priority = 1;
    assert_eq!(scale(&rule, Base::Scale(None)), moved(3, From(1), ToCeiling));
    rule.schedule[0].sets = floor(2);
    assert_eq!(scale(&rule, Base::Scale(None)), want(2, From(0)));
}

#[test]
fn without_autoscaler_a_ceiling_alone_caps_the_scale() {
    let rule = rule(vec![window("cap", NOON, ceiling(3), 0)]);
    assert_eq!(
        scale(&rule, Base::Scale(Some(7))),
        moved(3, From(0), CeilingAsScale)
    );
    assert_eq!(
        scale(&rule, Base::Scale(Some(2))),
        moved(2, From(0), CeilingAsScale)
    );
    assert_eq!(scale(&rule, Base::Scale(None)), None);
}

fn until(rule: &Rule, base: Base) -> Option<Instant> {
    decide(rule, &base, noon()).until
}

#[test]
fn a_suspended_window_is_never_active() {
    let mut rule = rule(vec![
        window("peak", NOON, floor(9), 7).leading(600).ramping(600),
        window("day", ("08:00", "18:00"), floor(5), 0),
    ]);
    rule.schedule[0].suspended = true;
    let day = decide(&rule, &UNKNOWN, noon());
    assert_eq!(day.floor, want(5, From(1)));
    assert_eq!(day.until, Some(clock("18:00:00")), "it opens and closes nothing");
}

#[test]
fn until_is_the_next_edge_that_changes_something() {
    let mut rule = rule(vec![
        window("day", ("08:00", "18:00"), floor(5), 1),
        window("lunch", ("12:00", "12:45"), floor(9), 0),
        window("tea", ("15:00", "16:00"), floor(9), 0),
    ]);
    assert_eq!(
        until(&rule, UNKNOWN),
        Some(at("2026-11-27T18:00:00Z")),
        "lunch and tea lose all day"
    );
    rule.schedule[2].priority = 2;
    assert_eq!(until(&rule, UNKNOWN), Some(at("2026-11-27T15:00:00Z")));
}

#[test]
fn until_is_never_if_nothing_changes_again() {
    let peak = || window("peak", NOON, sets(Some(5), Some(50)), 0);
    assert_eq!(until(&rule(Vec::new()), UNKNOWN), None);
    assert_eq!(
        until(&rule(vec![window("always", ALWAYS, floor(2), 1)]), UNKNOWN),
        None
    );
    assert_eq!(
        until(
            &rule(vec![window("always", ALWAYS, sets(Some(2), Some(5)), 1), peak()]),
            UNKNOWN
        ),
        None
    );
    assert_eq!(
        until(
            &rule(vec![window("sleep", ALWAYS, replicas(0), 1), peak()]),
            UNKNOWN
        ),
        None
    );
    let mut asleep = rule(vec![window("cap", NOON, ceiling(3), 0)]);
    asleep.default = replicas(0);
    assert_eq!(until(&asleep, UNKNOWN), None);

    let mut past = rule(vec![peak()]);
    let date = Date::parse("2026-11-20").unwrap();
    let (start, end) = (
        TimeOfDay::parse("12:00").unwrap(),
        TimeOfDay::parse("13:00").unwrap(),
    );
    past.schedule[0].occurrences = Occurrences::daily(on([date]), start, end);
    assert_eq!(until(&past, UNKNOWN), None);
}

#[test]
fn until_passes_windows_that_take_over_from_each_other() {
    let rule = rule(vec![
        window("a", ("00:00", "12:40"), floor(5), 0),
        window("b", ("12:40", "24:00"), floor(5), 0),
    ]);
    assert_eq!(
        until(&rule, UNKNOWN),
        Some(at("2026-11-27T12:40:00Z")),
        "another window sets it"
    );
}

#[test]
fn the_search_ends_where_changes_stay_hidden() {
    // Without autoscaler and with a floor, ceilings above it never show.
    let rule = rule(vec![
        window("up", ALWAYS, floor(2), 0),
        window("cap", NOON, ceiling(3), 0),
    ]);
    let until = until(&rule, Base::Scale(None)).unwrap();
    assert!(until > at("2030-01-01T00:00:00Z"));
}

#[test]
fn more_windows_than_fit_the_stack() {
    let windows = (0..100).map(|n| window(&format!("w{n:02}"), NOON, floor(n % 50), 0));
    assert_eq!(bounds(&rule(windows.collect()), UNKNOWN).0, want(49, From(49)));
}

#[test]
fn the_ends_of_the_calendar() {
    let rule = rule(vec![window("night", ("22:00", "06:00"), floor(5), 0)]);
    assert_eq!(decide(&rule, &UNKNOWN, Instant::MAX).until, None);
    assert!(decide(&rule, &UNKNOWN, Instant::MIN).until.is_some());
}
