//! How resources are called, and where the API server has them.

use kube::api::{PatchParams, PostParams};
use kube::core::Request;

use super::failure::Operation;
use crate::plan::FIELD_MANAGER;

/// APIs whose objects drive a workload's scale: group, resource, kind.
pub(super) const DRIVER_APIS: [(&str, &str, &str); 2] = [
    ("keda.sh", "scaledobjects", "ScaledObject"),
    ("datadoghq.com", "datadogpodautoscalers", "DatadogPodAutoscaler"),
];

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

pub(super) fn workloads(kind: &str) -> Option<Resource<'static>> {
    let resource = match kind {
        "Deployment" => "deployments",
        "StatefulSet" => "statefulsets",
        _ => return None,
    };
    Some(Resource {
        group: "apps",
        version: "v1",
        resource,
        namespace: None,
    })
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
