//! Properties of `time` and `engine`, checked against slow and simple models.
//!
//! Edges are checked against chrono-tz: another parser, another compiler of the same rules. Its data is
//! from 2025b, so zones whose rules changed since stay out.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use easyscale::engine::{Adjusted, Base, Decision, Setter, decide};
use easyscale::policy::{Limits, Place, Replicas, Rule, Setting, Sourced, Target, Wake, Window};
use easyscale::time::{Date, Dates, Instant, Occurrences, StartDays, TimeOfDay, Weekdays, Zone};
use proptest::prelude::*;

const ZONES: [&str; 14] = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Santiago",
    "America/Nuuk",
    "Pacific/Apia",
    "Asia/Beirut",
    "Europe/Dublin",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "America/Asuncion",
    "America/Sao_Paulo",
];

fn config() -> ProptestConfig {
    // No file of seeds: a failure worth keeping becomes a test with a name.
    ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

// ---------------------------------------------------------------------------------------------------
// Civil time, by chrono-tz

fn offset(tz: Tz, second: i64) -> i64 {
    let at = DateTime::from_timestamp(second, 0).unwrap().naive_utc();
    i64::from(tz.offset_from_utc_datetime(&at).fix().local_minus_utc())
}

/// The first second at which a wall clock shows `civil` or later, found by walking towards it.
fn first_instant(tz: Tz, civil: NaiveDateTime) -> i64 {
    const STEP: i64 = 900;
    let civil = civil.and_utc().timestamp();
    // Wall clocks are less than 27 hours from UTC.
    let mut start = (civil - 27 * 3_600).div_euclid(STEP) * STEP;
    loop {
        let (first, last) = (offset(tz, start), offset(tz, start + STEP - 1));
        let reached = if first == last {
            Some((civil - first).max(start)).filter(|at| *at < start + STEP)
        } else {
            (start..start + STEP).find(|at| at + offset(tz, *at) >= civil)
        };
        match reached {
            Some(at) => return at,
            None => start += STEP,
        }
    }
}

/// The clock changes of a few years, for times worth a look.
fn clock_changes(tz: Tz) -> Vec<i64> {
    const DAY: i64 = 86_400;
    let day_of = |year| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap().timestamp();
    let mut changes = Vec::new();
    for day in (day_of(2008)..day_of(2037)).step_by(DAY as usize) {
        if offset(tz, day) != offset(tz, day + DAY) {
            let (mut before, mut after) = (day, day + DAY);
            while after - before > 1 {
                let middle = (before + after) / 2;
                if offset(tz, middle) == offset(tz, day) {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            changes.push(after);
        }
    }
    changes
}

// ---------------------------------------------------------------------------------------------------
// Windows, as the documentation tells them

#[derive(Debug, Clone)]
struct Daily {
    /// Monday first.
    days: [bool; 7],
    /// Days from the middle of the test, if it is limited to dates.
    dates: Option<Vec<i64>>,
    start: u32,
    end: u32,
}

impl Daily {
    fn dates(&self, middle: NaiveDate) -> Option<Vec<NaiveDate>> {
        let dates = self.dates.as_ref()?;
        Some(dates.iter().map(|day| middle + TimeDelta::days(*day)).collect())
    }

    fn occurrences(&self, middle: NaiveDate) -> Occurrences {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let chosen = names.iter().zip(self.days).filter(|(_, on)| *on);
        let days = chosen.fold(Weekdays::NONE, |days, (name, _)| {
            days.union(Weekdays::parse(name).unwrap())
        });
        let dates: Option<Dates> = self.dates(middle).map(|dates| {
            dates
                .iter()
                .map(|date| Date::parse(&date.to_string()).unwrap())
                .collect()
        });
        let days = StartDays::new(days, dates.as_ref(), Weekdays::NONE, &Dates::default());
        Occurrences::daily(days, time_of_day(self.start), time_of_day(self.end))
    }

    /// When it is open around `middle`: sorted, merged, half-open spans of Unix seconds.
    fn spans(&self, tz: Tz, middle: NaiveDate) -> Vec<(i64, i64)> {
        let dates = self.dates(middle);
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for day in -REACH..=REACH {
            let date = middle + TimeDelta::days(day);
            let on_days = self.days[date.weekday().num_days_from_monday() as usize];
            if !on_days || dates.as_ref().is_some_and(|dates| !dates.contains(&date)) {
                continue;
            }
            let end_date = if self.end <= self.start {
                date + Days::new(1)
            } else {
                date
            };
            let at = |date: NaiveDate, second: u32| {
                let midnight = date.and_hms_opt(0, 0, 0).unwrap();
                first_instant(tz, midnight + TimeDelta::seconds(i64::from(second)))
            };
            let (start, end) = (at(date, self.start), at(end_date, self.end));
            assert!(start <= end, "edges never run backwards");
            match spans.last_mut() {
                Some(last) if last.1 == start => last.1 = end,
                _ if start < end => spans.push((start, end)),
                _ => {}
            }
        }
        spans
    }
}

/// Days to each side of the middle that the model looks at.
const REACH: i64 = 18;

fn time_of_day(second: u32) -> TimeOfDay {
    TimeOfDay::from_hms(second / 3_600, second / 60 % 60, second % 60).unwrap()
}

fn second_of_day() -> impl Strategy<Value = u32> {
    // Mostly the small hours, where clocks change, on round times; some odd seconds.
    prop_oneof![4 => (0..20u32).prop_map(|n| n * 900), 3 => (0..96u32).prop_map(|n| n * 900), 1 => 0..86_400u32]
}

fn daily() -> impl Strategy<Value = Daily> {
    let days = prop_oneof![1 => Just([true; 7]), 3 => any::<[bool; 7]>()];
    let dates = prop::option::weighted(0.3, prop::collection::vec(-8i64..8, 0..6));
    let times = prop_oneof![
        1 => Just((0, 86_400)),
        6 => (second_of_day(), second_of_day()),
        2 => (second_of_day(), 1..4u32).prop_map(|(start, quarters)| (start, start + quarters * 900)),
    ];
    let times = times.prop_filter("a window has a length", |(start, end)| {
        start != end && *end <= 86_400
    });
    (days, dates, times).prop_map(|(days, dates, (start, end))| Daily {
        days,
        dates,
        start,
        end,
    })
}

// ---------------------------------------------------------------------------------------------------
// Edges

proptest! {
    #![proptest_config(config())]

    #[test]
    fn windows_open_and_close_where_an_independent_model_says(
        zone in prop::sample::select(&ZONES[..]),
        window in daily(),
        which in any::<prop::sample::Index>(),
        aside in -4 * 86_400i64..4 * 86_400,
    ) {
        let tz: Tz = zone.parse().unwrap();
        let mut changes = clock_changes(tz);
        changes.push(1_700_000_000);
        let change = changes[which.index(changes.len())];
        let at = change + aside;
        let middle = DateTime::from_timestamp(at, 0).unwrap().with_timezone(&tz).date_naive();
        let spans = window.spans(tz, middle);
        let occurrences = window.occurrences(middle);
        let zone = Zone::parse(zone).unwrap();
        let horizon = at + (REACH - 6) * 86_400;
        let phase = |second: i64| {
            let phase = occurrences.phase(&zone, Instant::from_unix(second));
            let mut next = phase.next;
            // Where two occurrences touch, nothing changes.
            while let Some(edge) = next && occurrences.phase(&zone, edge).open == phase.open {
                next = occurrences.phase(&zone, edge).next;
            }
            (phase.open, next.map(Instant::unix).filter(|edge| *edge < horizon))
        };
        let model = |second: i64| {
            let open = spans.iter().any(|(start, end)| (*start..*end).contains(&second));
            let mut edges = spans.iter().flat_map(|(start, end)| [*start, *end]);
            (open, edges.find(|edge| *edge > second && *edge < horizon))
        };

        // The hours around the change, above all those that the clock shows twice; then a week of edges.
        for second in (change - 3 * 3_600..change + 3 * 3_600).step_by(600) {
            prop_assert_eq!(phase(second), model(second), "at {}", Instant::from_unix(second));
        }
        let mut now = at;
        while now < at + 7 * 86_400 {
            prop_assert_eq!(phase(now), model(now), "at {}", Instant::from_unix(now));
            match phase(now).1 {
                Some(next) => now = next,
                None => break,
            }
        }
    }

    #[test]
    fn civil_times_are_reached_where_an_independent_walk_says(
        zone in prop::sample::select(&ZONES[..]),
        which in any::<prop::sample::Index>(),
        aside in -100_000i64..100_000,
    ) {
        let tz: Tz = zone.parse().unwrap();
        let mut changes = clock_changes(tz);
        changes.push(1_700_000_000);
        let at = changes[which.index(changes.len())] + aside;
        let shown = DateTime::from_timestamp(at, 0).unwrap().with_timezone(&tz).naive_local();
        // Also civil times that no clock shows: those just before this one, whatever the zone says.
        for civil in [shown, shown - TimeDelta::minutes(20), shown - TimeDelta::hours(13)] {
            let zone = Zone::parse(zone).unwrap();
            let ours = easyscale::time::Civil {
                date: Date::parse(&civil.date().to_string()).unwrap(),
                time: TimeOfDay::parse(&civil.time().to_string()).unwrap(),
            };
            prop_assert_eq!(zone.to_instant(ours).unix(), first_instant(tz, civil), "{}", civil);
        }
        let ours = Zone::parse(zone).unwrap().to_civil(Instant::from_unix(at));
        prop_assert_eq!(ours.date.to_string(), shown.date().to_string());
        let seconds = shown.signed_duration_since(shown.date().and_hms_opt(0, 0, 0).unwrap()).num_seconds();
        prop_assert_eq!(i64::from(ours.time.seconds()), seconds);
    }

    #[test]
    fn reading_never_panics_and_what_is_shown_is_read_again(text in ".{0,40}", second in any::<i32>()) {
        let _ = Instant::parse(&text);
        let _ = Date::parse(&text);
        let _ = TimeOfDay::parse(&text);
        let _ = Weekdays::parse(&text);
        let _ = Zone::parse(&text);
        let at = Instant::from_unix(i64::from(second) * 20);
        prop_assert_eq!(Instant::parse(&at.to_string()), Ok(at));
    }
}

// ---------------------------------------------------------------------------------------------------
// Decisions

fn place() -> Place {
    Place {
        file: "policy.yaml".into(),
        line: 1,
        column: 1,
    }
}

fn sourced(value: Option<Replicas>) -> Option<Sourced<Replicas>> {
    value.map(|value| Sourced {
        value,
        place: place(),
    })
}

/// Small numbers, so that windows meet.
fn replicas() -> impl Strategy<Value = Replicas> {
    0..8u32
}

fn setting() -> impl Strategy<Value = Setting> {
    prop_oneof![
        (prop::option::of(replicas()), prop::option::of(replicas())).prop_map(|(floor, ceiling)| Setting {
            floor: sourced(floor),
            ceiling: sourced(ceiling),
            sugar: false
        }),
        replicas().prop_map(|floor| Setting {
            floor: sourced(Some(floor)),
            ceiling: None,
            sugar: true
        }),
    ]
}

/// 2026-10-25, when clocks go back in Berlin; a week before they do in New York.
fn middle() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 10, 25).unwrap()
}

fn window() -> impl Strategy<Value = Window> {
    let zone = prop::sample::select(&["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"][..]);
    (daily(), zone, setting(), -1..2i32).prop_map(|(daily, zone, sets, priority)| Window {
        name: String::new(),
        place: place(),
        occurrences: daily.occurrences(middle()),
        zone: Zone::parse(zone).unwrap(),
        sets,
        priority,
        lead: 0,
        ramp: 0,
        suspended: false,
        description: None,
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let schedule = prop::collection::vec(window(), 0..7);
    let limits = (
        prop::option::weighted(0.3, 0..3u32),
        prop::option::weighted(0.3, 3..8u32),
    );
    let default = prop_oneof![Just(Setting::default()), setting()];
    (schedule, limits, default).prop_map(|(mut schedule, (min, max), default)| {
        for (index, window) in schedule.iter_mut().enumerate() {
            // Name order is not the order written.
            window.name = format!("window-{}", index * 5 % 7);
        }
        Rule {
            name: "checkout".to_owned(),
            place: place(),
            labels: BTreeMap::new(),
            target: Target {
                group: "apps".to_owned(),
                kind: "Deployment".to_owned(),
                namespace: "shop".to_owned(),
                name: "checkout".to_owned(),
            },
            schedule,
            default,
            limits: Limits {
                min: sourced(min),
                max: sourced(max),
            },
            wake: Wake::default(),
        }
    })
}

fn base() -> impl Strategy<Value = Base> {
    prop_oneof![
        3 => (prop::option::of(replicas()), prop::option::of(replicas()))
            .prop_map(|(floor, ceiling)| Base::Autoscaler { floor, ceiling }),
        1 => prop::option::of(replicas()).prop_map(Base::Scale),
    ]
}

fn instant() -> impl Strategy<Value = Instant> {
    // Three weeks around the middle, to the second and on the hour.
    let from = 1_792_000_000 - 1_792_000_000 % 3_600;
    prop_oneof![
        from..from + 1_800_000,
        (0..500i64).prop_map(move |hour| from + hour * 3_600)
    ]
    .prop_map(Instant::from_unix)
}

fn asked(decision: Decision) -> Decision {
    Decision {
        until: None,
        ..decision
    }
}

type Bound = fn(&Setting) -> Option<Replicas>;

fn floor(sets: &Setting) -> Option<Replicas> {
    sets.floor.as_ref().map(|floor| floor.value)
}

fn ceiling(sets: &Setting) -> Option<Replicas> {
    sets.ceiling.as_ref().map(|ceiling| ceiling.value)
}

/// Who sets the bound at `at`, and its value after limits: the documentation's sentences in their order.
fn chosen(rule: &Rule, at: Instant, bound: Bound) -> Option<(Setter, Replicas, Option<i32>, bool)> {
    let open = rule
        .schedule
        .iter()
        .enumerate()
        .filter(|(_, it)| it.occurrences.phase(&it.zone, at).open);
    let setting = open.filter(|(_, it)| bound(&it.sets).is_some());
    let window = setting.max_by_key(|(_, it)| (it.priority, bound(&it.sets), Reverse(it.name.clone())));
    let (setter, sets, rank) = match window {
        Some((index, it)) => (Setter::Window(index), &it.sets, Some(it.priority)),
        None => (Setter::Default, &rule.default, None),
    };
    let mut value = bound(sets)?;
    if !sets.is_sleep() {
        value = value.max(rule.limits.min.as_ref().map_or(0, |min| min.value));
        value = value.min(rule.limits.max.as_ref().map_or(u32::MAX, |max| max.value));
    }
    Some((setter, value, rank, sets.is_sleep()))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_decision_holds_until_it_says_and_then_changes(rule in rule(), base in base(), at in instant()) {
        let decision = decide(&rule, &base, at);
        prop_assert_eq!(decide(&rule, &base, at), decision, "depends on its arguments alone");
        let week = 8 * 86_400;
        let end = decision.until.map_or(at.unix() + week, |until| until.unix().min(at.unix() + week));
        prop_assert!(end > at.unix());
        for second in (at.unix()..end).step_by(900).chain([end - 1]) {
            let now = Instant::from_unix(second);
            let then = decide(&rule, &base, now);
            prop_assert_eq!(asked(then), asked(decision), "{} in {}", now, at);
            // A search that gives up, years ahead, gives up later if it starts later.
            if decision.until.is_none_or(|until| until.unix() - at.unix() < 180 * 86_400) {
                prop_assert_eq!(then.until, decision.until);
            }
        }
        if let Some(until) = decision.until && until.unix() - at.unix() < 180 * 86_400 {
            prop_assert_ne!(asked(decide(&rule, &base, until)), asked(decision), "at {}", until);
        }
    }

    #[test]
    fn bounds_are_those_of_a_slow_model(rule in rule(), base in base(), at in instant()) {
        let decision = decide(&rule, &base, at);
        let lower = chosen(&rule, at, floor);
        let upper = chosen(&rule, at, ceiling);
        let value = |want: Option<easyscale::engine::Want>| want.map(|want| want.value);
        let got = (value(decision.floor), value(decision.ceiling), value(decision.replicas));
        if let Some((setter, _, _, true)) = lower {
            prop_assert_eq!(got, (None, None, Some(0)));
            prop_assert_eq!(decision.replicas.map(|want| want.setter), Some(setter));
            return Ok(());
        }
        // A ceiling of higher rank stays; otherwise the floor does.
        let ceiling_stays = upper.and_then(|it| it.2) > lower.and_then(|it| it.2);
        let (lower, upper) = (lower.map(|it| it.1), upper.map(|it| it.1));
        let expected = match base {
            Base::Autoscaler { floor, ceiling } => match (lower.or(floor), upper.or(ceiling)) {
                (Some(min), Some(max)) if min > max && (lower.is_some() || upper.is_some()) => {
                    if ceiling_stays { (Some(max), upper, None) } else { (lower, Some(min), None) }
                }
                _ => (lower, upper, None),
            },
            Base::Scale(original) => (None, None, match (lower, upper) {
                (Some(min), Some(max)) if ceiling_stays => Some(min.min(max)),
                (Some(min), _) => Some(min),
                (None, Some(max)) => original.map(|original| original.min(max)),
                (None, None) => None,
            }),
        };
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn asked_bounds_never_cross_and_only_conflicts_leave_the_limits(
        rule in rule(), base in base(), at in instant(),
    ) {
        let decision = decide(&rule, &base, at);
        if let (Some(floor), Some(ceiling)) = (decision.floor, decision.ceiling) {
            prop_assert!(floor.value <= ceiling.value);
        }
        for want in [decision.floor, decision.ceiling].into_iter().flatten() {
            let below = rule.limits.min.as_ref().is_some_and(|min| want.value < min.value);
            let above = rule.limits.max.as_ref().is_some_and(|max| want.value > max.value);
            // Only an original can pull a bound out of the limits.
            prop_assert!(!(below || above) || want.adjusted == Some(Adjusted::ToFloor), "{want:?}");
        }
    }

    #[test]
    fn the_order_written_does_not_matter(rule in rule(), base in base(), at in instant()) {
        let mut reversed = rule.clone();
        reversed.schedule.reverse();
        let name = |rule: &Rule, setter: Setter| match setter {
            Setter::Window(index) => rule.schedule[index].name.clone(),
            Setter::Default => String::new(),
        };
        let told = |rule: &Rule| {
            let Decision { floor, ceiling, replicas, until } = decide(rule, &base, at);
            let wants = [floor, ceiling, replicas];
            (wants.map(|want| want.map(|want| (want.value, name(rule, want.setter), want.adjusted))), until)
        };
        prop_assert_eq!(told(&rule), told(&reversed));
    }
}
