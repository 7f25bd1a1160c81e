//! One candidate: follows, leads, steps down, lets go.

use std::time::{Duration, SystemTime};

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::fence::{Fence, Gate, Wall};
use super::identity::with_jitter;
use super::step::{Seen, Step, Timings, step};
use crate::cluster::{Claim, LeaseStore};
use crate::plan::{Failure, FailureKind};

/// How long letting go may take: a stop does not wait for an API server that hangs.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(3);

/// Whether we lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leadership {
    /// We do.
    Leading,
    /// Somebody else does, or nobody.
    Following {
        /// Who, as far as is known.
        holder: Option<String>,
    },
}

/// A candidate for the lease of `store`.
pub struct Elector<S> {
    store: S,
    me: String,
    timings: Timings,
    wall: Wall,
    gate: Gate,
    fence: Fence,
    leadership: watch::Sender<Leadership>,
    seen: Option<Seen>,
    /// Whether `seen` is what we wrote ourselves, and nothing was sent since: then it need not be read again.
    is_fresh: bool,
    acquired: SystemTime,
    next: Instant,
    /// The kind of failure that was told last: one line for each, not for each try.
    told: Option<FailureKind>,
}

/// A candidate at work on a task of its own. Dropped, it stops and lets go of the lease in the background.
pub struct Election {
    leadership: watch::Receiver<Leadership>,
    fence: Fence,
    stop: oneshot::Sender<Ending>,
    task: JoinHandle<Result<(), Failure>>,
}

/// What becomes of the lease when its candidate stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It is let go of, so that the next one need not wait for its end.
    Release,
    /// It stays ours for so long, and nobody renews it.
    Keep(Duration),
}

impl Election {
    /// Leads from the start and for ever, without a lease: for a single replica.
    #[must_use]
    pub fn unopposed() -> Self {
        let (leadership, receiver) = watch::channel(Leadership::Leading);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let _ = stopped.await;
            drop(leadership);
            Ok(())
        });
        Self {
            leadership: receiver,
            fence: Fence::always(),
            stop,
            task,
        }
    }

    /// Whether we lead. It changes only when that does, and closes when the election is over.
    #[must_use]
    pub fn leadership(&self) -> watch::Receiver<Leadership> {
        self.leadership.clone()
    }

    /// What every write has to pass.
    #[must_use]
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// Closes the fence, and lets go of the lease if it is still ours, so that the next one need not wait for its end.
    /// Takes three seconds at most.
    pub async fn release(self) {
        let _ = self.stop.send(Ending::Release);
        // It can only end by itself or by a panic, and then there is nothing to let go of.
        let _ = self.task.await;
    }

    /// Closes the fence and leaves the lease ours for `duration`, counted by others from when they see it: until then
    /// none of them writes. At most [`MAX_LEASE_DURATION`](crate::cluster::MAX_LEASE_DURATION), since a lease that says
    /// more is taken for a mistake. Takes three seconds at most.
    ///
    /// # Errors
    /// When it is not ours any more, or cannot be written.
    pub async fn keep(self, duration: Duration) -> Result<(), Failure> {
        let _ = self.stop.send(Ending::Keep(duration));
        self.task.await.unwrap_or_else(|error| {
            let message = format!("the election ended early: {error}");
            Err(Failure::new(FailureKind::Conflict, message))
        })
    }
}

impl<S: LeaseStore> Elector<S> {
    /// A candidate that has seen nothing yet; `me` must be nobody else's name.
    pub fn new(store: S, me: String, timings: Timings, wall: Wall) -> Self {
        let (gate, fence) = Fence::closed_by(wall.clone());
        let (leadership, _) = watch::channel(Leadership::Following { holder: None });
        Self {
            store,
            me,
            timings,
            acquired: wall(),
            wall,
            gate,
            fence,
            leadership,
            seen: None,
            is_fresh: false,
            next: Instant::now(),
            told: None,
        }
    }

    /// Sets it to work.
    pub fn start(self) -> Election
    where
        S: 'static,
    {
        let (stop, stopped) = oneshot::channel();
        Election {
            leadership: self.leadership.subscribe(),
            fence: self.fence.clone(),
            stop,
            task: tokio::spawn(self.run(stopped)),
        }
    }

