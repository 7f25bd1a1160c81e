//! What several commands need first: the rules, the instant, the options.

use std::sync::Arc;
use std::time::SystemTime;

use super::args::{ClusterArgs, PolicyArgs};
use super::printer::Printer;
use crate::plan::Options;
use crate::policy::{self, Loaded, Rule};
use crate::report::problems;
use crate::time::Instant;

/// The rules; `None` when they have errors, which are then told, on stdout too if `json`.
pub(super) fn rules(
    policies: &PolicyArgs,
    printer: Printer,
    json: bool,
) -> anyhow::Result<Option<Vec<Arc<Rule>>>> {
    let loaded = policy::load(&policies.paths);
    tell(&loaded, printer);
    if !loaded.has_errors() {
        return Ok(Some(loaded.rules));
    }
    if json {
        printer.data(&problems_json(&loaded))?;
    }
    Ok(None)
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
