//! Where an instant stands in a picture, and what is written along the top: years, months, weeks, days, hours.

use super::Timeline;
use super::days::Day;
use crate::time::{Civil, Date, Instant, TimeOfDay, Zone};

/// Where the plot begins; names are left of it. In user units (pixels at natural size), like all lengths of a picture.
pub(super) const LEFT: f64 = 206.0;
/// Where the plot ends.
pub(super) const RIGHT: f64 = 984.0;
/// Nearer to each other, marks have no room for their words.
const NEAREST: f64 = 40.0;
/// Hours are shorter words.
const NEAREST_HOURS: f64 = 44.0;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A vertical line with two words.
pub(super) struct Mark {
    pub(super) at: Instant,
    pub(super) upper: String,
    pub(super) lower: String,
    /// It marks an hour within a day.
    pub(super) is_hour: bool,
}

/// Where an instant stands.
pub(super) fn x(timeline: &Timeline, at: Instant) -> f64 {
    let (from, until) = (timeline.from.unix(), timeline.until.unix());
    let share = (at.unix() - from) as f64 / (until - from).max(1) as f64;
    LEFT + share * (RIGHT - LEFT)
}

/// Days and as many of their hours as there is room for; or weeks, months, years where days are too narrow.
pub(super) fn marks(timeline: &Timeline, zone: &Zone, days: &[Day]) -> Vec<Mark> {
    let seconds = (timeline.until.unix() - timeline.from.unix()).max(1);
    let day = (RIGHT - LEFT) * 86_400.0 / seconds as f64;
    let apart = if day >= NEAREST {
        Apart::Day
    } else if day * 7.0 >= NEAREST {
        Apart::Week
    } else if day * 30.0 >= NEAREST {
        Apart::Month
    } else {
        Apart::Year
    };
    let step = [1, 2, 3, 6, 12]
        .into_iter()
        .find(|hours| day * f64::from(*hours) / 24.0 >= NEAREST_HOURS);
    let mut marks = Vec::new();
    for (index, day) in days.iter().enumerate() {
        if index == 0 || apart.begins(day.date) {
            marks.push(apart.mark(day));
        }
        if let Some(step) = step {
            marks.extend(hours(zone, day, step));
        }
    }
    marks
}

/// Each `step` hours of a day. A time that the clock skips is where the clock goes on.
fn hours(zone: &Zone, day: &Day, step: u32) -> impl Iterator<Item = Mark> {
    let times = (1..24 / step).filter_map(move |count| TimeOfDay::from_hms(count * step, 0, 0));
    let mut last = day.from;
    times.filter_map(move |time| {
        let at = zone.to_instant(Civil { date: day.date, time });
        let is_next = last < at && at < day.until;
        is_next.then(|| {
            last = at;
            Mark {
                at,
                upper: String::new(),
                lower: zone.to_civil(at).time.to_string(),
                is_hour: true,
            }
        })
    })
}

enum Apart {
    Day,
    Week,
    Month,
    Year,
}

impl Apart {
    fn begins(&self, date: Date) -> bool {
        // 1970-01-05 was a Monday.
        let monday = Date::from_days_since_epoch(4).weekday();
        let (_, month, of_month) = date.ymd();
        match self {
            Self::Day => true,
            Self::Week => monday.contains(date),
            Self::Month => of_month == 1,
            Self::Year => (month, of_month) == (1, 1),
        }
    }

    fn mark(&self, day: &Day) -> Mark {
        let (year, month, of_month) = day.date.ymd();
        let month = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
        let (upper, lower) = match self {
            Self::Day | Self::Week => (day.date.weekday().to_string(), format!("{of_month} {month}")),
            Self::Month => (month.to_owned(), year.to_string()),
            Self::Year => (year.to_string(), String::new()),
        };
        Mark {
            at: day.from,
            upper,
            lower,
            is_hour: false,
        }
    }
}
