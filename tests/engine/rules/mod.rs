//! Random rules, near an instant that is worth a look.

mod days;
mod patterns;
mod times;

use std::ops::Range;

use chrono::{NaiveDate, TimeDelta};
use easyscale::engine::Base;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::model::{Rule, Sets, When, Window};
use crate::spans::weekday;
use crate::zones::{self, Clock, DAY};

/// Where and when a rule is to matter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around {
    pub(crate) clock: &'static Clock,
    pub(crate) at: i64,
}

impl Around {
    /// Some days before and after; fewer for a rule that has a hundred edges a day.
    pub(crate) fn stretch(self, rule: &Rule) -> Range<i64> {
        let is_dense = |window: &Window| match &window.when {
            When::Cron { fields, .. } => fields.times().len() > 50,
            _ => false,
        };
        let days = if rule.windows.iter().any(is_dense) { 1 } else { 5 };
        self.at - days * DAY..self.at + days * DAY
    }

    pub(crate) fn date(self) -> NaiveDate {
        self.clock.shows(self.at).date()
    }
}

/// A rule around an instant worth a look.
#[allow(dead_code, reason = "for tests that do not ask where and when")]
pub(crate) fn anywhere() -> impl Strategy<Value = Rule> {
    let around = (any::<Index>(), any::<Index>()).prop_map(|(zone, jump)| {
        let clock = zone.get(zones::changing());
        let at = jump.get(&clock.jumps(&zones::years())).at;
        Around { clock, at }
    });
    around.prop_flat_map(rule)
}

/// A rule with up to six windows.
pub(crate) fn rule(around: Around) -> impl Strategy<Value = Rule> {
    let windows = prop::collection::vec(window(around), 0..7);
    let default = prop_oneof![1 => Just(Sets::Nothing), 1 => sets()];
    let limits = (
        prop::option::weighted(0.3, 0..3u32),
        prop::option::weighted(0.3, 3..8u32),
    );
    (
        windows,
        default,
        limits,
        Just([3, 0, 5, 1, 6, 2, 4]).prop_shuffle(),
    )
        .prop_map(|(mut windows, mut default, mut limits, names)| {
            for (window, name) in windows.iter_mut().zip(names) {
                // Name order is not the order written.
                window.name = format!("window {name}");
            }
            if windows.is_empty() && default == Sets::Nothing {
                default = Sets::Replicas(2);
            }
            if windows
                .iter()
                .map(|it| it.sets)
                .chain([default])
                .any(Sets::is_sleep)
            {
                limits.0 = None;
            }
            Rule {
                windows,
                default,
                limits,
            }
        })
}

/// A window; its name is the rule's business.
pub(crate) fn window(around: Around) -> impl Strategy<Value = Window> {
    const OTHERS: [&str; 4] = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];
    let zone = prop_oneof![4 => Just(around.clock.name), 1 => select(&OTHERS[..])];
    let lead = optional(prop_oneof![1..=12u32, 1..7_200u32, Just(86_400)]);
    // Many are as long as their window, which a clock change may have made shorter.
    let ramp = prop_oneof![5 => 1..=900u32, 2 => (1..8u32).prop_map(|n| n * 900), 3 => Just(86_400)];
    let ramp = optional(ramp);
    let suspended = prop::bool::weighted(0.08);
    let window = (zone, when(around), sets(), -1..2i32, lead, ramp, suspended).prop_map(
        |(zone, when, sets, priority, lead, ramp, suspended)| Window {
            name: String::new(),
            zone,
            lead: lead.min(shortest_distance(&when)),
            ramp: ramp.min(length(&when, zone)),
            when,
            sets,
            priority,
            suspended,
        },
    );
    window.prop_filter("a window opens at some time", move |window| {
        opens(&window.when, window.zone, around)
    })
}

/// From start to end, where clocks do not change.
fn length(when: &When, zone: &str) -> u32 {
    match when {
        When::Daily { start, end, .. } if start < end => end - start,
        When::Daily { start, end, .. } => end + 86_400 - start,
        When::Weekly { from, until, .. } => {
            let [from, until] = [from, until].map(|(day, second)| *day as u32 * 86_400 + second);
            (until + 7 * 86_400 - from) % (7 * 86_400)
        }
        When::Once { from, until } => {
            let clock = Clock::named(zone);
            u32::try_from(until.instant(clock) - from.instant(clock)).unwrap_or(0)
        }
        When::Cron { duration, .. } => *duration,
    }
}

/// At most what lies between two starts, where clocks do not change.
fn shortest_distance(when: &When) -> u32 {
    match when {
        When::Cron { fields, .. } => {
            let times = fields.times();
            let distances = times.windows(2).map(|pair| pair[1] - pair[0]);
            let over_midnight = times[0] + 86_400 - times[times.len() - 1];
            distances.chain([over_midnight]).min().unwrap_or_default()
        }
        _ => 86_400,
    }
}

fn opens(when: &When, zone: &str, around: Around) -> bool {
    let some_day = |counts: &dyn Fn(NaiveDate) -> bool| {
        (-400..400).any(|aside| counts(around.date() + TimeDelta::days(aside)))
    };
    length(when, zone) > 0
        && match when {
            When::Daily { days, .. } => some_day(&|date| days.contain(date)),
            When::Weekly { from, except, .. } => {
                some_day(&|date| weekday(date) == from.0 && !except.contain(date))
            }
            When::Once { .. } => true,
            When::Cron { fields, except, .. } => {
                some_day(&|date| !except.contain(date) && fields.match_day(date))
            }
        }
}

/// Mostly 0.
fn optional(seconds: impl Strategy<Value = u32>) -> impl Strategy<Value = u32> {
    prop::option::weighted(0.25, seconds).prop_map(Option::unwrap_or_default)
}

/// Small numbers, so that windows meet.
pub(crate) fn sets() -> impl Strategy<Value = Sets> {
    prop_oneof![
        2 => (0..8u32).prop_map(Sets::Replicas),
        2 => (0..8u32).prop_map(Sets::Floor),
        2 => (1..8u32).prop_map(Sets::Ceiling),
        2 => (0..8u32, 0..6u32).prop_map(|(floor, more)| Sets::Both(floor, (floor + more).max(1))),
    ]
}

/// What rules start from, known or not.
pub(crate) fn base() -> impl Strategy<Value = Base> {
    let known = || prop::option::weighted(0.7, 0..8u32);
    prop_oneof![
        3 => (known(), known()).prop_map(|(floor, ceiling)| Base::Autoscaler { floor, ceiling }),
        1 => known().prop_map(Base::Scale),
    ]
}

fn when(around: Around) -> impl Strategy<Value = When> {
    prop_oneof![
        6 => times::daily(around),
        2 => times::weekly(around),
        2 => times::once(around),
        3 => patterns::cron(around),
    ]
}
