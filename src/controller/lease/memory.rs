//! A lease in memory, on a server that can be made to hang, to fail, and to lose its answers.

use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::cluster::{Claim, Lease, LeaseStore};
use crate::plan::{Failure, FailureKind};

/// What the server does with the next requests.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mood {
    /// Nothing is ever done or answered.
    pub(super) hangs: bool,
    /// Everything is refused.
    pub(super) refuses: Option<FailureKind>,
    /// It is done, and never answered.
    pub(super) loses_answers: bool,
    /// How long a request is on its way.
    pub(super) there: Duration,
    /// How long its answer is.
    pub(super) back: Duration,
}

/// A connection to it. Clones have the same lease, and each its own mood.
#[derive(Clone, Default)]
pub(super) struct Memory {
    server: Arc<Mutex<Server>>,
    pub(super) mood: Arc<Mutex<Mood>>,
}

#[derive(Default)]
struct Server {
    lease: Option<Lease>,
    version: u64,
    writes: Vec<Claim>,
}

impl Memory {
    /// Another connection to the same server.
    pub(super) fn another(&self) -> Self {
        Self {
            server: self.server.clone(),
            mood: Arc::default(),
        }
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Mood)) {
        change(&mut self.mood.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn lease(&self) -> Option<Lease> {
        self.with(|server| server.lease.clone())
    }

    pub(super) fn writes(&self) -> Vec<Claim> {
        self.with(|server| server.writes.clone())
    }

    pub(super) fn delete(&self) {
        self.with(|server| server.lease = None);
    }

    /// Written by somebody who asks nobody.
    pub(super) fn put(&self, claim: &Claim, change: impl FnOnce(&mut Lease)) {
        self.with(|server| {
            server.write(claim);
            change(server.lease.as_mut().unwrap());
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Server) -> T) -> T {
        work(&mut self.server.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn request<T>(
        &self,
        limit: Duration,
        work: impl FnOnce(&mut Server) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mood = *self.mood.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = async {
            sleep(mood.there).await;
            if mood.hangs {
                pending::<()>().await;
            }
            if let Some(kind) = mood.refuses {
                return Err(Failure::new(kind, "refused"));
            }
            let answer = self.with(work);
            if mood.loses_answers {
                pending::<()>().await;
            }
            sleep(mood.back).await;
            answer
        };
        timeout(limit, answer)
            .await
            .unwrap_or_else(|_| Err(Failure::new(FailureKind::Timeout, "no answer")))
    }
}

impl Server {
    fn write(&mut self, claim: &Claim) -> Lease {
        self.version += 1;
        self.writes.push(claim.clone());
        self.lease.insert(Lease::of(claim, self.version)).clone()
    }
}

impl LeaseStore for Memory {
    fn name(&self) -> String {
        "memory/lease".to_owned()
    }

    async fn read(&self, timeout: Duration) -> Result<Option<Lease>, Failure> {
        self.request(timeout, |server| Ok(server.lease.clone())).await
    }

    async fn create(&self, claim: &Claim, timeout: Duration) -> Result<Lease, Failure> {
        self.request(timeout, |server| {
            if server.lease.is_some() {
                return Err(Failure::new(FailureKind::Conflict, "it is there"));
            }
            Ok(server.write(claim))
        })
        .await
    }

    async fn replace(&self, read: &Lease, claim: &Claim, timeout: Duration) -> Result<Lease, Failure> {
        self.request(timeout, |server| match &server.lease {
            None => Err(Failure::new(FailureKind::NotFound, "it is gone")),
            Some(lease) if lease.resource_version != read.resource_version => {
                Err(Failure::new(FailureKind::Conflict, "it has changed"))
            }
            Some(_) => Ok(server.write(claim)),
        })
        .await
    }
}
