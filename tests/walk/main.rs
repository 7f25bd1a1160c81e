//! Random walks over the real planner and the real apply, against an API server in memory.
//!
//! Owners edit, rules come and go, passes are killed between two requests, memory is deleted or copied. The walk
//! keeps its own account of what each owner asked for last, and after every whole pass the laws of the table are
//! checked against it. `EASYSCALE_WALKS=20` walks twenty times as often.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod laws;
mod rules;
mod server;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use easyscale::cluster::{ApplyOptions, Clock, Cluster as _, apply};
use easyscale::plan::{
    Applied, AutoscalerMemory, FIELD_MANAGER, FailureKind, Options, Outcome, Planner, RELEASE_MANAGER,
    ScaleMemory, Selection,
};
use easyscale::policy::{Rule, Wake};
use easyscale::time::Instant;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use rules::{Sets, Written};
use server::{CEILING, Deployment, Entry, FLOOR, Hpa, Pair, Server};

/// Midnight of a day without clock changes, in UTC.
const MIDNIGHT: i64 = 1_767_744_000;

const KEY: &str = "Deployment.apps.web";

/// What an owner writes into a bound.
#[derive(Debug, Clone, Copy)]
enum Pick {
    Leave,
    /// What is there already.
    Live,
    /// What the owner asked for before.
    Intent,
    /// What easyscale wrote last.
    Ours,
    Value(u32),
}

#[derive(Debug, Clone)]
enum Step {
    /// Hours pass.
    Time(u8),
    /// An owner writes bounds: who, by force apply or not, which values.
    Edit(u8, bool, Pair<Pick>),
    Rule(Written),
    NoRule,
    Rename,
    Pass,
    /// A pass whose requests conflict with status writes.
    Busy(usize),
    /// A pass that ends after this many writes.
    Killed(usize),
    /// An owner writes between what a pass observes and what it writes.
    Race(u8, Pair<Pick>),
    /// The autoscaler is replaced between what a pass observes and what it writes.
    RaceRecreate(u8, Pair<u32>),
    Restore,
    /// The state annotation is deleted.
    Forget,
    /// The autoscaler is replaced: from a backup, with the old annotation and these bounds, or with these alone.
    Recreate(u8, Pair<u32>),
    Pause,
    PauseWorkload,
    /// The autoscaler is added or removed.
    Toggle(Pair<u32>),
    /// Somebody scales the workload.
    Scale(u32),
    /// The memory of the scale is deleted.
    ForgetScale,
    /// The workload is replaced, with the scale that it had or with this one.
    RecreateWorkload(Option<u32>),
    /// The controller of autoscalers does its work, even where it should not.
    Controller,
}

/// One walk.
struct Walk {
    server: Server,
    hours: i64,
    rule: Option<Arc<Rule>>,
    written: Option<Written>,
    name: u32,
    /// What the owners of the bounds asked for last.
    intent: Pair<u32>,
    /// The originals are gone, as far as a reasonable tool can know.
    lost: bool,
    /// What the owner of the scale asked for last, if that can be said.
    scale: Option<u32>,
    /// What easyscale wanted of the floor when an owner raised it above that; a pass has not been since.
    raised: Option<u32>,
    /// Somebody else put the workload to sleep.
    zero_by_hand: bool,
    history: Vec<String>,
}

/// How a pass goes.
#[derive(Default)]
struct Way {
    prune: bool,
    restore: bool,
    budget: Option<usize>,
    statuses: usize,
    race: Option<(u8, Pair<Pick>)>,
    recreation: Option<(u8, Pair<u32>)>,
}

type Checked = Result<(), String>;

impl Walk {
    fn new(with_autoscaler: bool, bounds: Pair<u32>, replicas: u32) -> Self {
        let walk = Self {
            server: Server::default(),
            hours: 0,
            rule: None,
            written: None,
            name: 0,
            intent: bounds,
            lost: false,
            scale: (!with_autoscaler).then_some(replicas),
            raised: None,
            zero_by_hand: replicas == 0,
            history: Vec::new(),
        };
        {
            let mut objects = walk.server.objects.borrow_mut();
            let (uid, version) = (objects.uid(), objects.tick());
            objects.deployment = Some(Deployment {
                uid,
                version,
                replicas,
                pause: None,
                manager: "kubectl".to_owned(),
            });
        }
        if with_autoscaler {
            walk.add(bounds, None, "helm");
        }
        walk
    }

