//! AWS: scheduled actions of Application Auto Scaling and of EC2 Auto Scaling, as `aws … describe-scheduled-actions`
//! prints them. They are not about Kubernetes: the person says which workload does that work now.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::actions::{Action, Sets, Timetable, timetable};
use super::objects::{Object, number, shown};
use super::pattern::{Dialect, Pattern};
use super::{Refusal, Work};
use crate::draft::Copies;
use crate::draft::quoted;
use crate::draft::rule::{Draft, DraftWindow, Names, When};
use crate::draft::week::{DAY, WEEK, time, weekday};
use crate::time::{Civil, Date, Instant, TimeOfDay, Zone};

/// A one-off counts more than what is the same in every week.
const ONCE_PRIORITY: i32 = 100;

/// One scheduled action.
struct Scheduled {
    what: String,
    name: String,
    zone: Zone,
    time: Time,
    sets: Sets,
}

enum Time {
    /// Seconds of the week, on the wall clock of its zone.
    Weekly(Vec<u32>),
    Once(Instant),
}

/// What each service calls its list, and what the actions of it are about.
const LISTS: [(&str, &str); 2] = [
    ("ScheduledActions", "ResourceId"),
    ("ScheduledUpdateGroupActions", "AutoScalingGroupName"),
];

/// The actions of one resource.
#[derive(Default)]
struct Group {
    actions: Vec<Scheduled>,
    /// Which of its numbers they set.
    dimensions: BTreeSet<String>,
    /// Whether one is missing that would set something again and again.
    lacks: bool,
}

pub(super) fn carry(objects: &[Object], work: &mut Work<'_>) -> bool {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut found = false;
    let mut is_cut_off = false;
    for object in objects {
        for (key, resource) in LISTS {
            let is_list = object.get(&[key]).is_some_and(Value::is_array);
            found |= is_list;
            is_cut_off |= is_list && object.get(&["NextToken"]).is_some_and(|token| !token.is_null());
            for action in object.list(&[key]) {
                let text = |key: &str| {
                    let text = action.get(key).and_then(Value::as_str);
                    text.unwrap_or_default().to_owned()
                };
                let resource = text(resource);
                let what = format!(
                    "action {} of {}",
                    quoted(&text("ScheduledActionName")),
                    quoted(&resource)
                );
                let group = groups.entry(resource).or_default();
                group
                    .dimensions
                    .extend(Some(text("ScalableDimension")).filter(|name| !name.is_empty()));
                match read(action, what.clone(), work) {
                    Ok(action) => group.actions.push(action),
                    Err(Unread::Harmless((why, hint))) => work.leave_out(what, why, hint),
                    Err(Unread::Missed((why, hint))) => {
                        work.leave_out(what, why, hint);
                        group.lacks = true;
                    }
                }
            }
        }
    }
    tell_suspended(objects, work);
    let several = groups.values().filter(|group| !group.actions.is_empty()).count() > 1;
    for (resource, group) in groups {
        let Group {
            actions,
            dimensions,
            lacks,
        } = group;
        let what = quoted(&resource);
        match work.context.target.clone() {
            // What became of each action has been told.
            _ if actions.is_empty() => {}
            _ if is_cut_off => work.leave_out(
                what,
                "the list is cut off (it has a NextToken), and a rule without the missing actions would hold wrong numbers",
                "export all of it: aws … describe-scheduled-actions without --max-items and --no-paginate",
            ),
            _ if lacks => work.leave_out(
                what,
                "a rule without that action would hold wrong numbers from then on",
                "mend the action and run this again, or write the whole rule by hand",
            ),
            _ if dimensions.len() > 1 => work.leave_out(
                what,
                format!(
                    "its actions set several numbers of it: {}",
                    dimensions.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(" and ")
                ),
                "export one at a time: aws … describe-scheduled-actions with --scalable-dimension",
            ),
            None => work.leave_out(
                what,
                "AWS does not know which workload of the cluster does this work",
                "say it with --target, for example --target deployment/shop/checkout",
            ),
            Some(_) if several => work.leave_out(
                what,
                "the actions of several resources cannot all be for the one --target",
                "export one at a time: aws … describe-scheduled-actions with --resource-id or \
                 --auto-scaling-group-name",
            ),
            Some(target) => {
                if let Some(draft) = draft(&what, target, actions, work)
                    && work.take(&what, draft)
                {
                    work.look_at(
                        what,
                        "AWS counts tasks or machines, a rule counts copies (pods) of the workload",
                        "check the numbers, and delete the actions in AWS when the rule is applied",
                    );
                }
            }
        }
    }
    found
}

