//! The plan for a scale: of a workload without autoscaler, and of one that sleeps.

use super::autoscaler::{ObjectPlan, who};
use super::memory::{Header, Remembered, RememberedScale, ScaleMemory};
use super::observed::{FIELD_MANAGER, MemoryMap, RELEASE_MANAGER, Workload};
use super::pass::Pass;
use super::patience::{Circumstances, Wait};
use super::refusal::{Code, Refusal};
use super::table::{Learnt, Seen, Settled, decide_from, learn, settle};
use super::target_plan::{Bounds, Note, reasons};
use super::writes::{ScaleWrite, Writes};
use crate::engine::{Base, Decision, Want, decide};
use crate::policy::{Replicas, Rule, Wake};
use crate::time::Instant;

/// A `ConfigMap` key is at most this long.
const MAX_KEY: usize = 253;

/// A workload's scale and what is remembered of it.
struct Scale<'a> {
    workload: &'a Workload,
    key: String,
    stored: Option<ScaleMemory>,
    /// The memory, once a write that was interrupted has been understood.
    remembered: Option<Remembered>,
    of_another_uid: bool,
}

/// Plans a workload without autoscaler for a rule, or its restoration if there is none.
pub(super) fn plan(
    pass: &Pass<'_>,
    rule: Option<&Rule>,
    workload: &Workload,
    memory: Option<&MemoryMap>,
) -> Result<ObjectPlan, Refusal> {
    let scale = Scale::read(pass, workload, memory)?;
    let live = bounds(workload.replicas);
    if let Some(pause) = pass.paused(workload.pause.as_deref()) {
        return Ok(ObjectPlan::paused(live, pause));
    }
    let seen = scale.seen(rule);
    let lesson = learn(&seen);
    let ask = |learnt| {
        let original = scale.original(learnt, rule);
        rule.map(|rule| decide(rule, &Base::Scale(Some(original)), pass.at))
            .unwrap_or_default()
    };
    let decision = decide_from(lesson.learnt, workload.replicas, |it| it.replicas, ask);
    let want = decision.replicas;
    let mut notes = Vec::new();
    if lesson.learnt == Learnt::Lost {
        if want.is_some() {
            return Err(state_lost(workload));
        }
        notes.push(lost_note(workload));
    } else if lesson.row == Some(11) {
        notes.push(Note::warning(
            "state-rebuilt",
            "the memory of replicas was gone; the rule's default says what their original is",
        ));
    }
    let mut settled = scale.settle(lesson.learnt, &seen, want.as_ref(), rule, &mut notes);
    let wait = scale.wait(pass, rule, &settled);
    if wait.is_some() {
        settled = settled.put_off(lesson.learnt);
    }
    notes.extend(scale_notes(
        &seen,
        &settled,
        wait,
        &workload.managers.scale,
        decision.until,
    ));
    let write = scale.write(pass, rule, &settled, lesson.learnt, want.is_some())?;
    let to = bounds(
        write
            .as_ref()
            .and_then(|write| write.value)
            .map_or(workload.replicas, |(value, _)| value),
    );
    let restores = want.is_none() && write.is_some();
    Ok(ObjectPlan {
        from: live,
        to,
        because: rule.map(|rule| reasons(rule, &decision)).unwrap_or_default(),
        until: decision.until,
        waits: wait.map(|wait| wait.until),
        notes,
        writes: Writes {
            scale: write,
            ..Writes::default()
        },
        restores,
        decision,
    })
}

/// What becomes of the scale beside an autoscaler.
pub(super) struct Beside {
    pub(super) write: Option<ScaleWrite>,
    /// When the write that waits is due.
    pub(super) waits: Option<Instant>,
    pub(super) notes: Vec<Note>,
}

impl Beside {
    fn left(notes: Vec<Note>) -> Self {
        Self {
            write: None,
            waits: None,
            notes,
        }
    }
}