    pub(super) async fn run(mut self, mut stop: oneshot::Receiver<Ending>) -> Result<(), Failure> {
        let fence = self.fence.clone();
        let ending = loop {
            tokio::select! {
                biased;
                // Dropped without a word: let go.
                ending = &mut stop => break ending.unwrap_or(Ending::Release),
                () = fence.closed(), if self.leads() => self.lapse(),
                () = self.round() => {}
            }
        };
        match ending {
            Ending::Release => {
                self.release().await;
                Ok(())
            }
            Ending::Keep(duration) => self.keep(duration).await,
        }
    }

    pub(super) fn fence(&self) -> &Fence {
        &self.fence
    }

    pub(super) fn store(&self) -> &S {
        &self.store
    }

    pub(super) fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// One try, when its time has come. May be dropped at any point.
    async fn round(&mut self) {
        sleep_until(self.next).await;
        let began = Instant::now();
        match self.advance().await {
            Ok(()) => {
                if self.told.take().is_some() {
                    tracing::info!(
                        lease = self.store.name(),
                        "the lease can be read and written again"
                    );
                }
            }
            Err(failure) => self.tell(&failure),
        }
        self.next = began + with_jitter(self.timings.retry);
        // A lease that ends before that is looked at as it ends: nobody leads from then on.
        if let Some(seen) = &self.seen {
            let ends = seen.ends(&self.timings);
            if ends > Instant::now() {
                self.next = self.next.min(ends);
            }
        }
    }

    async fn advance(&mut self) -> Result<(), Failure> {
        // Twice: somebody was faster, or edited it, or deleted it; what is there then may be ours all the same.
        for _ in 0..2 {
            if !self.is_fresh {
                self.look().await?;
            }
            let step = step(&self.me, self.seen.as_ref(), Instant::now(), &self.timings);
            if step == Step::Wait {
                return Ok(());
            }
            match self.write(step).await {
                Err(Failure {
                    kind: FailureKind::Conflict | FailureKind::NotFound,
                    ..
                }) => {}
                result => return result,
            }
        }
        self.look().await
    }

    /// Reads the lease, and steps down at once if somebody else holds it.
    pub(super) async fn look(&mut self) -> Result<(), Failure> {
        let read = self.store.read(self.timings.request).await?;
        match (read, &mut self.seen) {
            (None, Some(seen)) => seen.gone = true,
            (None, None) => {}
            (Some(lease), Some(seen)) if lease.resource_version == seen.lease.resource_version => {}
            (Some(lease), _) => {
                if let Some(doubt) = &lease.doubt {
                    tracing::warn!(
                        lease = self.store.name(),
                        holder = lease.holder,
                        doubt,
                        "the lease cannot be understood; it counts as held until nobody has written it for its duration"
                    );
                }
                self.seen = Some(Seen {
                    lease,
                    since: Instant::now(),
                    gone: false,
                });
            }
        }
        let holder = self.seen.as_ref().map_or("", |seen| seen.lease.holder.as_str());
        if holder != self.me {
            let holder = (!holder.is_empty()).then(|| holder.to_owned());
            self.follow(holder);
        }
        Ok(())
    }

    /// Makes, takes or renews the lease. On success we lead, from before the request on: the server counts no earlier.
    pub(super) async fn write(&mut self, step: Step) -> Result<(), Failure> {
        let (began, wall) = (Instant::now(), (self.wall)());
        let former = self.seen.as_ref().map(|seen| &seen.lease);
        let is_new = former.is_none_or(|lease| lease.holder != self.me);
        if is_new {
            self.acquired = wall;
        }
        let transitions = former.map_or(0, |lease| lease.transitions);
        let claim = Claim {
            holder: self.me.clone(),
            transitions: transitions.saturating_add(u32::from(is_new && former.is_some())),
            ..self.claim(wall)
        };
        self.is_fresh = false;
        let timeout = self.timings.request;
        let lease = match (step, &self.seen) {
            (Step::Take | Step::Renew, Some(seen)) => {
                self.store.replace(&seen.lease, &claim, timeout).await?
            }
            _ => self.store.create(&claim, timeout).await?,
        };
        if lease.holder != self.me {
            let message = format!("lease {} was written, but not with our name", self.store.name());
            return Err(Failure::new(FailureKind::Garbled, message)
                .hint("does an admission webhook of the cluster change leases?"));
        }
        self.is_fresh = true;
        self.seen = Some(Seen {
            lease,
            since: Instant::now(),
            gone: false,
        });
        self.gate.extend(
            began + self.timings.renew,
            wall.checked_add(self.timings.renew).unwrap_or(wall),
        );
        // The answer may have come so late that our time is over already.
        if self.fence.holds() && !self.leads() {
            tracing::info!(lease = self.store.name(), identity = self.me, "leading");
            self.leadership.send_replace(Leadership::Leading);
        }
        Ok(())
    }

