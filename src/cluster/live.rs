//! A Kubernetes API server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::try_join_all;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIGroupList;
use kube::Client;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::core::Request;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::connect::{Connection, open};
use super::events::EventNote;
use super::failure::Operation;
use super::series::{Again, Key, Series};
use super::supplies::{RuleSources, Supplied};
use super::tally::Tally;
use super::watch::Selection;
use super::wire::{Item, Metadata};
use super::{Cluster, Written};
use crate::plan::{
    BoundsWrite, Driver, FIELD_MANAGER, Failure, FailureKind, MEMORY_CONFIG_MAP, MemoryMap, Needs, ObjectRef,
    Observed, PAUSE_ANNOTATION, Planner, Release, STATE_ANNOTATION, ScaleWrite, TargetPlan,
};
use crate::policy::{Owner, Replicas};

/// No request takes longer, its retries included: the next pass is never far.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The label of what we create: which instance it is of.
pub(super) const INSTANCE_LABEL: &str = "easyscale.io/instance";

/// APIs whose objects drive a workload's scale: group, resource, kind.
pub(super) const DRIVER_APIS: [(&str, &str, &str); 2] = [
    ("keda.sh", "scaledobjects", "ScaledObject"),
    ("datadoghq.com", "datadogpodautoscalers", "DatadogPodAutoscaler"),
];

/// A Kubernetes API server.
#[derive(Clone)]
pub struct Live {
    pub(super) client: Client,
    name: String,
    pub(super) instance: String,
    series: Arc<Mutex<Series>>,
    tally: Tally,
}

/// One resource, in one namespace or in all.
#[derive(Clone, Copy)]
pub(super) struct Resource<'a> {
    pub(super) group: &'a str,
    pub(super) version: &'a str,
    pub(super) resource: &'a str,
    pub(super) namespace: Option<&'a str>,
}

impl Live {
    /// Connects: nothing is sent yet, but the kubeconfig's exec command is run.
    ///
    /// # Errors
    /// When neither a kubeconfig nor a service account leads to a cluster.
    pub async fn connect(connection: &Connection) -> Result<Self, Failure> {
        let instance = connection.instance.clone();
        let connection = connection.clone();
        // The exec command is waited for without a pause in which a deadline could pass: that needs its own thread.
        let opening = tokio::task::spawn_blocking(move || {
            tokio::runtime::Handle::current().block_on(open(&connection))
        });
        let (client, name) = opening.await.map_err(|error| {
            Failure::new(
                FailureKind::Configuration,
                format!("connecting ended early: {error}"),
            )
        })??;
        Ok(Self {
            client,
            name,
            instance,
            series: Arc::default(),
            tally: Tally::default(),
        })
    }

