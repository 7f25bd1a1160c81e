//! The statuses of custom resources after a pass.

use std::collections::HashMap;

use futures::StreamExt as _;

use super::load::Assembled;
use super::printer::Printer;
use crate::cluster::Cluster;
use crate::plan::{Applied, Intent, Outcome};
use crate::policy::Scope;
use crate::report::rule_status::{Progress, Standing, difference, status};
use crate::time::Instant;

/// Writes the statuses that are not as they should be. That one cannot be written is told, and is no failure of the pass:
/// the bounds are what counts.
pub(super) async fn write<C: Cluster>(
    cluster: &C,
    assembled: &Assembled,
    targets: &[Applied],
    now: Instant,
    concurrency: usize,
    printer: Printer,
) {
    let mut standings: HashMap<&Scope, Standing> = HashMap::new();
    for applied in targets {
        if let Intent::Keep(rule) = &applied.plan.intent {
            let progress = match &applied.outcome {
                Outcome::Failed(failure) => Progress::Failed(&failure.message),
                Outcome::Applied | Outcome::Unchanged | Outcome::Refused => Progress::Written,
            };
            standings.insert(&rule.scope, Standing::of(&applied.plan, progress));
        }
    }
    let writes = assembled.supplies.iter().filter_map(|(supplied, acceptance)| {
        let Scope::ScalingRule(owner) = &supplied.supply.scope else {
            return None;
        };
        let standing = standings.get(&supplied.supply.scope);
        let after = status(acceptance, standing, supplied.generation, &supplied.status, now);
        let patch = difference(&supplied.status, &after)?;
        Some(async move { cluster.write_status(owner, &supplied.uid, &patch).await })
    });
    let results: Vec<_> = futures::stream::iter(writes)
        .buffer_unordered(concurrency)
        .collect()
        .await;
    let mut failures = results.into_iter().filter_map(Result::err);
    if let Some(first) = failures.next() {
        let more = failures.count();
        let more = if more > 0 {
            format!(" (and {more} more)")
        } else {
            String::new()
        };
        let hint = first.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        printer.warn(&format!("{}{more}{hint}", first.message));
    }
}
