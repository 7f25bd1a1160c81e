//! `easyscale plan`.

use super::args::{Output, PlanArgs};
use super::exit::Exit;
use super::load;
use super::printer::Printer;
use crate::plan::{Observed, Plan};
use crate::report::{self, Entry, Shown};

pub(super) async fn run(args: PlanArgs, printer: Printer) -> anyhow::Result<Exit> {
    let PlanArgs {
        policies,
        cluster: place,
        output,
        prune,
        show_unchanged,
        detailed_exitcode,
        deadline,
    } = args;
    let options = load::options(&place, prune);
    let Some(planner) = load::planner(&policies, options, printer, output == Output::Json)? else {
        return Ok(Exit::Failed);
    };
    load::warn_of_old_zone_rules(place.at, printer);
    let make = |observed: &Observed, at| planner.plan(observed, at);
    let (plan, name) = load::plan(&place, deadline, &planner, make).await?;
    show(&plan, &name, output, show_unchanged, printer)?;
    let changes = plan.summary().change > 0;
    Ok(if detailed_exitcode && changes {
        Exit::Changes
    } else {
        Exit::Done
    })
}

/// Shows a plan that is not carried out.
pub(super) fn show(
    plan: &Plan,
    cluster: &str,
    output: Output,
    unchanged: bool,
    printer: Printer,
) -> anyhow::Result<()> {
    let targets = Entry::of_plan(plan);
    render(
        &Shown {
            at: plan.at,
            cluster,
            targets: &targets,
            tried: false,
            unchanged,
        },
        output,
        printer,
    )
}

/// Shows a plan or an outcome as asked.
pub(super) fn render(shown: &Shown<'_>, output: Output, printer: Printer) -> anyhow::Result<()> {
    printer.data(&match output {
        Output::Text => report::text(shown),
        Output::Json => report::json(shown),
        Output::Markdown => report::markdown(shown),
    })
}
