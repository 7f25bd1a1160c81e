//! What several commands need first: the rules, the instant, a look at the cluster.

use std::time::{Duration, SystemTime};

use super::args::{ClusterArgs, PolicyArgs, RuleArgs};
use super::printer::Printer;
use crate::cluster::{Cluster, Live, Manifests, RuleSources, Supplied};
use crate::plan::{Failure, FailureKind, InDoubt, Observed, Options, Plan, Planner, Trust, has_mistakes};
use crate::policy::{Denied, Loaded, Problem};
use crate::report::problems;
use crate::report::rule_status::Acceptance;
use crate::time::{Instant, tzdb_is_old, tzdb_source, tzdb_version};

/// The rules of files, and where in the cluster others are.
pub(super) struct Rules {
    loaded: Loaded,
    sources: RuleSources,
    trust: Trust,
    denied: Vec<Denied>,
}

/// A planner, and where the rules are from that it does not have in files.
pub(super) struct Assembled {
    pub(super) planner: Planner,
    /// The objects that rules were read from, and whether they are used.
    pub(super) supplies: Vec<(Supplied, Acceptance)>,
    /// What is wrong with them.
    pub(super) problems: Vec<Problem>,
}

impl Assembled {
    /// Whether some object in the cluster has mistakes.
    pub(super) fn has_refused_supplies(&self) -> bool {
        let mut supplies = self.supplies.iter();
        supplies.any(|(_, acceptance)| *acceptance != Acceptance::Accepted)
    }
}

impl Rules {
    /// The rules of files; `None` when they have errors, which are then told, on stdout too if `json`.
    pub(super) fn of_files(
        policies: &PolicyArgs,
        rules: &RuleArgs,
        printer: Printer,
        json: bool,
    ) -> anyhow::Result<Option<Self>> {
        let sources = rules.sources();
        let mut loaded = policies.inputs_beside(rules).load();
        if sources.is_any() {
            // The rules may all be in the cluster.
            loaded.mind_emptiness(true);
        }
        let loaded = checked(loaded, policies, printer, json)?;
        Ok(loaded.map(|loaded| Self {
            loaded,
            sources,
            trust: rules.trust(),
            denied: policies.deny.clone(),
        }))
    }

    /// A planner of these rules and those in the cluster. Each object there is used or refused by itself; what is wrong
    /// with one is told.
    pub(super) async fn assemble<C: Cluster>(
        &self,
        cluster: &C,
        options: Options,
        printer: Printer,
    ) -> Result<Assembled, Failure> {
        let given = self.loaded.rules.len();
        let of_files = Planner::new(self.loaded.rules.clone(), options);
        let left_out = given - of_files.rules().len();
        if left_out > 0 {
            printer.talk(&format!(
                "{left_out} of {given} rules have their target outside the chosen namespaces.\n"
            ));
        }
        if !self.sources.is_any() {
            return Ok(Assembled {
                planner: of_files,
                supplies: Vec::new(),
                problems: Vec::new(),
            });
        }
        let found = cluster
            .supplies(&self.sources, &of_files.options().namespaces)
            .await?;
        let ground = self.loaded.ground();
        let mut rules = of_files.rules().to_vec();
        let mut in_doubt = InDoubt::default();
        let mut supplies = Vec::with_capacity(found.len());
        let mut problems = Vec::new();
        for supplied in found {
            let mut loaded = ground.read(&supplied.supply);
            loaded.deny(&self.denied);
            tell(&loaded, printer);
            let acceptance = Acceptance::of(&loaded.problems);
            if acceptance == Acceptance::Accepted {
                rules.extend(loaded.rules);
            } else {
                let scope = &supplied.supply.scope;
                in_doubt.add(scope, &has_mistakes(scope));
            }
            supplies.push((supplied, acceptance));
            problems.extend(loaded.problems);
        }
        let planner = of_files.with_rules(rules);
        Ok(Assembled {
            planner: planner.trusting(self.trust.clone()).doubting(in_doubt),
            supplies,
            problems,
        })
    }
}

/// The rules; `None` when they have errors, which are then told, on stdout too if `json`.
pub(super) fn rules(policies: &PolicyArgs, printer: Printer, json: bool) -> anyhow::Result<Option<Loaded>> {
    checked(policies.inputs().load(), policies, printer, json)
}

fn checked(
    mut loaded: Loaded,
    policies: &PolicyArgs,
    printer: Printer,
    json: bool,
) -> anyhow::Result<Option<Loaded>> {
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

/// Sees a cluster, and plans: what `config --diff` and `restore --dry-run` have in common.
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
            let cluster = in_time(deadline, Live::connect(&place.live.connection())).await?;
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
