//! `easyscale run`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};

use super::args::{ApplyArgs, ClusterArgs, Output, RunArgs, WriteArgs};
use super::exit::Exit;
use super::load;
use super::printer::Printer;
use super::signals;
use crate::cluster::{Live, Tally, lease_name};
use crate::controller::health::Health;
use crate::controller::lease::{Election, Elector, Timings, identity};
use crate::controller::metrics::Metrics;
use crate::controller::reload::{Policies, Rhythm, Verdict, watch};
use crate::controller::{Control, Gauges, Inlets, LiveStreams, Settings, Start, WallClock, http};
use crate::plan::{ObjectRef, Planner};
use crate::policy::Loaded;
use crate::report::status::PolicyState;

/// Sightings that wait for the loop, at most; a page of a list is one.
const SIGHTINGS: usize = 64;

/// Connecting runs the kubeconfig's exec command, which may ask a slow service.
const CONNECT_WITHIN: Duration = Duration::from_secs(60);

pub(super) async fn run(args: RunArgs, printer: Printer) -> anyhow::Result<Exit> {
    if args.once {
        return super::apply::run(once(args), printer).await;
    }
    let policies = Policies {
        inputs: args.policies.inputs_beside(&args.rules),
        denied: args.policies.deny.clone(),
        // The rules may all be in the cluster.
        allow_empty: args.allow_empty || args.rules.sources().is_any(),
    };
    let (verdict, fingerprint) = policies.load();
    let loaded = match verdict {
        Verdict::Good(loaded) => loaded,
        Verdict::Bad(loaded) => {
            load::tell(&loaded, printer);
            return Ok(Exit::Failed);
        }
    };
    load::tell(&loaded, printer);
    load::warn_of_old_zone_rules(None, printer);

    let signals = signals::listen()?;
    let metrics = Arc::new(Metrics::new(args.metrics_targets));
    let health = Arc::new(Health::new());
    let listener = http::bind(args.listen()).await?;
    let counted = Arc::clone(&metrics);
    let live = load::in_time(CONNECT_WITHIN, Live::connect(&args.live.connection()))
        .await?
        .counted(Tally::new(move |verb, code| counted.api_request(verb, code)));

    let wall: WallClock = Arc::new(SystemTime::now);
    let namespace = args
        .lease_namespace
        .clone()
        .unwrap_or_else(|| live.own_namespace().to_owned());
    // A dry run writes nothing, so it neither needs the lease nor may it keep others from it.
    let elects = !(args.no_leader_election || args.dry_run);
    let election = if elects {
        let timings = Timings::of(args.lease_duration);
        Elector::new(live.lease(&namespace), identity(), timings, Arc::clone(&wall)).start()
    } else {
        Election::unopposed()
    };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        address = %listener.local_addr().map_or_else(|_| String::new(), |address| address.to_string()),
        rules = loaded.rules.len(),
        instance = args.live.instance,
        dry_run = args.dry_run,
        "started"
    );

    let (sightings, sighted) = mpsc::channel(SIGHTINGS);
    let (apis, drivers) = mpsc::channel(1);
    let (questions, asked) = mpsc::channel(4);
    let (closing, mut closed) = watch::channel(false);
    let server = tokio::spawn(http::serve(
        listener,
        Arc::clone(&metrics),
        Arc::clone(&health),
        questions,
        async move {
            // Gone is as good as closing.
            let _ = closed.wait_for(|closing| *closing).await;
        },
    ));
    let control = Control::new(
        &live,
        LiveStreams::new(live.clone(), sightings, apis),
        Settings {
            concurrency: args.concurrency,
            events: !args.no_events,
            dry_run: args.dry_run,
        },
        election.fence(),
        Gauges { metrics, health },
        wall,
        start(&args, loaded, &namespace),
    );
    let inlets = Inlets {
        sightings: sighted,
        drivers,
        verdicts: watch(policies, fingerprint, signals.hang_up, Rhythm::default()),
        leadership: elects.then(|| election.leadership()),
        questions: asked,
        stop: signals.stop,
    };
    let ended = control.run(inlets).await;
    election.release().await;
    // Asked until the end: a probe that fails before we are gone would be a lie.
    closing.send_replace(true);
    let _ = tokio::time::timeout(Duration::from_millis(500), server).await;
    ended?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

fn start(args: &RunArgs, loaded: Loaded, namespace: &str) -> Start {
    let options = args.live.options(!args.no_prune);
    Start {
        ground: loaded.ground(),
        sources: args.rules.sources(),
        denied: args.policies.deny.clone(),
        planner: Planner::new(loaded.rules, options).trusting(args.rules.trust()),
        policy: PolicyState {
            valid: true,
            since: load::now(),
            problems: loaded.problems,
        },
        stage: ObjectRef {
            api_version: "coordination.k8s.io/v1".to_owned(),
            kind: "Lease".to_owned(),
            namespace: namespace.to_owned(),
            name: lease_name(&args.live.instance),
        },
    }
}

/// `run --once` is `apply`, with the flags that both have.
fn once(args: RunArgs) -> ApplyArgs {
    let RunArgs {
        policies,
        rules,
        live,
        concurrency,
        no_events,
        ..
    } = args;
    ApplyArgs {
        policies,
        rules,
        cluster: ClusterArgs {
            cluster: None,
            live,
            at: None,
        },
        write: WriteArgs {
            deadline: Duration::from_secs(60),
            concurrency,
            no_events,
            allow_refused: false,
        },
        output: Output::Text,
        prune: false,
        show_unchanged: false,
    }
}

impl RunArgs {
    /// Where to listen: in a cluster probes and scrapes come from elsewhere, on a machine of one's own nobody's do.
    fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or_else(|| {
            let in_cluster = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
            SocketAddr::from((if in_cluster { [0, 0, 0, 0] } else { [127, 0, 0, 1] }, 8080))
        })
    }
}
