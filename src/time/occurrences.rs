//! When a window is open.
//!
//! Everything here is asked of the latest time that the wall clock *has shown* ([`Moment`]), not of what
//! it shows: that never runs backwards, so a window that has opened does not open again in a repeated
//! hour, and one whose start was skipped is open as soon as the clock has passed it.

use super::civil::{DAY, split};
use super::{Date, Instant, Moment, TimeOfDay, Weekdays, Zone};

/// When a window is open, in civil time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrences(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Daily(Daily),
}

/// From a time of day to a time of day, on certain start days.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Daily {
    days: Weekdays,
    /// Sorted, each once, all of them on `days`.
    dates: Option<Box<[Date]>>,
    start: TimeOfDay,
    end: TimeOfDay,
}

/// A window at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// Whether the window is open.
    pub open: bool,
    /// The next instant after this one at which it starts or ends; `None`: never. It may end and start
    /// again at the same instant.
    pub next: Option<Instant>,
}

impl Occurrences {
    /// Opens at `start` on each start day: the `dates` (all days if `None`) that are also in `weekdays`.
    /// Closes at `end`, of the next day if `end <= start`. `start` must be before `24:00` and differ from `end`.
    #[must_use]
    pub fn daily(weekdays: Weekdays, dates: Option<Vec<Date>>, start: TimeOfDay, end: TimeOfDay) -> Self {
        let dates = dates.map(|mut dates| {
            dates.retain(|date| weekdays.contains(*date));
            dates.sort_unstable();
            dates.dedup();
            dates.into_boxed_slice()
        });
        Self(Form::Daily(Daily {
            days: weekdays,
            dates,
            start,
            end,
        }))
    }

    /// Whether the window is open at `at`, and its next edge.
    #[must_use]
    pub fn phase(&self, zone: &Zone, at: Instant) -> Phase {
        self.phase_at(zone, &zone.moment(at))
    }

    /// [`Occurrences::phase`], where `moment` is one of `zone`.
    #[inline]
    pub(crate) fn phase_at(&self, zone: &Zone, moment: &Moment) -> Phase {
        match &self.0 {
            Form::Daily(daily) => daily.phase(zone, moment),
        }
    }

    /// Whether it can never open: its days and dates exclude each other.
    #[must_use]
    pub fn never(&self) -> bool {
        match &self.0 {
            Form::Daily(daily) => daily.first_start_day(i32::MIN).is_none(),
        }
    }

    /// The last date on which it starts; `None` if it goes on, or if it can never open.
    #[must_use]
    pub fn last_date(&self) -> Option<Date> {
        match &self.0 {
            Form::Daily(daily) => daily.dates.as_ref().and_then(|dates| dates.last().copied()),
        }
    }
}

impl Daily {
    fn phase(&self, zone: &Zone, moment: &Moment) -> Phase {
        let open_since = self.open_since(moment.has_shown);
        let next = match open_since {
            Some(day) => self.end_of(day).map(|end| zone.reach(moment, end).at),
            None => self.next_start(zone, moment),
        };
        // At the end of the calendar instants saturate.
        Phase {
            open: open_since.is_some(),
            next: next.filter(|next| *next > moment.at),
        }
    }

    /// The start day of the occurrence that covers the civil second.
    fn open_since(&self, second: i64) -> Option<i32> {
        let (today, time) = split(second);
        let (start, end) = (self.start.seconds(), self.end.seconds());
        if time >= start && (self.is_overnight() || time < end) && self.starts_on(today) {
            return Some(today);
        }
        (self.is_overnight() && time < end && self.starts_on(today - 1)).then(|| today - 1)
    }

    /// The civil second at which the occurrence of this start day ends; whole days in a row end together.
    fn end_of(&self, day: i32) -> Option<i64> {
        let is_whole_day = self.start == TimeOfDay::MIDNIGHT && self.end == TimeOfDay::END_OF_DAY;
        if is_whole_day {
            return self.first_day_off(day).map(|off| i64::from(off) * DAY);
        }
        let day = i64::from(day) + i64::from(self.is_overnight());
        Some(day * DAY + i64::from(self.end.seconds()))
    }

    fn next_start(&self, zone: &Zone, moment: &Moment) -> Option<Instant> {
        let (today, time) = split(moment.has_shown);
        let mut earliest = if time < self.start.seconds() {
            today
        } else {
            today + 1
        };
        loop {
            let day = self.first_start_day(earliest)?;
            let start = zone.reach(moment, i64::from(day) * DAY + i64::from(self.start.seconds()));
            let is_empty = start.in_gap
                && self
                    .end_of(day)
                    .is_some_and(|end| zone.reach(moment, end).at == start.at);
            if !is_empty {
                return Some(start.at);
            }
            earliest = day + 1;
        }
    }

