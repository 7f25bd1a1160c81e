//! KEDA: the cron triggers of a `ScaledObject`.

use serde_json::Value;

use super::objects::{Object, number, shown};
use super::pattern::{Dialect, Pattern};
use super::{Refusal, Work, scale_target_of};
use crate::draft::copies::Copies;
use crate::draft::quoted;
use crate::draft::rule::{Draft, DraftWindow, Names, When};
use crate::draft::week::{WEEK, Week, time};
use crate::policy::Replicas;
use crate::time::Zone;

/// What KEDA takes where nothing is said.
const DEFAULT_MAX: Replicas = 100;

/// Each is compared with all others, and nobody looks through a rule of more.
const MOST_TRIGGERS: usize = 500;

/// What a `ScaledObject` says besides its triggers.
struct Counts {
    min: Replicas,
    max: Replicas,
    /// Where no trigger is active, instead of `min`.
    idle: Option<Replicas>,
}

/// One cron trigger.
struct Trigger {
    zone: Zone,
    copies: Replicas,
    times: Times,
}

enum Times {
    Weekly(Week),
    Dated(When),
}

pub(super) fn carry(object: &Object, work: &mut Work<'_>) -> bool {
    if object.group() != "keda.sh" {
        return false;
    }
    let title = object.title();
    match object.kind() {
        "ScaledObject" => {}
        "ScaledJob" => {
            work.leave_out(
                &title,
                "jobs run to their end and have no number of copies to set",
                "keep it in KEDA",
            );
            return true;
        }
        _ => return false,
    }
    let target = match scale_target_of(object, "Deployment") {
        Ok(target) => target,
        Err((why, hint)) => {
            work.leave_out(title, why, hint);
            return true;
        }
    };
    let counts = match Counts::read(object) {
        Ok(counts) => counts,
        Err(key) => {
            work.leave_out(
                title,
                format!("its {key} is not a number"),
                "write a whole number",
            );
            return true;
        }
    };
    if object
        .text(&["spec", "advanced", "scalingModifiers", "formula"])
        .is_some()
    {
        work.leave_out(
            title,
            "its scalingModifiers compute one number from all triggers, so no trigger counts by itself",
            "write the rule by hand, from what the formula means at each time",
        );
        return true;
    }
    let triggers = object.list(&["spec", "triggers"]);
    if triggers.len() > MOST_TRIGGERS {
        work.leave_out(
            title,
            format!("it has more than {MOST_TRIGGERS} triggers"),
            "write the rule by hand: one window may have several hours and a list of dates",
        );
        return true;
    }
    let is_cron = |trigger: &Value| trigger.get("type").and_then(Value::as_str) == Some("cron");
    let has_load = !triggers.iter().all(is_cron);
    let mut read = Vec::new();
    let mut is_whole = true;
    for (index, trigger) in triggers.iter().enumerate() {
        let what = format!("{title}, trigger {}", index + 1);
        if !is_cron(trigger) {
            let sort = trigger
                .get("type")
                .map_or_else(|| "without a type".to_owned(), shown);
            work.leave_out(
                what,
                format!("{sort} scales by load, which an HPA does"),
                format!(
                    "give {target} an HPA with that metric before you delete the ScaledObject; the rule sets its bounds"
                ),
            );
            continue;
        }
        match cron(trigger) {
            Ok(mut trigger) => {
                let (wanted, max) = (trigger.copies, counts.max);
                if wanted > max {
                    work.look_at(
                        what,
                        format!("it wants {wanted}, of which maxReplicaCount lets {max} through"),
                        format!("the rule says {max}; write more if you need them"),
                    );
                    trigger.copies = max;
                }
                read.push(trigger);
            }
            Err((why, hint)) => {
                work.leave_out(what, why, hint);
                is_whole = false;
            }
        }
    }
    // KEDA takes the largest of all triggers: without one of them there would be too few copies at its time.
    if !is_whole {
        work.leave_out(
            title,
            "a rule without that trigger would ask for too few copies when it is active",
            "mend the trigger and run this again, or write the whole rule by hand",
        );
        return true;
    }
    if read.is_empty() {
        work.leave_out(
            title,
            "no cron trigger of it can be carried over",
            "keep it in KEDA",
        );
        return true;
    }
    if has_load && counts.min == 0 {
        work.look_at(
            &title,
            "KEDA scales it to 0 when there is no load, which an HPA does not",
            "the rule says at least 1 outside its windows; a window with `replicas: 0` lets it sleep by the clock",
        );
    }
    // With the load of other triggers an HPA works between the bounds; without, KEDA sets exactly what the clock says.
    let (outside, default) = if has_load {
        let min = counts.min.max(1);
        let bounds = Copies::Bounds {
            min: Some(min),
            max: Some(counts.max.max(min)),
        };
        (min, bounds)
    } else {
        let outside = counts.idle.unwrap_or(counts.min);
        (outside, Copies::AtLeast(outside))
    };
    let mut names = Names::default();
    let mut windows: Vec<DraftWindow> = Vec::new();
    for (number, trigger) in read.iter().enumerate() {
        let copies = trigger.copies.max(counts.min);
        if copies <= outside || never_counts(&read, number) {
            work.look_at(
                format!("{title}, a cron trigger for {}", trigger.copies),
                "it never asks for more than what holds at that time anyway",
                "it is left out; there is nothing to do",
            );
            continue;
        }
        let whens = match &trigger.times {
            Times::Weekly(week) => week.windows(),
            Times::Dated(when) => vec![when.clone()],
        };
        for when in whens {
            windows.push(DraftWindow {
                name: names.free(&when.to_string()),
                when,
                zone: Some(trigger.zone.clone()),
                copies: if has_load {
                    Copies::Bounds {
                        min: Some(copies),
                        max: None,
                    }
                } else {
                    Copies::AtLeast(copies)
                },
                priority: 0,
            });
        }
    }
    let zone = common_zone(&mut windows);
    let mut draft = Draft {
        name: object.name().to_owned(),
        target: target.clone(),
        zone,
        windows,
        default: Some(default),
    };
    for lost in drop_lost(&mut draft) {
        work.look_at(
            format!("{title}, a cron trigger for {}, {}", lost.copies, lost.when),
            "other triggers ask for more whenever it is active",
            "it is left out; there is nothing to do",
        );
    }
    if work.take(&title, draft) {
        tell_rest(object, has_load, counts.min == 0 || counts.idle.is_some(), work);
        work.look_at(
            title,
            format!("as long as it is there, KEDA drives {target} and easyscale refuses to write it"),
            format!(
                "look at the plan, delete the ScaledObject (kubectl delete scaledobject -n {} {}), then apply",
                target.namespace,
                object.name_to_type()
            ),
        );
    }
    true
}