/// Tells of resources in the same file whose actions AWS does not carry out at the moment.
fn tell_suspended(objects: &[Object], work: &mut Work<'_>) {
    let lists = |key| objects.iter().flat_map(move |object| object.list(&[key]));
    let targets = lists("ScalableTargets").filter(|target| {
        let suspended = target.pointer("/SuspendedState/ScheduledScalingSuspended");
        suspended.and_then(Value::as_bool) == Some(true)
    });
    let groups = lists("AutoScalingGroups").filter(|group| {
        let processes = group.get("SuspendedProcesses").and_then(Value::as_array);
        let mut names = processes
            .into_iter()
            .flatten()
            .map(|process| process.get("ProcessName"));
        names.any(|name| name.and_then(Value::as_str) == Some("ScheduledActions"))
    });
    let names = targets
        .map(|target| target.get("ResourceId"))
        .chain(groups.map(|group| group.get("AutoScalingGroupName")));
    for name in names.flatten() {
        work.look_at(
            shown(name),
            "its scheduled actions are suspended: AWS does not carry them out at the moment, the rule counts at once",
            "apply the rule when they should count again",
        );
    }
}

/// Why an action is not carried over.
enum Unread {
    /// It sets nothing that holds on.
    Harmless(Refusal),
    /// It would set something that a rule without it does not know.
    Missed(Refusal),
}

impl From<Refusal> for Unread {
    fn from(refusal: Refusal) -> Self {
        Self::Missed(refusal)
    }
}

fn draft(
    what: &str,
    target: crate::policy::Target,
    actions: Vec<Scheduled>,
    work: &mut Work<'_>,
) -> Option<Draft> {
    let mut zones: Vec<Zone> = Vec::new();
    let mut week = Vec::new();
    let mut once = Vec::new();
    for action in actions {
        match action.time {
            Time::Weekly(seconds) => {
                week.extend(seconds.into_iter().map(|at| Action {
                    at,
                    name: action.name.clone(),
                    sets: action.sets,
                }));
                if !zones.contains(&action.zone) {
                    zones.push(action.zone);
                }
            }
            Time::Once(at) => once.push((at, action.what, action.name, action.sets)),
        }
    }
    let Some(zone) = zones.pop() else {
        for (_, action, ..) in once {
            work.leave_out(action, NO_NEXT.0, NO_NEXT.1);
        }
        return None;
    };
    if !zones.is_empty() {
        work.leave_out(
            what,
            "its actions are in several time zones, whose distance changes with the clocks",
            "give them one zone, or write the windows by hand: each window may have its own `timezone`",
        );
        return None;
    }
    let resets = Resets::new(&week, zone.clone());
    let Timetable { mut windows, default } = match timetable(week) {
        Ok(timetable) => timetable,
        Err(why) => {
            work.leave_out(
                what,
                why,
                "leave one of the two out, or write the windows by hand",
            );
            return None;
        }
    };
    once.sort_by_key(|(at, ..)| *at);
    let mut names = Names::of(&windows);
    for (index, (at, action, name, sets)) in once.iter().enumerate() {
        let following = once.get(index + 1).map(|(next, ..)| *next);
        match resets.span(*at, *sets, following) {
            Some((when, copies)) => windows.push(DraftWindow {
                name: names.free(&format!("{name} on {}", zone.to_civil(*at).date)),
                when,
                zone: None,
                copies,
                priority: ONCE_PRIORITY,
            }),
            None => work.leave_out(action, NO_NEXT.0, NO_NEXT.1),
        }
    }
    Some(Draft {
        name: String::new(),
        target,
        zone: Some(zone),
        windows,
        default: Some(default),
    })
}

const NO_NEXT: (&str, &str) = (
    "it happens once, and what it sets is not set again by the next action",
    "write a window with `from` and `until` for it",
);

/// Which bounds the actions of every week set, by second of the week.
struct Resets {
    bounds: BTreeMap<u32, Bounds>,
    zone: Zone,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bounds {
    min: bool,
    max: bool,
}

impl Resets {
    fn new(week: &[Action], zone: Zone) -> Self {
        let mut bounds: BTreeMap<u32, Bounds> = BTreeMap::new();
        for Action { at, sets, .. } in week {
            let both = bounds.entry(*at).or_default();
            both.min |= sets.replicas.or(sets.min).is_some();
            both.max |= sets.replicas.or(sets.max).is_some();
        }
        Self { bounds, zone }
    }

