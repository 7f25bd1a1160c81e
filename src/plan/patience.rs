//! What a pass of `run` waits with: setting again what somebody keeps putting back, and lowering what somebody has
//! just changed. Passes of `apply` wait for nothing.

use std::collections::BTreeMap;

use super::observed::ObjectRef;
use super::table::{Learnt, Settled};
use super::target_plan::Note;
use crate::policy::Replicas;
use crate::time::Instant;

/// What a pass waits with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patience {
    /// Whether the `cooldown` of rules holds.
    pub cooldown: bool,
    /// Objects that somebody keeps putting back: until when they are left so.
    pub reverts: BTreeMap<ObjectRef, Instant>,
}

/// A write that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) until: Instant,
    pub(super) why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Somebody keeps putting the bound back.
    Pace,
    /// The rule's `cooldown`.
    Cooldown,
}

/// What is known of an object when a write to it may have to wait.
pub(super) struct Circumstances<'a> {
    pub(super) object: &'a ObjectRef,
    /// When we wrote it last, as its memory says.
    pub(super) written: Option<Instant>,
    /// The rule's `cooldown` in seconds.
    pub(super) cooldown: u32,
    pub(super) at: Instant,
}

impl Patience {
    /// Whether a settled bound, of this live value, waits.
    pub(super) fn wait(
        &self,
        circumstances: &Circumstances<'_>,
        settled: &Settled,
        live: Replicas,
    ) -> Option<Wait> {
        let value = settled.write?;
        if !matches!(settled.row, 6 | 8) {
            return None;
        }
        let at = circumstances.at;
        let paced = (settled.row == 6)
            .then(|| self.reverts.get(circumstances.object).copied())
            .flatten();
        let cools = self.cooldown && circumstances.cooldown > 0 && value < live;
        let cooling = cools
            .then_some(circumstances.written)
            .flatten()
            // A memory of the future is no reason to wait for it: somebody has set a clock.
            .filter(|written| *written <= at)
            .map(|written| {
                // Memories know whole seconds: the write itself came up to one later.
                let whole = i64::from(circumstances.cooldown) + 1;
                Instant::from_unix(written.unix().saturating_add(whole))
            });
        let pace = paced.map(|until| Wait {
            until,
            why: Why::Pace,
        });
        let cooldown = cooling.map(|until| Wait {
            until,
            why: Why::Cooldown,
        });
        pace.into_iter()
            .chain(cooldown)
            .filter(|wait| wait.until > at)
            .max_by_key(|wait| wait.until)
    }
}

impl Settled {
    /// This, put off: nothing is written yet, and nothing learnt.
    pub(super) fn put_off(self, learnt: Learnt) -> Self {
        Self {
            write: None,
            remembered: learnt.remembered(),
            ..self
        }
    }
}

impl Wait {
    /// What is said of it. `name` is the bound, `who` put it to `live`.
    pub(super) fn note(self, name: &str, who: &str, live: Replicas) -> Note {
        let Self { until, why } = self;
        match why {
            Why::Pace => Note::info(
                "paced",
                format!("{who} keeps putting {name} back to {live}; it is set again at {until}"),
            ),
            Why::Cooldown => Note::info(
                "cooldown",
                format!(
                    "{who} changed {name} to {live}; because of the rule's cooldown it is lowered at {until}"
                ),
            ),
        }
    }
}

/// When the first of two writes is due.
pub(super) fn sooner(one: Option<Wait>, other: Option<Wait>) -> Option<Instant> {
    one.into_iter().chain(other).map(|wait| wait.until).min()
}
