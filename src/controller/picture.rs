//! The cluster as the streams have told it so far, by what a target asks for.
//!
//! A *knot* is what hangs together: a workload, the autoscalers that scale it, what drives it, what is remembered of
//! its scale, and the rules that name any of these. It goes by the name of the workload. Nothing outside a knot has a
//! say in what is planned for it, so each change of the cluster touches one knot (or two, when an autoscaler moves).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::cluster::{Sight, Stream, Thing, Watched};
use crate::plan::{Autoscaler, Driver, MemoryMap, Observed, Workload};
use crate::policy::Target;

/// The names of knots that something touched.
pub(super) type Touched = HashSet<Target>;

#[derive(Default)]
pub(super) struct Picture {
    // There may be tens of thousands of these: names are shared.
    autoscalers: HashMap<Arc<Target>, Kept<Autoscaler>>,
    /// The autoscalers of each workload, by name.
    scaling: HashMap<Target, Vec<Arc<Target>>>,
    workloads: HashMap<Target, Kept<Workload>>,
    /// By workload.
    drivers: HashMap<Target, Vec<Kept<Driver>>>,
    /// By namespace.
    memories: HashMap<String, Kept<MemoryMap>>,
    /// What is known of each stream.
    streams: BTreeMap<Stream, Progress>,
    /// Of the list that began last.
    epoch: u64,
}

/// An object, and the list or change that told it.
struct Kept<T> {
    value: T,
    epoch: u64,
}

/// How far a stream is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Progress {
    /// Of its last list.
    epoch: u64,
    /// A list was complete once.
    complete: bool,
}

impl Picture {
    /// Takes in what a stream tells.
    pub(super) fn see(&mut self, stream: &Stream, sight: Sight, touched: &mut Touched) {
        match sight {
            Sight::Begun => {
                self.epoch += 1;
                self.streams.entry(stream.clone()).or_default().epoch = self.epoch;
            }
            Sight::Page(things) => {
                let epoch = self.streams.get(stream).map_or(0, |progress| progress.epoch);
                for thing in things {
                    self.keep(thing, epoch, false, touched);
                }
            }
            Sight::Listed => {
                let epoch = self.streams.get(stream).map_or(0, |progress| progress.epoch);
                self.forget_before(stream, epoch, touched);
                self.streams.entry(stream.clone()).or_default().complete = true;
            }
            Sight::Changed(thing) => {
                let epoch = self.streams.get(stream).map_or(0, |progress| progress.epoch);
                self.keep(thing, epoch, true, touched);
            }
            Sight::Gone(thing) => self.remove(&thing, touched),
            Sight::Lost(_) | Sight::Back | Sight::Restarted(_) => {}
        }
    }

    /// Takes in objects as a write left them; the streams will tell the same, later.
    pub(super) fn absorb(&mut self, seen: Observed, touched: &mut Touched) {
        let Observed {
            autoscalers,
            workloads,
            memories,
            ..
        } = seen;
        let epoch = self.epoch;
        let things = (autoscalers.into_iter().map(Thing::Autoscaler))
            .chain(workloads.into_iter().map(Thing::Workload))
            .chain(
                memories
                    .into_iter()
                    .map(|(namespace, memory)| Thing::Memory(namespace, memory)),
            );
        for thing in things {
            self.keep(thing, epoch, true, touched);
        }
    }

    /// Whether a list of this stream was complete once.
    pub(super) fn is_complete(&self, stream: &Stream) -> bool {
        self.streams.get(stream).is_some_and(|progress| progress.complete)
    }

