//! The API server out of reach: one line when it begins and one when it ends, however many requests it costs.

use std::collections::BTreeMap;

use tokio::time::Instant as Mono;

use crate::cluster::Stream;
use crate::plan::{Failure, FailureKind};

#[derive(Default)]
pub(super) struct Outage {
    since: Option<Mono>,
    /// Streams that see nothing for now, and why.
    lost: BTreeMap<Stream, FailureKind>,
    /// Writes that failed meanwhile.
    late: usize,
}

/// Whether a failure is the server's as a whole, not that of one object or right.
pub(super) fn is_outage(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Unreachable
            | FailureKind::Timeout
            | FailureKind::Throttled
            | FailureKind::Server
            | FailureKind::Garbled
            | FailureKind::Unauthorized
    )
}

impl Outage {
    /// A stream sees nothing; tells it, once.
    pub(super) fn lose(&mut self, stream: &Stream, failure: &Failure) {
        let before = self.lost.insert(stream.clone(), failure.kind);
        if is_outage(failure.kind) {
            self.begin(failure);
        } else if before != Some(failure.kind) {
            let hint = failure.hint.as_deref().unwrap_or_default();
            tracing::warn!(
                stream = %stream,
                failure = failure.kind.as_str(),
                reason = failure.message,
                hint,
                "cannot watch; trying again"
            );
        }
    }

    /// A stream sees again.
    pub(super) fn regain(&mut self, stream: &Stream) {
        if let Some(kind) = self.lost.remove(stream) {
            if !is_outage(kind) {
                tracing::info!(stream = %stream, "watching again");
            }
            self.end_if_over();
        }
    }

    /// A write failed; `true`: it is part of an outage, which was told.
    pub(super) fn blame(&mut self, failure: &Failure) -> bool {
        if !is_outage(failure.kind) {
            return false;
        }
        self.late += 1;
        self.begin(failure);
        true
    }

    /// A request was answered as it should be.
    pub(super) fn succeed(&mut self) {
        self.end_if_over();
    }

    fn begin(&mut self, failure: &Failure) {
        let hint = failure.hint.as_deref().unwrap_or_default();
        if self.since.is_some() {
            tracing::debug!(
                failure = failure.kind.as_str(),
                reason = failure.message,
                hint,
                "still out"
            );
            return;
        }
        self.since = Some(Mono::now());
        tracing::warn!(
            failure = failure.kind.as_str(),
            reason = failure.message,
            hint,
            "the API server does not answer as it should; trying again"
        );
    }

    fn end_if_over(&mut self) {
        if self.lost.values().any(|kind| is_outage(*kind)) {
            return;
        }
        let late = std::mem::take(&mut self.late);
        if let Some(since) = self.since.take() {
            let seconds = since.elapsed().as_secs();
            tracing::info!(seconds, failed_writes = late, "the API server answers again");
        }
    }
}
