//! When a window is open.
//!
//! Everything here is asked of the latest time that the wall clock *has shown* ([`Moment`]), not of what
//! it shows: that never runs backwards, so a window that has opened does not open again in a repeated
//! hour, and one whose start was skipped is open as soon as the clock has passed it.

mod pulses;
mod span;

use super::civil::DAY;
use super::{Cron, Date, Dates, Instant, Moment, StartDays, TimeOfDay, WeekTime, Weekdays, Zone};
use pulses::Pulses;
use span::Span;

/// When a window is open, in civil time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrences(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Span(Span),
    Once { from: Instant, until: Instant },
    Pulses(Pulses),
}

/// A window at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// Whether the window is open.
    pub open: bool,
    /// The next instant after this one at which it starts or ends; `None`: never. It may end and start
    /// again at the same instant, and after hundreds of occurrences that touch it may go on just the same.
    pub next: Option<Instant>,
}

impl Occurrences {
    /// Opens at `start` on each start day, closes at `end`, of the next day if `end <= start`.
    /// `start` must be before `24:00` and differ from `end`.
    #[must_use]
    pub fn daily(days: StartDays, start: TimeOfDay, end: TimeOfDay) -> Self {
        let nights = u32::from(end <= start);
        Self(Form::Span(Span::new(days, start, end, nights)))
    }

    /// Opens at `from` each week and closes at the first `until` after it, except where it would start on
    /// one of these days or dates. The two must differ.
    #[must_use]
    pub fn weekly(from: WeekTime, until: WeekTime, except_days: Weekdays, except_dates: &Dates) -> Self {
        let days = StartDays::new(from.weekday(), None, except_days, except_dates);
        let nights = from.nights_until(until);
        Self(Form::Span(Span::new(days, from.time(), until.time(), nights)))
    }

    /// Open on `[from, until)`.
    #[must_use]
    pub fn once(from: Instant, until: Instant) -> Self {
        Self(Form::Once { from, until })
    }

    /// Opens at each time that `cron` matches on one of the days, and closes `length` elapsed seconds
    /// later. Occurrences that overlap are one.
    #[must_use]
    pub fn cron(cron: &Cron, days: &StartDays, length: u32) -> Self {
        Self(Form::Pulses(Pulses::new(cron, days, length)))
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
            Form::Span(span) => span.phase(zone, moment),
            Form::Once { from, until } => once(*from, *until, moment.at),
            Form::Pulses(pulses) => pulses.phase(zone, moment),
        }
    }

    /// Whether it can never open.
    #[must_use]
    pub fn never(&self) -> bool {
        match &self.0 {
            Form::Span(span) => span.days().never(),
            Form::Once { from, until } => until <= from,
            Form::Pulses(pulses) => pulses.days().never(),
        }
    }

    /// Whether it is open all the time (but for an hour that clocks repeat, perhaps).
    #[must_use]
    pub fn always(&self) -> bool {
        match &self.0 {
            Form::Span(span) => span.always(),
            Form::Once { .. } => false,
            Form::Pulses(pulses) => pulses.always(),
        }
    }

    /// The last date on which it starts; `None` if it goes on, can never open, or is a span between two
    /// instants.
    #[must_use]
    pub fn last_date(&self) -> Option<Date> {
        match &self.0 {
            Form::Span(span) => span.days().last(),
            Form::Once { .. } => None,
            Form::Pulses(pulses) => pulses.days().last(),
        }
    }

    /// Start and end of a single span, which no zone and no clock change can move.
    #[must_use]
    pub fn as_once(&self) -> Option<(Instant, Instant)> {
        match &self.0 {
            Form::Once { from, until } => Some((*from, *until)),
            Form::Span(_) | Form::Pulses(_) => None,
        }
    }

    /// The length of an occurrence in seconds, where no clock change stretches or cuts it.
    #[must_use]
    pub fn length(&self) -> u64 {
        match &self.0 {
            Form::Span(span) => span.length(),
            Form::Once { from, until } => until.unix().saturating_sub(from.unix()).max(0).unsigned_abs(),
            Form::Pulses(pulses) => pulses.length(),
        }
    }

    /// The seconds between the two starts that are closest, where no clock change comes between; `None` if
    /// it does not start again, or the calendar alone knows.
    #[must_use]
    pub fn period(&self) -> Option<u64> {
        let days = |days: &StartDays| Some(u64::from(days.shortest_distance()?) * DAY.unsigned_abs());
        match &self.0 {
            Form::Span(span) => days(span.days()),
            Form::Once { .. } => None,
            Form::Pulses(pulses) => pulses.shortest_rest().or_else(|| days(pulses.days())),
        }
    }
}

