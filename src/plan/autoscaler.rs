//! The plan for an autoscaler: two bounds through the table, then the object as a whole.

use super::guards;
use super::memory::{AutoscalerMemory, Header, Remembered};
use super::observed::{Autoscaler, Owner, STATE_ANNOTATION};
use super::pass::{Pass, Pause};
use super::patience::{Circumstances, Wait, sooner};
use super::refusal::{Code, Refusal};
use super::table::{Learnt, Lesson, Seen, Settled, decide_from, learn, settle};
use super::target_plan::{Because, Bounds, Note, reasons};
use super::writes::{BoundsWrite, Release, Writes};
use crate::engine::{Adjusted, Base, Decision, Want, decide};
use crate::policy::{Replicas, Rule};
use crate::time::Instant;

/// What is to happen to one object.
#[derive(Debug, Default)]
pub(super) struct ObjectPlan {
    pub(super) from: Bounds,
    pub(super) to: Bounds,
    pub(super) because: Vec<Because>,
    pub(super) until: Option<Instant>,
    /// When the first write that waits is due.
    pub(super) waits: Option<Instant>,
    pub(super) notes: Vec<Note>,
    pub(super) writes: Writes,
    /// Nothing is asked any more: the write puts originals back.
    pub(super) restores: bool,
    /// The decision it follows from, for what else hangs on it.
    pub(super) decision: Decision,
}

impl ObjectPlan {
    /// Nothing, because the object is paused.
    pub(super) fn paused(live: Bounds, pause: Pause) -> Self {
        Self {
            from: live,
            to: live,
            until: pause.until,
            notes: vec![pause.note],
            ..Self::default()
        }
    }
}

/// One bound on its way through the table.
struct Bound<'a> {
    name: &'static str,
    seen: Seen,
    lesson: Lesson,
    settled: Settled,
    wait: Option<Wait>,
    others: &'a [String],
}

