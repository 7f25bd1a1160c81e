//! A timeline is what `decide` says at each instant.

use super::*;

/// Compared with [`decide`] at the first and last second of each segment, and every `step` seconds.
fn checked(rule: &Rule, from: &str, until: &str, step: usize) -> Vec<Segment> {
    let (from, until) = (at(from), at(until));
    let segments = timeline(rule, from, until);
    assert_eq!(segments.first().map(|first| first.from), Some(from));
    assert_eq!(segments.last().map(|last| last.until), Some(until));
    for pair in segments.windows(2) {
        assert_eq!(pair[0].until, pair[1].from);
        let asked = |segment: &Segment| (segment.replicas, segment.floor, segment.ceiling);
        assert_ne!(asked(&pair[0]), asked(&pair[1]), "at {}", pair[1].from);
    }
    for segment in &segments {
        assert!(segment.from < segment.until);
        let (first, end) = (segment.from.unix(), segment.until.unix());
        for second in (first..end).step_by(step).chain([end - 1]) {
            let now = Instant::from_unix(second);
            let autoscaled = decide(rule, &UNKNOWN, now);
            assert_eq!(
                segment.replicas,
                decide(rule, &Base::Scale(None), now).replicas,
                "{now}"
            );
            assert_eq!(
                (segment.floor, segment.ceiling),
                (autoscaled.floor, autoscaled.ceiling),
                "{now}"
            );
        }
    }
    segments
}

#[test]
fn is_what_decide_says_at_each_instant() {
    let mut rule = rule(vec![
        window("day", ("08:00", "18:00"), sets(Some(3), Some(30)), 0).ramping(1_800),
        window("lunch", NOON, floor(9), 1).leading(900).ramping(600),
        window("night", ("22:00", "06:00"), replicas(0), 2).ramping(1_200),
        window("tea", ("15:00", "16:00"), ceiling(5), 2).leading(7_200),
        window("cap", ("12:10", "12:50"), ceiling(2), 3).ramping(300),
        window("off", ALWAYS, floor(50), 9),
    ]);
    rule.schedule[5].suspended = true;
    checked(&rule, "2026-11-27T00:00:00Z", "2026-11-29T07:00:00Z", 37);
    rule.default = sets(Some(2), Some(8));
    rule.limits = limits(Some(1), Some(25));
    checked(&rule, "2026-11-27T09:10:11Z", "2026-11-29T07:00:00Z", 37);
    rule.default = replicas(0);
    checked(&rule, "2026-11-27T09:10:11Z", "2026-11-28T22:05:00Z", 37);
}

#[test]
fn knows_what_an_autoscaler_gets_and_what_a_scale() {
    let rule = rule(vec![
        window("peak", NOON, replicas(5), 0),
        window("cap", ("12:30", "14:00"), ceiling(3), 1),
        window("sleep", ("20:00", "24:00"), replicas(0), 0),
    ]);
    let told: Vec<_> = checked(&rule, "2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z", 900)
        .iter()
        .map(|segment| {
            let values =
                [segment.replicas, segment.floor, segment.ceiling].map(|want| want.map(|want| want.value));
            let shown = values.map(|value| value.map_or("-".to_owned(), |value| value.to_string()));
            format!(
                "{} {} {:?}",
                &segment.from.to_string()[11..16],
                shown.join(" "),
                segment.windows()
            )
        })
        .collect();
    let expected = [
        "00:00 - - - []",
        "12:00 5 5 - [0]",
        "12:30 3 3 3 [1]",
        "13:00 - - 3 [1]",
        "14:00 - - - []",
        "20:00 0 - - [2]",
    ];
    assert_eq!(told, expected);
}

#[test]
fn is_empty_without_a_range() {
    let rule = rule(vec![window("peak", NOON, floor(5), 0)]);
    assert_eq!(timeline(&rule, noon(), noon()), []);
    assert_eq!(timeline(&rule, noon(), clock("11:00:00")), []);
}

#[test]
fn is_one_segment_where_nothing_changes() {
    let rule = rule(vec![
        window("always", ALWAYS, floor(5), 1),
        window("peak", NOON, floor(9), 0),
    ]);
    assert_eq!(
        checked(&rule, "2026-11-27T00:00:00Z", "2027-11-27T00:00:00Z", 86_400).len(),
        1
    );
}

#[test]
fn reaches_the_ends_of_the_calendar() {
    let rule = rule(vec![
        window("night", ("22:00", "06:00"), floor(5), 0)
            .leading(60)
            .ramping(60),
    ]);
    let late = timeline(&rule, at("9999-12-29T00:00:00Z"), Instant::MAX);
    assert_eq!(late.last().map(|last| last.until), Some(Instant::MAX));
    let early = Instant::from_unix(Instant::MIN.unix() + 86_400);
    assert_eq!(
        timeline(&rule, Instant::MIN, early)
            .first()
            .map(|first| first.from),
        Some(Instant::MIN)
    );
}
