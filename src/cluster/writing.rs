//! Writing what a plan says, object by object: bounds, scales, memories, and no more of any object.

use std::collections::{BTreeMap, BTreeSet};

use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use serde_json::{Value, json};

use super::Written;
use super::failure::Operation;
use super::live::{INSTANCE_LABEL, Live};
use super::resource::{Selection, autoscalers, config_maps, made_by_us, patched_by_us, workloads};
use super::wire::{Item, Metadata};
use crate::plan::{
    BoundsWrite, FIELD_MANAGER, Failure, FailureKind, MEMORY_CONFIG_MAP, MemoryMap, ObjectRef,
    PAUSE_ANNOTATION, Release, STATE_ANNOTATION, ScaleWrite,
};
use crate::policy::Replicas;

impl Live {
    /// Bounds and what is remembered of them, in one request.
    pub(super) async fn patch_bounds(&self, write: &BoundsWrite) -> Result<Written, Failure> {
        let ObjectRef { namespace, name, .. } = &write.object;
        let resource = autoscalers(Some(namespace));
        let mut params = PatchParams::apply(FIELD_MANAGER);
        params.force = write.force;
        let body = bounds_body(write);
        let operation = resource.operation("patch", Some(name));
        let item: Item = self
            .send(
                &operation,
                resource.request().patch(name, &params, &Patch::Apply(&body)),
            )
            .await?;
        Ok(item.into_written())
    }

    /// Takes our traces off an autoscaler.
    pub(super) async fn take_off(
        &self,
        release: &Release,
        written: Option<&Written>,
    ) -> Result<Written, Failure> {
        let ObjectRef { namespace, name, .. } = &release.object;
        let resource = autoscalers(Some(namespace));
        let written = match written {
            Some(written) => written.clone(),
            None => {
                // The positions of our entries are needed; the plan keeps only that there are some.
                let Some(item) = self.get(resource, name).await? else {
                    return Ok(Written::default());
                };
                if item.metadata.resource_version != release.resource_version {
                    let operation = resource.operation("patch", Some(name));
                    return Err(Failure::new(
                        FailureKind::Conflict,
                        format!("{operation}: it has changed since it was observed"),
                    ));
                }
                item.into_written()
            }
        };
        let mut steps = vec![
            json!({"op": "test", "path": "/metadata/resourceVersion", "value": written.resource_version}),
        ];
        if !release.uid.is_empty() {
            steps.push(json!({"op": "test", "path": "/metadata/uid", "value": release.uid}));
        }
        if release.annotation {
            let path = format!("/metadata/annotations/{}", STATE_ANNOTATION.replace('/', "~1"));
            steps.push(json!({"op": "remove", "path": path}));
        }
        // From the last to the first, so that a removal does not move the next one.
        for position in written.our_entries.iter().rev() {
            steps.push(json!({"op": "remove", "path": format!("/metadata/managedFields/{position}")}));
        }
        let operation = resource.operation("patch", Some(name));
        let patch = serde_json::from_value(Value::Array(steps))
            .map_err(|error| Failure::garbled(&operation, error))?;
        let params = patched_by_us();
        let sent = self.send::<Item>(
            &operation,
            resource.request().patch(name, &params, &Patch::Json::<()>(patch)),
        );
        match sent.await {
            Ok(item) => Ok(item.into_written()),
            // A failed test of a JSON patch is answered with 422, like a mistake.
            Err(failure) if failure.kind == FailureKind::Invalid => Err(Failure {
                kind: FailureKind::Conflict,
                ..failure
            }),
            Err(failure) => Err(failure),
        }
    }

    /// Writes a scale, and returns its version after that.
    pub(super) async fn patch_scale(
        &self,
        write: &ScaleWrite,
        value: Replicas,
        manager: &str,
    ) -> Result<String, Failure> {
        let ObjectRef {
            kind,
            namespace,
            name,
            ..
        } = &write.object;
        let Some(resource) = workloads(kind, Some(namespace)) else {
            return Err(Failure::new(
                FailureKind::Invalid,
                format!("the scale of a {kind} cannot be written"),
            ));
        };
        let body = json!({
            "metadata": {"resourceVersion": write.resource_version},
            "spec": {"replicas": value},
        });
        let params = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let scale = format!("{}/scale", resource.resource);
        let operation = Operation {
            resource: &scale,
            ..resource.operation("patch", Some(name))
        };
        let request = resource
            .request()
            .patch_subresource("scale", name, &params, &Patch::Merge(&body));
        let scale: Item = self.send(&operation, request).await?;
        Ok(scale.metadata.resource_version)
    }

