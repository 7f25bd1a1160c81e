//! `easyscale apply`.

use std::sync::Arc;

use tokio::time::Instant as Deadline;

use super::args::{ApplyArgs, ClusterArgs, Output, WriteArgs};
use super::exit::Exit;
use super::load::{self, Rules};
use super::plan::render;
use super::printer::Printer;
use crate::cluster::{ApplyOptions, Clock, Cluster, Live, Manifests, apply};
use crate::plan::{Applied, Observed, Options, Outcome, Plan, Planner, TargetPlan};
use crate::policy::Problem;
use crate::report::{Entry, Shown};
use crate::time::Instant;

pub(super) async fn run(args: ApplyArgs, printer: Printer) -> anyhow::Result<Exit> {
    let ApplyArgs {
        policies,
        rules,
        cluster: place,
        write,
        output,
        prune,
        show_unchanged,
    } = args;
    let options = place.live.options(prune);
    let Some(rules) = Rules::of_files(&policies, &rules, printer, output == Output::Json)? else {
        return Ok(Exit::Failed);
    };
    load::warn_of_old_zone_rules(place.at, printer);
    warn_of_pretended_time(&place, printer);
    let deadline = Deadline::now() + write.deadline;
    let road = Road {
        rules,
        options,
        place,
        write,
        deadline,
    };
    let (done, is_whole) = match &road.place.cluster {
        Some(file) => road.walk(&Manifests::new(file), printer).await?,
        None => {
            let live =
                load::in_time(road.write.deadline, Live::connect(&road.place.live.connection())).await?;
            road.walk(&live, printer).await?
        }
    };
    let exit = show(&done, &road.write, output, show_unchanged, printer)?;
    Ok(if is_whole || road.write.allow_refused {
        exit
    } else {
        Exit::Failed
    })
}

/// From rules to what came of them.
struct Road {
    rules: Rules,
    options: Options,
    place: ClusterArgs,
    write: WriteArgs,
    deadline: Deadline,
}

impl Road {
    /// Walks it, and says whether all objects that rules are read from could be used.
    async fn walk<C: Cluster>(&self, cluster: &C, printer: Printer) -> anyhow::Result<(Done, bool)> {
        let Self {
            rules,
            options,
            place,
            write,
            deadline,
        } = self;
        let left = deadline.saturating_duration_since(Deadline::now());
        let assembled = load::in_time(left, rules.assemble(cluster, options.clone(), printer)).await?;
        let planner = &assembled.planner;
        let make = |observed: &Observed, at| planner.plan(observed, at);
        let done = pass_over(cluster, planner, place, write, *deadline, make).await?;
        let statuses = super::statuses::write(
            cluster,
            &assembled,
            &done.targets,
            load::now(),
            write.concurrency,
            printer,
        );
        if tokio::time::timeout_at(*deadline, statuses).await.is_err() {
            printer.warn("the deadline was over before all statuses of ScalingRules were written");
        }
        let is_whole = !assembled.has_refused_supplies();
        let problems = assembled.problems;
        Ok((Done { problems, ..done }, is_whole))
    }
}

/// A pass that was carried out.
pub(super) struct Done {
    at: Instant,
    cluster: String,
    targets: Vec<Applied>,
    /// Of the objects in the cluster that rules were read from.
    problems: Vec<Problem>,
}

impl Done {
    /// Whether there was nothing to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// What was written.
    pub(super) fn written(&self) -> impl Iterator<Item = &TargetPlan> {
        let written = |applied: &&Applied| applied.outcome == Outcome::Applied;
        self.targets.iter().filter(written).map(|applied| &applied.plan)
    }

    /// How a command ends that did this.
    pub(super) fn exit(&self, write: &WriteArgs) -> Exit {
        let is_bad = |applied: &Applied| match applied.outcome {
            Outcome::Applied | Outcome::Unchanged => false,
            Outcome::Refused => !write.allow_refused,
            Outcome::Failed(_) => true,
        };
        if self.targets.iter().any(is_bad) {
            Exit::Failed
        } else {
            Exit::Done
        }
    }

    /// Whether anything was written.
    pub(super) fn wrote(&self) -> bool {
        self.written().next().is_some()
    }
}

/// Observes, plans and writes, in whichever cluster was named; all of it before the deadline.
pub(super) async fn pass(
    planner: &Planner,
    place: &ClusterArgs,
    write: &WriteArgs,
    make: impl FnOnce(&Observed, Instant) -> Plan,
) -> anyhow::Result<Done> {
    let deadline = Deadline::now() + write.deadline;
    match &place.cluster {
        Some(file) => pass_over(&Manifests::new(file), planner, place, write, deadline, make).await,
        None => {
            let live = load::in_time(write.deadline, Live::connect(&place.live.connection())).await?;
            pass_over(&live, planner, place, write, deadline, make).await
        }
    }
}

/// The same over a cluster that is there already.
pub(super) async fn pass_over<C: Cluster>(
    cluster: &C,
    planner: &Planner,
    place: &ClusterArgs,
    write: &WriteArgs,
    deadline: Deadline,
    make: impl FnOnce(&Observed, Instant) -> Plan,
) -> anyhow::Result<Done> {
    let left = deadline.saturating_duration_since(Deadline::now());
    let observed = load::in_time(left, cluster.observe(planner)).await?;
    let at = load::instant(place);
    let plan = make(&observed, at);
    let events = (!write.no_events).then(load::now);
    let options = ApplyOptions {
        concurrency: write.concurrency,
        deadline,
        at: place
            .at
            .map_or_else(|| Clock::Wall(Arc::new(load::now)), Clock::Pretended),
        events,
        progress: Printer::progress(),
    };
    let targets = apply(cluster, planner, observed, plan, &options).await;
    Printer::end_progress();
    let targets = targets?;
    Ok(Done {
        at,
        cluster: cluster.name(),
        targets,
        problems: Vec::new(),
    })
}

/// Shows what came of a pass, and says how the command ends.
pub(super) fn show(
    done: &Done,
    write: &WriteArgs,
    output: Output,
    unchanged: bool,
    printer: Printer,
) -> anyhow::Result<Exit> {
    let targets = Entry::of_applied(&done.targets);
    render(
        &Shown {
            at: done.at,
            cluster: &done.cluster,
            targets: &targets,
            tried: true,
            unchanged,
            problems: &done.problems,
        },
        output,
        printer,
    )?;
    Ok(done.exit(write))
}

/// Bounds of another time on a live cluster are rarely what somebody wants.
pub(super) fn warn_of_pretended_time(place: &ClusterArgs, printer: Printer) {
    if let (Some(at), None) = (place.at, &place.cluster) {
        printer.warn(&format!(
            "--at {at}: these are not the bounds of now, and they are written to a live cluster; the next apply \
             without --at sets the bounds of now"
        ));
    }
}
