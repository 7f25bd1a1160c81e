//! What a window is doing at an instant: its lead and its ramps, seen from when it is open.
//!
//! A window is *active* from `lead` before a start until the end. Occurrences that follow each other without
//! a gap, their leads included, are one stretch; ramps begin where a stretch begins and where it ends.

use super::EDGES;
use super::ramp::{Ramp, Towards};
use crate::policy::Window;
use crate::time::{Instant, Moment, Phase};

/// How many edges of one window are followed back within the length of its ramp. A window with more of them
/// opens and closes faster than it could ramp, so it does not ramp at all while that is so.
const HISTORY: usize = 256;

/// A window at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doing {
    pub(super) stage: Stage,
    /// The next instant, after this one, at which the stage may change; `None`: never. Steps of a ramp are no
    /// such change.
    pub(super) next: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Shut,
    /// Active, and whatever it asks it asks in full.
    Full,
    /// Active, or its closing ramp still runs.
    Ramping(Ramp),
}

/// A window that does nothing and never will.
pub(super) const IDLE: Doing = Doing {
    stage: Stage::Shut,
    next: None,
};

impl Doing {
    /// `moment` is one of the window's zone.
    #[inline]
    pub(super) fn of(window: &Window, moment: &Moment, at: Instant) -> Self {
        if window.suspended {
            IDLE
        } else if window.ramp == 0 {
            let phase = window.occurrences.phase_at(&window.zone, moment);
            Self::at_once(active(window, phase, at))
        } else {
            Self::ramped(window, at)
        }
    }

    #[inline]
    fn at_once(active: Phase) -> Self {
        Self {
            stage: if active.open { Stage::Full } else { Stage::Shut },
            next: active.next,
        }
    }

    /// Walks over the edges of the last ramp's length: only those can still be felt.
    #[cold]
    fn ramped(window: &Window, at: Instant) -> Self {
        let mut now = active_at(window, earlier(at, window.ramp));
        let oldest = now.next;
        let (mut since, mut ended) = (None, None);
        let mut followed = 0;
        while let Some(edge) = now.next.filter(|next| *next <= at) {
            if followed == HISTORY {
                return Self::restless(window, at, oldest);
            }
            followed += 1;
            let was_open = now.open;
            now = active_at(window, edge);
            match (was_open, now.open) {
                (false, true) => since = Some(edge),
                (true, false) => (since, ended) = (None, Some(edge)),
                // It ends and starts again at once.
                (true, true) | (false, false) => {}
            }
        }
        let towards = match (since, ended) {
            (Some(since), ended) => Towards::Full { since, ended },
            (None, Some(ended)) => Towards::Gone { ended },
            (None, None) => return Self::at_once(now),
        };
        let over = window.ramp;
        let done = [since, ended].into_iter().flatten().map(|from| later(from, over));
        Self {
            stage: Stage::Ramping(Ramp { over, towards }),
            next: done.chain(now.next).filter(|next| *next > at).min(),
        }
    }

    /// More edges than are followed. That stays so until the next one, or until the oldest is a ramp ago.
    fn restless(window: &Window, at: Instant, oldest: Option<Instant>) -> Self {
        let mut doing = Self::at_once(active_at(window, at));
        let forgotten = oldest.map(|oldest| later(oldest, window.ramp));
        doing.next = doing.next.into_iter().chain(forgotten).min();
        doing
    }
}

/// Whether the window is active at `at`, its ramps aside, and the next instant at which that may change.
pub(super) fn active_at(window: &Window, at: Instant) -> Phase {
    active(window, window.occurrences.phase(&window.zone, at), at)
}

/// When the stretch ends in which the window is active at `at`; `None`: never, or after so many occurrences
/// without a gap that it may as well be never.
pub(super) fn end_of_stretch(window: &Window, at: Instant) -> Option<Instant> {
    let mut edge = at;
    for _ in 0..EDGES {
        edge = active_at(window, edge).next?;
        if !active_at(window, edge).open {
            return Some(edge);
        }
    }
    None
}

#[inline]
fn active(window: &Window, phase: Phase, at: Instant) -> Phase {
    match phase.next {
        Some(start) if window.lead > 0 && !phase.open => {
            let opens = start.unix() - i64::from(window.lead);
            if opens <= at.unix() {
                Phase { open: true, ..phase }
            } else {
                Phase {
                    open: false,
                    next: Some(Instant::from_unix(opens)),
                }
            }
        }
        _ => phase,
    }
}

fn earlier(at: Instant, seconds: u32) -> Instant {
    Instant::from_unix(at.unix() - i64::from(seconds))
}

pub(super) fn later(at: Instant, seconds: u32) -> Instant {
    Instant::from_unix(at.unix() + i64::from(seconds))
}