/// Plans an autoscaler for a rule, or its restoration if there is none.
pub(super) fn plan(
    pass: &Pass<'_>,
    rule: Option<&Rule>,
    autoscaler: &Autoscaler,
) -> Result<ObjectPlan, Refusal> {
    let memory = read_memory(pass, autoscaler)?;
    let live = Bounds::of(autoscaler);
    if let Some(pause) = pass.paused(autoscaler.pause.as_deref()) {
        return Ok(ObjectPlan::paused(live, pause));
    }
    let [floor_seen, ceiling_seen] = look(rule, autoscaler, memory.as_ref());
    let (floor_lesson, ceiling_lesson) = (learn(&floor_seen), learn(&ceiling_seen));
    let ask = |floor: Learnt| {
        let original = floor.original(floor_seen.live);
        let base = Base::Autoscaler {
            floor: Some(original.unwrap_or(floor_seen.absent_means)),
            ceiling: ceiling_lesson.learnt.original(ceiling_seen.live),
        };
        rule.map(|rule| decide(rule, &base, pass.at)).unwrap_or_default()
    };
    let live_floor = floor_seen.live.unwrap_or(floor_seen.absent_means);
    let mut decision = decide_from(floor_lesson.learnt, live_floor, |it| it.floor, ask);
    let asked = decision.floor.is_some() || decision.ceiling.is_some() || decision.replicas.is_some();
    let lost = floor_lesson.learnt == Learnt::Lost || ceiling_lesson.learnt == Learnt::Lost;
    if lost && asked {
        return Err(state_lost(autoscaler));
    }
    guards::check_zero_floor(autoscaler, decision.floor.map(|want| want.value))?;

    let mut floor = settle(floor_lesson.learnt, &floor_seen, decision.floor.as_ref(), true);
    let mut ceiling = settle(
        ceiling_lesson.learnt,
        &ceiling_seen,
        decision.ceiling.as_ref(),
        false,
    );
    let object = autoscaler.object();
    let circumstances = Circumstances {
        object: &object,
        written: memory.as_ref().and_then(|memory| memory.header.written()),
        cooldown: rule.map_or(0, |rule| rule.cooldown),
        at: pass.at,
    };
    let mut floor_wait = pass.patience.wait(&circumstances, &floor, live_floor);
    let mut ceiling_wait = pass.patience.wait(&circumstances, &ceiling, autoscaler.ceiling);
    // What the API would refuse beside the other bound waits no longer; where both wait, all stays as it is.
    if floor_wait.is_some() != ceiling_wait.is_some() {
        let floor_stays = floor.write.filter(|_| floor_wait.is_none()).unwrap_or(live_floor);
        let ceiling_stays = ceiling
            .write
            .filter(|_| ceiling_wait.is_none())
            .unwrap_or(autoscaler.ceiling);
        if floor_stays > ceiling_stays {
            (floor_wait, ceiling_wait) = (None, None);
        }
    }
    if floor_wait.is_some() {
        floor = floor.put_off(floor_lesson.learnt);
    }
    if ceiling_wait.is_some() {
        ceiling = ceiling.put_off(ceiling_lesson.learnt);
    }
    let floor_after = floor.write.or(autoscaler.floor).unwrap_or(1);
    let ceiling_after = ceiling.write.unwrap_or(autoscaler.ceiling);
    let mut notes = Vec::new();
    if floor_after > ceiling_after {
        notes.push(Note::warning(
            "ceiling-raised",
            format!("maxReplicas rises to {floor_after}, because minReplicas stands there and the API refuses less"),
        ));
        match decision.floor.or(decision.ceiling) {
            Some(asked) => {
                decision.ceiling = Some(Want {
                    value: floor_after,
                    setter: asked.setter,
                    adjusted: Some(Adjusted::ToFloor),
                });
                ceiling = settle(
                    ceiling_lesson.learnt,
                    &ceiling_seen,
                    decision.ceiling.as_ref(),
                    false,
                );
            }
            // Two originals of different days cannot both stand. Until the release is done the raised value is
            // remembered as ours: a pass that is killed before must not find a bound that it owns but forgot.
            None => {
                ceiling.write = (floor_after != autoscaler.ceiling).then_some(floor_after);
                ceiling.remembered = Some(Remembered {
                    original: ceiling_lesson.learnt.original(ceiling_seen.live),
                    applied: floor_after,
                });
            }
        }
    }

    let bounds = [
        Bound {
            name: "minReplicas",
            seen: floor_seen,
            lesson: floor_lesson,
            settled: floor,
            wait: floor_wait,
            others: &autoscaler.managers.floor,
        },
        Bound {
            name: "maxReplicas",
            seen: ceiling_seen,
            lesson: ceiling_lesson,
            settled: ceiling,
            wait: ceiling_wait,
            others: &autoscaler.managers.ceiling,
        },
    ];
    let wanted = decision.floor.is_some() || decision.ceiling.is_some();
    for bound in &bounds {
        notes.extend(bound_notes(bound, decision.until));
    }
    if lost {
        notes.push(lost_note(autoscaler));
    }
    let writes = if wanted {
        keep(pass, rule, autoscaler, memory.as_ref(), &bounds)
    } else {
        release(pass, rule, autoscaler, memory.as_ref(), &bounds)
    };
    let to = Bounds {
        replicas: None,
        min_replicas: floor.write.or(autoscaler.floor),
        max_replicas: Some(ceiling.write.unwrap_or(autoscaler.ceiling)),
    };
    if let Some(write) = &writes.bounds {
        notes.extend(takeover_notes(&bounds, write, memory.as_ref(), rule));
        if floor.write.is_some_and(|floor| Some(floor) > autoscaler.floor) {
            notes.extend(
                floor
                    .write
                    .and_then(|floor| guards::blocked_scale_up(autoscaler, floor)),
            );
        }
        if wanted {
            notes.extend(guards::pinned(
                to.min_replicas.unwrap_or(1),
                to.max_replicas.unwrap_or(1),
            ));
        }
    }
    let because = rule.map(|rule| reasons(rule, &decision)).unwrap_or_default();
    let restores = !wanted && !writes.is_empty();
    Ok(ObjectPlan {
        from: live,
        to,
        because,
        until: decision.until,
        waits: sooner(floor_wait, ceiling_wait),
        notes,
        writes,
        restores,
        decision,
    })
}