/// What a rule does in place of a setting, or does not, and what to do.
const SETTINGS: [(&str, &str, &str); 4] = [
    (
        "fallback",
        "it holds when a metric cannot be read; by the clock nothing has to be read",
        "where an HPA takes over: it keeps its number then, and never goes below `minReplicas`",
    ),
    (
        "cooldownPeriod",
        "KEDA waits so many seconds before it goes down to 0 or idleReplicaCount; the rule goes down when a window ends",
        "if that is too soon, let the windows end later",
    ),
    (
        "initialCooldownPeriod",
        "new objects are not spared for a while",
        "if they should be, give them a rule later",
    ),
    (
        "pollingInterval",
        "how often KEDA looks at its metrics",
        "nothing has to be done: a window opens on time",
    ),
];

/// Tells of settings that a rule has no place for. Whether KEDA ever goes down to 0 or `idleReplicaCount` decides which of
/// them had an effect.
fn tell_rest(object: &Object, has_load: bool, goes_down: bool, work: &mut Work<'_>) {
    const CARRIED: [&str; 5] = [
        "scaleTargetRef",
        "minReplicaCount",
        "maxReplicaCount",
        "triggers",
        "advanced",
    ];
    let title = object.title();
    let settings = object.map(&["spec"]).filter(|(_, value)| !value.is_null());
    for (key, value) in settings {
        let what = format!("{title}, {}", name_of(key));
        match key {
            _ if CARRIED.contains(&key) => {}
            "idleReplicaCount" if !has_load => {}
            "idleReplicaCount" => work.leave_out(
                what,
                format!(
                    "an HPA has no number of its own for no load, here {}",
                    shown(value)
                ),
                "the rule says minReplicaCount outside its windows; write fewer if those are enough",
            ),
            "cooldownPeriod" if !goes_down => {}
            _ => match SETTINGS.iter().find(|(known, ..)| *known == key) {
                Some((_, why, hint)) => work.leave_out(what, *why, *hint),
                None => work.leave_out(
                    what,
                    format!("{} is not understood", shown(value)),
                    "see whether you still need it",
                ),
            },
        }
    }
    tell_advanced(object, &title, has_load, work);
    for (key, value) in object.annotations() {
        if key.starts_with("autoscaling.keda.sh/paused") && value != "false" {
            work.leave_out(
                format!("{title}, annotation {}", quoted(key)),
                "a pause is not part of a rule",
                "to hold the rule back, annotate the object that it writes with easyscale.io/pause=true",
            );
        }
    }
}