/// Puts a workload with an autoscaler to sleep, keeps it asleep, wakes it, or forgets it.
///
/// `floor` is what the autoscaler's floor will be; waking writes at least that.
pub(super) fn plan_beside_autoscaler(
    pass: &Pass<'_>,
    rule: Option<&Rule>,
    workload: &Workload,
    memory: Option<&MemoryMap>,
    decision: &Decision,
    floor: Replicas,
) -> Result<Beside, Refusal> {
    let scale = Scale::read(pass, workload, memory)?;
    if let Some(pause) = pass.paused(workload.pause.as_deref()) {
        return Ok(Beside::left(vec![pause.note]));
    }
    let mut notes = Vec::new();
    if let Some(want) = decision.replicas {
        let seen = scale.seen(rule);
        let lesson = learn(&seen);
        // The autoscaler's controller may overwrite our zero in the same second: that is a revert, not an intent.
        let learnt = match lesson.learnt {
            Learnt::Drifted(remembered) => Learnt::Reverted(remembered),
            // Waking hands over to the autoscaler, so nobody needs the original; and a scale that was ours before
            // there was an autoscaler, and whose memory was dropped for that, looks just like this.
            Learnt::Lost => Learnt::Fresh,
            other => other,
        };
        let mut settled = scale.settle(learnt, &seen, Some(&want), rule, &mut notes);
        let wait = scale.wait(pass, rule, &settled);
        if wait.is_some() {
            settled = settled.put_off(learnt);
        }
        notes.extend(scale_notes(
            &seen,
            &settled,
            wait,
            &workload.managers.scale,
            decision.until,
        ));
        return Ok(Beside {
            write: scale.write(pass, rule, &settled, learnt, true)?,
            waits: wait.map(|wait| wait.until),
            notes,
        });
    }
    // Row 12 holds here too: a zero of ours that a backup brought back would sleep for ever.
    let ours = scale.remembered.is_some_and(|remembered| remembered.applied == 0);
    let wakes = ours || rule.is_some_and(|rule| rule.wake == Wake::Always);
    let value = floor.max(1);
    if workload.replicas == 0 && wakes {
        notes.push(Note::info(
            "wakes",
            format!("wakes it with {value} replicas and hands over to its autoscaler"),
        ));
        return Ok(Beside {
            write: Some(scale.forget(Some(value))),
            ..Beside::left(notes)
        });
    }
    if workload.replicas == 0 && rule.is_some() {
        // A lost memory of our own sleep looks the same: the API forgets who wrote a zero.
        notes.push(asleep_by_hand(value));
    }
    if scale.remembered.is_some_and(|remembered| remembered.applied != 0) {
        notes.push(Note::info(
            "memory-dropped",
            "it has an autoscaler now; the memory of its scale is dropped, its replicas stay",
        ));
    }
    Ok(Beside {
        write: scale.stored.is_some().then(|| scale.forget(None)),
        ..Beside::left(notes)
    })
}

/// Lets go of a workload that something else drives by now: its scale is not ours to write.
pub(super) fn let_go(pass: &Pass<'_>, workload: &Workload, taken: &Refusal) -> Result<ObjectPlan, Refusal> {
    let memory = pass.index.observed.memories.get(&workload.namespace);
    let scale = Scale::read(pass, workload, memory)?;
    let live = bounds(workload.replicas);
    if let Some(pause) = pass.paused(workload.pause.as_deref()) {
        return Ok(ObjectPlan::paused(live, pause));
    }
    // A zero of ours would sleep for ever: whoever drives it now may wait for somebody to wake it.
    let ours = workload.replicas == 0 && scale.remembered.is_some_and(|remembered| remembered.applied == 0);
    let wake = ours.then_some(1);
    let what = if ours {
        "it is woken with 1 replica"
    } else {
        "its replicas stay"
    };
    Ok(ObjectPlan {
        from: live,
        to: bounds(wake.unwrap_or(workload.replicas)),
        notes: vec![Note::info(
            "memory-dropped",
            format!("{}; the memory of its scale is dropped, {what}", taken.message),
        )],
        writes: Writes {
            scale: Some(scale.forget(wake)),
            ..Writes::default()
        },
        restores: true,
        ..ObjectPlan::default()
    })
}

/// Forgets a workload that is gone.
pub(super) fn forget_missing(entry: &ScaleMemory, namespace: &str, key: &str) -> ScaleWrite {
    let workload = Workload {
        group: entry.group.clone(),
        kind: entry.kind.clone(),
        namespace: namespace.to_owned(),
        name: entry.name.clone(),
        ..Workload::default()
    };
    ScaleWrite {
        object: workload.object(),
        uid: String::new(),
        resource_version: String::new(),
        key: key.to_owned(),
        pending: None,
        value: None,
        after: None,
    }
}

