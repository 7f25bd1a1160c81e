//! How it begins: with mistakes it does not, with the least rights it does, and in a dry run nothing comes of it.

use std::net::TcpListener;
use std::path::Path;

use serde::Deserialize as _;
use serde_json::{Value, json};

use super::{SOON, Scene, lines, open, schedule};
use crate::road::{assert_no_trace, edit, web};
use crate::support::{Case, Env, Running, case, fixtures, wait_for};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "run, start: mistakes in the policies end it, and are shown",
            mistakes,
        ),
        case("run, start: no cluster, no start", no_cluster),
        case("run, start: a port in use is told", port_in_use),
        case(
            "run, start: the rights of a Role are enough, and none of them too many",
            least_rights,
        ),
        case(
            "run, start: a dry run writes nothing and says once what it would write",
            dry_run,
        ),
        case(
            "run, start: what people hang on their objects does not decide how much memory it takes",
            heavy_objects,
        ),
    ]
}

fn floor_5(scene: &Scene) -> String {
    scene.rule("web", &schedule(&[open("minReplicas: 5")]))
}

async fn ends_with_1(run: &mut Running) -> String {
    assert_eq!(run.ended(SOON).await, Some(1), "{}", run.text());
    run.text()
}

async fn mistakes(env: Env) {
    let scene = Scene::new(env);
    let spoilt = floor_5(&scene).replace("minReplicas: 5", "minReplicaz: 5");
    let mut run = scene.run(&spoilt, &[]);
    let told = ends_with_1(&mut run).await;
    assert!(
        told.contains("minReplicaz") && told.contains("rules.yaml:7:"),
        "{told}"
    );
    assert!(told.contains("did you mean"), "{told}");
    let mut run = scene.run("", &[]);
    let told = ends_with_1(&mut run).await;
    assert!(told.contains("--allow-empty"), "{told}");
    assert!(scene.env.requests(&scene.user).await.is_empty());
}

/// The most memory that a process has held, in MiB; none where the system does not tell.
fn peak(run: &Running) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", run.pid())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes >> 10)
}

async fn heavy_objects(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let weigh = async |autoscalers: usize| {
        let mut run = scene.run(&floor_5(&scene), &["--no-leader-election"]);
        let seen = run.told("the cluster is seen").await;
        assert_eq!(seen["autoscalers"], json!(autoscalers));
        peak(&run)
    };
    let light = weigh(1).await;
    // Nearly as much as Kubernetes takes.
    let ballast = "x".repeat(250_000);
    for number in 0..200 {
        let name = format!("heavy-{number}");
        let mut hpa = fixtures::hpa(&name, ("Deployment", &name), 2, 10);
        hpa["metadata"]["annotations"] = json!({"ballast": ballast});
        scene.env.create(&hpa).await;
    }
    let heavy = weigh(201).await;
    if let (Some(light), Some(heavy)) = (light, heavy) {
        // 48 MiB in all, of which a page of 8 is held at a time, as text and as what is read of it.
        assert!(heavy < light + 32, "{heavy} MiB, {light} MiB without them");
    }
}

async fn no_cluster(env: Env) {
    let scene = Scene::new(env);
    let mut run = Running::start(Path::new("/nowhere/kubeconfig"), &floor_5(&scene), &[]);
    let told = ends_with_1(&mut run).await;
    assert!(told.contains("kubeconfig"), "{told}");
}

async fn port_in_use(env: Env) {
    let scene = Scene::new(env);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let rules = floor_5(&scene);
    let args = ["run", "policies", "--listen", &address];
    let mut run = Running::command(&scene.env.kubeconfig(&scene.user), &rules, &args);
    let told = ends_with_1(&mut run).await;
    assert!(
        told.contains(&address) && told.contains("another program listens there"),
        "{told}"
    );
    assert!(scene.env.requests(&scene.user).await.is_empty());
}

/// The rules of deploy/kustomize/base/rbac.yaml, of the ClusterRole and of the Role; the Lease is named after the instance.
fn rights(scene: &Scene) -> Vec<Value> {
    let text = std::fs::read_to_string("deploy/kustomize/base/rbac.yaml").unwrap();
    let documents = serde_yaml::Deserializer::from_str(&text);
    let documents: Vec<Value> = documents
        .map(|document| Value::deserialize(document).unwrap())
        .collect();
    let roles = documents
        .iter()
        .filter(|document| document["kind"] == "ClusterRole" || document["kind"] == "Role");
    let mut rules: Vec<Value> = roles
        .flat_map(|role| role["rules"].as_array().unwrap().clone())
        .collect();
    for rule in &mut rules {
        if rule["resourceNames"] == json!(["easyscale"]) {
            rule["resourceNames"] = json!([format!("easyscale-{}", scene.env.namespace)]);
        }
    }
    rules
}

