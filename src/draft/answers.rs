//! What a person answers, by flags or to questions: when, how many, and the rule that follows.

use super::copies::Copies;
use super::quoted;
use super::rule::{Draft, DraftWindow, Hours, Unusable, When};
use super::week::{DAY, Week};
use crate::policy::Target;
use crate::time::{Date, Dates, StartDays, TimeOfDay, Weekdays, Zone};

/// Everything that a rule needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// The rule's name.
    pub name: String,
    /// What is scaled.
    pub target: Target,
    /// Whose wall clock it is.
    pub zone: Zone,
    /// When how many.
    pub asked: Vec<Asked>,
    /// How many outside all of them; `None`: as many as without a rule.
    pub default: Option<Copies>,
}

/// One answer to "when, and how many then?".
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    when: When,
    copies: Copies,
}

const HOURS: &str = "write hours as 16:00-18:00";
/// Dates win over weekdays.
const DATE_PRIORITY: i32 = 100;
/// Priorities are searched for among so many windows; nobody types more.
const SETTLED: usize = 20;

/// When an answer about dates holds.
struct Extent {
    days: StartDays,
    /// The day after each of them, if it goes on until then.
    days_after: Option<StartDays>,
    /// The seconds of the day on which it starts and ends.
    hours: (u32, u32),
}

impl Asked {
    /// Reads `[HH:MM-HH:MM=]COPIES` for days that are known: `16:00-18:00=5..20`, `2`.
    ///
    /// # Errors
    /// In words: what is wrong and what to write.
    pub fn on(days: Weekdays, text: &str) -> Result<Self, String> {
        let (hours, copies) = match text.split_once('=') {
            Some((hours, copies)) => (Self::hours(hours)?, copies),
            None if text.contains(':') => {
                return Err(format!(
                    "{} does not say how many copies; write them behind the hours, for example 16:00-18:00=5",
                    quoted(text)
                ));
            }
            None => (None, text),
        };
        Ok(Self::new(days, Vec::new(), hours, Copies::parse(copies)?))
    }

    /// Reads `DAYS[@HH:MM-HH:MM]=COPIES`: `Mon-Thu@22:00-06:00=1`, `Sat,Sun=2`.
    ///
    /// # Errors
    /// In words: what is wrong and what to write.
    pub fn on_days(text: &str) -> Result<Self, String> {
        let (days, hours, copies) = parts(text, "Mon-Thu@22:00-06:00=1")?;
        Ok(Self::new(Self::days(days)?, Vec::new(), hours, copies))
    }

    /// Reads `DATES[@HH:MM-HH:MM]=COPIES`: `2026-12-24=2`, `2026-11-27..2026-11-30@08:00-22:00=10..40`, `12-24,12-31=2`.
    ///
    /// # Errors
    /// In words: what is wrong and what to write.
    pub fn on_dates(text: &str) -> Result<Self, String> {
        let (dates, hours, copies) = parts(text, "2026-12-24=2")?;
        Ok(Self::new(Weekdays::DAILY, Self::dates(dates)?, hours, copies))
    }

    /// One answer from its parts: `dates` empty means every date.
    #[must_use]
    pub fn new(days: Weekdays, dates: Vec<String>, hours: Option<Hours>, copies: Copies) -> Self {
        Self {
            when: When::Days { days, dates, hours },
            copies,
        }
    }

    /// Reads weekdays, separated by commas.
    ///
    /// # Errors
    /// In words: what is wrong and what to write.
    pub fn days(text: &str) -> Result<Weekdays, String> {
        let mut days = Weekdays::NONE;
        for part in text.split(',') {
            let part = part.trim();
            days = days.union(Weekdays::parse(part).map_err(|meant| match meant.first() {
                Some(name) => format!("{} is not a weekday; did you mean {name}?", quoted(part)),
                None => format!(
                    "{} is not a weekday; write days such as Mon-Fri or Sat,Sun",
                    quoted(part)
                ),
            })?);
        }
        Ok(days)
    }