    fn at(&self) -> Instant {
        Instant::from_unix(MIDNIGHT + self.hours * 3600)
    }

    fn hpa(&self) -> Option<Hpa> {
        self.server.objects.borrow().hpa.clone()
    }

    fn deployment(&self) -> Deployment {
        self.server.objects.borrow().deployment.clone().unwrap()
    }

    /// The annotation, if it is there.
    fn state(&self) -> Option<AutoscalerMemory> {
        Some(AutoscalerMemory::parse(&self.hpa()?.state?).unwrap())
    }

    fn scale_memory(&self) -> Option<ScaleMemory> {
        let objects = self.server.objects.borrow();
        let text = objects.memory.as_ref()?.entries.get(KEY)?;
        Some(ScaleMemory::parse(text).unwrap())
    }

    fn add(&self, bounds: Pair<u32>, state: Option<String>, manager: &str) {
        let mut objects = self.server.objects.borrow_mut();
        let (uid, version) = (objects.uid(), objects.tick());
        objects.hpa = Some(Hpa {
            uid,
            version,
            bounds,
            entries: vec![Entry {
                manager: manager.to_owned(),
                applies: false,
                bounds: [true; 2],
                state: state.is_some(),
            }],
            state,
            pause: None,
        });
    }

    /// What is remembered of a bound: the original and what was written.
    fn remembered(&self, bound: usize) -> Option<(u32, u32)> {
        let state = self.state()?;
        let remembered = [state.floor, state.ceiling][bound]?;
        Some((remembered.original.unwrap_or(1), remembered.applied))
    }

    /// An owner writes, and the walk takes note of what that means.
    fn edit(&mut self, who: u8, applies: bool, picks: Pair<Pick>) {
        let manager = ["helm", "kubectl-edit", "argocd-controller"][usize::from(who) % 3];
        let Some(hpa) = self.hpa() else { return };
        let values: Pair<Option<u32>> = std::array::from_fn(|bound| match picks[bound] {
            Pick::Leave => None,
            Pick::Live => Some(hpa.bounds[bound]),
            Pick::Intent => Some(self.intent[bound]),
            Pick::Ours => self.remembered(bound).map(|(_, applied)| applied),
            Pick::Value(value) => Some(value),
        });
        if !self.server.objects.borrow_mut().edit(manager, applies, values) {
            return;
        }
        self.history.push(format!("    {manager} wrote {values:?}"));
        let known = self.state().is_some_and(|state| state.header.uid == hpa.uid);
        self.raised = match (self.remembered(FLOOR).filter(|_| known), values[FLOOR]) {
            (Some((original, applied)), Some(value)) => {
                (hpa.bounds[FLOOR] == applied && value > applied && value != original).then_some(applied)
            }
            _ => None,
        };
        for bound in [FLOOR, CEILING] {
            // The value that is there already says nothing new.
            let Some(value) = values[bound].filter(|value| *value != hpa.bounds[bound]) else {
                continue;
            };
            self.intent[bound] = match self.remembered(bound) {
                // Back at our value: indistinguishable from never having been touched.
                Some((original, applied)) if applied == value => original,
                _ => value,
            };
        }
    }

    fn scale_by_hand(&mut self, value: u32) {
        let live = self.deployment().replicas;
        if value == live {
            return;
        }
        let memory = self.scale_memory().map(|memory| memory.replicas);
        let is_ours = |value| {
            memory.is_some_and(|memory| memory.applied == Some(value) || memory.pending == Some(value))
        };
        self.zero_by_hand = value == 0 && !is_ours(0);
        self.scale = match memory {
            _ if self.hpa().is_some() => None,
            // Whether a zero is an intent depends on what the rule says when.
            Some(_) if value == 0 => None,
            Some(memory) if is_ours(value) => Some(memory.original),
            _ => Some(value),
        };
        self.write_scale(value, "kubectl");
    }

