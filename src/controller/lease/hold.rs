//! Holding the lease against whoever has it: for a person who undoes things, and must not be undone meanwhile.

use std::time::{Duration, SystemTime};

use super::elector::{Election, Elector};
use super::fence::Wall;
use super::step::{Step, Timings};
use crate::cluster::{Lease, LeaseStore};
use crate::plan::{Failure, FailureKind};
use crate::time::Instant;

/// How often a lease that is renewed just then is tried again.
const MAX_ATTEMPTS: usize = 5;

/// Nobody waits longer, whatever a lease says.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// A lease that ended longer ago than clocks may be apart has ended on every clock.
const CLOCKS_APART: Duration = Duration::from_secs(300);

/// Who held the lease, and may still be writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// The lease: `easyscale/easyscale`.
    pub lease: String,
    /// Who held it.
    pub holder: String,
    /// How long it is waited until it cannot write any more.
    pub wait: Duration,
}

/// Takes the lease, whoever holds it, and comes back when the former holder cannot write any more; `tell` is told before
/// a wait. It is renewed until it is [released](Election::release). `None`: there is no lease to hold.
///
/// # Errors
/// When it cannot be read or written, or somebody else takes it meanwhile.
pub async fn hold<S: LeaseStore + 'static>(
    store: S,
    me: String,
    timings: Timings,
    wall: Wall,
    tell: impl FnOnce(&Former),
) -> Result<Option<Election>, Failure> {
    let mut elector = Elector::new(store, me, timings, wall.clone());
    let mut attempt = 1;
    let former = loop {
        elector.look().await?;
        let Some(seen) = elector.seen() else {
            return Ok(None);
        };
        if seen.gone {
            return Ok(None);
        }
        let former = former(elector.store().name(), &seen.lease, wall());
        match elector.write(Step::Take).await {
            Ok(()) => break former,
            Err(failure) if failure.kind == FailureKind::Conflict && attempt < MAX_ATTEMPTS => attempt += 1,
            Err(failure) => return Err(failure),
        }
    };
    let (name, fence) = (elector.store().name(), elector.fence().clone());
    let election = elector.start();
    if let Some(former) = former {
        tell(&former);
        if fence.guard(tokio::time::sleep(former.wait)).await.is_none() {
            return Err(Failure::new(
                FailureKind::Conflict,
                format!("lease {name} was taken by somebody else while we waited"),
            ));
        }
    }
    Ok(Some(election))
}

/// Whom to wait for; `None` when nobody held it, or it ended long ago.
fn former(name: String, lease: &Lease, now: SystemTime) -> Option<Former> {
    if lease.holder.is_empty() {
        return None;
    }
    if let (Some(duration), Some(renewed)) = (lease.duration, lease.renewed) {
        let end = renewed.unix() + i64::try_from((duration + CLOCKS_APART).as_secs()).unwrap_or(i64::MAX);
        if end < Instant::from_system_time(now).unix() {
            return None;
        }
    }
    Some(Former {
        lease: name,
        holder: lease.holder.clone(),
        wait: lease.duration.unwrap_or(MAX_WAIT).min(MAX_WAIT),
    })
}
