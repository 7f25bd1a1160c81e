//! An API server in memory, as far as easyscale can tell: one autoscaler, one workload, one `ConfigMap`.
//!
//! It keeps field ownership, resourceVersions and uids, checks what it is sent, counts requests, and can die
//! in the middle of a pass.

use std::cell::RefCell;
use std::collections::BTreeMap;

use easyscale::cluster::{Cluster, EventNote, Written};
use easyscale::plan::{
    Autoscaler, BoundsWrite, FIELD_MANAGER, Failure, FailureKind, Managers, MemoryMap, Observed, Planner,
    RELEASE_MANAGER, Release, ScaleWrite, TargetPlan, Workload, WorkloadRef,
};

/// The two bounds of an autoscaler, or who owns them.
pub(crate) type Pair<T> = [T; 2];

pub(crate) const FLOOR: usize = 0;
pub(crate) const CEILING: usize = 1;

/// An entry of `metadata.managedFields`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) manager: String,
    pub(crate) applies: bool,
    pub(crate) bounds: Pair<bool>,
    pub(crate) state: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hpa {
    pub(crate) uid: String,
    pub(crate) version: u64,
    pub(crate) bounds: Pair<u32>,
    pub(crate) state: Option<String>,
    pub(crate) pause: Option<String>,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Deployment {
    pub(crate) uid: String,
    pub(crate) version: u64,
    pub(crate) replicas: u32,
    pub(crate) pause: Option<String>,
    /// The one manager of `spec.replicas`.
    pub(crate) manager: String,
}

/// What easyscale changed: `minReplicas`, `maxReplicas` or `replicas`, from and to.
pub(crate) type Change = (&'static str, u32, u32);

#[derive(Debug, Default)]
pub(crate) struct Objects {
    pub(crate) hpa: Option<Hpa>,
    pub(crate) deployment: Option<Deployment>,
    pub(crate) memory: Option<MemoryMap>,
    clock: u64,
    /// Writes that are still answered; `None`: all of them.
    pub(crate) budget: Option<usize>,
    /// The controller of autoscalers writes a status before this many of the next requests.
    pub(crate) statuses: usize,
    /// Writes that arrived since the pass began, for the history.
    pub(crate) requests: Vec<String>,
    pub(crate) changes: Vec<Change>,
    /// Requests that nobody should have sent.
    pub(crate) faults: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Server {
    pub(crate) objects: RefCell<Objects>,
}

fn failure<T>(kind: FailureKind, message: &str) -> Result<T, Failure> {
    Err(Failure::new(kind, message))
}

impl Objects {
    pub(crate) fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// A new object's uid.
    pub(crate) fn uid(&mut self) -> String {
        format!("u-{}", self.tick())
    }

    /// A write by somebody else; `false` if the API refuses it.
    pub(crate) fn edit(&mut self, manager: &str, applies: bool, values: Pair<Option<u32>>) -> bool {
        let version = self.tick();
        let Some(hpa) = &mut self.hpa else { return false };
        let new: Pair<u32> = std::array::from_fn(|bound| values[bound].unwrap_or(hpa.bounds[bound]));
        if new[FLOOR] > new[CEILING] {
            return false;
        }
        let changed: Pair<bool> = std::array::from_fn(|bound| new[bound] != hpa.bounds[bound]);
        let owns: Pair<bool> =
            std::array::from_fn(|bound| values[bound].is_some() && (applies || changed[bound]));
        hpa.bounds = new;
        hpa.take(manager, applies, owns, changed);
        hpa.version = version;
        true
    }

    fn begin(&mut self, request: String) -> Result<(), Failure> {
        self.requests.push(request);
        if let Some(budget) = &mut self.budget {
            if *budget == 0 {
                return failure(FailureKind::Unreachable, "easyscale was killed");
            }
            *budget -= 1;
        }
        if self.statuses > 0 {
            self.statuses -= 1;
            let version = self.tick();
            if let Some(hpa) = &mut self.hpa {
                hpa.version = version;
            }
        }
        Ok(())
    }
}

impl Hpa {
    /// Changed bounds leave every other entry; `owns` are added to this manager's.
    fn take(&mut self, manager: &str, applies: bool, owns: Pair<bool>, changed: Pair<bool>) {
        for entry in &mut self.entries {
            for bound in [FLOOR, CEILING] {
                entry.bounds[bound] &= !changed[bound];
            }
        }
        let is = |entry: &Entry| entry.manager == manager && entry.applies == applies;
        if !self.entries.iter().any(is) {
            self.entries.push(Entry {
                manager: manager.to_owned(),
                applies,
                ..Entry::default()
            });
        }
        if let Some(entry) = self.entries.iter_mut().find(|entry| is(entry)) {
            for bound in [FLOOR, CEILING] {
                entry.bounds[bound] |= owns[bound];
            }
        }
        self.entries
            .retain(|entry| entry.state || entry.bounds != [false; 2]);
    }

    pub(crate) fn ours(&self) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.manager == FIELD_MANAGER && entry.applies)
    }

    fn observe(&self) -> Autoscaler {
        let ours = self.ours();
        let others = |has: &dyn Fn(&Entry) -> bool| {
            let entries = self
                .entries
                .iter()
                .filter(|entry| Some(*entry) != ours && has(entry));
            entries.map(|entry| entry.manager.clone()).collect()
        };
        Autoscaler {
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            uid: self.uid.clone(),
            resource_version: self.version.to_string(),
            workload: workload_ref(),
            floor: Some(self.bounds[FLOOR]),
            ceiling: self.bounds[CEILING],
            state: self.state.clone(),
            pause: self.pause.clone(),
            managers: Managers {
                ours: ours.is_some(),
                owns_floor: ours.is_some_and(|entry| entry.bounds[FLOOR]),
                owns_ceiling: ours.is_some_and(|entry| entry.bounds[CEILING]),
                floor: others(&|entry| entry.bounds[FLOOR]),
                ceiling: others(&|entry| entry.bounds[CEILING]),
                state: others(&|entry| entry.state),
                ..Managers::default()
            },
            ..Autoscaler::default()
        }
    }

    /// A server-side apply under our name.
    fn apply(&mut self, write: &BoundsWrite) -> Result<(), Failure> {
        let sent = [write.floor, write.ceiling];
        let ours = self.ours().cloned().unwrap_or_default();
        let others = |has: &dyn Fn(&Entry) -> bool| {
            self.entries
                .iter()
                .any(|entry| !(entry.manager == FIELD_MANAGER && entry.applies) && has(entry))
        };
        let mut new = self.bounds;
        let mut conflict = false;
        for bound in [FLOOR, CEILING] {
            let contested = others(&|entry| entry.bounds[bound]);
            match sent[bound] {
                Some(value) => {
                    conflict |= value != self.bounds[bound] && contested;
                    new[bound] = value;
                }
                // Left out by its only owner: gone, and then defaulted.
                None if ours.bounds[bound] && !contested && bound == FLOOR => new[bound] = 1,
                None if ours.bounds[bound] && !contested => {
                    return failure(FailureKind::Invalid, "spec.maxReplicas: Required value");
                }
                None => {}
            }
        }
        conflict |= write.state != self.state && others(&|entry| entry.state);
        if conflict && !write.force {
            return failure(FailureKind::Conflict, "conflict with another field manager");
        }
        if new[FLOOR] > new[CEILING] || new[FLOOR] == 0 {
            return failure(
                FailureKind::Invalid,
                "spec.maxReplicas must not be less than minReplicas",
            );
        }
        let changed: Pair<bool> = std::array::from_fn(|bound| new[bound] != self.bounds[bound]);
        self.bounds = new;
        self.entries
            .retain(|entry| !(entry.manager == FIELD_MANAGER && entry.applies));
        if write.state != self.state {
            for entry in &mut self.entries {
                entry.state = false;
            }
        }
        self.entries.push(Entry {
            manager: FIELD_MANAGER.to_owned(),
            applies: true,
            bounds: [false; 2],
            state: write.state.is_some(),
        });
        self.take(FIELD_MANAGER, true, sent.map(|value| value.is_some()), changed);
        self.state.clone_from(&write.state);
        Ok(())
    }
}

pub(crate) fn workload_ref() -> WorkloadRef {
    WorkloadRef {
        group: "apps".to_owned(),
        kind: "Deployment".to_owned(),
        name: "web".to_owned(),
    }
}

impl Cluster for Server {
    fn name(&self) -> String {
        "the walk".to_owned()
    }

    async fn observe(&self, planner: &Planner) -> Result<Observed, Failure> {
        let objects = self.objects.borrow();
        let mut observed = Observed {
            autoscalers: objects.hpa.iter().map(Hpa::observe).collect(),
            ..Observed::default()
        };
        if let Some(memory) = &objects.memory {
            observed.memories.insert("shop".to_owned(), memory.clone());
        }
        // Like the live backend: workloads are seen only where they are needed.
        if planner.needs(&observed).workloads.contains_key("shop") {
            observed.workloads = objects.deployment.iter().map(Deployment::observe).collect();
        }
        Ok(observed)
    }

    async fn observe_again(&self, observed: &mut Observed, target: &TargetPlan) -> Result<(), Failure> {
        let objects = self.objects.borrow();
        if target.writes.bounds.is_some() || target.writes.release.is_some() {
            observed.autoscalers = objects.hpa.iter().map(Hpa::observe).collect();
        }
        if target.writes.scale.is_some() {
            observed.workloads = objects.deployment.iter().map(Deployment::observe).collect();
            match &objects.memory {
                Some(memory) => observed.memories.insert("shop".to_owned(), memory.clone()),
                None => observed.memories.remove("shop"),
            };
        }
        Ok(())
    }

    async fn write_bounds(&self, write: &BoundsWrite) -> Result<Written, Failure> {
        let mut objects = self.objects.borrow_mut();
        objects.begin(format!(
            "apply {:?}..{:?} force {} version {:?} state {:?}",
            write.floor, write.ceiling, write.force, write.resource_version, write.state
        ))?;
        let version = objects.tick();
        let Some(hpa) = &mut objects.hpa else {
            return failure(FailureKind::Conflict, "no existing object was found");
        };
        let known = write.resource_version.as_ref();
        if hpa.uid != write.uid {
            return failure(FailureKind::Invalid, "metadata.uid: field is immutable");
        }
        if known.is_some_and(|known| *known != hpa.version.to_string()) {
            return failure(FailureKind::Conflict, "the object has been modified");
        }
        let before = hpa.clone();
        let result = hpa.apply(write);
        let after = hpa.clone();
        if let Err(failure) = result {
            *hpa = before;
            return Err(failure);
        }
        hpa.version = version;
        if after == before {
            objects.faults.push("an apply that changes nothing".to_owned());
        }
        for (bound, name) in ["minReplicas", "maxReplicas"].into_iter().enumerate() {
            if before.bounds[bound] != after.bounds[bound] {
                objects
                    .changes
                    .push((name, before.bounds[bound], after.bounds[bound]));
            }
        }
        Ok(Written {
            resource_version: version.to_string(),
            ..Written::default()
        })
    }

    async fn release(&self, release: &Release, written: Option<&Written>) -> Result<Written, Failure> {
        let mut objects = self.objects.borrow_mut();
        objects.begin(format!("release, annotation {}", release.annotation))?;
        let version = objects.tick();
        let Some(hpa) = &mut objects.hpa else {
            return Ok(Written::default());
        };
        let known = written.map_or(&release.resource_version, |written| &written.resource_version);
        let stale = hpa.uid != release.uid || *known != hpa.version.to_string();
        if stale || (release.annotation && hpa.state.is_none()) {
            return failure(FailureKind::Conflict, "a test of the patch failed");
        }
        let before = hpa.clone();
        if release.annotation {
            hpa.state = None;
            for entry in &mut hpa.entries {
                entry.state = false;
            }
        }
        hpa.entries
            .retain(|entry| !(entry.manager == FIELD_MANAGER && entry.applies));
        hpa.entries
            .retain(|entry| entry.state || entry.bounds != [false; 2]);
        let idle = *hpa == before;
        hpa.version = version;
        if idle {
            objects.faults.push("a release of nothing".to_owned());
        }
        Ok(Written::default())
    }

    async fn write_scale(&self, write: &ScaleWrite, value: u32, manager: &str) -> Result<String, Failure> {
        let mut objects = self.objects.borrow_mut();
        objects.begin(format!("scale to {value} as {manager}"))?;
        let version = objects.tick();
        let Some(deployment) = &mut objects.deployment else {
            return failure(FailureKind::NotFound, "deployments web not found");
        };
        if deployment.version.to_string() != write.resource_version {
            return failure(FailureKind::Conflict, "the object has been modified");
        }
        let before = deployment.replicas;
        deployment.write(value, manager, version);
        if before == value {
            objects.faults.push("a scale that changes nothing".to_owned());
        } else {
            objects.changes.push(("replicas", before, value));
        }
        Ok(version.to_string())
    }

    async fn write_memory(
        &self,
        _: &str,
        known: Option<&MemoryMap>,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<MemoryMap, Failure> {
        let mut objects = self.objects.borrow_mut();
        objects.begin(format!("remember {changes:?}"))?;
        let version = objects.tick();
        if known.map(|known| &known.resource_version)
            != objects.memory.as_ref().map(|there| &there.resource_version)
        {
            return failure(FailureKind::Conflict, "the memory has been modified");
        }
        let before = objects.memory.clone().unwrap_or_default();
        let mut memory = before.clone();
        for (key, text) in changes {
            match text {
                Some(text) => memory.entries.insert(key.clone(), text.clone()),
                None => memory.entries.remove(key),
            };
        }
        if memory.entries == before.entries {
            // The same `pending` once more, after a kill: the API server stores nothing.
            return Ok(memory);
        }
        memory.resource_version = version.to_string();
        objects.memory = Some(memory.clone());
        Ok(memory)
    }

    async fn publish(&self, _: &EventNote) -> Result<(), Failure> {
        Ok(())
    }

    async fn finish(&self) -> Result<(), Failure> {
        Ok(())
    }
}

impl Deployment {
    pub(crate) fn write(&mut self, value: u32, manager: &str, version: u64) {
        if self.replicas != value {
            manager.clone_into(&mut self.manager);
        }
        self.replicas = value;
        self.version = version;
    }

    fn observe(&self) -> Workload {
        let others = match self.manager.as_str() {
            FIELD_MANAGER | RELEASE_MANAGER => Vec::new(),
            other => vec![other.to_owned()],
        };
        Workload {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            uid: self.uid.clone(),
            resource_version: self.version.to_string(),
            replicas: self.replicas,
            pause: self.pause.clone(),
            managers: Managers {
                owns_scale: self.manager == FIELD_MANAGER,
                scale: others,
                ..Managers::default()
            },
            ..Workload::default()
        }
    }
}