    fn claim(&self, now: SystemTime) -> Claim {
        Claim {
            holder: String::new(),
            duration: self.timings.duration,
            acquired: self.acquired,
            renewed: now,
            transitions: self.seen.as_ref().map_or(0, |seen| seen.lease.transitions),
        }
    }

    fn leads(&self) -> bool {
        *self.leadership.borrow() == Leadership::Leading
    }

    fn lapse(&mut self) {
        self.gate.close();
        tracing::warn!(
            lease = self.store.name(),
            seconds = self.timings.renew.as_secs(),
            "not leading any more: the lease could not be renewed in time"
        );
        self.leadership
            .send_replace(Leadership::Following { holder: None });
    }

    fn follow(&mut self, holder: Option<String>) {
        let led = self.leads();
        let now = Leadership::Following { holder };
        if *self.leadership.borrow() == now {
            return;
        }
        self.gate.close();
        if let Leadership::Following { holder } = &now {
            let holder = holder.as_deref().unwrap_or("nobody");
            let lease = self.store.name();
            if led {
                tracing::warn!(
                    lease,
                    holder,
                    "not leading any more: somebody else holds the lease"
                );
            } else {
                tracing::info!(lease, holder, "following");
            }
        }
        self.leadership.send_replace(now);
    }

    fn tell(&mut self, failure: &Failure) {
        if self.told == Some(failure.kind) {
            return;
        }
        self.told = Some(failure.kind);
        tracing::warn!(
            lease = self.store.name(),
            leading = self.leads(),
            reason = failure.message,
            hint = failure.hint.as_deref().unwrap_or_default(),
            "the lease cannot be read or written; trying on"
        );
    }

    async fn release(&mut self) {
        let led = self.leads();
        // First the fence: from here on somebody else may lead.
        self.gate.close();
        self.leadership
            .send_replace(Leadership::Following { holder: None });
        let released = tokio::time::timeout(RELEASE_TIMEOUT, self.let_go())
            .await
            .unwrap_or_else(|_| Err(Failure::new(FailureKind::Timeout, "no answer in time")));
        match released {
            Ok(()) if led => tracing::info!(lease = self.store.name(), "the lease is released"),
            Ok(()) => {}
            Err(_) if self.seen.as_ref().is_none_or(|seen| seen.lease.holder != self.me) => {}
            Err(failure) => tracing::warn!(
                lease = self.store.name(),
                reason = failure.message,
                seconds = self.timings.duration.as_secs(),
                "the lease is not released; it ends by itself"
            ),
        }
    }

    async fn keep(&mut self, duration: Duration) -> Result<(), Failure> {
        self.gate.close();
        self.leadership
            .send_replace(Leadership::Following { holder: None });
        let claim = Claim {
            holder: self.me.clone(),
            duration,
            ..self.claim((self.wall)())
        };
        let left = match tokio::time::timeout(RELEASE_TIMEOUT, self.leave(&claim)).await {
            Ok(left) => left?,
            Err(_) => return Err(Failure::new(FailureKind::Timeout, "no answer in time")),
        };
        if left {
            Ok(())
        } else {
            let message = format!("lease {} is not ours any more", self.store.name());
            Err(Failure::new(FailureKind::Conflict, message))
        }
    }

    /// Writes that nobody holds it, if it is still ours.
    async fn let_go(&mut self) -> Result<(), Failure> {
        let claim = self.claim((self.wall)());
        self.leave(&claim).await.map(drop)
    }

    /// Writes our last claim if it is still ours, and says whether it was.
    async fn leave(&mut self, claim: &Claim) -> Result<bool, Failure> {
        loop {
            if !self.is_fresh {
                self.look().await?;
            }
            let Some(seen) = self
                .seen
                .as_ref()
                .filter(|seen| !seen.gone && seen.lease.holder == self.me)
            else {
                return Ok(false);
            };
            self.is_fresh = false;
            match self.store.replace(&seen.lease, claim, RELEASE_TIMEOUT).await {
                Err(failure) if failure.kind == FailureKind::Conflict => {}
                Err(failure) if failure.kind == FailureKind::NotFound => return Ok(false),
                Err(failure) => return Err(failure),
                Ok(_) => return Ok(true),
            }
        }
    }
}
