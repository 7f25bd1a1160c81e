//! `easyscale run` while things go wrong: each fault in front of or in the real control plane, and what holds after it.
//!
//! Every case ends the same way: the bounds are right, the originals are the first ones, nothing was written that was not
//! needed, and the log says in a line what happened. The sizes are those of a test suite; `EASYSCALE_SOAK=1` makes them
//! those of a machine that has time.
//!
//! A wall clock that is set cannot be had without being root: the loop's own tests inject one.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{DeleteParams, ListParams};
use serde_json::{Value, json};

use crate::road::{self, assert_no_trace, memory, remembered};
use crate::support::proxy::{Answer, Exchange, Fault, Network, Proxy, When};
use crate::support::timetable::{always, far, long_ago, one_window, pulses, sleep_past};
use crate::support::{Case, ControlPlane, Env, Options, Running, User, case, fixtures, wait_for};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "run: radio silence, nothing changes, nothing is asked",
            radio_silence,
        ),
        case("run: the first patch leaves at its edge", edge),
        case(
            "run: watches that end, are cut, or are too old go on",
            lost_watches,
        ),
        case("run: a watch that cannot go on is begun anew", gone_at_opening),
        case("run: watches without bookmarks miss nothing", bookmark_gaps),
        case("run: nonsense in a watch is not believed", nonsense_in_a_watch),
        case(
            "run: a list that is cut or refused is asked for again",
            damaged_lists,
        ),
        case("run: writes that are refused are tried again", refused_writes),
        case("run: an answer that is lost is not written twice", lost_answers),
        case(
            "run: a request that never answers holds up nobody else",
            hung_request,
        ),
        case(
            "run: an API that hangs does not hold up the stop",
            stop_while_hung,
        ),
        case("run: cut off over an edge", cut_off_over_an_edge),
        case(
            "run: nothing is released while a rule is refused that may have moved",
            guarded_release,
        ),
        case("run: paused over an edge", paused_over_an_edge),
        case(
            "run: killed with -9 over and over, edges coming",
            killed_over_and_over,
        ),
        case("run: rights that are taken away and given back", rights),
        case("run: a token that is not valid any more is replaced", token),
        case(
            "run: the API server is stopped and started, etcd is paused",
            outages,
        ),
        case("run: the leader is killed, another one takes over", leader_killed),
        case(
            "run: the leader ends, another one takes over at once",
            leader_ended,
        ),
        case(
            "run: the leader is paused, and finds another one in its place",
            leader_paused,
        ),
        case(
            "run: the leader is cut off, and writes nothing any more",
            leader_cut_off,
        ),
    ]
}

/// Whatever fails is tried again within a minute at most.
const AGAIN: Duration = Duration::from_secs(100);

/// For what nothing stands in the way of: far more than it takes, also where many others are at work.
const SOON: Duration = Duration::from_secs(90);

fn is_soak() -> bool {
    std::env::var_os("EASYSCALE_SOAK").is_some()
}

/// How much of something: in a suite, or with time.
fn size<T>(suite: T, soak: T) -> T {
    if is_soak() { soak } else { suite }
}

/// A replica, and the proxy through which it sees the control plane.
struct Replica {
    proxy: Proxy,
    program: Running,
}

impl Replica {
    /// Alone in the namespace of the test.
    async fn alone(env: &Env, policies: &str) -> Self {
        let proxy = Proxy::start(&env.plane, &env.namespace).await;
        Self::behind(proxy, env, policies, &["--no-leader-election"])
    }

    fn behind(proxy: Proxy, env: &Env, policies: &str, args: &[&str]) -> Self {
        let kubeconfig = proxy.kubeconfig(&env.admin);
        let mut all = vec!["-n", &env.namespace, "--lease-namespace", &env.namespace];
        all.extend(args);
        let program = Running::start(&kubeconfig, policies, &all);
        Self { proxy, program }
    }

    /// Waits until it has seen all autoscalers, and watches them.
    async fn ready(&mut self) {
        self.program.told("started").await;
        wait_for("a watch of autoscalers", SOON, async || match self.watches() {
            0 => Err(self.proxy.count()),
            _ => Ok(()),
        })
        .await;
    }

    /// How many watches of autoscalers were opened so far.
    fn watches(&self) -> usize {
        let is_watched = |one: &&Exchange| {
            one.is_watch() && one.path.contains("horizontalpodautoscalers") && one.outcome == Some(200)
        };
        self.proxy.seen().iter().filter(is_watched).count()
    }