    /// Changes entries of a namespace's memory of scales, or begins it.
    pub(super) async fn save_memory(
        &self,
        namespace: &str,
        known: Option<&MemoryMap>,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<MemoryMap, Failure> {
        let resource = config_maps(Some(namespace));
        let item: Item = if let Some(known) = known {
            let body = json!({"metadata": {"resourceVersion": known.resource_version}, "data": changes});
            let params = patched_by_us();
            let operation = resource.operation("patch", Some(MEMORY_CONFIG_MAP));
            let request = resource
                .request()
                .patch(MEMORY_CONFIG_MAP, &params, &Patch::Merge(&body));
            self.send(&operation, request).await?
        } else {
            let data: BTreeMap<_, _> = changes
                .iter()
                .filter_map(|(key, text)| Some((key, text.as_ref()?)))
                .collect();
            let body = json!({
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": MEMORY_CONFIG_MAP, "labels": {INSTANCE_LABEL: self.instance}},
                "data": data,
            });
            let operation = resource.operation("create", None);
            let params = made_by_us();
            self.send(
                &operation,
                resource.request().create(&params, body.to_string().into_bytes()),
            )
            .await?
        };
        Ok(item.into_memory())
    }

    /// Annotates an autoscaler so that no easyscale writes it until somebody takes the annotation away.
    ///
    /// # Errors
    /// [`NotFound`](FailureKind::NotFound) when it is gone, [`Conflict`](FailureKind::Conflict) when another is there by
    /// its name.
    pub async fn pause(&self, autoscaler: &ObjectRef, uid: &str) -> Result<(), Failure> {
        let ObjectRef { namespace, name, .. } = autoscaler;
        let resource = autoscalers(Some(namespace));
        let operation = resource.operation("patch", Some(name));
        let mut metadata = json!({"annotations": {PAUSE_ANNOTATION: "true"}});
        if !uid.is_empty() {
            metadata["uid"] = json!(uid);
        }
        let patch = Patch::Merge(json!({"metadata": metadata}));
        let params = patched_by_us();
        self.send::<Value>(&operation, resource.request().patch(name, &params, &patch))
            .await
            .map(drop)
    }

    /// Deletes the ConfigMaps that remember nothing any more, in these namespaces or (none given) in all, and says how many
    /// there were. One in which somebody remembers something meanwhile stays.
    ///
    /// # Errors
    /// When they cannot be listed, or one cannot be deleted.
    pub async fn delete_empty_memories(&self, namespaces: &BTreeSet<String>) -> Result<usize, Failure> {
        let empty = |item: Item| {
            let Metadata { namespace, uid, .. } = &item.metadata;
            let (namespace, uid) = (namespace.clone(), uid.clone());
            let memory = item.into_memory();
            memory
                .entries
                .is_empty()
                .then_some((namespace, uid, memory.resource_version))
        };
        let found = self
            .list_everywhere(namespaces, config_maps(None), &Selection::memories(), empty)
            .await?;
        let mut count = 0;
        for (namespace, uid, resource_version) in found.into_iter().flatten() {
            let resource = config_maps(Some(&namespace));
            let operation = resource.operation("delete", Some(MEMORY_CONFIG_MAP));
            let params = DeleteParams {
                preconditions: Some(Preconditions {
                    uid: Some(uid),
                    resource_version: Some(resource_version),
                }),
                ..DeleteParams::default()
            };
            let request = resource.request().delete(MEMORY_CONFIG_MAP, &params);
            match self.send::<Value>(&operation, request).await {
                Ok(_) => count += 1,
                Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Conflict) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(count)
    }
}

fn bounds_body(write: &BoundsWrite) -> Value {
    let mut metadata = json!({"name": write.object.name, "namespace": write.object.namespace});
    if !write.uid.is_empty() {
        metadata["uid"] = json!(write.uid);
    }
    if let Some(resource_version) = &write.resource_version {
        metadata["resourceVersion"] = json!(resource_version);
    }
    if let Some(state) = &write.state {
        metadata["annotations"] = json!({STATE_ANNOTATION: state});
    }
    let mut spec = json!({});
    if let Some(floor) = write.floor {
        spec["minReplicas"] = json!(floor);
    }
    if let Some(ceiling) = write.ceiling {
        spec["maxReplicas"] = json!(ceiling);
    }
    json!({"apiVersion": write.object.api_version, "kind": write.object.kind, "metadata": metadata, "spec": spec})
}
