//! Times of day, and the forms of windows that have them.

use chrono::{TimeDelta, Timelike as _};
use proptest::prelude::*;
use proptest::sample::select;

use super::Around;
use super::days::{days, except};
use crate::model::{Moment, Second, When};
use crate::spans::weekday;
use crate::zones::{DAY, HOUR};

/// Mostly around what the clock shows there, on round times; some odd seconds.
fn second(around: Around) -> impl Strategy<Value = Second> {
    let shown = [around.at - 1, around.at].map(|at| {
        around
            .clock
            .shows(at)
            .num_seconds_from_midnight()
            .next_multiple_of(900)
    });
    let near = (select(shown.to_vec()), -8..=8i64);
    let near = near.prop_map(|(shown, quarters)| (i64::from(shown) + quarters * 900).rem_euclid(DAY) as u32);
    prop_oneof![
        6 => near,
        3 => (0..96u32).prop_map(|n| n * 900),
        1 => 0..86_400u32,
    ]
}

pub(super) fn daily(around: Around) -> impl Strategy<Value = When> {
    let times = prop_oneof![
        1 => Just((0, 86_400)),
        1 => second(around).prop_map(|start| (start, 86_400)),
        6 => (second(around), second(around)),
        // Short ones, some of which lie inside a gap.
        2 => (second(around), 1..4u32).prop_map(|(start, more)| (start, (start + more * 900) % 86_400)),
    ];
    let times = times.prop_filter("a window has a length", |(start, end)| start != end);
    (days(around), times).prop_map(|(days, (start, end))| When::Daily { days, start, end })
}

pub(super) fn weekly(around: Around) -> impl Strategy<Value = When> {
    let date = around.date();
    let near = (-1..=1i64).prop_map(move |aside| weekday(date + TimeDelta::days(aside)));
    let near = prop_oneof![3 => near, 2 => 0..7usize];
    let until = prop_oneof![4 => second(around), 1 => Just(86_400)];
    (near, second(around), 0..7usize, until, except(around)).prop_map(
        |(start_day, start, more, until, except)| When::Weekly {
            from: (start_day, start),
            until: ((start_day + more) % 7, until),
            except,
        },
    )
}

pub(super) fn once(around: Around) -> impl Strategy<Value = When> {
    let hours = prop_oneof![-4 * HOUR..4 * HOUR, -3 * DAY..3 * DAY];
    let length = prop_oneof![1..3 * HOUR, 1..4 * DAY];
    (
        hours,
        length,
        any::<[bool; 2]>(),
        select(vec![0, 3_600, -12_600, 20_700]),
    )
        .prop_map(move |(aside, length, local, offset)| {
            let moment = |at: i64, local: bool| match local {
                true => Moment::Local(around.clock.shows(at)),
                false => {
                    let utc = chrono::DateTime::from_timestamp(at + i64::from(offset), 0).unwrap();
                    Moment::Offset(utc.naive_utc(), offset)
                }
            };
            let from = around.at + aside;
            let until = moment(from + length, local[1]);
            When::Once {
                from: moment(from, local[0]),
                until,
            }
        })
}
