//! The loop: what streams, clock and rules say -> knots that are due -> plans -> jobs -> who is told.
//!
//! One task turns it and nothing in it waits for anybody: requests are jobs beside it, streams and files are read by
//! tasks of their own, so that the first patch leaves when its edge comes.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant as Mono;

use super::clock::{Clock, WallClock};
use super::health::Health;
use super::knot::{Due, Key, Knot, Knots, Need};
use super::lease::{Fence, Leadership};
use super::metrics::{Metrics, Moved};
use super::news;
use super::outage::Outage;
use super::picture::{Picture, Touched};
use super::queue::{Queue, Rank, pairs};
use super::reload::Verdict;
use super::rules::Rules;
use super::snapshot::{Question, Snapshot};
use super::streams::{DriverApis, Streams, Watching};
use crate::cluster::{
    ApplyOptions, Carried, Clock as PassClock, Cluster, EventNote, Sight, Sighting, Watched, carry_out,
    log_change, log_would,
};
use crate::engine::{Base, decide};
use crate::plan::{Action, Applied, Bounds, Code, Failure, FailureKind, Outcome, Patience, Plan, Planner};
use crate::policy::{Problem, Rule, Severity, Target};
use crate::report::status::{PolicyState, Waiting};
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
    pub stage: crate::plan::ObjectRef,
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

