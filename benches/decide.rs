//! How long one decision takes: a controller makes thousands of them per pass, a timeline millions.

#![expect(
    clippy::unwrap_used,
    reason = "a bench is a test; its policies are written here"
)]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use easyscale::engine::{Base, decide};
use easyscale::policy::{Limits, Place, Rule, Setting, Sourced, Target, Wake, Window};
use easyscale::time::{Date, Dates, Instant, Occurrences, StartDays, TimeOfDay, Weekdays, Zone};

const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "Asia/Tokyo"];
const TIMES: [(&str, &str); 5] = [
    ("16:00", "18:00"),
    ("22:00", "06:00"),
    ("00:00", "24:00"),
    ("08:30", "12:00"),
    ("12:00", "20:15"),
];
const DAYS: [&str; 4] = ["weekdays", "weekends", "daily", "Fri-Mon"];

/// Overnight and whole-day windows, some dated, in a few zones, with a few priorities.
fn mixed(count: usize) -> Rule {
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
    let schedule = (0..count).map(|n| {
        let (start, end) = TIMES[n % TIMES.len()];
        let dates: Option<Dates> = (n % 4 == 3).then(|| {
            (1..=28)
                .filter_map(|day| Date::from_ymd(2026, 12, day))
                .step_by(1 + n % 3)
                .collect()
        });
        Window {
            name: format!("window-{n}"),
            place: place.clone(),
            occurrences: Occurrences::daily(
                StartDays::new(
                    Weekdays::parse(DAYS[n % DAYS.len()]).unwrap(),
                    dates.as_ref(),
                    Weekdays::NONE,
                    &Dates::default(),
                ),
                TimeOfDay::parse(start).unwrap(),
                TimeOfDay::parse(end).unwrap(),
            ),
            zone: Zone::parse(ZONES[n / 4 % ZONES.len()]).unwrap(),
            sets: Setting {
                floor: if n % 3 == 2 { None } else { sourced(2 + n) },
                ceiling: if n % 3 == 1 { None } else { sourced(20 + n) },
                sugar: false,
            },
            priority: (n % 3) as i32,
            lead: 0,
            ramp: 0,
            suspended: false,
            description: None,
        }
    });
    Rule {
        scope: easyscale::policy::Scope::Files,
        name: "checkout".to_owned(),
        place: place.clone(),
        labels: BTreeMap::new(),
        target: Target {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "checkout".to_owned(),
        },
        schedule: schedule.collect(),
        default: Setting {
            floor: sourced(1),
            ceiling: sourced(10),
            sugar: false,
        },
        limits: Limits {
            min: None,
            max: sourced(100),
        },
        wake: Wake::default(),
        cooldown: 0,
        stagger: 0,
    }
}

/// The same, every third with a lead and every fourth with a ramp.
fn eased(count: usize) -> Rule {
    let mut rule = mixed(count);
    for (n, window) in rule.schedule.iter_mut().enumerate() {
        window.lead = if n % 3 == 0 { 900 } else { 0 };
        window.ramp = if n % 4 == 1 { 1_800 } else { 0 };
    }
    rule
}

const BASE: Base = Base::Autoscaler {
    floor: Some(1),
    ceiling: Some(10),
};

fn bench(criterion: &mut Criterion) {
    hours(criterion, "decide", mixed);
    hours(criterion, "decide with leads and ramps", eased);
    ramp(criterion);
}

/// Somewhere in a working day, where the next edge is a few windows away.
fn hours(criterion: &mut Criterion, name: &str, rule: fn(usize) -> Rule) {
    let mut group = criterion.benchmark_group(name);
    for windows in [1, 5, 20] {
        let rule = rule(windows);
        // Hours that do not repeat for years, so that no branch is learnt by heart.
        let mut hour: i64 = 0;
        group.bench_function(BenchmarkId::from_parameter(windows), |bencher| {
            bencher.iter(|| {
                hour = (hour + 37) % 20_011;
                decide(
                    black_box(&rule),
                    &BASE,
                    Instant::from_unix(1_790_000_000 + hour * 3_600),
                )
            });
        });
    }
    group.finish();
}

/// In the middle of a ramp over a thousand replicas, where the next edge is its next step.
fn ramp(criterion: &mut Criterion) {
    let mut rule = mixed(20);
    let peak = &mut rule.schedule[0];
    peak.priority = 9;
    peak.ramp = 3_600;
    if let Some(floor) = &mut peak.sets.floor {
        floor.value = 1_000;
    }
    rule.limits.max = None;
    // Friday 2026-11-27 16:00 in Berlin.
    let start = 1_795_791_600;
    let mut second: i64 = 0;
    criterion.bench_function("decide in a ramp/20", |bencher| {
        bencher.iter(|| {
            second = (second + 37) % 3_500;
            decide(black_box(&rule), &BASE, Instant::from_unix(start + 60 + second))
        });
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
