//! What holds for every rule, without anybody to compare with.

use std::ops::Range;

use easyscale::engine::{Adjusted, Base, Decision, decide, timeline};
use easyscale::policy;
use easyscale::time::Instant;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::agreement::{asked, read};
use crate::model::{Days, Rule, Sets, When, Window};
use crate::oracle::{Asked, Oracle};
use crate::rules::{self, Around};
use crate::zones::{self, Clock, DAY, HOUR};
use crate::{config, times};

/// Instants worth a look.
fn around() -> impl Strategy<Value = Around> {
    (any::<Index>(), any::<Index>()).prop_map(|(zone, jump)| {
        let clock = zone.get(zones::changing());
        let at = jump.get(&clock.jumps(&zones::years())).at;
        Around { clock, at }
    })
}

/// A rule near such an instant.
fn rule() -> impl Strategy<Value = (Around, Rule)> {
    around().prop_flat_map(|around| (Just(around), rules::rule(around)))
}

const WEEK: i64 = 7 * DAY;

fn instant(second: i64) -> Instant {
    Instant::from_unix(second)
}

/// The instants of a stretch at which another decision begins, as each decision announces the next.
fn edges(rule: &policy::Rule, base: Base, within: &Range<i64>) -> Vec<i64> {
    let next = |at: i64| decide(rule, &base, instant(at)).until.map(Instant::unix);
    let edges = std::iter::successors(next(within.start), |at| next(*at));
    edges.take_while(|at| within.contains(at)).collect()
}

/// A rule of one window, which asks for at least one replica.
fn one_window(zone: &'static str, when: When) -> Rule {
    Rule {
        windows: vec![Window {
            name: "alone".to_owned(),
            zone,
            when,
            sets: Sets::Floor(1),
            priority: 0,
            lead: 0,
            ramp: 0,
            suspended: false,
        }],
        default: Sets::Nothing,
        limits: (None, None),
    }
}

fn alone(zone: &'static str, when: When) -> policy::Rule {
    read(&one_window(zone, when))
}

/// 08:00 to 12:00 in UTC.
fn daytime() -> Rule {
    let days = Days::default();
    let (start, end) = (8 * 3_600, 12 * 3_600);
    one_window("UTC", When::Daily { days, start, end })
}

const UNKNOWN: Base = Base::Autoscaler {
    floor: None,
    ceiling: None,
};

fn is_open(rule: &policy::Rule, at: i64) -> bool {
    decide(rule, &UNKNOWN, instant(at)).floor.is_some()
}

