//! Cron patterns.

use chrono::{Datelike as _, Timelike as _};
use proptest::prelude::*;
use proptest::sample::select;

use super::Around;
use super::days::except;
use crate::model::{Field, Fields, Part, When};

pub(super) fn cron(around: Around) -> impl Strategy<Value = When> {
    let duration =
        prop_oneof![6 => (1..240u32).prop_map(|n| n * 60), 2 => 1..7_200u32, 1 => Just(2 * 86_400)];
    (fields(around), except(around), duration).prop_map(|(fields, except, duration)| When::Cron {
        fields,
        except,
        duration,
    })
}

fn fields(around: Around) -> impl Strategy<Value = Fields> {
    let date = around.date();
    let hours = [around.at - 1, around.at, around.at + 3_599].map(|at| around.clock.shows(at).hour());
    let second = prop::option::weighted(
        0.2,
        prop_oneof![
            (0..60u32).prop_map(|n| vec![Part::One(n)]),
            Just(vec![Part::AnyStep(25)])
        ],
    );
    let minute = prop_oneof![
        1 => Just(vec![Part::Any]),
        4 => field(&[0, 15, 30, 59], 0, 59),
    ];
    let hour = prop_oneof![1 => Just(vec![Part::Any]), 4 => field(&hours, 0, 23)];
    let day = prop_oneof![3 => Just(vec![Part::Any]), 2 => field(&[date.day()], 1, 31)];
    let month = prop_oneof![4 => Just(vec![Part::Any]), 1 => field(&[date.month()], 1, 12)];
    let weekday = field(&[date.weekday().num_days_from_sunday(), 7], 0, 6);
    let weekday = prop_oneof![2 => Just(vec![Part::Any]), 3 => weekday];
    (second, minute, hour, day, month, weekday).prop_map(|(second, minute, hour, day, month, weekday)| {
        Fields {
            second,
            minute,
            hour,
            day,
            month,
            weekday,
        }
    })
}

/// A field that often has one of `near`.
fn field(near: &[u32], min: u32, max: u32) -> impl Strategy<Value = Field> + use<> {
    let near = near.to_vec();
    let value = || prop_oneof![2 => select(near.clone()), 2 => min..=max];
    let inside = move || value().prop_map(move |value| value.min(max));
    let step = 2..=(max - min).min(30);
    let part = prop_oneof![
        1 => step.clone().prop_map(Part::AnyStep),
        4 => value().prop_map(Part::One),
        1 => (inside(), step.clone()).prop_map(|(first, step)| Part::From(first, step)),
        3 => (value(), value()).prop_map(|(first, last)| Part::Range(first, last)),
        2 => (value(), value(), step).prop_map(|(first, last, step)| Part::RangeStep(first, last, step)),
    ];
    prop::collection::vec(part, 1..4)
}
