//! The loop: what streams, clock and rules say -> knots that are due -> plans -> jobs -> who is told.
//!
//! One task turns it and nothing in it waits for anybody: requests are jobs beside it, streams and files are read by
//! tasks of their own, so that the first patch leaves when its edge comes.

mod hearing;
mod planning;
mod supplying;
mod telling;
#[cfg(test)]
mod tests;
mod writing;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant as Mono;

use super::clock::{Clock, WallClock};
use super::health::Health;
use super::knot::{Key, Knots, Refused};
use super::lease::{Fence, Leadership};
use super::metrics::Metrics;
use super::news::Told;
use super::outage::Outage;
use super::picture::Picture;
use super::queue::Queue;
use super::reload::Verdict;
use super::rules::Rules;
use super::snapshot::Question;
use super::streams::{DriverApis, Streams, Watching};
use super::supplies::{StatusWrite, Supplies};
use crate::cluster::{Carried, Cluster, EventNote, RuleSources, Sighting};
use crate::plan::{Code, Failure, InDoubt, ObjectRef, Plan, Planner};
use crate::policy::{Denied, Ground, Rule, Scope};
use crate::report::status::PolicyState;
use crate::time::Instant;

/// The longest sleep: by then the clocks are compared again, for machines sleep and clocks are set.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Everything is looked at again after so long, in memory only: a belt beside the braces.
const SAFETY_PASS: Duration = Duration::from_secs(600);

/// A job ends by then, done or not.
const JOB_DEADLINE: Duration = Duration::from_secs(60);

/// Jobs that are under way when we are to stop may go on for so long.
const GRACE: Duration = Duration::from_secs(6);

/// What is still to be told when we are to stop may take so long.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Events in flight at most; they come after the bounds and may take their time.
const TELLING: usize = 4;

/// Statuses in flight at most; they come after the bounds, too.
const REPORTING: usize = 4;

/// Why nothing is restored before the rules in the cluster are seen.
const UNREAD: &str = "the rules in the cluster are not read yet";

/// Events that wait at most; the oldest go first.
const UNTOLD: usize = 10_000;

/// Scales of one namespace that are written together.
const SCALES: usize = 500;

/// How long a memory may be missing beside a scale of ours before that is believed: two streams tell of it.
const DOUBT: Duration = Duration::from_secs(2);

/// So many writes within [`QUICK`] of each other are fine; after that something undoes them, whatever the table says.
const PATIENT_WRITES: u32 = 5;

/// Writes that follow each other faster than this are in quick succession.
const QUICK: Duration = Duration::from_secs(10);

/// The longest wait after writes that failed or were undone.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How soon a closed fence is tried again while something waits to be written.
const FENCE_CHECK: Duration = Duration::from_millis(500);

/// How the loop behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Knots that are written at the same time, at most.
    pub concurrency: usize,
    /// Whether changes are told as Kubernetes Events.
    pub events: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
}

/// What the loop listens to.
pub struct Inlets {
    /// What streams tell.
    pub sightings: mpsc::Receiver<Sighting>,
    /// Which APIs of other tools are installed.
    pub drivers: mpsc::Receiver<DriverApis>,
    /// Policies that were read again.
    pub verdicts: mpsc::Receiver<Verdict>,
    /// Whether we lead; `None`: there is no election.
    pub leadership: Option<watch::Receiver<Leadership>>,
    /// Who wants to know how things are.
    pub questions: mpsc::Receiver<Question>,
    /// Whether to stop.
    pub stop: watch::Receiver<bool>,
}

/// What the loop tells besides events and log lines.
#[derive(Clone)]
pub struct Gauges {
    /// Numbers.
    pub metrics: Arc<Metrics>,
    /// Whether it turns, and is ready.
    pub health: Arc<Health>,
}

/// The rules to begin with, and what was said about them.
pub struct Start {
    /// Plans passes.
    pub planner: Planner,
    /// What is known of the policies.
    pub policy: PolicyState,
    /// An object that events about the policies regard.
    pub stage: ObjectRef,
    /// What the policies say for rules in the cluster.
    pub ground: Ground,
    /// Where in the cluster rules are read from.
    pub sources: RuleSources,
    /// Warnings that count as errors.
    pub denied: Vec<Denied>,
}

/// What came of a job.
struct Finished {
    keys: Vec<Key>,
    /// The namespace whose memory it wrote.
    remembered: Option<String>,
    /// To which knot each target belongs.
    owners: Vec<Key>,
    /// `None`: the fence closed first, and nobody knows.
    carried: Option<Result<Carried, Failure>>,
}

/// What came of a status.
struct Reported {
    write: StatusWrite,
    /// `None`: the fence closed first.
    sent: Option<Result<(), Failure>>,
}

type Job<'a> = Pin<Box<dyn Future<Output = Finished> + 'a>>;
type Reporting<'a> = Pin<Box<dyn Future<Output = Reported> + 'a>>;
type Telling<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'a>>;

