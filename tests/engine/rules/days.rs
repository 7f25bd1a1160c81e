//! Start days.

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use proptest::prelude::*;

use super::Around;
use crate::model::{Days, Entry, Except};

pub(super) fn days(around: Around) -> impl Strategy<Value = Days> {
    (
        prop::option::weighted(0.6, weekdays()),
        entries(around, 0.3),
        entries(around, 0.1),
        except(around),
    )
        .prop_map(|(weekdays, dates, calendar, except)| Days {
            weekdays,
            dates,
            calendar,
            except,
        })
}

pub(super) fn except(around: Around) -> impl Strategy<Value = Except> {
    (
        prop::option::weighted(0.15, weekdays()),
        entries(around, 0.15),
        entries(around, 0.08),
    )
        .prop_map(|(weekdays, dates, calendar)| Except {
            weekdays: weekdays.unwrap_or_default(),
            dates,
            calendar,
        })
}

fn weekdays() -> impl Strategy<Value = [bool; 7]> {
    any::<[bool; 7]>().prop_filter("a list has items", |days| days.contains(&true))
}

/// None, or some.
fn entries(around: Around, probability: f64) -> impl Strategy<Value = Vec<Entry>> {
    prop::option::weighted(probability, prop::collection::vec(entry(around), 1..5))
        .prop_map(Option::unwrap_or_default)
}

fn entry(around: Around) -> impl Strategy<Value = Entry> {
    (0..6, -6..6i64, 0..12i64).prop_map(move |(kind, aside, length)| {
        let first = around.date() + TimeDelta::days(aside);
        let last = first + TimeDelta::days(length);
        let of_year = |date: NaiveDate| (date.month(), date.day());
        match kind {
            0 | 1 => Entry::Date(first),
            2 => Entry::Dates(first, last),
            3 => Entry::Yearly(of_year(first)),
            4 => Entry::YearlyRange(of_year(first), of_year(last)),
            // All but a few days of the year.
            _ => Entry::YearlyRange(of_year(last + TimeDelta::days(2)), of_year(first)),
        }
    })
}