    fn forget_scale(&mut self) {
        let deployment = self.deployment();
        // Whose a zero is cannot be told without memory.
        if self.scale_memory().is_none() || deployment.replicas == 0 {
            return;
        }
        self.server.objects.borrow_mut().memory = None;
        self.scale =
            (deployment.manager != FIELD_MANAGER && self.hpa().is_none()).then_some(deployment.replicas);
    }

    fn recreate_workload(&mut self, replicas: Option<u32>) {
        let replicas = replicas.unwrap_or(self.deployment().replicas);
        let memory = self.scale_memory().map(|memory| memory.replicas);
        let ours = memory.filter(|memory| [memory.applied, memory.pending].contains(&Some(replicas)));
        self.zero_by_hand = replicas == 0 && ours.is_none();
        self.scale = match ours {
            _ if self.hpa().is_some() => None,
            Some(memory) => Some(memory.original),
            None => Some(replicas),
        };
        let mut objects = self.server.objects.borrow_mut();
        let (uid, version) = (objects.uid(), objects.tick());
        objects.deployment = Some(Deployment {
            uid,
            version,
            replicas,
            pause: None,
            manager: "velero".to_owned(),
        });
    }

    fn write_scale(&self, value: u32, manager: &str) {
        let mut objects = self.server.objects.borrow_mut();
        let version = objects.tick();
        objects
            .deployment
            .as_mut()
            .unwrap()
            .write(value, manager, version);
    }

    fn controller(&mut self) {
        let Some(hpa) = self.hpa() else { return };
        let deployment = self.deployment();
        if deployment.replicas == 0 && self.zero_by_hand {
            return;
        }
        // It raises a zero only where it lost a race against our zero.
        let within = deployment.replicas.clamp(hpa.bounds[FLOOR], hpa.bounds[CEILING]);
        self.write_scale(within, "kube-controller-manager");
        self.scale = None;
        self.zero_by_hand = false;
    }

    fn set_rule(&mut self, written: Option<Written>) {
        let rule = match &written {
            Some(written) => match written.rule(self.name) {
                Some(rule) => Some(rule),
                // Not a rule: the step does nothing.
                None => return,
            },
            None => None,
        };
        (self.rule, self.written) = (rule, written);
    }

    fn planner(&self, way: &Way) -> Planner {
        let rules = if way.restore { None } else { self.rule.clone() };
        Planner::new(
            rules.into_iter().collect(),
            Options {
                instance: "default".to_owned(),
                prune: way.prune,
                namespaces: BTreeSet::new(),
            },
        )
    }

    async fn pass(&mut self, way: &Way) -> Vec<Applied> {
        let planner = self.planner(way);
        {
            let mut objects = self.server.objects.borrow_mut();
            objects.budget = way.budget;
            objects.statuses = way.statuses;
            objects.requests.clear();
            objects.changes.clear();
        }
        let observed = self.server.observe(&planner).await.unwrap();
        if let Some((who, picks)) = way.race {
            self.edit(who, false, picks);
        }
        if let Some((how, bounds)) = way.recreation {
            self.recreate(how, bounds);
        }
        let plan = if way.restore {
            planner.restore(&observed, &Selection::All, self.at())
        } else {
            planner.plan(&observed, self.at())
        };
        let options = ApplyOptions {
            concurrency: 1,
            deadline: tokio::time::Instant::now() + Duration::from_secs(60),
            at: Clock::Pretended(self.at()),
            events: None,
            progress: None,
        };
        let applied = apply(&self.server, &planner, observed, plan, &options)
            .await
            .unwrap();
        let mut objects = self.server.objects.borrow_mut();
        objects.budget = None;
        objects.statuses = 0;
        for request in &objects.requests {
            self.history.push(format!("    {request}"));
        }
        for done in &applied {
            let plan = &done.plan;
            let notes: Vec<_> = plan.notes.iter().map(|note| note.code).collect();
            self.history.push(format!(
                "    {} {:?} -> {:?} {:?} {notes:?} {:?}",
                plan.target,
                laws::values(plan.from),
                laws::values(plan.to),
                plan.refusal().map(|refusal| refusal.code),
                done.outcome
            ));
        }
        drop(objects);
        self.recover();
        applied
    }