fn tell_advanced(object: &Object, title: &str, has_load: bool, work: &mut Work<'_>) {
    let advanced = object.map(&["spec", "advanced"]);
    for (key, value) in advanced.filter(|(_, value)| !value.is_null()) {
        let what = format!("{title}, advanced.{}", name_of(key));
        match key {
            "horizontalPodAutoscalerConfig" => work.leave_out(
                what,
                "how fast an HPA scales, and its name, are settings of that HPA",
                if has_load {
                    "write its `behavior` into the HPA that you give the workload"
                } else {
                    "nothing has to be done: without an HPA a rule sets the number at once"
                },
            ),
            "restoreToOriginalReplicaCount" if value.as_bool() == Some(true) => work.leave_out(
                what,
                "it is about the end of the ScaledObject",
                "nothing has to be done: easyscale puts back what it found when a rule goes (docs/how-it-writes.md)",
            ),
            "restoreToOriginalReplicaCount" => {}
            // One without a formula computes nothing.
            "scalingModifiers" if value.get("formula").is_none() => {}
            _ => work.leave_out(
                what,
                format!("{} is not understood", shown(value)),
                "see whether you still need it",
            ),
        }
    }
}

/// The name of a setting, in quotes if it is no word.
fn name_of(key: &str) -> String {
    if !key.is_empty() && key.len() < 60 && key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// Takes out the windows that never count: KEDA takes the largest of all triggers, so nothing is lost with them.
fn drop_lost(draft: &mut Draft) -> Vec<DraftWindow> {
    /// Each is looked for in the whole rule, which is for rules that people write.
    const MOST: usize = 50;
    let mut dropped = Vec::new();
    // One at a time: of two that are always open together, each would do.
    while draft.windows.len() <= MOST
        && let Some(index) = draft.lost_window()
    {
        dropped.push(draft.windows.remove(index));
    }
    dropped
}

/// Takes the zone that all windows have out of them.
fn common_zone(windows: &mut [DraftWindow]) -> Option<Zone> {
    let first = windows.first()?.zone.clone();
    if windows.iter().any(|window| window.zone != first) {
        return None;
    }
    windows.iter_mut().for_each(|window| window.zone = None);
    first
}

/// Whether another trigger is active all the time that this one is, and asks for as much; of two alike the first counts.
fn never_counts(triggers: &[Trigger], number: usize) -> bool {
    let one = &triggers[number];
    triggers.iter().enumerate().any(|(index, other)| {
        if other.copies < one.copies || one.zone != other.zone {
            return false;
        }
        let (covered, same) = match (&one.times, &other.times) {
            (Times::Weekly(times), Times::Weekly(others)) => (others.contains(times), times == others),
            (Times::Dated(when), Times::Dated(others)) => (when == others, when == others),
            _ => (false, false),
        };
        let alike = same && one.copies == other.copies;
        covered && if alike { index < number } else { index != number }
    })
}

impl Counts {
    /// # Errors
    /// The key whose value is no number.
    fn read(object: &Object) -> Result<Self, &'static str> {
        let count = |key: &'static str| match object.get(&["spec", key]) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => number(value).map(Some).ok_or(key),
        };
        Ok(Self {
            min: count("minReplicaCount")?.unwrap_or(0),
            max: count("maxReplicaCount")?.unwrap_or(DEFAULT_MAX),
            idle: count("idleReplicaCount")?,
        })
    }
}

