//! A file of manifests that behaves like a cluster: what `kubectl get hpa,deploy,sts -A -o yaml` prints.
//!
//! Reading keeps only what planning uses. Writing reads the file once more as a whole tree, changes it,
//! and replaces the file in one step. Comments are not kept: the file is an export, not a source.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_yaml::{Mapping, Value};

use super::events::EventNote;
use super::replace::{fingerprint, replace};
use super::supplies::{self, RuleSources, Source, Supplied};
use super::tree::{Format, Tree, format, identity, is_entry, mapping_in, own};
use super::wire::{Object, is_ours_to_read};
use super::{Cluster, Written};
use crate::plan::{
    BoundsWrite, FIELD_MANAGER, Failure, FailureKind, MEMORY_CONFIG_MAP, MemoryMap, ObjectRef, Observed,
    Planner, Release, STATE_ANNOTATION, ScaleWrite, TargetPlan,
};
use crate::policy::Replicas;

/// No export of a cluster is larger; a larger file is somebody's mistake.
const MAX_BYTES: u64 = 1 << 30;

/// What the reader of YAML says about its own settings.
const ADVICE_FOR_PROGRAMMERS: &str = ", set DuplicateKeyPolicy in Options if acceptable";

/// A file of manifests.
#[derive(Debug)]
pub struct Manifests {
    path: PathBuf,
    /// Of the text that was planned from: what is written must be that.
    planned_from: Cell<Option<u64>>,
    /// The whole file once something is to be written, or why it cannot be.
    tree: RefCell<Option<Result<Tree, Failure>>>,
}

impl Manifests {
    /// The manifests of a file; it is read by [`Cluster::observe`].
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            planned_from: Cell::new(None),
            tree: RefCell::new(None),
        }
    }

    fn read(&self) -> Result<String, Failure> {
        let display = self.path.display();
        let cannot = |why: &dyn std::fmt::Display| {
            Failure::new(FailureKind::File, format!("cannot read {display}: {why}"))
                .hint("--cluster takes a file with what `kubectl get hpa,deploy,sts -A -o yaml` prints")
        };
        let size = std::fs::metadata(&self.path).map_err(|error| cannot(&error))?;
        if !size.is_file() {
            return Err(cannot(&"it is not a file"));
        }
        if size.len() > MAX_BYTES {
            return Err(cannot(&format!("it is larger than {} MiB", MAX_BYTES >> 20)));
        }
        let bytes = std::fs::read(&self.path).map_err(|error| cannot(&error))?;
        String::from_utf8(bytes).map_err(|error| {
            cannot(&format!(
                "it is not UTF-8 text (byte {})",
                error.utf8_error().valid_up_to()
            ))
        })
    }

    /// Changes one object of the tree.
    fn edit<T>(&self, object: &ObjectRef, edit: impl FnOnce(&mut Mapping) -> T) -> Result<T, Failure> {
        self.with_tree(|tree| {
            let ObjectRef {
                kind,
                namespace,
                name,
                ..
            } = object;
            let found = tree.find(object).ok_or_else(|| {
                let message = format!("{} has no {kind} {namespace}/{name}", self.path.display());
                Failure::new(FailureKind::NotFound, message)
            })?;
            Ok(edit(found))
        })
    }

    fn with_tree<T>(&self, work: impl FnOnce(&mut Tree) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut guard = self.tree.borrow_mut();
        match guard.get_or_insert_with(|| self.read_tree()) {
            Ok(tree) => work(tree),
            Err(failure) => Err(failure.clone()),
        }
    }

    fn read_tree(&self) -> Result<Tree, Failure> {
        let text = self.read()?;
        if self
            .planned_from
            .get()
            .is_some_and(|planned_from| planned_from != fingerprint(&text))
        {
            return Err(self.changed_meanwhile());
        }
        let tree = Tree::parse(text).map_err(|why| self.not_understood(&why))?;
        tree.check_rewritable().map_err(|why| {
            Failure::new(
                FailureKind::File,
                format!("cannot write {}: {why}", self.path.display()),
            )
        })?;
        Ok(tree)
    }

    fn changed_meanwhile(&self) -> Failure {
        let message = format!(
            "cannot write {}: somebody changed it meanwhile; it is as it was left",
            self.path.display()
        );
        Failure::new(FailureKind::Conflict, message).hint("run the command again")
    }

    fn not_understood(&self, why: &str) -> Failure {
        Failure::new(
            FailureKind::File,
            format!("cannot understand {}: {why}", self.path.display()),
        )
        .hint("it should hold what `kubectl get hpa,deploy,sts -A -o yaml` (or -o json) prints")
    }
}