    /// Takes the rules away, waits until nothing of us is left, and ends.
    async fn release(mut self, env: &Env, names: &[&str]) {
        self.proxy.mend();
        // Not all rules may be gone, and nothing is released while a rule is refused that may have moved.
        hpa(env, "elsewhere").await;
        self.program
            .rewrite(&always(&env.namespace, "elsewhere", "minReplicas: 3"));
        bounds_become(env, "elsewhere", (3, 10), AGAIN).await;
        for name in names {
            bounds_become(env, name, (2, 10), AGAIN).await;
            // First the bounds, then the memory of them.
            wait_for(&format!("{name} to be released"), SOON, async || {
                memory(env, name).await.map_or(Ok(()), Err)
            })
            .await;
            assert_no_trace(env, name).await;
        }
        self.end().await;
    }

    async fn end(&mut self) {
        self.program.signal("TERM");
        let code = self.program.ended(SOON).await;
        assert_eq!(code, Some(0), "{}", self.program.text());
    }

    /// How often an autoscaler was written.
    async fn writes_of(&self, name: &str) -> usize {
        self.proxy.settled().await;
        let is_of = |write: &&Exchange| path_ends(write, name);
        self.proxy.writes().iter().filter(is_of).count()
    }

    /// An edge that is ahead, in the rules that `policies` makes of it, which it has read.
    async fn next_edge(&mut self, policies: impl Fn(SystemTime) -> String) -> SystemTime {
        let edge = self.program.ahead().await;
        self.program.put_in_force(&policies(edge)).await;
        edge
    }
}

fn path_ends(write: &Exchange, name: &str) -> bool {
    let path = write.path.split('?').next().unwrap_or_default();
    path.ends_with(&format!("/{name}"))
}

async fn hpa(env: &Env, name: &str) {
    env.apply_as("helm", &fixtures::hpa(name, ("Deployment", name), 2, 10))
        .await;
}

/// Raised from `from` on, for long.
fn raised(env: &Env, name: &str, from: SystemTime) -> String {
    one_window(
        &env.namespace,
        name,
        from,
        far() + Duration::from_secs(86_400),
        "minReplicas: 5, maxReplicas: 20",
    )
}

async fn bounds_become(env: &Env, name: &str, wanted: (i32, i32), within: Duration) {
    wait_for(&format!("{name} to have {wanted:?}"), within, async || {
        // The server may be what is wrong.
        let hpa = env.api::<HorizontalPodAutoscaler>().get(name).await;
        let spec = hpa.map_err(|error| error.to_string())?.spec.unwrap_or_default();
        let bounds = (spec.min_replicas.unwrap_or(1), spec.max_replicas);
        if bounds == wanted {
            Ok(())
        } else {
            Err(format!("{bounds:?}"))
        }
    })
    .await;
}

/// The originals that are remembered are what the owner said, not what we wrote.
async fn assert_originals(env: &Env, name: &str) {
    let state = memory(env, name)
        .await
        .unwrap_or_else(|| panic!("{name} is not ours"));
    let originals = (
        &state["minReplicas"]["original"],
        &state["maxReplicas"]["original"],
    );
    assert_eq!(originals, (&json!(2), &json!(10)), "{name}: {state}");
}

/// That a new target is found shows that the watch of autoscalers goes on.
async fn assert_sees(env: &Env, name: &str) {
    hpa(env, name).await;
    bounds_become(env, name, (5, 20), Duration::from_secs(45)).await;
}

async fn radio_silence(env: Env) {
    hpa(&env, "web").await;
    let mut replica = Replica::alone(&env, &raised(&env, "web", long_ago())).await;
    replica.ready().await;
    bounds_become(&env, "web", (5, 20), SOON).await;
    // An event follows the bounds, and nothing follows the event.
    wait_for("the event", SOON, async || {
        let seen = replica.proxy.seen();
        let is_told = |one: &Exchange| one.path.contains("/events") && one.answered.is_some();
        if seen.iter().any(is_told) {
            Ok(())
        } else {
            Err(seen.len())
        }
    })
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let count = replica.proxy.count();
    let lines = replica.program.count();
    tokio::time::sleep(size(Duration::from_secs(10), Duration::from_secs(600))).await;
    let mut asked = replica.proxy.since(count);
    asked.retain(|one| !one.is_watch() && !one.is_lease());
    assert!(asked.is_empty(), "{asked:#?}");
    assert_eq!(replica.program.count(), lines, "{}", replica.program.text());
    replica.release(&env, &["web"]).await;
}