/// The loop.
pub struct Control<'a, C, W> {
    cluster: &'a C,
    watching: W,
    settings: Settings,
    fence: Fence,
    gauges: Gauges,
    clock: Clock,
    wall: WallClock,
    rules: Rules,
    file_rules: Vec<Arc<Rule>>,
    ground: Ground,
    supplies: Supplies,
    /// Objects whose rules have mistakes.
    mistaken: HashSet<Scope>,
    /// The rules in the cluster have not all been read yet.
    is_unread: bool,
    /// The rules that may not touch their targets.
    foreign: Planner,
    foreign_refused: Vec<Refused>,
    foreign_told: Told,
    reporting: FuturesUnordered<Reporting<'a>>,
    policy: PolicyState,
    stage: ObjectRef,
    picture: Picture,
    streams: Streams,
    knots: Knots,
    queue: Queue,
    /// Knots that were written and have to be looked at, after those that wait to be written.
    settled: Vec<Key>,
    jobs: FuturesUnordered<Job<'a>>,
    /// Namespaces whose memory a job writes.
    remembering: HashSet<String>,
    /// Rules that are refused, or that nobody could read.
    in_doubt: InDoubt,
    /// Something was in doubt and is no longer, since the last look.
    settled_doubt: bool,
    refusals: BTreeMap<Code, usize>,
    /// How many knots are held.
    held: i64,
    /// Knots with rules of which nobody knows yet whether they are refused, because not enough is seen of them.
    undecided: HashSet<Key>,
    /// Knots whose workload has to be watched, by kind and namespace.
    kinds: BTreeMap<String, BTreeMap<String, usize>>,
    /// Knots for which other tools have to be watched.
    driven: usize,
    outage: Outage,
    untold: VecDeque<EventNote>,
    telling: FuturesUnordered<Telling<'a>>,
    listed: bool,
    leading: bool,
    swept: Mono,
    told_next_edge: Option<Instant>,
}

impl<'a, C: Cluster, W: Watching> Control<'a, C, W> {
    /// A loop that has yet to turn.
    pub fn new(
        cluster: &'a C,
        watching: W,
        settings: Settings,
        fence: Fence,
        gauges: Gauges,
        wall: WallClock,
        start: Start,
    ) -> Self {
        let Start {
            planner,
            policy,
            stage,
            ground,
            sources,
            denied,
        } = start;
        let namespaces = planner.options().namespaces.clone();
        let (planner, foreign) = planner.by_reach();
        let mut in_doubt = InDoubt::default();
        if sources.is_any() {
            in_doubt.add(&Scope::Files, UNREAD);
        } else {
            gauges.health.set_supplied();
        }
        Self {
            cluster,
            watching,
            settings,
            fence,
            gauges,
            clock: Clock::new(Arc::clone(&wall)),
            wall,
            file_rules: planner.rules().to_vec(),
            rules: Rules::new(planner),
            ground,
            supplies: Supplies::new(denied),
            mistaken: HashSet::new(),
            is_unread: sources.is_any(),
            foreign,
            foreign_refused: Vec::new(),
            foreign_told: Told::default(),
            reporting: FuturesUnordered::new(),
            policy,
            stage,
            picture: Picture::default(),
            streams: Streams::new(namespaces, sources),
            knots: Knots::default(),
            queue: Queue::default(),
            settled: Vec::new(),
            jobs: FuturesUnordered::new(),
            remembering: HashSet::new(),
            in_doubt,
            settled_doubt: false,
            refusals: BTreeMap::new(),
            held: 0,
            undecided: HashSet::new(),
            kinds: BTreeMap::new(),
            driven: 0,
            outage: Outage::default(),
            untold: VecDeque::new(),
            telling: FuturesUnordered::new(),
            listed: false,
            leading: false,
            swept: Mono::now(),
            told_next_edge: None,
        }
    }

    /// Turns until it is to stop.
    ///
    /// # Errors
    /// When the cluster can never be handled: it does not serve `autoscaling/v2`.
    pub async fn run(mut self, mut inlets: Inlets) -> Result<(), Failure> {
        self.leading = inlets.leadership.is_none();
        self.gauges.metrics.leader(self.leading);
        self.gauges.metrics.dry_run(self.settings.dry_run);
        self.tell_policy();
        self.adjust_streams();
        self.adopt_rules();
        loop {
            self.turn();
            let wake = self.next_wake();
            tokio::select! {
                Some(finished) = self.jobs.next() => self.finish(finished),
                Some(sighting) = inlets.sightings.recv() => {
                    self.see(sighting)?;
                    // What came meanwhile belongs to the same turn.
                    for _ in 0..1000 {
                        let Ok(sighting) = inlets.sightings.try_recv() else { break };
                        self.see(sighting)?;
                    }
                }
                Some(told) = self.telling.next() => self.told(told),
                Some(reported) = self.reporting.next() => self.reported(reported),
                Some(found) = inlets.drivers.recv() => self.found_drivers(found),
                Some(verdict) = inlets.verdicts.recv() => self.take_verdict(verdict),
                Some(question) = inlets.questions.recv() => self.answer(question, inlets.leadership.as_ref()),
                leads = next_leadership(&mut inlets.leadership) => self.set_leading(leads),
                () = stopped(&mut inlets.stop) => break,
                () = tokio::time::sleep_until(wake) => {}
            }
        }
        self.stop().await;
        Ok(())
    }

