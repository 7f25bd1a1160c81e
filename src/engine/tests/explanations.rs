//! What each window has to do with a decision, one test per sentence.

use super::*;

fn at_noon(rule: &Rule, base: Base) -> Explanation {
    told(rule, base, "12:30:00")
}

/// The explanation, checked against the decision: exactly the windows that set something hold something.
fn told(rule: &Rule, base: Base, time: &str) -> Explanation {
    let now = clock(time);
    let explanation = explain(rule, &base, now);
    let decision = decide(rule, &base, now);
    assert_eq!(explanation.decision, decision);
    let wants = [decision.floor, decision.ceiling, decision.replicas]
        .into_iter()
        .flatten();
    let mut setters: Vec<usize> = wants.filter_map(Want::window).collect();
    setters.sort_unstable();
    setters.dedup();
    let windows = explanation.windows.iter().enumerate();
    let holding: Vec<usize> = windows
        .filter(|(_, it)| [it.floor, it.ceiling].contains(&Some(Standing::Holds)))
        .map(|(index, _)| index)
        .collect();
    assert_eq!(holding, setters, "{explanation:?}");
    explanation
}

fn standings(explanation: &Explanation) -> Vec<(Option<Standing>, Option<Standing>)> {
    explanation
        .windows
        .iter()
        .map(|it| (it.floor, it.ceiling))
        .collect()
}

const HOLDS: Option<Standing> = Some(Standing::Holds);

fn loses(window: usize, why: Why) -> Option<Standing> {
    Some(Standing::LosesTo { window, why })
}

fn hidden(by: Hidden) -> Option<Standing> {
    Some(Standing::Hidden(by))
}

/// What the only window is doing.
fn doing(window: &Window, time: &str) -> Activity {
    told(&rule(vec![window.clone()]), originals(1, 9), time).windows[0].activity
}

#[test]
fn tells_when_a_window_opens_and_ends() {
    let peak = window("peak", NOON, floor(5), 0);
    assert_eq!(
        doing(&peak, "11:00:00"),
        Activity::Closed {
            opens: Some(clock("12:00:00"))
        }
    );
    assert_eq!(
        doing(&peak, "12:30:00"),
        Activity::Open {
            ends: Some(clock("13:00:00"))
        }
    );
    assert_eq!(
        doing(&peak, "13:00:00"),
        Activity::Closed {
            opens: Some(at("2026-11-28T12:00:00Z"))
        }
    );
    assert_eq!(
        doing(&window("always", ALWAYS, floor(5), 0), "12:00:00"),
        Activity::Open { ends: None }
    );
}

#[test]
fn a_lead_is_part_of_it() {
    let peak = window("peak", NOON, floor(5), 0).leading(900);
    assert_eq!(
        doing(&peak, "11:00:00"),
        Activity::Closed {
            opens: Some(clock("11:45:00"))
        }
    );
    assert_eq!(
        doing(&peak, "11:45:00"),
        Activity::Open {
            ends: Some(clock("13:00:00"))
        }
    );
}

#[test]
fn tells_how_far_a_ramp_goes() {
    let peak = window("peak", NOON, floor(5), 0).leading(900).ramping(600);
    let (since, full) = (clock("11:45:00"), clock("11:55:00"));
    assert_eq!(doing(&peak, "11:45:00"), Activity::Opening { since, full });
    assert_eq!(doing(&peak, "11:54:59"), Activity::Opening { since, full });
    assert_eq!(
        doing(&peak, "11:55:00"),
        Activity::Open {
            ends: Some(clock("13:00:00"))
        }
    );
    let (ended, gone) = (clock("13:00:00"), clock("13:10:00"));
    assert_eq!(doing(&peak, "13:00:00"), Activity::Closing { ended, gone });
    assert_eq!(doing(&peak, "13:09:59"), Activity::Closing { ended, gone });
    assert_eq!(
        doing(&peak, "13:10:00"),
        Activity::Closed {
            opens: Some(at("2026-11-28T11:45:00Z"))
        }
    );
}

#[test]
fn occurrences_without_a_gap_end_together() {
    let mut dated = window("dated", ("12:00", "11:00"), floor(5), 0).leading(3_600);
    let dates = ["2026-11-26", "2026-11-27", "2026-11-28"].map(|date| Date::parse(date).unwrap());
    let (start, end) = (
        TimeOfDay::parse("12:00").unwrap(),
        TimeOfDay::parse("11:00").unwrap(),
    );
    dated.occurrences = Occurrences::daily(on(dates), start, end);
    assert_eq!(
        doing(&dated, "11:30:00"),
        Activity::Open {
            ends: Some(at("2026-11-29T11:00:00Z"))
        }
    );
    assert_eq!(
        doing(&dated, "12:30:00"),
        Activity::Open {
            ends: Some(at("2026-11-29T11:00:00Z"))
        }
    );
    let for_ever = window("always", ("12:00", "11:00"), floor(5), 0).leading(3_600);
    assert_eq!(doing(&for_ever, "12:30:00"), Activity::Open { ends: None });
}

#[test]
fn a_suspended_window_does_nothing() {
    let mut peak = window("peak", NOON, floor(5), 0);
    peak.suspended = true;
    let told = at_noon(&rule(vec![peak]), UNKNOWN);
    let nothing = Considered {
        activity: Activity::Suspended,
        floor: None,
        ceiling: None,
    };
    assert_eq!(told.windows, [nothing]);
}

