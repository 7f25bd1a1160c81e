//! kill -9 between any two requests, two passes at once, objects that change under a pass.

use std::cell::Cell;
use std::collections::BTreeMap;

use easyscale::cluster::{Cluster, EventNote, Live, Written, apply};
use easyscale::plan::{
    BoundsWrite, Failure, FailureKind, MemoryMap, Observed, Outcome, Planner, Release, ScaleWrite, TargetPlan,
};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::road::{
    EVENING, NOON, PEAK, Road, annotate, assert_no_trace, edit, has_note, instant, options, web,
};
use crate::support::{Case, Env, case, fixtures};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "killed between any two requests, over two windows, nothing is lost",
            killed,
        ),
        case(
            "the program killed with -9 at any moment loses nothing",
            killed_for_real,
        ),
        case("two passes at once end as one", twice_at_once),
        case(
            "a floor that changes under a pass is planned again, not overwritten",
            changed_under_a_pass,
        ),
        case(
            "a pass that was held up does not undo what another has learnt",
            held_up,
        ),
        case(
            "an object that keeps changing is a failure that shows",
            keeps_changing,
        ),
        case(
            "what a scale's memory learnt is told, also when the scale took a second try",
            second_try,
        ),
        case(
            "a status write of the autoscaler's controller costs another look, not the write",
            status_writes,
        ),
    ]
}

/// A cluster that stops for good after some writes, as if the process were gone.
struct Stopping<'a> {
    live: &'a Live,
    left: Cell<usize>,
}

impl Stopping<'_> {
    /// One more write, if there is one left.
    fn spend(&self) -> Result<(), Failure> {
        let left = self.left.get();
        if left == 0 {
            return Err(Failure::new(FailureKind::Timeout, "killed"));
        }
        self.left.set(left - 1);
        Ok(())
    }
}

impl Cluster for Stopping<'_> {
    fn name(&self) -> String {
        self.live.name()
    }

    async fn observe(&self, planner: &Planner) -> Result<Observed, Failure> {
        self.live.observe(planner).await
    }

    async fn observe_again(&self, observed: &mut Observed, target: &TargetPlan) -> Result<(), Failure> {
        self.live.observe_again(observed, target).await
    }

    async fn write_bounds(&self, write: &BoundsWrite) -> Result<Written, Failure> {
        self.spend()?;
        self.live.write_bounds(write).await
    }

    async fn release(&self, release: &Release, written: Option<&Written>) -> Result<Written, Failure> {
        self.spend()?;
        self.live.release(release, written).await
    }

    async fn write_scale(&self, write: &ScaleWrite, value: u32, manager: &str) -> Result<String, Failure> {
        self.spend()?;
        self.live.write_scale(write, value, manager).await
    }

    async fn write_memory(
        &self,
        namespace: &str,
        known: Option<&MemoryMap>,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<MemoryMap, Failure> {
        self.spend()?;
        self.live.write_memory(namespace, known, changes).await
    }

    async fn publish(&self, event: &EventNote) -> Result<(), Failure> {
        self.spend()?;
        self.live.publish(event).await
    }

    async fn finish(&self) -> Result<(), Failure> {
        Ok(())
    }
}

const TWO_WINDOWS: &str = "  schedule:
    - {name: peak, timeStart: '16:00', timeEnd: '18:00', minReplicas: 5}
    - {name: evening, timeStart: '20:00', timeEnd: '22:00', minReplicas: 7}";

async fn killed(env: Env) {
    // An autoscaler and a scale take at most eight writes a pass: bounds, release, memory, scale, memory, events.
    for first in 0..8 {
        for second in [0, 1, 2, 3, 8] {
            let web = format!("web-{first}-{second}");
            let job = format!("job-{first}-{second}");
            env.apply_as("helm", &fixtures::hpa(&web, ("Deployment", &web), 2, 10))
                .await;
            env.create(&fixtures::deployment(&job, 2)).await;
            let road =
                Road::new(&env)
                    .rule("Deployment", &web, TWO_WINDOWS)
                    .rule("Deployment", &job, TWO_WINDOWS);
            for (at, writes) in [(PEAK, first), (EVENING, second)] {
                let stopping = Stopping {
                    live: &road.live,
                    left: Cell::new(writes),
                };
                road.pass_over(&stopping, at).await;
            }
            road.pass_over(&road.live, EVENING).await;
            let context = format!("killed after {first} writes, then after {second}");
            assert_eq!(env.bounds(&web).await, (7, 10), "{context}");
            assert_eq!(env.replicas("Deployment", &job).await, 7, "{context}");
            // The end of the window is killed too.
            let stopping = Stopping {
                live: &road.live,
                left: Cell::new(second),
            };
            road.pass_over(&stopping, NOON).await;
            road.pass_over(&road.live, NOON).await;
            assert_eq!(env.bounds(&web).await, (2, 10), "{context}");
            assert_eq!(env.replicas("Deployment", &job).await, 2, "{context}");
            assert_no_trace(&env, &web).await;
        }
    }
}

