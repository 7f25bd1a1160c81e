//! `easyscale validate`.

use super::args::{ProblemOutput, ValidateArgs};
use super::exit::Exit;
use super::load;
use super::printer::Printer;
use crate::cluster::{Cluster as _, Manifests};
use crate::plan::{Options, Planner, absent};
use crate::policy::{self, Loaded};
use crate::report::problems;

pub(super) async fn run(args: ValidateArgs, printer: Printer) -> anyhow::Result<Exit> {
    let ValidateArgs {
        policies,
        cluster,
        output,
        at,
    } = args;
    let mut loaded = policies.inputs().load();
    let notes = policy::notes(&loaded, at.unwrap_or_else(load::now));
    loaded.add(notes);
    if let Some(file) = cluster
        && !loaded.has_errors()
    {
        look_for_targets(&mut loaded, &Manifests::new(file)).await?;
    }
    loaded.deny(&policies.deny);
    load::tell(&loaded, printer);
    load::warn_of_old_zone_rules(at, printer);
    match output {
        ProblemOutput::Json => printer.data(&load::problems_json(&loaded))?,
        ProblemOutput::Github => printer.data(&problems::github(&loaded.problems, &loaded.sources))?,
        ProblemOutput::Sarif => printer.data(&problems::sarif(&loaded.problems, &loaded.sources))?,
        ProblemOutput::Text if !loaded.has_errors() => {
            let rules = loaded.rules.len();
            let windows: usize = loaded.rules.iter().map(|rule| rule.schedule.len()).sum();
            let plural =
                |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
            printer.data(&format!(
                "{} with {}: no errors.\n",
                plural(rules, "rule"),
                plural(windows, "window")
            ))?;
        }
        ProblemOutput::Text => {}
    }
    Ok(if loaded.has_errors() {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// Warns of targets that the manifests do not have.
async fn look_for_targets(loaded: &mut Loaded, manifests: &Manifests) -> anyhow::Result<()> {
    let options = Options {
        instance: "default".to_owned(),
        prune: false,
        namespaces: std::collections::BTreeSet::new(),
    };
    let planner = Planner::new(loaded.rules.clone(), options);
    let observed = manifests.observe(&planner).await?;
    let rules = loaded.rules.iter().map(AsRef::as_ref);
    let absent = absent(rules, &observed);
    let warnings = policy::absences(loaded, &absent, &manifests.name());
    loaded.add(warnings);
    Ok(())
}
