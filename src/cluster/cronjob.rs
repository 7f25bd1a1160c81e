//! A CronJob that writes, as seen by whoever undoes its work: told to start nothing any more, and asked what still runs.
//!
//! CronJobs and Jobs are never made or deleted here.

use kube::api::{Patch, PatchParams};
use serde::Deserialize;
use serde_json::json;

use super::live::{Live, Resource};
use super::watch::Selection;
use crate::plan::{FIELD_MANAGER, Failure};

/// A CronJob that starts nothing any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspended {
    namespace: String,
    name: String,
    /// Its Jobs say so as well: one of the same name that was deleted has Jobs of its own.
    uid: String,
}

impl Live {
    /// Has a CronJob start nothing any more, until somebody resumes it. What it has started goes on.
    ///
    /// # Errors
    /// [`NotFound`](crate::plan::FailureKind::NotFound) when there is none.
    pub async fn suspend(&self, namespace: &str, name: &str) -> Result<Suspended, Failure> {
        let resource = batch("cronjobs", namespace);
        let operation = resource.operation("patch", Some(name));
        let patch = Patch::Merge(json!({"spec": {"suspend": true}}));
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let request = resource.request().patch(name, &params, &patch);
        let patched: CronJob = self.send(&operation, request).await?;
        Ok(Suspended {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid: patched.metadata.uid,
        })
    }

    /// The names of its Jobs that have not ended.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn jobs_at_work(&self, of: &Suspended) -> Result<Vec<String>, Failure> {
        let everything = Selection {
            fields: None,
            labels: None,
        };
        let mut pages = self.pages::<Job>(batch("jobs", &of.namespace), &everything);
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
        };
        assert!(job(json!({})).is_of(&of("7")) && !job(json!({})).is_of(&of("9")));
    }
}