fn once(from: Instant, until: Instant, at: Instant) -> Phase {
    let open = from <= at && at < until;
    let next = if open {
        Some(until)
    } else {
        Some(from).filter(|from| at < *from && *from < until)
    };
    Phase { open, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &str, start: &str, end: &str) -> Occurrences {
        let days = StartDays::weekly(Weekdays::parse(days).unwrap());
        Occurrences::daily(days, time(start), time(end))
    }

    fn dated(days: &str, dates: &[&str], start: &str, end: &str) -> Occurrences {
        let dates: Dates = dates.iter().map(|date| Date::parse(date).unwrap()).collect();
        let weekdays = Weekdays::parse(days).unwrap();
        let days = StartDays::new(weekdays, Some(&dates), Weekdays::NONE, &Dates::default());
        Occurrences::daily(days, time(start), time(end))
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
        assert!(Occurrences::daily(StartDays::weekly(Weekdays::NONE), time("01:00"), time("02:00")).never());
    }

    fn weekly(from: &str, until: &str, except: &[&str]) -> Occurrences {
        let at = |text: &str| WeekTime::parse(text).unwrap();
        let mut dates = Dates::default();
        for date in except {
            dates.add(date).unwrap();
        }
        Occurrences::weekly(at(from), at(until), Weekdays::NONE, &dates)
    }

    fn cron(pattern: &str, days: &str, length: &str) -> Occurrences {
        let days = StartDays::weekly(Weekdays::parse(days).unwrap());
        let length = crate::time::elapsed::parse(length).unwrap();
        Occurrences::cron(&Cron::parse(pattern).unwrap(), &days, length)
    }

    #[test]
    fn a_weekly_span_goes_on_over_nights() {
        let weekend = weekly("Fri 20:10", "Mon 10:10", &["2026-12-04"]);
        let expected = [
            "+2026-11-27T19:10:00Z",
            "-2026-11-30T09:10:00Z",
            "+2026-12-11T19:10:00Z",
        ];
        let berlin = zone("Europe/Berlin");
        assert_eq!(edges(&weekend, &berlin, "2026-11-24T12:00:00Z", 3), expected);
        assert_eq!(
            (weekend.length(), weekend.period()),
            (3 * 86_400 - 36_000, Some(7 * 86_400))
        );
        let night = weekly("Sat 23:00", "Sun 05:00", &[]);
        let expected = ["+2026-03-28T22:00:00Z", "-2026-03-29T03:00:00Z"];
        assert_eq!(edges(&night, &berlin, "2026-03-24T12:00:00Z", 2), expected);
        let nearly_all = weekly("Mon 09:00", "Mon 08:00", &[]);
        let expected = [
            "-2026-11-30T08:00:00Z",
            "+2026-11-30T09:00:00Z",
            "-2026-12-07T08:00:00Z",
        ];
        assert_eq!(
            edges(&nearly_all, &Zone::utc(), "2026-11-24T12:00:00Z", 3),
            expected
        );
        let within_a_day = weekly("Mon 08:00", "Mon 09:00", &[]);
        let expected = ["+2026-11-30T08:00:00Z", "-2026-11-30T09:00:00Z"];
        assert_eq!(
            edges(&within_a_day, &Zone::utc(), "2026-11-24T12:00:00Z", 2),
            expected
        );
    }

    #[test]
    fn a_single_span_opens_once() {
        let at = |text: &str| Instant::parse(text).unwrap();
        let sale = Occurrences::once(at("2026-11-27T00:00Z"), at("2026-11-30T00:00Z"));
        let expected = ["+2026-11-27T00:00:00Z", "-2026-11-30T00:00:00Z"];
        assert_eq!(edges(&sale, &Zone::utc(), "2020-01-01T00:00:00Z", 9), expected);
        assert_eq!(
            (sale.never(), sale.length(), sale.period()),
            (false, 3 * 86_400, None)
        );
        let backwards = Occurrences::once(at("2026-11-30T00:00Z"), at("2026-11-27T00:00Z"));
        assert!(backwards.never());
        assert_eq!(
            edges(&backwards, &Zone::utc(), "2020-01-01T00:00:00Z", 9),
            [""; 0]
        );
    }

    #[test]
    fn a_cron_window_lasts_its_elapsed_length() {
        let berlin = zone("Europe/Berlin");
        let morning = cron("30 8 * * MON-FRI", "daily", "1h30m");
        let expected = ["+2026-11-27T07:30:00Z", "-2026-11-27T09:00:00Z"];
        assert_eq!(edges(&morning, &berlin, "2026-11-27T00:00:00Z", 2), expected);
        // From the end of the gap, for as long as on other days.
        let night = cron("30 2 * * *", "daily", "2h");
        let expected = [
            "+2026-03-29T01:00:00Z",
            "-2026-03-29T03:00:00Z",
            "+2026-03-30T00:30:00Z",
        ];
        assert_eq!(edges(&night, &berlin, "2026-03-28T12:00:00Z", 3), expected);
        // The first 02:30 of the two, once.
        let expected = [
            "+2026-10-25T00:30:00Z",
            "-2026-10-25T02:30:00Z",
            "+2026-10-26T01:30:00Z",
        ];
        assert_eq!(edges(&night, &berlin, "2026-10-24T12:00:00Z", 3), expected);
    }

    #[test]
    fn cron_occurrences_that_touch_are_one() {
        let day = cron("*/15 9-16 * * *", "Tue", "15m");
        let expected = ["+2026-11-24T09:00:00Z", "-2026-11-24T17:00:00Z"];
        assert_eq!(edges(&day, &Zone::utc(), "2026-11-24T00:00:00Z", 2), expected);
        let long = cron("0 8 * * MON-FRI", "daily", "2d");
        let expected = [
            "-2026-11-29T08:00:00Z",
            "+2026-11-30T08:00:00Z",
            "-2026-12-06T08:00:00Z",
        ];
        assert_eq!(edges(&long, &Zone::utc(), "2026-11-26T00:00:00Z", 3), expected);
        // In the hour that clocks repeat nothing starts a second time.
        let steady = cron("*/30 * * * *", "daily", "30m");
        assert!(steady.always());
        let expected = ["-2026-10-25T01:00:00Z", "+2026-10-25T02:00:00Z"];
        let berlin = zone("Europe/Berlin");
        assert_eq!(edges(&steady, &berlin, "2026-01-01T00:00:00Z", 2), expected);
        let expected = ["-2027-10-31T01:00:00Z", "+2027-10-31T02:00:00Z"];
        assert_eq!(edges(&steady, &berlin, "2026-10-25T02:00:00Z", 2), expected);
    }

    #[test]
    fn what_never_ends_is_known_in_time() {
        let next = |window: &Occurrences, zone: &Zone| {
            window
                .phase(zone, Instant::parse("2026-11-24T00:00Z").unwrap())
                .next
        };
        let berlin = zone("Europe/Berlin");
        assert_eq!(next(&cron("* * * * *", "daily", "2d"), &berlin), None);
        assert_eq!(next(&window("daily", "00:00", "24:00"), &berlin), None);
        assert_eq!(next(&cron("*/30 * * * *", "daily", "30m"), &Zone::utc()), None);
        let bridged = cron("0 8 * * MON-FRI", "daily", "3d");
        let weeks = next(&bridged, &Zone::utc()).unwrap();
        assert!(weeks > Instant::parse("2030-01-01T00:00Z").unwrap(), "{weeks}");
        // Three days are an hour too short where clocks go back.
        let torn = next(&bridged, &berlin).map(|end| end.to_string());
        assert_eq!(torn.as_deref(), Some("2027-11-01T06:00:00Z"));
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
                let window = Occurrences::daily(StartDays::weekly(Weekdays::DAILY), start, end);
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
