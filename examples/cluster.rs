//! A control plane to try the tool on, without containers: `just cluster`. It holds the workloads
//! that the example policies name, and runs until Ctrl-C.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program to be looked at: the line for the shell on stdout, talk on stderr"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::ExitCode;
use support::{Binaries, ControlPlane, Options, fixtures};

#[tokio::main]
async fn main() -> ExitCode {
    // Before Ctrl-C is listened for, which a build of minutes would not notice.
    if let Err(error) = Binaries::find() {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    let options = Options::default();
    eprintln!("starting etcd, kube-apiserver and kube-controller-manager ...");
    let started = tokio::select! {
        plane = ControlPlane::start(&options) => plane,
        _ = tokio::signal::ctrl_c() => return ExitCode::from(130),
    };
    let plane = match started {
        Ok(plane) => plane,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let admin = plane.admin();
    if let Err(error) = fill(&plane.client(&admin)).await {
        eprintln!("error: create the sample workloads: {error}");
        return ExitCode::FAILURE;
    }

    eprintln!(
        "ready after {:.1} s; logs in {}",
        plane.ready_after().as_secs_f32(),
        plane.path().display()
    );
    eprintln!("\nIn another terminal:\n");
    println!("export KUBECONFIG={}", plane.kubeconfig(&admin).display());
    eprintln!("easyscale plan policies/        # what would change now, and why");
    eprintln!("easyscale apply policies/       # do it");
    eprintln!("kubectl get hpa,deployments -A  # what came of it (the HPAs act within a second)");
    eprintln!("\nCtrl-C ends it all and leaves nothing behind.");

    let stopped = async {
        loop {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            if let Err(error) = plane.check_processes() {
                break error;
            }
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        error = stopped => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    }
    eprintln!("\nstopping");
    plane.stop();
    ExitCode::SUCCESS
}

/// `(namespace, Deployment, replicas, bounds)`. No bounds means no HPA, which is when the tool sets
/// replicas itself.
type Workload = (&'static str, &'static str, i32, Option<(i32, i32)>);

/// The targets of the example rules, but for one StatefulSet.
const WORKLOADS: [Workload; 5] = [
    ("default", "inference-service-x", 5, Some((1, 10))),
    ("production", "inference-service-y", 1, Some((1, 8))),
    ("ml-services", "ml-model-api", 3, None),
    ("shop", "checkout", 2, Some((2, 10))),
    ("support", "support-chat", 3, Some((3, 6))),
];

async fn fill(client: &kube::Client) -> kube::Result<()> {
    for (namespace, name, replicas, bounds) in WORKLOADS {
        fixtures::apply(client, None, "helm", &fixtures::namespace(namespace)).await?;
        let mut objects = vec![fixtures::deployment(name, replicas)];
        objects.extend(bounds.map(|(min, max)| fixtures::hpa(name, ("Deployment", name), min, max)));
        for object in objects {
            fixtures::apply(client, Some(namespace), "helm", &object).await?;
        }
    }
    let orders = fixtures::stateful_set("orders-db", 2);
    fixtures::apply(client, Some("shop"), "helm", &orders).await?;
    Ok(())
}