    /// The first action of every week after an instant.
    fn after(&self, at: Instant) -> Option<(Instant, Bounds)> {
        let today = self.zone.to_civil(at).date.days_since_epoch();
        let on_day = |day: i32| {
            let date = Date::from_days_since_epoch(day);
            let monday = (0..7).find(|number| weekday(*number).contains(date)).unwrap_or(0) * DAY;
            let next = self
                .bounds
                .range(monday..monday + DAY)
                .map(move |(second, bounds)| {
                    let civil = Civil {
                        date,
                        time: time(*second),
                    };
                    (self.zone.to_instant(civil), *bounds)
                });
            next.filter(|(next, _)| *next > at).min_by_key(|(next, _)| *next)
        };
        // Where clocks skip midnight, what a day has lost comes after what the next day begins with.
        let day = (today - 1..=today + 8).find(|day| on_day(*day).is_some())?;
        let next = [day, day + 1].into_iter().filter_map(on_day);
        next.min_by_key(|(next, _)| *next)
    }

    /// From a one-off until the next action of every week, if that sets the same bounds and no other one-off comes before.
    fn span(&self, at: Instant, sets: Sets, following: Option<Instant>) -> Option<(When, Copies)> {
        let (until, next) = self.after(at)?;
        let sets_min = next.min || sets.replicas.or(sets.min).is_none();
        let sets_max = next.max || sets.replicas.or(sets.max).is_none();
        let undisturbed = following.is_none_or(|following| following >= until);
        if !(sets_min && sets_max && undisturbed) {
            return None;
        }
        // The wall clock of the rule is easier to read, but says some times twice.
        let clock = [at, until].map(|moment| self.zone.to_civil(moment));
        let [from, until] = if clock.map(|civil| self.zone.to_instant(civil)) == [at, until] {
            clock.map(|civil| format!("{}T{}", civil.date, civil.time))
        } else {
            [at, until].map(|moment| moment.to_string())
        };
        Some((When::Span { from, until }, sets.copies()?))
    }
}

/// Reads an action, or says why it cannot be carried over and what to do.
fn read(action: &Value, what: String, work: &mut Work<'_>) -> Result<Scheduled, Unread> {
    let refuse = |why: String, hint: &str| Err(Unread::Missed((why, hint.to_owned())));
    let over = || {
        Err(Unread::Harmless((
            "it is over".to_owned(),
            "there is nothing to do".to_owned(),
        )))
    };
    let text = |key: &str| {
        action
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let at = work.context.at;
    let end = instant(action, "EndTime")?;
    if end.is_some_and(|end| end <= at) {
        return over();
    }
    let zone = text("Timezone").or(text("TimeZone")).unwrap_or("UTC");
    let Ok(zone) = Zone::parse(zone) else {
        return refuse(
            format!("there is no time zone {}", quoted(zone)),
            "write a name such as Europe/Berlin into the action",
        );
    };
    let sets = sets(action, &what, work)?;
    let start = instant(action, "StartTime")?.or(instant(action, "Time")?);
    let time = match (text("Schedule"), text("Recurrence")) {
        (Some(schedule), _) => scheduled(schedule, &zone)?,
        (None, Some(recurrence)) => weekly(recurrence, Dialect::Unix)?,
        (None, None) => match start {
            Some(start) => Time::Once(start),
            None => {
                return refuse(
                    "it says no time".to_owned(),
                    "is this what `aws … describe-scheduled-actions` prints?",
                );
            }
        },
    };
    match &time {
        Time::Once(once) if *once <= at => return over(),
        Time::Once(_) => {}
        Time::Weekly(_) => {
            // What EC2 prints here for a recurring action is only its next run.
            let soon = Instant::from_unix(at.unix() + i64::from(WEEK));
            if let Some(start) = start.filter(|start| *start > soon) {
                work.look_at(
                    &what,
                    format!("AWS begins with it at {start} only; the rule counts at once"),
                    "apply the rule when that time has come",
                );
            }
            if let Some(end) = end {
                work.look_at(
                    &what,
                    format!("AWS ends it at {end}; the rule goes on"),
                    "take its window out of the rule by then",
                );
            }
        }
    }
    tell_rest(action, &what, work);
    Ok(Scheduled {
        name: text("ScheduledActionName").unwrap_or("Action").to_owned(),
        what,
        zone,
        time,
        sets,
    })
}

/// Keys of an action that are carried over, or say nothing about its meaning.
const KEYS: [&str; 18] = [
    "ScheduledActionName",
    "ScheduledActionARN",
    "ServiceNamespace",
    "ResourceId",
    "ScalableDimension",
    "AutoScalingGroupName",
    "Schedule",
    "Recurrence",
    "Timezone",
    "TimeZone",
    "Time",
    "StartTime",
    "EndTime",
    "ScalableTargetAction",
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
    "CreationTime",
];

/// Tells of what an action says besides.
fn tell_rest(action: &Value, what: &str, work: &mut Work<'_>) {
    let keys = action.as_object().into_iter().flatten();
    for (key, value) in keys.filter(|(key, value)| !value.is_null() && !KEYS.contains(&key.as_str())) {
        work.leave_out(
            format!("{what}, {}", quoted(key)),
            format!("{} is not understood", shown(value)),
            "see whether it changes what the action does, and mend the rule if so",
        );
    }
}

fn sets(action: &Value, what: &str, work: &mut Work<'_>) -> Result<Sets, Unread> {
    let capacity = action.get("ScalableTargetAction").unwrap_or(action);
    let bound = |keys: [&str; 2]| {
        let value = keys.iter().find_map(|key| capacity.get(*key));
        match value {
            None | Some(Value::Null) => Ok(None),
            // How some of its tools write "not set".
            Some(value) if value.as_i64() == Some(-1) => Ok(None),
            Some(value) => number(value).map(Some).ok_or_else(|| {
                (
                    format!("{} is not a number of copies", shown(value)),
                    "write a whole number from 0 up".to_owned(),
                )
            }),
        }
    };
    let sets = match (
        bound(["MinCapacity", "MinSize"])?,
        bound(["MaxCapacity", "MaxSize"])?,
    ) {
        (Some(0), Some(0)) => Sets {
            replicas: Some(0),
            ..Sets::default()
        },
        (_, Some(0)) => {
            return Err(Unread::Missed((
                "it sets the ceiling alone to 0, which no autoscaler of Kubernetes takes".to_owned(),
                "write a window with `replicas: 0`, which lets the workload sleep".to_owned(),
            )));
        }
        (Some(0), max) => {
            work.look_at(
                what,
                "AWS may go down to 0 when there is no load, which an HPA does not",
                "the rule says at least 1; `replicas: 0` lets the workload sleep by the clock",
            );
            Sets {
                replicas: None,
                min: Some(1),
                max,
            }
        }
        (min, max) => Sets {
            replicas: None,
            min,
            max,
        },
    };
    if sets.copies().is_none() {
        return Err(Unread::Harmless((
            "it sets neither a floor nor a ceiling".to_owned(),
            "write a window with the number that you need".to_owned(),
        )));
    }
    let desired = capacity.get("DesiredCapacity").and_then(Value::as_i64);
    if desired.is_some_and(|desired| desired >= 0) {
        work.leave_out(
            format!("{what}, DesiredCapacity"),
            "the autoscaler chooses the number between the bounds",
            "if so many are needed, raise `minReplicas` of the window",
        );
    }
    Ok(sets)
}

fn scheduled(schedule: &str, zone: &Zone) -> Result<Time, Refusal> {
    let inner = |form: &str| schedule.strip_prefix(form)?.strip_suffix(')');
    if let Some(pattern) = inner("cron(") {
        return weekly(pattern, Dialect::Aws);
    }
    if let Some(moment) = inner("at(") {
        let civil = moment.trim().split_once('T').and_then(|(date, time)| {
            Some(Civil {
                date: Date::parse(date).ok()?,
                time: TimeOfDay::parse(time).ok()?,
            })
        });
        return civil
            .map(|civil| Time::Once(zone.to_instant(civil)))
            .ok_or_else(|| {
                (
                    format!("{} is not a moment", quoted(schedule)),
                    "AWS writes at(2026-11-27T18:00:00)".to_owned(),
                )
            });
    }
    Err((
        format!("{} is not a time of the week", quoted(schedule)),
        "write a window with `cron` and `duration`: docs/schedules.md".to_owned(),
    ))
}

fn weekly(pattern: &str, dialect: Dialect) -> Result<Time, Refusal> {
    let by_hand =
        || "write a window with `dates`, or with `cron` and `duration`: docs/schedules.md".to_owned();
    let read = Pattern::parse(pattern, dialect).map_err(|why| (why, by_hand()))?;
    read.weekly().map(Time::Weekly).ok_or_else(|| {
        (
            format!("{} is not the same in every week", quoted(pattern)),
            by_hand(),
        )
    })
}

/// An instant as text, or in seconds since 1970 as older versions of the command print it.
fn instant(action: &Value, key: &str) -> Result<Option<Instant>, Refusal> {
    match action.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(seconds)) => Ok(seconds.as_f64().map(|seconds| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a fraction of a second is cut off, the rest saturates"
            )]
            Instant::from_unix(seconds as i64)
        })),
        Some(value) => match value.as_str().map(Instant::parse) {
            Some(Ok(instant)) => Ok(Some(instant)),
            _ => Err((
                format!("its {key} {} is not an instant", shown(value)),
                "is this what `aws … describe-scheduled-actions` prints?".to_owned(),
            )),
        },
    }
}