    fn is_overnight(&self) -> bool {
        self.end <= self.start
    }

    fn starts_on(&self, day: i32) -> bool {
        let date = Date::from_days_since_epoch(day);
        match &self.dates {
            None => self.days.contains(date),
            Some(dates) => dates.binary_search(&date).is_ok(),
        }
    }

    /// The first start day that is not before `earliest`.
    fn first_start_day(&self, earliest: i32) -> Option<i32> {
        let date = Date::from_days_since_epoch(earliest);
        let day = match &self.dates {
            None => earliest.saturating_add_unsigned(self.days.days_until(date)?),
            Some(dates) => dates
                .get(dates.partition_point(|known| *known < date))?
                .days_since_epoch(),
        };
        (day <= Date::LAST.days_since_epoch()).then_some(day)
    }

    /// The first day from `day`, a start day, on that is none.
    fn first_day_off(&self, day: i32) -> Option<i32> {
        match &self.dates {
            None => {
                let off = self
                    .days
                    .complement()
                    .days_until(Date::from_days_since_epoch(day))?;
                Some(day.saturating_add_unsigned(off))
            }
            Some(dates) => {
                let first = dates.partition_point(|known| known.days_since_epoch() < day);
                let in_a_row = (day..).zip(&dates[first..]);
                let length = in_a_row
                    .take_while(|(day, date)| date.days_since_epoch() == *day)
                    .count();
                Some(day.saturating_add_unsigned(length as u32))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &str, start: &str, end: &str) -> Occurrences {
        Occurrences::daily(Weekdays::parse(days).unwrap(), None, time(start), time(end))
    }

    fn dated(days: &str, dates: &[&str], start: &str, end: &str) -> Occurrences {
        let dates = dates.iter().map(|date| Date::parse(date).unwrap()).collect();
        Occurrences::daily(
            Weekdays::parse(days).unwrap(),
            Some(dates),
            time(start),
            time(end),
        )
    }

    fn time(text: &str) -> TimeOfDay {
        TimeOfDay::parse(text).unwrap()
    }

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    /// The openings and closings after `from`, as `+2026-…Z` and `-2026-…Z`.
    fn edges(window: &Occurrences, zone: &Zone, from: &str, count: usize) -> Vec<String> {
        let mut at = Instant::parse(from).unwrap();
        let mut open = window.phase(zone, at).open;
        let mut found = Vec::new();
        while found.len() < count {
            let Some(next) = window.phase(zone, at).next else {
                break;
            };
            assert!(next > at);
            let before = window.phase(zone, Instant::from_unix(next.unix() - 1));
            assert_eq!((before.open, before.next), (open, Some(next)));
            at = next;
            let now = window.phase(zone, at).open;
            if now != open {
                found.push(format!("{}{at}", if now { '+' } else { '-' }));
            }
            open = now;
        }
        found
    }

    #[test]
    fn is_open_from_its_start_until_just_before_its_end() {
        let berlin = zone("Europe/Berlin");
        let peak = window("weekdays", "16:00", "18:00");
        let expected = [
            "+2026-11-27T15:00:00Z",
            "-2026-11-27T17:00:00Z",
            "+2026-11-30T15:00:00Z",
        ];
        assert_eq!(edges(&peak, &berlin, "2026-11-27T14:59:59Z", 3), expected);
        let open = |at: &str| peak.phase(&berlin, Instant::parse(at).unwrap()).open;
        assert!(!open("2026-11-27T14:59:59Z"));
        assert!(open("2026-11-27T15:00:00Z"));
        assert!(open("2026-11-27T16:59:59Z"));
        assert!(!open("2026-11-27T17:00:00Z"));
    }

    #[test]
    fn an_overnight_window_belongs_to_the_day_on_which_it_starts() {
        let night = window("Fri", "22:00", "06:00");
        let expected = [
            "+2026-11-27T22:00:00Z",
            "-2026-11-28T06:00:00Z",
            "+2026-12-04T22:00:00Z",
        ];
        assert_eq!(edges(&night, &Zone::utc(), "2026-11-27T05:00:00Z", 3), expected);
    }

    #[test]
    fn whole_days_in_a_row_are_one() {
        let weekend = window("weekends", "00:00", "24:00");
        let expected = ["+2026-11-28T00:00:00Z", "-2026-11-30T00:00:00Z"];
        assert_eq!(edges(&weekend, &Zone::utc(), "2026-11-27T05:00:00Z", 2), expected);
        let inside = weekend.phase(&Zone::utc(), Instant::parse("2026-11-28T09:00:00Z").unwrap());
        assert_eq!(inside.next, Some(Instant::parse("2026-11-30T00:00:00Z").unwrap()));

        let always = window("daily", "00:00", "24:00");
        let phase = always.phase(&Zone::utc(), Instant::from_unix(0));
        assert_eq!(
            phase,
            Phase {
                open: true,
                next: None
            }
        );

        let dates = dated(
            "daily",
            &["2026-11-27", "2026-11-28", "2026-11-30"],
            "00:00",
            "24:00",
        );
        let expected = [
            "+2026-11-27T00:00:00Z",
            "-2026-11-29T00:00:00Z",
            "+2026-11-30T00:00:00Z",
            "-2026-12-01T00:00:00Z",
        ];
        assert_eq!(edges(&dates, &Zone::utc(), "2020-01-01T05:00:00Z", 9), expected);
    }

    #[test]
    fn a_start_in_a_gap_is_the_end_of_the_gap() {
        let window = window("daily", "02:30", "04:00");
        let expected = [
            "+2026-03-29T01:00:00Z",
            "-2026-03-29T02:00:00Z",
            "+2026-03-30T00:30:00Z",
        ];
        assert_eq!(
            edges(&window, &zone("Europe/Berlin"), "2026-03-28T12:00:00Z", 3),
            expected
        );
    }

    #[test]
    fn an_end_in_a_gap_is_the_end_of_the_gap() {
        let window = window("daily", "01:00", "02:30");
        let expected = [
            "+2026-03-29T00:00:00Z",
            "-2026-03-29T01:00:00Z",
            "+2026-03-29T23:00:00Z",
        ];
        assert_eq!(
            edges(&window, &zone("Europe/Berlin"), "2026-03-28T12:00:00Z", 3),
            expected
        );
    }

    #[test]
    fn wholly_inside_a_gap_is_empty_that_day() {
        let window = window("daily", "02:10", "02:50");
        let expected = ["+2026-03-30T00:10:00Z", "-2026-03-30T00:50:00Z"];
        assert_eq!(
            edges(&window, &zone("Europe/Berlin"), "2026-03-28T12:00:00Z", 2),
            expected
        );
        let berlin = zone("Europe/Berlin");
        let before = window.phase(&berlin, Instant::parse("2026-03-29T00:30:00Z").unwrap());
        assert_eq!(before.next, Instant::parse("2026-03-30T00:10:00Z").ok());
    }

    #[test]
    fn a_repeated_time_is_its_first_occurrence_for_both_edges() {
        let berlin = zone("Europe/Berlin");
        let starts = window("daily", "02:30", "04:00");
        let expected = [
            "+2026-10-25T00:30:00Z",
            "-2026-10-25T03:00:00Z",
            "+2026-10-26T01:30:00Z",
        ];
        assert_eq!(edges(&starts, &berlin, "2026-10-24T12:00:00Z", 3), expected);
        let ends = window("daily", "01:00", "02:30");
        let expected = [
            "+2026-10-24T23:00:00Z",
            "-2026-10-25T00:30:00Z",
            "+2026-10-26T00:00:00Z",
        ];
        assert_eq!(edges(&ends, &berlin, "2026-10-24T12:00:00Z", 3), expected);
        let inside = window("daily", "02:10", "02:50");
        let expected = [
            "+2026-10-25T00:10:00Z",
            "-2026-10-25T00:50:00Z",
            "+2026-10-26T01:10:00Z",
        ];
        assert_eq!(edges(&inside, &berlin, "2026-10-24T12:00:00Z", 3), expected);
    }

    #[test]
    fn overnight_across_a_clock_change() {
        let berlin = zone("Europe/Berlin");
        let night = window("Sat", "22:00", "06:00");
        let spring = ["+2026-03-28T21:00:00Z", "-2026-03-29T04:00:00Z"];
        assert_eq!(edges(&night, &berlin, "2026-03-28T12:00:00Z", 2), spring);
        let autumn = ["+2026-10-24T20:00:00Z", "-2026-10-25T05:00:00Z"];
        assert_eq!(edges(&night, &berlin, "2026-10-24T12:00:00Z", 2), autumn);
    }

    #[test]
    fn contiguous_windows_stay_contiguous_over_clock_changes() {
        for (name, from) in [
            ("Europe/Berlin", "2026-03-27T12:00:00Z"),
            ("Europe/Berlin", "2026-10-23T12:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-02T12:00:00Z"),
            ("America/Santiago", "2026-09-04T12:00:00Z"),
            ("Pacific/Apia", "2011-12-28T12:00:00Z"),
        ] {
            let zone = zone(name);
            let times = [
                "00:00", "00:30", "01:00", "01:50", "02:10", "02:30", "03:00", "12:00", "24:00",
            ];
            let parts: Vec<_> = times
                .windows(2)
                .map(|pair| window("daily", pair[0], pair[1]))
                .collect();
            let from = Instant::parse(from).unwrap().unix();
            for second in (from..from + 4 * DAY).step_by(300) {
                let at = Instant::from_unix(second);
                let open = parts.iter().filter(|part| part.phase(&zone, at).open).count();
                assert_eq!(open, 1, "{name} {at}");
            }
        }
    }

    #[test]
    fn midnight_in_a_gap() {
        // Clocks in Chile go from 24:00 on Saturday to 01:00 on Sunday.
        let sunday = window("Sun", "00:00", "24:00");
        let expected = ["+2026-09-06T04:00:00Z", "-2026-09-07T03:00:00Z"];
        assert_eq!(
            edges(&sunday, &zone("America/Santiago"), "2026-09-05T00:00:00Z", 2),
            expected
        );
    }

    #[test]
    fn a_lost_day_is_empty() {
        let apia = zone("Pacific/Apia");
        let expected = ["+2012-01-06T19:00:00Z", "-2012-01-06T21:00:00Z"];
        // Friday 2011-12-30 did not happen.
        let fridays = window("Fri", "09:00", "11:00");
        assert_eq!(
            edges(&fridays, &apia, "2011-12-29T00:00:00Z", 2)[0],
            "+2012-01-05T19:00:00Z"
        );
        let saturdays = window("Sat", "09:00", "11:00");
        assert_eq!(edges(&saturdays, &apia, "2012-01-01T00:00:00Z", 2), expected);
        let night = window("Thu", "22:00", "06:00");
        let expected = ["+2011-12-30T08:00:00Z", "-2011-12-30T10:00:00Z"];
        assert_eq!(edges(&night, &apia, "2011-12-29T00:00:00Z", 2), expected);
    }

    #[test]
    fn dates_are_limited_to_the_days() {
        let black_friday = dated(
            "Mon-Fri",
            &["2026-11-28", "2026-11-27", "2026-11-27"],
            "10:00",
            "11:00",
        );
        let expected = ["+2026-11-27T10:00:00Z", "-2026-11-27T11:00:00Z"];
        assert_eq!(
            edges(&black_friday, &Zone::utc(), "2026-01-01T00:00:00Z", 9),
            expected
        );
        assert_eq!(black_friday.last_date(), Date::parse("2026-11-27").ok());
        assert!(!black_friday.never());

        let none = dated("Mon", &["2026-11-28"], "10:00", "11:00");
        assert!(none.never());
        assert_eq!(none.last_date(), None);
        assert_eq!(
            none.phase(&Zone::utc(), Instant::from_unix(0)),
            Phase {
                open: false,
                next: None
            }
        );

        assert!(!window("daily", "00:00", "24:00").never());
        assert!(Occurrences::daily(Weekdays::NONE, None, time("01:00"), time("02:00")).never());
    }

    #[test]
    fn the_ends_of_the_calendar() {
        for name in ["UTC", "Europe/Berlin", "Pacific/Apia", "Pacific/Pago_Pago"] {
            let zone = zone(name);
            let last = dated(
                "daily",
                &["0001-01-01", "9999-12-29", "9999-12-31"],
                "22:00",
                "06:00",
            );
            for window in [
                last,
                window("daily", "22:00", "06:00"),
                window("weekdays", "00:00", "24:00"),
            ] {
                for around in [Instant::MIN.unix(), -62_135_596_800, Instant::MAX.unix()] {
                    let mut at = Instant::from_unix(around - 5 * DAY);
                    for _ in 0..20 {
                        let Some(next) = window.phase(&zone, at).next else {
                            break;
                        };
                        assert!(next > at);
                        at = next;
                    }
                }
            }
        }
    }

    #[test]
    fn nonsense_is_harmless() {
        let times = [TimeOfDay::MIDNIGHT, time("12:00"), TimeOfDay::END_OF_DAY];
        for start in times {
            for end in times {
                let window = Occurrences::daily(Weekdays::DAILY, None, start, end);
                let mut at = Instant::from_unix(0);
                for _ in 0..10 {
                    let Some(next) = window.phase(&Zone::utc(), at).next else {
                        break;
                    };
                    assert!(next > at);
                    at = next;
                }
            }
        }
    }
}
