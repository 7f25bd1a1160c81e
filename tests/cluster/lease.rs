//! Leader election and the lease that `restore` holds, on a real API server. Each test has an instance of its own: its
//! lease is nobody else's.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use easyscale::cluster::{Live, lease_name};
use easyscale::controller::lease::{Election, Elector, Leadership, Timings, identity};
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::program::{easyscale, peak_rule, rules, text};
use crate::road::{annotate, web};
use crate::support::{Case, Env, User, case, fixtures, wait_for};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "lease: of three at once exactly one leads, and it is succeeded after a release and after silence",
            three_at_once,
        ),
        case(
            "lease: what others wrote on it stays, and a deleted one comes back",
            others,
        ),
        case("lease: an absurd one is waited for, then taken", absurd),
        case(
            "lease: restore takes it from a leader, holds it while it works, and gives it back",
            restore_takes_over,
        ),
        case(
            "lease: restore --pause leaves autoscalers that nothing writes again",
            restore_pauses,
        ),
        case(
            "lease: restore without the right to leases says what is missing, and restores",
            restore_without_rights,
        ),
    ]
}

/// Two thirds of it are more than a busy machine keeps a leader from renewing.
const DURATION: Duration = Duration::from_secs(8);

/// For what nothing stands in the way of: far more than it takes.
const SOON: Duration = Duration::from_secs(90);

/// An instance that only this test has.
fn instance(env: &Env) -> String {
    format!("of-{}", env.namespace)
}

fn elect(env: &Env) -> Election {
    let live = Live::with_client(env.client.clone(), "test", instance(env));
    Elector::new(
        live.lease(&env.namespace),
        identity(),
        Timings::of(DURATION),
        Arc::new(SystemTime::now),
    )
    .start()
}

fn leads(election: &Election) -> bool {
    *election.leadership().borrow() == Leadership::Leading
}

async fn lease(env: &Env) -> Lease {
    let name = lease_name(&instance(env));
    env.api::<Lease>().get(&name).await.unwrap()
}

async fn holder(env: &Env) -> String {
    lease(env).await.spec.unwrap().holder_identity.unwrap_or_default()
}

async fn patch(env: &Env, change: &Value) {
    let name = lease_name(&instance(env));
    env.api::<Lease>()
        .patch(&name, &PatchParams::default(), &Patch::Merge(change))
        .await
        .unwrap();
}

async fn wait_for_leader(electors: &[Election]) {
    wait_for("one to lead", SOON, async || {
        let leading = electors.iter().filter(|election| leads(election)).count();
        let open = electors
            .iter()
            .filter(|election| election.fence().holds())
            .count();
        assert!(leading <= 1 && open <= 1, "{leading} lead, {open} may write");
        if leading == 1 { Ok(()) } else { Err(leading) }
    })
    .await;
}

async fn three_at_once(env: Env) {
    let mut electors = vec![elect(&env), elect(&env), elect(&env)];
    wait_for_leader(&electors).await;
    tokio::time::sleep(DURATION * 2).await;
    wait_for_leader(&electors).await;
    let spec = lease(&env).await.spec.unwrap();
    assert_eq!(
        (spec.lease_duration_seconds, spec.lease_transitions),
        (Some(8), Some(0))
    );

    let leader = electors.iter().position(leads).unwrap();
    let released = Instant::now();
    electors.swap_remove(leader).release().await;
    wait_for_leader(&electors).await;
    assert!(
        released.elapsed() < DURATION,
        "a released lease is taken at the next look"
    );
    assert_eq!(lease(&env).await.spec.unwrap().lease_transitions, Some(1));

    // Somebody who never renews it, as after kill -9.
    let leader = electors.iter().position(leads).unwrap();
    let killed = Instant::now();
    patch(
        &env,
        &json!({"spec": {"holderIdentity": "killed", "leaseDurationSeconds": DURATION.as_secs()}}),
    )
    .await;
    wait_for("the leader to step down", SOON, async || {
        if leads(&electors[leader]) { Err(()) } else { Ok(()) }
    })
    .await;
    wait_for_leader(&electors).await;
    assert!(killed.elapsed() >= DURATION, "nobody takes what is held");
    assert_eq!(lease(&env).await.spec.unwrap().lease_transitions, Some(2));
    for election in electors {
        election.release().await;
    }
    assert_eq!(holder(&env).await, "");
}

