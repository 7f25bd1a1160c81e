//! Values that are set at points in time and hold until the next one, as windows that reach from each to the next.

use crate::draft::copies::Copies;
use crate::draft::rule::{DraftWindow, Names};
use crate::draft::week::{WEEK, Week, time, weekday};
use crate::policy::Replicas;

/// One thing that happens in every week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Action {
    /// Second of the week, from Monday 00:00.
    pub(super) at: u32,
    /// What the tool calls it.
    pub(super) name: String,
    pub(super) sets: Sets,
}

/// What an action sets; what it does not set stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Sets {
    /// At least so many, as `replicas` means it.
    pub(super) replicas: Option<Replicas>,
    pub(super) min: Option<Replicas>,
    pub(super) max: Option<Replicas>,
}

/// The same, as a rule says it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Timetable {
    pub(super) windows: Vec<DraftWindow>,
    /// Outside the windows: the smallest of the values.
    pub(super) default: Copies,
}

impl Sets {
    fn then(self, later: Self) -> Self {
        if later.replicas.is_some() {
            return later;
        }
        Self {
            replicas: self.replicas.filter(|_| later == Self::default()),
            min: later.min.or(self.min),
            max: later.max.or(self.max),
        }
    }

    /// `None` if it sets nothing.
    pub(super) fn copies(self) -> Option<Copies> {
        match self {
            Self {
                replicas: Some(replicas),
                ..
            } => Some(Copies::AtLeast(replicas)),
            Self {
                min: None, max: None, ..
            } => None,
            Self { min, max, .. } => Some(Copies::Bounds { min, max }),
        }
    }

    fn disagrees(self, other: Self) -> bool {
        let differ =
            |one: Option<Replicas>, other: Option<Replicas>| one.is_some() && other.is_some() && one != other;
        let one_sleeps = self.replicas.is_some() != other.replicas.is_some();
        one_sleeps
            || differ(self.replicas, other.replicas)
            || differ(self.min, other.min)
            || differ(self.max, other.max)
    }
}

/// The windows of a week of actions. There must be one action at least, and each must set something.
///
/// # Errors
/// In words, when two of them happen at once and disagree: which of them comes last is not said.
pub(super) fn timetable(mut actions: Vec<Action>) -> Result<Timetable, String> {
    actions.sort_by(|one, other| (one.at, &one.name).cmp(&(other.at, &other.name)));
    let mut merged: Vec<Action> = Vec::with_capacity(actions.len());
    for action in actions {
        match merged.last_mut() {
            Some(last) if last.at == action.at => {
                if last.sets.disagrees(action.sets) {
                    return Err(format!(
                        "{} and {} both happen on {} at {} and set different values",
                        last.name,
                        action.name,
                        weekday(action.at / 86_400),
                        time(action.at)
                    ));
                }
                last.sets = last.sets.then(action.sets);
            }
            _ => merged.push(action),
        }
    }
    // Once around the week, to know what holds at its begin.
    let mut now = merged
        .iter()
        .fold(Sets::default(), |now, action| now.then(action.sets));
    let mut stretches: Vec<(u32, String, Sets)> = Vec::new();
    for action in merged {
        let before = now;
        now = now.then(action.sets);
        // What changes nothing begins nothing, so that a window has the name of what opened it.
        if now != before {
            stretches.push((action.at, action.name, now));
        }
    }
    if stretches.is_empty() {
        let default = now.copies().ok_or("nothing is set")?;
        return Ok(Timetable {
            windows: Vec::new(),
            default,
        });
    }
    let smallest = stretches.iter().filter_map(|(_, _, sets)| sets.copies());
    let default = smallest
        .min_by_key(|copies| copies.size())
        .ok_or("nothing is set")?;
    let mut kinds: Vec<(String, Copies, Week)> = Vec::new();
    for (number, (at, name, sets)) in stretches.iter().enumerate() {
        let Some(copies) = sets.copies().filter(|copies| *copies != default) else {
            continue;
        };
        let next = stretches
            .get(number + 1)
            .or(stretches.first())
            .map_or(*at, |next| next.0);
        let length = (next + WEEK - at - 1) % WEEK + 1;
        let known = kinds
            .iter_mut()
            .find(|(known, value, _)| known == name && *value == copies);
        match known {
            Some((_, _, week)) => week.add(*at, length),
            None => {
                let mut week = Week::default();
                week.add(*at, length);
                kinds.push((name.clone(), copies, week));
            }
        }
    }
    let mut names = Names::default();
    let mut windows: Vec<DraftWindow> = Vec::new();
    for (name, copies, week) in kinds {
        for when in week.windows() {
            windows.push(DraftWindow {
                name: names.free(&name),
                when,
                zone: None,
                copies,
                priority: 0,
            });
        }
    }
    Ok(Timetable { windows, default })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(at: u32, name: &str, replicas: u32) -> Action {
        Action {
            at,
            name: name.to_owned(),
            sets: Sets {
                replicas: Some(replicas),
                ..Sets::default()
            },
        }
    }

    fn shown(actions: Vec<Action>) -> Vec<String> {
        let Timetable { windows, default } = timetable(actions).unwrap();
        let window = |window: &DraftWindow| format!("{}: {} = {}", window.name, window.when, window.copies);
        windows
            .iter()
            .map(window)
            .chain([format!("else {default}")])
            .collect()
    }

    #[test]
    fn from_each_to_the_next() {
        let day = |day: u32, hour: u32| day * 86_400 + hour * 3600;
        let up = (0..5).map(|weekday| action(day(weekday, 8), "up", 10));
        let down = (0..5).map(|weekday| action(day(weekday, 20), "down", 2));
        assert_eq!(
            shown(up.chain(down).collect()),
            ["up: weekdays 08:00-20:00 = 10", "else 2"]
        );
        assert_eq!(
            shown(vec![action(day(4, 20), "down", 0), action(day(0, 8), "up", 3)]),
            ["up: Mon 08:00 - Fri 20:00 = 3", "else 0"]
        );
        assert_eq!(shown(vec![action(day(4, 20), "same", 4)]), ["else 4"]);
    }

    #[test]
    fn bounds_are_kept_apart() {
        let set = |at, min, max| Action {
            at,
            name: format!("at {at}"),
            sets: Sets {
                replicas: None,
                min,
                max,
            },
        };
        let mut actions = vec![
            set(0, Some(2), None),
            set(3600, None, Some(9)),
            set(7200, Some(1), Some(5)),
        ];
        assert_eq!(
            shown(actions.clone()),
            [
                "at 0: Mon 00:00-01:00 = 2..5",
                "at 3600: Mon 01:00-02:00 = 2..9",
                "else 1..5"
            ]
        );
        actions[1] = Action {
            at: 10_800,
            ..action(0, "sleep", 0)
        };
        assert_eq!(
            shown(actions),
            [
                "at 0: Mon 00:00-02:00 = 2..",
                "at 7200: Mon 02:00-03:00 = 1..5",
                "else 0"
            ]
        );
    }

    #[test]
    fn two_at_once() {
        assert!(timetable(vec![action(0, "a", 1), action(0, "b", 2)]).is_err());
        assert_eq!(shown(vec![action(0, "a", 1), action(0, "b", 1)]), ["else 1"]);
    }
}
