//! The local days of a range, their clock changes, and times of day without ambiguity.

use crate::time::{Civil, ClockChange, Date, Instant, TimeOfDay, Zone};

/// No two wall clocks in the world differ by more, so no clock change moves further.
const FURTHEST: i64 = 26 * 3600;

/// The part of a local day that lies in the range.
#[derive(Debug, Clone)]
pub(super) struct Day {
    pub(super) date: Date,
    /// The first instant of the part.
    pub(super) from: Instant,
    /// The first instant after the part.
    pub(super) until: Instant,
    /// Where the day begins, in the range or not.
    pub(super) begins: Instant,
    /// The first instant of the next day, in the range or not.
    pub(super) ends: Instant,
    /// The clock changes of the part.
    pub(super) changes: Vec<ClockChange>,
}

impl Day {
    /// Whether nothing of it lies outside the range.
    pub(super) fn is_whole(&self) -> bool {
        (self.from, self.until) == (self.begins, self.ends)
    }

    /// `Fri 2026-11-27`.
    pub(super) fn label(&self) -> String {
        format!("{} {}", self.date.weekday(), self.date)
    }

    /// A stretch of the day on its wall clock: `16:00 - 18:00`; midnight at its end is 24:00.
    pub(super) fn span(&self, zone: &Zone, from: Instant, until: Instant) -> String {
        let end = if until == self.ends {
            "24:00".to_owned()
        } else {
            clock(zone, until)
        };
        format!("{} - {end}", clock(zone, from))
    }

    /// One sentence per clock change.
    pub(super) fn change_notes(&self) -> impl Iterator<Item = String> {
        let length = length(self.ends.unix() - self.begins.unix());
        self.changes
            .iter()
            .map(move |change| format!("{}: this day has {length}", moves(*change)))
    }
}

/// The local days that `[from, until)` touches, in order. A day that the zone skipped is not there.
pub(super) fn days(zone: &Zone, from: Instant, until: Instant) -> Vec<Day> {
    let mut days = Vec::new();
    let mut date = zone.to_civil(from).date;
    let (mut at, mut begins) = (from, midnight(zone, date));
    while at < until {
        let next = Date::from_days_since_epoch(date.days_since_epoch() + 1);
        let ends = midnight(zone, next);
        if ends > at {
            let end = ends.min(until);
            days.push(Day {
                date,
                from: at,
                until: end,
                begins,
                ends,
                changes: zone.clock_changes(at, end).collect(),
            });
            at = end;
        }
        (date, begins) = (next, ends);
    }
    days
}

/// Where a local day begins. Behind the last date of the calendar: the end of time.
pub(super) fn midnight(zone: &Zone, date: Date) -> Instant {
    if date > Date::LAST {
        return Instant::MAX;
    }
    let time = TimeOfDay::MIDNIGHT;
    zone.to_instant(Civil { date, time })
}

/// `clocks go forward at 02:00 -> 03:00`; with dates where the change moves to another one.
pub(super) fn moves(change: ClockChange) -> String {
    let shown = |offset: i32| {
        Zone::utc().to_civil(Instant::from_unix(change.at.unix().saturating_add(offset.into())))
    };
    let (before, after) = (shown(change.before), shown(change.after));
    let direction = if change.after > change.before {
        "forward"
    } else {
        "back"
    };
    if before.date == after.date {
        format!("clocks go {direction} at {} -> {}", before.time, after.time)
    } else {
        format!("clocks go {direction} at {before} -> {after}")
    }
}

