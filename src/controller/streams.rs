//! Which streams are open, and which have to be.
//!
//! Autoscalers and memories are always watched. Workloads are watched only where a target has no autoscaler, sleeps,
//! or is remembered; and what other tools drive, only where a scale may be written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant as Mono;

use crate::cluster::{Live, RuleSources, Sighting, Stream, Watched, few_or_all};
use crate::plan::Failure;

/// Which APIs are installed is asked again before a scale is written, if it was asked longer ago than this.
const APIS_KNOWN_FOR: Duration = Duration::from_secs(300);

/// What opens and closes streams: an API server, or a test.
pub trait Watching {
    /// Begins to tell about a stream.
    fn open(&mut self, stream: &Stream);

    /// Tells nothing more about it.
    fn close(&mut self, stream: &Stream);

    /// Asks which APIs of other tools are installed; the answer comes in its own time.
    fn find_drivers(&mut self);
}

/// The answer to [`Watching::find_drivers`].
pub type DriverApis = Result<Vec<Watched>, Failure>;

/// Streams from an API server.
pub struct LiveStreams {
    live: Live,
    sightings: mpsc::Sender<Sighting>,
    drivers: mpsc::Sender<DriverApis>,
    tasks: HashMap<Stream, JoinHandle<()>>,
}

impl LiveStreams {
    /// Streams that tell into these channels.
    #[must_use]
    pub fn new(live: Live, sightings: mpsc::Sender<Sighting>, drivers: mpsc::Sender<DriverApis>) -> Self {
        Self {
            live,
            sightings,
            drivers,
            tasks: HashMap::new(),
        }
    }
}

impl Watching for LiveStreams {
    fn open(&mut self, stream: &Stream) {
        let (live, ears, watched) = (self.live.clone(), self.sightings.clone(), stream.clone());
        let task = tokio::spawn(async move { live.watch(watched, ears).await });
        if let Some(before) = self.tasks.insert(stream.clone(), task) {
            before.abort();
        }
    }

    fn close(&mut self, stream: &Stream) {
        if let Some(task) = self.tasks.remove(stream) {
            task.abort();
        }
    }

    fn find_drivers(&mut self) {
        let (live, answer) = (self.live.clone(), self.drivers.clone());
        tokio::spawn(async move {
            let found = live.driver_apis().await;
            // Nobody listens any more: then nobody needs it.
            let _ = answer.send(found).await;
        });
    }
}

impl Drop for LiveStreams {
    fn drop(&mut self) {
        for task in self.tasks.values() {
            task.abort();
        }
    }
}

/// What is known of the APIs of other tools.
#[derive(Default)]
struct Drivers {
    /// Those that are installed.
    watched: Vec<Watched>,
    /// When that was seen last; `None`: never.
    known: Option<Mono>,
    /// The answer is on its way.
    asked: bool,
    /// It could not be seen: not to be asked again before then.
    not_before: Option<Mono>,
}

/// The streams that are open.
pub(super) struct Streams {
    open: BTreeSet<Stream>,
    sources: RuleSources,
    /// The namespaces that are handled; empty: all.
    namespaces: BTreeSet<String>,
    drivers: Drivers,
    /// What may not be seen of other tools, in words.
    unseen: BTreeMap<Stream, String>,
}

impl Streams {
    pub(super) fn new(namespaces: BTreeSet<String>, sources: RuleSources) -> Self {
        Self {
            open: BTreeSet::new(),
            sources,
            namespaces,
            drivers: Drivers::default(),
            unseen: BTreeMap::new(),
        }
    }

    /// What is always watched.
    pub(super) fn base(&self) -> Vec<Stream> {
        [Watched::Autoscalers, Watched::Memories]
            .into_iter()
            .flat_map(|of| self.everywhere(&of))
            .collect()
    }

    /// What is always watched for the rules in it.
    pub(super) fn supplies(&self) -> impl Iterator<Item = Stream> {
        let watched = self.sources.watched().into_iter();
        watched.flat_map(|of| self.everywhere(&of))
    }

    pub(super) fn is_open(&self, stream: &Stream) -> bool {
        self.open.contains(stream)
    }

    /// Opens what is missing for these kinds of workloads in these namespaces, and for what drives them; says which
    /// streams are not needed any more.
    pub(super) fn adjust(
        &mut self,
        kinds: &BTreeMap<String, BTreeSet<String>>,
        drivers: bool,
        watching: &mut impl Watching,
    ) -> Vec<Stream> {
        let mut wanted: BTreeSet<Stream> = self.base().into_iter().chain(self.supplies()).collect();
        // Where none is left of a kind, none would mean all.
        for (kind, namespaces) in kinds.iter().filter(|(_, namespaces)| !namespaces.is_empty()) {
            let of = Watched::Workloads(kind.clone());
            wanted.extend(Stream::everywhere(&of, few_or_all(namespaces, &self.namespaces)));
        }
        if drivers {
            if self.drivers.known.is_none() {
                self.ask(watching);
            }
            let watched = &self.drivers.watched;
            wanted.extend(watched.iter().flat_map(|of| self.everywhere(of)));
        }
        for stream in wanted.difference(&self.open) {
            watching.open(stream);
        }
        let idle: Vec<Stream> = self.open.difference(&wanted).cloned().collect();
        for stream in &idle {
            watching.close(stream);
            self.unseen.remove(stream);
        }
        self.open = wanted;
        idle
    }

