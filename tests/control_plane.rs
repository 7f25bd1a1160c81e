//! The control plane for tests, tried against itself: what the other tests take for granted.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: a panic is how a test fails"
)]

mod support;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::config::AuthInfo;
use kube::{Api, Client, Config};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};
use support::proxy::{Answer, Fault, Network, Proxy, When};
use support::{ControlPlane, Env, Options, Running, case, fixtures, timetable};

/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(90);

fn main() -> ExitCode {
    support::run(vec![
        case("the server has the version that go.mod names", version),
        case("raising a floor raises the Deployment", floor_deployment).needs_controllers(),
        case("raising a floor raises the StatefulSet", floor_stateful_set).needs_controllers(),
        case("objects belong to the manager that applied them", managers),
        case("the audit log counts requests", audit),
        case("a limited user may do what it was allowed", limited),
        case("a service account's own token works", service_account),
        case("a kubeconfig leads to the server", kubeconfig),
        case("a proxy passes on, delays, damages and records", proxy),
        case("a proxy gets into watches", proxied_watches),
        case("a program is started, listened to, stopped and killed", running),
        case("two control planes run side by side, and go away", two_planes),
    ])
}

async fn version(env: Env) {
    if std::env::var_os("KUBEBUILDER_ASSETS").is_some() {
        eprintln!("!! NOT TESTED: the version; KUBEBUILDER_ASSETS decides it");
        return;
    }
    let version = env.client.apiserver_version().await.unwrap();
    let asked = support::kubernetes_version().unwrap();
    assert_eq!(version.git_version, asked);
    let numbers = format!("v{}.{}.", version.major, version.minor);
    assert!(asked.starts_with(&numbers), "{numbers} is not of {asked}");
}

async fn raise_floor(env: &Env, hpa: &str, min: i32) {
    let patch = Patch::Merge(json!({"spec": {"minReplicas": min}}));
    env.api::<HorizontalPodAutoscaler>()
        .patch(hpa, &PatchParams::default(), &patch)
        .await
        .unwrap();
}

async fn floor_deployment(env: Env) {
    env.create(&fixtures::deployment("web", 1)).await;
    env.apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 2, 10))
        .await;
    env.wait_for_replicas("Deployment", "web", 2).await;
    raise_floor(&env, "web", 7).await;
    env.wait_for_replicas("Deployment", "web", 7).await;
    assert_eq!(env.bounds("web").await, (7, 10));
}

async fn floor_stateful_set(env: Env) {
    env.create(&fixtures::stateful_set("db", 1)).await;
    env.create(&fixtures::hpa("db", ("StatefulSet", "db"), 3, 5))
        .await;
    env.wait_for_replicas("StatefulSet", "db", 3).await;
}

async fn managers(env: Env) {
    let hpa = env
        .apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 2, 10))
        .await;
    let managers: Vec<_> = hpa
        .metadata
        .managed_fields
        .unwrap()
        .into_iter()
        .map(|f| f.manager.unwrap())
        .collect();
    assert_eq!(managers, ["helm"]);
}

async fn audit(env: Env) {
    env.create(&fixtures::hpa("web", ("Deployment", "web"), 2, 10))
        .await;
    let before = env.requests(&env.admin).await;
    assert!(
        before
            .iter()
            .any(|r| r.verb == "create" && r.resource == "horizontalpodautoscalers" && r.code == 201)
    );

    let hpas = env.api::<HorizontalPodAutoscaler>();
    hpas.list(&ListParams::default()).await.unwrap();
    let dry = PatchParams {
        dry_run: true,
        ..PatchParams::default()
    };
    hpas.patch("web", &dry, &Patch::Merge(json!({"spec": {"minReplicas": 3}})))
        .await
        .unwrap();
    raise_floor(&env, "web", 4).await;

    let after = env.requests(&env.admin).await.split_off(before.len());
    let seen: Vec<_> = after
        .iter()
        .map(|r| (r.verb.as_str(), r.is_write(), r.is_dry_run(), r.code))
        .collect();
    let expected = [
        ("list", false, false, 200),
        ("patch", true, true, 200),
        ("patch", true, false, 200),
    ];
    assert_eq!(seen, expected);
    assert!(
        after
            .iter()
            .all(|r| r.namespace == env.namespace && r.resource == "horizontalpodautoscalers")
    );
}

