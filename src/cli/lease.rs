//! The lease, for commands that a person types: taken from whoever writes, held while the command works, let go after.
//!
//! Such a command undoes things in an emergency. So a lease that cannot be had is a warning, never the end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::future::join_all;

use super::printer::Printer;
use crate::cluster::{LeaseStore as _, Live, LiveLease};
use crate::controller::lease::{Election, Former, Timings, hold, identity};
use crate::plan::Failure;

/// How long the lease stays ours if we are killed.
const DURATION: Duration = Duration::from_secs(15);

/// The leases that are held.
pub(super) struct Held(Vec<(String, Election)>);

impl Held {
    /// Takes the instance's lease in `namespace`, or else all of its leases that are there, in the namespaces that are
    /// looked at or (none named) in all. Waits until a former holder cannot write any more.
    pub(super) async fn take(
        live: &Live,
        namespace: Option<&str>,
        looked_at: &BTreeSet<String>,
        printer: Printer,
    ) -> Self {
        let timings = Timings::of(DURATION);
        let leases = match namespace {
            Some(namespace) => Ok(vec![live.lease(namespace)]),
            None => live.leases(looked_at, timings.request).await,
        };
        let leases = leases.unwrap_or_else(|failure| {
            warn(
                "the lease of a running easyscale cannot be looked for",
                &failure,
                printer,
            );
            Vec::new()
        });
        let is_named = namespace.is_some();
        let taking = leases
            .into_iter()
            .map(|lease| take(lease, is_named, timings, printer));
        Self(join_all(taking).await.into_iter().flatten().collect())
    }

    /// Lets go, and says so if a lease was lost before: then somebody else may have written meanwhile.
    pub(super) async fn release(self, printer: Printer) {
        for (name, election) in &self.0 {
            if !election.fence().holds() {
                printer.warn(&format!(
                    "lease {name} was lost before all was done: what was restored may have been written again; \
                     `easyscale restore --dry-run` shows what there is"
                ));
            }
        }
        join_all(self.0.into_iter().map(|(_, election)| election.release())).await;
    }
}

async fn take(
    lease: LiveLease,
    is_named: bool,
    timings: Timings,
    printer: Printer,
) -> Option<(String, Election)> {
    let name = lease.name();
    let tell = |former: &Former| {
        printer.talk(&format!(
            "{:?} holds lease {name} and was told to stop writing; waiting {} s until it surely has.\n",
            former.holder,
            former.wait.as_secs()
        ));
    };
    match hold(lease, identity(), timings, Arc::new(SystemTime::now), tell).await {
        Ok(Some(election)) => Some((name, election)),
        Ok(None) => {
            if is_named {
                printer.warn(&format!(
                    "there is no lease {name}: is that where `easyscale run` runs?"
                ));
            }
            None
        }
        Err(failure) => {
            warn(&format!("lease {name} cannot be held"), &failure, printer);
            None
        }
    }
}

fn warn(what: &str, failure: &Failure, printer: Printer) {
    let hint = failure
        .hint
        .as_ref()
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    printer.warn(&format!(
        "{what}, so an easyscale that runs may write again meanwhile: {}{hint}",
        failure.message
    ));
}
