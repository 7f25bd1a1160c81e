//! What a candidate does next, from what it saw of the lease and its own clock alone.

use std::time::Duration;

use tokio::time::Instant;

use crate::cluster::Lease;

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// A lease that nobody renews for this long is free.
    pub duration: Duration,
    /// A leader that could not renew for this long is none any more. Less than `duration`: what is left in between is for
    /// clocks that run at different rates.
    pub renew: Duration,
    /// The pause before the next try.
    pub retry: Duration,
    /// The longest that one request may take, so that one that hangs leaves time for another.
    pub request: Duration,
}

impl Timings {
    /// client-go's proportions: 15 s, of which 10 s to renew, every 2 s.
    #[must_use]
    pub fn of(duration: Duration) -> Self {
        let renew = duration * 2 / 3;
        Self {
            duration,
            renew,
            retry: duration * 2 / 15,
            request: renew / 2,
        }
    }
}

/// A lease, and since when it is known to be as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The lease as it was read last.
    pub lease: Lease,
    /// When it was first read like this: after the answer, never before the request.
    pub since: Instant,
    /// Whether it has been deleted since. Its holder does not know that yet, and goes on until it does.
    pub gone: bool,
}

impl Seen {
    /// When it is free, unless somebody writes it before.
    #[must_use]
    pub fn ends(&self, timings: &Timings) -> Instant {
        // A holder that was told to hold it for longer than we would goes on for longer; what it wrote of times is its own
        // clock's, and says nothing here.
        let held = self.lease.duration.unwrap_or(Duration::ZERO);
        self.since + held.max(timings.duration)
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is no lease: make it.
    Create,
    /// Nobody holds it any more: take it.
    Take,
    /// It is ours: renew it.
    Renew,
    /// It is somebody else's.
    Wait,
}

/// What `me` does next about the lease that it has seen, at `now`.
#[must_use]
pub fn step(me: &str, seen: Option<&Seen>, now: Instant, timings: &Timings) -> Step {
    let Some(seen) = seen else {
        return Step::Create;
    };
    let holder = seen.lease.holder.as_str();
    let is_free = holder.is_empty() || now >= seen.ends(timings);
    match (seen.gone, holder == me) {
        (false, true) => Step::Renew,
        (true, true) => Step::Create,
        (false, false) if is_free => Step::Take,
        (true, false) if is_free => Step::Create,
        (_, false) => Step::Wait,
    }
}
