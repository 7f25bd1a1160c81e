//! `easyscale plan`.

use super::args::{ClusterArgs, Output, PlanArgs};
use super::exit::Exit;
use super::load::{self, Rules};
use super::printer::Printer;
use crate::cluster::{Cluster, Live, Manifests};
use crate::plan::{Failure, Options, Plan};
use crate::report::{self, Entry, Shown};

pub(super) async fn run(args: PlanArgs, printer: Printer) -> anyhow::Result<Exit> {
    let PlanArgs {
        policies,
        rules,
        cluster: place,
        output,
        prune,
        show_unchanged,
        detailed_exitcode,
        deadline,
    } = args;
    let options = load::options(&place, prune);
    let Some(rules) = Rules::of_files(&policies, &rules, printer, output == Output::Json)? else {
        return Ok(Exit::Failed);
    };
    load::warn_of_old_zone_rules(place.at, printer);
    let (plan, name) = match &place.cluster {
        Some(file) => {
            let cluster = Manifests::new(file);
            let plan = of_cluster(&cluster, &rules, options, &place, printer);
            (load::in_time(deadline, plan).await?, cluster.name())
        }
        None => {
            let cluster = load::in_time(deadline, Live::connect(&place.connection())).await?;
            let plan = of_cluster(&cluster, &rules, options, &place, printer);
            (load::in_time(deadline, plan).await?, cluster.name())
        }
    };
    show(&plan, &name, output, show_unchanged, printer)?;
    let changes = plan.summary().change > 0;
    Ok(if detailed_exitcode && changes {
        Exit::Changes
    } else {
        Exit::Done
    })
}

async fn of_cluster<C: Cluster>(
    cluster: &C,
    rules: &Rules,
    options: Options,
    place: &ClusterArgs,
    printer: Printer,
) -> Result<Plan, Failure> {
    let planner = rules.assemble(cluster, options, printer).await?.planner;
    let observed = cluster.observe(&planner).await?;
    Ok(planner.plan(&observed, load::instant(place)))
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
