//! `easyscale run` itself on a real control plane: what it does in the order in which it happens, told by objects,
//! events, log lines, metrics and the server's audit log.
//!
//! The words that all scenarios share are here; each file is one idea.

mod drift;
mod life;
mod reload;
mod road;
mod scales;
mod sleep;
mod start;
mod supplied;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use easyscale::time::Instant;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use serde_json::Value;

use crate::road::{assert_no_trace, hpa, managers, memory};
use crate::support::{Case, Env, Running, User, wait_for};

pub(crate) fn cases() -> Vec<Case> {
    let cases = [
        road::cases(),
        drift::cases(),
        life::cases(),
        sleep::cases(),
        reload::cases(),
        start::cases(),
        scales::cases(),
        supplied::cases(),
    ];
    cases.into_iter().flatten().collect()
}

/// Far more than anything here takes, also where many others are at work.
const SOON: Duration = Duration::from_secs(90);

/// A namespace, and who runs easyscale in it: somebody else than who tests, so that the audit log tells them apart.
struct Scene {
    env: Env,
    user: User,
}

impl Scene {
    fn new(env: Env) -> Self {
        let user = env.plane.admin();
        Self { env, user }
    }

    /// Starts `easyscale run` for this namespace alone.
    fn run(&self, policies: &str, args: &[&str]) -> Running {
        self.run_as(&self.user, policies, args)
    }

    fn run_as(&self, user: &User, policies: &str, args: &[&str]) -> Running {
        let namespace = &self.env.namespace;
        let mut all = vec![
            "-n",
            namespace,
            "--instance",
            namespace,
            "--lease-namespace",
            namespace,
        ];
        all.extend(args);
        Running::start(&self.env.kubeconfig(user), policies, &all)
    }

    /// A document of a rule for a Deployment of this namespace: the rest of its `spec`, two blanks indented.
    fn rule(&self, deployment: &str, spec: &str) -> String {
        self.named_rule(&format!("{deployment}-rule"), "Deployment", deployment, spec)
    }

    fn named_rule(&self, rule: &str, kind: &str, name: &str, spec: &str) -> String {
        let namespace = &self.env.namespace;
        format!(
            "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {{name: {rule}}}\nspec:\n  target: {{kind: \
             {kind}, name: {name}, namespace: {namespace}}}\n{spec}\n---\n"
        )
    }

    async fn bounds_become(&self, hpa: &str, wanted: (i32, i32)) {
        wait_for(
            &format!("the bounds of {hpa} to be {wanted:?}"),
            SOON,
            async || {
                let bounds = self.env.bounds(hpa).await;
                if bounds == wanted { Ok(()) } else { Err(bounds) }
            },
        )
        .await;
    }

    /// Waits until an autoscaler has these bounds and bears nothing of us.
    async fn free_with(&self, hpa: &str, wanted: (i32, i32)) {
        self.bounds_become(hpa, wanted).await;
        wait_for("no trace of us", SOON, async || {
            let managers = managers(&self.env, hpa).await;
            let ours = managers.iter().any(|manager| manager.starts_with("easyscale"));
            match memory(&self.env, hpa).await {
                None if !ours => Ok(()),
                left => Err((left, managers)),
            }
        })
        .await;
        assert_no_trace(&self.env, hpa).await;
        assert_eq!(self.env.bounds(hpa).await, wanted);
    }

    /// The events of a reason so far, by what they say.
    async fn events(&self, reason: &str) -> Vec<Event> {
        let events = self.env.api::<Event>().list(&ListParams::default()).await;
        let mut events = events.expect("events can be listed").items;
        events.retain(|event| event.reason.as_deref() == Some(reason));
        events
    }

    /// Waits for the first event of a reason, and returns its note. The test looks for more of them later.
    async fn told(&self, reason: &str) -> String {
        wait_for(&format!("an event {reason}"), SOON, async || {
            let events = self.events(reason).await;
            let note = events.first().and_then(|event| event.note.clone());
            note.ok_or("none")
        })
        .await
    }

    /// What of us is remembered of scales.
    async fn remembered(&self) -> BTreeMap<String, Value> {
        let map = self.env.api::<ConfigMap>().get_opt("easyscale-state").await;
        let data = map.expect("it can be read").and_then(|map| map.data);
        let entries = data.unwrap_or_default().into_iter();
        entries
            .map(|(key, text)| (key, serde_json::from_str(&text).expect("a memory is JSON")))
            .collect()
    }

    /// How many writes the program has sent so far, its lease and its events aside.
    async fn writes(&self) -> usize {
        let requests = self.env.requests(&self.user).await;
        let writes = requests.iter().filter(|request| {
            request.is_write() && !matches!(request.resource.as_str(), "leases" | "events")
        });
        writes.count()
    }

    /// How many of them the server has done: a conflict is legal, and costs another look.
    async fn done_writes(&self) -> usize {
        let requests = self.env.requests(&self.user).await;
        let writes = requests.iter().filter(|request| {
            request.is_write()
                && (200..300).contains(&request.code)
                && !matches!(request.resource.as_str(), "leases" | "events")
        });
        writes.count()
    }

    /// Waits until a floor is remembered as this original and this value of ours.
    async fn floor_remembered(&self, hpa: &str, (original, applied): (i64, i64)) {
        wait_for("the memory of the floor", SOON, async || {
            let memory = memory(&self.env, hpa).await;
            let floor = memory.as_ref().map(|memory| memory["minReplicas"].clone());
            let numbers = floor.map(|it| (it["original"].as_i64(), it["applied"].as_i64()));
            if numbers == Some((Some(original), Some(applied))) {
                Ok(())
            } else {
                Err(memory)
            }
        })
        .await;
    }

    async fn uid(&self, hpa_name: &str) -> String {
        hpa(&self.env, hpa_name)
            .await
            .metadata
            .uid
            .expect("the server sets it")
    }
}

/// One window of a schedule.
fn window(name: &str, from: SystemTime, until: SystemTime, sets: &str) -> String {
    let (from, until) = (Instant::from_system_time(from), Instant::from_system_time(until));
    format!("    - {{name: {name}, from: '{from}', until: '{until}', {sets}}}\n")
}

/// A window of a schedule that is open as long as anybody tests.
fn open(sets: &str) -> String {
    format!("    - {{name: always, from: '2020-01-01T00:00Z', until: '2100-01-01T00:00Z', {sets}}}\n")
}

/// `spec` lines with these windows.
fn schedule(windows: &[String]) -> String {
    format!("  schedule:\n{}", windows.concat())
}

/// The log lines with a text in them.
fn lines(run: &Running, text: &str) -> Vec<Value> {
    let mut lines = run.log();
    lines.retain(|line| line.to_string().contains(text));
    lines
}