async fn killed_for_real(env: Env) {
    let mut text = String::new();
    for number in 0..12 {
        let (web, job) = (format!("web-{number}"), format!("job-{number}"));
        env.apply_as("helm", &fixtures::hpa(&web, ("Deployment", &web), 2, 10))
            .await;
        env.create(&fixtures::deployment(&job, 2)).await;
        for name in [&web, &job] {
            text.push_str(&two_window_rule(&env.namespace, name));
        }
    }
    let rules = crate::program::rules(&env, &text);
    let spawn = |at: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_easyscale"))
            .env_clear()
            .env("KUBECONFIG", env.kubeconfig(&env.admin))
            .args(["apply", rules.to_str().unwrap(), "-n", &env.namespace, "--at", at])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    // Killed a little later each time, through windows with different values and out of them.
    for round in 0..24_u64 {
        let at = [PEAK, EVENING, NOON][usize::try_from(round % 3).unwrap()];
        let mut child = spawn(at);
        tokio::time::sleep(std::time::Duration::from_millis(10 + 7 * round)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    settled(&env, 12).await;
    assert!(spawn(EVENING).wait().unwrap().success());
    for number in 0..12 {
        assert_eq!(env.bounds(&format!("web-{number}")).await, (7, 10));
        assert_eq!(env.replicas("Deployment", &format!("job-{number}")).await, 7);
    }
    settled(&env, 12).await;
    assert!(spawn(NOON).wait().unwrap().success());
    for number in 0..12 {
        assert_eq!(
            env.bounds(&format!("web-{number}")).await,
            (2, 10),
            "the first original"
        );
        assert_eq!(
            env.replicas("Deployment", &format!("job-{number}")).await,
            2,
            "the first original"
        );
        assert_no_trace(&env, &format!("web-{number}")).await;
    }
}

/// Waits until the Deployments `job-…` are as their controller wants them: while it writes to them, a pass may have to give up.
async fn settled(env: &Env, jobs: usize) {
    if env.plane.has_controllers() {
        for number in 0..jobs {
            env.wait_for_status(&format!("job-{number}")).await;
        }
    }
}

fn two_window_rule(namespace: &str, name: &str) -> String {
    format!(
        "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {{name: {name}}}\nspec:\n  target: {{kind: \
         Deployment, name: {name}, namespace: {namespace}}}\n{TWO_WINDOWS}\n---\n"
    )
}

async fn twice_at_once(env: Env) {
    let mut road = Road::new(&env);
    for number in 0..6 {
        let (web, job) = (format!("web-{number}"), format!("job-{number}"));
        env.apply_as("helm", &fixtures::hpa(&web, ("Deployment", &web), 2, 10))
            .await;
        env.create(&fixtures::deployment(&job, 2)).await;
        road = road
            .rule("Deployment", &web, TWO_WINDOWS)
            .rule("Deployment", &job, TWO_WINDOWS);
    }
    for (at, expected) in [(PEAK, 5), (EVENING, 7), (NOON, 2)] {
        settled(&env, 6).await;
        let (one, two) = tokio::join!(road.pass_over(&road.live, at), road.pass_over(&road.live, at));
        for applied in one.iter().chain(&two) {
            assert!(!matches!(applied.outcome, Outcome::Failed(_)), "{applied:#?}");
        }
        for number in 0..6 {
            assert_eq!(env.bounds(&format!("web-{number}")).await, (expected, 10));
            assert_eq!(
                env.replicas("Deployment", &format!("job-{number}")).await,
                i64::from(expected)
            );
        }
        let left: Vec<_> = road
            .plan(at)
            .await
            .targets
            .into_iter()
            .filter(TargetPlan::changes)
            .collect();
        assert!(left.is_empty(), "{left:#?}");
    }
    assert_no_trace(&env, "web-3").await;
}

async fn changed_under_a_pass(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", TWO_WINDOWS);
    let planner = road.planner();
    let observed = road.live.observe(&planner).await.unwrap();
    let plan = planner.plan(&observed, instant(PEAK));
    edit(&env, "web", json!({"minReplicas": 3})).await;
    let applied = apply(&road.live, &planner, observed, plan, &options(PEAK))
        .await
        .unwrap();
    assert_eq!(applied[0].outcome, Outcome::Applied, "{applied:#?}");
    assert_eq!(
        applied[0].plan.from.min_replicas,
        Some(3),
        "what is reported is what was done"
    );
    road.pass(NOON).await;
    assert_eq!(env.bounds("web").await, (3, 10), "the edit is not lost");
}

/// Server-side apply sees no conflict between two passes of one manager: the resourceVersion has to.
async fn held_up(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", TWO_WINDOWS);
    road.pass(PEAK).await;
    let planner = road.planner();
    let observed = road.live.observe(&planner).await.unwrap();
    let held = planner.plan(&observed, instant(EVENING));
    edit(&env, "web", json!({"minReplicas": 3})).await;
    road.pass(EVENING).await;
    let applied = apply(&road.live, &planner, observed, held, &options(EVENING))
        .await
        .unwrap();
    assert!(!matches!(applied[0].outcome, Outcome::Failed(_)), "{applied:#?}");
    road.pass(NOON).await;
    assert_eq!(env.bounds("web").await, (3, 10), "what its owner asked for last");
}

/// A cluster in which somebody writes to the object before each of our writes of bounds, and before the first of a scale.
struct Restless<'a> {
    env: &'a Env,
    live: &'a Live,
    count: Cell<u32>,
}

impl Cluster for Restless<'_> {
    fn name(&self) -> String {
        self.live.name()
    }

    async fn observe(&self, planner: &Planner) -> Result<Observed, Failure> {
        self.live.observe(planner).await
    }

    async fn observe_again(&self, observed: &mut Observed, target: &TargetPlan) -> Result<(), Failure> {
        self.live.observe_again(observed, target).await
    }

    async fn write_bounds(&self, write: &BoundsWrite) -> Result<Written, Failure> {
        self.count.set(self.count.get() + 1);
        annotate(
            self.env,
            &write.object.name,
            "somebody",
            json!(self.count.get().to_string()),
        )
        .await;
        self.live.write_bounds(write).await
    }

    async fn release(&self, release: &Release, written: Option<&Written>) -> Result<Written, Failure> {
        self.live.release(release, written).await
    }

    async fn write_scale(&self, write: &ScaleWrite, value: u32, manager: &str) -> Result<String, Failure> {
        if self.count.replace(1) == 0 {
            let patch = json!({"metadata": {"annotations": {"somebody": "was here"}}});
            self.env
                .api::<Deployment>()
                .patch(&write.object.name, &PatchParams::default(), &Patch::Merge(patch))
                .await
                .unwrap();
        }
        self.live.write_scale(write, value, manager).await
    }

    async fn write_memory(
        &self,
        namespace: &str,
        known: Option<&MemoryMap>,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<MemoryMap, Failure> {
        self.live.write_memory(namespace, known, changes).await
    }

    async fn publish(&self, event: &EventNote) -> Result<(), Failure> {
        self.live.publish(event).await
    }

    async fn finish(&self) -> Result<(), Failure> {
        Ok(())
    }
}

async fn keeps_changing(env: Env) {
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", TWO_WINDOWS);
    let restless = Restless {
        env: &env,
        live: &road.live,
        count: Cell::new(0),
    };
    let applied = road.pass_over(&restless, PEAK).await;
    let Outcome::Failed(failure) = &applied[0].outcome else {
        panic!("{applied:#?}")
    };
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert_eq!(restless.count.get(), 4, "once, and three times again");
    assert_eq!(env.bounds("web").await, (2, 10));
}

async fn second_try(env: Env) {
    env.create(&fixtures::deployment("job", 2)).await;
    let road = Road::new(&env).rule("Deployment", "job", TWO_WINDOWS);
    road.pass(PEAK).await;
    let by_hand = Patch::Merge(json!({"spec": {"replicas": 9}}));
    env.api::<Deployment>()
        .patch_scale("job", &PatchParams::default(), &by_hand)
        .await
        .unwrap();
    let restless = Restless {
        env: &env,
        live: &road.live,
        count: Cell::new(0),
    };
    let applied = road.pass_over(&restless, EVENING).await;
    assert_eq!(applied[0].outcome, Outcome::Applied, "{applied:#?}");
    assert!(has_note(&applied[0], "new-original"), "{applied:#?}");
    assert!(
        !has_note(&applied[0], "reverted"),
        "nobody put it back: {applied:#?}"
    );
    road.pass(NOON).await;
    assert_eq!(env.replicas("Deployment", "job").await, 9);
}

async fn status_writes(env: Env) {
    use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
    web(&env).await;
    let road = Road::new(&env).rule("Deployment", "web", TWO_WINDOWS);
    road.pass(PEAK).await;
    let planner = road.planner();
    let observed = road.live.observe(&planner).await.unwrap();
    let plan = planner.plan(&observed, instant(EVENING));
    let status = json!({"status": {"currentReplicas": 5, "desiredReplicas": 6, "conditions": [], "currentMetrics": []}});
    let api = env.api::<HorizontalPodAutoscaler>();
    api.patch_status("web", &PatchParams::default(), &Patch::Merge(status))
        .await
        .unwrap();
    let before = env.requests(&env.admin).await.len();
    let applied = apply(&road.live, &planner, observed, plan, &options(EVENING))
        .await
        .unwrap();
    assert_eq!(applied[0].outcome, Outcome::Applied);
    assert!(!has_note(&applied[0], "takes-over"), "we own it");
    let requests = env.requests(&env.admin).await.split_off(before);
    let seen: Vec<_> = requests
        .iter()
        .filter(|request| request.resource == "horizontalpodautoscalers")
        .collect();
    let seen: Vec<_> = seen
        .iter()
        .map(|request| (request.verb.as_str(), request.code))
        .collect();
    // The real controller may write between a look and the next try as well.
    let (last, looks) = seen.split_last().unwrap();
    assert_eq!(*last, ("patch", 200), "{seen:?}");
    let (looks, rest) = looks.as_chunks();
    assert!(!looks.is_empty() && rest.is_empty(), "{seen:?}");
    for look in looks {
        assert_eq!(*look, [("patch", 409), ("get", 200)], "{seen:?}");
    }
}
