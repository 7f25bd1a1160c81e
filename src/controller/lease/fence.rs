//! The fence around writes: open while we lead, and closed in time without anybody's help.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::SystemTime;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// A wall clock.
pub type Wall = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Until when we may write. Clones are the same fence.
#[derive(Clone)]
pub struct Fence {
    term: watch::Receiver<Term>,
    wall: Wall,
}

/// How long we may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    /// Not at all.
    Over,
    /// Until either clock has passed it. tokio's clock stands still while a machine is suspended, the wall does not; the
    /// wall can be set, tokio's clock cannot. A step of the wall costs no more than the time to the next renewal.
    Until(Instant, SystemTime),
    /// For ever.
    Always,
}

/// The end that opens and closes a fence.
pub(super) struct Gate(watch::Sender<Term>);

impl Fence {
    /// Open for ever: for a single replica, and for one pass by hand.
    #[must_use]
    pub fn always() -> Self {
        let (_, term) = watch::channel(Term::Always);
        Self {
            term,
            wall: Arc::new(|| SystemTime::UNIX_EPOCH),
        }
    }

    /// A closed one, and what opens it.
    pub(super) fn closed_by(wall: Wall) -> (Gate, Self) {
        let (gate, term) = watch::channel(Term::Over);
        (Gate(gate), Self { term, wall })
    }

    /// Whether we may write now.
    #[must_use]
    pub fn holds(&self) -> bool {
        match *self.term.borrow() {
            Term::Over => false,
            Term::Until(deadline, wall) => Instant::now() < deadline && (self.wall)() < wall,
            Term::Always => true,
        }
    }

    /// Does `work` while the fence is open, and drops it when it closes, even if it hangs; `None`: it closed first.
    ///
    /// It is asked before each step of the work, not only by a timer: a process that was stopped and goes on may get to
    /// its work before it gets to its timers. What was handed to the network before is out of reach.
    pub async fn guard<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut closing = pin!(self.closed());
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            if !self.holds() || closing.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Waits until the fence is closed, or its time is over.
    pub async fn closed(&self) {
        let mut term = self.term.clone();
        loop {
            let now = *term.borrow_and_update();
            let deadline = match now {
                Term::Over => return,
                Term::Until(deadline, _) => deadline,
                Term::Always => return std::future::pending().await,
            };
            tokio::select! {
                // A renewal that is there already counts, however late we look.
                biased;
                changed = term.changed() => {
                    // The elector is gone, and nobody will renew any more; what it said last still holds.
                    if changed.is_err() {
                        return sleep_until(deadline).await;
                    }
                }
                () = sleep_until(deadline) => return,
            }
        }
    }
}

impl std::fmt::Debug for Fence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Fence").field(&*self.term.borrow()).finish()
    }
}

impl Gate {
    /// Open until then.
    pub(super) fn extend(&self, deadline: Instant, wall: SystemTime) {
        self.0.send_replace(Term::Until(deadline, wall));
    }

    /// Closed.
    pub(super) fn close(&self) {
        self.0.send_replace(Term::Over);
    }
}
