//! kubernetes-cronhpa-controller of Alibaba Cloud: the jobs of a `CronHorizontalPodAutoscaler`.

use serde_json::Value;

use super::actions::{Action, Sets, Timetable, timetable};
use super::objects::{Object, number, shown};
use super::pattern::{Dialect, Pattern};
use super::{Refusal, Work, scale_target_of};
use crate::draft::quoted;
use crate::draft::rule::Draft;

pub(super) fn carry(object: &Object, work: &mut Work<'_>) -> bool {
    if object.group() != "autoscaling.alibabacloud.com" || object.kind() != "CronHorizontalPodAutoscaler" {
        return false;
    }
    let title = object.title();
    let target = match scale_target_of(object, "") {
        Ok(target) => target,
        Err((why, hint)) => {
            work.leave_out(title, why, hint);
            return true;
        }
    };
    let Some(zone) = work.context.zone.clone() else {
        work.leave_out(
            title,
            "its zone is that of the controller, which the object does not say",
            "say it with --timezone; the variable TZ of the controller's Deployment holds it",
        );
        return true;
    };
    let mut actions = Vec::new();
    let mut is_whole = true;
    for (index, job) in object.list(&["spec", "jobs"]).iter().enumerate() {
        let name = job.get("name").and_then(Value::as_str).unwrap_or_default();
        let what = format!("{title}, job {}", quoted(name));
        let name = if name.is_empty() {
            format!("Job {}", index + 1)
        } else {
            name.to_owned()
        };
        match read(job, target.is_autoscaler()) {
            Ok((seconds, replicas)) => actions.extend(seconds.into_iter().map(|at| Action {
                at,
                name: name.clone(),
                sets: Sets {
                    replicas: Some(replicas),
                    ..Sets::default()
                },
            })),
            Err((why, hint)) => {
                work.leave_out(what, why, hint);
                is_whole &= happens_once(job);
            }
        }
    }
    // The number of another job would hold on where that one sets it.
    if !is_whole {
        work.leave_out(
            title,
            "a rule without that job would hold a wrong number from then on",
            "mend the job and run this again, or write the whole rule by hand",
        );
        return true;
    }
    for exclude in object.list(&["spec", "excludeDates"]) {
        work.leave_out(
            format!("{title}, excludeDates {}", shown(exclude)),
            "that controller skips other days besides, and leaves open what holds instead",
            match exclude.as_str().and_then(excluded_date) {
                Some(date) => {
                    format!("add `except: {{dates: [\"{date}\"]}}` to the windows that it is about")
                }
                None => "add `except` to the windows that it is about: docs/rules.md, Exceptions".to_owned(),
            },
        );
    }
    if actions.is_empty() {
        work.leave_out(
            title,
            "no job of it can be carried over",
            "write its windows by hand: docs/schedules.md",
        );
        return true;
    }
    match timetable(actions) {
        Ok(Timetable { windows, default }) => {
            let draft = Draft {
                name: String::new(),
                target: target.clone(),
                zone: Some(zone),
                windows,
                default: Some(default),
            };
            if work.take(&title, draft) {
                work.look_at(
                    title,
                    "a job sets a number once, a rule keeps it until the next one",
                    format!(
                        "delete the object before you apply (kubectl delete cronhpa -n {} {}), else both write",
                        target.namespace,
                        object.name_to_type()
                    ),
                );
            }
        }
        Err(why) => work.leave_out(
            title,
            why,
            "leave one of the two out, or write the windows by hand",
        ),
    }
    true
}

/// When a job runs in every week and what it sets, or why it cannot be carried over and what to do.
fn read(job: &Value, of_autoscaler: bool) -> Result<(Vec<u32>, u32), Refusal> {
    let replicas = job.get("targetSize").and_then(number).ok_or_else(|| {
        (
            "its targetSize is not a number of copies".to_owned(),
            "write a whole number from 0 up".to_owned(),
        )
    })?;
    if of_autoscaler && replicas == 0 {
        return Err((
            "an HPA cannot have a floor of 0".to_owned(),
            "a window with `replicas: 0` lets the workload sleep, if that is meant".to_owned(),
        ));
    }
    let schedule = schedule(job);
    if happens_once(job) {
        return Err((
            format!(
                "{} happens once and holds until another job, which no window says",
                quoted(schedule)
            ),
            "write a window with `from` and `until` for it".to_owned(),
        ));
    }
    let by_hand = || "write its windows by hand: docs/schedules.md shows the forms".to_owned();
    let pattern = Pattern::parse(schedule, Dialect::Seconds).map_err(|why| (why, by_hand()))?;
    let seconds = pattern.weekly().ok_or_else(|| {
        (
            format!("{} is not the same in every week", quoted(schedule)),
            by_hand(),
        )
    })?;
    Ok((seconds, replicas))
}

fn schedule(job: &Value) -> &str {
    job.get("schedule").and_then(Value::as_str).unwrap_or_default()
}

fn happens_once(job: &Value) -> bool {
    job.get("runOnce").and_then(Value::as_bool) == Some(true) || schedule(job).starts_with("@date")
}

/// `12-25` of `* * * 25 12 *`.
fn excluded_date(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let ["*", "*", "*", day, month, "*" | "?"] = fields.as_slice() else {
        return None;
    };
    let (day, month): (u32, u32) = (day.parse().ok()?, month.parse().ok()?);
    ((1..=31).contains(&day) && (1..=12).contains(&month)).then(|| format!("{month:02}-{day:02}"))
}