async fn others(env: Env) {
    let election = elect(&env);
    wait_for_leader(std::slice::from_ref(&election)).await;
    let theirs = json!({"metadata": {"annotations": {"team": "shop"}, "labels": {"app": "x"}}});
    patch(&env, &theirs).await;
    tokio::time::sleep(DURATION / 2).await;
    assert!(leads(&election));
    let metadata = lease(&env).await.metadata;
    assert_eq!(metadata.annotations.unwrap()["team"], "shop");
    let labels = metadata.labels.unwrap();
    assert_eq!(
        (labels["app"].as_str(), labels["easyscale.io/instance"].as_str()),
        ("x", &*instance(&env))
    );

    let name = lease_name(&instance(&env));
    env.api::<Lease>()
        .delete(&name, &kube::api::DeleteParams::default())
        .await
        .unwrap();
    wait_for("the lease to come back", SOON, async || {
        env.api::<Lease>()
            .get(&name)
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    })
    .await;
    assert!(leads(&election));
    election.release().await;
}

async fn absurd(env: Env) {
    let absurd = json!({
        "metadata": {"name": lease_name(&instance(&env))},
        "spec": {"holderIdentity": "\u{1b}[31mnobody\n", "leaseDurationSeconds": 2_000_000_000},
    });
    let absurd = serde_json::from_value(absurd).unwrap();
    env.api::<Lease>()
        .create(&PostParams::default(), &absurd)
        .await
        .unwrap();
    let began = Instant::now();
    let election = elect(&env);
    wait_for_leader(std::slice::from_ref(&election)).await;
    assert!(began.elapsed() >= DURATION, "it is waited for");
    election.release().await;
}

/// Bounds of a window, written.
async fn apply(env: &Env) {
    let rules = rules(env, &peak_rule(&env.namespace, "web"));
    let args = ["apply", rules.to_str().unwrap(), "--at", "2026-11-24T17:00:00Z"];
    run(env, &env.admin, &args, 0).await;
    assert_eq!(env.bounds("web").await, (5, 20));
}

