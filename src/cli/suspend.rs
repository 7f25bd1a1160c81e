//! Stopping a CronJob before its work is undone: nothing new starts, and what it started has ended. If it comes to nothing,
//! the CronJob goes on, for that is better than bounds that nobody looks after.

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};

use super::printer::Printer;
use crate::cluster::{Live, Suspended};
use crate::plan::Failure;

/// The CronJob controller may be about to start a Job by what it saw before: it looks at its own copy, which is a moment
/// old.
const SETTLES: Duration = Duration::from_secs(2);

/// Between two looks at its Jobs.
const PAUSE: Duration = Duration::from_secs(1);

/// Longer than a Job of ours may run (`activeDeadlineSeconds: 120`, and the time that its pod has to end).
const MAX_WAIT: Duration = Duration::from_secs(180);

/// So many names are told.
const MAX_TOLD: usize = 3;

/// Has the CronJob start nothing any more, until somebody resumes it.
///
/// # Errors
/// When it cannot be stopped: then nothing may be restored.
pub(super) async fn suspend(
    live: &Live,
    namespace: &str,
    name: &str,
    printer: Printer,
) -> anyhow::Result<Suspended> {
    let suspended = live.suspend(namespace, name).await.map_err(unrestored)?;
    printer.talk(&format!(
        "{suspended} is suspended and starts nothing any more, until you say: {}\n",
        by_hand(namespace, name)
    ));
    Ok(suspended)
}

/// Lets it go on after a restoration that came to nothing, if it was not suspended before.
pub(super) async fn resume(live: &Live, suspended: &Suspended, printer: Printer) {
    if !suspended.by_us() {
        return;
    }
    match live.resume(suspended).await {
        Ok(()) => printer.talk(&format!(
            "Not all is restored, so {suspended} goes on: its bounds are looked after.\n"
        )),
        Err(failure) => printer.failure(&failure),
    }
}

fn by_hand(namespace: &str, name: &str) -> String {
    format!("kubectl patch cronjob {name} -n {namespace} -p '{{\"spec\":{{\"suspend\":false}}}}'")
}

/// Comes back when none of its Jobs is at work.
///
/// # Errors
/// When one of them does not end: then nothing may be restored.
pub(super) async fn wait_for_jobs(
    live: &Live,
    suspended: &Suspended,
    printer: Printer,
) -> anyhow::Result<()> {
    let began = Instant::now();
    sleep(SETTLES).await;
    let mut told = false;
    loop {
        let mut jobs = live.jobs_at_work(suspended).await.map_err(unrestored)?;
        if jobs.is_empty() {
            return Ok(());
        }
        let more = jobs.len().saturating_sub(MAX_TOLD);
        jobs.truncate(MAX_TOLD);
        let mut names = jobs.join(", ");
        if more > 0 {
            names.push_str(&format!(" and {more} more"));
        }
        if began.elapsed() > MAX_WAIT {
            bail!(
                "nothing is restored: {names} of {suspended} still runs after {} s, and may write; delete it and try again",
                MAX_WAIT.as_secs()
            );
        }
        if !told {
            told = true;
            printer.talk(&format!("{names} still runs; waiting until it has ended.\n"));
        }
        sleep(PAUSE).await;
    }
}

/// A failure with what follows from it.
fn unrestored(failure: Failure) -> Failure {
    Failure {
        message: format!(
            "nothing is restored, since a CronJob may write again: {}",
            failure.message
        ),
        ..failure
    }
}