/// Lets go of an autoscaler that another controller owns by now: its bounds are not ours to write.
pub(super) fn let_go(pass: &Pass<'_>, autoscaler: &Autoscaler, owner: &Owner) -> Result<ObjectPlan, Refusal> {
    read_memory(pass, autoscaler)?;
    let live = Bounds::of(autoscaler);
    if let Some(pause) = pass.paused(autoscaler.pause.as_deref()) {
        return Ok(ObjectPlan::paused(live, pause));
    }
    Ok(ObjectPlan {
        from: live,
        to: live,
        notes: vec![Note::info(
            "memory-dropped",
            format!(
                "it belongs to {} {} now; the memory of its bounds is dropped, its bounds stay",
                owner.kind, owner.name
            ),
        )],
        writes: Writes {
            release: forget(autoscaler),
            ..Writes::default()
        },
        restores: true,
        ..ObjectPlan::default()
    })
}

/// The memory on an autoscaler.
pub(super) fn read_memory(
    pass: &Pass<'_>,
    autoscaler: &Autoscaler,
) -> Result<Option<AutoscalerMemory>, Refusal> {
    let Some(text) = &autoscaler.state else {
        return Ok(None);
    };
    let what = format!(
        "HorizontalPodAutoscaler {}/{}",
        autoscaler.namespace, autoscaler.name
    );
    let memory = AutoscalerMemory::parse(text).map_err(|unreadable| pass.unreadable(&what, &unreadable))?;
    pass.check_instance(&what, &memory.header)?;
    Ok(Some(memory))
}

fn look(rule: Option<&Rule>, autoscaler: &Autoscaler, memory: Option<&AutoscalerMemory>) -> [Seen; 2] {
    let of_another_uid = memory.is_some_and(|memory| memory.header.uid != autoscaler.uid);
    let default = |setting: fn(&Rule) -> Option<Replicas>| rule.and_then(setting);
    [
        Seen {
            live: autoscaler.floor,
            absent_means: 1,
            remembered: memory.and_then(|memory| memory.floor),
            of_another_uid,
            owned: autoscaler.managers.owns_floor,
            // `replicas: 0` puts the target to sleep; it says nothing of the floor.
            default: default(|rule| {
                let floor = rule.default.floor.as_ref().filter(|_| !rule.default.is_sleep());
                floor.map(|sourced| sourced.value)
            }),
        },
        Seen {
            live: Some(autoscaler.ceiling),
            absent_means: 1,
            remembered: memory.and_then(|memory| memory.ceiling),
            of_another_uid,
            owned: autoscaler.managers.owns_ceiling,
            default: default(|rule| rule.default.ceiling.as_ref().map(|sourced| sourced.value)),
        },
    ]
}

