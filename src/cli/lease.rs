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
pub(super) struct Held {
    elections: Vec<(String, Election)>,
    /// Whether none is there that could not be had.
    is_whole: bool,
}

impl Held {
    /// Takes the instance's lease in `namespace`, or else all of its leases that are there, in the namespaces that are
    /// looked at or (none named) in all. Waits until a former holder cannot write any more. Where one `is_expected` and
    /// not there, it says so.
    pub(super) async fn take(
        live: &Live,
        namespace: Option<&str>,
        looked_at: &BTreeSet<String>,
        is_expected: bool,
        printer: Printer,
    ) -> Self {
        let timings = Timings::of(DURATION);
        let leases = match namespace {
            Some(namespace) => Ok(vec![live.lease(namespace)]),
            None => live.leases(looked_at, timings.request).await,
        };
        let mut is_whole = true;
        let leases = leases.unwrap_or_else(|failure| {
            is_whole = false;
            warn(
                "the lease of a running easyscale cannot be looked for",
                &failure,
                printer,
            );
            Vec::new()
        });
        let is_expected = is_expected && namespace.is_some();
        let taking = leases
            .into_iter()
            .map(|lease| take(lease, is_expected, timings, printer));
        let mut elections = Vec::new();
        for taken in join_all(taking).await {
            match taken {
                Taken::Held(name, election) => elections.push((name, election)),
                Taken::NotThere => {}
                Taken::OutOfReach => is_whole = false,
            }
        }
        Self { elections, is_whole }
    }

    /// Leaves them ours for `duration` after we are gone, and says whether nobody can have written since they were taken
    /// and nobody can until then.
    pub(super) async fn keep(self, duration: Duration, printer: Printer) -> bool {
        let Self {
            elections,
            mut is_whole,
        } = self;
        let keeping = elections.into_iter().map(async |(name, election)| {
            // A lease that was lost in between may be somebody else's who has written.
            let was_ours = election.fence().holds();
            (name, was_ours, election.keep(duration).await)
        });
        for (name, was_ours, kept) in join_all(keeping).await {
            match kept {
                Ok(()) if was_ours => printer.talk(&format!(
                    "Lease {name} is held for another {} s: no `easyscale run` writes before that.\n",
                    duration.as_secs()
                )),
                Ok(()) => {
                    is_whole = false;
                    warn_of_loss(&name, printer);
                }
                Err(failure) => {
                    is_whole = false;
                    warn(&format!("lease {name} cannot be kept"), &failure, printer);
                }
            }
        }
        is_whole
    }

    /// Lets go, and says so if a lease was lost before: then somebody else may have written meanwhile.
    pub(super) async fn release(self, printer: Printer) {
        for (name, election) in &self.elections {
            if !election.fence().holds() {
                warn_of_loss(name, printer);
            }
        }
        join_all(self.elections.into_iter().map(|(_, election)| election.release())).await;
    }
}

/// What came of one lease.
enum Taken {
    Held(String, Election),
    /// Then nobody leads by it.
    NotThere,
    OutOfReach,
}

async fn take(lease: LiveLease, is_expected: bool, timings: Timings, printer: Printer) -> Taken {
    let name = lease.name();
    let tell = |former: &Former| {
        printer.talk(&format!(
            "{:?} holds lease {name} and was told to stop writing; waiting {} s until it surely has.\n",
            former.holder,
            former.wait.as_secs()
        ));
    };
    match hold(lease, identity(), timings, Arc::new(SystemTime::now), tell).await {
        Ok(Some(election)) => Taken::Held(name, election),
        Ok(None) => {
            if is_expected {
                printer.warn(&format!(
                    "there is no lease {name}: is that where `easyscale run` runs?"
                ));
            }
            Taken::NotThere
        }
        Err(failure) => {
            warn(&format!("lease {name} cannot be held"), &failure, printer);
            Taken::OutOfReach
        }
    }
}

fn warn_of_loss(name: &str, printer: Printer) {
    printer.warn(&format!(
        "lease {name} was lost before all was done: what was restored may have been written again; `easyscale restore \
         --dry-run` shows what there is"
    ));
}

fn warn(what: &str, failure: &Failure, printer: Printer) {
    printer.warn(&format!(
        "{what}, so an easyscale that runs may write again meanwhile: {}",
        failure.in_one_line()
    ));
}