    /// Reads dates, separated by commas.
    ///
    /// # Errors
    /// In words: what is wrong and what to write.
    pub fn dates(text: &str) -> Result<Vec<String>, String> {
        let mut set = Dates::default();
        let mut dates = Vec::new();
        for part in text.split(',') {
            let part = part.trim();
            if part.is_empty() {
                return Err(
                    "a date is missing; write dates such as 2026-12-24, or 12-24 for every year".to_owned(),
                );
            }
            set.add(part)?;
            dates.push(part.to_owned());
        }
        Ok(dates)
    }

    /// Reads `16:00-18:00`; `None` is the whole day.
    ///
    /// # Errors
    /// In words: what is wrong and what to write.
    pub fn hours(text: &str) -> Result<Option<Hours>, String> {
        let Some((start, end)) = text.split_once('-') else {
            return Err(format!("{} has no end; {HOURS}", quoted(text)));
        };
        let (start, end) = (TimeOfDay::parse(start)?, TimeOfDay::parse(end)?);
        if start == TimeOfDay::END_OF_DAY {
            return Err(format!(
                "nothing starts at 24:00; write 00:00-{end} and the next day"
            ));
        }
        if start == end {
            return Err(format!(
                "{} starts and ends at the same time; the whole day is 00:00-24:00",
                quoted(text)
            ));
        }
        let whole_day = start == TimeOfDay::MIDNIGHT && end == TimeOfDay::END_OF_DAY;
        Ok((!whole_day).then_some((start, end)))
    }

    /// The times of the week; `None` for dates.
    fn week(&self) -> Option<Week> {
        match &self.when {
            When::Days { days, dates, hours } if dates.is_empty() => {
                let (start, end) = seconds(*hours);
                Some(Week::on_days(*days, start, end))
            }
            _ => None,
        }
    }

    /// The times of its dates; `None` for weekdays.
    fn extent(&self) -> Option<Extent> {
        let When::Days { days, dates, hours } = &self.when else {
            return None;
        };
        if dates.is_empty() {
            return None;
        }
        let start_days = |dates: &mut dyn Iterator<Item = String>, days| {
            let mut set = Dates::default();
            for date in dates {
                set.add(&date).ok()?;
            }
            Some(StartDays::new(
                days,
                Some(&set),
                Weekdays::NONE,
                &Dates::default(),
            ))
        };
        let (start, end) = seconds(*hours);
        let over_midnight = end <= start;
        let days_after = if over_midnight {
            let after: Option<Vec<String>> = dates.iter().map(|date| day_after(date)).collect();
            Some(start_days(&mut after?.into_iter(), Weekdays::DAILY)?)
        } else {
            None
        };
        Some(Extent {
            days: start_days(&mut dates.iter().cloned(), *days)?,
            days_after,
            hours: (start, if over_midnight { end + DAY } else { end }),
        })
    }
}

impl Extent {
    /// Whether it surely holds only when the other one does.
    fn is_within(&self, other: &Self) -> bool {
        let in_hours = |from, until| other.hours.0 <= from && until <= other.hours.1;
        let (start, end) = self.hours;
        let on_one_day = in_hours(start, end);
        // Two whole days of the other one, side by side.
        let over_midnight = in_hours(start, DAY)
            && in_hours(0, end.saturating_sub(DAY))
            && self
                .days_after
                .as_ref()
                .is_some_and(|after| after.is_within(&other.days));
        self.days.is_within(&other.days) && (on_one_day || over_midnight)
    }
}

/// The dates one day later; a day more where 29 February may or may not lie between.
fn day_after(text: &str) -> Option<String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    Some(format!(
        "{}..{}",
        next(first.trim(), 2024)?,
        next(last.trim(), 2023)?
    ))
}

/// The day after a date, or after one of every year, as it is in `year` if that has it.
fn next(text: &str, year: i32) -> Option<String> {
    let after = |date: Date| Date::from_days_since_epoch(date.days_since_epoch() + 1).to_string();
    if let Ok(date) = Date::parse(text) {
        return Some(after(date));
    }
    let in_year = |year: i32| Date::parse(&format!("{year}-{text}")).ok();
    let date = in_year(year).or_else(|| in_year(2024))?;
    after(date).get("2024-".len()..).map(str::to_owned)
}

