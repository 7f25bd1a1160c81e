//! What `validate` and `plan` would say about a new rule on the cluster that was named. Told, not refused: the workload
//! may be deployed later.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use crate::cli::printer::Printer;
use crate::cluster::{Cluster as _, Manifests};
use crate::draft::{Copies, Draft};
use crate::engine;
use crate::plan::{Code, Observed, Options, Planner, absent};
use crate::policy::{self, Loaded, Rule};
use crate::report::printable;
use crate::time::Instant;

/// Seconds that are looked ahead: what is the same in every year has come by then.
const HORIZON: i64 = 400 * 86_400;

/// Looks at a rule as it will be written. A file that was named must be readable.
pub(super) async fn tell(
    draft: &Draft,
    loaded: &Loaded,
    cluster: Option<&Path>,
    at: Instant,
    printer: Printer,
) -> anyhow::Result<()> {
    for problem in policy::notes(loaded, at) {
        warn(&problem.message, problem.hint.as_deref(), printer);
    }
    let Some(cluster) = cluster else {
        tell_of_zero_floor(draft, printer);
        return Ok(());
    };
    let manifests = Manifests::new(cluster);
    let options = Options {
        instance: "default".to_owned(),
        prune: false,
        namespaces: BTreeSet::new(),
    };
    let planner = Planner::new(loaded.rules.clone(), options);
    let observed = manifests.observe(&planner).await?;
    let absent = absent(loaded.rules.iter().map(AsRef::as_ref), &observed);
    for problem in policy::absences(loaded, &absent, &manifests.name()) {
        warn(&problem.message, problem.hint.as_deref(), printer);
    }
    if absent.is_empty() {
        for rule in &loaded.rules {
            tell_refusals(rule, &planner, &observed, at, printer);
        }
    }
    Ok(())
}

/// Tells what `plan` would refuse, each kind of it once.
fn tell_refusals(rule: &Arc<Rule>, planner: &Planner, observed: &Observed, at: Instant, printer: Printer) {
    let mut asked = HashSet::new();
    let mut told: BTreeSet<Code> = BTreeSet::new();
    for segment in engine::timeline(rule, at, Instant::from_unix(at.unix() + HORIZON)) {
        let wants = [segment.replicas, segment.floor, segment.ceiling];
        if !asked.insert(wants.map(|want| want.map(|want| want.value))) {
            continue;
        }
        let plan = planner.plan(observed, segment.from);
        let refusals = plan.targets.iter().filter(|target| target.rule == rule.name);
        for refusal in refusals.filter_map(|target| target.refusal()) {
            if told.insert(refusal.code) {
                warn(
                    &format!("plan would refuse it: {}", refusal.message),
                    Some(&refusal.hint),
                    printer,
                );
            }
        }
    }
}

/// Without a cluster nobody knows the autoscaler's metrics; with the usual ones it takes no 0.
fn tell_of_zero_floor(draft: &Draft, printer: Printer) {
    let is_zero = |copies: Copies| matches!(copies, Copies::Bounds { min: Some(0), .. });
    let mut copies = draft
        .windows
        .iter()
        .map(|window| window.copies)
        .chain(draft.default);
    if draft.target.is_autoscaler() && copies.any(is_zero) {
        warn(
            "minReplicas: 0 needs an autoscaler with a metric of type Object or External; on another one, plan would refuse it",
            Some("write at least 1, or 0 alone to let it sleep"),
            printer,
        );
    }
}

fn warn(message: &str, hint: Option<&str>, printer: Printer) {
    printer.warn(message);
    if let Some(hint) = hint {
        printer.talk(&format!("  hint: {}\n", printable(hint)));
    }
}
