//! `easyscale restore`.

use super::apply::{pass, show};
use super::args::{Output, RestoreArgs};
use super::exit::Exit;
use super::load;
use super::plan;
use super::printer::Printer;
use crate::plan::{Observed, Planner, Selection};

pub(super) async fn run(args: RestoreArgs, printer: Printer) -> anyhow::Result<Exit> {
    let selection = args.selection();
    let RestoreArgs {
        cluster: place,
        write,
        rule: _,
        target: _,
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
    let done = pass(&planner, &place, &write, |observed, at| {
        planner.restore(observed, &selection, at)
    })
    .await?;
    let exit = show(&done, &write, output, false, printer)?;
    if found(done.is_empty(), nothing.as_deref(), printer) == Exit::Failed {
        return Ok(Exit::Failed);
    }
    if output == Output::Text && done.wrote() {
        printer.talk(
            "A CronJob that still runs `easyscale apply` will write these bounds again: suspend it first if you \
             mean it for good.\n",
        );
    }
    Ok(exit)
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
