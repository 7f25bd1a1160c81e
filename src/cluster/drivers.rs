//! Objects of other tools that drive the scale of workloads: which of their APIs are installed, and what is there of them.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, APIGroupList};
use kube::api::ListParams;
use kube::core::Request;
use serde::Deserialize;

use super::failure::Operation;
use super::live::Live;
use super::resource::{Resource, Selection};
use super::stream::Watched;
use super::wire::Item;
use crate::plan::{Driver, Failure, FailureKind, Needs, Observed};

/// Their APIs: group, resource, kind.
const DRIVER_APIS: [(&str, &str, &str); 2] = [
    ("keda.sh", "scaledobjects", "ScaledObject"),
    ("datadoghq.com", "datadogpodautoscalers", "DatadogPodAutoscaler"),
];

/// Asking which APIs there are.
const DISCOVERY: Operation<'_> = Operation {
    verb: "get",
    group: "",
    resource: "the list of API groups",
    namespace: None,
    name: None,
    any_name: false,
};

impl Live {
    /// Sees the drivers, as far as somebody needs them and their APIs are installed.
    pub(super) async fn observe_drivers(
        &self,
        needs: &Needs,
        namespaces: &BTreeSet<String>,
        observed: &mut Observed,
    ) -> Result<(), Failure> {
        if !needs.drivers {
            return Ok(());
        }
        let groups = self.api_groups().await?;
        for (group, resource, kind) in DRIVER_APIS {
            for version in versions(&groups, group) {
                let resource = Resource {
                    group,
                    version,
                    resource,
                    namespace: None,
                };
                let keep = |mut item: Item| -> Driver {
                    kind.clone_into(&mut item.kind);
                    item.into_driver()
                };
                match self
                    .list_everywhere(namespaces, resource, &Selection::default(), keep)
                    .await
                {
                    Ok(found) => observed.drivers.extend(found),
                    Err(failure) if failure.kind == FailureKind::NotFound => continue,
                    // What cannot be seen is told of the targets that it concerns; the others go on.
                    Err(failure) => observed.unseen_drivers.push(failure.in_one_line()),
                }
                break;
            }
        }
        Ok(())
    }

    /// The APIs of other tools that are installed: what is to be watched before a scale is written.
    ///
    /// # Errors
    /// When that cannot be seen.
    pub async fn driver_apis(&self) -> Result<Vec<Watched>, Failure> {
        let groups = self.api_groups().await?;
        let mut found = Vec::new();
        for (group, resource, kind) in DRIVER_APIS {
            for version in versions(&groups, group) {
                let path = format!("/apis/{group}/{version}");
                let request = Request::new(path).list(&ListParams::default());
                let served: Resources = self.send(&DISCOVERY, request).await?;
                if served.resources.iter().any(|one| one.name == resource) {
                    found.push(Watched::Drivers {
                        group,
                        version: version.to_owned(),
                        resource,
                        kind,
                    });
                    break;
                }
            }
        }
        Ok(found)
    }

    async fn api_groups(&self) -> Result<Vec<APIGroup>, Failure> {
        let request = Request::new("/apis").list(&ListParams::default());
        let list: APIGroupList = self.send(&DISCOVERY, request).await?;
        Ok(list.groups)
    }
}

/// The versions of a group that are served. They are the group's: a resource may be served at some of them only.
fn versions<'a>(groups: &'a [APIGroup], name: &str) -> impl Iterator<Item = &'a str> {
    let group = groups.iter().find(|group| group.name == name);
    let versions = group.into_iter().flat_map(|group| &group.versions);
    versions.map(|served| served.version.as_str())
}

/// What an API group's version serves.
#[derive(Deserialize)]
struct Resources {
    #[serde(default)]
    resources: Vec<Served>,
}

#[derive(Deserialize)]
struct Served {
    #[serde(default)]
    name: String,
}
