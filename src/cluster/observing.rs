//! Seeing what is there: lists, and single objects again.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;

use super::live::Live;
use super::resource::{Resource, Selection, autoscalers, config_maps, workloads};
use super::stream::few_or_all;
use super::wire::Item;
use crate::plan::{
    Failure, FailureKind, MEMORY_CONFIG_MAP, MemoryMap, Needs, ObjectRef, Observed, Planner, TargetPlan,
};

impl Live {
    /// All that a planner asks for.
    pub(super) async fn look(&self, planner: &Planner) -> Result<Observed, Failure> {
        let namespaces = &planner.options().namespaces;
        let everything = Selection::default();
        let (autoscalers, memories) = tokio::try_join!(
            self.list_everywhere(namespaces, autoscalers(None), &everything, Item::into_autoscaler),
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

    /// Once more what a target is about, in place of what was seen before.
    pub(super) async fn look_again(
        &self,
        observed: &mut Observed,
        target: &TargetPlan,
    ) -> Result<(), Failure> {
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
            if let Some(resource) = workloads(kind, Some(namespace)) {
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

    /// Every object of a resource, page by page, turned into what is kept of it as it arrives.
    async fn list<T>(
        &self,
        resource: Resource<'_>,
        selection: &Selection,
        keep: impl Fn(Item) -> T + Copy,
    ) -> Result<Vec<T>, Failure> {
        match self.list_once(resource, selection, keep).await {
            // The list took so long that the server has forgotten its state; the next one is of one piece.
            Err(failure) if failure.kind == FailureKind::Expired => {
                self.list_once(resource, selection, keep).await
            }
            result => result,
        }
    }

    async fn list_once<T>(
        &self,
        resource: Resource<'_>,
        selection: &Selection,
        keep: impl Fn(Item) -> T,
    ) -> Result<Vec<T>, Failure> {
        let mut pages = self.pages::<Item>(resource, selection);
        let mut kept = Vec::new();
        while let Some(items) = pages.next(self).await? {
            kept.extend(items.into_iter().map(&keep));
        }
        Ok(kept)
    }

    pub(super) async fn get(&self, resource: Resource<'_>, name: &str) -> Result<Option<Item>, Failure> {
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

    /// Lists in each of these namespaces; none: across the cluster. The namespace of `resource` does not count.
    pub(super) async fn list_everywhere<T>(
        &self,
        namespaces: &BTreeSet<String>,
        resource: Resource<'_>,
        selection: &Selection,
        keep: impl Fn(Item) -> T + Copy,
    ) -> Result<Vec<T>, Failure> {
        if namespaces.is_empty() {
            return self.list(resource, selection, keep).await;
        }
        let lists = namespaces.iter().map(|namespace| {
            self.list(
                Resource {
                    namespace: Some(namespace),
                    ..resource
                },
                selection,
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
            let Some(resource) = workloads(kind, None) else {
                continue;
            };
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
            let scope = few_or_all(&wanted, namespaces);
            observed.workloads.extend(
                self.list_everywhere(scope, resource, &Selection::default(), named)
                    .await?,
            );
        }
        Ok(())
    }

    /// Every memory, by namespace.
    async fn memories(&self, namespaces: &BTreeSet<String>) -> Result<BTreeMap<String, MemoryMap>, Failure> {
        let keep = |item: Item| (item.metadata.namespace.clone(), item.into_memory());
        let memories = self
            .list_everywhere(namespaces, config_maps(None), &Selection::memories(), keep)
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
