//! `easyscale restore`.

use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::Instant as Deadline;

use super::apply::{Done, pass, pass_over, show};
use super::args::{Output, RestoreArgs};
use super::exit::Exit;
use super::lease::Held;
use super::load;
use super::plan;
use super::printer::Printer;
use crate::cluster::Live;
use crate::plan::{Failure, ObjectRef, Observed, PAUSE_ANNOTATION, Planner, Selection};

/// Who else writes, and how to stop it.
const AGAIN: &str = "\
An `easyscale run` or a CronJob with `easyscale apply` that still works will write these bounds again. If you mean it
for good, stop it first: scale its Deployment to 0, or suspend the CronJob. Or restore with --pause.
";

/// A job of a CronJob ends by itself before that: it has a deadline of its own.
const JOBS_END_WITHIN: Duration = Duration::from_secs(150);

pub(super) async fn run(args: RestoreArgs, printer: Printer) -> anyhow::Result<Exit> {
    let selection = args.selection();
    let RestoreArgs {
        cluster: place,
        write,
        rule: _,
        target: _,
        lease_namespace,
        keep_lease,
        suspend_cronjob,
        pause,
        dry_run,
        output,
    } = args;
    let planner = Planner::new(Vec::new(), load::options(&place, true));
    let nothing = match &selection {
        Selection::All => None,
        Selection::Rule(rule) => Some(format!("nothing carries what rule {rule:?} wrote")),
        Selection::Target(target) => Some(format!("nothing of easyscale is on {target}")),
    };
    if dry_run {
        let make = |observed: &Observed, at| planner.restore(observed, &selection, at);
        let (plan, name) = load::plan(&place, write.deadline, &planner, make).await?;
        plan::show(&plan, &name, output, false, printer)?;
        return Ok(found(plan.targets.is_empty(), nothing.as_deref(), printer));
    }
    let make = |observed: &Observed, at| planner.restore(observed, &selection, at);
    let (done, paused) = match place.cluster {
        Some(_) => (pass(&planner, &place, &write, make).await?, None),
        None => {
            let live = load::in_time(write.deadline, Live::connect(&place.connection())).await?;
            let namespace = lease_namespace.as_deref();
            if let Some(name) = &suspend_cronjob {
                suspend(&live, namespace.unwrap_or(live.own_namespace()), name, printer).await?;
            }
            // Where a CronJob writes, nobody holds a lease.
            let is_led = suspend_cronjob.is_none() || namespace.is_some() || keep_lease.is_some();
            let held = match is_led {
                true => Held::take(&live, namespace, &place.namespaces(), keep_lease, printer).await,
                false => Held::nothing(),
            };
            // The wait for somebody else is not of the pass's time.
            let deadline = Deadline::now() + write.deadline;
            let done = pass_over(&live, &planner, &place, &write, deadline, make).await;
            let paused = match &done {
                // Before the lease is let go: then there is no moment in which somebody could write them again.
                Ok(done) if pause => Some(Paused::of(&live, done, write.concurrency).await),
                _ => None,
            };
            match (keep_lease, done.as_ref().is_ok_and(|done| done.is_whole(&write))) {
                (Some(duration), true) => keep(held, duration, printer),
                _ => held.release(printer).await,
            }
            (done?, paused)
        }
    };
    let exit = show(&done, &write, output, false, printer)?;
    if found(done.is_empty(), nothing.as_deref(), printer) == Exit::Failed {
        return Ok(Exit::Failed);
    }
    match paused {
        Some(paused) => Ok(if paused.tell(printer) { exit } else { Exit::Failed }),
        None => {
            if place.cluster.is_none() && output == Output::Text && done.wrote() && keep_lease.is_none() {
                printer.talk(AGAIN);
            }
            Ok(exit)
        }
    }
}

/// Stops the CronJob that applies rules: what it writes would be written again.
async fn suspend(live: &Live, namespace: &str, name: &str, printer: Printer) -> anyhow::Result<()> {
    printer.talk(&format!(
        "Suspending CronJob {namespace}/{name}, and waiting until no job of it runs.\n"
    ));
    if !live.suspend_cron_job(namespace, name, JOBS_END_WITHIN).await? {
        printer.warn(&format!(
            "there is no CronJob {namespace}/{name}: nothing is suspended"
        ));
    }
    Ok(())
}

/// Leaves the lease ours for a while.
fn keep(held: Held, duration: Duration, printer: Printer) {
    if held.leave() {
        printer.talk(&format!(
            "The lease is kept for {} s: no easyscale of this instance writes before that.\n",
            duration.as_secs()
        ));
    } else {
        printer.warn("there is no lease to keep: an easyscale that still runs may write again");
    }
}

/// What became of the wish that nothing writes again what was restored.
#[derive(Default)]
struct Paused {
    autoscalers: usize,
    /// Workloads without one: to annotate those, easyscale would need the right to change them.
    out_of_reach: Vec<ObjectRef>,
    failures: Vec<Failure>,
}

impl Paused {
    async fn of(live: &Live, done: &Done, concurrency: usize) -> Self {
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
            .buffer_unordered(concurrency.max(1))
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

    /// Whether all of it is as it was wished.
    fn tell(&self, printer: Printer) -> bool {
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

/// Somebody who names one thing to restore, and misspells it, must not believe that it is done.
fn found(is_empty: bool, nothing: Option<&str>, printer: Printer) -> Exit {
    match nothing {
        Some(nothing) if is_empty => {
            printer.error(nothing, Some("`easyscale restore --dry-run` lists what there is"));
            Exit::Failed
        }
        _ => Exit::Done,
    }
}
