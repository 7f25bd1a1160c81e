//! The workloads that a person can choose from: of a file of manifests, or of a cluster that answers quickly.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use crate::cli::load;
use crate::cli::printer::Printer;
use crate::cluster::{Cluster, Connection, Live, Manifests};
use crate::plan::{Observed, Options, Planner};
use crate::policy::Target;
use crate::report::printable;

/// Who is asked which workload should not wait for a cluster that is not there.
const PATIENCE: Duration = Duration::from_secs(3);

/// A workload that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) target: Target,
    /// How it is shown.
    pub(super) line: String,
}

/// What there is, in the order of namespaces and names. A file that was named must be readable; that there is no
/// cluster is no error, since a name can be typed.
pub(super) async fn workloads(
    file: Option<&Path>,
    context: Option<String>,
    printer: Printer,
) -> anyhow::Result<Vec<Offer>> {
    let options = Options {
        instance: String::new(),
        prune: false,
        namespaces: BTreeSet::new(),
    };
    let planner = Planner::new(Vec::new(), options);
    if let Some(file) = file {
        return Ok(offers(&Manifests::new(file).observe(&planner).await?));
    }
    let connection = Connection {
        context,
        ..Connection::default()
    };
    let look = async {
        let cluster = Live::connect(&connection).await?;
        let name = cluster.name();
        printer.talk(&format!(
            "Looking for autoscaled workloads on {} …\n",
            printable(&name)
        ));
        cluster.observe(&planner).await
    };
    match load::in_time(PATIENCE, look).await {
        Ok(observed) => Ok(offers(&observed)),
        Err(failure) => {
            tracing::debug!(message = failure.message, "no workloads to offer");
            Ok(Vec::new())
        }
    }
}

fn offers(observed: &Observed) -> Vec<Offer> {
    let mut lines: BTreeMap<(String, String, String), Offer> = BTreeMap::new();
    let mut add = |group: &str, kind: &str, namespace: &str, name: &str, about: String| {
        if group != "apps" || !matches!(kind, "Deployment" | "StatefulSet") {
            return;
        }
        let key = (namespace.to_owned(), name.to_owned(), kind.to_owned());
        lines.entry(key).or_insert_with(|| Offer {
            line: format!("{}/{namespace}/{name}, {about}", kind.to_ascii_lowercase()),
            target: Target {
                group: group.to_owned(),
                kind: kind.to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            },
        });
    };
    // An autoscaler that belongs to another controller is that one's business.
    for scaler in observed
        .autoscalers
        .iter()
        .filter(|scaler| scaler.controller.is_none())
    {
        let about = format!(
            "autoscaled between {} and {}",
            scaler.floor.unwrap_or(1),
            scaler.ceiling
        );
        let workload = &scaler.workload;
        add(
            &workload.group,
            &workload.kind,
            &scaler.namespace,
            &workload.name,
            about,
        );
    }
    for workload in &observed.workloads {
        let about = match workload.replicas {
            1 => "1 copy".to_owned(),
            replicas => format!("{replicas} copies"),
        };
        add(
            &workload.group,
            &workload.kind,
            &workload.namespace,
            &workload.name,
            about,
        );
    }
    lines.into_values().collect()
}
