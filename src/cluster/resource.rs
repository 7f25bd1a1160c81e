//! How resources are called, where the API server has them, and which of their objects are meant.

use kube::api::{PatchParams, PostParams};
use kube::core::Request;

use super::failure::Operation;
use crate::plan::{FIELD_MANAGER, MEMORY_CONFIG_MAP};

/// One resource, in one namespace or in all.
#[derive(Clone, Copy)]
pub(super) struct Resource<'a> {
    pub(super) group: &'a str,
    pub(super) version: &'a str,
    pub(super) resource: &'a str,
    pub(super) namespace: Option<&'a str>,
}

impl<'a> Resource<'a> {
    pub(super) fn request(self) -> Request {
        let Self {
            group,
            version,
            resource,
            namespace,
        } = self;
        let api = if group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{group}/{version}")
        };
        Request::new(match namespace {
            Some(namespace) => format!("{api}/namespaces/{namespace}/{resource}"),
            None => format!("{api}/{resource}"),
        })
    }

    pub(super) fn operation(self, verb: &'static str, name: Option<&'a str>) -> Operation<'a> {
        Operation {
            verb,
            group: self.group,
            resource: self.resource,
            namespace: self.namespace,
            name,
            any_name: false,
        }
    }
}

pub(super) fn autoscalers(namespace: Option<&str>) -> Resource<'_> {
    Resource {
        group: "autoscaling",
        version: "v2",
        resource: "horizontalpodautoscalers",
        namespace,
    }
}

pub(super) fn config_maps(namespace: Option<&str>) -> Resource<'_> {
    Resource {
        group: "",
        version: "v1",
        resource: "configmaps",
        namespace,
    }
}

/// Where workloads of a kind are; `None` for kinds whose scale is not ours to write.
pub(super) fn workloads<'a>(kind: &str, namespace: Option<&'a str>) -> Option<Resource<'a>> {
    let resource = match kind {
        "Deployment" => "deployments",
        "StatefulSet" => "statefulsets",
        _ => return None,
    };
    Some(Resource {
        group: "apps",
        version: "v1",
        resource,
        namespace,
    })
}

/// The custom resources of rules.
pub(super) fn scaling_rules(namespace: Option<&str>) -> Resource<'_> {
    Resource {
        group: "easyscale.io",
        version: "v1",
        resource: "scalingrules",
        namespace,
    }
}

/// Which objects of a resource: those that fit both selectors.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    pub(super) fields: Option<String>,
    pub(super) labels: Option<String>,
}

impl Selection {
    /// The memories of scales.
    pub(super) fn memories() -> Self {
        Self {
            fields: Some(format!("metadata.name={MEMORY_CONFIG_MAP}")),
            labels: None,
        }
    }

    /// What is done, for sentences.
    pub(super) fn operation<'a>(&self, resource: Resource<'a>, verb: &'static str) -> Operation<'a> {
        Operation {
            any_name: self.labels.is_some(),
            ..resource.operation(verb, None)
        }
    }
}

/// A patch that the API server puts down to us.
pub(super) fn patched_by_us() -> PatchParams {
    PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    }
}

/// A new object that the API server puts down to us.
pub(super) fn made_by_us() -> PostParams {
    PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    }
}
