//! Rules as plain data, and as the text that people write.

use std::fmt::{self, Write as _};

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

/// Seconds since midnight, up to 86,400.
pub(crate) type Second = u32;

#[derive(Clone)]
pub(crate) struct Rule {
    pub(crate) windows: Vec<Window>,
    pub(crate) default: Sets,
    /// At least, at most.
    pub(crate) limits: (Option<u32>, Option<u32>),
}

#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) name: String,
    pub(crate) zone: &'static str,
    pub(crate) when: When,
    pub(crate) sets: Sets,
    pub(crate) priority: i32,
    /// Seconds.
    pub(crate) lead: u32,
    /// Seconds.
    pub(crate) ramp: u32,
    pub(crate) suspended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sets {
    Nothing,
    Replicas(u32),
    Floor(u32),
    Ceiling(u32),
    Both(u32, u32),
}

#[derive(Debug, Clone)]
pub(crate) enum When {
    Daily {
        days: Days,
        start: Second,
        end: Second,
    },
    Weekly {
        from: (usize, Second),
        until: (usize, Second),
        except: Except,
    },
    Once {
        from: Moment,
        until: Moment,
    },
    Cron {
        fields: Fields,
        except: Except,
        /// Seconds.
        duration: u32,
    },
}

/// Start days: those of `dates` and `calendar` that are also in `weekdays`, less `except`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Days {
    /// Monday first.
    pub(crate) weekdays: Option<[bool; 7]>,
    pub(crate) dates: Vec<Entry>,
    pub(crate) calendar: Vec<Entry>,
    pub(crate) except: Except,
}

/// Start days that do not count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Except {
    /// Monday first.
    pub(crate) weekdays: [bool; 7],
    pub(crate) dates: Vec<Entry>,
    pub(crate) calendar: Vec<Entry>,
}

/// What stands in a list of dates; a yearly one is (month, day).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry {
    Date(NaiveDate),
    Dates(NaiveDate, NaiveDate),
    Yearly((u32, u32)),
    YearlyRange((u32, u32), (u32, u32)),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    Local(NaiveDateTime),
    /// With seconds to add to UTC.
    Offset(NaiveDateTime, i32),
}

/// A cron pattern, with seconds if it has six fields.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub(crate) second: Option<Field>,
    pub(crate) minute: Field,
    pub(crate) hour: Field,
    pub(crate) day: Field,
    pub(crate) month: Field,
    pub(crate) weekday: Field,
}

/// What stands in a field, separated by commas.
pub(crate) type Field = Vec<Part>;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    /// `*`
    Any,
    /// `*/n`
    AnyStep(u32),
    /// `n`
    One(u32),
    /// `n/step`
    From(u32, u32),
    /// `n-m`, which may wrap
    Range(u32, u32),
    /// `n-m/step`
    RangeStep(u32, u32, u32),
}

pub(crate) const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const CRON_DAYS: [&str; 8] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "7"];

/// As text, which is shorter and can be tried.
impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.yaml())
    }
}

impl Rule {
    /// A `ScalingRule` document, after one with the calendars that it uses.
    pub(crate) fn yaml(&self) -> String {
        let mut text = String::new();
        for window in &self.windows {
            for (kind, calendar) in window
                .calendars()
                .into_iter()
                .filter(|(_, dates)| !dates.is_empty())
            {
                if text.is_empty() {
                    text.push_str("calendars:\n");
                }
                let _ = writeln!(
                    text,
                    "  {}: {{dates: {}}}",
                    window.calendar_name(kind),
                    entries(calendar)
                );
            }
        }
        if !text.is_empty() {
            text.push_str("---\n");
        }
        text.push_str(
            "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {name: web}\nspec:\n  \
             target: {kind: Deployment, name: web, namespace: shop}\n",
        );
        if !self.windows.is_empty() {
            text.push_str("  schedule:\n");
        }
        for window in &self.windows {
            text.push_str(&window.yaml());
        }
        if self.default != Sets::Nothing {
            let _ = writeln!(text, "  default: {{{}}}", self.default.yaml());
        }
        let limits = match self.limits {
            (None, None) => return text,
            (Some(min), None) => format!("minReplicas: {min}"),
            (None, Some(max)) => format!("maxReplicas: {max}"),
            (Some(min), Some(max)) => format!("minReplicas: {min}, maxReplicas: {max}"),
        };
        let _ = writeln!(text, "  limits: {{{limits}}}");
        text
    }
}

impl Window {
    fn except(&self) -> Option<&Except> {
        match &self.when {
            When::Daily { days, .. } => Some(&days.except),
            When::Weekly { except, .. } | When::Cron { except, .. } => Some(except),
            When::Once { .. } => None,
        }
    }

