//! Telling: events behind the bounds, and the next edge.

use super::super::streams::Watching;
use super::{Control, TELLING, UNTOLD};
use crate::cluster::{Cluster, EventNote};
use crate::plan::Failure;

impl<'a, C: Cluster, W: Watching> Control<'a, C, W> {
    pub(super) fn queue_event(&mut self, event: EventNote) {
        if !self.settings.events || self.settings.dry_run {
            return;
        }
        if self.untold.len() >= UNTOLD {
            self.untold.pop_front();
            self.gauges.metrics.event_failed();
        }
        self.untold.push_back(event);
    }

    /// Events follow the bounds: none is sent while a bound waits.
    pub(super) fn begin_telling(&mut self) {
        if !(self.queue.is_empty() && self.jobs.is_empty() && self.fence.holds()) {
            return;
        }
        while self.telling.len() < TELLING
            && let Some(event) = self.untold.pop_front()
        {
            let cluster = self.cluster;
            self.telling
                .push(Box::pin(async move { cluster.publish(&event).await }));
        }
    }

    pub(super) fn told(&mut self, told: Result<(), Failure>) {
        if let Err(failure) = told {
            self.gauges.metrics.event_failed();
            let hint = failure.hint.unwrap_or_default();
            tracing::debug!(reason = failure.message, hint, "an event could not be sent");
        }
    }

    pub(super) fn tell_next_edge(&mut self) {
        let edge = self.knots.next_edge().filter(|_| self.leading);
        if edge != self.told_next_edge {
            self.told_next_edge = edge;
            self.gauges.metrics.next_edge(edge);
        }
    }
}