impl<'a> Scale<'a> {
    fn read(pass: &Pass<'_>, workload: &'a Workload, memory: Option<&MemoryMap>) -> Result<Self, Refusal> {
        let key = ScaleMemory::key(&workload.group, &workload.kind, &workload.name);
        if key.len() > MAX_KEY {
            return Err(Refusal::new(
                Code::NameTooLong,
                format!(
                    "the name of {} is too long to be remembered in a ConfigMap",
                    workload.target()
                ),
                "give it a HorizontalPodAutoscaler, which carries the memory itself",
            ));
        }
        let what = workload.target().to_string();
        let stored = memory
            .and_then(|memory| memory.entries.get(&key))
            .map(|text| ScaleMemory::parse(text).map_err(|unreadable| pass.unreadable(&what, &unreadable)))
            .transpose()?;
        if let Some(stored) = &stored {
            pass.check_instance(&what, &stored.header)?;
        }
        let remembered = stored
            .as_ref()
            .and_then(|stored| understand(&stored.replicas, workload.replicas));
        let of_another_uid = stored
            .as_ref()
            .is_some_and(|stored| stored.header.uid != workload.uid);
        Ok(Self {
            workload,
            key,
            stored,
            remembered,
            of_another_uid,
        })
    }

    fn seen(&self, rule: Option<&Rule>) -> Seen {
        Seen {
            live: Some(self.workload.replicas),
            absent_means: 1,
            remembered: self.remembered,
            of_another_uid: self.of_another_uid,
            owned: self.workload.managers.owns_scale,
            default: rule
                .and_then(|rule| rule.default.floor.as_ref())
                .map(|sourced| sourced.value),
        }
    }

    /// A zero that somebody else wrote is never learnt from drift.
    fn original(&self, learnt: Learnt, rule: Option<&Rule>) -> Replicas {
        let live = self.workload.replicas;
        match learnt {
            Learnt::Drifted(remembered) if live == 0 => remembered.original.unwrap_or(live),
            Learnt::Fresh if live == 0 => {
                // Nothing is known of a time before the zero; the default is the best base for a ceiling.
                rule.and_then(|rule| rule.default.floor.as_ref())
                    .map_or(live, |floor| floor.value)
            }
            other => other.original(Some(live)).unwrap_or(live),
        }
    }

    fn settle(
        &self,
        learnt: Learnt,
        seen: &Seen,
        want: Option<&Want>,
        rule: Option<&Rule>,
        notes: &mut Vec<Note>,
    ) -> Settled {
        let live = self.workload.replicas;
        let foreign_zero =
            live == 0 && !matches!(learnt, Learnt::Ours(remembered) if remembered.applied == 0);
        let (true, Some(want)) = (foreign_zero, want) else {
            return settle(learnt, seen, want, true);
        };
        if want.value == 0 {
            // Already there, and still somebody else's: after the sleep it is not raised.
            return Settled {
                row: 2,
                write: None,
                remembered: learnt.remembered(),
            };
        }
        if rule.is_some_and(|rule| rule.wake == Wake::Always) {
            // In row 3 the zero is the original; from drift it is never learnt.
            let learnt = match learnt {
                Learnt::Drifted(remembered) => Learnt::Reverted(remembered),
                other => other,
            };
            return settle(learnt, seen, Some(want), true);
        }
        notes.push(asleep_by_hand(want.value));
        Settled {
            row: 1,
            write: None,
            remembered: learnt.remembered(),
        }
    }

    fn wait(&self, pass: &Pass<'_>, rule: Option<&Rule>, settled: &Settled) -> Option<Wait> {
        let object = self.workload.object();
        let circumstances = Circumstances {
            object: &object,
            written: self.stored.as_ref().and_then(|stored| stored.header.written()),
            cooldown: rule.map_or(0, |rule| rule.cooldown),
            at: pass.at,
        };
        pass.patience
            .wait(&circumstances, settled, self.workload.replicas)
    }

    fn write(
        &self,
        pass: &Pass<'_>,
        rule: Option<&Rule>,
        settled: &Settled,
        learnt: Learnt,
        wanted: bool,
    ) -> Result<Option<ScaleWrite>, Refusal> {
        let live = self.workload.replicas;
        let value = settled.write.filter(|value| *value != live);
        if value.is_some_and(|value| value < live) && self.workload.deletes_volumes {
            return Err(Refusal::new(
                Code::DeletesVolumes,
                format!(
                    "scaling {} down would delete the volumes of the removed pods \
                     (persistentVolumeClaimRetentionPolicy.whenScaled: Delete)",
                    self.workload.target()
                ),
                "set whenScaled: Retain, or leave it out of the rules",
            ));
        }
        if !wanted {
            return Ok((self.stored.is_some()).then(|| self.forget(value)));
        }
        let Some(remembered) = settled.remembered else {
            return Ok(self.stored.is_some().then(|| self.forget(None)));
        };
        let rule_name = rule.map(|rule| rule.name.as_str()).unwrap_or_default();
        let header = Header::new(pass.instance, rule_name, &self.workload.uid, &pass.at_text);
        let original = remembered.original.unwrap_or(live);
        let entry = |applied, pending| {
            let replicas = RememberedScale {
                original,
                applied,
                pending,
            };
            ScaleMemory::new(header.clone(), &self.workload.target(), replicas).to_text()
        };
        if value.is_none() && self.is_stored(&remembered, rule_name) {
            return Ok(None);
        }
        let applied_before = match learnt {
            Learnt::Ours(_) => Some(live),
            Learnt::Reverted(old) | Learnt::Drifted(old) => Some(old.applied),
            Learnt::Fresh | Learnt::Lost => None,
        };
        Ok(Some(ScaleWrite {
            object: self.workload.object(),
            uid: self.workload.uid.clone(),
            resource_version: self.workload.resource_version.clone(),
            key: self.key.clone(),
            pending: value.map(|value| entry(applied_before, Some(value))),
            value: value.map(|value| {
                (
                    value,
                    if value == original {
                        RELEASE_MANAGER
                    } else {
                        FIELD_MANAGER
                    },
                )
            }),
            after: Some(entry(Some(remembered.applied), None)),
        }))
    }