async fn edge(env: Env) {
    let names: Vec<String> = (0..20).map(|number| format!("web-{number}")).collect();
    for name in &names {
        hpa(&env, name).await;
    }
    let policies = |opens| -> String { names.iter().map(|name| raised(&env, name, opens)).collect() };
    let mut replica = Replica::alone(&env, &policies(far())).await;
    replica.ready().await;
    let opens = replica.next_edge(policies).await;
    let delay = tokio::spawn(longest_delay(opens + Duration::from_secs(1)));
    for name in &names {
        bounds_become(&env, name, (5, 20), SOON).await;
        assert_originals(&env, name).await;
    }
    let first = replica
        .proxy
        .writes()
        .iter()
        .map(|write| write.received)
        .min()
        .unwrap();
    let late = first
        .duration_since(opens)
        .expect("nothing is written before its time");
    // 100 ms are promised, on a machine that does nothing else.
    let allowed = Duration::from_millis(500) + delay.await.unwrap() * 5;
    assert!(late < allowed, "{late:?} of {allowed:?}");
    replica.end().await;
}

/// The longest that this process had to wait for its turn, until then: how busy the machine is.
async fn longest_delay(until: SystemTime) -> Duration {
    let nap = Duration::from_millis(10);
    let mut longest = Duration::ZERO;
    while SystemTime::now() < until {
        let began = std::time::Instant::now();
        tokio::time::sleep(nap).await;
        longest = longest.max(began.elapsed().saturating_sub(nap));
    }
    longest
}

async fn lost_watches(env: Env) {
    let names = ["ended", "cut", "expired"];
    let policies: Vec<_> = names.map(|name| raised(&env, name, long_ago())).into();
    let mut replica = Replica::alone(&env, &policies.concat()).await;
    replica.ready().await;
    replica.proxy.end_watches();
    assert_sees(&env, "ended").await;
    replica.proxy.reset_watches();
    assert_sees(&env, "cut").await;
    replica.proxy.expire_watches("horizontalpodautoscalers");
    assert_sees(&env, "expired").await;
    for name in names {
        assert_eq!(replica.writes_of(name).await, 1, "{name}");
    }
    replica.release(&env, &names).await;
}

async fn gone_at_opening(env: Env) {
    let mut replica = Replica::alone(&env, &raised(&env, "web", long_ago())).await;
    replica.ready().await;
    let autoscalers = When::watch().path("horizontalpodautoscalers");
    let gone = Answer::refusal(410, "Expired", "too old resource version");
    replica.proxy.fault_times(1, autoscalers, Fault::Answer(gone));
    replica.proxy.end_watches();
    assert_sees(&env, "web").await;
    replica.release(&env, &["web"]).await;
}

async fn bookmark_gaps(env: Env) {
    let policies = raised(&env, "first", long_ago()) + &raised(&env, "second", SystemTime::now());
    let proxy = Proxy::start(&env.plane, &env.namespace).await;
    proxy.fault(When::watch(), Fault::DropBookmarks);
    let mut replica = Replica::behind(proxy, &env, &policies, &["--no-leader-election"]);
    replica.ready().await;
    assert_sees(&env, "first").await;
    // What happens while no watch is open is told by the next one.
    replica.proxy.network(Network::Reset);
    hpa(&env, "second").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    replica.proxy.network(Network::Up);
    bounds_become(&env, "second", (5, 20), AGAIN).await;
    replica.release(&env, &["first", "second"]).await;
}

