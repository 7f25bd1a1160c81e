//! What several commands need first: the rules, the instant, the options.

use std::time::{Duration, SystemTime};

use super::args::{ClusterArgs, PolicyArgs};
use super::printer::Printer;
use crate::cluster::{Cluster, Live, Manifests};
use crate::plan::{Failure, FailureKind, Observed, Options, Plan, Planner};
use crate::policy::Loaded;
use crate::report::problems;
use crate::time::{Instant, tzdb_is_old, tzdb_source, tzdb_version};

/// A planner of the rules; `None` when they have errors, which are then told, on stdout too if `json`.
pub(super) fn planner(
    policies: &PolicyArgs,
    options: Options,
    printer: Printer,
    json: bool,
) -> anyhow::Result<Option<Planner>> {
    let Some(loaded) = rules(policies, printer, json)? else {
        return Ok(None);
    };
    let given = loaded.rules.len();
    let planner = Planner::new(loaded.rules, options);
    let left_out = given - planner.rules().len();
    if left_out > 0 {
        printer.talk(&format!(
            "{left_out} of {given} rules have their target outside the chosen namespaces.\n"
        ));
    }
    Ok(Some(planner))
}

/// The rules; `None` when they have errors, which are then told, on stdout too if `json`.
pub(super) fn rules(policies: &PolicyArgs, printer: Printer, json: bool) -> anyhow::Result<Option<Loaded>> {
    let mut loaded = policies.inputs().load();
    loaded.deny(&policies.deny);
    tell(&loaded, printer);
    if loaded.has_errors() {
        if json {
            printer.data(&problems_json(&loaded))?;
        }
        return Ok(None);
    }
    Ok(Some(loaded))
}

/// Warns of zone rules that are more than a year old at `at`; an instant to come is no reason to worry.
pub(super) fn warn_of_old_zone_rules(at: Option<Instant>, printer: Printer) {
    let now = now();
    if tzdb_is_old(at.map_or(now, |at| at.min(now))) {
        printer.warn(&format!(
            "the zone rules {} ({}) are more than a year old: clock changes that were decided since are missing; \
             update easyscale, or the system's tzdata",
            tzdb_version(),
            tzdb_source()
        ));
    }
}

/// Problems, for people.
pub(super) fn tell(loaded: &Loaded, printer: Printer) {
    printer.talk(&problems::text(
        &loaded.problems,
        &loaded.sources,
        printer.colours_talk(),
    ));
}

/// Problems, for machines.
pub(super) fn problems_json(loaded: &Loaded) -> String {
    format!("{:#}\n", problems::json(&loaded.problems))
}

/// The wall clock.
pub(super) fn now() -> Instant {
    Instant::from_system_time(SystemTime::now())
}

/// The instant that a command is for.
pub(super) fn instant(args: &ClusterArgs) -> Instant {
    args.at.unwrap_or_else(now)
}

pub(super) fn options(args: &ClusterArgs, prune: bool) -> Options {
    Options {
        instance: args.instance.clone(),
        prune,
        namespaces: args.namespaces(),
    }
}

/// Sees a cluster, and plans: what `plan` and `restore --dry-run` have in common.
pub(super) async fn plan(
    place: &ClusterArgs,
    deadline: Duration,
    planner: &Planner,
    make: impl FnOnce(&Observed, Instant) -> Plan,
) -> anyhow::Result<(Plan, String)> {
    let (observed, name) = match &place.cluster {
        Some(file) => {
            let cluster = Manifests::new(file);
            (in_time(deadline, cluster.observe(planner)).await?, cluster.name())
        }
        None => {
            let cluster = in_time(deadline, Live::connect(&place.connection())).await?;
            (in_time(deadline, cluster.observe(planner)).await?, cluster.name())
        }
    };
    Ok((make(&observed, instant(place)), name))
}

/// Waits until the deadline of a pass, and no longer.
pub(super) async fn in_time<T>(
    deadline: Duration,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(deadline, work).await.map_err(|_| {
        let message = "the deadline was over before the cluster was seen; nothing was written";
        Failure::new(FailureKind::Timeout, message)
            .hint("is the API server of the kubeconfig's context up? give it more time with --deadline")
    })?
}
