//! A CronJob that writes, as seen by whoever undoes its work: told to start nothing any more, and asked what still runs.
//!
//! CronJobs and Jobs are never made or deleted here.

use kube::api::Patch;
use serde::Deserialize;
use serde_json::json;

use super::live::Live;
use super::resource::{Resource, Selection, patched_by_us};
use crate::plan::{Failure, FailureKind};

/// A CronJob that starts nothing any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspended {
    namespace: String,
    name: String,
    /// Its Jobs say so as well: one of the same name that was deleted has Jobs of its own.
    uid: String,
    /// Whether it was not suspended before.
    by_us: bool,
}

impl Suspended {
    /// Whether it was not suspended before.
    #[must_use]
    pub fn by_us(&self) -> bool {
        self.by_us
    }
}

impl Live {
    /// Has a CronJob start nothing any more, until somebody resumes it. What it has started goes on.
    ///
    /// # Errors
    /// [`NotFound`](crate::plan::FailureKind::NotFound) when there is none.
    pub async fn suspend(&self, namespace: &str, name: &str) -> Result<Suspended, Failure> {
        let of = |patched: CronJob, by_us| Suspended {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid: patched.metadata.uid,
            by_us,
        };
        // The server always has a value there, so this tells whether it was suspended, without a right to look.
        match self.set_suspended(namespace, name, true, Some(false)).await {
            Ok(patched) => Ok(of(patched, true)),
            Err(failure) if failure.kind == FailureKind::Invalid => {
                let patched = self.set_suspended(namespace, name, true, None).await?;
                Ok(of(patched, false))
            }
            Err(failure) => Err(failure),
        }
    }

    /// Lets a CronJob go on that [was suspended](Self::suspend).
    ///
    /// # Errors
    /// When it is gone, or may not be written.
    pub async fn resume(&self, suspended: &Suspended) -> Result<(), Failure> {
        let Suspended { namespace, name, .. } = suspended;
        self.set_suspended(namespace, name, false, None).await.map(drop)
    }

    /// Suspends it or lets it go on; where `before` is said, only if that is so now.
    async fn set_suspended(
        &self,
        namespace: &str,
        name: &str,
        to: bool,
        before: Option<bool>,
    ) -> Result<CronJob, Failure> {
        let resource = batch("cronjobs", namespace);
        let operation = resource.operation("patch", Some(name));
        let test = before.map(|before| json!({"op": "test", "path": "/spec/suspend", "value": before}));
        let set = json!({"op": "add", "path": "/spec/suspend", "value": to});
        let steps = test.into_iter().chain([set]).collect();
        let patch = serde_json::from_value(steps).map_err(|error| Failure::garbled(&operation, error))?;
        let params = patched_by_us();
        let request = resource.request().patch(name, &params, &Patch::Json::<()>(patch));
        self.send(&operation, request).await
    }

    /// The names of its Jobs that have not ended.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn jobs_at_work(&self, of: &Suspended) -> Result<Vec<String>, Failure> {
        let mut pages = self.pages::<Job>(batch("jobs", &of.namespace), &Selection::default());
        let mut names = Vec::new();
        while let Some(jobs) = pages.next(self).await? {
            let at_work = jobs.into_iter().filter(|job| job.is_of(of) && !job.has_ended());
            names.extend(at_work.map(|job| job.metadata.name));
        }
        Ok(names)
    }
}

impl std::fmt::Display for Suspended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CronJob {}/{}", self.namespace, self.name)
    }
}

fn batch<'a>(resource: &'static str, namespace: &'a str) -> Resource<'a> {
    Resource {
        group: "batch",
        version: "v1",
        resource,
        namespace: Some(namespace),
    }
}

#[derive(Debug, Deserialize)]
struct CronJob {
    metadata: Metadata,
}

#[derive(Debug, Deserialize)]
struct Job {
    metadata: Metadata,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
    uid: String,
    #[serde(default, rename = "ownerReferences")]
    owners: Vec<Owner>,
}

#[derive(Debug, Deserialize)]
struct Owner {
    uid: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    conditions: Vec<Condition>,
}

#[derive(Debug, Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    name: String,
    status: String,
}

impl Job {
    /// Also one that a person started by `kubectl create job --from`.
    fn is_of(&self, cron_job: &Suspended) -> bool {
        self.metadata.owners.iter().any(|owner| owner.uid == cron_job.uid)
    }

    /// Only these two conditions are final: a Job that is about to fail may have a pod that still writes.
    fn has_ended(&self) -> bool {
        let is_final = |condition: &Condition| matches!(condition.name.as_str(), "Complete" | "Failed");
        let mut conditions = self.status.conditions.iter();
        conditions.any(|condition| is_final(condition) && condition.status == "True")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_final_condition_ends_a_job() {
        let job = |status: serde_json::Value| -> Job {
            let owners = json!([{"kind": "CronJob", "name": "easyscale", "uid": "7"}]);
            let metadata = json!({"name": "easyscale-1", "uid": "8", "ownerReferences": owners});
            serde_json::from_value(json!({"metadata": metadata, "status": status})).unwrap()
        };
        for (status, ended) in [
            (json!({}), false),
            (json!({"active": 1}), false),
            (
                json!({"conditions": [{"type": "FailureTarget", "status": "True"}]}),
                false,
            ),
            (
                json!({"conditions": [{"type": "Suspended", "status": "True"}]}),
                false,
            ),
            (
                json!({"conditions": [{"type": "Complete", "status": "False"}]}),
                false,
            ),
            (
                json!({"conditions": [{"type": "Complete", "status": "True"}]}),
                true,
            ),
            (
                json!({"conditions": [{"type": "Failed", "status": "True"}]}),
                true,
            ),
        ] {
            assert_eq!(job(status.clone()).has_ended(), ended, "{status}");
        }
        let of = |uid: &str| Suspended {
            namespace: "easyscale".to_owned(),
            name: "easyscale".to_owned(),
            uid: uid.to_owned(),
            by_us: true,
        };
        assert!(job(json!({})).is_of(&of("7")) && !job(json!({})).is_of(&of("9")));
    }
}