    /// A pass that nobody kills, and the passes after it: they find nothing to do.
    async fn whole_pass(&mut self, way: Way) -> Checked {
        let applied = self.pass(&way).await;
        let seen = way.race.is_none() && way.recreation.is_none();
        let calm = way.statuses == 0 && seen;
        if !seen {
            self.forgive();
        }
        for done in &applied {
            match &done.outcome {
                Outcome::Failed(failure) if calm || failure.kind != FailureKind::Conflict => {
                    return Err(format!("failed: {failure}"));
                }
                _ => {}
            }
        }
        self.check_shown(&applied, seen)?;
        let mut last = applied;
        let again = Way {
            prune: way.prune,
            restore: way.restore,
            ..Way::default()
        };
        for attempt in 0.. {
            let applied = self.pass(&again).await;
            if self.server.objects.borrow().requests.is_empty() {
                if let Some(done) = applied.iter().find(|done| done.plan.changes()) {
                    return Err(format!("a plan without writes: {done:?}"));
                }
                last = applied;
                break;
            }
            if calm || attempt > 1 {
                return Err("a pass with nothing changed writes".to_owned());
            }
            self.check_shown(&applied, true)?;
        }
        self.check_laws(&last, &way)
    }

    /// Who writes what we are about to write, in the same second, cannot be told from us.
    fn forgive(&mut self) {
        for bound in [FLOOR, CEILING] {
            match self.remembered(bound) {
                Some((original, applied)) if applied == self.intent[bound] => self.intent[bound] = original,
                _ => {}
            }
        }
    }

    /// What holds after a killed pass too, however far it came.
    fn after_a_kill(&mut self) {
        let always = self.rule.as_ref().is_some_and(|rule| rule.wake == Wake::Always);
        if always && self.deployment().replicas > 0 {
            self.zero_by_hand = false;
        }
        // A zero that was woken, and put back: it is its owner's again.
        let ours = self
            .scale_memory()
            .is_some_and(|memory| [memory.replicas.applied, memory.replicas.pending].contains(&Some(0)));
        let deployment = self.deployment();
        self.zero_by_hand |= deployment.manager == RELEASE_MANAGER && deployment.replicas == 0 && !ours;
        // Originals that contradict each other cannot both come back; once that is done, it is done.
        if let Some(hpa) = self.hpa()
            && hpa.state.is_none()
            && hpa.ours().is_none()
            && self.intent[FLOOR] > self.intent[CEILING]
        {
            self.intent = hpa.bounds;
        }
    }

    async fn step(&mut self, step: Step) -> Checked {
        self.history.push(format!("{step:?}"));
        match step {
            Step::Time(hours) => self.hours += i64::from(hours),
            Step::Edit(who, applies, picks) => self.edit(who, applies, picks),
            Step::Rule(written) => self.set_rule(Some(written)),
            Step::NoRule => self.set_rule(None),
            Step::Rename => {
                self.name += 1;
                self.set_rule(self.written.clone());
            }
            Step::Pass => {
                let prune = self.rule.is_none();
                self.whole_pass(Way {
                    prune,
                    ..Way::default()
                })
                .await?;
            }
            Step::Busy(statuses) => {
                let prune = self.rule.is_none();
                self.whole_pass(Way {
                    prune,
                    statuses,
                    ..Way::default()
                })
                .await?;
            }
            Step::Race(who, picks) => {
                let prune = self.rule.is_none();
                self.whole_pass(Way {
                    prune,
                    race: Some((who, picks)),
                    ..Way::default()
                })
                .await?;
            }
            Step::RaceRecreate(how, bounds) => {
                let prune = self.rule.is_none();
                self.whole_pass(Way {
                    prune,
                    recreation: Some((how, bounds)),
                    ..Way::default()
                })
                .await?;
            }
            Step::Killed(writes) => {
                let way = Way {
                    prune: self.rule.is_none(),
                    budget: Some(writes),
                    ..Way::default()
                };
                self.pass(&way).await;
                self.raised = None;
                self.after_a_kill();
            }
            Step::Restore => {
                self.whole_pass(Way {
                    restore: true,
                    ..Way::default()
                })
                .await?;
            }
            Step::Forget => {
                self.raised = None;
                if let Some(hpa) = &mut self.server.objects.borrow_mut().hpa {
                    if hpa.state.take().is_some() {
                        self.lost = true;
                    }
                    for entry in &mut hpa.entries {
                        entry.state = false;
                    }
                }
            }
            Step::Recreate(how, bounds) => self.recreate(how, bounds),
            Step::Pause => {
                if let Some(hpa) = &mut self.server.objects.borrow_mut().hpa {
                    hpa.pause = match hpa.pause {
                        Some(_) => None,
                        None => Some("true".to_owned()),
                    };
                }
            }
            Step::PauseWorkload => {
                if let Some(deployment) = &mut self.server.objects.borrow_mut().deployment {
                    deployment.pause = match deployment.pause {
                        Some(_) => None,
                        None => Some("true".to_owned()),
                    };
                }
            }
            Step::Toggle(bounds) => {
                self.raised = None;
                if self.hpa().is_some() {
                    self.server.objects.borrow_mut().hpa = None;
                } else {
                    self.add(bounds, None, "helm");
                    self.intent = bounds;
                    self.lost = false;
                }
                self.scale = None;
            }
            Step::Scale(value) => self.scale_by_hand(value),
            Step::ForgetScale => self.forget_scale(),
            Step::RecreateWorkload(replicas) => self.recreate_workload(replicas),
            Step::Controller => self.controller(),
        }
        Ok(())
    }