impl Cluster for Manifests {
    fn name(&self) -> String {
        format!("file {}", self.path.display())
    }

    async fn supplies(
        &self,
        sources: &RuleSources,
        namespaces: &BTreeSet<String>,
    ) -> Result<Vec<Supplied>, Failure> {
        if !sources.is_any() {
            return Ok(Vec::new());
        }
        let text = self.read()?;
        let documents = documents::<Source>(&text).map_err(|why| self.not_understood(&why))?;
        supplies::of_manifests(documents, sources, namespaces)
            .map_err(|why| Failure::new(FailureKind::Configuration, why))
    }

    async fn observe(&self, planner: &Planner) -> Result<Observed, Failure> {
        let text = self.read()?;
        self.planned_from.set(Some(fingerprint(&text)));
        let mut observed = parse(&text).map_err(|why| self.not_understood(&why))?;
        let namespaces = &planner.options().namespaces;
        if !namespaces.is_empty() {
            observed
                .autoscalers
                .retain(|object| namespaces.contains(&object.namespace));
            observed
                .workloads
                .retain(|object| namespaces.contains(&object.namespace));
            observed
                .memories
                .retain(|namespace, _| namespaces.contains(namespace));
        }
        Ok(observed)
    }

    async fn observe_again(&self, _: &mut Observed, _: &TargetPlan) -> Result<(), Failure> {
        // Only a file that somebody else has changed is not as it was observed; the whole plan is then void.
        Err(self.changed_meanwhile())
    }

    async fn write_bounds(&self, write: &BoundsWrite) -> Result<Written, Failure> {
        self.edit(&write.object, |object| {
            let mut owned = Vec::new();
            let mut changed = Vec::new();
            for (field, value) in [("minReplicas", write.floor), ("maxReplicas", write.ceiling)] {
                let Some(value) = value else { continue };
                let spec = mapping_in(object, "spec");
                let before = spec.insert(field.into(), value.into());
                owned.push(field);
                if before != Some(value.into()) {
                    changed.push(field);
                }
            }
            if let Some(state) = &write.state {
                let metadata = mapping_in(object, "metadata");
                mapping_in(metadata, "annotations").insert(STATE_ANNOTATION.into(), state.clone().into());
            }
            own(object, FIELD_MANAGER, "Apply", &owned, &changed);
            Written::default()
        })
    }

    async fn release(&self, release: &Release, _: Option<&Written>) -> Result<Written, Failure> {
        self.edit(&release.object, |object| {
            let metadata = mapping_in(object, "metadata");
            if let Some(Value::Mapping(annotations)) = metadata.get_mut("annotations") {
                annotations.shift_remove(STATE_ANNOTATION);
                if annotations.is_empty() {
                    metadata.shift_remove("annotations");
                }
            }
            if let Some(Value::Sequence(entries)) = metadata.get_mut("managedFields") {
                entries.retain(|entry| !is_entry(entry, FIELD_MANAGER, "Apply"));
            }
        })?;
        Ok(Written::default())
    }

    async fn write_scale(
        &self,
        write: &ScaleWrite,
        value: Replicas,
        manager: &str,
    ) -> Result<String, Failure> {
        self.edit(&write.object, |object| {
            mapping_in(object, "spec").insert("replicas".into(), value.into());
            own(object, manager, "Update", &["replicas"], &["replicas"]);
        })?;
        Ok(String::new())
    }