    /// Forgets a stream and what only it has told.
    pub(super) fn close(&mut self, stream: &Stream, touched: &mut Touched) {
        self.streams.remove(stream);
        let others = |namespace: &str| {
            self.streams
                .keys()
                .any(|other| other.of == stream.of && other.covers(namespace))
        };
        match &stream.of {
            Watched::Workloads(kind) => {
                let gone: Vec<Target> = self
                    .workloads
                    .keys()
                    .filter(|key| {
                        key.kind == *kind && stream.covers(&key.namespace) && !others(&key.namespace)
                    })
                    .cloned()
                    .collect();
                for key in gone {
                    self.workloads.remove(&key);
                    touched.insert(key);
                }
            }
            Watched::Drivers { kind, .. } => {
                for (workload, drivers) in &mut self.drivers {
                    let before = drivers.len();
                    drivers.retain(|driver| driver.value.kind != *kind);
                    if drivers.len() != before {
                        touched.insert(workload.clone());
                    }
                }
            }
            Watched::Autoscalers | Watched::Memories | Watched::PolicyMaps(_) | Watched::ScalingRules => {}
        }
    }

    /// How many autoscalers there are.
    pub(super) fn autoscalers(&self) -> usize {
        self.autoscalers.len()
    }

    /// The autoscaler that a target names, if it is there.
    pub(super) fn autoscaler(&self, target: &Target) -> Option<&Autoscaler> {
        self.autoscalers.get(target).map(|kept| &kept.value)
    }

    /// The names of the autoscalers of a workload.
    pub(super) fn scaling(&self, workload: &Target) -> impl Iterator<Item = &Target> {
        let names = self.scaling.get(workload).into_iter().flatten();
        names.map(AsRef::as_ref)
    }

    /// Whether an object of a knot carries a memory, ours or not.
    pub(super) fn remembers(&self, knot: &Target) -> bool {
        self.scaling(knot).any(|name| {
            self.autoscaler(name)
                .is_some_and(|autoscaler| autoscaler.state.is_some())
        }) || self.memories.get(&knot.namespace).is_some_and(|memory| {
            let key = memory_key(knot);
            memory.value.entries.contains_key(&key)
        })
    }