    fn recreate(&mut self, how: u8, bounds: Pair<u32>) {
        self.raised = None;
        let Some(old) = self.hpa() else { return };
        let (bounds, state) = match how % 3 {
            0 => (old.bounds, old.state),
            1 => (bounds, old.state),
            _ => (bounds, None),
        };
        self.add(bounds, state, "velero");
        self.lost = false;
        self.intent = std::array::from_fn(|bound| match self.remembered(bound) {
            Some((original, applied)) if applied == bounds[bound] => original,
            _ => bounds[bound],
        });
    }
}

// ---------------------------------------------------------------------------------------------------
// Steps

fn pick(most: u32) -> impl Strategy<Value = Pick> {
    prop_oneof![
        3 => Just(Pick::Leave),
        1 => Just(Pick::Live),
        1 => Just(Pick::Intent),
        1 => Just(Pick::Ours),
        4 => (1..=most).prop_map(Pick::Value),
    ]
}

fn picks() -> impl Strategy<Value = Pair<Pick>> {
    (pick(9), pick(16)).prop_map(|(floor, ceiling)| [floor, ceiling])
}

fn bounds() -> impl Strategy<Value = Pair<u32>> {
    (1..=9_u32, 0..=8_u32).prop_map(|(floor, more)| [floor, floor + more])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        14 => (1..=13_u8).prop_map(Step::Time),
        10 => (any::<u8>(), any::<bool>(), picks()).prop_map(|(who, applies, picks)| Step::Edit(who, applies, picks)),
        6 => rules::written().prop_map(Step::Rule),
        2 => Just(Step::NoRule),
        1 => Just(Step::Rename),
        18 => Just(Step::Pass),
        3 => (1..=6_usize).prop_map(Step::Busy),
        9 => (0..=4_usize).prop_map(Step::Killed),
        4 => (any::<u8>(), picks()).prop_map(|(who, picks)| Step::Race(who, picks)),
        1 => (any::<u8>(), bounds()).prop_map(|(how, bounds)| Step::RaceRecreate(how, bounds)),
        1 => Just(Step::Restore),
        1 => Just(Step::Forget),
        2 => (any::<u8>(), bounds()).prop_map(|(how, bounds)| Step::Recreate(how, bounds)),
        2 => Just(Step::Pause),
        1 => Just(Step::PauseWorkload),
        1 => bounds().prop_map(Step::Toggle),
        4 => (1..=6_u32).prop_map(Step::Scale),
        2 => Just(Step::Scale(0)),
        1 => Just(Step::ForgetScale),
        2 => prop::option::of(0..=6_u32).prop_map(Step::RecreateWorkload),
        2 => Just(Step::Controller),
    ]
}

