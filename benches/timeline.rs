//! How long a timeline takes: what a year of a thousand rules looks like is asked in front of people.

#![expect(
    clippy::unwrap_used,
    reason = "a bench is a test; its policies are written here"
)]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use easyscale::engine::timeline;
use easyscale::policy::{Limits, Place, Rule, Setting, Sourced, Target, Wake, Window};
use easyscale::time::{Instant, Occurrences, StartDays, TimeOfDay, Weekdays, Zone};

const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "Asia/Tokyo"];
const WINDOWS: [(&str, &str, &str); 5] = [
    ("weekdays", "08:00", "18:00"),
    ("weekdays", "11:30", "13:30"),
    ("daily", "22:00", "06:00"),
    ("weekends", "00:00", "24:00"),
    ("Fri", "16:00", "20:15"),
];

/// Five windows: office hours, lunch, the night, the weekend, and the end of the week.
fn rule(n: usize, ramp: u32) -> Rule {
    let place = Place {
        file: "policy.yaml".into(),
        line: 1,
        column: 1,
    };
    let sourced = |value: usize| {
        Some(Sourced {
            value: value as u32,
            place: place.clone(),
        })
    };
    let schedule = WINDOWS
        .iter()
        .enumerate()
        .map(|(index, (days, start, end))| Window {
            name: format!("window-{index}"),
            place: place.clone(),
            occurrences: Occurrences::daily(
                StartDays::weekly(Weekdays::parse(days).unwrap()),
                TimeOfDay::parse(start).unwrap(),
                TimeOfDay::parse(end).unwrap(),
            ),
            zone: Zone::parse(ZONES[n % ZONES.len()]).unwrap(),
            sets: Setting {
                floor: sourced(2 + (n + index) % 7),
                ceiling: sourced(10 + (n + index) % 7),
                sugar: false,
            },
            priority: (index % 3) as i32,
            lead: if index == 1 { 900 } else { 0 },
            ramp: if index == 0 { ramp } else { 0 },
            suspended: false,
            description: None,
        });
    Rule {
        scope: easyscale::policy::Scope::Files,
        name: format!("rule-{n}"),
        place: place.clone(),
        labels: BTreeMap::new(),
        target: Target {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: format!("target-{n}"),
        },
        schedule: schedule.collect(),
        default: Setting {
            floor: sourced(1),
            ceiling: sourced(9),
            sugar: false,
        },
        limits: Limits::default(),
        wake: Wake::default(),
        cooldown: 0,
        stagger: 0,
    }
}

fn bench(criterion: &mut Criterion) {
    const DAY: i64 = 86_400;
    let mut group = criterion.benchmark_group("timeline");
    group.sample_size(10);
    for (name, rules, days, ramp) in [
        ("1,000 rules, a year", 1_000, 365, 0),
        ("1,000 rules, a year, one window of five ramps", 1_000, 365, 1_800),
        ("10,000 rules, a week", 10_000, 7, 0),
        ("10,000 rules, a week, one window of five ramps", 10_000, 7, 1_800),
    ] {
        let rules: Vec<Rule> = (0..rules).map(|n| rule(n, ramp)).collect();
        // 2026-11-27T00:00:00Z
        let from = 1_795_737_600;
        let until = Instant::from_unix(from + days * DAY);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let timelines = rules
                    .iter()
                    .map(|rule| timeline(black_box(rule), Instant::from_unix(from), until).len());
                timelines.sum::<usize>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
