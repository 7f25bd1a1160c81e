//! Whatever is answered: what is written is read back without a problem, and means what was answered.

use easyscale::draft::{Answers, Asked, Copies, text};
use easyscale::engine;
use easyscale::policy::{self, Severity, Target};
use easyscale::time::{Instant, TimeOfDay, Weekdays, Zone};
use proptest::collection::vec;
use proptest::prelude::*;

fn copies() -> impl Strategy<Value = Copies> {
    prop_oneof![
        (0..50_u32).prop_map(Copies::AtLeast),
        (1..30_u32, 0..30_u32).prop_map(|(min, more)| Copies::Bounds {
            min: Some(min),
            max: Some(min + more)
        }),
        (1..30_u32).prop_map(|min| Copies::Bounds {
            min: Some(min),
            max: None
        }),
        (1..30_u32).prop_map(|max| Copies::Bounds {
            min: None,
            max: Some(max)
        }),
    ]
}

fn days() -> impl Strategy<Value = Weekdays> {
    prop_oneof![
        Just(Weekdays::WORKING),
        Just(Weekdays::WEEKEND),
        Just(Weekdays::DAILY),
        "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(,(Mon|Thu|Sun)|-(Tue|Fri))?"
            .prop_map(|text| Asked::days(&text).expect("days")),
    ]
}

