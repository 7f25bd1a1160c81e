//! `easyscale restore`.

use tokio::time::Instant as Deadline;

use super::apply::{Done, pass, pass_over, show};
use super::args::{ClusterArgs, Output, RestoreArgs, WriteArgs};
use super::exit::Exit;
use super::lease::Held;
use super::load;
use super::plan;
use super::printer::Printer;
use crate::cluster::Live;
use crate::plan::{Observed, Plan, Planner, Selection};
use crate::time::Instant;

/// Who else writes, and how to stop it.
const AGAIN: &str = "\
An `easyscale run` or a CronJob with `easyscale apply` that still works will write these bounds again. If you mean it
for good, stop it first: scale its Deployment to 0, or suspend the CronJob.
";

pub(super) async fn run(args: RestoreArgs, printer: Printer) -> anyhow::Result<Exit> {
    let selection = args.selection();
    let RestoreArgs {
        cluster: place,
        write,
        rule: _,
        target: _,
        lease_namespace,
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
    let done = match place.cluster {
        Some(_) => pass(&planner, &place, &write, make).await?,
        None => {
            pass_alone(
                &planner,
                &place,
                &write,
                lease_namespace.as_deref(),
                printer,
                make,
            )
            .await?
        }
    };
    let exit = show(&done, &write, output, false, printer)?;
    if found(done.is_empty(), nothing.as_deref(), printer) == Exit::Failed {
        return Ok(Exit::Failed);
    }
    if output == Output::Text && done.wrote() {
        printer.talk(AGAIN);
    }
    Ok(exit)
}

/// A pass during which no other easyscale writes, as far as leases can keep it from that.
async fn pass_alone(
    planner: &Planner,
    place: &ClusterArgs,
    write: &WriteArgs,
    lease_namespace: Option<&str>,
    printer: Printer,
    make: impl FnOnce(&Observed, Instant) -> Plan,
) -> anyhow::Result<Done> {
    let live = load::in_time(write.deadline, Live::connect(&place.connection())).await?;
    let held = Held::take(&live, lease_namespace, &place.namespaces(), printer).await;
    // The wait for somebody else is not of the pass's time.
    let deadline = Deadline::now() + write.deadline;
    let done = pass_over(&live, planner, place, write, deadline, make).await;
    held.release(printer).await;
    done
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