    /// Takes in which APIs of other tools there are; where that could not be seen, it is asked again after `pause`.
    pub(super) fn found_drivers(&mut self, found: DriverApis, pause: Duration) {
        self.drivers.asked = false;
        match found {
            Ok(watched) => {
                self.drivers.watched = watched;
                self.drivers.known = Some(Mono::now());
                self.drivers.not_before = None;
            }
            Err(_) => self.drivers.not_before = Some(Mono::now() + pause),
        }
    }

    /// Has the APIs of other tools looked for again, if that was too long ago to trust before a scale is written; says
    /// whether the answer has to be waited for.
    pub(super) fn refresh_drivers(&mut self, watching: &mut impl Watching) -> bool {
        let is_fresh = |known: Mono| known.elapsed() <= APIS_KNOWN_FOR;
        if self.drivers.known.is_some_and(is_fresh) {
            return false;
        }
        self.distrust_drivers(watching);
        true
    }

    /// Has the APIs of other tools looked for again; until the answer comes, no scale is written.
    pub(super) fn distrust_drivers(&mut self, watching: &mut impl Watching) {
        self.drivers.known = None;
        self.ask(watching);
    }

    /// When the APIs of other tools are asked for again that could not be seen.
    pub(super) fn asks_again(&self) -> Option<Mono> {
        let waits = self.drivers.known.is_none() && !self.drivers.asked;
        self.drivers.not_before.filter(|_| waits)
    }

    fn ask(&mut self, watching: &mut impl Watching) {
        let too_soon = self.drivers.not_before.is_some_and(|then| Mono::now() < then);
        if !self.drivers.asked && !too_soon {
            self.drivers.asked = true;
            watching.find_drivers();
        }
    }

    /// Notes that a stream of another tool's objects may not be read, or may again.
    pub(super) fn set_unseen(&mut self, stream: &Stream, why: Option<String>) -> bool {
        match why {
            Some(why) => self.unseen.insert(stream.clone(), why).is_none(),
            None => self.unseen.remove(stream).is_some(),
        }
    }

    /// What may not be seen of other tools.
    pub(super) fn unseen(&self) -> Vec<String> {
        self.unseen.values().cloned().collect()
    }

    /// Whether all streams are there that a workload of this kind in this namespace has to be seen in.
    pub(super) fn show_workload(
        &self,
        kind: &str,
        namespace: &str,
        is_complete: impl Fn(&Stream) -> bool,
    ) -> bool {
        self.open.iter().any(|stream| {
            matches!(&stream.of, Watched::Workloads(of) if of == kind)
                && stream.covers(namespace)
                && is_complete(stream)
        })
    }

    /// Whether everything is seen, or known to be hidden, that may drive a workload's scale.
    pub(super) fn show_drivers(&self, is_complete: impl Fn(&Stream) -> bool) -> bool {
        if self.drivers.known.is_none() {
            return false;
        }
        let shown = |stream: &Stream| is_complete(stream) || self.unseen.contains_key(stream);
        let watched = self.drivers.watched.iter();
        watched
            .flat_map(|of| self.everywhere(of))
            .all(|stream| shown(&stream))
    }

    fn everywhere(&self, of: &Watched) -> Vec<Stream> {
        Stream::everywhere(of, &self.namespaces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is open.
    #[derive(Default)]
    struct Open(BTreeSet<Stream>);

    impl Watching for Open {
        fn open(&mut self, stream: &Stream) {
            self.0.insert(stream.clone());
        }

        fn close(&mut self, stream: &Stream) {
            self.0.remove(stream);
        }

        fn find_drivers(&mut self) {}
    }

    #[test]
    fn workloads_are_watched_where_somebody_needs_them() {
        let mut streams = Streams::new(BTreeSet::new(), RuleSources::default());
        let mut open = Open::default();
        for (needed, places) in [(2, 2), (8, 8), (9, 1), (1, 1), (0, 0)] {
            let namespaces = (0..needed).map(|number| format!("team-{number}")).collect();
            let kinds = [("Deployment".to_owned(), namespaces)].into();
            streams.adjust(&kinds, false, &mut open);
            let of_workloads = |stream: &&Stream| matches!(stream.of, Watched::Workloads(_));
            let watched: Vec<_> = open.0.iter().filter(of_workloads).collect();
            assert_eq!(watched.len(), places, "{watched:?}");
            let is_over_all = watched.iter().any(|stream| stream.namespace.is_none());
            assert_eq!(is_over_all, needed > 8, "{watched:?}");
        }
    }
}