async fn nonsense_in_a_watch(env: Env) {
    let mut replica = Replica::alone(&env, &raised(&env, "web", long_ago())).await;
    replica.ready().await;
    let say = |nonsense| replica.proxy.say_in_watches("horizontalpodautoscalers", nonsense);
    say(r#"{"type":"MODIFIED","object":{"kind":"Status"}}"#);
    for nonsense in [
        "<html>a login page</html>",
        r#"{"type":"ADDED","object":{"spec":{"minReplicas":"three"}}}"#,
    ] {
        let before = replica.watches();
        say(nonsense);
        // What it cannot understand it asks for again; only then it hears the next.
        wait_for("another watch", SOON, async || {
            let watches = replica.watches();
            if watches > before { Ok(()) } else { Err(watches) }
        })
        .await;
    }
    assert_sees(&env, "web").await;
    assert!(replica.program.is_running());
    replica.release(&env, &["web"]).await;
}

async fn damaged_lists(env: Env) {
    hpa(&env, "web").await;
    let proxy = Proxy::start(&env.plane, &env.namespace).await;
    let list = || When::method("GET").path("horizontalpodautoscalers?");
    proxy.fault_times(1, list(), Fault::CutBody);
    proxy.fault_times(
        1,
        list(),
        Fault::Answer(Answer::refusal(500, "InternalError", "etcd is sad")),
    );
    proxy.fault_times(1, list(), Fault::Answer(Answer::nonsense("{}")));
    let policies = raised(&env, "web", long_ago());
    let mut replica = Replica::behind(proxy, &env, &policies, &["--no-leader-election"]);
    replica
        .program
        .told("the API server does not answer as it should")
        .await;
    bounds_become(&env, "web", (5, 20), AGAIN).await;
    replica.program.told("the API server answers again").await;
    replica.release(&env, &["web"]).await;
}

async fn refused_writes(env: Env) {
    let refusals = [
        ("busy", Answer::busy(1)),
        ("broken", Answer::refusal(500, "InternalError", "etcd is sad")),
        (
            "slow",
            Answer::refusal(
                504,
                "Timeout",
                "request did not complete within the allotted timeout",
            ),
        ),
        (
            "conflict",
            Answer::refusal(409, "Conflict", "the object has been modified"),
        ),
        (
            "invalid",
            Answer::refusal(422, "Invalid", "spec.minReplicas: Invalid value"),
        ),
    ];
    let mut policies = String::new();
    for (name, _) in &refusals {
        hpa(&env, name).await;
        policies += &raised(&env, name, long_ago());
    }
    let proxy = Proxy::start(&env.plane, &env.namespace).await;
    let names = refusals.each_ref().map(|(name, _)| *name);
    for (name, answer) in refusals {
        let write = When::patch().path(&format!("/{name}"));
        proxy.fault_times(2, write, Fault::Answer(answer));
    }
    let mut replica = Replica::behind(proxy, &env, &policies, &["--no-leader-election"]);
    replica.ready().await;
    for name in names {
        bounds_become(&env, name, (5, 20), AGAIN).await;
        assert_originals(&env, name).await;
        assert_eq!(replica.writes_of(name).await, 1, "{name}");
    }
    replica.release(&env, &names).await;
}

async fn lost_answers(env: Env) {
    let names = ["lost", "cut"];
    let mut policies = String::new();
    for name in names {
        hpa(&env, name).await;
        policies += &raised(&env, name, long_ago());
    }
    let proxy = Proxy::start(&env.plane, &env.namespace).await;
    proxy.fault_times(1, When::patch().path("/lost"), Fault::LoseAnswer);
    proxy.fault_times(1, When::patch().path("/cut"), Fault::CutBody);
    let mut replica = Replica::behind(proxy, &env, &policies, &["--no-leader-election"]);
    replica.ready().await;
    for name in names {
        bounds_become(&env, name, (5, 20), SOON).await;
        assert_originals(&env, name).await;
    }
    // Time to be tempted.
    tokio::time::sleep(Duration::from_secs(5)).await;
    for name in names {
        bounds_become(&env, name, (5, 20), SOON).await;
        assert_originals(&env, name).await;
        assert!(
            replica.writes_of(name).await <= 2,
            "{name}: {}",
            replica.writes_of(name).await
        );
    }
    replica.release(&env, &names).await;
}

async fn hung_request(env: Env) {
    let mut policies = String::new();
    for name in ["hung", "free-1", "free-2"] {
        hpa(&env, name).await;
        policies += &raised(&env, name, long_ago());
    }
    let proxy = Proxy::start(&env.plane, &env.namespace).await;
    proxy.fault_times(1, When::patch().path("/hung"), Fault::Hang);
    let mut replica = Replica::behind(proxy, &env, &policies, &["--no-leader-election"]);
    replica.ready().await;
    for name in ["free-1", "free-2", "hung"] {
        bounds_become(&env, name, (5, 20), AGAIN).await;
    }
    assert_originals(&env, "hung").await;
    // The others did not wait until it was given up.
    let sent = |name: &str| {
        let patches = replica.proxy.seen().into_iter();
        let patches = patches.filter(|one| one.method == "PATCH" && path_ends(one, name));
        patches.map(|one| one.received).collect::<Vec<_>>()
    };
    let [_, again, ..] = sent("hung")[..] else {
        panic!("it is not tried again")
    };
    assert!(sent("free-1")[0] < again && sent("free-2")[0] < again);
    replica.release(&env, &["hung", "free-1", "free-2"]).await;
}

async fn stop_while_hung(env: Env) {
    hpa(&env, "web").await;
    // Once: what hangs is given up, and all is well. Twice: nothing is waited for.
    for (signals, ends_with) in [(1, 0), (2, 1)] {
        let proxy = Proxy::start(&env.plane, &env.namespace).await;
        proxy.fault(When::patch(), Fault::Hang);
        let policies = raised(&env, "web", long_ago());
        let args = ["--lease-duration", "15s"];
        let mut replica = Replica::behind(proxy, &env, &policies, &args);
        replica.ready().await;
        replica.program.told("leading").await;
        wait_for("a patch that hangs", SOON, async || {
            let seen = replica.proxy.seen();
            let hangs = seen.iter().any(|one| one.method == "PATCH");
            if hangs { Ok(()) } else { Err(seen.len()) }
        })
        .await;
        replica.proxy.fault(When::always(), Fault::Hang);
        for _ in 0..signals {
            replica.program.signal("TERM");
            // Two that are not heard yet are one.
            replica.program.told("\"signal\":\"SIGTERM\"").await;
        }
        // Less than the API would be waited for.
        let code = replica.program.ended(Duration::from_secs(25)).await;
        assert_eq!(code, Some(ends_with), "{}", replica.program.text());
        remove_lease(&env).await;
    }
}

/// Of a replica that could not release it: the next one need not wait.
async fn remove_lease(env: &Env) {
    env.api::<k8s_openapi::api::coordination::v1::Lease>()
        .delete_collection(&DeleteParams::default(), &ListParams::default())
        .await
        .unwrap();
}

async fn cut_off_over_an_edge(env: Env) {
    hpa(&env, "silent").await;
    hpa(&env, "reset").await;
    let policies = |first, second| raised(&env, "silent", first) + &raised(&env, "reset", second);
    let mut replica = Replica::alone(&env, &policies(far(), far())).await;
    replica.ready().await;
    let mut first = None;
    for (network, name) in [(Network::Silent, "silent"), (Network::Reset, "reset")] {
        let edge = replica
            .next_edge(|edge| match first {
                None => policies(edge, far()),
                Some(first) => policies(first, edge),
            })
            .await;
        first.get_or_insert(edge);
        replica.proxy.network(network);
        sleep_past(edge, Duration::from_secs(2)).await;
        replica.proxy.network(Network::Up);
        bounds_become(&env, name, (5, 20), AGAIN).await;
        assert_originals(&env, name).await;
        assert_eq!(replica.writes_of(name).await, 1, "{name}");
    }
    replica.program.told("the API server answers again").await;
    replica.release(&env, &["silent", "reset"]).await;
}

async fn paused_over_an_edge(env: Env) {
    hpa(&env, "web").await;
    let mut replica = Replica::alone(&env, &raised(&env, "web", far())).await;
    replica.ready().await;
    let opens = replica.next_edge(|opens| raised(&env, "web", opens)).await;
    replica.program.signal("STOP");
    sleep_past(opens, size(Duration::from_secs(5), Duration::from_secs(120))).await;
    assert_eq!(env.bounds("web").await, (2, 10));
    replica.program.signal("CONT");
    bounds_become(&env, "web", (5, 20), SOON).await;
    assert_originals(&env, "web").await;
    assert_eq!(replica.writes_of("web").await, 1);
    replica.release(&env, &["web"]).await;
}

/// A number below `end`, different each time.
fn any(end: u64) -> u64 {
    RandomState::new().hash_one(0_u8) % end
}

async fn killed_over_and_over(env: Env) {
    let kills = size(15, 200);
    // Something opens and closes in each second.
    let names: Vec<String> = (0..12).map(|number| format!("web-{number}")).collect();
    let mut policies = String::new();
    for (number, name) in (0..).zip(&names) {
        hpa(&env, name).await;
        policies += &one_second_after_the_other(&env, name, number);
    }
    let proxy = Proxy::start(&env.plane, &env.namespace).await;
    let kubeconfig = proxy.kubeconfig(&env.admin);
    let args = ["-n", &env.namespace, "--no-leader-election"];
    // As long as it takes here until it works, and a while longer.
    let mut first = Running::start(&kubeconfig, &policies, &args);
    let began = std::time::Instant::now();
    first.told("\"changed\"").await;
    let longest = began.elapsed() * 2 + Duration::from_secs(2);
    drop(first);
    for _ in 0..kills {
        let mut program = Running::start(&kubeconfig, &policies, &args);
        let millis = u64::try_from(longest.as_millis()).unwrap();
        tokio::time::sleep(Duration::from_millis(any(millis))).await;
        program.signal("KILL");
        program.ended(SOON).await;
        for name in &names {
            assert_as_it_was_or_remembered(&env, name).await;
        }
    }
    assert!(proxy.writes().len() > names.len(), "edges came");
    let policies: Vec<_> = names.iter().map(|name| raised(&env, name, long_ago())).collect();
    let mut replica = Replica::behind(proxy, &env, &policies.concat(), &["--no-leader-election"]);
    replica.ready().await;
    for name in &names {
        bounds_become(&env, name, (5, 20), SOON).await;
        assert_originals(&env, name).await;
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    replica.release(&env, &names).await;
}

/// Either it has not been written, or what is remembered is the first. Seen in one answer: what the killed program
/// asked for last may be done between two.
async fn assert_as_it_was_or_remembered(env: &Env, name: &str) {
    let hpa = road::hpa(env, name).await;
    let minimum = hpa.spec.as_ref().and_then(|spec| spec.min_replicas);
    match remembered(&hpa) {
        Some(state) => {
            let original = &state["minReplicas"]["original"];
            assert!(original.is_null() || *original == json!(2), "{name}: {state}");
        }
        None => assert_eq!(minimum, Some(2), "{name}"),
    }
}

/// A window that opens every 12 seconds, for 6 of them, and not in the same second as that of another number.
fn one_second_after_the_other(env: &Env, name: &str, number: u32) -> String {
    let seconds: Vec<String> = (0..5).map(|turn| (turn * 12 + number).to_string()).collect();
    let every = seconds.join(",");
    pulses(&env.namespace, name, 12, 6, "minReplicas: 5").replace("'*/12 ", &format!("'{every} "))
}

/// What a user of `run` in one namespace needs.
fn role() -> Value {
    json!([
        {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["get", "list", "watch", "patch"]},
        {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch", "create", "patch", "update"]},
        {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]},
    ])
}

fn as_user(proxy: Proxy, env: &Env, user: &User, policies: &str) -> Replica {
    let kubeconfig = proxy.kubeconfig(user);
    let args = ["-n", &env.namespace, "--no-leader-election"];
    let program = Running::start(&kubeconfig, policies, &args);
    Replica { proxy, program }
}

async fn rights(env: Env) {
    for name in ["before", "after"] {
        hpa(&env, name).await;
    }
    let policies = |opens| raised(&env, "before", long_ago()) + &raised(&env, "after", opens);
    let user = env.limited();
    env.allow(&user, &role()).await;
    let proxy = Proxy::start(&env.plane, &env.namespace).await;
    let mut replica = as_user(proxy, &env, &user, &policies(far()));
    bounds_become(&env, "before", (5, 20), AGAIN).await;
    env.api::<RoleBinding>()
        .delete_collection(&DeleteParams::default(), &ListParams::default())
        .await
        .unwrap();
    for rule in role().as_array().unwrap() {
        env.wait_for_right(&user.name, rule, &env.namespace, false).await;
    }
    replica.proxy.end_watches();
    replica.program.told("cannot").await;
    let opens = replica.next_edge(policies).await;
    sleep_past(opens, Duration::from_secs(2)).await;
    assert_eq!(env.bounds("after").await, (2, 10));
    env.allow(&user, &role()).await;
    bounds_become(&env, "after", (5, 20), AGAIN).await;
    assert_originals(&env, "after").await;
    replica.release(&env, &["before", "after"]).await;
}

async fn token(env: Env) {
    for name in ["before", "after"] {
        hpa(&env, name).await;
    }
    let policies = |opens| raised(&env, "before", long_ago()) + &raised(&env, "after", opens);
    let old = env.service_account("easyscale").await;
    env.allow(&old, &role()).await;
    let proxy = Proxy::start(&env.plane, &env.namespace).await;
    let (kubeconfig, file) = proxy.kubeconfig_with_token_file(&old);
    let args = ["-n", &env.namespace, "--no-leader-election"];
    let program = Running::start(&kubeconfig, &policies(far()), &args);
    let mut replica = Replica { proxy, program };
    bounds_become(&env, "before", (5, 20), AGAIN).await;
    // A token is valid no longer than its account.
    env.api::<ServiceAccount>()
        .delete("easyscale", &DeleteParams::default())
        .await
        .unwrap();
    // The server remembers for some seconds whom it has let in.
    let hpas = kube::Api::<HorizontalPodAutoscaler>::namespaced(env.client(&old), &env.namespace);
    wait_for("the token to be refused", SOON, async || {
        match hpas.list(&ListParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 401 => Ok(()),
            other => Err(other.map(drop).map_err(|error| error.to_string())),
        }
    })
    .await;
    replica.proxy.end_watches();
    replica
        .program
        .told("the API server does not answer as it should")
        .await;
    let opens = replica.next_edge(policies).await;
    sleep_past(opens, Duration::from_secs(1)).await;
    assert_eq!(env.bounds("after").await, (2, 10));
    let new = env.service_account("easyscale").await;
    std::fs::write(file, new.token).unwrap();
    // The client reads it again within a minute.
    bounds_become(&env, "after", (5, 20), AGAIN + AGAIN).await;
    assert_originals(&env, "after").await;
    replica.program.told("the API server answers again").await;
    replica.release(&env, &["before", "after"]).await;
}

async fn guarded_release(env: Env) {
    hpa(&env, "web").await;
    let mut replica = Replica::alone(&env, &raised(&env, "web", long_ago())).await;
    replica.ready().await;
    bounds_become(&env, "web", (5, 20), SOON).await;
    // Mistyped, perhaps: there is no such target.
    let count = replica.program.count();
    replica
        .program
        .rewrite(&always(&env.namespace, "wbe", "minReplicas: 5, maxReplicas: 20"));
    replica.program.told_since(count, "target-missing").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    bounds_become(&env, "web", (5, 20), Duration::ZERO).await;
    replica.release(&env, &["web"]).await;
}

/// On a control plane of its own, which others do not need.
async fn outages(_: Env) {
    let options = Options {
        controller_manager: false,
        ..Options::default()
    };
    let plane = std::sync::Arc::new(ControlPlane::start(&options).await.unwrap());
    let env = Env::on(&plane).await;
    for name in ["stopped", "paused"] {
        hpa(&env, name).await;
    }
    let policies = |first, second| raised(&env, "stopped", first) + &raised(&env, "paused", second);
    let mut replica = Replica::alone(&env, &policies(far(), far())).await;
    replica.ready().await;
    let first = replica.next_edge(|edge| policies(edge, far())).await;
    let until_edge = first.duration_since(SystemTime::now()).unwrap_or_default();
    plane
        .restart_apiserver(until_edge + Duration::from_secs(2))
        .await
        .unwrap();
    assert!(SystemTime::now() > first, "it was down at the edge");
    bounds_become(&env, "stopped", (5, 20), AGAIN).await;
    replica.program.told("the API server answers again").await;

    let etcd = plane
        .processes()
        .into_iter()
        .find(|(name, _)| *name == "etcd")
        .unwrap()
        .1;
    let signal = |name: &str| {
        let kill = std::process::Command::new("kill")
            .args([format!("-{name}"), etcd.to_string()])
            .status();
        assert!(kill.unwrap().success());
    };
    let second = replica.next_edge(|edge| policies(first, edge)).await;
    signal("STOP");
    sleep_past(second, size(Duration::from_secs(5), Duration::from_secs(90))).await;
    signal("CONT");
    bounds_become(&env, "paused", (5, 20), AGAIN).await;
    for name in ["stopped", "paused"] {
        assert_originals(&env, name).await;
        assert_eq!(replica.writes_of(name).await, 1, "{name}");
    }
    replica.release(&env, &["stopped", "paused"]).await;
}

/// Seconds without a sign of life after which another replica takes over. Two thirds of it are more than a busy machine keeps a
/// leader from renewing.
const LEASE: u64 = 10;

/// A lease that nobody renews is over after its time, and taken at the next look; and then much more for a slow machine.
const SUCCESSION: Duration = Duration::from_secs(LEASE * 3);

/// Three replicas that want to lead, and a write that is due in every second.
struct Replicas {
    replicas: Vec<Replica>,
    names: Vec<String>,
    /// When each of them is due.
    due: Vec<SystemTime>,
    leader: usize,
}

impl Replicas {
    async fn start(env: &Env, seconds: u64) -> Self {
        let names: Vec<String> = (0..seconds).map(|number| format!("web-{number}")).collect();
        for name in &names {
            hpa(env, name).await;
        }
        let policies = |due: &[SystemTime]| -> String {
            let rules = names.iter().zip(due);
            rules.map(|(name, due)| raised(env, name, *due)).collect()
        };
        let later = vec![far(); names.len()];
        let mut replicas = Vec::new();
        for number in 0..3 {
            let proxy = Proxy::start(&env.plane, &format!("{}-{number}", env.namespace)).await;
            let duration = format!("{LEASE}s");
            let args = ["--lease-duration", &duration];
            replicas.push(Replica::behind(proxy, env, &policies(&later), &args));
        }
        let mut first = SystemTime::now();
        for replica in &mut replicas {
            replica.ready().await;
            first = first.max(replica.program.ahead().await);
        }
        wait_for("one to lead", AGAIN, async || {
            let told = replicas.iter().map(|replica| replica.program.text());
            let leads = told.into_iter().any(|text| text.contains("\"leading\""));
            if leads { Ok(()) } else { Err(()) }
        })
        .await;
        let due: Vec<SystemTime> = (0..seconds)
            .map(|number| first + Duration::from_secs(number))
            .collect();
        for replica in &mut replicas {
            replica.program.put_in_force(&policies(&due)).await;
        }
        let mut all = Self {
            replicas,
            names,
            due,
            leader: 0,
        };
        all.leader = all.new_leader(None).await;
        all
    }

    /// Waits until all that is due by now is done.
    async fn caught_up(&self, env: &Env) {
        let now = SystemTime::now();
        for (name, due) in self.names.iter().zip(&self.due) {
            if *due <= now {
                bounds_become(env, name, (5, 20), AGAIN).await;
            }
        }
    }

    /// Waits for the first write of somebody else than `former`.
    async fn new_leader(&self, former: Option<usize>) -> usize {
        let before: Vec<usize> = self
            .replicas
            .iter()
            .map(|replica| replica.proxy.writes().len())
            .collect();
        wait_for("a leader's write", AGAIN, async || {
            let writes = self.replicas.iter().map(|replica| replica.proxy.writes().len());
            let newer = writes.zip(&before).map(|(now, before)| now > *before);
            newer
                .enumerate()
                .find(|(number, wrote)| *wrote && Some(*number) != former)
                .map(|(number, _)| number)
                .ok_or("nobody wrote")
        })
        .await
    }

    fn leader(&mut self) -> &mut Replica {
        &mut self.replicas[self.leader]
    }

    /// All is done, by one at a time, within the time that a hand-over may take; and `old` wrote nothing any more.
    async fn assert_one_at_a_time(mut self, env: &Env, hand_over: Duration) {
        for name in &self.names {
            bounds_become(env, name, (5, 20), AGAIN).await;
            assert_originals(env, name).await;
        }
        for replica in &self.replicas {
            replica.proxy.settled().await;
        }
        let mut writes: Vec<Exchange> = self
            .replicas
            .iter()
            .flat_map(|replica| replica.proxy.writes())
            .collect();
        writes.sort_by_key(|write| write.forwarded);
        let mut terms: Vec<&str> = writes.iter().map(|write| write.client.as_str()).collect();
        terms.dedup();
        assert_eq!(terms.len(), 2, "one leader after the other: {terms:?}");
        let gap = writes
            .windows(2)
            .filter_map(|pair| pair[1].forwarded?.duration_since(pair[0].forwarded?).ok())
            .max()
            .unwrap_or_default();
        // A write is due in every second.
        assert!(gap < hand_over, "{gap:?}");
        let mut per_target: BTreeMap<&str, usize> = BTreeMap::new();
        for name in &self.names {
            *per_target.entry(name).or_default() += writes.iter().filter(|one| path_ends(one, name)).count();
        }
        let twice: Vec<_> = per_target.iter().filter(|(_, count)| **count != 1).collect();
        assert!(twice.is_empty(), "{twice:?}");
        for replica in &mut self.replicas {
            if replica.program.is_running() {
                replica.end().await;
            }
        }
    }
}

async fn leader_killed(env: Env) {
    let mut all = Replicas::start(&env, 20).await;
    all.leader().program.signal("KILL");
    all.new_leader(Some(all.leader)).await;
    all.assert_one_at_a_time(&env, SUCCESSION).await;
}

async fn leader_ended(env: Env) {
    let mut all = Replicas::start(&env, 12).await;
    all.leader().end().await;
    all.new_leader(Some(all.leader)).await;
    // It was released, so nobody waits for its end.
    all.assert_one_at_a_time(&env, Duration::from_secs(LEASE)).await;
}

async fn leader_paused(env: Env) {
    let mut all = Replicas::start(&env, 30).await;
    all.leader().program.signal("STOP");
    all.new_leader(Some(all.leader)).await;
    let lines = all.leader().program.count();
    all.leader().program.signal("CONT");
    all.leader()
        .program
        .told_since(lines, "not leading any more")
        .await;
    all.assert_one_at_a_time(&env, SUCCESSION).await;
}

async fn leader_cut_off(env: Env) {
    let mut all = Replicas::start(&env, 30).await;
    all.leader().proxy.network(Network::Silent);
    all.leader().program.told("not leading any more").await;
    all.new_leader(Some(all.leader)).await;
    all.caught_up(&env).await;
    // What it had sent before it knew arrives now, and is refused by what it was meant for.
    all.leader().proxy.network(Network::Up);
    all.assert_one_at_a_time(&env, SUCCESSION).await;
}
