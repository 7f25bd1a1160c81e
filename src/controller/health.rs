//! Whether the loop turns, and whether it has what it needs. Only said here: nothing acts on it but who asks over HTTP.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Three times as long as a turn of the loop takes at most: what is silent for longer hangs.
pub const SILENCE: Duration = Duration::from_secs(90);

/// What the loop says of itself. Time is tokio's, which runs on while the wall clock jumps.
#[derive(Debug)]
pub struct Health {
    started: Instant,
    /// Milliseconds from `started` to the last beat.
    beat: AtomicU64,
    listed: AtomicBool,
    had_policy: AtomicBool,
    had_supplies: AtomicBool,
}

impl Health {
    /// Alive from now on, and not ready.
    #[must_use]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            beat: AtomicU64::new(0),
            listed: AtomicBool::new(false),
            had_policy: AtomicBool::new(false),
            had_supplies: AtomicBool::new(false),
        }
    }

    /// The loop turns.
    pub fn beat(&self) {
        let since = self.started.elapsed().as_millis();
        self.beat
            .store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Everything that is watched was listed once.
    pub fn set_listed(&self) {
        self.listed.store(true, Ordering::Relaxed);
    }

    /// Policies could be used once. Later mistakes leave the last good ones in force, so this is never taken back.
    pub fn set_policy_valid_once(&self) {
        self.had_policy.store(true, Ordering::Relaxed);
    }

    /// The rules in the cluster were read once, or there is no need to.
    pub fn set_supplied(&self) {
        self.had_supplies.store(true, Ordering::Relaxed);
    }

    /// How long ago the loop turned last.
    #[must_use]
    pub fn silent_for(&self) -> Duration {
        let beat = Duration::from_millis(self.beat.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(beat)
    }

    /// Whether the loop turned within the last 90 seconds.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.silent_for() < SILENCE
    }

    /// Whether it has seen the cluster and its rules, and had a valid policy. A follower that could take over is ready, too.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.missing().is_empty()
    }

    /// What is missing until it is ready, in words.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        [
            (&self.had_policy, "the policy files were not valid yet; the log says why"),
            (
                &self.listed,
                "the cluster was not listed yet; if this lasts, the API server does not answer or does not allow it",
            ),
            (
                &self.had_supplies,
                "the rules in the cluster were not read yet; if this lasts, ScalingRules are not defined or may not be listed: the log says why",
            ),
        ]
        .into_iter()
        .filter(|(is_there, _)| !is_there.load(Ordering::Relaxed))
        .map(|(_, words)| words)
        .collect()
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn alive_while_it_beats() {
        let health = Health::new();
        tokio::time::advance(Duration::from_secs(89)).await;
        assert!(health.is_alive());
        health.beat();
        tokio::time::advance(Duration::from_secs(89)).await;
        assert!(health.is_alive());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!health.is_alive());
        assert_eq!(health.silent_for(), Duration::from_secs(90));
        health.beat();
        assert!(health.is_alive());
    }

    #[tokio::test]
    async fn ready_once_all_is_there() {
        let health = Health::new();
        assert_eq!(health.missing().len(), 3);
        health.set_listed();
        health.set_supplied();
        assert!(!health.is_ready());
        assert!(health.missing()[0].contains("policy"));
        health.set_policy_valid_once();
        assert!(health.is_ready());
    }
}