    /// Of the days on which it opens, and of those on which it does not.
    fn calendars(&self) -> [(&'static str, &[Entry]); 2] {
        let open = match &self.when {
            When::Daily { days, .. } => &days.calendar[..],
            _ => &[],
        };
        let closed = self.except().map_or(&[][..], |except| &except.calendar);
        [("open", open), ("closed", closed)]
    }

    fn calendar_name(&self, kind: &str) -> String {
        format!("{}-{kind}", self.name.replace(' ', "-"))
    }

    /// An item of `schedule`.
    fn yaml(&self) -> String {
        let mut text = format!("    - name: \"{}\"\n", self.name);
        let mut line = |key: &str, value: &str| {
            let _ = writeln!(text, "      {key}: {value}");
        };
        line("timezone", &quoted(self.zone));
        match &self.when {
            When::Daily { days, start, end } => {
                if let Some(weekdays) = days.weekdays {
                    line("days", &weekday_list(weekdays));
                }
                if !days.dates.is_empty() {
                    line("dates", &entries(&days.dates));
                }
                if !days.calendar.is_empty() {
                    line("calendar", &quoted(&self.calendar_name("open")));
                }
                // What is left out means the whole day.
                if *start > 0 || *end == 86_400 {
                    line("timeStart", &quoted(&time(*start)));
                }
                if *end < 86_400 || start % 7 == 0 {
                    line("timeEnd", &quoted(&time(*end)));
                }
            }
            When::Weekly { from, until, .. } => {
                let edge =
                    |(day, second): (usize, Second)| quoted(&format!("{} {}", WEEKDAYS[day], time(second)));
                line("from", &edge(*from));
                line("until", &edge(*until));
            }
            When::Once { from, until } => {
                line("from", &quoted(&from.text()));
                line("until", &quoted(&until.text()));
            }
            When::Cron { fields, duration, .. } => {
                line("cron", &quoted(&fields.text()));
                line("duration", &quoted(&length(*duration)));
            }
        }
        if let Some(except) = self.except() {
            let mut kinds = Vec::new();
            if except.weekdays.contains(&true) {
                kinds.push(format!("days: {}", weekday_list(except.weekdays)));
            }
            if !except.dates.is_empty() {
                kinds.push(format!("dates: {}", entries(&except.dates)));
            }
            if !except.calendar.is_empty() {
                kinds.push(format!("calendars: {}", quoted(&self.calendar_name("closed"))));
            }
            if !kinds.is_empty() {
                line("except", &format!("{{{}}}", kinds.join(", ")));
            }
        }
        if self.priority != 0 {
            line("priority", &self.priority.to_string());
        }
        if self.lead > 0 {
            line("lead", &quoted(&length(self.lead)));
        }
        if self.ramp > 0 {
            line("ramp", &quoted(&length(self.ramp)));
        }
        if self.suspended {
            line("suspend", "true");
        }
        for pair in self.sets.yaml().split(", ") {
            let _ = writeln!(text, "      {pair}");
        }
        text
    }
}

impl Window {
    /// Whether it does not look at months, or at days of a month other than by date.
    pub(crate) fn repeats_weekly_or_on_dates(&self) -> bool {
        let calendars = self.calendars().map(|(_, entries)| entries);
        let dates = match &self.when {
            When::Daily { days, .. } => &days.dates[..],
            _ => &[],
        };
        let except = self.except().map_or(&[][..], |except| &except.dates);
        let mut entries = calendars.into_iter().chain([dates, except]).flatten();
        let any = |field: &Field| matches!(field[..], [Part::Any]);
        entries.all(|entry| matches!(entry, Entry::Date(_) | Entry::Dates(..)))
            && match &self.when {
                When::Cron { fields, .. } => any(&fields.day) && any(&fields.month),
                _ => true,
            }
    }

    /// The same a week later, where [`Self::repeats_weekly_or_on_dates`] holds.
    pub(crate) fn put_off_a_week(&mut self) {
        const WEEK: TimeDelta = TimeDelta::days(7);
        let put_off = |entries: &mut [Entry]| {
            for entry in entries {
                match entry {
                    Entry::Date(date) => *date += WEEK,
                    Entry::Dates(first, last) => {
                        *first += WEEK;
                        *last += WEEK;
                    }
                    Entry::Yearly(_) | Entry::YearlyRange(..) => {}
                }
            }
        };
        match &mut self.when {
            When::Daily { days, .. } => {
                put_off(&mut days.dates);
                put_off(&mut days.calendar);
                put_off(&mut days.except.dates);
                put_off(&mut days.except.calendar);
            }
            When::Weekly { except, .. } | When::Cron { except, .. } => {
                put_off(&mut except.dates);
                put_off(&mut except.calendar);
            }
            When::Once { from, until } => {
                for moment in [from, until] {
                    let (Moment::Local(civil) | Moment::Offset(civil, _)) = moment;
                    *civil += WEEK;
                }
            }
        }
    }
}

impl Sets {
    pub(crate) fn is_sleep(self) -> bool {
        self == Self::Replicas(0)
    }

