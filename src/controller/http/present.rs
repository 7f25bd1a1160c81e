//! The present state, for who asks over HTTP: a snapshot of the loop, planned and shown away from it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::stream::unfold;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::controller::snapshot::{Question, Snapshot};
use crate::plan::Plan;
use crate::report::status::{Filter, PolicyState, Status, Waiting, json, page};

/// A state is shown for so long; then it is forgotten, since nobody may ask again for a year.
const FRESH: Duration = Duration::from_secs(1);
/// So many may be reading at once. What they read is kept until they have, and that of 10,000 targets has 10 MB.
const MOST_READERS: usize = 4;
/// Is sent in pieces of so many bytes: the next one when the client has room for it.
const PIECE: usize = 64 * 1024;

/// Why there is nothing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// The loop has seen nothing yet.
    NotYet,
    /// The loop has ended.
    Stopping,
    /// Planning it panicked.
    Failed,
}

/// Makes and shows states, one at a time: many who ask cost not more than one who asks again and again.
#[derive(Debug, Clone)]
pub(super) struct Present {
    questions: mpsc::Sender<Question>,
    readers: Arc<Semaphore>,
    one: Arc<Semaphore>,
    /// Made less than [`FRESH`] ago.
    last: Arc<Mutex<Option<Arc<State>>>>,
}

/// A state as text, with the place of its reader.
#[derive(Debug)]
pub(super) struct Text {
    bytes: Bytes,
    reader: OwnedSemaphorePermit,
}

/// A snapshot with its plan; what the plan was made from is not kept.
#[derive(Debug)]
struct State {
    plan: Plan,
    cluster: String,
    instance: String,
    leading: Option<bool>,
    holder: Option<String>,
    policy: PolicyState,
    dry_run: bool,
    waiting: Vec<Waiting>,
    json: OnceLock<Bytes>,
}

impl Present {
    pub(super) fn new(questions: mpsc::Sender<Question>) -> Self {
        Self {
            questions,
            readers: Arc::new(Semaphore::new(MOST_READERS)),
            one: Arc::new(Semaphore::new(1)),
            last: Arc::default(),
        }
    }

    pub(super) async fn json(&self) -> Result<Text, Absent> {
        self.shown(|state| {
            let json = state.json.get_or_init(|| Bytes::from(json(&state.status())));
            json.clone()
        })
        .await
    }

    pub(super) async fn page(&self, filter: Filter) -> Result<Text, Absent> {
        self.shown(move |state| Bytes::from(page(&state.status(), &filter)))
            .await
    }

    async fn shown(&self, show: impl FnOnce(&State) -> Bytes + Send + 'static) -> Result<Text, Absent> {
        let reader = place(&self.readers).await?;
        let turn = place(&self.one).await?;
        let found = match self.last() {
            Some(state) => Ok(state),
            None => Err(self.ask().await?),
        };
        let this = self.clone();
        let work = spawn_blocking(move || {
            let state = found.unwrap_or_else(|snapshot| this.kept(State::of(snapshot)));
            let shown = show(&state);
            // Held by the work itself: who goes away in the middle does not let the next one begin early.
            drop(turn);
            shown
        });
        let bytes = work.await.map_err(|_| Absent::Failed)?;
        Ok(Text { bytes, reader })
    }

    async fn ask(&self) -> Result<Snapshot, Absent> {
        let (answer, answered) = oneshot::channel();
        let sent = self.questions.send(Question { answer }).await;
        sent.map_err(|_| Absent::Stopping)?;
        answered.await.map_err(|_| Absent::NotYet)
    }

    fn last(&self) -> Option<Arc<State>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn kept(&self, state: State) -> Arc<State> {
        let state = Arc::new(state);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&state));
        let last = Arc::clone(&self.last);
        tokio::spawn(async move {
            sleep(FRESH).await;
            *last.lock().unwrap_or_else(PoisonError::into_inner) = None;
        });
        state
    }
}

async fn place(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Absent> {
    let place = Arc::clone(places).acquire_owned().await;
    place.map_err(|_| Absent::Stopping)
}

impl Text {
    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The reader's place is free again when the last piece is on its way.
    pub(super) fn into_body(self) -> Body {
        let Self { bytes, reader } = self;
        Body::from_stream(unfold((bytes, reader), |(mut rest, reader)| async move {
            let piece = rest.split_to(rest.len().min(PIECE));
            (!piece.is_empty()).then(|| (Ok::<_, Infallible>(piece), (rest, reader)))
        }))
    }
}

impl State {
    fn of(snapshot: Snapshot) -> Self {
        let Snapshot {
            at,
            cluster,
            instance,
            planner,
            observed,
            leading,
            holder,
            policy,
            dry_run,
            targets_waiting,
        } = snapshot;
        Self {
            plan: planner.plan(&observed, at),
            cluster,
            instance,
            leading,
            holder,
            policy,
            dry_run,
            waiting: targets_waiting,
            json: OnceLock::new(),
        }
    }

    fn status(&self) -> Status<'_> {
        Status {
            plan: &self.plan,
            cluster: &self.cluster,
            instance: &self.instance,
            leading: self.leading,
            holder: self.holder.as_deref(),
            policy: &self.policy,
            dry_run: self.dry_run,
            waiting: &self.waiting,
        }
    }
}
