//! What a lead means, one test each.

use super::*;

const HOUR: u32 = 3_600;

/// The instants of 2026-11-27 at which the floor changes, with what it is from then on.
fn changes(rule: &Rule) -> Vec<String> {
    let (mut now, end) = (clock("00:00:00"), at("2026-11-28T00:00:00Z"));
    let mut told = Vec::new();
    while now < end {
        let decision = decide(rule, &UNKNOWN, now);
        let floor = decision.floor.map_or(0, |floor| floor.value);
        told.push(format!("{} {floor}", &now.to_string()[11..16]));
        now = decision.until.unwrap_or(end);
    }
    told
}

#[test]
fn a_lead_opens_earlier_and_leaves_the_end() {
    let rule = rule(vec![window("peak", NOON, floor(5), 0).leading(900)]);
    assert_eq!(changes(&rule), ["00:00 0", "11:45 5", "13:00 0"]);
}

#[test]
fn is_active_from_the_very_second() {
    let rule = rule(vec![window("peak", NOON, floor(5), 0).leading(900)]);
    let asked = |time: &str| decide(&rule, &UNKNOWN, clock(time)).floor;
    assert_eq!(asked("11:44:59"), None);
    assert_eq!(asked("11:45:00"), want(5, From(0)));
    assert_eq!(asked("12:59:59"), want(5, From(0)));
    assert_eq!(asked("13:00:00"), None);
}

#[test]
fn a_lead_into_the_end_before_leaves_no_gap() {
    let two = |lead| {
        let mut morning = window("a", ("08:00", "10:00"), floor(5), 0).leading(lead);
        morning.occurrences = Occurrences::daily(
            StartDays::weekly(Weekdays::DAILY),
            TimeOfDay::parse("22:00").unwrap(),
            TimeOfDay::parse("20:00").unwrap(),
        );
        rule(vec![morning])
    };
    assert_eq!(changes(&two(HOUR)), ["00:00 5", "20:00 0", "21:00 5"]);
    assert_eq!(changes(&two(2 * HOUR)), ["00:00 5"], "just so");
    assert_eq!(changes(&two(3 * HOUR)), ["00:00 5"], "and more than enough");
}

#[test]
fn a_lead_does_not_change_the_start_day() {
    let mut rule = rule(vec![
        window("black", ("00:30", "02:00"), floor(5), 0).leading(HOUR),
    ]);
    rule.schedule[0].occurrences = Occurrences::daily(
        on([Date::parse("2026-11-28").unwrap()]),
        TimeOfDay::parse("00:30").unwrap(),
        TimeOfDay::parse("02:00").unwrap(),
    );
    assert_eq!(changes(&rule), ["00:00 0", "23:30 5"]);
}

#[test]
fn a_lead_is_elapsed_time_where_clocks_change() {
    // Clocks go forward from 02:00 to 03:00, which is 01:00 UTC.
    let mut rule = rule(vec![
        window("early", ("03:30", "05:00"), floor(5), 0).leading(HOUR),
    ]);
    rule.schedule[0].zone = Zone::parse("Europe/Berlin").unwrap();
    let asked = |text: &str| decide(&rule, &UNKNOWN, at(text)).floor.is_some();
    assert!(!asked("2026-03-29T00:29:59Z"));
    assert!(asked("2026-03-29T00:30:00Z"), "01:30 there");
}

#[test]
fn a_lead_longer_than_the_time_between_keeps_it_open() {
    let rule = rule(vec![window("peak", NOON, floor(5), 0).leading(30 * HOUR)]);
    let decision = decide(&rule, &UNKNOWN, noon());
    assert_eq!(decision.floor, want(5, From(0)));
    assert!(
        decision
            .until
            .is_none_or(|until| until > at("2030-01-01T00:00:00Z"))
    );
}

#[test]
fn leads_at_the_ends_of_the_calendar() {
    let rule = rule(vec![
        window("a", ("22:00", "06:00"), floor(5), 0).leading(u32::MAX),
        window("b", ("22:00", "06:00"), floor(6), 0).ramping(u32::MAX),
        window("c", ("22:00", "06:00"), floor(7), 0)
            .leading(HOUR)
            .ramping(HOUR),
    ]);
    for at in [Instant::MIN, Instant::MAX] {
        let decision = decide(&rule, &originals(1, 10), at);
        assert!(decision.until.is_none_or(|until| until > at));
    }
}