#[test]
fn tells_who_beats_whom_and_why() {
    let rule = rule(vec![
        window("a", NOON, sets(Some(5), Some(50)), 0),
        window("b", NOON, floor(5), 0),
        window("c", NOON, floor(4), 0),
        window("d", NOON, ceiling(40), 1),
        window("shut", ("01:00", "02:00"), floor(9), 9),
    ]);
    let expected = [
        (HOLDS, loses(3, Why::Priority)),
        (loses(0, Why::Name), None),
        (loses(0, Why::AsksMore), None),
        (None, HOLDS),
        (None, None),
    ];
    assert_eq!(standings(&at_noon(&rule, UNKNOWN)), expected);
}

#[test]
fn a_floor_that_falls_to_a_ceiling_loses_to_its_window() {
    let mut rule = rule(vec![
        window("up", NOON, floor(12), 0),
        window("cap", NOON, ceiling(3), 1),
    ]);
    let fell = [(loses(1, Why::Priority), None), (None, HOLDS)];
    assert_eq!(standings(&at_noon(&rule, UNKNOWN)), fell);
    assert_eq!(standings(&at_noon(&rule, Base::Scale(None))), fell);
    rule.schedule[1].priority = 0;
    let rose = [(HOLDS, None), (None, loses(0, Why::AsksMore))];
    assert_eq!(standings(&at_noon(&rule, UNKNOWN)), rose);
}

#[test]
fn a_ceiling_shows_in_a_scale_only_where_it_is_below_it() {
    let mut rule = rule(vec![
        window("up", NOON, floor(4), 0),
        window("cap", NOON, ceiling(9), 1),
        window("low", NOON, ceiling(3), 0),
    ]);
    let expected = [
        (HOLDS, None),
        (None, hidden(Hidden::NoAutoscaler)),
        (None, loses(1, Why::Priority)),
    ];
    assert_eq!(standings(&at_noon(&rule, Base::Scale(Some(2)))), expected);
    rule.schedule.remove(0);
    let expected = [(None, HOLDS), (None, loses(0, Why::Priority))];
    assert_eq!(standings(&at_noon(&rule, Base::Scale(Some(2)))), expected);
    let expected = [
        (None, hidden(Hidden::NoAutoscaler)),
        (None, loses(0, Why::Priority)),
    ];
    assert_eq!(standings(&at_noon(&rule, Base::Scale(None))), expected);
}

#[test]
fn a_sleep_hides_the_ceilings() {
    let mut rule = rule(vec![
        window("sleep", NOON, replicas(0), 1),
        window("day", NOON, sets(Some(4), Some(9)), 0),
    ]);
    let expected = [(HOLDS, None), (loses(0, Why::Priority), hidden(Hidden::Asleep))];
    assert_eq!(standings(&at_noon(&rule, originals(1, 9))), expected);
    rule.schedule.remove(0);
    rule.schedule[0].sets = ceiling(9);
    rule.default = replicas(0);
    assert_eq!(
        standings(&at_noon(&rule, UNKNOWN)),
        [(None, hidden(Hidden::Asleep))]
    );
}

#[test]
fn a_ramp_holds_from_its_first_step_on() {
    let rule = rule(vec![
        window("day", ("08:00", "18:00"), floor(2), 0),
        window("peak", NOON, floor(4), 1).ramping(600),
    ]);
    let waiting = [(HOLDS, None), (hidden(Hidden::NoStep), None)];
    let moving = [(loses(1, Why::Priority), None), (HOLDS, None)];
    assert_eq!(standings(&told(&rule, UNKNOWN, "12:04:59")), waiting);
    assert_eq!(standings(&told(&rule, UNKNOWN, "12:05:00")), moving);
    assert_eq!(standings(&told(&rule, UNKNOWN, "13:09:59")), moving);
    assert_eq!(
        standings(&told(&rule, UNKNOWN, "13:10:00")),
        [(HOLDS, None), (None, None)]
    );
}

#[test]
fn nobody_holds_a_bound_of_which_nothing_can_be_said() {
    let rule = rule(vec![
        window("hill", NOON, floor(3), 0).ramping(600),
        window("peak", NOON, floor(4), 1).ramping(600),
    ]);
    let expected = [(hidden(Hidden::NoStep), None), (hidden(Hidden::NoStep), None)];
    assert_eq!(standings(&told(&rule, UNKNOWN, "12:05:00")), expected);
}

#[test]
fn agrees_with_the_decision_through_a_day() {
    let mut rule = rule(vec![
        window("day", ("08:00", "18:00"), sets(Some(3), Some(30)), 0).ramping(1_800),
        window("lunch", NOON, floor(9), 1).leading(900).ramping(600),
        window("night", ("22:00", "06:00"), replicas(0), 2).ramping(1_200),
        window("tea", ("15:00", "16:00"), ceiling(5), 2).leading(7_200),
        window("cap", ("12:10", "12:50"), ceiling(2), 3).ramping(300),
    ]);
    for default in [
        Setting::default(),
        sets(Some(2), Some(8)),
        replicas(0),
        ceiling(4),
    ] {
        rule.default = default;
        for base in [UNKNOWN, originals(6, 7), Base::Scale(None), Base::Scale(Some(6))] {
            for minute in 0..24 * 60 {
                told(&rule, base, &format!("{:02}:{:02}:00", minute / 60, minute % 60));
            }
        }
    }
}