/// Something is wanted: one apply that carries every bound that we set or still own, and the memory.
fn keep(
    pass: &Pass<'_>,
    rule: Option<&Rule>,
    autoscaler: &Autoscaler,
    old: Option<&AutoscalerMemory>,
    bounds: &[Bound<'_>; 2],
) -> Writes {
    let [floor, ceiling] = bounds;
    let rule_name = rule.map(|rule| rule.name.as_str()).unwrap_or_default();
    let (remember_floor, remember_ceiling) = (floor.settled.remembered, ceiling.settled.remembered);
    if remember_floor.is_none() && remember_ceiling.is_none() {
        return Writes {
            release: forget(autoscaler),
            ..Writes::default()
        };
    }
    let settled = old.is_some_and(|old| {
        old.header.uid == autoscaler.uid
            && old.header.rule == rule_name
            && old.floor == remember_floor
            && old.ceiling == remember_ceiling
    });
    if settled && floor.settled.write.is_none() && ceiling.settled.write.is_none() {
        return Writes::default();
    }
    let header = Header::new(pass.instance, rule_name, &autoscaler.uid, &pass.at_text);
    let memory = AutoscalerMemory::new(header, remember_floor, remember_ceiling);
    Writes {
        bounds: Some(bounds_write(autoscaler, bounds, &memory)),
        ..Writes::default()
    }
}

/// Nothing is wanted: the originals of the bounds that are still ours, then nothing of us remains.
fn release(
    pass: &Pass<'_>,
    rule: Option<&Rule>,
    autoscaler: &Autoscaler,
    old: Option<&AutoscalerMemory>,
    bounds: &[Bound<'_>; 2],
) -> Writes {
    let [floor, ceiling] = bounds;
    let bounds_write = (floor.settled.write.is_some() || ceiling.settled.write.is_some()).then(|| {
        let rule_name = rule
            .map(|rule| rule.name.as_str())
            .or(old.map(|old| old.header.rule.as_str()))
            .unwrap_or_default();
        let header = Header::new(pass.instance, rule_name, &autoscaler.uid, &pass.at_text);
        let memory = AutoscalerMemory::new(header, floor.settled.remembered, ceiling.settled.remembered);
        bounds_write(autoscaler, bounds, &memory)
    });
    let release = forget(autoscaler).or_else(|| {
        bounds_write.is_some().then(|| Release {
            object: autoscaler.object(),
            uid: autoscaler.uid.clone(),
            resource_version: autoscaler.resource_version.clone(),
            annotation: true,
        })
    });
    let release = release.map(|release| Release {
        annotation: release.annotation || bounds_write.is_some(),
        ..release
    });
    Writes {
        bounds: bounds_write,
        release,
        scale: None,
    }
}

/// Removes what is there of us, if anything is.
fn forget(autoscaler: &Autoscaler) -> Option<Release> {
    (autoscaler.state.is_some() || autoscaler.managers.ours).then(|| Release {
        object: autoscaler.object(),
        uid: autoscaler.uid.clone(),
        resource_version: autoscaler.resource_version.clone(),
        annotation: autoscaler.state.is_some(),
    })
}

fn bounds_write(
    autoscaler: &Autoscaler,
    [floor, ceiling]: &[Bound<'_>; 2],
    memory: &AutoscalerMemory,
) -> BoundsWrite {
    let carry =
        |bound: &Bound<'_>, live: Option<Replicas>| bound.settled.write.or(live.filter(|_| bound.seen.owned));
    let takes = |bound: &Bound<'_>| bound.settled.write.is_some() && !bound.others.is_empty();
    let force = takes(floor) || takes(ceiling) || !autoscaler.managers.state.is_empty();
    // Server-side apply sees no conflict between two passes of ours, so each write depends on the whole picture.
    let resource_version = Some(autoscaler.resource_version.clone()).filter(|version| !version.is_empty());
    BoundsWrite {
        object: autoscaler.object(),
        uid: autoscaler.uid.clone(),
        resource_version,
        force,
        floor: carry(floor, autoscaler.floor),
        ceiling: carry(ceiling, Some(autoscaler.ceiling)),
        state: Some(memory.to_text()),
    }
}

fn bound_notes(bound: &Bound<'_>, until: Option<Instant>) -> Vec<Note> {
    let Bound {
        name,
        seen,
        lesson,
        settled,
        wait,
        others,
    } = bound;
    let live = seen.live.unwrap_or(seen.absent_means);
    let who = who(others);
    let applied = seen
        .remembered
        .map(|remembered| remembered.applied)
        .unwrap_or_default();
    let mut notes = Vec::new();
    match lesson.row {
        Some(11) if matches!(lesson.learnt, Learnt::Ours(_)) => notes.push(Note::warning(
            "state-rebuilt",
            format!("the memory of {name} was gone; the rule's default says what its original is"),
        )),
        Some(12) => notes.push(Note::info(
            "adopted",
            format!("the object was recreated with our {name} of {applied}; its remembered original is kept"),
        )),
        Some(13) => notes.push(Note::info(
            "memory-of-another-object",
            format!("the object was recreated with its own {name}; the old memory is dropped"),
        )),
        _ => {}
    }
    if let Some(wait) = wait {
        notes.push(wait.note(name, &who, live));
        return notes;
    }
    match settled.row {
        6 => notes.push(Note::warning(
            "reverted",
            format!("{who} put {name} back to {live}; it is set again"),
        )),
        7 => {
            let until = until.map_or_else(|| "for good".to_owned(), |until| format!("until {until}"));
            notes.push(Note::info(
                "held",
                format!("{who} raised {name} from {applied} to {live}; that is respected {until}"),
            ));
        }
        8 => notes.push(Note::info(
            "new-original",
            format!("{who} changed {name} from {applied} to {live}; that is what is restored later"),
        )),
        10 => notes.push(Note::info(
            "newer-than-original",
            format!("{who} changed {name} from {applied} to {live}; it stays"),
        )),
        _ => {}
    }
    notes
}

/// The managers of a field, for a sentence.
pub(super) fn who(others: &[String]) -> String {
    match others {
        [] => "somebody".to_owned(),
        several => several.iter().take(3).cloned().collect::<Vec<_>>().join(" and "),
    }
}

fn takeover_notes(
    bounds: &[Bound<'_>; 2],
    write: &BoundsWrite,
    old: Option<&AutoscalerMemory>,
    rule: Option<&Rule>,
) -> Vec<Note> {
    let mut notes = Vec::new();
    if write.force {
        let mut fields: Vec<(&str, &[String])> = bounds
            .iter()
            .filter(|bound| bound.settled.write.is_some() && !bound.others.is_empty())
            .map(|bound| (bound.name, bound.others))
            .collect();
        if fields.is_empty() {
            notes.push(Note::info(
                "takes-over",
                "takes over its state annotation from another field manager",
            ));
        }
        while let Some((first, others)) = fields.first().copied() {
            let names: Vec<_> = fields
                .iter()
                .filter(|(_, theirs)| *theirs == others)
                .map(|(name, _)| *name)
                .collect();
            fields.retain(|(_, theirs)| *theirs != others);
            let names = if names.is_empty() {
                first.to_owned()
            } else {
                names.join(" and ")
            };
            notes.push(Note::info(
                "takes-over",
                format!("takes over {names} from {}", who(others)),
            ));
        }
    }
    if let (Some(rule), Some(old)) = (rule, old)
        && old.header.rule != rule.name
    {
        notes.push(Note::info(
            "renamed",
            format!("takes over from rule {}", old.header.rule),
        ));
    }
    notes
}

fn state_lost(autoscaler: &Autoscaler) -> Refusal {
    let name = format!("{}/{}", autoscaler.namespace, autoscaler.name);
    Refusal::new(
        Code::StateLost,
        format!(
            "easyscale wrote the bounds of HorizontalPodAutoscaler {name}, but its annotation {STATE_ANNOTATION} is gone, \
             so the originals are unknown"
        ),
        format!("set the bounds that you want yourself: {}", mend(autoscaler)),
    )
}

fn lost_note(autoscaler: &Autoscaler) -> Note {
    Note::warning(
        "state-lost",
        format!(
            "the annotation {STATE_ANNOTATION} is gone, so the originals are unknown; the bounds stay as they are. If they \
             are wrong: {}",
            mend(autoscaler)
        ),
    )
}

fn mend(autoscaler: &Autoscaler) -> String {
    format!(
        "kubectl patch hpa {} -n {} --type merge -p '{{\"spec\":{{\"minReplicas\":MIN,\"maxReplicas\":MAX}}}}'",
        autoscaler.name, autoscaler.namespace
    )
}
