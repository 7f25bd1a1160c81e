//! The loop with a clock that the test turns and a cluster in memory: named scenarios, in simulated time.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};
use tokio::time::Instant as Mono;

use super::super::health::Health;
use super::super::lease::{Fence, Leadership};
use super::super::metrics::Metrics;
use super::super::reload::Verdict;
use super::super::streams::Watching;
use super::{Control, Gauges, Inlets, Settings, Start};
use crate::cluster::{Cluster, EventNote, RuleSources, Sight, Sighting, Stream, Thing, Watched, Written};
use crate::plan::{
    Autoscaler, BoundsWrite, Failure, FailureKind, MemoryMap, ObjectRef, Observed, Options, Planner, Release,
    ScaleWrite, TargetPlan, WorkloadRef,
};
use crate::policy::{self, Loaded};
use crate::report::status::PolicyState;
use crate::time::Instant;

/// 2026-11-24T15:00:00Z, a Tuesday.
const START: u64 = 1_795_532_400;

/// What was asked of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Bounds(String, Option<u32>, Option<u32>),
    Release(String),
    Event(&'static str),
}

/// A cluster in memory.
struct World {
    autoscalers: RefCell<BTreeMap<String, Autoscaler>>,
    asked: RefCell<Vec<(Duration, Asked)>>,
    version: Cell<u64>,
    sightings: mpsc::Sender<Sighting>,
    /// How long a write takes.
    takes: Cell<Duration>,
    /// What writes end with.
    fails: Cell<Option<FailureKind>>,
    /// Whether it may be listed.
    is_seen: Cell<bool>,
    in_flight: Cell<usize>,
    most_in_flight: Cell<usize>,
    began: Mono,
}

impl World {
    fn new(sightings: mpsc::Sender<Sighting>) -> Self {
        Self {
            autoscalers: RefCell::default(),
            asked: RefCell::default(),
            version: Cell::new(1),
            sightings,
            takes: Cell::new(Duration::from_millis(10)),
            fails: Cell::new(None),
            is_seen: Cell::new(true),
            in_flight: Cell::new(0),
            most_in_flight: Cell::new(0),
            began: Mono::now(),
        }
    }

    fn add(&self, name: &str, floor: u32, ceiling: u32) {
        let autoscaler = Autoscaler {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            uid: format!("uid-{name}"),
            workload: WorkloadRef {
                group: "apps".to_owned(),
                kind: "Deployment".to_owned(),
                name: name.to_owned(),
            },
            floor: Some(floor),
            ceiling,
            ..Autoscaler::default()
        };
        self.put(autoscaler);
    }

    /// Stores an object with a new version, and tells it.
    fn put(&self, mut autoscaler: Autoscaler) -> Autoscaler {
        self.version.set(self.version.get() + 1);
        autoscaler.resource_version = self.version.get().to_string();
        self.autoscalers
            .borrow_mut()
            .insert(autoscaler.name.clone(), autoscaler.clone());
        self.tell(Sight::Changed(Thing::Autoscaler(autoscaler.clone())));
        autoscaler
    }

    /// Somebody else writes bounds.
    fn edit(&self, name: &str, floor: u32, ceiling: u32) {
        let mut autoscaler = self.autoscalers.borrow()[name].clone();
        autoscaler.floor = Some(floor);
        autoscaler.ceiling = ceiling;
        self.put(autoscaler);
    }

    fn tell(&self, sight: Sight) {
        let stream = everywhere(Watched::Autoscalers);
        self.sightings.try_send(Sighting { stream, sight }).unwrap();
    }

    fn bounds(&self, name: &str) -> (u32, u32) {
        let autoscalers = self.autoscalers.borrow();
        let autoscaler = &autoscalers[name];
        (autoscaler.floor.unwrap(), autoscaler.ceiling)
    }

    fn note(&self, asked: Asked) {
        self.asked.borrow_mut().push((self.began.elapsed(), asked));
    }