/// The time of day at an instant; with its offset where the wall clock shows that time twice.
fn clock(zone: &Zone, at: Instant) -> String {
    let time = zone.to_civil(at).time;
    let around = |seconds: i64| Instant::from_unix(at.unix().saturating_add(seconds));
    let repeats = zone
        .clock_changes(around(-FURTHEST), around(FURTHEST))
        .find(|change| {
            let repeated = i64::from(change.before - change.after);
            let since = at.unix() - change.at.unix();
            -repeated <= since && since < repeated
        });
    match repeats {
        Some(change) => {
            let offset = if at < change.at {
                change.before
            } else {
                change.after
            };
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.abs() / 60;
            format!("{time}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }
        None => time.to_string(),
    }
}

fn length(seconds: i64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    if minutes == 0 {
        format!("{hours} hours")
    } else {
        format!("{hours} hours {minutes} minutes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn told(zone: &str, from: &str, until: &str) -> Vec<String> {
        let zone = Zone::parse(zone).unwrap();
        let told = days(&zone, at(from), at(until)).into_iter().map(|day| {
            let notes: Vec<_> = day.change_notes().collect();
            format!(
                "{} {} {}",
                day.label(),
                day.span(&zone, day.from, day.until),
                notes.join(" ")
            )
        });
        told.map(|line| line.trim_end().to_owned()).collect()
    }

    #[test]
    fn days_are_cut_at_local_midnight() {
        assert_eq!(
            told("Europe/Berlin", "2026-11-24T12:30:05Z", "2026-11-26T08:00Z"),
            [
                "Tue 2026-11-24 13:30:05 - 24:00",
                "Wed 2026-11-25 00:00 - 24:00",
                "Thu 2026-11-26 00:00 - 09:00"
            ]
        );
    }

    #[test]
    fn changes_are_told_on_their_day() {
        assert_eq!(
            told("Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
            ["Sun 2026-03-29 00:00 - 24:00 clocks go forward at 02:00 -> 03:00: this day has 23 hours"]
        );
        assert_eq!(
            told("Australia/Lord_Howe", "2026-10-03T13:30Z", "2026-10-04T13:00Z"),
            [
                "Sun 2026-10-04 00:00 - 24:00 clocks go forward at 02:00 -> 02:30: this day has 23 hours 30 minutes"
            ]
        );
        assert_eq!(
            told("Africa/Cairo", "2026-04-22T22:00Z", "2026-04-24T21:00Z"),
            [
                "Thu 2026-04-23 00:00 - 24:00",
                "Fri 2026-04-24 01:00 - 24:00 clocks go forward at 00:00 -> 01:00: this day has 23 hours"
            ]
        );
        assert_eq!(
            told("Africa/Cairo", "2026-10-28T21:00Z", "2026-10-30T22:00Z"),
            [
                "Thu 2026-10-29 00:00 - 24:00 \
                 clocks go back at 2026-10-30 00:00 -> 2026-10-29 23:00: this day has 25 hours",
                "Fri 2026-10-30 00:00 - 24:00"
            ]
        );
    }

    #[test]
    fn a_time_that_is_shown_twice_says_which_one_it_is() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        for (instant, shown) in [
            ("2026-10-24T23:59Z", "01:59"),
            ("2026-10-25T00:00Z", "02:00+02:00"),
            ("2026-10-25T00:59Z", "02:59+02:00"),
            ("2026-10-25T01:00Z", "02:00+01:00"),
            ("2026-10-25T01:59Z", "02:59+01:00"),
            ("2026-10-25T02:00Z", "03:00"),
            ("2026-03-29T01:00Z", "03:00"),
        ] {
            assert_eq!(clock(&berlin, at(instant)), shown, "{instant}");
        }
    }

    #[test]
    fn lost_days_and_the_end_of_the_calendar() {
        let apia = told("Pacific/Apia", "2011-12-29T10:00Z", "2011-12-31T10:00Z");
        assert_eq!(apia.len(), 2, "{apia:?}");
        assert!(apia[0].starts_with("Thu 2011-12-29") && apia[1].starts_with("Sat 2011-12-31"));
        assert_eq!(days(&Zone::utc(), at("9999-12-28T00:00Z"), Instant::MAX).len(), 3);
    }
}