    /// What is due is planned, and what is planned begins.
    fn turn(&mut self) {
        self.gauges.health.beat();
        if let Some(seconds) = self.clock.stepped() {
            tracing::warn!(
                seconds,
                "the clock was set, or the machine slept: everything is looked at again"
            );
            self.gauges.metrics.clock_stepped();
            self.knots.touch_all();
        }
        if self.swept.elapsed() >= SAFETY_PASS {
            self.swept = Mono::now();
            self.knots.touch_all();
            self.adjust_streams();
        }
        if self.asks_again().is_some_and(|then| then <= Mono::now()) {
            self.adjust_streams();
        }
        self.read_supplies();
        if self.listed && self.leading {
            self.look_at_what_is_due();
            self.begin_jobs();
        }
        if self.jobs.len() < self.settings.concurrency {
            for key in self.settled.drain(..) {
                self.knots.touch(&key);
            }
        }
        self.begin_telling();
        self.begin_reporting();
        self.tell_next_edge();
    }

    /// When the APIs of other tools are asked for again, where somebody waits for the answer.
    fn asks_again(&self) -> Option<Mono> {
        self.streams.asks_again().filter(|_| self.driven > 0)
    }

    fn next_wake(&self) -> Mono {
        let mut wake = Mono::now() + LONGEST_SLEEP;
        if self.supplies.are_stirred() {
            return Mono::now();
        }
        if !(self.listed && self.leading) {
            return wake;
        }
        if let Some(edge) = self.knots.next_edge() {
            wake = wake.min(Mono::now() + self.clock.ahead(edge));
        }
        if let Some(again) = self.asks_again() {
            wake = wake.min(again);
        }
        if let Some(alarm) = self.knots.next_alarm() {
            wake = wake.min(alarm);
        }
        if let Some(status) = self.supplies.next_status()
            && self.reporting.len() < REPORTING
            && self.queue.is_empty()
            && self.jobs.is_empty()
            && !self.settings.dry_run
        {
            wake = wake.min(if self.fence.holds() {
                status
            } else {
                status.max(Mono::now() + FENCE_CHECK)
            });
        }
        if self.knots.are_due() {
            wake = Mono::now();
        }
        if !self.queue.is_empty() && !self.fence.holds() {
            // It closes for a moment when the wall clock is set, and nobody tells us when it opens again.
            wake = wake.min(Mono::now() + FENCE_CHECK);
        }
        wake
    }

    /// Lets the jobs under way end, and says what is still to be said.
    async fn stop(&mut self) {
        self.queue.clear();
        let in_time = tokio::time::sleep(GRACE);
        tokio::pin!(in_time);
        while !self.jobs.is_empty() {
            tokio::select! {
                Some(finished) = self.jobs.next() => self.finish(finished),
                () = &mut in_time => {
                    tracing::warn!(
                        jobs = self.jobs.len(),
                        "stopping without an answer to the last writes; the next start sees what came of them"
                    );
                    self.jobs.clear();
                }
            }
        }
        let last_words = async {
            loop {
                self.begin_telling();
                let Some(told) = self.telling.next().await else {
                    return;
                };
                self.told(told);
            }
        };
        // What cannot be told in time is in the log.
        let _ = tokio::time::timeout(LAST_WORDS, last_words).await;
    }
}

fn writes_scale(plan: &Plan) -> bool {
    plan.targets
        .iter()
        .any(|target| target.changes() && target.writes.scale.is_some())
}

/// The wait after so many failures in a row: 1 s, 2 s, … a minute, with some luck in it.
fn backoff(failures: u32) -> Duration {
    let wait = Duration::from_secs(1) * 2_u32.saturating_pow(failures.min(6));
    wait.min(LONGEST_WAIT)
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody can stop us any more that way.
        std::future::pending::<()>().await;
    }
}

async fn next_leadership(leadership: &mut Option<watch::Receiver<Leadership>>) -> bool {
    match leadership {
        Some(leadership) => {
            if leadership.changed().await.is_err() {
                // The elector has ended: whatever the fence still allows is not worth a new write.
                return std::future::pending().await;
            }
            matches!(&*leadership.borrow_and_update(), Leadership::Leading)
        }
        None => std::future::pending().await,
    }
}
