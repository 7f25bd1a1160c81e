//! Pausing what was restored, so that nothing writes it again until somebody says so.

use futures::StreamExt as _;

use super::apply::Done;
use super::printer::Printer;
use crate::cluster::Live;
use crate::plan::{Failure, ObjectRef, PAUSE_ANNOTATION};

/// What came of pausing them.
#[derive(Default)]
pub(super) struct Paused {
    autoscalers: usize,
    /// Workloads without one: to annotate those, easyscale would need the right to change them.
    out_of_reach: Vec<ObjectRef>,
    failures: Vec<Failure>,
}

impl Paused {
    /// Annotates the autoscalers that were written.
    pub(super) async fn of(live: &Live, done: &Done, concurrency: usize) -> Self {
        let mut paused = Self::default();
        let mut autoscalers = Vec::new();
        for plan in done.written() {
            match &plan.object {
                Some(object) if object.kind == "HorizontalPodAutoscaler" => {
                    autoscalers.push((object, &plan.uid));
                }
                Some(object) => paused.out_of_reach.push(object.clone()),
                None => {}
            }
        }
        let results: Vec<_> = futures::stream::iter(autoscalers)
            .map(|(object, uid)| live.pause(object, uid))
            .buffer_unordered(concurrency)
            .collect()
            .await;
        for result in results {
            match result {
                Ok(()) => paused.autoscalers += 1,
                Err(failure) => paused.failures.push(failure),
            }
        }
        paused
    }

    /// Says what is paused and what is not, and whether all is.
    pub(super) fn tell(&self, printer: Printer) -> bool {
        let Self {
            autoscalers,
            out_of_reach,
            failures,
        } = self;
        if *autoscalers > 0 {
            printer.talk(&format!(
                "Paused: {autoscalers}. No easyscale writes them until you say: kubectl annotate hpa NAME -n NAMESPACE \
                 {PAUSE_ANNOTATION}-\n"
            ));
        }
        for ObjectRef {
            kind,
            namespace,
            name,
            ..
        } in out_of_reach
        {
            printer.warn(&format!(
                "{kind} {namespace}/{name} has no autoscaler, and easyscale has no right to annotate workloads: \
                 kubectl annotate {} {name} -n {namespace} {PAUSE_ANNOTATION}=true",
                kind.to_ascii_lowercase()
            ));
        }
        for failure in failures {
            printer.failure(failure);
        }
        out_of_reach.is_empty() && failures.is_empty()
    }
}