    pub(crate) fn floor(self) -> Option<u32> {
        match self {
            Self::Replicas(floor) | Self::Floor(floor) | Self::Both(floor, _) => Some(floor),
            Self::Nothing | Self::Ceiling(_) => None,
        }
    }

    pub(crate) fn ceiling(self) -> Option<u32> {
        match self {
            Self::Ceiling(ceiling) | Self::Both(_, ceiling) => Some(ceiling),
            Self::Nothing | Self::Replicas(_) | Self::Floor(_) => None,
        }
    }

    fn yaml(self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Replicas(replicas) => format!("replicas: {replicas}"),
            Self::Floor(floor) => format!("minReplicas: {floor}"),
            Self::Ceiling(ceiling) => format!("maxReplicas: {ceiling}"),
            Self::Both(floor, ceiling) => format!("minReplicas: {floor}, maxReplicas: {ceiling}"),
        }
    }
}

/// Days in a row as a range, which may pass the end of the week.
fn weekday_list(days: [bool; 7]) -> String {
    if days == [true; 7] {
        return "daily".to_owned();
    }
    let mut words = Vec::new();
    for first in (0..7).filter(|day| days[*day] && !days[(day + 6) % 7]) {
        let length = (0..7).take_while(|more| days[(first + more) % 7]).count();
        let last = (first + length - 1) % 7;
        words.push(if first == last {
            quoted(WEEKDAYS[first])
        } else {
            quoted(&format!("{}-{}", WEEKDAYS[first], WEEKDAYS[last]))
        });
    }
    format!("[{}]", words.join(", "))
}

fn entries(entries: &[Entry]) -> String {
    let words: Vec<String> = entries
        .iter()
        .map(|entry| {
            quoted(&match entry {
                Entry::Date(date) => date.to_string(),
                Entry::Dates(first, last) => format!("{first}..{last}"),
                Entry::Yearly((month, day)) => format!("{month:02}-{day:02}"),
                Entry::YearlyRange((month, day), (last_month, last_day)) => {
                    format!("{month:02}-{day:02}..{last_month:02}-{last_day:02}")
                }
            })
        })
        .collect();
    format!("[{}]", words.join(", "))
}

impl Moment {
    pub(crate) fn text(self) -> String {
        match self {
            // Debug is ISO 8601.
            Self::Local(civil) => format!("{civil:?}"),
            Self::Offset(civil, 0) => format!("{civil:?}Z"),
            Self::Offset(civil, seconds) => {
                let sign = if seconds < 0 { '-' } else { '+' };
                let minutes = seconds.abs() / 60;
                format!("{civil:?}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

impl Fields {
    pub(crate) fn text(&self) -> String {
        let month = |month: u32| MONTHS[month as usize - 1].to_owned();
        let weekday = |day: u32| CRON_DAYS[day as usize].to_owned();
        let mut words: Vec<String> = self
            .second
            .iter()
            .map(|field| field_text(field, &|n| n.to_string()))
            .collect();
        for field in [&self.minute, &self.hour, &self.day] {
            words.push(field_text(field, &|n| n.to_string()));
        }
        words.push(field_text(&self.month, &month));
        words.push(field_text(&self.weekday, &weekday));
        words.join(" ")
    }
}

fn field_text(field: &Field, name: &dyn Fn(u32) -> String) -> String {
    let parts: Vec<String> = field
        .iter()
        .map(|part| match *part {
            Part::Any => "*".to_owned(),
            Part::AnyStep(step) => format!("*/{step}"),
            Part::One(one) => name(one),
            Part::From(first, step) => format!("{}/{step}", name(first)),
            Part::Range(first, last) => format!("{}-{}", name(first), name(last)),
            Part::RangeStep(first, last, step) => format!("{}-{}/{step}", name(first), name(last)),
        })
        .collect();
    parts.join(",")
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// `HH:MM`, with seconds only if there are any.
pub(crate) fn time(second: Second) -> String {
    let (hours, minutes, seconds) = (second / 3_600, second / 60 % 60, second % 60);
    match seconds {
        0 => format!("{hours:02}:{minutes:02}"),
        _ => format!("{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// `1h30m`.
fn length(seconds: u32) -> String {
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, unit)| format!("{count}{unit}")).collect()
}