/// What the program says on stderr, which is left to its own thread meanwhile: electors go on.
async fn run(env: &Env, user: &User, args: &[&str], code: i32) -> String {
    let mut all: Vec<String> = args.iter().map(ToString::to_string).collect();
    all.extend(["-n", &env.namespace, "--instance", &instance(env)].map(str::to_owned));
    let (env, user) = (env.clone(), user.clone());
    let out = tokio::task::spawn_blocking(move || {
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        easyscale(&env, &user, &all)
    })
    .await
    .unwrap();
    let told = text(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{told}{}", text(&out.stdout));
    told
}

async fn restore_takes_over(env: Env) {
    web(&env).await;
    apply(&env).await;
    // No easyscale runs: there is nothing to hold, and nothing to wait for.
    let told = run(&env, &env.admin, &["restore", "--dry-run"], 0).await;
    assert!(!told.contains("lease"), "{told}");
    let election = elect(&env);
    wait_for_leader(std::slice::from_ref(&election)).await;
    let leader = holder(&env).await;
    let told = run(&env, &env.admin, &["restore", "--dry-run"], 0).await;
    assert!(!told.contains("lease") && leads(&election), "{told}");

    let mut leadership = election.leadership();
    leadership.mark_unchanged();
    let fence = election.fence();
    let began = Instant::now();
    let written = async {
        leadership.changed().await.unwrap();
        let stepped_down = began.elapsed();
        assert!(!fence.holds());
        assert_eq!(
            env.bounds("web").await,
            (5, 20),
            "nothing is restored before the leader has stepped down"
        );
        stepped_down
    };
    let args = ["restore"];
    let (stepped_down, told) = tokio::join!(written, run(&env, &env.admin, &args, 0));
    assert!(stepped_down < began.elapsed(), "{told}");
    let waiting = format!(
        "{leader:?} holds lease {}/{} and was told to stop writing; waiting 8 s",
        env.namespace,
        lease_name(&instance(&env))
    );
    assert!(told.contains(&waiting), "{told}");
    assert!(told.contains("will write these bounds again"), "{told}");
    assert_eq!(env.bounds("web").await, (2, 10));
    // It was let go, not left to end.
    wait_for_leader(std::slice::from_ref(&election)).await;
    assert_eq!(lease(&env).await.spec.unwrap().lease_transitions, Some(2));
    election.release().await;

    // Free again: by its namespace, and without a wait.
    let namespace = env.namespace.clone();
    let told = run(&env, &env.admin, &["restore", "--lease-namespace", &namespace], 0).await;
    assert!(!told.contains("waiting"), "{told}");
    let told = run(&env, &env.admin, &["restore", "--lease-namespace", "nowhere"], 0).await;
    assert!(
        told.contains("there is no lease nowhere/easyscale-of-test-"),
        "{told}"
    );
}

async fn restore_pauses(env: Env) {
    web(&env).await;
    apply(&env).await;
    let told = run(&env, &env.admin, &["restore", "--pause"], 0).await;
    assert!(told.contains("Paused: 1.") && !told.contains("again"), "{told}");
    assert_eq!(env.bounds("web").await, (2, 10));
    let rules = rules(&env, &peak_rule(&env.namespace, "web"));
    let again = ["apply", rules.to_str().unwrap(), "--at", "2026-11-24T17:00:00Z"];
    run(&env, &env.admin, &again, 0).await;
    assert_eq!(env.bounds("web").await, (2, 10), "it is paused");
    annotate(&env, "web", "easyscale.io/pause", Value::Null).await;
    apply(&env).await;

    // A workload without an autoscaler is out of reach: it says so, and does not end as if all were well.
    env.create(&fixtures::deployment("job", 2)).await;
    let rules = crate::program::rules(&env, &peak_rule(&env.namespace, "job"));
    let args = ["apply", rules.to_str().unwrap(), "--at", "2026-11-24T17:00:00Z"];
    run(&env, &env.admin, &args, 0).await;
    let told = run(&env, &env.admin, &["restore", "--pause"], 1).await;
    assert!(
        told.contains(&format!(
            "kubectl annotate deployment job -n {} easyscale.io/pause=true",
            env.namespace
        )),
        "{told}"
    );
}

async fn restore_without_rights(env: Env) {
    web(&env).await;
    apply(&env).await;
    let user = env.limited();
    let rights = json!([
        {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["get", "list", "patch"]},
        {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]},
    ]);
    env.allow(&user, &rights).await;
    let told = wait_for("the rights to count", SOON, async || {
        let all = [
            "restore",
            "--no-events",
            "-n",
            &env.namespace,
            "--instance",
            &instance(&env),
        ];
        let out = easyscale(&env, &user, &all);
        if out.status.success() {
            Ok(text(&out.stderr))
        } else {
            Err(text(&out.stderr))
        }
    })
    .await;
    assert!(
        told.contains("warning: the lease of a running easyscale cannot be looked for"),
        "{told}"
    );
    let line = format!(
        "resources: [leases], resourceNames: [{}], verbs: [list]",
        lease_name(&instance(&env))
    );
    assert!(told.contains(&line), "{told}");
    assert_eq!(env.bounds("web").await, (2, 10));

    // It may look, and not take.
    apply(&env).await;
    let election = elect(&env);
    wait_for_leader(std::slice::from_ref(&election)).await;
    let looks =
        json!([{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "list"]}]);
    env.allow(&user, &looks).await;
    let told = run(&env, &user, &["restore", "--no-events"], 0).await;
    assert!(
        told.contains("cannot be held") && told.contains("verbs: [update]"),
        "{told}"
    );
    assert!(leads(&election));
    assert_eq!(env.bounds("web").await, (2, 10));
    election.release().await;
}