    /// What was asked so far; events left out.
    fn writes(&self) -> Vec<(Duration, Asked)> {
        let asked = self.asked.borrow();
        let writes = asked
            .iter()
            .filter(|(_, asked)| !matches!(asked, Asked::Event(_)));
        writes.cloned().collect()
    }

    fn events(&self) -> Vec<&'static str> {
        let asked = self.asked.borrow();
        let events = asked.iter().filter_map(|(_, asked)| match asked {
            Asked::Event(reason) => Some(*reason),
            _ => None,
        });
        events.collect()
    }

    async fn request(&self) -> Result<(), Failure> {
        self.in_flight.set(self.in_flight.get() + 1);
        self.most_in_flight
            .set(self.most_in_flight.get().max(self.in_flight.get()));
        tokio::time::sleep(self.takes.get()).await;
        self.in_flight.set(self.in_flight.get() - 1);
        match self.fails.get() {
            Some(kind) => Err(Failure::new(kind, "cannot patch: as the test wants it")),
            None => Ok(()),
        }
    }
}

impl Cluster for World {
    fn name(&self) -> String {
        "a test".to_owned()
    }

    async fn observe(&self, _: &Planner) -> Result<Observed, Failure> {
        panic!("the loop never lists")
    }

    async fn observe_again(&self, observed: &mut Observed, target: &TargetPlan) -> Result<(), Failure> {
        let name = &target.object.as_ref().unwrap().name;
        let autoscaler = self.autoscalers.borrow().get(name).cloned();
        observed.autoscalers.extend(autoscaler);
        Ok(())
    }

    async fn write_bounds(&self, write: &BoundsWrite) -> Result<Written, Failure> {
        self.note(Asked::Bounds(
            write.object.name.clone(),
            write.floor,
            write.ceiling,
        ));
        self.request().await?;
        let mut autoscaler = self.autoscalers.borrow()[&write.object.name].clone();
        if write.resource_version.as_ref() != Some(&autoscaler.resource_version) {
            return Err(Failure::new(
                FailureKind::Conflict,
                "the object has been modified",
            ));
        }
        autoscaler.floor = write.floor.or(autoscaler.floor);
        autoscaler.ceiling = write.ceiling.unwrap_or(autoscaler.ceiling);
        autoscaler.state.clone_from(&write.state);
        autoscaler.managers.ours = true;
        autoscaler.managers.owns_floor = write.floor.is_some();
        autoscaler.managers.owns_ceiling = write.ceiling.is_some();
        let after = self.put(autoscaler);
        Ok(Written {
            resource_version: after.resource_version.clone(),
            seen: Some(Box::new(after)),
            ..Written::default()
        })
    }

    async fn release(&self, release: &Release, _: Option<&Written>) -> Result<Written, Failure> {
        self.note(Asked::Release(release.object.name.clone()));
        self.request().await?;
        let mut autoscaler = self.autoscalers.borrow()[&release.object.name].clone();
        autoscaler.state = None;
        autoscaler.managers.ours = false;
        autoscaler.managers.owns_floor = false;
        autoscaler.managers.owns_ceiling = false;
        let after = self.put(autoscaler);
        Ok(Written {
            seen: Some(Box::new(after)),
            ..Written::default()
        })
    }

    async fn write_scale(&self, _: &ScaleWrite, _: u32, _: &str) -> Result<String, Failure> {
        panic!("these scenarios have no scales")
    }

    async fn write_memory(
        &self,
        _: &str,
        _: Option<&MemoryMap>,
        _: &BTreeMap<String, Option<String>>,
    ) -> Result<MemoryMap, Failure> {
        panic!("these scenarios have no scales")
    }

    async fn publish(&self, event: &EventNote) -> Result<(), Failure> {
        self.note(Asked::Event(event.reason.as_str()));
        Ok(())
    }

