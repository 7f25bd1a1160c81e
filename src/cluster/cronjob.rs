//! The `CronJob` that runs `easyscale apply`: suspended before what it writes is undone.

use std::time::Duration;

use kube::api::{GetParams, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::live::{Live, Resource};
use crate::plan::{FIELD_MANAGER, Failure, FailureKind};

/// Between two looks at whether a job still runs.
const PAUSE: Duration = Duration::from_secs(1);

/// A job that began just before is in the status after so many looks.
const QUIET: u32 = 3;

impl Live {
    /// Suspends a `CronJob`, and comes back when no job of it runs any more. Whether it is there.
    ///
    /// # Errors
    /// When it cannot be suspended, or a job of it still runs after `deadline`.
    pub async fn suspend_cron_job(
        &self,
        namespace: &str,
        name: &str,
        deadline: Duration,
    ) -> Result<bool, Failure> {
        let resource = Resource {
            group: "batch",
            version: "v1",
            resource: "cronjobs",
            namespace: Some(namespace),
        };
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(json!({"spec": {"suspend": true}}));
        let operation = resource.operation("patch", Some(name));
        let request = resource.request().patch(name, &params, &patch);
        match self.send::<Value>(&operation, request).await {
            Ok(_) => {}
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(false),
            Err(failure) => return Err(failure),
        }
        let end = Instant::now() + deadline;
        let operation = resource.operation("get", Some(name));
        let mut quiet = 0;
        while quiet < QUIET {
            let request = resource.request().get(name, &GetParams::default());
            let cron_job: Value = self.send(&operation, request).await?;
            let running = cron_job["status"]["active"].as_array().map_or(0, Vec::len);
            if running > 0 && Instant::now() > end {
                return Err(Failure::new(
                    FailureKind::Timeout,
                    format!("CronJob {namespace}/{name} is suspended, but {running} of its jobs still run"),
                )
                .hint("delete them, or wait, and try again"));
            }
            quiet = if running == 0 { quiet + 1 } else { 0 };
            sleep(PAUSE).await;
        }
        Ok(true)
    }
}
