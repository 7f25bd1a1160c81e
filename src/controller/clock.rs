//! What time it is, and whether somebody has set the clock.
//!
//! Edges are instants of the wall clock; pauses and deadlines are spans of the monotonic one, which is always
//! [`tokio::time::Instant`], so that tests can stop it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant as Mono;

use crate::time::Instant;

/// Reads the wall clock; injected, so that tests can set it.
pub type WallClock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Clocks that part by more than this have been set, or the machine slept. NTP slews far less between two looks.
const STEP: Duration = Duration::from_secs(2);

/// The two clocks, and how they stood when they were last compared.
#[derive(Clone)]
pub(super) struct Clock {
    wall: WallClock,
    compared: (SystemTime, Mono),
}

impl Clock {
    pub(super) fn new(wall: WallClock) -> Self {
        let compared = (wall(), Mono::now());
        Self { wall, compared }
    }

    /// The second that it is.
    pub(super) fn now(&self) -> Instant {
        Instant::from_system_time((self.wall)())
    }

    /// How far `instant` lies ahead; nothing if it has come.
    pub(super) fn ahead(&self, instant: Instant) -> Duration {
        let since_epoch = Duration::from_secs(u64::try_from(instant.unix()).unwrap_or(0));
        SystemTime::UNIX_EPOCH
            .checked_add(since_epoch)
            .and_then(|then| then.duration_since((self.wall)()).ok())
            .unwrap_or_default()
    }

    /// How long ago `instant` was; nothing if it has not come.
    pub(super) fn ago(&self, instant: Instant) -> Duration {
        let since_epoch = Duration::from_secs(u64::try_from(instant.unix()).unwrap_or(0));
        SystemTime::UNIX_EPOCH
            .checked_add(since_epoch)
            .and_then(|then| (self.wall)().duration_since(then).ok())
            .unwrap_or_default()
    }

    /// The instant at which `mono` will have come, in whole seconds: never before it.
    pub(super) fn instant_of(&self, mono: Mono) -> Instant {
        let ahead = mono.saturating_duration_since(Mono::now());
        let whole = i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX);
        Instant::from_unix(self.now().unix().saturating_add(whole).saturating_add(1))
    }

    /// By how many seconds the wall clock has been moved since the last look, if it has; forward is positive.
    pub(super) fn stepped(&mut self) -> Option<i64> {
        let (wall, mono) = ((self.wall)(), Mono::now());
        let (wall_before, mono_before) = std::mem::replace(&mut self.compared, (wall, mono));
        let passed = mono.saturating_duration_since(mono_before);
        let expected = wall_before.checked_add(passed)?;
        match wall.duration_since(expected) {
            Ok(ahead) if ahead > STEP => i64::try_from(ahead.as_secs()).ok(),
            Err(behind) if behind.duration() > STEP => {
                i64::try_from(behind.duration().as_secs()).ok().map(|s| -s)
            }
            _ => None,
        }
    }
}