    async fn finish(&self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Streams of that cluster.
struct Streams(Rc<World>);

impl Watching for Streams {
    fn open(&mut self, stream: &Stream) {
        let tell = |sight| {
            let stream = stream.clone();
            self.0.sightings.try_send(Sighting { stream, sight }).unwrap();
        };
        if !self.0.is_seen.get() {
            tell(Sight::Lost(Failure::new(FailureKind::Forbidden, "cannot list")));
            return;
        }
        tell(Sight::Begun);
        if stream.of == Watched::Autoscalers {
            let all = self.0.autoscalers.borrow();
            tell(Sight::Page(
                all.values().cloned().map(Thing::Autoscaler).collect(),
            ));
        }
        tell(Sight::Listed);
    }

    fn close(&mut self, _: &Stream) {}

    fn find_drivers(&mut self) {}
}

fn everywhere(of: Watched) -> Stream {
    Stream { of, namespace: None }
}

/// A loop, and everything by which a test moves it.
struct Scene {
    world: Rc<World>,
    skew: Arc<AtomicI64>,
    verdicts: mpsc::Sender<Verdict>,
    leadership: watch::Sender<Leadership>,
    stop: watch::Sender<bool>,
    settings: Settings,
    inlets: Option<Inlets>,
    metrics: Arc<Metrics>,
}

impl Scene {
    fn new() -> Self {
        let (sightings, sighted) = mpsc::channel(20_000);
        let (verdicts, judged) = mpsc::channel(8);
        let (leadership, leads) = watch::channel(Leadership::Leading);
        let (stop, stopped) = watch::channel(false);
        // Nobody asks: the channels are closed, and the loop does without them.
        let (_, drivers) = mpsc::channel(1);
        let (_, questions) = mpsc::channel(1);
        Self {
            world: Rc::new(World::new(sightings)),
            skew: Arc::default(),
            verdicts,
            leadership,
            stop,
            settings: Settings {
                concurrency: 4,
                events: true,
                dry_run: false,
            },
            inlets: Some(Inlets {
                sightings: sighted,
                drivers,
                verdicts: judged,
                leadership: None,
                questions,
                stop: stopped,
            }),
            metrics: Arc::new(Metrics::new(100)),
        }
        .electing(leads, false)
    }

    fn electing(mut self, leads: watch::Receiver<Leadership>, elects: bool) -> Self {
        if let Some(inlets) = &mut self.inlets
            && elects
        {
            inlets.leadership = Some(leads);
        }
        self
    }

    /// Turns the loop while `play` goes on, then stops it.
    async fn run<T>(&mut self, rules: &str, play: impl AsyncFnOnce(&Self) -> T) -> T {
        let inlets = self.inlets.take().unwrap();
        let world = Rc::clone(&self.world);
        let (skew, began) = (Arc::clone(&self.skew), Mono::now());
        let wall = Arc::new(move || {
            let now = UNIX_EPOCH + Duration::from_secs(START) + began.elapsed();
            let skew = skew.load(Ordering::Relaxed);
            if skew < 0 {
                now - Duration::from_secs(skew.unsigned_abs())
            } else {
                now + Duration::from_secs(skew.unsigned_abs())
            }
        });
        let control = Control::new(
            &*world,
            Streams(Rc::clone(&world)),
            self.settings.clone(),
            Fence::always(),
            Gauges {
                metrics: Arc::clone(&self.metrics),
                health: Arc::new(Health::new()),
            },
            wall,
            start(rules),
        );
        let played = async {
            let result = play(self).await;
            self.stop.send_replace(true);
            result
        };
        let (ended, result) = tokio::join!(control.run(inlets), played);
        ended.unwrap();
        result
    }
}

fn load(rules: &str) -> Loaded {
    let loaded = policy::check(vec![("rules.yaml".to_owned(), rules.to_owned())]);
    assert!(!loaded.has_errors(), "{:#?}", loaded.problems);
    loaded
}

fn start(rules: &str) -> Start {
    let options = Options {
        instance: "default".to_owned(),
        prune: true,
        namespaces: BTreeSet::new(),
    };
    Start {
        planner: Planner::new(load(rules).rules, options),
        policy: PolicyState {
            valid: true,
            since: Instant::from_unix(0),
            problems: Vec::new(),
        },
        stage: ObjectRef {
            api_version: "coordination.k8s.io/v1".to_owned(),
            kind: "Lease".to_owned(),
            namespace: "easyscale".to_owned(),
            name: "easyscale".to_owned(),
        },
        ground: policy::Ground::default(),
        sources: RuleSources::default(),
        denied: Vec::new(),
    }
}

fn rule(name: &str, more: &str, window: &str) -> String {
    format!(
        "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {{name: {name}}}\nspec:\n  target: {{kind: Deployment, \
         name: {name}, namespace: shop}}\n{more}  schedule:\n    - {{name: peak, {window}}}\n---\n"
    )
}

const PEAK: &str = "timeStart: '16:00', timeEnd: '18:00', minReplicas: 5, maxReplicas: 20";
const HOUR: Duration = Duration::from_secs(3600);

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

fn bounds(name: &str, floor: u32, ceiling: u32) -> Asked {
    Asked::Bounds(name.to_owned(), Some(floor), Some(ceiling))
}

#[tokio::test(start_paused = true)]
async fn a_window_opens_and_closes_to_the_second_and_nothing_else_is_asked() {
    let mut scene = Scene::new();
    scene.world.add("web", 2, 10);
    scene
        .run(&rule("web", "", PEAK), async |scene| {
            pass(HOUR - Duration::from_secs(1)).await;
            assert_eq!(scene.world.writes(), [], "before the edge");
            pass(Duration::from_millis(1100)).await;
            assert_eq!(scene.world.bounds("web"), (5, 20));
            pass(3 * HOUR).await;
            assert_eq!(scene.world.bounds("web"), (2, 10));
        })
        .await;
    let writes = scene.world.writes();
    let asked: Vec<_> = writes.iter().map(|(_, asked)| asked.clone()).collect();
    assert_eq!(
        asked,
        [
            bounds("web", 5, 20),
            bounds("web", 2, 10),
            Asked::Release("web".to_owned())
        ]
    );
    let first = writes[0].0;
    assert!(
        first >= HOUR && first < HOUR + Duration::from_millis(100),
        "{first:?}"
    );
    assert_eq!(scene.world.events(), ["BoundsChanged", "BoundsRestored"]);
}

#[tokio::test(start_paused = true)]
async fn radio_silence() {
    let mut scene = Scene::new();
    for number in 0..50 {
        scene.world.add(&format!("web-{number}"), 2, 10);
    }
    let rules: String = (0..50)
        .map(|number| {
            rule(
                &format!("web-{number}"),
                "",
                "dates: ['2030-01-01'], minReplicas: 5",
            )
        })
        .collect();
    scene
        .run(&rules, async |scene| {
            for _ in 0..240 {
                pass(Duration::from_secs(360)).await;
                // The autoscaler's controller writes its status all the time.
                let mut autoscaler = scene.world.autoscalers.borrow()["web-7"].clone();
                autoscaler.current_replicas = Some(3);
                scene.world.put(autoscaler);
            }
        })
        .await;
    assert_eq!(*scene.world.asked.borrow(), [], "a day in which nothing happens");
}

#[tokio::test(start_paused = true)]
async fn raises_come_first_and_no_more_at_once_than_asked() {
    let mut scene = Scene::new();
    let mut rules = String::new();
    for number in 0..10 {
        let (up, down) = (format!("a-{number}"), format!("b-{number}"));
        scene.world.add(&up, 2, 10);
        scene.world.add(&down, 8, 10);
        rules.push_str(&rule(
            &down,
            "",
            "timeStart: '16:00', timeEnd: '18:00', minReplicas: 4",
        ));
        rules.push_str(&rule(&up, "", PEAK));
    }
    scene
        .run(&rules, async |_| pass(HOUR + Duration::from_secs(5)).await)
        .await;
    let writes = scene.world.writes();
    let order: Vec<bool> = writes
        .iter()
        .map(|(_, asked)| matches!(asked, Asked::Bounds(name, ..) if name.starts_with("a-")))
        .collect();
    assert_eq!(order.len(), 20);
    assert!(order.is_sorted_by(|one, other| one >= other), "{order:?}");
    assert_eq!(scene.world.most_in_flight.get(), 4);
    let events = scene.world.asked.borrow();
    let first_event = events
        .iter()
        .position(|(_, asked)| matches!(asked, Asked::Event(_)));
    assert_eq!(first_event, Some(20), "events follow the bounds");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_moves_the_bounds_with_it() {
    let mut scene = Scene::new();
    scene.world.add("web", 2, 10);
    scene
        .run(&rule("web", "", PEAK), async |scene| {
            pass(Duration::from_secs(60)).await;
            scene.skew.store(3600, Ordering::Relaxed);
            pass(Duration::from_secs(31)).await;
            assert_eq!(
                scene.world.bounds("web"),
                (5, 20),
                "an hour forth, into the window"
            );
            scene.skew.store(0, Ordering::Relaxed);
            pass(Duration::from_secs(31)).await;
            assert_eq!(scene.world.bounds("web"), (2, 10), "and back again");
            pass(HOUR).await;
            assert_eq!(scene.world.bounds("web"), (5, 20), "the edge comes once more");
        })
        .await;
    assert_eq!(scene.world.writes().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn who_keeps_putting_back_is_answered_ever_more_slowly() {
    let mut scene = Scene::new();
    scene.world.add("web", 2, 10);
    scene
        .run(&rule("web", "", PEAK), async |scene| {
            pass(HOUR + Duration::from_secs(1)).await;
            for _ in 0..5 {
                scene.world.edit("web", 2, 20);
                while scene.world.bounds("web").0 == 2 {
                    pass(Duration::from_millis(100)).await;
                }
            }
        })
        .await;
    let writes = scene.world.writes();
    let times: Vec<u64> = writes
        .windows(2)
        .map(|pair| (pair[1].0 - pair[0].0).as_secs_f64().round() as u64)
        .collect();
    // Whole seconds, rounded up: a wait is never shorter than it should be.
    assert_eq!(times.len(), 5);
    for (took, least) in times.iter().zip([1, 1, 2, 4, 8]) {
        assert!((least..=least + 2).contains(took), "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_raise_of_somebody_is_held_until_the_next_edge_and_told_once() {
    let mut scene = Scene::new();
    scene.world.add("web", 2, 10);
    scene
        .run(&rule("web", "", PEAK), async |scene| {
            pass(HOUR + Duration::from_secs(1)).await;
            scene.world.edit("web", 9, 20);
            pass(HOUR).await;
            assert_eq!(scene.world.bounds("web"), (9, 20));
            pass(HOUR).await;
            assert_eq!(
                scene.world.bounds("web"),
                (9, 10),
                "newer than the original: it stays after the window"
            );
        })
        .await;
    let held = scene.world.events().into_iter().filter(|event| *event == "Held");
    assert_eq!(held.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn lowerings_are_spread_and_raises_are_not() {
    let mut scene = Scene::new();
    let mut rules = String::new();
    for number in 0..20 {
        let name = format!("web-{number}");
        scene.world.add(&name, 2, 10);
        rules.push_str(&rule(&name, "  stagger: 10m\n", PEAK));
    }
    scene.run(&rules, async |_| pass(4 * HOUR).await).await;
    let writes = scene.world.writes();
    let (raised, lowered): (Vec<_>, Vec<_>) = writes
        .iter()
        .filter(|(_, asked)| matches!(asked, Asked::Bounds(..)))
        .partition(|(_, asked)| matches!(asked, Asked::Bounds(_, Some(5), _)));
    assert!(
        raised
            .iter()
            .all(|(when, _)| *when < HOUR + Duration::from_secs(1))
    );
    let after = lowered.iter().map(|(when, _)| when.saturating_sub(3 * HOUR));
    let minutes: BTreeSet<u64> = after.clone().map(|late| late.as_secs() / 60).collect();
    assert_eq!(lowered.len(), 20);
    assert!(
        after.clone().all(|late| late <= Duration::from_secs(601)),
        "{lowered:?}"
    );
    assert!(minutes.len() >= 6, "spread over {minutes:?}");
    let text = scene.metrics.text();
    assert!(
        text.contains("easyscale_edge_to_patch_seconds_bucket{le=\"1.0\"} 40"),
        "a stagger is no delay: {text}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_follows_writes_nothing_and_who_leads_puts_all_right_at_once() {
    let mut scene = Scene::new();
    let leads = scene.leadership.subscribe();
    scene
        .leadership
        .send_replace(Leadership::Following { holder: None });
    scene = scene.electing(leads, true);
    scene.world.add("web", 2, 10);
    scene
        .run(&rule("web", "", PEAK), async |scene| {
            pass(HOUR + HOUR / 2).await;
            assert_eq!(*scene.world.asked.borrow(), []);
            scene.leadership.send_replace(Leadership::Leading);
            pass(Duration::from_millis(100)).await;
            assert_eq!(scene.world.bounds("web"), (5, 20));
            scene
                .leadership
                .send_replace(Leadership::Following { holder: None });
            pass(3 * HOUR).await;
            assert_eq!(scene.world.bounds("web"), (5, 20), "the other one restores");
        })
        .await;
    assert_eq!(scene.world.writes().len(), 1);
}

/// By these numbers it is found out: the alert `EasyscaleSeesNothing`.
#[tokio::test(start_paused = true)]
async fn who_sees_nothing_leads_and_decides_nothing() {
    let mut scene = Scene::new();
    scene.world.is_seen.set(false);
    scene
        .run(&rule("web", "", PEAK), async |_| pass(2 * HOUR).await)
        .await;
    let text = scene.metrics.text();
    for line in ["leader 1", "targets 1", "decisions_total 0"] {
        assert!(
            text.contains(&format!("easyscale_{line}\n")),
            "no {line} in {text}"
        );
    }
    assert_eq!(scene.world.writes(), []);
}

/// Else a standby tells for ever what was so when it led.
#[tokio::test(start_paused = true)]
async fn who_does_not_lead_any_more_counts_nothing() {
    let mut scene = Scene::new();
    let leads = scene.leadership.subscribe();
    scene.leadership.send_replace(Leadership::Leading);
    scene = scene.electing(leads, true);
    scene.world.add("web", 2, 10);
    scene.world.add("shop", 2, 10);
    let rules = rule("web", "", PEAK) + &rule("shop", "", PEAK);
    scene
        .run(&rules, async |scene| {
            let now = |refused: u32, held: u32| {
                let text = scene.metrics.text();
                for line in [
                    format!("easyscale_refused_targets{{code=\"two-autoscalers\"}} {refused}\n"),
                    format!("easyscale_held_targets {held}\n"),
                ] {
                    assert!(text.contains(&line), "no {line} in {text}");
                }
            };
            pass(HOUR + Duration::from_secs(1)).await;
            scene.world.edit("web", 9, 20);
            let mut twin = scene.world.autoscalers.borrow()["shop"].clone();
            twin.name = "shop-2".to_owned();
            twin.uid = "uid-2".to_owned();
            twin.state = None;
            scene.world.put(twin);
            pass(Duration::from_secs(1)).await;
            now(1, 1);
            scene
                .leadership
                .send_replace(Leadership::Following { holder: None });
            pass(Duration::from_secs(1)).await;
            now(0, 0);
            scene.leadership.send_replace(Leadership::Leading);
            pass(Duration::from_secs(1)).await;
            now(1, 1);
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_is_tried_again_and_at_once_when_the_server_is_back() {
    let mut scene = Scene::new();
    scene.world.add("web", 2, 10);
    scene
        .run(&rule("web", "", PEAK), async |scene| {
            scene.world.fails.set(Some(FailureKind::Unreachable));
            pass(HOUR + Duration::from_secs(300)).await;
            let tries = scene.world.writes().len();
            assert!((6..=16).contains(&tries), "{tries} tries in five minutes");
            scene.world.fails.set(None);
            scene.world.tell(Sight::Back);
            pass(Duration::from_millis(100)).await;
            assert_eq!(scene.world.bounds("web"), (5, 20));
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn bad_policies_leave_the_good_ones_in_force_and_none_restore_everything() {
    let mut scene = Scene::new();
    scene.world.add("web", 2, 10);
    scene
        .run(&rule("web", "", PEAK), async |scene| {
            pass(HOUR + Duration::from_secs(1)).await;
            let bad = policy::check(vec![(
                "rules.yaml".to_owned(),
                "rules: {web: {target: 1}}".to_owned(),
            )]);
            assert!(bad.has_errors());
            scene.verdicts.send(Verdict::Bad(bad)).await.unwrap();
            pass(Duration::from_secs(1)).await;
            assert_eq!(scene.world.bounds("web"), (5, 20));
            assert_eq!(scene.world.events().last(), Some(&"PolicyInvalid"));
            assert!(scene.metrics.text().contains("easyscale_policy_valid 0"));
            let other = rule("web", "", "timeStart: '16:00', timeEnd: '18:00', minReplicas: 7");
            scene.verdicts.send(Verdict::Good(load(&other))).await.unwrap();
            pass(Duration::from_secs(1)).await;
            assert_eq!(
                scene.world.bounds("web"),
                (7, 10),
                "changed in the middle of its window"
            );
            scene
                .verdicts
                .send(Verdict::Good(Loaded::default()))
                .await
                .unwrap();
            pass(Duration::from_secs(1)).await;
            assert_eq!(scene.world.bounds("web"), (2, 10));
            assert_eq!(scene.world.autoscalers.borrow()["web"].state, None);
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_restored_while_a_rule_is_refused() {
    let mut scene = Scene::new();
    scene.world.add("web", 2, 10);
    scene.world.add("shop", 2, 10);
    let both = format!("{}{}", rule("web", "", PEAK), rule("shop", "", PEAK));
    scene
        .run(&both, async |scene| {
            pass(HOUR + Duration::from_secs(1)).await;
            // The second autoscaler of a workload: nobody knows which one is meant.
            let mut twin = scene.world.autoscalers.borrow()["shop"].clone();
            twin.name = "shop-2".to_owned();
            twin.uid = "uid-2".to_owned();
            twin.state = None;
            scene.world.put(twin.clone());
            pass(Duration::from_secs(1)).await;
            let only_shop = load(&rule("shop", "", PEAK));
            scene.verdicts.send(Verdict::Good(only_shop)).await.unwrap();
            pass(Duration::from_secs(60)).await;
            assert_eq!(
                scene.world.bounds("web"),
                (5, 20),
                "abandoned, and not restored yet"
            );
            scene.world.autoscalers.borrow_mut().remove("shop-2");
            scene.world.tell(Sight::Gone(Thing::Autoscaler(twin)));
            pass(Duration::from_secs(1)).await;
            assert_eq!(scene.world.bounds("web"), (2, 10));
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn an_api_that_hangs_does_not_hold_the_stop() {
    let mut scene = Scene::new();
    scene.world.add("web", 2, 10);
    scene.world.takes.set(24 * HOUR);
    scene
        .run(&rule("web", "", PEAK), async |_| {
            pass(HOUR + Duration::from_secs(1)).await;
        })
        .await;
    let took = scene.world.began.elapsed().saturating_sub(HOUR);
    assert!(took < Duration::from_secs(9), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_in_flight_when_it_stops_is_finished_and_told() {
    let mut scene = Scene::new();
    scene.world.add("web", 2, 10);
    scene.world.takes.set(Duration::from_secs(3));
    scene
        .run(&rule("web", "", PEAK), async |_| {
            pass(HOUR + Duration::from_secs(1)).await;
        })
        .await;
    assert_eq!(scene.world.bounds("web"), (5, 20));
    assert_eq!(scene.world.events(), ["BoundsChanged"]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_writes_nothing() {
    let mut scene = Scene::new();
    scene.settings.dry_run = true;
    scene.world.add("web", 2, 10);
    scene
        .run(&rule("web", "", PEAK), async |_| pass(48 * HOUR).await)
        .await;
    assert_eq!(*scene.world.asked.borrow(), []);
    assert!(scene.metrics.text().contains("easyscale_dry_run 1\n"));
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_delays_a_lowering_that_somebody_caused_and_nothing_else() {
    let mut scene = Scene::new();
    scene.world.add("web", 2, 10);
    let cool = rule(
        "web",
        "  cooldown: 5m\n",
        "timeStart: '16:00', timeEnd: '18:00', minReplicas: 2, maxReplicas: 6",
    );
    scene
        .run(&cool, async |scene| {
            pass(HOUR + Duration::from_secs(1)).await;
            assert_eq!(scene.world.bounds("web"), (2, 6), "an edge never waits");
            pass(Duration::from_secs(60)).await;
            scene.world.edit("web", 2, 30);
            pass(Duration::from_secs(200)).await;
            assert_eq!(scene.world.bounds("web"), (2, 30));
            pass(Duration::from_secs(60)).await;
            assert_eq!(scene.world.bounds("web"), (2, 6));
            pass(2 * HOUR).await;
            assert_eq!(scene.world.bounds("web"), (2, 30), "what its owner asked last");
        })
        .await;
}

/// The wall clock is not used beside the one that is injected.
#[test]
fn the_start_is_a_tuesday() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(START);
    assert_eq!(
        Instant::from_system_time(start).to_string(),
        "2026-11-24T15:00:00Z"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_may_not_reach_its_target_has_no_part_in_it() {
    let mut scene = Scene::new();
    scene.world.add("web", 2, 10);
    let metrics = Arc::clone(&scene.metrics);
    let inlets = scene.inlets.take().unwrap();
    let world = Rc::clone(&scene.world);
    let began = Mono::now();
    let wall = Arc::new(move || UNIX_EPOCH + Duration::from_secs(START + 3600) + began.elapsed());
    let spec = serde_json::json!({"target": {"kind": "Deployment", "name": "web", "namespace": "shop"}, "default": {"minReplicas": 7}});
    let evil = policy::Ground::default().read(&policy::Supply::of_scaling_rule(
        "evil",
        "x",
        &BTreeMap::new(),
        &spec,
    ));
    assert!(!evil.has_errors());
    let mut begin = start(&rule("web", "", PEAK));
    let mut rules = begin.planner.rules().to_vec();
    rules.extend(evil.rules);
    begin.planner = begin.planner.with_rules(rules);
    let control = Control::new(
        &*world,
        Streams(Rc::clone(&world)),
        scene.settings.clone(),
        Fence::always(),
        Gauges {
            metrics: Arc::clone(&metrics),
            health: Arc::new(Health::new()),
        },
        wall,
        begin,
    );
    let stop = scene.stop.clone();
    let play = async {
        pass(Duration::from_secs(5)).await;
        let t = metrics.text();
        stop.send_replace(true);
        t
    };
    let (ended, text) = tokio::join!(control.run(inlets), play);
    ended.unwrap();
    assert!(
        !text.contains("rule=\"evil/x\"") && text.contains("rule=\"web\""),
        "the metrics of shop/web are told as those of another namespace's rule"
    );
}
