//! Streams of what there is and what changes: a list in pages, then a watch from there, for as long as it takes.
//!
//! Not kube's own watcher: of each object only what planning uses is kept as it arrives, failures are told in our
//! sentences, and a connection on which not even a bookmark comes any more is given up without listing again.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIGroupList;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::core::Request;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep, timeout};

use super::failure::Operation;
use super::live::{Live, REQUEST_TIMEOUT};
use super::resource::{DRIVER_APIS, Resource, autoscalers, config_maps, workloads};
use super::supplies::{Source, Supplied, missing_kind, scaling_rules};
use super::wire::Item;
use crate::plan::{Autoscaler, Driver, Failure, FailureKind, MEMORY_CONFIG_MAP, MemoryMap, Workload};

/// The server ends a watch after so many seconds; the next one goes on where it ended.
const WATCH_SECONDS: u32 = 290;

/// A server sends a bookmark about once a minute. Where nothing at all comes for so long, nobody is there any more.
const SILENCE: Duration = Duration::from_secs(150);

/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Whatever fails is tried again at least this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A watch that lasted at least this long was a good one: the next pause is the first again.
const GOOD_WATCH: Duration = Duration::from_secs(10);

/// What is watched: one kind of objects, in one namespace or in all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream {
    /// What.
    pub of: Watched,
    /// Where; `None`: in all namespaces.
    pub namespace: Option<String>,
}

/// A kind of objects that planning needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Watched {
    /// `HorizontalPodAutoscaler`s.
    Autoscalers,
    /// The memories of scales.
    Memories,
    /// Deployments or `StatefulSet`s.
    Workloads(String),
    /// `ConfigMap`s with rules, by the selector of their labels.
    PolicyMaps(String),
    /// Custom resources of rules.
    ScalingRules,
    /// Objects of another tool that drive the scale of workloads.
    Drivers {
        /// API group.
        group: &'static str,
        /// A version of it that is served.
        version: String,
        /// In the plural.
        resource: &'static str,
        /// Kind.
        kind: &'static str,
    },
}

/// One object, as far as it is kept.
#[derive(Debug, Clone)]
pub enum Thing {
    /// A `HorizontalPodAutoscaler`.
    Autoscaler(Autoscaler),
    /// A Deployment or `StatefulSet`.
    Workload(Workload),
    /// The memory of a namespace's scales, by the name of the namespace.
    Memory(String, MemoryMap),
    /// An object of another tool.
    Driver(Driver),
    /// An object that rules are read from.
    Supply(Box<Supplied>),
}

/// What arrives of an object.
pub(super) trait Kept: DeserializeOwned + Clone + fmt::Debug + 'static {
    fn resource_version(&self) -> &str;

    /// What is kept of it, if anything.
    fn keep(self, stream: &Stream) -> Option<Thing>;
}

/// Which objects of a resource.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    pub(super) fields: Option<String>,
    pub(super) labels: Option<String>,
}

impl Selection {
    /// What is done, for sentences.
    pub(super) fn operation<'a>(&self, resource: Resource<'a>, verb: &'static str) -> Operation<'a> {
        Operation {
            any_name: self.labels.is_some(),
            ..resource.operation(verb, None)
        }
    }
}

/// What a stream tells.
#[derive(Debug)]
pub enum Sight {
    /// A list begins.
    Begun,
    /// A page of it.
    Page(Vec<Thing>),
    /// The list is complete: what was not in it is not there.
    Listed,
    /// An object is new or has changed.
    Changed(Thing),
    /// An object is gone; this is how it was last.
    Gone(Thing),
    /// Nothing can be seen for now; the stream tries again by itself.
    Lost(Failure),
    /// It can be seen again, without a gap.
    Back,
    /// The watch had to begin anew, for this reason; a word.
    Restarted(&'static str),
}

/// What a stream tells, and which one it is.
#[derive(Debug)]
pub struct Sighting {
    /// The stream.
    pub stream: Stream,
    /// What it tells.
    pub sight: Sight,
}

/// Why a watch ended.
enum End {
    /// As it should, after its time.
    Over,
    /// The server has forgotten where it was: only a list helps.
    Forgotten,
    /// The listener is gone: the stream is not needed any more.
    Unheard,
    Failed(Failure),
}

impl Stream {
    /// How metrics and log lines call it.
    #[must_use]
    pub fn resource(&self) -> &'static str {
        match &self.of {
            Watched::Autoscalers => "horizontalpodautoscalers",
            Watched::Memories | Watched::PolicyMaps(_) => "configmaps",
            Watched::ScalingRules => "scalingrules",
            Watched::Workloads(kind) if kind == "StatefulSet" => "statefulsets",
            Watched::Workloads(_) => "deployments",
            Watched::Drivers { resource, .. } => resource,
        }
    }

    /// Whether an object of its kind in this namespace is one of its objects.
    #[must_use]
    pub fn covers(&self, namespace: &str) -> bool {
        self.namespace.as_deref().is_none_or(|own| own == namespace)
    }