async fn limited(env: Env) {
    let user = env.limited();
    let hpas = Api::<HorizontalPodAutoscaler>::namespaced(env.client(&user), &env.namespace);
    let refused = |error: kube::Error| matches!(error, kube::Error::Api(status) if status.is_forbidden());
    assert!(refused(hpas.list(&ListParams::default()).await.unwrap_err()));

    let read =
        json!([{"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["list"]}]);
    env.allow(&user, &read).await;
    support::wait_for("the RBAC cache", SOON, async || {
        hpas.list(&ListParams::default()).await.map_err(|e| e.to_string())
    })
    .await;
    assert!(refused(hpas.get("web").await.unwrap_err()));
    let everywhere = Api::<HorizontalPodAutoscaler>::all(env.client(&user));
    assert!(refused(
        everywhere.list(&ListParams::default()).await.unwrap_err()
    ));

    env.allow_everywhere(&user, &read).await;
    support::wait_for("the RBAC cache", SOON, async || {
        everywhere
            .list(&ListParams::default())
            .await
            .map_err(|e| e.to_string())
    })
    .await;
    let codes: Vec<_> = env.requests(&user).await.iter().map(|r| r.code).collect();
    assert_eq!(codes.first(), Some(&403));
    assert_eq!(codes.last(), Some(&200));
}

async fn service_account(env: Env) {
    let user = env.service_account("easyscale").await;
    let hpas = Api::<HorizontalPodAutoscaler>::namespaced(env.client(&user), &env.namespace);
    let error = hpas.list(&ListParams::default()).await.unwrap_err().to_string();
    assert!(
        error.contains(&user.name) && error.contains("cannot list"),
        "{error}"
    );
}

async fn kubeconfig(env: Env) {
    let kubeconfig = kube::config::Kubeconfig::read_from(env.kubeconfig(&env.limited())).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &Default::default())
        .await
        .unwrap();
    let client = Client::try_from(config).unwrap();
    assert!(!client.apiserver_version().await.unwrap().git_version.is_empty());
}

async fn two_planes(env: Env) {
    let options = Options {
        controller_manager: false,
        audit_log: false,
        feature_gates: vec!["HPAScaleToZero=false".into()],
        ..Options::default()
    };
    let other = std::sync::Arc::new(ControlPlane::start(&options).await.unwrap());
    assert_ne!(other.url(), env.plane.url());
    let there = Env::on(&other).await;
    there
        .create(&fixtures::hpa("only-here", ("Deployment", "web"), 2, 10))
        .await;
    assert_eq!(there.bounds("only-here").await, (2, 10));
    let here = Api::<HorizontalPodAutoscaler>::all(env.client.clone())
        .list(&ListParams::default())
        .await
        .unwrap();
    assert!(
        here.iter()
            .all(|hpa| hpa.metadata.name.as_deref() != Some("only-here"))
    );

    let processes = other.processes();
    assert_eq!(
        processes.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["etcd", "kube-apiserver"]
    );
    other.stop();
    assert!(!other.path().exists());
    for (name, pid) in processes {
        // Linux only; elsewhere nothing is there either.
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{name} still runs");
    }
}

/// ConfigMaps of this test's namespace as its administrator sees them through a proxy, without a second try.
fn through(proxy: &Proxy, env: &Env) -> Api<ConfigMap> {
    let mut config = Config::new(proxy.url().parse().unwrap());
    config.default_retry = false;
    config.auth_info = AuthInfo {
        token: Some(env.admin.token.clone().into()),
        ..AuthInfo::default()
    };
    Api::namespaced(Client::try_from(config).unwrap(), &env.namespace)
}

fn config_map(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"key": "value ".repeat(1000)}}))
        .unwrap()
}

