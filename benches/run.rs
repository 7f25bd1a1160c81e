//! How fast and how small `easyscale run` is, on a real API server: `cargo bench --bench run` prints what
//! docs/performance.md records. `-- edge` or `-- rest` runs one half.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench: it prints, and ends when something is wrong"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch, SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{Patch, PatchParams};
use kube::core::Request;
use kube::{Api, Client};
use serde_json::json;
use support::{ControlPlane, Env, Options, Running, fixtures, timed_requests};

const IN_FLIGHT: usize = 16;
const EDGES: usize = 5;

fn main() {
    // `cargo test --benches` runs this too, and must not take minutes.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let asked = |name: &str| std::env::args().any(|argument| argument == name);
        if !asked("rest") {
            edge().await;
        }
        if !asked("edge") {
            rest(100, 100).await;
            rest(10_000, 1_000).await;
            rest(10_000, 10_000).await;
        }
    });
}

/// No controllers: what is measured is who patches, not who reacts to it.
async fn plane() -> (Arc<ControlPlane>, Env) {
    let options = Options {
        controller_manager: false,
        ..Options::default()
    };
    let plane = Arc::new(ControlPlane::start(&options).await.unwrap());
    let env = Env::on(&plane).await;
    (plane, env)
}

async fn create(env: &Env, name: &str, count: usize) {
    let api: Api<HorizontalPodAutoscaler> = env.api();
    futures::stream::iter(0..count)
        .map(|number| {
            let name = format!("{name}-{number}");
            let body = fixtures::hpa(&name, ("Deployment", &name), 3, 10);
            let api = api.clone();
            async move {
                api.patch(&name, &PatchParams::apply("helm"), &Patch::Apply(body))
                    .await
                    .unwrap();
            }
        })
        .buffer_unordered(IN_FLIGHT)
        .collect::<Vec<()>>()
        .await;
}

/// Rules with an edge every half a minute, each of which is one patch per target.
fn rules(namespace: &str, count: usize, schedule: &str) -> String {
    let mut text = String::new();
    for number in 0..count {
        let _ = write!(
            text,
            "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {{name: web-{number}}}\nspec:\n  target: {{kind: \
             Deployment, name: web-{number}, namespace: {namespace}}}\n  default: {{minReplicas: 3, maxReplicas: 10}}\n  \
             schedule:\n    - {schedule}\n---\n"
        );
    }
    text
}

/// The same patches without anything else: what no client can beat.
async fn bare(client: &Client, namespace: &str, count: usize, floor: u32) {
    let request = Request::new(format!(
        "/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"
    ));
    let params = PatchParams::apply("easyscale").force();
    futures::stream::iter(0..count)
        .map(|number| {
            let name = format!("bare-{number}");
            let state = json!({
                "v": 1, "instance": "bare", "rule": name, "uid": "2e4c8c2c-7a8f-4b6e-9f5e-0a4f1f3f9a10",
                "at": format!("2026-11-26T21:00:{floor:02}Z"),
                "minReplicas": {"original": 3, "applied": floor}, "maxReplicas": {"original": 10, "applied": 20},
            });
            let body = json!({
                "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": name, "annotations": {"easyscale.io/state": state.to_string()}},
                "spec": {"minReplicas": floor, "maxReplicas": 20},
            });
            let request = request.patch(&name, &params, &Patch::Apply(&body)).unwrap();
            async move { client.request_text(request).await.unwrap() }
        })
        .buffer_unordered(IN_FLIGHT)
        .collect::<Vec<String>>()
        .await;
}

