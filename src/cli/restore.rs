//! `easyscale restore`.

use super::apply::{pass, show};
use super::args::{Output, RestoreArgs};
use super::exit::Exit;
use super::load;
use super::plan;
use super::printer::Printer;
use crate::cluster::{Cluster, Live, Manifests};
use crate::plan::Planner;

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
    if dry_run {
        let (observed, name) = match &place.cluster {
            Some(file) => {
                let cluster = Manifests::new(file);
                (cluster.observe(&planner).await?, cluster.name())
            }
            None => {
                let cluster = Live::connect(&place.connection()).await?;
                (cluster.observe(&planner).await?, cluster.name())
            }
        };
        let plan = planner.restore(&observed, &selection, load::instant(&place));
        plan::show(&plan, &name, output, false, printer)?;
        return Ok(Exit::Done);
    }
    let done = pass(&planner, &place, &write, |observed, at| {
        planner.restore(observed, &selection, at)
    })
    .await?;
    let exit = show(&done, &write, output, false, printer)?;
    if output == Output::Text && done.wrote() {
        printer.talk(
            "A CronJob that still runs `easyscale apply` will write these bounds again: suspend it first if you \
             mean it for good.\n",
        );
    }
    Ok(exit)
}
