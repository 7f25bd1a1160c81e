//! A window as one of the doubts sees it: what it asks within the limits, and when it may be and surely is open.

use super::extent::Week;
use super::rule::{Limits, Replicas, Setting};
use super::window::Sound;

/// A window that is not suspended, with what its bounds come to within the limits.
pub(super) struct Open<'r> {
    pub(super) sound: &'r Sound,
    pub(super) floor: Option<Replicas>,
    pub(super) ceiling: Option<Replicas>,
    /// It is open at no other times of the week.
    pub(super) at_most: Week,
    /// It is open at all these times of each week.
    pub(super) surely: Option<Week>,
}

impl<'r> Open<'r> {
    pub(super) fn new(sound: &'r Sound, limits: &Limits) -> Self {
        // What a lead or a ramp adds is elapsed time, which is not the same in every week.
        let moves = sound.window.lead > 0 || sound.window.ramp > 0;
        let (floor, ceiling) = asked(&sound.window.sets, limits);
        Self {
            sound,
            floor,
            ceiling,
            at_most: if moves {
                Week::whole()
            } else {
                sound.extent.at_most().clone()
            },
            surely: sound.extent.surely().filter(|_| !moves).cloned(),
        }
    }

    pub(super) fn may_meet(&self, other: &Self) -> bool {
        self.sound.window.zone != other.sound.window.zone || self.at_most.meets(&other.at_most)
    }

    /// Whether it is surely open at some time at which none of the `others` is.
    pub(super) fn is_alone_at_times<'o>(&self, others: impl Iterator<Item = &'o Open<'r>>) -> bool
    where
        'r: 'o,
    {
        let mut weeks = Vec::new();
        for other in others {
            if other.sound.window.zone != self.sound.window.zone {
                return false;
            }
            weeks.push(&other.at_most);
        }
        let others = Week::union(weeks.into_iter());
        match &self.surely {
            Some(surely) => !surely.is_within(&others),
            // It opens at some time, nobody knows when.
            None => !self.at_most.meets(&others),
        }
    }

    /// Whether it opens and closes at once, and at its own times.
    pub(super) fn is_still(&self) -> bool {
        self.sound.window.lead == 0 && self.sound.window.ramp == 0
    }

    /// Whether it asks what `default` asks, and each bound of it.
    pub(super) fn repeats(&self, default: &Setting, limits: &Limits) -> bool {
        let (floor, ceiling) = asked(default, limits);
        let window = &self.sound.window;
        self.is_still()
            && (self.floor.is_none() || self.floor == floor)
            && (self.ceiling.is_none() || self.ceiling == ceiling)
            // A ceiling alone may lower an original floor, where a default's may not.
            && (self.ceiling.is_none() || floor.is_some())
            && window.sets.is_sleep() == default.is_sleep()
    }
}

/// The bounds that are asked, within the limits; a sleep has no bounds, its 0 is a floor here.
pub(super) fn asked(sets: &Setting, limits: &Limits) -> (Option<Replicas>, Option<Replicas>) {
    let least = limits.min.as_ref().map_or(Replicas::MIN, |min| min.value);
    let most = limits.max.as_ref().map_or(Replicas::MAX, |max| max.value);
    let within = |asked: Replicas| asked.max(least).min(most);
    let floor = sets.floor.as_ref().map(|floor| match sets.is_sleep() {
        true => 0,
        false => within(floor.value),
    });
    (floor, sets.ceiling.as_ref().map(|ceiling| within(ceiling.value)))
}