async fn least_rights(env: Env) {
    web(&env).await;
    env.create(&fixtures::deployment("job", 2)).await;
    env.create(&fixtures::stateful_set("db", 2)).await;
    let scene = Scene::new(env);
    let user = scene.env.limited();
    let rights = rights(&scene);
    scene.env.allow(&user, &json!(rights)).await;
    let rules = format!(
        "{}{}{}",
        floor_5(&scene),
        scene.rule("job", &schedule(&[open("replicas: 3")])),
        scene.named_rule("db-rule", "StatefulSet", "db", &schedule(&[open("replicas: 4")]))
    );
    let mut run = scene.run_as(&user, &rules, &["--allow-empty"]);
    scene.bounds_become("web", (5, 10)).await;
    scene.env.wait_for_replicas("Deployment", "job", 3).await;
    scene.env.wait_for_replicas("StatefulSet", "db", 4).await;
    // The same twice is a series.
    for _ in 0..2 {
        scene
            .env
            .apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 2, 10))
            .await;
        scene.bounds_become("web", (5, 10)).await;
    }
    run.rewrite("");
    scene.free_with("web", (2, 10)).await;
    scene.env.wait_for_replicas("Deployment", "job", 2).await;
    scene.env.wait_for_replicas("StatefulSet", "db", 2).await;
    wait_for("the memories to go", SOON, async || {
        let kept = scene.remembered().await;
        if kept.is_empty() { Ok(()) } else { Err(kept) }
    })
    .await;
    scene.told("BoundsRestored").await;
    // None of them is for nothing, but those for looking again after a conflict. A watch is told when it has ended.
    let unused = async |is_over: bool| {
        let requests = scene.env.requests(&user).await;
        let mut unused = Vec::new();
        for rule in &rights {
            let is_of = |resource: &str| {
                let resources = rule["resources"].as_array().unwrap();
                resources.iter().any(|one| one == resource)
            };
            // Not installed here.
            if is_of("scaledobjects") || is_of("datadogpodautoscalers") {
                continue;
            }
            for verb in rule["verbs"].as_array().unwrap() {
                let is_used = requests
                    .iter()
                    .any(|request| json!(request.verb) == *verb && is_of(&request.resource));
                let is_again = *verb == "get" && !is_of("leases");
                let is_open = *verb == "watch" && !is_over;
                if !(is_used || is_again || is_open) {
                    unused.push(format!("{verb} of {}", rule["resources"]));
                }
            }
        }
        if unused.is_empty() { Ok(()) } else { Err(unused) }
    };
    wait_for("each right to be used", SOON, async || unused(false).await).await;
    run.signal("TERM");
    assert_eq!(run.ended(SOON).await, Some(0));
    wait_for("each right to be used", SOON, async || unused(true).await).await;
    let requests = scene.env.requests(&user).await;
    let refused: Vec<_> = requests.iter().filter(|request| request.code == 403).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

async fn dry_run(env: Env) {
    web(&env).await;
    env.create(&fixtures::deployment("job", 1)).await;
    let scene = Scene::new(env);
    let rules = format!(
        "{}{}",
        floor_5(&scene),
        scene.rule("job", &schedule(&[open("replicas: 3")]))
    );
    let mut run = scene.run(&rules, &["--dry-run"]);
    let line = run.told("\"change\":\"minReplicas 2 -> 5\"").await;
    assert_eq!(
        (&line["message"], &line["name"]),
        (&json!("would change"), &json!("web"))
    );
    run.told("\"change\":\"replicas 1 -> 3\"").await;
    // Looked at again, it is nothing new; another change is.
    let count = run.count();
    run.rewrite(&format!("# The same again.\n{rules}"));
    run.told_since(count, "new policies are in force").await;
    edit(&scene.env, "web", json!({"minReplicas": 3})).await;
    run.told("\"change\":\"minReplicas 3 -> 5\"").await;
    assert_eq!(
        lines(&run, "\"message\":\"would change\"").len(),
        3,
        "{}",
        run.text()
    );
    let requests = scene.env.requests(&scene.user).await;
    let writes: Vec<_> = requests.iter().filter(|request| request.is_write()).collect();
    assert!(writes.is_empty(), "not even a lease or an event: {writes:#?}");
    // Paths such as /apis are for everybody who may talk to the server at all.
    let more = requests
        .iter()
        .find(|request| !request.resource.is_empty() && !matches!(request.verb.as_str(), "list" | "watch"));
    assert_eq!(more, None, "list and watch are enough");
    assert_no_trace(&scene.env, "web").await;
}
