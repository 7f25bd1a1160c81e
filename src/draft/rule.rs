//! A rule that has not been written yet.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::copies::Copies;
use crate::policy::{self, At, Loaded, Problem, Severity, Target};
use crate::time::{TimeOfDay, Weekdays, Zone};

/// A rule that has not been written yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The rule's name.
    pub name: String,
    /// What it scales: a Deployment, a `StatefulSet` or a `HorizontalPodAutoscaler`.
    pub target: Target,
    /// The zone of its windows that have none.
    pub zone: Option<Zone>,
    /// Its windows, in the order in which they are written.
    pub windows: Vec<DraftWindow>,
    /// What holds outside all windows; `None`: what the object has by itself.
    pub default: Option<Copies>,
}

/// A window that has not been written yet.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftWindow {
    /// Its name, unique within the rule.
    pub name: String,
    /// When it is open.
    pub when: When,
    /// Its own zone.
    pub zone: Option<Zone>,
    /// What it sets.
    pub copies: Copies,
    /// Higher wins.
    pub priority: i32,
}

/// Start and end of a window on each of its days; until the next day where the end is not after the start.
pub type Hours = (TimeOfDay, TimeOfDay);

/// When a window is open.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// On weekdays, dates, or those dates that are such weekdays.
    Days {
        /// The weekdays; all of them where only dates count.
        days: Weekdays,
        /// As in a rule: `2026-12-24`, `12-24`, `2026-11-27..2026-11-30`; none: every date.
        dates: Vec<String>,
        /// Start and end; `None`: the whole day.
        hours: Option<Hours>,
    },
    /// From one moment to another, as in a rule: `Fri 20:10`, or `2026-11-27T00:00` with or without an offset.
    Span {
        /// Where it starts.
        from: String,
        /// Where it ends.
        until: String,
    },
}

/// Why a draft cannot become a rule, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// What is wrong with it.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Draft {
    /// Reads the rule as it will be written.
    ///
    /// # Errors
    /// The first thing that is wrong with it. A warning counts: nobody wants to start with one.
    pub fn check(&self) -> Result<(), Unusable> {
        match self.problems().into_iter().next() {
            Some(Problem { message, hint, .. }) => Err(Unusable { message, hint }),
            None => Ok(()),
        }
    }

    /// The first of its windows that never has an effect, whatever the time.
    pub(super) fn lost_window(&self) -> Option<usize> {
        /// Of windows that lose to one other, and to several others together.
        const LOST: [&str; 2] = ["W0601", "W0604"];
        let loaded = self.read();
        let lost = loaded
            .problems
            .iter()
            .find(|problem| LOST.contains(&problem.code))?;
        let At::Mark(mark) = &lost.at else { return None };
        let windows = &loaded.rules.first()?.schedule;
        windows
            .iter()
            .rposition(|window| window.place.line <= mark.place.line)
    }

    fn read(&self) -> Loaded {
        policy::check(vec![(format!("{}.yaml", self.name), super::text(self))])
    }

    /// All that is wrong with it.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let wrong = |problem: &Problem| problem.severity != Severity::Note;
        self.read().problems.into_iter().filter(wrong).collect()
    }
}

/// The names of windows that are taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// How often each was asked for, so that the next number need not be looked for.
    asked: HashMap<String, usize>,
}

impl Names {
    pub(super) fn of(windows: &[DraftWindow]) -> Self {
        Self {
            taken: windows.iter().map(|window| window.name.clone()).collect(),
            asked: HashMap::new(),
        }
    }

    /// Takes a name that is free: `plain`, or `plain (2)` and so on.
    pub(super) fn free(&mut self, plain: &str) -> String {
        let asked = self.asked.entry(plain.to_owned()).or_default();
        loop {
            *asked += 1;
            let name = match *asked {
                1 => plain.to_owned(),
                number => format!("{plain} ({number})"),
            };
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

impl fmt::Display for When {
    /// `weekdays 16:00-18:00`, `2026-12-24`, `Fri 20:00 - Mon 08:00`: a window's name, if it has no other.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days { days, dates, hours } => {
                if dates.is_empty() {
                    write!(f, "{days}")?;
                } else {
                    f.write_str(&shortened(dates))?;
                    if *days != Weekdays::DAILY {
                        write!(f, " ({days})")?;
                    }
                }
                match hours {
                    Some((start, end)) => write!(f, " {start}-{end}"),
                    None => Ok(()),
                }
            }
            Self::Span { from, until } => write!(f, "{from} - {until}"),
        }
    }
}

fn shortened(dates: &[String]) -> String {
    match dates {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        dates => dates.join(", "),
    }
}