    /// Whether the stored memory says exactly this already.
    fn is_stored(&self, remembered: &Remembered, rule: &str) -> bool {
        self.stored.as_ref().is_some_and(|stored| {
            stored.header.uid == self.workload.uid
                && stored.header.rule == rule
                && stored.replicas.pending.is_none()
                && stored.replicas.applied == Some(remembered.applied)
                && Some(stored.replicas.original) == remembered.original
        })
    }

    /// Writes the scale, if any, then forgets it.
    fn forget(&self, value: Option<Replicas>) -> ScaleWrite {
        ScaleWrite {
            object: self.workload.object(),
            uid: self.workload.uid.clone(),
            resource_version: self.workload.resource_version.clone(),
            key: self.key.clone(),
            pending: None,
            value: value.map(|value| (value, RELEASE_MANAGER)),
            after: None,
        }
    }
}

fn asleep_by_hand(value: Replicas) -> Note {
    Note::info(
        "asleep-by-hand",
        format!(
            "it is at 0 and easyscale remembers no sleep of its own, so it is left asleep; `wake: always` in the rule \
             would raise it to {value}"
        ),
    )
}

/// Settles a write that may have been interrupted: a live value equal to `pending` or `applied` is ours.
fn understand(stored: &RememberedScale, live: Replicas) -> Option<Remembered> {
    let applied = if stored.pending == Some(live) {
        Some(live)
    } else {
        stored.applied
    };
    applied.map(|applied| Remembered {
        original: Some(stored.original),
        applied,
    })
}

fn bounds(replicas: Replicas) -> Bounds {
    Bounds {
        replicas: Some(replicas),
        ..Bounds::default()
    }
}

fn scale_notes(
    seen: &Seen,
    settled: &Settled,
    wait: Option<Wait>,
    others: &[String],
    until: Option<Instant>,
) -> Option<Note> {
    let live = seen.live.unwrap_or_default();
    let Remembered { original, applied } = seen.remembered?;
    let who = who(others);
    if let Some(wait) = wait {
        return Some(wait.note("replicas", &who, live));
    }
    match settled.row {
        6 => Some(Note::warning(
            "reverted",
            format!("{who} put replicas back to {live}; they are set again"),
        )),
        7 => {
            let until = until.map_or_else(|| "for good".to_owned(), |until| format!("until {until}"));
            Some(Note::info(
                "held",
                format!("{who} raised replicas from {applied} to {live}; that is respected {until}"),
            ))
        }
        8 => Some(Note::info(
            "new-original",
            format!("{who} changed replicas from {applied} to {live}; that is what is restored later"),
        )),
        // Back at its original: a restore of ours whose memory is still to go, or as good as one.
        10 if original == Some(live) => None,
        10 => Some(Note::info(
            "newer-than-original",
            format!("{who} changed replicas from {applied} to {live}; they stay"),
        )),
        _ => None,
    }
}

fn state_lost(workload: &Workload) -> Refusal {
    Refusal::new(
        Code::StateLost,
        format!(
            "easyscale wrote the replicas of {}, but its entry in ConfigMap {} is gone, so the original is unknown",
            workload.target(),
            super::MEMORY_CONFIG_MAP
        ),
        format!(
            "set the replicas that you want yourself: kubectl scale {} {} -n {} --replicas N",
            workload.kind.to_lowercase(),
            workload.name,
            workload.namespace
        ),
    )
}

fn lost_note(workload: &Workload) -> Note {
    let refusal = state_lost(workload);
    Note::warning(
        "state-lost",
        format!("{}; it stays at {}", refusal.message, workload.replicas),
    )
}