type Job<'a> = Pin<Box<dyn Future<Output = Finished> + 'a>>;
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
    policy: PolicyState,
    stage: crate::plan::ObjectRef,
    picture: Picture,
    streams: Streams,
    knots: Knots,
    queue: Queue,
    jobs: FuturesUnordered<Job<'a>>,
    /// Namespaces whose memory a job writes.
    remembering: HashSet<String>,
    /// Rules that are refused, by knot.
    refused: BTreeMap<Key, String>,
    refusals: BTreeMap<Code, usize>,
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
        } = start;
        let namespaces = planner.options().namespaces.clone();
        Self {
            cluster,
            watching,
            settings,
            fence,
            gauges,
            clock: Clock::new(Arc::clone(&wall)),
            wall,
            rules: Rules::new(planner),
            policy,
            stage,
            picture: Picture::default(),
            streams: Streams::new(namespaces),
            knots: Knots::default(),
            queue: Queue::default(),
            jobs: FuturesUnordered::new(),
            remembering: HashSet::new(),
            refused: BTreeMap::new(),
            refusals: BTreeMap::new(),
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
            // It may have been asked for in vain, and nobody asks again.
            self.adjust_streams();
        }
        if self.listed && self.leading {
            self.look_at_what_is_due();
            self.begin_jobs();
        }
        self.begin_telling();
        self.tell_next_edge();
    }

    fn next_wake(&self) -> Mono {
        let mut wake = Mono::now() + LONGEST_SLEEP;
        if !(self.listed && self.leading) {
            return wake;
        }
        if let Some(edge) = self.knots.next_edge() {
            wake = wake.min(Mono::now() + self.clock.ahead(edge));
        }
        if let Some(alarm) = self.knots.next_alarm() {
            wake = wake.min(alarm);
        }
        if self.knots.are_due() {
            wake = Mono::now();
        }
        wake
    }

    // ---- what is told to the loop

    fn see(&mut self, Sighting { stream, sight }: Sighting) -> Result<(), Failure> {
        if !self.streams.is_open(&stream) {
            return Ok(());
        }
        match &sight {
            Sight::Lost(failure) => {
                let of_another_tool = matches!(stream.of, Watched::Drivers { .. });
                if stream.of == Watched::Autoscalers
                    && failure.kind == FailureKind::NotFound
                    && !self.picture.is_complete(&stream)
                {
                    return Err(Failure::new(
                        FailureKind::NotFound,
                        format!("this cluster does not serve autoscaling/v2: {}", failure.message),
                    )
                    .hint("easyscale needs Kubernetes 1.23 or newer"));
                }
                if of_another_tool && matches!(failure.kind, FailureKind::Forbidden) {
                    let hint = failure.hint.as_ref().map(|hint| format!(" ({hint})"));
                    let why = format!("{}{}", failure.message, hint.unwrap_or_default());
                    if self.streams.set_unseen(&stream, Some(why)) {
                        self.touch_the_needy();
                    }
                } else if of_another_tool && failure.kind == FailureKind::NotFound {
                    // It was uninstalled.
                    self.streams.refresh_drivers(&mut self.watching);
                }
                self.outage.lose(&stream, failure);
            }
            Sight::Restarted(why) => self.gauges.metrics.watch_restarted(stream.resource(), why),
            Sight::Back | Sight::Listed => {
                self.outage.regain(&stream);
                self.try_again();
            }
            Sight::Begun | Sight::Page(_) | Sight::Changed(_) | Sight::Gone(_) => {}
        }
        let is_first_list = matches!(sight, Sight::Listed) && !self.picture.is_complete(&stream);
        let mut touched = Touched::default();
        self.picture.see(&stream, sight, &mut touched);
        self.touch(touched);
        if is_first_list {
            self.streams.set_unseen(&stream, None);
            let base = self.streams.base();
            let complete = base.iter().all(|stream| self.picture.is_complete(stream));
            if complete && !self.listed {
                self.listed = true;
                self.gauges.health.set_listed();
                tracing::info!(
                    knots = self.knots.len(),
                    rules = self.rules.planner().rules().len(),
                    "the cluster is seen"
                );
            }
            self.touch_the_needy();
        }
        Ok(())
    }

    fn touch(&mut self, touched: Touched) {
        for target in touched {
            let has_rules = !self.rules.of(&target, &self.picture).is_empty();
            if has_rules || self.picture.remembers(&target) || self.knots.get(&target).is_some() {
                self.knots.touch(&target);
            }
        }
    }

    /// Knots that could not be planned before something else was seen.
    fn touch_the_needy(&mut self) {
        let needy: Vec<Key> = self
            .knots
            .keys()
            .filter(|key| {
                self.knots
                    .get(key)
                    .is_some_and(|knot| knot.need != Need::default())
            })
            .cloned()
            .collect();
        for key in needy {
            self.knots.touch(&key);
        }
    }

    /// Knots that failed are tried again: the server has just answered.
    fn try_again(&mut self) {
        let failed: Vec<Key> = self
            .knots
            .keys()
            .filter(|key| self.knots.get(key).is_some_and(|knot| knot.failures > 0))
            .cloned()
            .collect();
        for key in failed {
            self.knots.touch(&key);
        }
    }

    fn found_drivers(&mut self, found: DriverApis) {
        if let Err(failure) = &found
            && !self.outage.blame(failure)
        {
            tracing::warn!(
                reason = failure.message,
                "cannot see which APIs are installed; trying again"
            );
        }
        self.streams.found_drivers(found, LONGEST_SLEEP / 6);
        self.adjust_streams();
        self.touch_the_needy();
    }

    fn take_verdict(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Good(loaded) => {
                self.gauges.metrics.reload(true);
                let options = self.rules.planner().options().clone();
                let planner = Planner::new(loaded.rules, options);
                let now = self.clock.now();
                tracing::info!(rules = planner.rules().len(), "new policies are in force");
                self.policy = PolicyState {
                    valid: true,
                    since: now,
                    problems: loaded.problems,
                };
                self.rules = Rules::new(planner);
                if self.driven > 0 {
                    // Who changes rules may have installed something, too.
                    self.streams.distrust_drivers(&mut self.watching);
                }
                self.adopt_rules();
            }
            Verdict::Bad(loaded) => {
                self.gauges.metrics.reload(false);
                let errors = errors(&loaded.problems);
                self.policy.valid = false;
                self.policy.problems = loaded.problems;
                let first = errors.first().cloned().unwrap_or_default();
                tracing::error!(
                    errors = errors.len(),
                    first,
                    "the policies have mistakes: the last good ones stay in force"
                );
                if self.leading {
                    let note = format!(
                        "the policies have {} mistakes, the last good ones stay in force; the first: {first}",
                        errors.len()
                    );
                    let event = EventNote::new(
                        self.stage.clone(),
                        String::new(),
                        "PolicyInvalid",
                        true,
                        note,
                        self.clock.now(),
                    );
                    self.queue_event(event);
                }
            }
        }
        self.tell_policy();
    }

    /// Has all knots looked at under the rules that are in force.
    fn adopt_rules(&mut self) {
        let targets: Vec<Target> = self.rules.targets().cloned().collect();
        for target in targets {
            let home = self.picture.autoscaler(&target).map_or(target, |it| it.target());
            self.knots.touch(&home);
        }
        self.knots.touch_all();
    }

    fn tell_policy(&mut self) {
        let PolicyState { valid, since, .. } = &self.policy;
        self.gauges.metrics.policy(*valid, *since);
        if *valid {
            self.gauges.health.set_policy_valid_once();
        }
        self.gauges.metrics.targets(self.rules.planner().rules().len());
    }

    fn set_leading(&mut self, leads: bool) {
        if leads == self.leading {
            return;
        }
        self.leading = leads;
        self.gauges.metrics.leader(leads);
        if leads {
            self.knots.touch_all();
        } else {
            self.queue.clear();
            self.untold.clear();
            let keys: Vec<Key> = self.knots.keys().cloned().collect();
            for key in &keys {
                self.hide(key);
            }
        }
    }

    fn answer(&self, question: Question, leadership: Option<&watch::Receiver<Leadership>>) {
        if !self.listed {
            // What is not seen yet would look as if it were not there.
            return;
        }
        let mut patience = Patience {
            cooldown: true,
            ..Patience::default()
        };
        for knot in self.knots.values() {
            let Some(until) = knot.pace.until() else { continue };
            let until = self.clock.instant_of(until);
            let objects = knot.paced.iter().cloned();
            patience.reverts.extend(objects.map(|object| (object, until)));
        }
        let mut observed = self.picture.whole();
        observed.unseen_drivers = self.streams.unseen();
        let holder = leadership.and_then(|leadership| match &*leadership.borrow() {
            Leadership::Following { holder } => holder.clone(),
            Leadership::Leading => None,
        });
        let snapshot = || Snapshot {
            at: self.clock.now(),
            instance: self.rules.planner().options().instance.clone(),
            cluster: self.cluster.name(),
            planner: self.rules.planner().clone().waiting(patience),
            observed,
            leading: leadership.map(|_| self.leading),
            holder,
            policy: self.policy.clone(),
            dry_run: self.settings.dry_run,
            targets_waiting: self.waiting(),
        };
        question.answer(snapshot);
    }

    /// Targets whose change is put off for a reason that their plan does not know.
    fn waiting(&self) -> Vec<Waiting> {
        let mut waiting = Vec::new();
        for knot in self.knots.values() {
            let why = if knot.failures > 0 {
                "the last write failed; it is tried again"
            } else if knot.staggered.is_some() {
                "its lowering is spread by the rule's stagger"
            } else {
                continue;
            };
            let until = knot.alarm().map(|alarm| self.clock.instant_of(alarm));
            waiting.extend(knot.shown.iter().map(|target| Waiting {
                target: target.clone(),
                until,
                why: why.to_owned(),
            }));
        }
        waiting
    }

    // ---- planning

    fn look_at_what_is_due(&mut self) {
        let due = self.knots.take_due(self.clock.now(), Mono::now());
        if due.is_empty() {
            return;
        }
        // Whether a rule is refused has to be known before anything is restored.
        let (with_rules, without): (Vec<Due>, Vec<Due>) = due
            .into_iter()
            .partition(|due| !self.rules.of(&due.key, &self.picture).is_empty());
        let was_in_doubt = self.restores_nothing();
        let busy = with_rules.iter().filter(|due| self.is_busy(&due.key));
        let busy: Vec<Key> = busy.map(|due| Arc::clone(&due.key)).collect();
        self.undecided.extend(busy);
        for Due { key, edge } in with_rules.into_iter().chain(without) {
            if let Some(knot) = self.knots.get_mut(&key) {
                knot.since_edge = knot.since_edge.or(edge);
            }
            if self.is_busy(&key) {
                continue;
            }
            match self.look(&key) {
                Some(plan) => {
                    let scales = writes_scale(&plan);
                    self.queue.push(&key, Rank::of(&plan), scales);
                }
                None => self.queue.remove(&key),
            }
        }
        if was_in_doubt && !self.restores_nothing() {
            let waiting: Vec<Key> = self
                .knots
                .keys()
                .filter(|key| self.knots.get(key).is_some_and(|knot| knot.abandoned))
                .cloned()
                .collect();
            for key in waiting {
                self.knots.touch(&key);
            }
        }
        self.gauges.metrics.refusals(&self.refusals);
        let held = self
            .knots
            .values()
            .filter(|knot| knot.told.iter().any(|(_, code)| *code == "held"))
            .count();
        self.gauges.metrics.held(i64::try_from(held).unwrap_or(i64::MAX));
    }

    fn is_busy(&self, key: &Key) -> bool {
        self.knots.get(key).is_some_and(|knot| knot.busy)
    }

    /// Whether nobody knows what a rule would have named that is refused, or that nobody could look at yet.
    fn restores_nothing(&self) -> bool {
        !(self.refused.is_empty() && self.undecided.is_empty())
    }

    /// Plans a knot, notes when it is looked at next, and says what of it is to be written now, if anything is.
    fn look(&mut self, key: &Key) -> Option<Plan> {
        let rules = self.rules.of(key, &self.picture);
        if rules.is_empty() && !self.picture.remembers(key) {
            self.forget(key);
            return None;
        }
        if rules.is_empty() {
            self.undecided.remove(key);
            if !self.undecided.is_empty() {
                self.knots.get_mut(key)?.abandoned = true;
                return None;
            }
        }
        let mut observed = self.picture.part([key.as_ref()]);
        observed.unseen_drivers = self.streams.unseen();
        let mut patience = Patience {
            cooldown: true,
            ..Patience::default()
        };
        let planner = self.rules.planner().part(rules.clone(), patience.clone());
        if !self.sees_enough(key, &planner, &observed) {
            if !rules.is_empty() {
                self.undecided.insert(Arc::clone(key));
            }
            return None;
        }
        let (now, mono) = (self.clock.now(), Mono::now());
        let refused_elsewhere = self
            .refused
            .iter()
            .find(|(other, _)| *other != key)
            .map(|(_, rule)| rule.clone());
        let mut plan = planner.plan_beside(&observed, now, refused_elsewhere.as_deref());
        self.gauges
            .metrics
            .decided(u64::try_from(rules.len()).unwrap_or(u64::MAX));
        let knot = self.knots.get_mut(key)?;
        if has_note(&plan, "reverted") {
            if let Some(until) = knot.pace.put_back(mono) {
                let until = self.clock.instant_of(until);
                knot.paced = plan
                    .targets
                    .iter()
                    .filter_map(|target| target.object.clone())
                    .collect();
                let objects = knot.paced.iter().cloned();
                patience.reverts.extend(objects.map(|object| (object, until)));
                let planner = self.rules.planner().part(rules.clone(), patience);
                plan = planner.plan_beside(&observed, now, refused_elsewhere.as_deref());
            }
        } else {
            knot.pace.settled();
        }
        let mut alarm = plan
            .targets
            .iter()
            .filter_map(|target| target.waits)
            .min()
            .map(|waits| mono + self.clock.ahead(waits));
        let lost = plan.targets.iter().any(|target| {
            target
                .refusal()
                .is_some_and(|refusal| refusal.code == Code::StateLost)
        });
        if lost && !knot.doubted {
            knot.doubted = true;
            self.knots.set_alarm(key, Some(mono + DOUBT));
            self.undecided.insert(Arc::clone(key));
            return None;
        }
        knot.doubted = lost;
        self.undecided.remove(key);
        let edge = next_edge(&plan, &rules, now);
        let wait = if plan.targets.iter().any(|target| target.changes()) {
            self.wait(key, &plan, mono)
        } else {
            let knot = self.knots.get_mut(key)?;
            knot.staggered = None;
            knot.since_edge = None;
            knot.would.clear();
            knot.failures = 0;
            None
        };
        alarm = alarm.into_iter().chain(wait).min();
        self.knots.set_edge(key, edge);
        self.knots.set_alarm(key, alarm);
        self.note_refusals(key, &plan);
        self.tell_news(key, &plan);
        self.show(key, &plan);
        let is_due = wait.is_none() && plan.targets.iter().any(|target| target.changes());
        is_due.then_some(plan)
    }

    /// Whether all is seen that a plan of this knot depends on; what is not is asked for.
    fn sees_enough(&mut self, key: &Key, planner: &Planner, observed: &crate::plan::Observed) -> bool {
        let needs = planner.needs(observed);
        let need = Need {
            workload: !needs.workloads.is_empty(),
            drivers: needs.drivers,
        };
        self.set_need(key, need);
        let complete = |stream: &crate::cluster::Stream| self.picture.is_complete(stream);
        let workload = !need.workload || self.streams.show_workload(&key.kind, &key.namespace, complete);
        workload && (!need.drivers || self.streams.show_drivers(complete))
    }

    fn set_need(&mut self, key: &Key, need: Need) {
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        let before = std::mem::replace(&mut knot.need, need);
        if before == need {
            return;
        }
        if before.workload != need.workload {
            let namespaces = self.kinds.entry(key.kind.clone()).or_default();
            let count = namespaces.entry(key.namespace.clone()).or_default();
            *count = if need.workload {
                *count + 1
            } else {
                count.saturating_sub(1)
            };
            if *count == 0 {
                namespaces.remove(&key.namespace);
            }
        }
        if before.drivers != need.drivers {
            self.driven = if need.drivers {
                self.driven + 1
            } else {
                self.driven.saturating_sub(1)
            };
        }
        // Streams that nobody needs any more stay until the safety pass: a target may come and go.
        if need.workload || need.drivers {
            self.adjust_streams();
        }
    }

    fn adjust_streams(&mut self) {
        let kinds: BTreeMap<String, BTreeSet<String>> = self
            .kinds
            .iter()
            .map(|(kind, namespaces)| (kind.clone(), namespaces.keys().cloned().collect()))
            .collect();
        let closed = self.streams.adjust(&kinds, self.driven > 0, &mut self.watching);
        let mut touched = Touched::default();
        for stream in closed {
            self.picture.close(&stream, &mut touched);
            self.outage.regain(&stream);
        }
        self.touch(touched);
    }

    /// Until when a change waits although the plan would write it.
    fn wait(&mut self, key: &Key, plan: &Plan, mono: Mono) -> Option<Mono> {
        let knot = self.knots.get_mut(key)?;
        if knot.failures > 0 {
            // The alarm of the failure, or a server that answers again, or an edge, brought us here.
            return None;
        }
        if knot.since_edge.is_some() {
            let spread = stagger(plan).filter(|_| Rank::of(plan) == Rank::Lower);
            let Some(spread) = spread else { return None };
            let until = *knot.staggered.get_or_insert_with(|| mono + share(key, spread));
            return (until > mono).then_some(until);
        }
        let (written, streak) = knot.written?;
        let since = mono.saturating_duration_since(written);
        let quick = since < QUICK && streak >= PATIENT_WRITES;
        let wait = backoff(streak.saturating_sub(PATIENT_WRITES));
        (quick && since < wait).then(|| written + wait)
    }

    fn note_refusals(&mut self, key: &Key, plan: &Plan) {
        let refusal = plan
            .targets
            .iter()
            .find_map(|target| Some((target.rule.clone(), target.refusal()?.code)));
        let abandoned = has_note(plan, "abandoned");
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        knot.abandoned = abandoned;
        let before = std::mem::replace(&mut knot.refused, refusal.clone());
        if before == refusal {
            return;
        }
        if let Some((_, code)) = before {
            let count = self.refusals.entry(code).or_default();
            *count = count.saturating_sub(1);
            self.refused.remove(key);
        }
        if let Some((rule, code)) = refusal {
            *self.refusals.entry(code).or_default() += 1;
            self.gauges.metrics.refused(code);
            self.refused.insert(Arc::clone(key), rule);
        }
    }

    fn tell_news(&mut self, key: &Key, plan: &Plan) {
        let current = news::of(plan);
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        if current == knot.told {
            return;
        }
        let before = std::mem::replace(&mut knot.told, current);
        let events = news::tell(plan, &before, self.clock.now());
        events.into_iter().for_each(|event| self.queue_event(event));
    }

    /// Puts the numbers of a knot's targets among the metrics.
    fn show(&mut self, key: &Key, plan: &Plan) {
        let shown: Vec<Target> = plan.targets.iter().map(|target| target.target.clone()).collect();
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        let before = std::mem::replace(&mut knot.shown, shown);
        for gone in before.iter().filter(|target| !knot.shown.contains(target)) {
            self.gauges.metrics.forget(gone);
        }
        for target in &plan.targets {
            self.gauges
                .metrics
                .target(&target.target, &target.rule, target.to, target.from);
        }
    }

    fn hide(&mut self, key: &Key) {
        if let Some(knot) = self.knots.get_mut(key) {
            for target in std::mem::take(&mut knot.shown) {
                self.gauges.metrics.forget(&target);
            }
        }
    }

    fn forget(&mut self, key: &Key) {
        self.hide(key);
        self.set_need(key, Need::default());
        self.queue.remove(key);
        self.undecided.remove(key);
        if let Some(Knot {
            refused: Some((_, code)),
            ..
        }) = self.knots.remove(key)
        {
            let count = self.refusals.entry(code).or_default();
            *count = count.saturating_sub(1);
            self.refused.remove(key);
        }
    }

    // ---- writing

    fn begin_jobs(&mut self) {
        while self.jobs.len() < self.settings.concurrency.max(1) && self.fence.holds() {
            let (knots, remembering) = (&self.knots, &self.remembering);
            let next = self.queue.pop(|key, scales| {
                knots.get(key).is_some_and(|knot| !knot.busy)
                    && !(scales && remembering.contains(&key.namespace))
            });
            let Some(key) = next else { return };
            // Planned once more: the queue may have been long, and a window over meanwhile.
            let Some(plan) = self.look(&key) else { continue };
            let mut plans = vec![(key, plan)];
            let scales = plans.iter().any(|(_, plan)| writes_scale(plan));
            if scales {
                let namespace = plans
                    .first()
                    .map(|(key, _)| key.namespace.clone())
                    .unwrap_or_default();
                if self.remembering.contains(&namespace) {
                    for (key, plan) in &plans {
                        self.queue.push(key, Rank::of(plan), true);
                    }
                    continue;
                }
                if plans.iter().any(|(key, _)| self.needs_drivers(key))
                    && self.streams.refresh_drivers(&mut self.watching)
                {
                    // The answer has them looked at again.
                    continue;
                }
                for key in self.queue.pop_scales(&namespace, SCALES) {
                    if let Some(plan) = self.look(&key) {
                        plans.push((key, plan));
                    }
                }
            }
            if self.settings.dry_run {
                for (key, plan) in plans {
                    self.pretend(&key, &plan);
                }
                continue;
            }
            self.begin_job(plans);
        }
    }

    fn needs_drivers(&self, key: &Key) -> bool {
        self.knots.get(key).is_some_and(|knot| knot.need.drivers)
    }

    fn begin_job(&mut self, plans: Vec<(Key, Plan)>) {
        let keys: Vec<Key> = plans.iter().map(|(key, _)| Arc::clone(key)).collect();
        let mut rules: Vec<Arc<Rule>> = Vec::new();
        let mut owners = Vec::new();
        let mut targets = Vec::new();
        let mut remembered = None;
        for (key, plan) in plans {
            rules.extend(self.rules.of(&key, &self.picture));
            if writes_scale(&plan) {
                // All of one job are of one namespace.
                self.remembering.insert(key.namespace.clone());
                remembered = Some(key.namespace.clone());
            }
            owners.extend(plan.targets.iter().map(|_| Arc::clone(&key)));
            targets.extend(plan.targets);
            if let Some(knot) = self.knots.get_mut(&key) {
                knot.busy = true;
            }
        }
        let observed = self.picture.part(keys.iter().map(AsRef::as_ref));
        let patience = Patience {
            cooldown: true,
            ..Patience::default()
        };
        let planner = self.rules.planner().part(rules, patience);
        let wall = Arc::clone(&self.wall);
        let options = ApplyOptions {
            concurrency: self.settings.concurrency,
            deadline: Mono::now() + JOB_DEADLINE,
            at: PassClock::Wall(Arc::new(move || Instant::from_system_time(wall()))),
            events: None,
            progress: None,
        };
        let (cluster, fence, at) = (self.cluster, self.fence.clone(), self.clock.now());
        let plan = Plan { at, targets };
        self.jobs.push(Box::pin(async move {
            let work = carry_out(cluster, &planner, observed, plan, &options);
            Finished {
                keys,
                remembered,
                owners,
                carried: fence.guard(work).await,
            }
        }));
    }

    /// Says what would be written, once for as long as it is the same.
    fn pretend(&mut self, key: &Key, plan: &Plan) {
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        let changing = plan.targets.iter().filter(|target| target.changes());
        let would = changing.clone().map(|it| (it.target.clone(), it.from, it.to));
        let before = std::mem::replace(&mut knot.would, would.collect());
        for target in changing {
            if !before.contains(&(target.target.clone(), target.from, target.to)) {
                log_would(target);
            }
        }
    }

    fn finish(&mut self, finished: Finished) {
        let Finished {
            keys,
            remembered,
            owners,
            carried,
        } = finished;
        if let Some(namespace) = remembered {
            self.remembering.remove(&namespace);
        }
        for key in &keys {
            if let Some(knot) = self.knots.get_mut(key) {
                knot.busy = false;
            }
            self.knots.touch(key);
        }
        let carried = match carried {
            None => return,
            Some(Err(failure)) => {
                tracing::error!(reason = failure.message, "a job failed");
                return;
            }
            Some(Ok(carried)) => carried,
        };
        let mut touched = Touched::default();
        self.picture.absorb(carried.seen, &mut touched);
        self.touch(touched);
        for (applied, key) in carried.targets.iter().zip(owners) {
            match &applied.outcome {
                Outcome::Applied => self.applied(&key, applied),
                Outcome::Failed(failure) => self.failed(&key, applied, failure),
                Outcome::Unchanged | Outcome::Refused => {}
            }
        }
    }

    fn applied(&mut self, key: &Key, applied: &Applied) {
        log_change(applied);
        let plan = &applied.plan;
        let metrics = Arc::clone(&self.gauges.metrics);
        metrics.changed(moved(plan.from, plan.to, &plan.action));
        let mono = Mono::now();
        if let Some(knot) = self.knots.get_mut(key) {
            if let Some(edge) = knot.since_edge.take() {
                metrics.edge_to_patch(self.clock.ago(edge));
            }
            if plan.notes.iter().any(|note| note.code == "reverted") {
                metrics.reasserted();
                knot.pace.set_again(mono);
            }
            let streak = match knot.written {
                Some((last, streak)) if mono.saturating_duration_since(last) < QUICK => streak + 1,
                _ => 0,
            };
            knot.written = Some((mono, streak));
            knot.failures = 0;
            knot.staggered = None;
        }
        self.outage.succeed();
        if let Some(event) = EventNote::of(applied, self.clock.now()) {
            self.queue_event(event);
        }
    }

    fn failed(&mut self, key: &Key, applied: &Applied, failure: &Failure) {
        self.gauges.metrics.failed(failure.kind);
        if failure.kind == FailureKind::Conflict {
            self.gauges.metrics.conflicts(1);
        }
        let is_told = self.outage.blame(failure);
        let Some(knot) = self.knots.get_mut(key) else {
            return;
        };
        knot.failures = knot.failures.saturating_add(1);
        let first = knot
            .told
            .insert((applied.plan.rule.clone(), failure.kind.as_str()));
        if !is_told && (first || knot.failures == 1) {
            log_change(applied);
        }
        let again = Mono::now() + backoff(knot.failures.saturating_sub(1));
        self.knots.untouch(key);
        self.knots.set_alarm(key, Some(again));
    }

    // ---- telling

    fn queue_event(&mut self, event: EventNote) {
        if !self.settings.events || self.settings.dry_run {
            return;
        }
        if self.untold.len() >= UNTOLD {
            self.untold.pop_front();
            self.gauges.metrics.event_failed();
        }
        self.untold.push_back(event);
    }

    /// Events follow the bounds: none is sent while a bound waits.
    fn begin_telling(&mut self) {
        if !(self.queue.is_empty() && self.jobs.is_empty() && self.fence.holds()) {
            return;
        }
        while self.telling.len() < TELLING
            && let Some(event) = self.untold.pop_front()
        {
            let cluster = self.cluster;
            self.telling
                .push(Box::pin(async move { cluster.publish(&event).await }));
        }
    }

    fn told(&mut self, told: Result<(), Failure>) {
        if let Err(failure) = told {
            self.gauges.metrics.event_failed();
            let hint = failure.hint.unwrap_or_default();
            tracing::debug!(reason = failure.message, hint, "an event could not be sent");
        }
    }

    fn tell_next_edge(&mut self) {
        let edge = self.knots.next_edge().filter(|_| self.leading);
        if edge != self.told_next_edge {
            self.told_next_edge = edge;
            self.gauges.metrics.next_edge(edge);
        }
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

/// The errors among problems, in a line each.
fn errors(problems: &[Problem]) -> Vec<String> {
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error);
    errors
        .map(|problem| match problem.place() {
            Some(place) => format!("{place}: {}", problem.message),
            None => problem.message.clone(),
        })
        .collect()
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody can stop us any more that way.
        std::future::pending().await
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

/// When the rules of a plan ask something else. What is refused says nothing of that, so the rules alone are asked.
fn next_edge(plan: &Plan, rules: &[Arc<Rule>], now: Instant) -> Option<Instant> {
    let planned = plan.targets.iter().filter_map(|target| target.until);
    let base = Base::Autoscaler {
        floor: None,
        ceiling: None,
    };
    let refused = plan.targets.iter().any(|target| target.refusal().is_some());
    let of_rules = rules
        .iter()
        .filter(|_| refused)
        .filter_map(|rule| decide(rule, &base, now).until);
    planned.chain(of_rules).filter(|edge| *edge > now).min()
}

fn has_note(plan: &Plan, code: &str) -> bool {
    let mut notes = plan.targets.iter().flat_map(|target| &target.notes);
    notes.any(|note| note.code == code)
}

fn writes_scale(plan: &Plan) -> bool {
    plan.targets
        .iter()
        .any(|target| target.changes() && target.writes.scale.is_some())
}

/// The `stagger` of the rules whose targets a plan changes.
fn stagger(plan: &Plan) -> Option<Duration> {
    let seconds = plan.targets.iter().filter_map(|target| match &target.intent {
        crate::plan::Intent::Keep(rule) if target.changes() => Some(rule.stagger),
        _ => None,
    });
    seconds
        .max()
        .filter(|seconds| *seconds > 0)
        .map(|seconds| Duration::from_secs(seconds.into()))
}

/// A target's part of a span, the same every day: FNV-1a of its name.
fn share(key: &Key, spread: Duration) -> Duration {
    let name = key.to_string();
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // FNV's low bits alone are not evenly spread.
    let mixed = hash ^ (hash >> 32);
    let millis = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(mixed % millis)
}

/// The wait after so many failures in a row: 1 s, 2 s, … a minute, with some luck in it.
fn backoff(failures: u32) -> Duration {
    let wait = Duration::from_secs(1) * 2_u32.saturating_pow(failures.min(6));
    wait.min(LONGEST_WAIT)
}

fn moved(from: Bounds, to: Bounds, action: &Action) -> Moved {
    if *action == Action::Restore {
        return Moved::Restore;
    }
    let up = pairs(from, to).any(|(from, to)| to > from);
    let down = pairs(from, to).any(|(from, to)| to < from);
    match (up, down) {
        (true, true) => Moved::Mixed,
        (true, false) => Moved::Raise,
        (false, true) => Moved::Lower,
        (false, false) => Moved::Memory,
    }
}
