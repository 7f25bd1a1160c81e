//! `easyscale restore`.

use std::time::Duration;

use tokio::time::Instant as Deadline;

use super::apply::{Done, pass, pass_over, show};
use super::args::{ClusterArgs, Output, RestoreArgs, WriteArgs};
use super::exit::Exit;
use super::lease::Held;
use super::load;
use super::pause::Paused;
use super::plan;
use super::printer::Printer;
use super::suspend::{resume, suspend, wait_for_jobs};
use crate::cluster::Live;
use crate::plan::{Observed, Planner, Selection};

/// Who else writes, and how to stop it.
const AGAIN: &str = "\
An `easyscale run` or a CronJob with `easyscale apply` that still works will write these bounds again. If you mean it
for good, stop it first: scale its Deployment to 0, or suspend the CronJob. Or restore with --pause.
";

pub(super) async fn run(args: RestoreArgs, printer: Printer) -> anyhow::Result<Exit> {
    let selection = args.selection();
    let RestoreArgs {
        cluster: place,
        write,
        rule: _,
        target: _,
        lease_namespace,
        pause,
        keep_lease,
        suspend_cronjob,
        delete_state,
        dry_run,
        output,
    } = args;
    let planner = Planner::new(Vec::new(), place.live.options(true));
    let make = |observed: &Observed, at| planner.restore(observed, &selection, at);
    if dry_run {
        let (plan, name) = load::plan(&place, write.deadline, &planner, make).await?;
        plan::show(&plan, &name, output, false, printer)?;
        return Ok(match is_missed(&selection, plan.targets.is_empty(), printer) {
            true => Exit::Failed,
            false => Exit::Done,
        });
    }
    let tell = |done: &Done, fulfilled: Fulfilled| -> anyhow::Result<Exit> {
        let exit = show(done, &write, output, false, printer)?;
        if is_missed(&selection, done.is_empty(), printer) {
            return Ok(Exit::Failed);
        }
        let Fulfilled { paused, is_safe } = fulfilled;
        let is_paused = paused.as_ref().is_none_or(|paused| paused.tell(printer));
        let tells = place.cluster.is_none() && output == Output::Text && done.wrote();
        if tells && paused.is_none() && keep_lease.is_none() {
            printer.talk(AGAIN);
        }
        Ok(if is_paused && is_safe { exit } else { Exit::Failed })
    };
    if place.cluster.is_some() {
        let done = pass(&planner, &place, &write, make).await?;
        return tell(&done, Fulfilled::default());
    }
    let wishes = Wishes {
        pause,
        keep_lease,
        delete_state,
    };
    let live = load::in_time(write.deadline, Live::connect(&place.live.connection())).await?;
    let suspended = match suspend_cronjob {
        Some(name) => {
            let namespace = lease_namespace.as_deref().unwrap_or_else(|| live.own_namespace());
            Some(suspend(&live, namespace, &name, printer).await?)
        }
        None => None,
    };
    let undone = async {
        if let Some(suspended) = &suspended {
            wait_for_jobs(&live, suspended, printer).await?;
        }
        // Whoever has a CronJob may well have no controller.
        let expects_lease = suspended.is_none();
        let namespaces = place.live.namespaces();
        let held = Held::take(
            &live,
            lease_namespace.as_deref(),
            &namespaces,
            expects_lease,
            printer,
        )
        .await;
        // The wait for somebody else is not of the pass's time.
        let deadline = Deadline::now() + write.deadline;
        let done = pass_over(&live, &planner, &place, &write, deadline, make).await;
        // Before the lease is let go: then there is no moment in which somebody could write them again.
        let fulfilled = wishes
            .fulfil(&live, held, done.as_ref().ok(), &place, &write, printer)
            .await;
        tell(&done?, fulfilled)
    };
    let undone = undone.await;
    if let Some(suspended) = &suspended
        && !matches!(undone, Ok(Exit::Done))
    {
        resume(&live, suspended, printer).await;
    }
    undone
}

/// What somebody wants besides, once all is restored.
struct Wishes {
    pause: bool,
    keep_lease: Option<Duration>,
    delete_state: bool,
}

/// What became of that.
struct Fulfilled {
    paused: Option<Paused>,
    /// Whether all else is as it was wished.
    is_safe: bool,
}

impl Default for Fulfilled {
    /// Nothing was wished.
    fn default() -> Self {
        Self {
            paused: None,
            is_safe: true,
        }
    }
}

impl Wishes {
    /// Sees to them, as far as all was restored, and lets go of the lease or keeps it.
    async fn fulfil(
        self,
        live: &Live,
        held: Held,
        done: Option<&Done>,
        place: &ClusterArgs,
        write: &WriteArgs,
        printer: Printer,
    ) -> Fulfilled {
        let Self {
            pause,
            keep_lease,
            delete_state,
        } = self;
        let mut fulfilled = Fulfilled::default();
        let Some(done) = done else {
            held.release(printer).await;
            return fulfilled;
        };
        if pause {
            fulfilled.paused = Some(Paused::of(live, done, write.concurrency).await);
        }
        // Whoever could not be given back stays in the care of the easyscale that runs.
        let is_restored = done.exit(write) == Exit::Done;
        if delete_state && is_restored {
            match live.delete_empty_memories(&place.live.namespaces()).await {
                Ok(0) => {}
                Ok(count) => printer.talk(&format!("Deleted {count} empty ConfigMaps easyscale-state.\n")),
                Err(failure) => {
                    printer.failure(&failure);
                    fulfilled.is_safe = false;
                }
            }
        }
        match keep_lease {
            Some(duration) if is_restored && fulfilled.is_safe => {
                fulfilled.is_safe = held.keep(duration, printer).await;
            }
            _ => held.release(printer).await,
        }
        fulfilled
    }
}

/// Whether somebody has named one thing and there is nothing of it, which is then told: who misspells it must not believe
/// that it is done.
fn is_missed(selection: &Selection, is_empty: bool, printer: Printer) -> bool {
    if !is_empty {
        return false;
    }
    let nothing = match selection {
        Selection::All => return false,
        Selection::Rule(rule) => format!("nothing carries what rule {rule:?} wrote"),
        Selection::Target(target) => format!("nothing of easyscale is on {target}"),
    };
    printer.error(
        &nothing,
        Some("`easyscale restore --dry-run` lists what there is"),
    );
    true
}
