//! Short ways to say instants, lengths of time, places and bounds.

use super::super::printable;
use super::is_asleep;
use crate::engine::Segment;
use crate::policy::{Place, Target, Window};
use crate::time::{Civil, Instant, Zone};

/// A blank at which no line is broken: between a number and its unit, a weekday and its date.
pub(super) const TIED: &str = "\u{a0}";

/// `Fri 2026-11-27 16:30 Europe/Berlin (2026-11-27T15:30:00Z)`; in UTC the second would say nothing new.
pub(super) fn instant(zone: &Zone, at: Instant) -> String {
    let local = wall_clock(zone.to_civil(at));
    match zone.name() {
        "UTC" => format!("{local}{TIED}UTC"),
        name => format!("{local} {name} ({at})"),
    }
}

/// `Fri 2026-11-27 16:30`, where the zone is clear already.
pub(super) fn wall_clock(civil: Civil) -> String {
    format!("{}{TIED}{}{TIED}{}", civil.date.weekday(), civil.date, civil.time)
}

/// `16:30`, or with weekday and date if that is not the day it is about.
pub(super) fn time_on(day: Civil, civil: Civil) -> String {
    if civil.date == day.date {
        civil.time.to_string()
    } else {
        wall_clock(civil)
    }
}

/// `2 days 3 h`, `1 h 30 min`, `45 s`: the two largest units.
pub(super) fn duration(seconds: i64) -> String {
    let units = [(86_400, "day"), (3600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds.max(0);
    let mut parts = Vec::new();
    for (length, name) in units {
        let number = left / length;
        left %= length;
        if number > 0 {
            let plural = if name == "day" && number > 1 { "s" } else { "" };
            parts.push(format!("{number}{TIED}{name}{plural}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() {
        return format!("0{TIED}s");
    }
    parts.join(TIED)
}

/// `7 h`, `47 h 30 min`: lengths to compare, where a day of 23 hours is not a day.
pub(super) fn hours(seconds: i64) -> String {
    let hours = seconds / 3600;
    match (hours, seconds % 3600) {
        (0, _) => duration(seconds),
        (hours, 0) => format!("{hours}{TIED}h"),
        (hours, rest) => format!("{hours}{TIED}h{TIED}{}", duration(rest)),
    }
}

/// `"Peak hours"`
pub(super) fn name(window: &Window) -> String {
    format!("\"{}\"", printable(&window.name))
}

/// `policies/shop.yaml:12:13`
pub(super) fn place(place: &Place) -> String {
    printable(&place.to_string()).into_owned()
}

/// `Deployment shop/checkout`
pub(super) fn target(target: &Target) -> String {
    printable(&target.to_string()).into_owned()
}

/// `5 to 20`, `at least 5`, `asleep`: what is asked in as few words as possible.
pub(super) fn bounds(segment: &Segment) -> String {
    if is_asleep(segment) {
        return "asleep (0 replicas)".to_owned();
    }
    match (segment.floor, segment.ceiling) {
        (Some(floor), Some(ceiling)) if floor.value == ceiling.value => format!("exactly {}", floor.value),
        (Some(floor), Some(ceiling)) => format!("{} to {}", floor.value, ceiling.value),
        (Some(floor), None) => format!("at least {}", floor.value),
        (None, Some(ceiling)) => format!("at most {}", ceiling.value),
        (None, None) => "its own bounds".to_owned(),
    }
}

/// `a`, `a and b`, `a, b and c`
pub(super) fn all(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_as_short_as_they_are_said() {
        for (seconds, said) in [
            (0, "0 s"),
            (45, "45 s"),
            (60, "1 min"),
            (5400, "1 h 30 min"),
            (3601, "1 h"),
            (86_400, "1 day"),
            (2 * 86_400 + 3 * 3600 + 59, "2 days 3 h"),
        ] {
            assert_eq!(duration(seconds).replace(TIED, " "), said);
        }
        for (seconds, said) in [
            (47 * 3600 + 1800, "47 h 30 min"),
            (86_400, "24 h"),
            (2700, "45 min"),
        ] {
            assert_eq!(hours(seconds).replace(TIED, " "), said);
        }
    }
}