async fn proxy(env: Env) {
    let proxy = Proxy::start(&env.plane, "one").await;
    let api = through(&proxy, &env);
    let create = async |name: &str| api.create(&PostParams::default(), &config_map(name)).await;
    let exists = async |name: &str| env.api::<ConfigMap>().get_opt(name).await.unwrap().is_some();
    let status = |error: kube::Error| match error {
        kube::Error::Api(status) => status.code,
        other => panic!("{other}"),
    };

    create("plain").await.unwrap();
    let seen = proxy.seen();
    assert_eq!(
        (seen[0].client.as_str(), seen[0].method.as_str()),
        ("one", "POST")
    );
    assert!(seen[0].body.contains("plain") && seen[0].is_write());
    assert!(seen[0].forwarded.unwrap() >= seen[0].received);
    assert!(matches!(seen[0].answered, Some((_, 201))), "{seen:?}");

    // A refusal is used up in order, and does not reach the server.
    proxy.fault_times(
        1,
        When::method("POST").body("busy"),
        Fault::Answer(Answer::busy(1)),
    );
    create("other").await.unwrap();
    assert_eq!(status(create("busy").await.unwrap_err()), 429);
    assert!(!exists("busy").await);
    create("busy").await.unwrap();
    // What the server itself refuses is passed on.
    assert_eq!(status(create("busy").await.unwrap_err()), 409);

    proxy.fault_times(1, When::method("POST"), Fault::LoseAnswer);
    create("lost").await.unwrap_err();
    assert!(exists("lost").await);

    proxy.fault_times(
        1,
        When::method("GET").path("/configmaps/").path("lost"),
        Fault::CutBody,
    );
    api.get("lost").await.unwrap_err();
    api.get("lost").await.unwrap();

    // It arrives late, although nobody waits for it any more.
    let late = Duration::from_secs(5);
    proxy.fault_times(1, When::always(), Fault::Late(late));
    let patience = Duration::from_millis(200);
    tokio::time::timeout(patience, create("late")).await.unwrap_err();
    support::wait_for("what is late", SOON, async || {
        if exists("late").await { Ok(()) } else { Err(()) }
    })
    .await;
    proxy.settled().await;
    let seen = proxy.seen();
    let sent = seen.iter().find(|one| one.body.contains("\"late\"")).unwrap();
    assert!(sent.forwarded.unwrap() >= sent.received + late, "{sent:?}");
    assert_eq!(sent.outcome, Some(201));

    proxy.fault_times(1, When::always(), Fault::Hang);
    tokio::time::timeout(patience, create("hung")).await.unwrap_err();

    proxy.network(Network::Reset);
    create("cut").await.unwrap_err();
    proxy.network(Network::Silent);
    let silent = create("silent");
    tokio::pin!(silent);
    tokio::time::timeout(patience, &mut silent).await.unwrap_err();
    proxy.network(Network::Up);
    silent.await.unwrap();
    assert!(!exists("hung").await && !exists("cut").await && exists("silent").await);
}

async fn proxied_watches(env: Env) {
    let proxy = Proxy::start(&env.plane, "two").await;
    let api = through(&proxy, &env);
    let watch = async || api.watch(&WatchParams::default(), "0").await.unwrap().boxed();
    let next = async |events: &mut futures::stream::BoxStream<'_, kube::Result<WatchEvent<ConfigMap>>>| {
        tokio::time::timeout(SOON, events.try_next()).await.unwrap()
    };

    let mut events = watch().await;
    env.api::<ConfigMap>()
        .create(&PostParams::default(), &config_map("a"))
        .await
        .unwrap();
    // The server's own objects may come first.
    while !matches!(next(&mut events).await, Ok(Some(WatchEvent::Added(map))) if map.metadata.name.as_deref() == Some("a"))
    {
    }
    proxy.expire_watches("configmaps");
    match next(&mut events).await {
        Ok(Some(WatchEvent::Error(status))) => assert_eq!(status.code, 410),
        other => panic!("{other:?}"),
    }
    assert!(matches!(next(&mut events).await, Ok(None)), "it ended");

    let mut events = watch().await;
    while !matches!(next(&mut events).await, Ok(Some(WatchEvent::Added(map))) if map.metadata.name.as_deref() == Some("a"))
    {
    }
    proxy.say_in_watches("configmaps", "<html>");
    // Until it is told: events of other objects may be on their way.
    while let Ok(event) = next(&mut events).await {
        assert!(event.is_some(), "the nonsense is not passed over");
    }

    let mut events = watch().await;
    proxy.reset_watches();
    while let Ok(event) = next(&mut events).await {
        assert!(event.is_some(), "a reset is not an end");
    }
    assert_eq!(proxy.seen().iter().filter(|one| one.is_watch()).count(), 3);
}

async fn running(env: Env) {
    env.create(&fixtures::deployment("web", 1)).await;
    let proxy = Proxy::start(&env.plane, "three").await;
    let now = SystemTime::now();
    let open = timetable::one_window(&env.namespace, "web", now, timetable::far(), "replicas: 3");
    let pulse = timetable::pulses(&env.namespace, "other", 10, 5, "replicas: 3");
    let always = timetable::always(&env.namespace, "third", "minReplicas: 3");
    let policies = format!("{open}{pulse}{always}");
    let args = ["apply", "policies", "--allow-refused", "-n", &env.namespace];
    let start = || Running::command(&proxy.kubeconfig(&env.admin), &policies, &args);
    let mut program = start();
    program.told("\"web\"").await;
    assert_eq!(program.ended(SOON).await, Some(0), "{}", program.text());
    assert_eq!(env.replicas("Deployment", "web").await, 3);
    let writes = proxy.writes();
    assert!(
        writes.iter().any(|write| write.path.contains("/scale")),
        "{writes:?}"
    );

    proxy.fault(When::always(), Fault::Hang);
    let mut program = start();
    program.signal("STOP");
    assert!(program.is_running());
    program.signal("CONT");
    program.signal("KILL");
    assert_eq!(program.ended(SOON).await, None);
}