proptest! {
    #![proptest_config(config(120 * times()))]

    #[test]
    fn edges_strictly_increase_and_nothing_happens_between_them(
        (around, model) in rule(),
        base in rules::base(),
        moments in prop::collection::vec(any::<Index>(), 8),
    ) {
        let rule = read(&model);
        let within = around.stretch(&model);
        let edges = edges(&rule, base, &within);
        prop_assert!(edges.is_sorted_by(|one, next| one < next), "{edges:?}");
        let what = |at: i64| asked(&rule, &decide(&rule, &base, instant(at)));
        let starts = [within.start].into_iter().chain(edges.iter().copied());
        let ends = edges.iter().copied().chain([within.end]);
        for (start, end) in starts.zip(ends) {
            let held = what(start);
            for moment in moments.iter().map(|moment| start + moment.index((end - start) as usize) as i64) {
                prop_assert_eq!(what(moment), held.clone(), "{} as at {}", instant(moment), instant(start));
            }
            prop_assert_eq!(what(end - 1), held.clone());
            prop_assert!(end == within.end || what(end) != held, "nothing begins at {}", instant(end));
        }
    }

    #[test]
    fn a_timeline_covers_its_range_and_each_segment_is_what_is_decided_in_it(
        (around, model) in rule(),
        [start, end] in any::<[Index; 2]>(),
        moments in prop::collection::vec(any::<Index>(), 4),
    ) {
        let rule = read(&model);
        let within = around.stretch(&model);
        let [start, end] = [start, end].map(|at| within.start + at.index((within.end - within.start) as usize) as i64);
        let range = start.min(end)..start.max(end);
        let segments = timeline(&rule, instant(range.start), instant(range.end));
        let mut at = range.start;
        let mut before = None;
        for segment in &segments {
            prop_assert_eq!(segment.from.unix(), at, "no gap, no overlap");
            prop_assert!(segment.until > segment.from);
            at = segment.until.unix();
            let shown = asked(&rule, &Decision {
                floor: segment.floor,
                ceiling: segment.ceiling,
                replicas: segment.replicas,
                until: None,
            });
            prop_assert_ne!(before.as_ref(), Some(&shown), "neighbours differ");
            let span = (segment.until.unix() - segment.from.unix()) as usize;
            let inside = moments.iter().map(|moment| segment.from.unix() + moment.index(span) as i64);
            for moment in inside.chain([segment.from.unix(), segment.until.unix() - 1]) {
                let scaled = asked(&rule, &decide(&rule, &UNKNOWN, instant(moment)));
                let alone = asked(&rule, &decide(&rule, &Base::Scale(None), instant(moment)));
                let decided = Asked { replicas: alone.replicas, ..scaled };
                prop_assert_eq!(&decided, &shown, "at {}", instant(moment));
            }
            before = Some(shown);
        }
        prop_assert_eq!(at, range.end, "to the end");
    }

    #[test]
    fn a_window_and_those_beside_it_share_out_all_time(
        around in around(),
        start in 0..96u32,
        end in 0..95u32,
        weekdays in any::<[bool; 7]>(),
        moments in prop::collection::vec(-WEEK..WEEK, 20),
    ) {
        let start = start * 900;
        let end = (end * 900 + if end * 900 >= start { 900 } else { 0 }) % 86_400;
        prop_assume!(start != end);
        let mut parts = Vec::new();
        for weekdays in [weekdays, weekdays.map(|on| !on)] {
            if weekdays.contains(&true) {
                // The second one begins as the first one ends. The one that ends on its start day belongs to
                // the same day as the other.
                let (first, last) = if start < end { (start, end) } else { (end, start) };
                for (start, end) in [(first, last), (last, first)] {
                    let days = Days { weekdays: Some(weekdays), ..Days::default() };
                    parts.push(alone(around.clock.name, When::Daily { days, start, end }));
                }
            }
        }
        let within = around.at - WEEK..around.at + WEEK;
        let edges = parts.iter().flat_map(|part| edges(part, UNKNOWN, &within));
        let edges = edges.flat_map(|at| [at - 1, at, at + 1]);
        let moments = moments.iter().map(|aside| around.at + aside);
        for at in edges.chain(moments).collect::<Vec<i64>>() {
            let open = parts.iter().filter(|part| is_open(part, at)).count();
            prop_assert_eq!(open, 1, "windows open at {}", instant(at));
        }
    }

    #[test]
    fn where_clocks_do_not_change_a_week_later_is_the_same_a_week_later(
        model in rules::rule(Around { clock: Clock::named("Asia/Kathmandu"), at: 1_792_000_000 }),
        base in rules::base(),
    ) {
        let mut model = model;
        model.windows.retain(Window::repeats_weekly_or_on_dates);
        model.windows.retain(|window| ["Asia/Kathmandu", "UTC"].contains(&window.zone));
        prop_assume!(!model.windows.is_empty());
        let mut later = model.clone();
        later.windows.iter_mut().for_each(Window::put_off_a_week);
        let within = 1_792_000_000 - WEEK..1_792_000_000 + WEEK;
        let after = within.start + WEEK..within.end + WEEK;
        let (rule, later) = (read(&model), read(&later));
        let shifted: Vec<i64> = edges(&rule, base, &within).iter().map(|at| at + WEEK).collect();
        prop_assert_eq!(&edges(&later, base, &after), &shifted);
        for at in shifted {
            let now = asked(&rule, &decide(&rule, &base, instant(at - WEEK)));
            prop_assert_eq!(asked(&later, &decide(&later, &base, instant(at))), now);
        }
    }

    #[test]
    fn a_ramp_goes_one_way_by_the_formula_and_arrives(
        [from, to] in prop_oneof![[0..40u32, 0..40u32], [0..=i32::MAX as u32, 0..=i32::MAX as u32]],
        ramp in prop_oneof![1..1_000u32, Just(4 * 3_600)],
        elapsed in any::<Index>(),
    ) {
        let start = 1_792_000_000 / DAY * DAY + 8 * HOUR;
        let mut rule = daytime();
        rule.windows[0].sets = Sets::Floor(to);
        rule.windows[0].ramp = ramp;
        let rule = read(&rule);
        let base = Base::Autoscaler { floor: Some(from), ceiling: None };
        let value = |at: i64| decide(&rule, &base, instant(at)).floor.map_or(from, |want| want.value);
        for (begins, from, to) in [(start, from, to), (start + 4 * HOUR, to, from)] {
            let ends = begins + i64::from(ramp);
            prop_assert_eq!((value(begins), value(ends)), (from, to));
            let elapsed = elapsed.index(ramp as usize) as i64;
            let way = i64::from(to) - i64::from(from);
            let part = i128::from(way) * i128::from(elapsed) / i128::from(ramp);
            prop_assert_eq!(i128::from(value(begins + elapsed)), i128::from(from) + part);
            let steps: Vec<u32> = edges(&rule, base, &(begins..ends)).into_iter().map(value).collect();
            let onwards = |one: &u32, next: &u32| if from < to { one < next } else { one > next };
            prop_assert!(steps.is_sorted_by(onwards), "{steps:?}");
        }
    }

    #[test]
    fn a_lead_only_opens_earlier(
        (around, mut model) in rule(),
        lead in 1..=3_600u32,
        moments in prop::collection::vec(any::<Index>(), 8),
    ) {
        model.windows.retain(|window| !matches!(window.when, When::Cron { .. }) && !window.suspended);
        model.windows.truncate(1);
        prop_assume!(!model.windows.is_empty());
        let window = &mut model.windows[0];
        (window.lead, window.ramp, window.sets) = (0, 0, Sets::Floor(1));
        model.default = Sets::Nothing;
        let sharp = read(&model);
        model.windows[0].lead = lead;
        let early = read(&model);
        let within = around.stretch(&model);
        let edges = [edges(&sharp, UNKNOWN, &within), edges(&early, UNKNOWN, &within)].concat();
        let moments = moments.iter().map(|moment| within.start + moment.index((within.end - within.start) as usize) as i64);
        for at in edges.into_iter().flat_map(|at| [at - 1, at]).chain(moments) {
            let next = decide(&sharp, &UNKNOWN, instant(at)).until;
            let soon = next.is_some_and(|next| next.unix() <= at + i64::from(lead));
            prop_assert_eq!(is_open(&early, at), is_open(&sharp, at) || soon, "at {}", instant(at));
        }
    }

    #[test]
    fn a_suspended_window_is_as_good_as_none(
        (around, mut model) in rule(),
        base in rules::base(),
        aside in -DAY..DAY,
    ) {
        let with = read(&model);
        let active = model.windows.len();
        model.windows.retain(|window| !window.suspended);
        prop_assume!(!model.windows.is_empty() || model.default != Sets::Nothing);
        let without = read(&model);
        let at = instant(around.at + aside);
        let told = |rule: &policy::Rule| {
            let decision = decide(rule, &base, at);
            (asked(rule, &decision), decision.until)
        };
        prop_assert_eq!(told(&with), told(&without), "{} of {} windows", model.windows.len(), active);
    }

    #[test]
    fn a_window_that_is_said_to_have_no_effect_has_none((around, mut model) in rule(), base in rules::base()) {
        // Some are likely to have none.
        for (original, name) in [(0, "window 7"), (1, "window 8")] {
            if let Some(mut copy) = model.windows.get(original).cloned() {
                copy.name = name.to_owned();
                copy.priority -= 1;
                model.windows.push(copy);
            }
        }
        let loaded = policy::check(vec![("rule.yaml".to_owned(), model.yaml())]);
        let lost = loaded.problems.iter().filter(|problem| ["W0601", "W0604"].contains(&problem.code));
        let within = around.stretch(&model);
        for problem in lost {
            let name = problem.message.split('`').nth(1);
            let lost = |asked: &Asked| {
                let wants = [&asked.floor, &asked.ceiling, &asked.replicas];
                wants.into_iter().flatten().any(|want| want.setter.as_deref() == name)
            };
            let oracle = Oracle::new(&model, within.start, within.end);
            let segments = oracle.segments(base, within.start, within.end);
            let shown = segments.iter().find(|(_, asked)| lost(asked)).map(|(at, _)| instant(*at));
            prop_assert_eq!(shown, None, "{}", problem.message);
        }
    }

    #[test]
    fn the_order_written_does_not_matter((around, model) in rule(), base in rules::base(), aside in -DAY..DAY) {
        let mut reversed = model.clone();
        reversed.windows.reverse();
        let told = |model: &Rule| {
            let rule = read(model);
            let decision = decide(&rule, &base, instant(around.at + aside));
            (asked(&rule, &decision), decision.until)
        };
        prop_assert_eq!(told(&model), told(&reversed));
    }

    #[test]
    fn asked_bounds_never_cross_and_only_originals_pull_them_out_of_the_limits(
        (around, model) in rule(),
        base in rules::base(),
        aside in -DAY..DAY,
    ) {
        let decision = decide(&read(&model), &base, instant(around.at + aside));
        if let (Some(floor), Some(ceiling)) = (decision.floor, decision.ceiling) {
            prop_assert!(floor.value <= ceiling.value);
        }
        for want in [decision.floor, decision.ceiling].into_iter().flatten() {
            let below = model.limits.0.is_some_and(|min| want.value < min);
            let above = model.limits.1.is_some_and(|max| want.value > max);
            // A ramp begins at the original, and a floor may fall to such a ceiling.
            let ramps = model.windows.iter().any(|window| window.ramp > 0);
            let by_original = match want.adjusted {
                Some(Adjusted::ToFloor | Adjusted::Ramping) => true,
                adjusted => ramps && adjusted == Some(Adjusted::ToCeiling),
            };
            prop_assert!(!(below || above) || by_original, "{want:?}");
        }
    }
}

#[test]
fn the_hours_of_a_clock_change_belong_to_one_of_two_windows() {
    // Every quarter of an hour as the boundary, in the zones that do odd things.
    for name in zones::REMARKABLE {
        let clock = Clock::named(name);
        for jump in clock.jumps(&zones::years()).iter().rev().take(2) {
            for quarter in 0..96u32 {
                let halves = [(0, quarter * 900), (quarter * 900, 86_400)];
                let halves: Vec<policy::Rule> = halves
                    .iter()
                    .filter(|(start, end)| start < end)
                    .map(|(start, end)| {
                        let (start, end, days) = (*start, *end, Days::default());
                        alone(clock.name, When::Daily { days, start, end })
                    })
                    .collect();
                for at in (jump.at - 3 * HOUR..jump.at + 3 * HOUR)
                    .step_by(900)
                    .flat_map(|at| [at - 1, at])
                {
                    let open = halves.iter().filter(|half| is_open(half, at)).count();
                    assert_eq!(open, 1, "{name}, boundary {quarter}, {}", instant(at));
                }
            }
        }
    }
}