/// Reads a cron trigger, or says why it cannot be carried over and what to do.
fn cron(trigger: &Value) -> Result<Trigger, Refusal> {
    let text = |key: &str| {
        let value = trigger.get("metadata").and_then(|metadata| metadata.get(key));
        value
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| {
                (
                    format!("it has no {key}"),
                    "KEDA refuses it, too: mend or delete the trigger".to_owned(),
                )
            })
    };
    let zone = text("timezone")?;
    let zone = Zone::parse(zone).map_err(|_| {
        (
            format!("there is no time zone {}", quoted(zone)),
            "write a name such as Europe/Berlin into the trigger".to_owned(),
        )
    })?;
    let copies = trigger
        .get("metadata")
        .and_then(|metadata| metadata.get("desiredReplicas"));
    let copies = copies
        .and_then(number)
        .filter(|copies| *copies > 0)
        .ok_or_else(|| {
            (
                "its desiredReplicas is not a number from 1 up".to_owned(),
                "KEDA refuses it, too: mend or delete the trigger".to_owned(),
            )
        })?;
    let (start_text, end_text) = (text("start")?, text("end")?);
    let by_hand = || {
        "write a window with `dates`, or with `cron` and `duration`: docs/schedules.md shows the forms"
            .to_owned()
    };
    let pattern = |text: &str| Pattern::parse(text, Dialect::Unix).map_err(|why| (why, by_hand()));
    let (start, end) = (pattern(start_text)?, pattern(end_text)?);
    let not_sayable = || {
        (
            format!(
                "start {} and end {} are not the same in every week, nor two times of the same dates",
                quoted(start_text),
                quoted(end_text)
            ),
            by_hand(),
        )
    };
    let times = match (start.weekly(), end.weekly()) {
        (Some(starts), Some(ends)) => Times::Weekly(between(&starts, &ends)),
        _ => {
            let (Some(from), Some(until), true) = (start.time(), end.time(), start.has_days_of(&end)) else {
                return Err(not_sayable());
            };
            let (dates, days) = start.dates().filter(|_| from < until).ok_or_else(not_sayable)?;
            Times::Dated(When::Days {
                days,
                dates,
                hours: Some((time(from), time(until))),
            })
        }
    };
    if let Times::Weekly(week) = &times
        && (week.is_empty() || week.is_all())
    {
        return Err((
            format!(
                "start {} and end {} together are {} active",
                quoted(start_text),
                quoted(end_text),
                if week.is_all() { "always" } else { "never" }
            ),
            "if it is meant to hold always, write it as `default`".to_owned(),
        ));
    }
    Ok(Trigger { zone, copies, times })
}

/// KEDA is active where the next end comes before the next start: up to an end that is not a start as well. Both are sorted.
fn between(starts: &[u32], ends: &[u32]) -> Week {
    let mut edges: Vec<u32> = starts.iter().chain(ends).copied().collect();
    edges.sort_unstable();
    edges.dedup();
    let mut week = Week::default();
    for (number, edge) in edges.iter().enumerate() {
        if ends.binary_search(edge).is_ok() && starts.binary_search(edge).is_err() {
            // The edge before the first one is the last of the week before.
            let before = edges[(number + edges.len() - 1) % edges.len()];
            let length = (edge + WEEK - before - 1) % WEEK + 1;
            week.add(before, length);
        }
    }
    week
}