async fn edge() {
    const TARGETS: usize = 1_000;
    let (plane, env) = plane().await;
    create(&env, "web", TARGETS).await;
    create(&env, "bare", TARGETS).await;
    let window = "{name: pulse, cron: '0 * * * * *', duration: 30s, minReplicas: 5, maxReplicas: 20}";
    let policies = rules(&env.namespace, TARGETS, window);
    let user = env.admin.clone();
    let mut running = Running::start(
        &env.kubeconfig(&user),
        &policies,
        &["-n", &env.namespace, "--lease-namespace", &env.namespace],
    );
    running.told("the cluster is seen").await;
    println!(
        "edge to last of {TARGETS} patches, {IN_FLIGHT} in flight; bare: the same patches without anything else"
    );
    let client = env.client(&env.admin);
    let (mut ratios, mut firsts) = (Vec::new(), Vec::new());
    for round in 0..=EDGES {
        let next = (seconds(SystemTime::now()) / 30.0).ceil() * 30.0;
        tokio::time::sleep(Duration::from_secs_f64(next + 6.0 - seconds(SystemTime::now()))).await;
        let requests = timed_requests(plane.path());
        let patches: Vec<_> = requests
            .iter()
            .filter(|request| {
                request.verb == "patch"
                    && request.resource == "horizontalpodautoscalers"
                    && seconds(request.received) >= next
                    && seconds(request.received) < next + 6.0
            })
            .filter(|request| request.name.starts_with("web-"))
            .collect();
        let first = patches
            .iter()
            .map(|request| seconds(request.received))
            .fold(f64::MAX, f64::min)
            - next;
        let last = patches
            .iter()
            .map(|request| seconds(request.answered))
            .fold(0.0, f64::max)
            - next;
        let began = seconds(SystemTime::now());
        bare(
            &client,
            &env.namespace,
            TARGETS,
            5 + u32::try_from(round).unwrap(),
        )
        .await;
        // By the same clock as ours: from the first request to the server's last answer.
        let requests = timed_requests(plane.path());
        let answered = requests
            .iter()
            .filter(|request| request.name.starts_with("bare-") && seconds(request.received) >= began)
            .map(|request| seconds(request.answered));
        let alone = answered.fold(0.0, f64::max) - began;
        if round == 0 {
            // The first edge also records the originals, and the connections are new.
            continue;
        }
        println!(
            "  {} patches: first after {:5.1} ms, last after {:6.0} ms; bare {:6.0} ms; ratio {:.2}",
            patches.len(),
            first * 1000.0,
            last * 1000.0,
            alone * 1000.0,
            last / alone
        );
        ratios.push(last / alone);
        firsts.push(first * 1000.0);
    }
    println!(
        "  median ratio {:.2}, median first {:.1} ms",
        median(&mut ratios),
        median(&mut firsts)
    );
    println!("  peak memory {} MiB", peak(running.pid()));
}

async fn rest(autoscalers: usize, targets: usize) {
    let (plane, env) = plane().await;
    create(&env, "web", targets).await;
    let window =
        "{name: far, from: '2099-01-01T00:00Z', until: '2099-01-02T00:00Z', minReplicas: 5, maxReplicas: 20}";
    let policies = rules(&env.namespace, targets, window);
    let started = Stopwatch::now();
    let mut running = Running::start(
        &env.kubeconfig(&env.admin),
        &policies,
        &["-n", &env.namespace, "--lease-namespace", &env.namespace],
    );
    let line = running.told("the cluster is seen").await;
    assert_eq!(line["autoscalers"], json!(autoscalers));
    let seen = started.elapsed();
    tokio::time::sleep(Duration::from_secs(5)).await;
    println!("{autoscalers} autoscalers, {targets} rules");
    println!(
        "  seen {:.1} s after the start, peak memory {} MiB",
        seen.as_secs_f64(),
        peak(running.pid())
    );
    let (before, began) = (cpu(running.pid()), Stopwatch::now());
    let asked = timed_requests(plane.path()).len();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let used = (cpu(running.pid()) - before).as_secs_f64() / began.elapsed().as_secs_f64();
    let requests = timed_requests(plane.path()).split_off(asked);
    let ours = requests.iter().filter(|request| {
        request.user == env.admin.name && request.resource != "leases" && request.verb != "watch"
    });
    println!(
        "  at rest: {:.3} % of a core, {} requests in a minute besides lease and watches",
        used * 100.0,
        ours.count()
    );
    // A label is news to nobody but it has to be read; a bound that somebody changes is looked at.
    const CHANGES: u32 = 2_000;
    let api: Api<HorizontalPodAutoscaler> = env.api();
    let before = cpu(running.pid());
    for number in 0..CHANGES {
        let body = json!({"spec": {"maxReplicas": if number % 2 == 0 { 11 } else { 10 }}});
        api.patch("web-7", &PatchParams::default(), &Patch::Merge(body))
            .await
            .unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let each = (cpu(running.pid()) - before).as_secs_f64() / f64::from(CHANGES);
    println!("  one change of one autoscaler: {:.0} us of CPU", each * 1e6);
    println!("  peak memory {} MiB at the end", peak(running.pid()));
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The most memory that a process has had at once, in MiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// The processor time that a process has used; Linux counts it in hundredths of a second.
fn cpu(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}