fn config(cases: u32) -> ProptestConfig {
    let times = std::env::var("EASYSCALE_WALKS")
        .ok()
        .and_then(|times| times.parse().ok())
        .unwrap_or(1);
    // No file of seeds: a failure worth keeping becomes a test with a name.
    ProptestConfig {
        cases: cases * times,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

/// Walks, and tells the way of a walk that broke a law.
fn walk(mut walk: Walk, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        for step in steps {
            walk.step(step).await.map_err(|why| {
                let hpa = walk.hpa();
                TestCaseError::fail(format!(
                    "{why}\n{}\nnow {}, intent {:?}, scale {:?}\n{hpa:#?}\n{:#?}\n{:#?}\n{}",
                    walk.history.join("\n"),
                    walk.at(),
                    walk.intent,
                    walk.scale,
                    walk.deployment(),
                    walk.scale_memory(),
                    walk.written
                        .as_ref()
                        .map(|written| written.text(walk.name))
                        .unwrap_or_default(),
                ))
            })?;
        }
        Ok(())
    })
}

// Ways that a random walk rarely takes.

#[test]
fn a_killed_release_that_raised_the_ceiling_is_not_forgotten() {
    let written = Written::two_windows(Sets::Floor(1), Sets::Floor(1));
    let steps = vec![
        Step::Rule(written),
        Step::Time(6),
        Step::Pass,
        // Below the original floor of 8, which is to come back.
        Step::Edit(0, false, [Pick::Leave, Pick::Value(3)]),
        Step::Time(12),
        Step::Killed(1),
        Step::Time(12),
        Step::Pass,
    ];
    walk(Walk::new(true, [8, 8], 3), steps).unwrap();
}

#[test]
fn zero_by_hand_outlasts_a_sleep() {
    let written = Written::two_windows(Sets::Replicas(5), Sets::Replicas(0));
    let mut steps = vec![Step::Rule(written), Step::Time(6), Step::Pass, Step::Scale(0)];
    for _ in 0..3 {
        steps.extend([Step::Time(6), Step::Pass]);
    }
    walk(Walk::new(false, [1, 1], 3), steps).unwrap();
}

proptest! {
    #![proptest_config(config(250))]

    #[test]
    fn laws_hold_beside_an_autoscaler(
        bounds in bounds(), first in rules::written(), steps in prop::collection::vec(step(), 10..40),
    ) {
        let mut all = vec![Step::Rule(first)];
        all.extend(steps);
        walk(Walk::new(true, bounds, 3), all)?;
    }

    #[test]
    fn laws_hold_without_an_autoscaler(
        replicas in 0..=6_u32, first in rules::written(), steps in prop::collection::vec(step(), 10..40),
    ) {
        let mut all = vec![Step::Rule(first)];
        all.extend(steps);
        walk(Walk::new(false, [2, 8], replicas), all)?;
    }

    /// Kills anywhere in two windows with different values end where no kill ends, with the first original.
    #[test]
    fn kills_change_nothing(
        autoscaler in any::<bool>(), bounds in bounds(), replicas in 1..=6_u32,
        first in rules::sets(), second in rules::sets(),
        kills in prop::collection::vec((0..=3_u8, 0..=5_usize), 0..4),
    ) {
        let written = Written::two_windows(first, second);
        prop_assume!(written.rule(0).is_some());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let end = |kills: &[(u8, usize)]| runtime.block_on(async {
            let mut walk = Walk::new(autoscaler, bounds, replicas);
            walk.step(Step::Rule(written.clone())).await?;
            let mut ends = Vec::new();
            // Before, in the first window, in the second one, and after both.
            for part in 0..4_u8 {
                for (_, writes) in kills.iter().filter(|(when, _)| *when == part) {
                    walk.step(Step::Killed(*writes)).await?;
                }
                walk.whole_pass(Way::default()).await?;
                ends.push((walk.hpa().map(|hpa| hpa.bounds), walk.deployment().replicas));
                walk.step(Step::Time(6)).await?;
            }
            let clean = walk.hpa().is_none_or(|hpa| hpa.state.is_none() && hpa.ours().is_none())
                && walk.scale_memory().is_none() && walk.deployment().manager != FIELD_MANAGER;
            if clean { Ok(ends) } else { Err(format!("something is left: {}", walk.history.join("\n"))) }
        });
        let plain: Result<_, String> = end(&[]);
        prop_assert!(plain.is_ok(), "{}", plain.unwrap_err());
        prop_assert_eq!(end(&kills), plain);
    }
}