    async fn write_memory(
        &self,
        namespace: &str,
        known: Option<&MemoryMap>,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<MemoryMap, Failure> {
        let object = ObjectRef {
            api_version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
            namespace: namespace.to_owned(),
            name: MEMORY_CONFIG_MAP.to_owned(),
        };
        self.with_tree(|tree| {
            tree.create_if_missing(&object);
            Ok(())
        })?;
        let mut entries = known.map(|known| known.entries.clone()).unwrap_or_default();
        self.edit(&object, |object| {
            let data = mapping_in(object, "data");
            for (key, text) in changes {
                match text {
                    Some(text) => {
                        data.insert(key.clone().into(), text.clone().into());
                        entries.insert(key.clone(), text.clone());
                    }
                    None => {
                        data.shift_remove(key.as_str());
                        entries.remove(key);
                    }
                }
            }
        })?;
        Ok(MemoryMap {
            resource_version: String::new(),
            entries,
        })
    }

    async fn publish(&self, _: &EventNote) -> Result<(), Failure> {
        // A file has nobody to tell; the log line says the same.
        Ok(())
    }

    async fn finish(&self) -> Result<(), Failure> {
        let Some(Ok(mut tree)) = self.tree.borrow_mut().take() else {
            return Ok(());
        };
        let cannot = |why: &dyn std::fmt::Display| {
            Failure::new(
                FailureKind::File,
                format!("cannot write {}: {why}; it is as it was", self.path.display()),
            )
        };
        tree.forget_empty_memories();
        let text = tree.to_text().map_err(|why| cannot(&why))?;
        // Two passes at once: the second waits here, and then finds another text than it planned from.
        let lock = std::fs::File::open(&self.path).map_err(|error| cannot(&error))?;
        lock.lock().map_err(|error| cannot(&error))?;
        if self.read()? != tree.text {
            return Err(self.changed_meanwhile());
        }
        replace(&self.path, &text).map_err(|error| cannot(&error))
    }
}

/// What is kept of every object of a file, lists taken apart.
fn parse(text: &str) -> Result<Observed, String> {
    parse_at_once(text).or_else(|why| {
        let tree = Tree::parse(text.to_owned()).ok();
        tree.and_then(one_by_one).unwrap_or(Err(why))
    })
}

fn parse_at_once(text: &str) -> Result<Observed, String> {
    let documents: Vec<Object> = documents(text)?;
    // What a kubectl that failed has said is YAML, too. A list's items may leave their kind to the list.
    if documents.iter().any(|object| matches!(object, Object::Kindless)) {
        return Err("it has a document without a `kind`, which is no manifest".to_owned());
    }
    let mut observed = Observed::default();
    sort_in(documents, &mut observed);
    Ok(observed)
}

/// The documents of a file.
fn documents<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, String> {
    let documents: Vec<Option<T>> = match format(text) {
        Format::Json => serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())?,
        Format::Yaml => serde_saphyr::from_multiple_with_options(text, options(text.len()))
            .map_err(|error| error.to_string().replace(ADVICE_FOR_PROGRAMMERS, ""))?,
    };
    Ok(documents.into_iter().flatten().collect())
}

/// The slow way, where an object of another kind has fields of our names with other meanings: each object is looked
/// at on its own, and only those of our kinds have to make sense. `None`: this is no file of objects at all.
fn one_by_one(tree: Tree) -> Option<Result<Observed, String>> {
    let mut observed = Observed::default();
    for document in tree.documents {
        let list = document.get("items").and_then(Value::as_sequence).cloned();
        for value in list.unwrap_or_else(|| vec![document]) {
            if value.is_null() {
                continue;
            }
            let (group, kind, namespace, name) = identity(&value)?;
            if !is_ours_to_read(&group, &kind) {
                continue;
            }
            match serde_yaml::from_value::<Object>(value) {
                Ok(object) => sort_in([object], &mut observed),
                Err(error) => return Some(Err(format!("{kind} {namespace}/{name}: {error}"))),
            }
        }
    }
    Some(Ok(observed))
}

fn sort_in(objects: impl IntoIterator<Item = Object>, observed: &mut Observed) {
    for object in objects {
        match object {
            Object::Autoscaler(autoscaler) => observed.autoscalers.push(*autoscaler),
            Object::Workload(workload) => observed.workloads.push(*workload),
            Object::Driver(driver) => observed.drivers.push(driver),
            Object::Memory(namespace, memory) => {
                observed.memories.insert(namespace, memory);
            }
            // kubectl writes one list; a list in a list is no list of its.
            Object::List(objects) => {
                let flat = objects
                    .into_iter()
                    .filter(|object| !matches!(object, Object::List(_)));
                sort_in(flat.collect::<Vec<_>>(), observed);
            }
            Object::Other | Object::Kindless => {}
        }
    }
}

/// Limits in proportion to the text: an export is large, but no alias makes it larger than it is.
fn options(bytes: usize) -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: None,
            max_events: bytes.saturating_mul(2).saturating_add(1000),
            max_nodes: bytes.saturating_mul(2).saturating_add(1000),
            max_total_scalar_bytes: bytes.saturating_mul(2).saturating_add(1000),
        },
        with_snippet: false,
    }
}
