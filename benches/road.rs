//! How fast the road is, against the least that any client must do; ratios within one run. `just bench` prints them,
//! docs/performance.md records them. `cargo bench --bench road -- manifests` (or `cluster`) runs one half.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench: it prints, and ends when something is wrong"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use easyscale::cluster::{ApplyOptions, Clock, Cluster, Live, Manifests, apply};
use easyscale::plan::{BoundsWrite, Options, Outcome, Plan, Planner};
use easyscale::policy::{self, Rule};
use easyscale::report::{Entry, Shown, text};
use easyscale::time::Instant;
use futures::StreamExt as _;
use kube::Client;
use kube::api::{Patch, PatchParams};
use kube::core::Request;
use serde_json::json;
use support::{ControlPlane, Env, fixtures};

const TARGETS: usize = 1_000;
const IN_FLIGHT: usize = 16;
const ROUNDS: usize = 5;

fn main() {
    // `cargo test --benches` runs this too, and must not take minutes.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let asked = |name: &str| std::env::args().any(|argument| argument == name);
        if !asked("cluster") {
            against_manifests().await;
        }
        if !asked("manifests") {
            against_a_cluster().await;
        }
    });
}

/// Rules with two windows each, so that every pass between them changes every target.
fn rules(namespace: &str, count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let _ = write!(
            text,
            "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {{name: web-{number}}}\nspec:\n  target: {{kind: \
             Deployment, name: web-{number}, namespace: {namespace}}}\n  schedule:\n    - {{name: peak, timeStart: \
             '16:00', timeEnd: '18:00', minReplicas: 5, maxReplicas: 20}}\n    - {{name: evening, timeStart: '18:00', \
             timeEnd: '22:00', minReplicas: 4, maxReplicas: 19}}\n---\n"
        );
    }
    text
}

fn planner(rules: &[Arc<Rule>], namespace: &str) -> Planner {
    let namespaces = BTreeSet::from([namespace.to_owned()]);
    Planner::new(
        rules.to_vec(),
        Options {
            instance: "default".to_owned(),
            prune: false,
            namespaces,
        },
    )
}

