//! A Kubernetes API server: the connection to it, and a request with its answer. What is asked for and written is beside
//! ([`observing`](super::observing), [`writing`](super::writing), [`events`](super::events), [`supplies`](super::supplies)).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kube::Client;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::connect::{Connection, open};
use super::events::EventNote;
use super::failure::Operation;
use super::series::Series;
use super::supplies::{RuleSources, Supplied};
use super::tally::Tally;
use super::{Cluster, Written};
use crate::plan::{
    BoundsWrite, Failure, FailureKind, MemoryMap, Observed, Planner, Release, ScaleWrite, TargetPlan,
};
use crate::policy::{Owner, Replicas};

/// No request takes longer, its retries included: the next pass is never far.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The label of what we create: which instance it is of.
pub(super) const INSTANCE_LABEL: &str = "easyscale.io/instance";

/// A Kubernetes API server.
#[derive(Clone)]
pub struct Live {
    client: Client,
    name: String,
    pub(super) instance: String,
    series: Arc<Mutex<Series>>,
    tally: Tally,
}

impl Live {
    /// Connects: nothing is sent yet, but the kubeconfig's exec command is run.
    ///
    /// # Errors
    /// When neither a kubeconfig nor a service account leads to a cluster.
    pub async fn connect(connection: &Connection) -> Result<Self, Failure> {
        let instance = connection.instance.clone();
        let connection = connection.clone();
        // The exec command is waited for without a pause in which a deadline could pass: that needs its own thread.
        let opening = tokio::task::spawn_blocking(move || {
            tokio::runtime::Handle::current().block_on(open(&connection))
        });
        let (client, name) = opening.await.map_err(|error| {
            Failure::new(
                FailureKind::Configuration,
                format!("connecting ended early: {error}"),
            )
        })??;
        Ok(Self {
            client,
            name,
            instance,
            series: Arc::default(),
            tally: Tally::default(),
        })
    }

    /// Over a client that is there already.
    #[must_use]
    pub fn with_client(client: Client, name: impl Into<String>, instance: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
            instance: instance.into(),
            tally: Tally::default(),
            series: Arc::default(),
        }
    }

    /// The same, with its requests counted.
    #[must_use]
    pub fn counted(self, tally: Tally) -> Self {
        Self { tally, ..self }
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The events that were told. A clone of this tells on where this one stopped.
    pub(super) fn series(&self) -> MutexGuard<'_, Series> {
        // Counts may be one off after a panic; that is no reason to tell nothing.
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request and reads the answer, within [`REQUEST_TIMEOUT`].
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        operation: &Operation<'_>,
        request: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
    ) -> Result<T, Failure> {
        self.send_within(operation, request, REQUEST_TIMEOUT).await
    }

    /// Sends a request and reads the answer, within `timeout`.
    pub(super) async fn send_within<T: DeserializeOwned>(
        &self,
        operation: &Operation<'_>,
        request: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
        timeout: Duration,
    ) -> Result<T, Failure> {
        let request = request.map_err(|error| Failure::garbled(operation, error))?;
        let answer = tokio::time::timeout(timeout, self.client.request_text(request)).await;
        self.tally.count(operation.verb, answer.as_ref().ok());
        let text = answer
            .map_err(|_| Failure::timeout(operation, timeout))?
            .map_err(|error| Failure::from_kube(operation, &error))?;
        serde_json::from_str(&text).map_err(|error| Failure::garbled(operation, error))
    }
}

impl Cluster for Live {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn supplies(
        &self,
        sources: &RuleSources,
        namespaces: &BTreeSet<String>,
    ) -> Result<Vec<Supplied>, Failure> {
        self.list_supplies(sources, namespaces).await
    }

    async fn write_status(&self, rule: &Owner, uid: &str, status: &Value) -> Result<(), Failure> {
        self.patch_status(rule, uid, status).await
    }

    async fn observe(&self, planner: &Planner) -> Result<Observed, Failure> {
        self.look(planner).await
    }

    async fn observe_again(&self, observed: &mut Observed, target: &TargetPlan) -> Result<(), Failure> {
        self.look_again(observed, target).await
    }

    async fn write_bounds(&self, write: &BoundsWrite) -> Result<Written, Failure> {
        self.patch_bounds(write).await
    }

    async fn release(&self, release: &Release, written: Option<&Written>) -> Result<Written, Failure> {
        self.take_off(release, written).await
    }

    async fn write_scale(
        &self,
        write: &ScaleWrite,
        value: Replicas,
        manager: &str,
    ) -> Result<String, Failure> {
        self.patch_scale(write, value, manager).await
    }

    async fn write_memory(
        &self,
        namespace: &str,
        known: Option<&MemoryMap>,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<MemoryMap, Failure> {
        self.save_memory(namespace, known, changes).await
    }

    async fn publish(&self, event: &EventNote) -> Result<(), Failure> {
        self.post(event).await
    }

    async fn finish(&self) -> Result<(), Failure> {
        Ok(())
    }
}