    /// Over a client that is there already.
    #[must_use]
    pub fn with_client(client: Client, name: impl Into<String>, instance: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
            instance: instance.into(),
            tally: Tally::default(),
            series: Arc::default(),
        }
    }

    /// The same, with its requests counted.
    #[must_use]
    pub fn counted(self, tally: Tally) -> Self {
        Self { tally, ..self }
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
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
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
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
        let only_ours = format!("metadata.name={MEMORY_CONFIG_MAP}");
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
            .list_everywhere(namespaces, config_maps(None), Some(&only_ours), empty)
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

    /// The events that were told. A clone of this tells on where this one stopped.
    fn series(&self) -> MutexGuard<'_, Series> {
        // Counts may be one off after a panic; that is no reason to tell nothing.
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request and reads the answer, within [`REQUEST_TIMEOUT`].
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        operation: &Operation<'_>,
        request: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
    ) -> Result<T, Failure> {
        self.send_within(operation, request, REQUEST_TIMEOUT).await
    }

    /// Sends a request and reads the answer, within `timeout`.
    pub(super) async fn send_within<T: DeserializeOwned>(
        &self,
        operation: &Operation<'_>,
        request: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
        timeout: Duration,
    ) -> Result<T, Failure> {
        let request = request.map_err(|error| Failure::garbled(operation, error))?;
        let answer = tokio::time::timeout(timeout, self.client.request_text(request)).await;
        self.tally.count(operation.verb, answer.as_ref().ok());
        let text = answer
            .map_err(|_| Failure::timeout(operation, timeout))?
            .map_err(|error| Failure::from_kube(operation, &error))?;
        serde_json::from_str(&text).map_err(|error| Failure::garbled(operation, error))
    }

    /// Every object of a resource, page by page, turned into what is kept of it as it arrives.
    async fn list<T>(
        &self,
        resource: Resource<'_>,
        fields: Option<&str>,
        keep: impl Fn(Item) -> T + Copy,
    ) -> Result<Vec<T>, Failure> {
        match self.list_once(resource, fields, keep).await {
            // The list took so long that the server has forgotten its state; the next one is of one piece.
            Err(failure) if failure.kind == FailureKind::Expired => {
                self.list_once(resource, fields, keep).await
            }
            result => result,
        }
    }

    async fn list_once<T>(
        &self,
        resource: Resource<'_>,
        fields: Option<&str>,
        keep: impl Fn(Item) -> T,
    ) -> Result<Vec<T>, Failure> {
        let selection = Selection {
            fields: fields.map(str::to_owned),
            labels: None,
        };
        let mut pages = self.pages::<Item>(resource, &selection);
        let mut kept = Vec::new();
        while let Some(items) = pages.next(self).await? {
            kept.extend(items.into_iter().map(&keep));
        }
        Ok(kept)
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    async fn get(&self, resource: Resource<'_>, name: &str) -> Result<Option<Item>, Failure> {
        let operation = resource.operation("get", Some(name));
        match self
            .send(
                &operation,
                resource.request().get(name, &kube::api::GetParams::default()),
            )
            .await
        {
            Ok(item) => Ok(Some(item)),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Lists in each namespace of the pass, or across the cluster.
    async fn list_everywhere<T>(
        &self,
        namespaces: &BTreeSet<String>,
        resource: Resource<'_>,
        fields: Option<&str>,
        keep: impl Fn(Item) -> T + Copy,
    ) -> Result<Vec<T>, Failure> {
        if namespaces.is_empty() {
            return self.list(resource, fields, keep).await;
        }
        let lists = namespaces.iter().map(|namespace| {
            self.list(
                Resource {
                    namespace: Some(namespace),
                    ..resource
                },
                fields,
                keep,
            )
        });
        Ok(try_join_all(lists).await?.into_iter().flatten().collect())
    }

    /// Workloads that a target, a sleep or a memory asks for: one list per kind, never one GET per target.
    async fn observe_workloads(
        &self,
        needs: &Needs,
        namespaces: &BTreeSet<String>,
        observed: &mut Observed,
    ) -> Result<(), Failure> {
        let kinds: BTreeSet<&str> = needs.workloads.values().flatten().map(String::as_str).collect();
        for kind in kinds {
            let Some(resource) = workloads(kind) else { continue };
            // A list's items do not say their kind.
            let named = |mut item: Item| {
                "apps/v1".clone_into(&mut item.api_version);
                kind.clone_into(&mut item.kind);
                item.into_workload()
            };
            let wanted: BTreeSet<String> = needs
                .workloads
                .iter()
                .filter(|(_, kinds)| kinds.contains(kind))
                .map(|(name, _)| name.clone())
                .collect();
            // A handful of namespaces is asked one by one; more than that, and one list over all is cheaper.
            let scope = if namespaces.is_empty() && wanted.len() > 8 {
                namespaces
            } else {
                &wanted
            };
            observed
                .workloads
                .extend(self.list_everywhere(scope, resource, None, named).await?);
        }
        Ok(())
    }

    /// Objects of other tools that drive a scale, as far as their APIs are installed.
    async fn observe_drivers(
        &self,
        needs: &Needs,
        namespaces: &BTreeSet<String>,
        observed: &mut Observed,
    ) -> Result<(), Failure> {
        if !needs.drivers {
            return Ok(());
        }
        let operation = Operation {
            verb: "get",
            group: "",
            resource: "the list of API groups",
            namespace: None,
            name: None,
            any_name: false,
        };
        let groups: APIGroupList = self
            .send(&operation, Request::new("/apis").list(&ListParams::default()))
            .await?;
        for (group, resource, kind) in DRIVER_APIS {
            let served = groups.groups.iter().find(|served| served.name == group);
            // The versions are the group's: this resource may be served at some of them only.
            for version in served.into_iter().flat_map(|served| &served.versions) {
                let resource = Resource {
                    group,
                    version: &version.version,
                    resource,
                    namespace: None,
                };
                let keep = |mut item: Item| -> Driver {
                    kind.clone_into(&mut item.kind);
                    item.into_driver()
                };
                match self.list_everywhere(namespaces, resource, None, keep).await {
                    Ok(found) => observed.drivers.extend(found),
                    Err(failure) if failure.kind == FailureKind::NotFound => continue,
                    // What cannot be seen is told of the targets that it concerns; the others go on.
                    Err(failure) => {
                        let hint = failure.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                        observed.unseen_drivers.push(format!("{}{hint}", failure.message));
                    }
                }
                break;
            }
        }
        Ok(())
    }

    /// Every memory, by namespace.
    async fn memories(&self, namespaces: &BTreeSet<String>) -> Result<BTreeMap<String, MemoryMap>, Failure> {
        let only_ours = format!("metadata.name={MEMORY_CONFIG_MAP}");
        let keep = |item: Item| (item.metadata.namespace.clone(), item.into_memory());
        let memories = self
            .list_everywhere(namespaces, config_maps(None), Some(&only_ours), keep)
            .await?;
        Ok(memories.into_iter().collect())
    }

    async fn memory(&self, namespace: &str) -> Result<Option<MemoryMap>, Failure> {
        Ok(self
            .get(config_maps(Some(namespace)), MEMORY_CONFIG_MAP)
            .await?
            .map(Item::into_memory))
    }
}

impl Cluster for Live {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn supplies(
        &self,
        sources: &RuleSources,
        namespaces: &BTreeSet<String>,
    ) -> Result<Vec<Supplied>, Failure> {
        self.list_supplies(sources, namespaces).await
    }

    async fn write_status(&self, rule: &Owner, uid: &str, status: &Value) -> Result<(), Failure> {
        self.patch_status(rule, uid, status).await
    }

    async fn observe(&self, planner: &Planner) -> Result<Observed, Failure> {
        let namespaces = &planner.options().namespaces;
        let (autoscalers, memories) = tokio::try_join!(
            self.list_everywhere(namespaces, autoscalers(None), None, Item::into_autoscaler),
            self.memories(namespaces),
        )?;
        let mut observed = Observed {
            autoscalers,
            memories,
            ..Observed::default()
        };
        let needs = planner.needs(&observed);
        self.observe_workloads(&needs, namespaces, &mut observed).await?;
        if observed.has_unremembered_scales() {
            // Another pass may have begun in between: its memory is written before its scales are. Again in that
            // order, for the reason given in `observe_again`.
            observed.memories = self.memories(namespaces).await?;
            observed.workloads.clear();
            self.observe_workloads(&needs, namespaces, &mut observed).await?;
        }
        self.observe_drivers(&needs, namespaces, &mut observed).await?;
        Ok(observed)
    }

    async fn observe_again(&self, observed: &mut Observed, target: &TargetPlan) -> Result<(), Failure> {
        let Some(object) = &target.object else {
            return Ok(());
        };
        if target.writes.bounds.is_some() || target.writes.release.is_some() {
            let found = self
                .get(autoscalers(Some(&object.namespace)), &object.name)
                .await?;
            let found = found.ok_or_else(|| gone(object))?;
            observed
                .autoscalers
                .retain(|known| (&known.namespace, &known.name) != (&object.namespace, &object.name));
            observed.autoscalers.push(found.into_autoscaler());
        }
        if let Some(scale) = &target.writes.scale {
            let ObjectRef {
                kind,
                namespace,
                name,
                ..
            } = &scale.object;
            // The memory before the scale, never after: an older memory is noticed when it is written, but an older
            // scale beside a newer memory would look like somebody's edit, and one of ours become an original.
            match self.memory(namespace).await? {
                Some(memory) => observed.memories.insert(namespace.clone(), memory),
                None => observed.memories.remove(namespace),
            };
            if let Some(resource) = workloads(kind) {
                let resource = Resource {
                    namespace: Some(namespace),
                    ..resource
                };
                let found = self.get(resource, name).await?;
                observed
                    .workloads
                    .retain(|known| (&known.kind, &known.namespace, &known.name) != (kind, namespace, name));
                observed.workloads.extend(found.map(|mut item| {
                    item.kind.clone_from(kind);
                    item.into_workload()
                }));
            }
        }
        Ok(())
    }

    async fn write_bounds(&self, write: &BoundsWrite) -> Result<Written, Failure> {
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

    async fn release(&self, release: &Release, written: Option<&Written>) -> Result<Written, Failure> {
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
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
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

    async fn write_scale(
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
        let Some(resource) = workloads(kind) else {
            return Err(Failure::new(
                FailureKind::Invalid,
                format!("the scale of a {kind} cannot be written"),
            ));
        };
        let resource = Resource {
            namespace: Some(namespace),
            ..resource
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

    async fn write_memory(
        &self,
        namespace: &str,
        known: Option<&MemoryMap>,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<MemoryMap, Failure> {
        let resource = config_maps(Some(namespace));
        let item: Item = if let Some(known) = known {
            let body = json!({"metadata": {"resourceVersion": known.resource_version}, "data": changes});
            let params = PatchParams {
                field_manager: Some(FIELD_MANAGER.to_owned()),
                ..PatchParams::default()
            };
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
            let params = PostParams {
                field_manager: Some(FIELD_MANAGER.to_owned()),
                ..PostParams::default()
            };
            self.send(
                &operation,
                resource.request().create(&params, body.to_string().into_bytes()),
            )
            .await?
        };
        Ok(item.into_memory())
    }

    async fn publish(&self, event: &EventNote) -> Result<(), Failure> {
        let namespace = event.regarding.namespace.as_str();
        let resource = Resource {
            group: "events.k8s.io",
            version: "v1",
            resource: "events",
            namespace: Some(namespace),
        };
        let key = Key::of(event);
        let again = self.series().again(&key, Instant::now());
        if let Some(Again { event: name, count }) = again {
            let operation = resource.operation("patch", Some(&name));
            let params = PatchParams {
                field_manager: Some(FIELD_MANAGER.to_owned()),
                ..PatchParams::default()
            };
            let patch = Patch::Merge(event.again_body(count));
            let sent = self.send::<Value>(&operation, resource.request().patch(&name, &params, &patch));
            match sent.await {
                // Events live for an hour, or until somebody clears them away.
                Err(failure) if failure.kind == FailureKind::NotFound => self.series().forget(&key),
                result => return result.map(drop),
            }
        }
        let operation = resource.operation("create", None);
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let body = event.body().to_string().into_bytes();
        let made: Item = self
            .send(&operation, resource.request().create(&params, body))
            .await?;
        if !made.metadata.name.is_empty() {
            self.series().told(key, made.metadata.name, Instant::now());
        }
        Ok(())
    }

    async fn finish(&self) -> Result<(), Failure> {
        Ok(())
    }
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

fn gone(object: &ObjectRef) -> Failure {
    let ObjectRef {
        kind,
        namespace,
        name,
        ..
    } = object;
    Failure::new(
        FailureKind::NotFound,
        format!("{kind} {namespace}/{name} was deleted between plan and apply"),
    )
    .hint("the next pass plans with what is there then")
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
