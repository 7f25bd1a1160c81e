//! `easyscale plan`.

use super::args::{ClusterArgs, Output, PlanArgs};
use super::exit::Exit;
use super::load::{self, Rules};
use super::printer::Printer;
use crate::cluster::{Cluster, Live, Manifests};
use crate::plan::{Failure, Options, Plan};
use crate::policy::Problem;
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
    let options = place.live.options(prune);
    let Some(rules) = Rules::of_files(&policies, &rules, printer, output == Output::Json)? else {
        return Ok(Exit::Failed);
    };
    load::warn_of_old_zone_rules(place.at, printer);
    let ((plan, problems), name) = match &place.cluster {
        Some(file) => {
            let cluster = Manifests::new(file);
            let plan = of_cluster(&cluster, &rules, options, &place, printer);
            (load::in_time(deadline, plan).await?, cluster.name())
        }
        None => {
            let cluster = load::in_time(deadline, Live::connect(&place.live.connection())).await?;
            let plan = of_cluster(&cluster, &rules, options, &place, printer);
            (load::in_time(deadline, plan).await?, cluster.name())
        }
    };
    let targets = Entry::of_plan(&plan);
    let shown = Shown {
        problems: &problems,
        ..of_plan(&plan, &targets, &name, show_unchanged)
    };
    render(&shown, output, printer)?;
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
) -> Result<(Plan, Vec<Problem>), Failure> {
    let assembled = rules.assemble(cluster, options, printer).await?;
    let observed = cluster.observe(&assembled.planner).await?;
    let plan = assembled.planner.plan(&observed, load::instant(place));
    Ok((plan, assembled.problems))
}

/// Shows a plan of files alone that is not carried out.
pub(super) fn show(
    plan: &Plan,
    cluster: &str,
    output: Output,
    unchanged: bool,
    printer: Printer,
) -> anyhow::Result<()> {
    let targets = Entry::of_plan(plan);
    render(&of_plan(plan, &targets, cluster, unchanged), output, printer)
}

fn of_plan<'a>(plan: &Plan, targets: &'a [Entry<'a>], cluster: &'a str, unchanged: bool) -> Shown<'a> {
    Shown {
        at: plan.at,
        cluster,
        targets,
        tried: false,
        unchanged,
        problems: &[],
    }
}

/// Shows a plan or an outcome as asked.
pub(super) fn render(shown: &Shown<'_>, output: Output, printer: Printer) -> anyhow::Result<()> {
    printer.data(&match output {
        Output::Text => report::text(shown),
        Output::Json => report::json(shown),
        Output::Markdown => report::markdown(shown),
    })
}