fn seconds(hours: Option<Hours>) -> (u32, u32) {
    hours.map_or((0, DAY), |(start, end)| (start.seconds(), end.seconds()))
}

/// Takes `WHEN[@HOURS]=COPIES` apart.
fn parts<'a>(text: &'a str, example: &str) -> Result<(&'a str, Option<Hours>, Copies), String> {
    let Some((when, copies)) = text.split_once('=') else {
        return Err(format!(
            "{} does not say how many copies; write them behind `=`, for example {example}",
            quoted(text)
        ));
    };
    let (when, hours) = match when.split_once('@') {
        Some((when, hours)) => (when, Asked::hours(hours)?),
        None => (when, None),
    };
    Ok((when, hours, Copies::parse(copies)?))
}

impl Answers {
    /// The rule that says what was answered. Of two windows of which one lies inside the other, the inner one counts.
    ///
    /// # Errors
    /// What does not make sense together, and what to do.
    pub fn draft(&self) -> Result<Draft, Unusable> {
        let mut windows: Vec<DraftWindow> = Vec::with_capacity(self.asked.len());
        let any_weekly = self.asked.iter().any(|asked| asked.week().is_some());
        for asked in &self.asked {
            let name = capitalised(&asked.when.to_string());
            if windows.iter().any(|known| known.name == name) {
                return Err(Unusable {
                    message: format!("{name} is asked for twice"),
                    hint: Some("leave one of the two out".to_owned()),
                });
            }
            let priority = match asked.week() {
                Some(week) if week.is_all() => {
                    return Err(Unusable {
                        message: format!("{} copies on all days at all hours is no window", asked.copies),
                        hint: Some(format!(
                            "say what holds outside the windows with --default {}",
                            asked.copies
                        )),
                    });
                }
                Some(week) => self.depth(&week),
                None => self.depth_of_dates(asked) + if any_weekly { DATE_PRIORITY } else { 0 },
            };
            windows.push(DraftWindow {
                name,
                when: asked.when.clone(),
                zone: None,
                copies: asked.copies,
                priority,
            });
        }
        let draft = Draft {
            name: self.name.clone(),
            target: self.target.clone(),
            zone: Some(self.zone.clone()),
            windows,
            default: self.default,
        };
        match draft.check() {
            Ok(()) => Ok(draft),
            Err(unusable) => settled(draft).ok_or(unusable),
        }
    }

    /// How many of the other windows hold these times and more.
    fn depth(&self, week: &Week) -> i32 {
        let weeks = self.asked.iter().filter_map(Asked::week);
        let larger = weeks
            .filter(|other| other != week && other.contains(week))
            .count();
        i32::try_from(larger)
            .unwrap_or(DATE_PRIORITY)
            .min(DATE_PRIORITY - 1)
    }

    /// How many of the other windows of dates hold the times of this one and more.
    fn depth_of_dates(&self, asked: &Asked) -> i32 {
        let Some(extent) = asked.extent() else { return 0 };
        let others = self.asked.iter().filter_map(Asked::extent);
        let larger = others
            .filter(|other| extent.is_within(other) && !other.is_within(&extent))
            .count();
        i32::try_from(larger).unwrap_or(DATE_PRIORITY)
    }
}

/// The draft with priorities that leave nothing to object to: a window that always loses to several others is raised
/// above them, and of two that contradict each other the one that asks for more. `None` if priorities cannot do that.
fn settled(mut draft: Draft) -> Option<Draft> {
    if draft.windows.len() > SETTLED {
        return None;
    }
    let mut by_size: Vec<usize> = (0..draft.windows.len()).collect();
    by_size.sort_by_key(|index| std::cmp::Reverse(draft.windows[*index].copies.size()));
    let mut left = draft.problems().len();
    while left > 0 {
        (draft, left) = by_size.iter().find_map(|index| {
            let mut raised = draft.clone();
            raised.windows[*index].priority += 1;
            let problems = raised.problems().len();
            (problems < left).then_some((raised, problems))
        })?;
    }
    Some(draft)
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}
