//! `easyscale config`: what all layers say together, and what a change of them does.

use super::args::{ConfigArgs, Output};
use super::exit::Exit;
use super::load;
use super::printer::Printer;
use crate::plan::{Observed, Plan, Planner};
use crate::policy::{Inputs, Loaded};
use crate::report::config::{Difference, difference_json, difference_markdown, difference_text, json, text};

pub(super) async fn run(args: ConfigArgs, printer: Printer) -> anyhow::Result<Exit> {
    let inputs = args.policies.inputs();
    if args.diff.is_empty() {
        if args.sees_a_cluster() {
            printer.error(
                "a cluster is for comparing plans, and there is nothing to compare with",
                Some("add --diff PATH with the older files, or leave --cluster and --context out"),
            );
            return Ok(Exit::Failed);
        }
        let (loaded, config) = inputs.config();
        if is_wrong(&loaded, &args, printer)? {
            return Ok(Exit::Failed);
        }
        printer.data(&match args.output {
            Output::Json => json(&config),
            Output::Text => text(&config),
            Output::Markdown => format!("```yaml\n{}```\n", text(&config)),
        })?;
        return Ok(Exit::Done);
    }
    let (mut loaded, config) = inputs.config();
    let older = Inputs {
        paths: args.diff.clone(),
        ..inputs
    };
    let (mut old_loaded, old_config) = older.config();
    forgive(&mut loaded, &mut old_loaded);
    for side in [&loaded, &old_loaded] {
        if is_wrong(side, &args, printer)? {
            return Ok(Exit::Failed);
        }
    }
    let plans = match args.sees_a_cluster() {
        true => Some((plan(old_loaded, &args).await?, plan(loaded, &args).await?)),
        false => None,
    };
    let plans = plans.as_ref().map(|(old, new)| (old, new));
    let difference = Difference::between(&old_config, &config, plans);
    printer.data(&match args.output {
        Output::Text => difference_text(&difference),
        Output::Json => difference_json(&difference),
        Output::Markdown => difference_markdown(&difference),
    })?;
    Ok(if args.detailed_exitcode && !difference.is_empty() {
        Exit::Changes
    } else {
        Exit::Done
    })
}

/// Tells the problems of layers, and whether there are errors among them.
fn is_wrong(loaded: &Loaded, args: &ConfigArgs, printer: Printer) -> anyhow::Result<bool> {
    load::tell(loaded, printer);
    if loaded.has_errors() && args.output == Output::Json {
        printer.data(&load::problems_json(loaded))?;
    }
    Ok(loaded.has_errors())
}

/// What one side alone does not have is what the change brings: the profile, or what an adjustment is for.
fn forgive(new: &mut Loaded, old: &mut Loaded) {
    let (new_leads, old_leads) = (new.leads_nowhere(), old.leads_nowhere());
    new.problems
        .retain(|problem| !new_leads.contains(problem) || old_leads.contains(problem));
    old.problems
        .retain(|problem| !old_leads.contains(problem) || new_leads.contains(problem));
}

async fn plan(loaded: Loaded, args: &ConfigArgs) -> anyhow::Result<Plan> {
    let planner = Planner::new(loaded.rules, args.cluster.live.options(false));
    let make = |observed: &Observed, at| planner.plan(observed, at);
    let (plan, _) = load::plan(&args.cluster, args.deadline, &planner, make).await?;
    Ok(plan)
}