fn at(round: usize) -> Instant {
    Instant::parse(if round.is_multiple_of(2) {
        "2026-11-24T17:00:00Z"
    } else {
        "2026-11-24T19:00:00Z"
    })
    .unwrap()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

// ---- a file of manifests ----------------------------------------------------------------------------------------

async fn against_manifests() {
    let folder = std::env::temp_dir().join(format!("easyscale-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    println!("plan from a manifest file (parse: the same file into the same types, and nothing else)");
    for count in [1_000, 10_000] {
        for format in ["json", "yaml"] {
            let file = folder.join(format!("cluster-{count}.{format}"));
            let policy = folder.join(format!("rules-{count}.yaml"));
            write_manifests(&file, format, count);
            std::fs::write(&policy, rules("shop", count)).unwrap();
            let loaded = policy::check(vec![("rules.yaml".to_owned(), rules("shop", count))]);
            let planner = planner(&loaded.rules, "shop");
            let (mut parse, mut planned, mut whole) = (Vec::new(), Vec::new(), Vec::new());
            for round in 0..ROUNDS {
                let started = Stopwatch::now();
                let observed = Manifests::new(&file).observe(&planner).await.unwrap();
                parse.push(started.elapsed());
                assert_eq!(observed.autoscalers.len(), count);
                drop(observed);
                let started = Stopwatch::now();
                let observed = Manifests::new(&file).observe(&planner).await.unwrap();
                let plan = planner.plan(&observed, at(round));
                planned.push(started.elapsed());
                let entries = Entry::of_plan(&plan);
                let shown = Shown {
                    at: plan.at,
                    cluster: "bench",
                    targets: &entries,
                    problems: &[],
                    tried: false,
                    unchanged: false,
                };
                assert!(text(&shown).len() > count);
                whole.push(started.elapsed());
            }
            let (parse, planned, whole) = (median(parse), median(planned), median(whole));
            let args = [
                "plan",
                &policy.to_string_lossy(),
                "--cluster",
                &file.to_string_lossy(),
                "--at",
                "2026-11-24T17:00:00Z",
            ]
            .map(str::to_owned);
            let (wall, peak) = whole_process(&args, None);
            println!(
                "  {count:>6} targets, {format}: parse {parse:>8.1?}, plan {planned:>8.1?} (ratio {:.2}), with text {whole:>8.1?} \
                 (ratio {:.2}); whole process {wall:.2?}, {peak:.0} MiB",
                planned.as_secs_f64() / parse.as_secs_f64(),
                whole.as_secs_f64() / parse.as_secs_f64()
            );
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

fn write_manifests(file: &Path, format: &str, count: usize) {
    // An export holds the workloads too.
    let items: Vec<_> = (0..count)
        .flat_map(|number| {
            let name = format!("web-{number}");
            let mut item = fixtures::hpa(&name, ("Deployment", &name), 2, 10);
            item["metadata"]["namespace"] = json!("shop");
            item["metadata"]["uid"] = json!(format!("7c1ad74e-5a1c-4ac4-9b0f-{number:012}"));
            item["metadata"]["resourceVersion"] = json!(number.to_string());
            item["status"] = json!({
                "currentReplicas": 2, "desiredReplicas": 2,
                "conditions": [{"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale",
                                "lastTransitionTime": "2026-11-24T00:00:00Z", "message": "recommended size matches current size"}],
            });
            [item, exported_deployment(&name, number)]
        })
        .collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let text = match format {
        "json" => serde_json::to_string_pretty(&list).unwrap(),
        _ => serde_yaml::to_string(&list).unwrap(),
    };
    std::fs::write(file, text).unwrap();
}

/// A Deployment as `kubectl get -o json` prints a small one.
fn exported_deployment(name: &str, number: usize) -> serde_json::Value {
    let mut item = fixtures::deployment(name, 2);
    item["metadata"]["namespace"] = json!("shop");
    item["metadata"]["uid"] = json!(format!("9d2be85f-6b2d-4bd5-8c10-{number:012}"));
    item["metadata"]["resourceVersion"] = json!(number.to_string());
    item["metadata"]["generation"] = json!(3);
    item["metadata"]["creationTimestamp"] = json!("2026-01-24T00:00:00Z");
    item["metadata"]["labels"] =
        json!({"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "Helm"});
    item["metadata"]["annotations"] =
        json!({"deployment.kubernetes.io/revision": "3", "meta.helm.sh/release-name": name});
    item["spec"]["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
    let container = &mut item["spec"]["template"]["spec"]["containers"][0];
    container["env"] = json!([{"name": "LOG_LEVEL", "value": "info"}, {"name": "PORT", "value": "8080"}]);
    container["ports"] = json!([{"containerPort": 8080, "name": "http", "protocol": "TCP"}]);
    container["readinessProbe"] =
        json!({"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10});
    item["status"] = json!({
        "availableReplicas": 2, "observedGeneration": 3, "readyReplicas": 2, "replicas": 2, "updatedReplicas": 2,
        "conditions": [
            {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": "Deployment has minimum availability.",
             "lastTransitionTime": "2026-01-24T00:00:00Z", "lastUpdateTime": "2026-01-24T00:00:00Z"},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "message": "ReplicaSet has successfully progressed.",
             "lastTransitionTime": "2026-01-24T00:00:00Z", "lastUpdateTime": "2026-01-24T00:00:00Z"},
        ],
    });
    item
}

// ---- an API server ----------------------------------------------------------------------------------------------

async fn against_a_cluster() {
    let options = support::Options {
        controller_manager: false,
        ..support::Options::default()
    };
    let plane = Arc::new(ControlPlane::start(&options).await.unwrap());
    let env = Env::on(&plane).await;
    let created = futures::stream::iter(0..TARGETS).map(|number| {
        let env = env.clone();
        async move {
            let name = format!("web-{number}");
            env.apply_as("helm", &fixtures::hpa(&name, ("Deployment", &name), 2, 10))
                .await;
        }
    });
    created.buffer_unordered(IN_FLIGHT).collect::<Vec<_>>().await;
    let policy = plane.path().join("rules.yaml");
    std::fs::write(&policy, rules(&env.namespace, TARGETS)).unwrap();
    let loaded = policy::load(&[PathBuf::from(&policy)]);
    let planner = planner(&loaded.rules, &env.namespace);
    let live = Live::with_client(env.client.clone(), "bench", "default");
    // The first pass takes everything over; from then on all rounds are alike.
    pass(&live, &planner, at(1), None).await;

    for events in [None, Some(at(0))] {
        let (mut ours, mut bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let plan = plan(&live, &planner, at(2 * round)).await;
            let time_bare = send_bare(&env.client, &plan, events.is_some()).await;
            let started = Stopwatch::now();
            pass(&live, &planner, at(2 * round + 1), events).await;
            let time_ours = started.elapsed();
            ratios.push(time_ours.as_secs_f64() / time_bare.as_secs_f64());
            ours.push(time_ours);
            bare.push(time_bare);
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "apply of {TARGETS} changed HPAs{}: {:.2?}, the same patches bare {:.2?}, ratio {:.2} ({:.2}..{:.2})",
            if events.is_some() { " with events" } else { "" },
            median(ours),
            median(bare),
            ratios[ROUNDS / 2],
            ratios[0],
            ratios[ROUNDS - 1],
        );
    }
    processes(&env, &policy).await;
    plane.stop();
}

/// Whole processes: one that changes everything, one that changes nothing.
async fn processes(env: &Env, policy: &Path) {
    let kubeconfig = env.kubeconfig(&env.admin);
    let args = |at: &str| {
        let policy = policy.to_string_lossy().into_owned();
        [
            "apply",
            &policy,
            "-n",
            &env.namespace,
            "--no-events",
            "--at",
            at,
            "--log-level",
            "error",
        ]
        .map(str::to_owned)
    };
    let (wall, peak) = whole_process(&args("2026-11-24T17:00:00Z"), Some(&kubeconfig));
    println!("whole process, {TARGETS} to change: {wall:.2?}, {peak:.0} MiB");
    let mut walls = Vec::new();
    let mut peak = 0.0_f64;
    let before = env.requests(&env.admin).await.len();
    for _ in 0..ROUNDS {
        let (wall, memory) = whole_process(&args("2026-11-24T17:00:00Z"), Some(&kubeconfig));
        walls.push(wall);
        peak = peak.max(memory);
    }
    let requests = env.requests(&env.admin).await.split_off(before);
    let writes = requests.iter().filter(|request| request.is_write()).count();
    println!(
        "whole process, nothing to change: {:.3?}, {peak:.0} MiB, {} requests, {writes} writes",
        median(walls),
        requests.len() / ROUNDS
    );
}

async fn plan(live: &Live, planner: &Planner, at: Instant) -> Plan {
    let observed = live.observe(planner).await.unwrap();
    planner.plan(&observed, at)
}

async fn pass(live: &Live, planner: &Planner, at: Instant, events: Option<Instant>) {
    let observed = live.observe(planner).await.unwrap();
    let plan = planner.plan(&observed, at);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(300);
    let options = ApplyOptions {
        concurrency: IN_FLIGHT,
        deadline,
        at: Clock::Pretended(at),
        events,
        progress: None,
    };
    let applied = apply(live, planner, observed, plan, &options).await.unwrap();
    assert!(applied.iter().all(|applied| applied.outcome == Outcome::Applied));
}

/// The patches of a plan, and nothing else: no list, no decision, no retry.
async fn send_bare(client: &Client, plan: &Plan, events: bool) -> Duration {
    let writes: Vec<&BoundsWrite> = plan
        .targets
        .iter()
        .filter_map(|target| target.writes.bounds.as_ref())
        .collect();
    assert_eq!(writes.len(), TARGETS);
    let started = Stopwatch::now();
    let sent = futures::stream::iter(&writes).map(|write| async move {
        let object = &write.object;
        let mut params = PatchParams::apply("easyscale");
        params.force = write.force;
        let body = json!({
            "apiVersion": object.api_version, "kind": object.kind,
            "metadata": {"name": object.name, "namespace": object.namespace, "uid": write.uid,
                         "annotations": {"easyscale.io/state": write.state}},
            "spec": {"minReplicas": write.floor, "maxReplicas": write.ceiling},
        });
        let path = format!(
            "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
            object.namespace
        );
        let request = Request::new(path)
            .patch(&object.name, &params, &Patch::Apply(&body))
            .unwrap();
        client.request_text(request).await.unwrap();
    });
    sent.buffer_unordered(IN_FLIGHT).collect::<Vec<_>>().await;
    if events {
        let sent = futures::stream::iter(&writes).map(|write| async move {
            let object = &write.object;
            let body = json!({
                "apiVersion": "events.k8s.io/v1", "kind": "Event",
                "metadata": {"generateName": format!("{}-", object.name), "namespace": object.namespace},
                "eventTime": "2026-11-24T17:00:00.000000Z", "reportingController": "bench.example/bench",
                "reportingInstance": "bench", "type": "Normal", "reason": "BoundsChanged", "action": "Schedule",
                "note": "minReplicas 2 -> 5, maxReplicas 10 -> 20; minReplicas by window \"peak\", rules.yaml:1:1; rule web",
                "regarding": {"apiVersion": object.api_version, "kind": object.kind, "namespace": object.namespace,
                              "name": object.name, "uid": write.uid},
            });
            let path = format!("/apis/events.k8s.io/v1/namespaces/{}/events", object.namespace);
            let body = body.to_string().into_bytes();
            let request = Request::new(path).create(&kube::api::PostParams::default(), body).unwrap();
            client.request_text(request).await.unwrap();
        });
        sent.buffer_unordered(IN_FLIGHT).collect::<Vec<_>>().await;
    }
    started.elapsed()
}

/// Wall time and peak memory (MiB) of a whole process; Linux only, elsewhere the memory is 0.
fn whole_process(args: &[String], kubeconfig: Option<&Path>) -> (Duration, f64) {
    let started = Stopwatch::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_easyscale"));
    command
        .env_clear()
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    if let Some(kubeconfig) = kubeconfig {
        command.env("KUBECONFIG", kubeconfig);
    }
    let mut child = command.spawn().unwrap();
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    // The high-water mark only rises, so its last reading is the peak but for the last half millisecond.
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{args:?}");
            return (started.elapsed(), peak);
        }
        if let Some(mebibytes) = std::fs::read_to_string(&status_file)
            .ok()
            .as_deref()
            .and_then(high_water_mark)
        {
            peak = peak.max(mebibytes);
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

fn high_water_mark(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