    pub(super) fn target(&self) -> Resource<'_> {
        let namespace = self.namespace.as_deref();
        match &self.of {
            Watched::Autoscalers => autoscalers(namespace),
            Watched::Memories | Watched::PolicyMaps(_) => config_maps(namespace),
            Watched::ScalingRules => scaling_rules(namespace),
            Watched::Workloads(kind) => Resource {
                namespace,
                ..workloads(kind).unwrap_or(autoscalers(namespace))
            },
            Watched::Drivers {
                group,
                version,
                resource,
                ..
            } => Resource {
                group,
                version,
                resource,
                namespace,
            },
        }
    }

    pub(super) fn selection(&self) -> Selection {
        match &self.of {
            Watched::Memories => Selection {
                fields: Some(format!("metadata.name={MEMORY_CONFIG_MAP}")),
                labels: None,
            },
            Watched::PolicyMaps(selector) => Selection {
                fields: None,
                labels: Some(selector.clone()),
            },
            _ => Selection::default(),
        }
    }

    /// The streams of a kind of objects in these namespaces; none: one over all.
    #[must_use]
    pub fn everywhere(of: &Watched, namespaces: &BTreeSet<String>) -> Vec<Self> {
        if namespaces.is_empty() {
            return vec![Self {
                of: of.clone(),
                namespace: None,
            }];
        }
        let each = namespaces.iter().map(|namespace| Self {
            of: of.clone(),
            namespace: Some(namespace.clone()),
        });
        each.collect()
    }

    /// Whether its objects are custom resources of rules.
    #[must_use]
    pub fn is_of_scaling_rules(&self) -> bool {
        self.of == Watched::ScalingRules
    }

    /// Whether rules are read from its objects.
    #[must_use]
    pub fn supplies_rules(&self) -> bool {
        matches!(self.of, Watched::PolicyMaps(_) | Watched::ScalingRules)
    }
}

impl Kept for Item {
    fn resource_version(&self) -> &str {
        &self.metadata.resource_version
    }

    fn keep(self, stream: &Stream) -> Option<Thing> {
        let mut item = self;
        Some(match &stream.of {
            // Their items are of a type of their own.
            Watched::PolicyMaps(_) | Watched::ScalingRules => return None,
            Watched::Autoscalers => Thing::Autoscaler(item.into_autoscaler()),
            Watched::Memories => Thing::Memory(item.metadata.namespace.clone(), item.into_memory()),
            Watched::Workloads(kind) => {
                // A list's items do not say their kind.
                "apps/v1".clone_into(&mut item.api_version);
                item.kind.clone_from(kind);
                Thing::Workload(item.into_workload())
            }
            Watched::Drivers { kind, .. } => {
                (*kind).clone_into(&mut item.kind);
                Thing::Driver(item.into_driver())
            }
        })
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.resource())?;
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}

/// Who listens to a stream.
struct Ears {
    stream: Stream,
    ears: Sender<Sighting>,
}

impl Ears {
    /// Whether it was heard.
    async fn tell(&self, sight: Sight) -> bool {
        let stream = self.stream.clone();
        self.ears.send(Sighting { stream, sight }).await.is_ok()
    }
}

/// Pauses that double.
struct Patience(Duration);

impl Patience {
    fn fresh() -> Self {
        Self(FIRST_PAUSE)
    }

    /// The next pause, with some luck in it so that many do not come at once.
    fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        pause.mul_f64(luck(0.75, 1.25))
    }
}

/// A number between two, different each time.
fn luck(from: f64, to: f64) -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(0_u8) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let part = random as f64 / (1_u64 << 53) as f64;
    from + (to - from) * part
}

impl Live {
    /// Tells `ears` what is there and what changes, until nobody listens any more.
    pub async fn watch(&self, stream: Stream, ears: Sender<Sighting>) {
        if stream.supplies_rules() {
            self.watch_as::<Source>(stream, ears).await;
        } else {
            self.watch_as::<Item>(stream, ears).await;
        }
    }

    async fn watch_as<T: Kept>(&self, stream: Stream, ears: Sender<Sighting>) {
        let ears = Ears {
            stream: stream.clone(),
            ears,
        };
        let mut patience = Patience::fresh();
        loop {
            let mut version = match self.list_in_pages::<T>(&stream, &ears).await {
                Ok(Some(version)) => version,
                Ok(None) => return,
                Err(failure) => {
                    let failure = missing_kind(&stream.of, failure);
                    if !ears.tell(Sight::Lost(failure)).await {
                        return;
                    }
                    sleep(patience.next()).await;
                    continue;
                }
            };
            patience = Patience::fresh();
            let mut lost = false;
            loop {
                let began = Instant::now();
                let end = self.watch_on::<T>(&stream, &mut version, &mut lost, &ears).await;
                if began.elapsed() >= GOOD_WATCH {
                    patience = Patience::fresh();
                }
                match end {
                    End::Unheard => return,
                    End::Over if began.elapsed() >= GOOD_WATCH => continue,
                    End::Over => {
                        if !ears.tell(Sight::Restarted("closed")).await {
                            return;
                        }
                    }
                    End::Forgotten => {
                        if !ears.tell(Sight::Restarted("expired")).await {
                            return;
                        }
                        sleep(patience.next()).await;
                        break;
                    }
                    End::Failed(failure) => {
                        lost = true;
                        let failure = missing_kind(&stream.of, failure);
                        if !(ears.tell(Sight::Restarted(failure.kind.as_str())).await
                            && ears.tell(Sight::Lost(failure)).await)
                        {
                            return;
                        }
                    }
                }
                sleep(patience.next()).await;
            }
        }
    }

