//! The engine and the oracle agree: on random rules, in every zone, around clock changes and far from them.

use std::ops::Range;

use easyscale::engine::{Base, Decision, Setter, Want, decide, timeline};
use easyscale::policy::{self, Rule};
use easyscale::time::Instant;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use crate::model;
use crate::oracle::{self, Asked, Oracle};
use crate::rules::{self, Around};
use crate::zones::{self, Clock, DAY, HOUR, Jump};
use crate::{config, times};

/// Reads a rule as the program does.
pub(crate) fn read(model: &model::Rule) -> Rule {
    let loaded = policy::check(vec![("rule.yaml".to_owned(), model.yaml())]);
    let problems = easyscale::report::problems::text(&loaded.problems, &loaded.sources, false);
    assert!(!loaded.has_errors(), "{problems}\n{}", model.yaml());
    let [rule] = &loaded.rules[..] else {
        panic!("{} rules in\n{}", loaded.rules.len(), model.yaml());
    };
    Rule::clone(rule)
}

pub(crate) fn asked(rule: &Rule, decision: &Decision) -> Asked {
    let want = |want: Option<Want>| {
        want.map(|want| oracle::Want {
            value: want.value,
            setter: match want.setter {
                Setter::Window(index) => Some(rule.schedule[index].name.clone()),
                Setter::Default => None,
            },
            adjusted: want.adjusted,
        })
    };
    Asked {
        floor: want(decision.floor),
        ceiling: want(decision.ceiling),
        replicas: want(decision.replicas),
    }
}

/// Compares both over the days around: at every edge of either, one second before and after, at each of `moments`.
fn agree(model: &model::Rule, base: Base, around: Around, moments: &[i64]) -> Result<(), TestCaseError> {
    let Range {
        start: from,
        end: until,
    } = around.stretch(model);
    let rule = read(model);
    let oracle = Oracle::new(model, from, until);
    let segments = oracle.segments(base, from, until);

    let mut instants: Vec<i64> = segments.iter().map(|(start, _)| *start).collect();
    let mut at = Instant::from_unix(from);
    while let Some(next) = decide(&rule, &base, at).until.filter(|next| next.unix() < until) {
        prop_assert!(next > at, "edges strictly increase: {} after {}", next, at);
        instants.push(next.unix());
        at = next;
    }
    let mut instants: Vec<i64> = instants.into_iter().flat_map(|at| [at - 1, at, at + 1]).collect();
    instants.extend(moments.iter().map(|aside| around.at + aside));
    instants.sort_unstable();
    instants.dedup();

    for at in instants.into_iter().filter(|at| (from..until).contains(at)) {
        let next = segments.partition_point(|(start, _)| *start <= at);
        let expected = &segments[next - 1].1;
        prop_assert_eq!(
            expected,
            &oracle.at(base, at),
            "the oracle with itself at {}",
            Instant::from_unix(at)
        );
        let decision = decide(&rule, &base, Instant::from_unix(at));
        prop_assert_eq!(
            &asked(&rule, &decision),
            expected,
            "at {}",
            Instant::from_unix(at)
        );
        let expected = segments.get(next).map(|(start, _)| Instant::from_unix(*start));
        let found = decision.until.filter(|found| found.unix() < until);
        prop_assert_eq!(
            found,
            expected,
            "the end of what holds at {}",
            Instant::from_unix(at)
        );
    }
    Ok(())
}

/// Compares what the rule says by itself over the same days.
fn agree_on_timeline(model: &model::Rule, around: Around) -> Result<(), TestCaseError> {
    let Range {
        start: from,
        end: until,
    } = around.stretch(model);
    let rule = read(model);
    let found: Vec<(i64, Asked)> = timeline(&rule, Instant::from_unix(from), Instant::from_unix(until))
        .into_iter()
        .map(|segment| {
            let decision = Decision {
                floor: segment.floor,
                ceiling: segment.ceiling,
                replicas: segment.replicas,
                until: None,
            };
            (segment.from.unix(), asked(&rule, &decision))
        })
        .collect();

    let oracle = Oracle::new(model, from, until);
    let unknown = Base::Autoscaler {
        floor: None,
        ceiling: None,
    };
    let alone = oracle.segments(Base::Scale(None), from, until);
    let scaled = oracle.segments(unknown, from, until);
    let mut starts: Vec<i64> = alone.iter().chain(&scaled).map(|(start, _)| *start).collect();
    starts.sort_unstable();
    let mut expected: Vec<(i64, Asked)> = Vec::new();
    for start in starts {
        let asked = Asked {
            replicas: oracle.at(Base::Scale(None), start).replicas,
            ..oracle.at(unknown, start)
        };
        if expected.last().is_none_or(|(_, last)| *last != asked) {
            expected.push((start, asked));
        }
    }
    for (found, expected) in found.iter().zip(&expected) {
        prop_assert_eq!(
            found,
            expected,
            "a segment from {}",
            Instant::from_unix(expected.0)
        );
    }
    prop_assert_eq!(found.len(), expected.len());
    Ok(())
}

/// Tries rules around an instant, and says which one they disagree about.
fn try_around(around: Around, cases: u32) {
    let moments = prop::collection::vec(prop_oneof![-3 * HOUR..3 * HOUR, -5 * DAY..5 * DAY], 12);
    let strategy = (rules::rule(around), rules::base(), moments);
    let outcome = TestRunner::new(config(cases)).run(&strategy, |(model, base, moments)| {
        agree(&model, base, around, &moments)
            .and_then(|()| agree_on_timeline(&model, around))
            .map_err(|error| {
                let at = Instant::from_unix(around.at);
                TestCaseError::fail(format!("{error}\nfrom {base:?}, {} at {at}", around.clock.name))
            })
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// One jump of each zone, another one each time.
fn a_jump_of(clock: &'static Clock, which: usize) -> Around {
    let jumps = clock.jumps(&zones::years());
    let Jump { at, .. } = jumps[which % jumps.len()];
    Around { clock, at }
}

/// A number that differs from run to run, as the rules do.
fn chance() -> usize {
    TestRunner::new(config(1)).rng().next_u32() as usize
}

#[test]
fn around_a_clock_change_of_every_zone() {
    for clock in zones::changing() {
        for _ in 0..2 * times() {
            try_around(a_jump_of(clock, chance()), 1);
        }
    }
}

#[test]
fn at_a_quiet_time_of_every_zone() {
    for clock in zones::changing() {
        for _ in 0..times() {
            let years = zones::years();
            let at = years.start + (chance() as i64 * 97).rem_euclid(years.end - years.start);
            try_around(Around { clock, at }, 1);
        }
    }
}

#[test]
fn around_the_remarkable_clock_changes() {
    for name in zones::REMARKABLE {
        let clock = Clock::named(name);
        let years = zones::new_year(2009)..zones::new_year(2036);
        let mut instants: Vec<i64> = clock.jumps(&years).iter().map(|jump| jump.at).collect();
        instants.push(1_700_000_000);
        for _ in 0..4 * times() {
            let at = instants[chance() % instants.len()];
            try_around(Around { clock, at }, 2);
        }
    }
}