    /// What is there of some knots.
    pub(super) fn part<'k>(&self, knots: impl IntoIterator<Item = &'k Target>) -> Observed {
        let mut part = Observed::default();
        for knot in knots {
            let autoscalers = self.scaling(knot).filter_map(|name| self.autoscaler(name));
            part.autoscalers.extend(autoscalers.cloned());
            part.workloads
                .extend(self.workloads.get(knot).map(|kept| kept.value.clone()));
            let drivers = self.drivers.get(knot).into_iter().flatten();
            part.drivers.extend(drivers.map(|kept| kept.value.clone()));
            if let Some(memory) = self.memories.get(&knot.namespace) {
                // Only its own entry: a namespace may remember thousands.
                let key = memory_key(knot);
                let own = part
                    .memories
                    .entry(knot.namespace.clone())
                    .or_insert_with(|| MemoryMap {
                        resource_version: memory.value.resource_version.clone(),
                        entries: BTreeMap::new(),
                    });
                let entry = memory.value.entries.get(&key);
                own.entries.extend(entry.map(|text| (key, text.clone())));
            }
        }
        part
    }

    /// All of it.
    pub(super) fn whole(&self) -> Observed {
        Observed {
            autoscalers: self.autoscalers.values().map(|kept| kept.value.clone()).collect(),
            workloads: self.workloads.values().map(|kept| kept.value.clone()).collect(),
            drivers: self
                .drivers
                .values()
                .flatten()
                .map(|kept| kept.value.clone())
                .collect(),
            unseen_drivers: Vec::new(),
            memories: self
                .memories
                .iter()
                .map(|(namespace, kept)| (namespace.clone(), kept.value.clone()))
                .collect(),
        }
    }

    fn keep(&mut self, thing: Thing, epoch: u64, ordered: bool, touched: &mut Touched) {
        match thing {
            Thing::Autoscaler(autoscaler) => self.keep_autoscaler(autoscaler, epoch, ordered, touched),
            // Rules are no part of the picture: see `supplies`.
            Thing::Supply(_) => {}
            Thing::Workload(workload) => {
                let key = workload.target();
                if let Some(kept) = self.workloads.get_mut(&key) {
                    kept.epoch = kept.epoch.max(epoch);
                    if ordered && is_older(&workload.resource_version, &kept.value.resource_version) {
                        return;
                    }
                    let version = workload.resource_version.clone();
                    let before = std::mem::replace(&mut kept.value, workload);
                    let same = Workload {
                        resource_version: version,
                        ..before
                    } == kept.value;
                    if !same {
                        touched.insert(key);
                    }
                    return;
                }
                touched.insert(key.clone());
                self.workloads.insert(
                    key,
                    Kept {
                        value: workload,
                        epoch,
                    },
                );
            }
            Thing::Driver(driver) => {
                let workload = driven(&driver);
                let drivers = self.drivers.entry(workload.clone()).or_default();
                if let Some(kept) = drivers.iter_mut().find(|kept| is_same(&kept.value, &driver)) {
                    kept.epoch = kept.epoch.max(epoch);
                    return;
                }
                // It may have driven something else before.
                self.remove(&Thing::Driver(driver.clone()), touched);
                touched.insert(workload.clone());
                self.drivers
                    .entry(workload)
                    .or_default()
                    .push(Kept { value: driver, epoch });
            }
            Thing::Memory(namespace, memory) => {
                let before = self.memories.get_mut(&namespace);
                if let Some(kept) = before {
                    kept.epoch = kept.epoch.max(epoch);
                    if ordered && is_older(&memory.resource_version, &kept.value.resource_version) {
                        return;
                    }
                    let before = std::mem::replace(&mut kept.value, memory);
                    let after = &kept.value;
                    let keys = before.entries.keys().chain(after.entries.keys());
                    let changed = keys.filter(|key| before.entries.get(*key) != after.entries.get(*key));
                    touched.extend(changed.filter_map(|key| knot_of(&namespace, key)));
                    return;
                }
                let keys = memory.entries.keys();
                touched.extend(keys.filter_map(|key| knot_of(&namespace, key)));
                self.memories.insert(namespace, Kept { value: memory, epoch });
            }
        }
    }

    fn keep_autoscaler(&mut self, autoscaler: Autoscaler, epoch: u64, ordered: bool, touched: &mut Touched) {
        let key = autoscaler.object().target();
        let workload = autoscaler.target();
        let Some(kept) = self.autoscalers.get_mut(&key) else {
            let name = Arc::new(key.clone());
            let kept = Kept {
                value: autoscaler,
                epoch,
            };
            self.autoscalers.insert(Arc::clone(&name), kept);
            touched.insert(key);
            self.scale(&workload, name);
            touched.insert(workload);
            return;
        };
        kept.epoch = kept.epoch.max(epoch);
        if ordered && is_older(&autoscaler.resource_version, &kept.value.resource_version) {
            return;
        }
        // Its status is written every few seconds; that is no news.
        let (version, current) = (autoscaler.resource_version.clone(), autoscaler.current_replicas);
        let before = std::mem::replace(&mut kept.value, autoscaler);
        let before_workload = before.target();
        let same = Autoscaler {
            resource_version: version,
            current_replicas: current,
            ..before
        } == kept.value;
        if same {
            return;
        }
        if before_workload != workload {
            self.unscale(&before_workload, &key);
            if let Some((name, _)) = self.autoscalers.get_key_value(&key) {
                let name = Arc::clone(name);
                self.scale(&workload, name);
            }
            touched.insert(before_workload);
        }
        touched.insert(workload);
    }

    fn scale(&mut self, workload: &Target, autoscaler: Arc<Target>) {
        let names = self.scaling.entry(workload.clone()).or_default();
        names.push(autoscaler);
        names.sort_unstable();
        names.dedup();
    }

    fn remove(&mut self, thing: &Thing, touched: &mut Touched) {
        match thing {
            Thing::Supply(_) => {}
            Thing::Autoscaler(autoscaler) => {
                self.remove_autoscaler(&autoscaler.object().target(), touched);
            }
            Thing::Workload(workload) => {
                let key = workload.target();
                self.workloads.remove(&key);
                touched.insert(key);
            }
            Thing::Driver(driver) => {
                for (workload, drivers) in &mut self.drivers {
                    let before = drivers.len();
                    drivers.retain(|kept| !is_same(&kept.value, driver));
                    if drivers.len() != before {
                        touched.insert(workload.clone());
                    }
                }
            }
            Thing::Memory(namespace, _) => {
                if let Some(kept) = self.memories.remove(namespace) {
                    let keys = kept.value.entries.keys();
                    touched.extend(keys.filter_map(|key| knot_of(namespace, key)));
                }
            }
        }
    }

    fn remove_autoscaler(&mut self, key: &Target, touched: &mut Touched) {
        if let Some(kept) = self.autoscalers.remove(key) {
            let workload = kept.value.target();
            self.unscale(&workload, key);
            touched.insert(workload);
            touched.insert(key.clone());
        }
    }

    fn unscale(&mut self, workload: &Target, autoscaler: &Target) {
        if let Some(names) = self.scaling.get_mut(workload) {
            names.retain(|name| **name != *autoscaler);
            if names.is_empty() {
                self.scaling.remove(workload);
            }
        }
    }

    /// What a complete list did not have is gone.
    fn forget_before(&mut self, stream: &Stream, epoch: u64, touched: &mut Touched) {
        let is_gone = |namespace: &str, of: u64| stream.covers(namespace) && of < epoch;
        match &stream.of {
            Watched::PolicyMaps(_) | Watched::ScalingRules => {}
            Watched::Autoscalers => {
                let gone: Vec<Arc<Target>> = self
                    .autoscalers
                    .iter()
                    .filter(|(key, kept)| is_gone(&key.namespace, kept.epoch))
                    .map(|(key, _)| Arc::clone(key))
                    .collect();
                for key in gone {
                    self.remove_autoscaler(&key, touched);
                }
            }
            Watched::Workloads(kind) => self.workloads.retain(|key, kept| {
                let gone = key.kind == *kind && is_gone(&key.namespace, kept.epoch);
                if gone {
                    touched.insert(key.clone());
                }
                !gone
            }),
            Watched::Drivers { kind, .. } => {
                for (workload, drivers) in &mut self.drivers {
                    let before = drivers.len();
                    drivers.retain(|kept| {
                        kept.value.kind != *kind || !is_gone(&kept.value.namespace, kept.epoch)
                    });
                    if drivers.len() != before {
                        touched.insert(workload.clone());
                    }
                }
            }
            Watched::Memories => self.memories.retain(|namespace, kept| {
                let gone = is_gone(namespace, kept.epoch);
                if gone {
                    let keys = kept.value.entries.keys();
                    touched.extend(keys.filter_map(|key| knot_of(namespace, key)));
                }
                !gone
            }),
        }
    }
}

/// Whether a version is older than another; versions that are no numbers are never older.
fn is_older(version: &str, than: &str) -> bool {
    match (version.parse::<u64>(), than.parse::<u64>()) {
        (Ok(version), Ok(than)) => version < than,
        _ => false,
    }
}

fn is_same(one: &Driver, other: &Driver) -> bool {
    (&one.kind, &one.namespace, &one.name) == (&other.kind, &other.namespace, &other.name)
}

fn driven(driver: &Driver) -> Target {
    Target {
        group: driver.workload.group.clone(),
        kind: driver.workload.kind.clone(),
        namespace: driver.namespace.clone(),
        name: driver.workload.name.clone(),
    }
}

fn memory_key(workload: &Target) -> String {
    crate::plan::ScaleMemory::key(&workload.group, &workload.kind, &workload.name)
}

/// The knot of an entry of a namespace's memory: `Deployment.apps.checkout`.
fn knot_of(namespace: &str, key: &str) -> Option<Target> {
    let (kind, rest) = key.split_once('.')?;
    let (group, name) = rest.split_once('.')?;
    Some(Target {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}
