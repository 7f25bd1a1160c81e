//! The present state, for who asks over HTTP: a snapshot of the loop, planned and shown away from it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::controller::snapshot::{Question, Snapshot};
use crate::plan::Plan;
use crate::report::status::{Filter, PolicyState, Status, Waiting, json, page};

/// A state is shown for so long; then it is forgotten, since nobody may ask again for a year.
const FRESH: Duration = Duration::from_secs(1);

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
    one: Arc<Semaphore>,
    /// Made less than [`FRESH`] ago.
    last: Arc<Mutex<Option<Arc<State>>>>,
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
            one: Arc::new(Semaphore::new(1)),
            last: Arc::default(),
        }
    }

    pub(super) async fn json(&self) -> Result<Bytes, Absent> {
        self.shown(|state| {
            let json = state.json.get_or_init(|| Bytes::from(json(&state.status())));
            json.clone()
        })
        .await
    }

    pub(super) async fn page(&self, filter: Filter) -> Result<Bytes, Absent> {
        self.shown(move |state| Bytes::from(page(&state.status(), &filter)))
            .await
    }

    async fn shown(&self, show: impl FnOnce(&State) -> Bytes + Send + 'static) -> Result<Bytes, Absent> {
        let turn = Arc::clone(&self.one)
            .acquire_owned()
            .await
            .map_err(|_| Absent::Stopping)?;
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
        work.await.map_err(|_| Absent::Failed)
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