    /// Lists, and returns the version at which a watch goes on; `None` when nobody listens.
    async fn list_in_pages<T: Kept>(&self, stream: &Stream, ears: &Ears) -> Result<Option<String>, Failure> {
        let mut pages = self.pages::<T>(stream.target(), &stream.selection());
        if !ears.tell(Sight::Begun).await {
            return Ok(None);
        }
        while let Some(items) = pages.next(self).await? {
            let things = items.into_iter().filter_map(|item| item.keep(stream)).collect();
            if !ears.tell(Sight::Page(things)).await {
                return Ok(None);
            }
        }
        Ok(ears.tell(Sight::Listed).await.then_some(pages.resource_version))
    }

    /// One watch; moves `version` on with what it tells.
    async fn watch_on<T: Kept>(
        &self,
        stream: &Stream,
        version: &mut String,
        lost: &mut bool,
        ears: &Ears,
    ) -> End {
        let selection = stream.selection();
        let operation = selection.operation(stream.target(), "watch");
        let mut params = WatchParams::default().timeout(WATCH_SECONDS);
        if let Some(fields) = &selection.fields {
            params = params.fields(fields);
        }
        if let Some(labels) = &selection.labels {
            params = params.labels(labels);
        }
        let request = match stream.target().request().watch(&params, version) {
            Ok(request) => request,
            Err(error) => return End::Failed(Failure::garbled(&operation, error)),
        };
        let opening = timeout(REQUEST_TIMEOUT, self.client().request_events::<T>(request)).await;
        self.tally().count("watch", opening.as_ref().ok());
        let events = match opening {
            Ok(Ok(events)) => events,
            Ok(Err(error)) => return ended(Failure::from_kube(&operation, &error)),
            Err(_) => return End::Failed(Failure::timeout(&operation, REQUEST_TIMEOUT)),
        };
        let mut events = std::pin::pin!(events);
        if std::mem::take(lost) && !ears.tell(Sight::Back).await {
            return End::Unheard;
        }
        loop {
            let sight = match timeout(SILENCE, events.next()).await {
                Err(_) => return End::Failed(Failure::timeout(&operation, SILENCE)),
                Ok(None) => return End::Over,
                Ok(Some(Err(error))) => return ended(Failure::from_kube(&operation, &error)),
                Ok(Some(Ok(WatchEvent::Error(status)))) => {
                    return ended(Failure::from_kube(&operation, &kube::Error::Api(status)));
                }
                Ok(Some(Ok(WatchEvent::Bookmark(bookmark)))) => {
                    *version = bookmark.metadata.resource_version;
                    continue;
                }
                Ok(Some(Ok(WatchEvent::Added(item) | WatchEvent::Modified(item)))) => {
                    item.resource_version().clone_into(version);
                    item.keep(stream).map(Sight::Changed)
                }
                Ok(Some(Ok(WatchEvent::Deleted(item)))) => {
                    item.resource_version().clone_into(version);
                    item.keep(stream).map(Sight::Gone)
                }
            };
            if let Some(sight) = sight
                && !ears.tell(sight).await
            {
                return End::Unheard;
            }
        }
    }

    /// The APIs of other tools that are installed: what is to be watched before a scale is written.
    ///
    /// # Errors
    /// When that cannot be seen.
    pub async fn driver_apis(&self) -> Result<Vec<Watched>, Failure> {
        let operation = Operation {
            verb: "get",
            group: "",
            resource: "the list of API groups",
            namespace: None,
            name: None,
            any_name: false,
        };
        let list = ListParams::default();
        let groups: APIGroupList = self.send(&operation, Request::new("/apis").list(&list)).await?;
        let mut found = Vec::new();
        for (group, resource, kind) in DRIVER_APIS {
            let served = groups.groups.iter().find(|served| served.name == group);
            // The versions are the group's: this resource may be served at some of them only.
            for version in served.into_iter().flat_map(|served| &served.versions) {
                let path = format!("/apis/{group}/{}", version.version);
                let resources: Resources = self.send(&operation, Request::new(path).list(&list)).await?;
                if resources.resources.iter().any(|one| one.name == resource) {
                    found.push(Watched::Drivers {
                        group,
                        version: version.version.clone(),
                        resource,
                        kind,
                    });
                    break;
                }
            }
        }
        Ok(found)
    }
}

/// What an API group's version serves.
#[derive(serde::Deserialize)]
struct Resources {
    #[serde(default)]
    resources: Vec<Served>,
}

#[derive(serde::Deserialize)]
struct Served {
    #[serde(default)]
    name: String,
}

fn ended(failure: Failure) -> End {
    match failure.kind {
        FailureKind::Expired => End::Forgotten,
        _ => End::Failed(failure),
    }
}