fn hours() -> impl Strategy<Value = Option<(TimeOfDay, TimeOfDay)>> {
    (0..48_u32, 0..=48_u32).prop_map(|(start, end)| {
        let time = |half: u32| TimeOfDay::from_hms(half / 2, half % 2 * 30, 0).expect("a time of day");
        (start != end && (start, end) != (0, 48)).then(|| (time(start), time(end)))
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let dates = prop_oneof![
        4 => Just(Vec::new()),
        1 => vec(r"(2026-12-2[0-9]|12-0[1-9]|11-2[0-9]\.\.12-05)".prop_map(String::from), 1..3),
    ];
    (days(), dates, hours(), copies())
        .prop_map(|(days, dates, hours, copies)| Asked::new(days, dates, hours, copies))
}

fn answers() -> impl Strategy<Value = Answers> {
    let names = prop_oneof![
        Just("checkout".to_owned()),
        Just("no".to_owned()),
        Just("1e3".to_owned()),
        "[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?",
    ];
    let kinds = prop_oneof![
        Just(("apps", "Deployment")),
        Just(("apps", "StatefulSet")),
        Just(("autoscaling", "HorizontalPodAutoscaler")),
    ];
    let zones = prop_oneof![
        Just("Europe/Berlin"),
        Just("UTC"),
        Just("America/St_Johns"),
        Just("Etc/GMT+3")
    ];
    (
        names.clone(),
        names.clone(),
        names,
        kinds,
        zones,
        vec(asked(), 1..5),
        proptest::option::of(copies()),
    )
        .prop_map(
            |(rule, namespace, name, (group, kind), zone, asked, default)| Answers {
                name: rule,
                target: Target {
                    group: group.to_owned(),
                    kind: kind.to_owned(),
                    namespace,
                    name,
                },
                zone: Zone::parse(zone).expect("a zone"),
                asked,
                default,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_has_no_problem(answers in answers()) {
        let Ok(draft) = answers.draft() else { return Ok(()) };
        let text = text(&draft);
        let loaded = policy::check(vec![("rule.yaml".to_owned(), text.clone())]);
        let wrong: Vec<_> = loaded.problems.iter().filter(|problem| problem.severity != Severity::Note).collect();
        prop_assert!(wrong.is_empty(), "{text}\n{wrong:?}");
        let rule = &loaded.rules[0];
        prop_assert_eq!(&rule.name, &answers.name);
        prop_assert_eq!(&rule.target, &answers.target);
        prop_assert_eq!(rule.schedule.len(), answers.asked.len());
        prop_assert!(rule.schedule.iter().all(|window| window.zone == answers.zone));
        // Readers of YAML 1.1 and 1.2 see the same.
        let strict: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
        let usual: serde_json::Value = serde_yaml::from_str(&text).expect("YAML");
        prop_assert_eq!(strict, usual);
    }

    /// A property of rules that are refused says nothing: one window is never refused but for what it sets.
    #[test]
    fn one_window_is_enough(days in days(), hours in hours(), least in 1..50_u32) {
        prop_assume!(hours.is_some() || days != Weekdays::DAILY);
        let answers = Answers {
            name: "a".to_owned(),
            target: Target {
                group: "apps".to_owned(),
                kind: "Deployment".to_owned(),
                namespace: "b".to_owned(),
                name: "c".to_owned(),
            },
            zone: Zone::utc(),
            asked: vec![Asked::new(days, Vec::new(), hours, Copies::AtLeast(least))],
            default: None,
        };
        let draft = answers.draft();
        prop_assert!(draft.is_ok(), "{draft:?}");
    }
}

#[test]
fn the_window_inside_counts() {
    let answers = Answers {
        name: "a".to_owned(),
        target: Target {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "b".to_owned(),
            name: "c".to_owned(),
        },
        zone: Zone::utc(),
        asked: ["8:00-18:00=8", "10:00-12:00=5", "11:00-11:30=3"]
            .map(|text| Asked::on(Weekdays::WORKING, text).expect("an answer"))
            .into_iter()
            .chain([Asked::on_dates("2026-11-25=1").expect("an answer")])
            .collect(),
        default: None,
    };
    let text = text(&answers.draft().expect("a rule"));
    let rule = policy::check(vec![("a.yaml".to_owned(), text)]).rules.remove(0);
    let from = Instant::parse("2026-11-24T00:00Z").expect("an instant");
    let until = Instant::parse("2026-11-26T00:00Z").expect("an instant");
    let floors: Vec<_> = engine::timeline(&rule, from, until)
        .into_iter()
        .map(|segment| segment.floor.map(|floor| floor.value))
        .collect();
    let tuesday = [None, Some(8), Some(5), Some(3), Some(5), Some(8), None];
    assert_eq!(floors, [&tuesday[..], &[Some(1)]].concat());
}

/// What is typed, and which of the windows get which priority.
#[test]
fn overlaps_are_settled_by_priorities_and_not_refused() {
    let weekly = |days: Weekdays, text: &str| Asked::on(days, text).expect("an answer");
    let days = |text: &str| Asked::on_days(text).expect("an answer");
    let dates = |text: &str| Asked::on_dates(text).expect("an answer");
    let (working, weekend, daily) = (Weekdays::WORKING, Weekdays::WEEKEND, Weekdays::DAILY);
    for (asked, priorities) in [
        (
            vec![weekly(working, "08:00-20:00=3"), weekly(daily, "12:00-14:00=5")],
            vec![0, 0],
        ),
        (vec![days("Mon-Wed=3"), days("Wed-Fri=5")], vec![0, 0]),
        // Of two that contradict each other the one that asks for more.
        (vec![days("Mon-Wed=..3"), days("Wed-Fri=5..")], vec![0, 1]),
        (
            vec![
                weekly(working, "08:00-18:00=5.."),
                weekly(working, "10:00-12:00=..3"),
            ],
            vec![0, 1],
        ),
        // One that would always lose, to several others together.
        (
            vec![
                weekly(working, "5"),
                weekly(weekend, "5"),
                weekly(daily, "08:00-12:00=3"),
            ],
            vec![0, 0, 1],
        ),
        (vec![dates("12-24=0"), dates("12-24..12-26=3")], vec![1, 0]),
        (vec![dates("12-24=..4"), dates("12-24..12-26=3..10")], vec![1, 0]),
        (
            vec![weekly(working, "2..5"), dates("12-24=0"), dates("12-24..12-26=3")],
            vec![0, 101, 100],
        ),
        (
            vec![dates("2026-12-24=5"), dates("2026-12-24@08:00-10:00=3")],
            vec![0, 1],
        ),
        (
            vec![dates("12-24=5"), dates("12-24..12-26@08:00-10:00=3")],
            vec![0, 0],
        ),
        // Over midnight: inside, if the next day is one of them, too.
        (
            vec![dates("12-24..12-26=5"), dates("12-24@22:00-06:00=3")],
            vec![0, 1],
        ),
        (
            vec![dates("12-24..12-26=5"), dates("12-26@22:00-06:00=3")],
            vec![0, 0],
        ),
        (
            vec![
                dates("2026-12-31..2027-01-01=5"),
                dates("2026-12-31@22:00-06:00=3"),
            ],
            vec![0, 1],
        ),
        (
            vec![dates("12-20..01-06=5"), dates("12-31@22:00-06:00=3")],
            vec![0, 1],
        ),
        (
            vec![dates("02-28..02-29=5"), dates("02-28@22:00-06:00=3")],
            vec![0, 0],
        ),
        (
            vec![dates("02-28..03-01=5"), dates("02-28@22:00-06:00=3")],
            vec![0, 1],
        ),
    ] {
        let answers = Answers {
            name: "a".to_owned(),
            target: Target {
                group: "apps".to_owned(),
                kind: "Deployment".to_owned(),
                namespace: "b".to_owned(),
                name: "c".to_owned(),
            },
            zone: Zone::utc(),
            asked,
            default: None,
        };
        let draft = answers
            .draft()
            .unwrap_or_else(|why| panic!("{why:?}: {answers:?}"));
        let found: Vec<_> = draft.windows.iter().map(|window| window.priority).collect();
        assert_eq!(found, priorities, "{answers:?}");
    }
}
