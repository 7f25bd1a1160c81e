//! Rules from inside the cluster: custom resources and ConfigMaps, each used or refused by itself, and what their
//! status says.

use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::events::v1::Event;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::{SOON, Scene};
use crate::custom::{install, rules, status, status_becomes};
use crate::road::web;
use crate::support::timetable::{far, in_seconds, sleep_past};
use crate::support::{Case, Env, case, fixtures, wait_for};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("run, supplied: the life of a ScalingRule", life),
        case("run, supplied: a window of a ScalingRule opens and closes", edges).needs_controllers(),
        case("run, supplied: the life of a ConfigMap with rules", config_map),
        case(
            "run, supplied: a mistake keeps the last good rules, and restores nothing of its namespace",
            mistakes,
        ),
        case("run, supplied: a rule reaches its own namespace only", tenancy),
        case(
            "run, supplied: a target that may not be seen is told as such",
            unseen,
        ),
        case("run, supplied: the operator's limits hold", limits),
        case(
            "run, supplied: two rules for one target, both are named",
            two_rules,
        ),
        case("run, supplied: radio silence, and one status per change", silence),
        case("run, supplied: a rule that nobody defined yet", undefined),
        case("apply: rules from the cluster, with their status", one_shot),
    ]
}

/// A window that is open as long as anybody tests.
fn always(sets: &Value) -> Value {
    let mut window = json!({"name": "always", "from": "2020-01-01T00:00Z", "until": "2100-01-01T00:00Z"});
    window
        .as_object_mut()
        .unwrap()
        .extend(sets.as_object().unwrap().clone());
    window
}

fn rule(name: &str, target: &str, windows: &[Value]) -> Value {
    json!({
        "apiVersion": "easyscale.io/v1", "kind": "ScalingRule", "metadata": {"name": name},
        "spec": {"target": {"kind": "Deployment", "name": target}, "schedule": windows},
    })
}

fn policies(name: &str, text: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "labels": {"easyscale.io/policy": "true"}},
        "data": {"10-rules.yaml": text},
    })
}

async fn life(env: Env) {
    install(&env).await;
    web(&env).await;
    let scene = Scene::new(env);
    let mut run = scene.run("", &["--scaling-rules"]);
    run.told("the rules in the cluster are seen").await;
    scene
        .env
        .create(&rule("web", "web", &[always(&json!({"minReplicas": 5}))]))
        .await;
    scene.bounds_become("web", (5, 10)).await;
    let told = status_becomes(&scene.env, "web", ("True", "InForce")).await;
    assert_eq!(told["activeWindows"], json!(["always"]));
    assert_eq!(told["bounds"], json!({"minReplicas": 5, "maxReplicas": 10}));
    assert_eq!(told["originals"], json!({"minReplicas": 2}));
    assert_eq!(
        told["target"],
        json!(format!("Deployment {}/web", scene.env.namespace))
    );
    assert_eq!(told["observedGeneration"], json!(1));
    assert_eq!(told["conditions"][0]["status"], json!("True"));
    let kept = crate::road::memory(&scene.env, "web").await.unwrap();
    assert_eq!(kept["rule"], json!(format!("{}/web", scene.env.namespace)));

    let patch = json!({"spec": {"schedule": [always(&json!({"minReplicas": 6}))]}});
    rules(&scene.env)
        .patch("web", &PatchParams::default(), &Patch::Merge(patch))
        .await
        .unwrap();
    scene.bounds_become("web", (6, 10)).await;
    wait_for("the status of the change", SOON, async || {
        let told = status(&scene.env, "web").await;
        if told["observedGeneration"] == 2 && told["bounds"]["minReplicas"] == 6 {
            Ok(())
        } else {
            Err(told)
        }
    })
    .await;

    rules(&scene.env)
        .delete("web", &DeleteParams::default())
        .await
        .unwrap();
    scene.free_with("web", (2, 10)).await;
    run.told("its rules are gone").await;
}

async fn edges(env: Env) {
    install(&env).await;
    web(&env).await;
    let scene = Scene::new(env);
    let text = |time| easyscale::time::Instant::from_system_time(time).to_string();
    let peak = |opens, closes| json!([{"name": "peak", "from": text(opens), "until": text(closes), "minReplicas": 5, "maxReplicas": 20}]);
    let set = async |schedule: Value| {
        let patch = json!({"spec": {"schedule": schedule}});
        let params = PatchParams::default();
        let api = rules(&scene.env);
        api.patch("web", &params, &Patch::Merge(patch)).await.unwrap();
    };
    let says = async |what: &str, generation: u32, active: Value, next: Value| {
        wait_for(what, SOON, async || {
            let told = status(&scene.env, "web").await;
            let is_it = told["observedGeneration"] == generation
                && told["activeWindows"] == active
                && told["nextChange"] == next
                && told["originals"].is_null() == (active == json!([]));
            if is_it { Ok(()) } else { Err(told) }
        })
        .await;
    };
    // When the test wants it to open and to close is decided later: on a slow machine all takes longer.
    let (later, latest) = (far(), far() + Duration::from_secs(3600));
    scene
        .env
        .create(&rule("web", "web", peak(later, latest).as_array().unwrap()))
        .await;
    let mut run = scene.run("", &["--scaling-rules"]);
    let before = status_becomes(&scene.env, "web", ("True", "InForce")).await;
    assert_eq!(
        (&before["activeWindows"], &before["nextChange"]),
        (&json!([]), &json!(text(later)))
    );
    let opens = run.ahead().await;
    set(peak(opens, latest)).await;
    scene.bounds_become("web", (5, 20)).await;
    assert!(std::time::SystemTime::now() >= opens);
    scene.env.wait_for_replicas("Deployment", "web", 5).await;
    says(
        "the status of the open window",
        2,
        json!(["peak"]),
        json!(text(latest)),
    )
    .await;
    let closes = run.ahead().await;
    set(peak(opens, closes)).await;
    says("the status of its end", 3, json!(["peak"]), json!(text(closes))).await;
    scene.free_with("web", (2, 10)).await;
    assert!(std::time::SystemTime::now() >= closes);
    says("the status of the closed window", 3, json!([]), Value::Null).await;
    run.told("\"message\":\"restored\"").await;
    // One when it was seen, one each when the window was moved, one when it opened, one when it closed.
    assert_eq!(statuses(&scene).await, 5);
}

/// How many statuses the program has written so far.
async fn statuses(scene: &Scene) -> usize {
    let requests = scene.env.requests(&scene.user).await;
    let written = requests
        .iter()
        .filter(|request| request.resource.starts_with("scalingrules") && request.verb == "patch");
    written.count()
}

async fn config_map(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let mut run = scene.run("", &["--config-maps"]);
    run.told("the rules in the cluster are seen").await;
    let text = |floor: u32| {
        format!(
            "rules: {{web: {{target: {{kind: Deployment, name: web}}, schedule: {{always: {{from: '2020-01-01T00:00Z', until: \
             '2100-01-01T00:00Z', minReplicas: {floor}}}}}}}}}\n"
        )
    };
    scene.env.create(&policies("hours", &text(5))).await;
    scene.bounds_become("web", (5, 10)).await;
    let changed = run.told("\"message\":\"changed\"").await;
    let namespace = &scene.env.namespace;
    assert!(
        changed["sources"]
            .as_str()
            .unwrap()
            .starts_with(&format!("configmap {namespace}/hours, key 10-rules.yaml:1:")),
        "{changed}"
    );
    // A second key is a later layer of the same scope.
    let maps = scene.env.api::<ConfigMap>();
    let more = json!({"data": {"20-more.toml": "[rules.web.schedule.always]\nminReplicas = 6\n"}});
    maps.patch("hours", &PatchParams::default(), &Patch::Merge(more))
        .await
        .unwrap();
    scene.bounds_become("web", (6, 10)).await;
    // Without its label it is no policy any more.
    let bare = json!({"metadata": {"labels": {"easyscale.io/policy": null}}});
    maps.patch("hours", &PatchParams::default(), &Patch::Merge(bare))
        .await
        .unwrap();
    scene.free_with("web", (2, 10)).await;
}

async fn mistakes(env: Env) {
    install(&env).await;
    for name in ["web", "other"] {
        env.create(&fixtures::deployment(name, 2)).await;
        env.apply_as("helm", &fixtures::hpa(name, ("Deployment", name), 2, 10))
            .await;
    }
    let scene = Scene::new(env);
    let maps = scene.env.api::<ConfigMap>();
    let text = "rules: {web: {target: {kind: Deployment, name: web}, default: {minReplicas: 5}}}\n";
    scene.env.create(&policies("hours", text)).await;
    scene
        .env
        .create(&rule("other", "other", &[always(&json!({"minReplicas": 4}))]))
        .await;
    let mut run = scene.run("", &["--config-maps", "--scaling-rules"]);
    scene.bounds_become("web", (5, 10)).await;
    scene.bounds_become("other", (4, 10)).await;

    let set = async |text: &str| {
        let patch = json!({"data": {"10-rules.yaml": text}});
        maps.patch("hours", &PatchParams::default(), &Patch::Merge(patch))
            .await
            .unwrap();
    };
    set(&text.replace("5", "five")).await;
    let line = run.told("the last good rules of it stay in force").await;
    assert!(
        line["reason"].as_str().unwrap().contains("key 10-rules.yaml:1:"),
        "{line}"
    );
    let note = scene.told("PolicyInvalid").await;
    assert!(note.contains("`minReplicas` must be a whole number"), "{note}");
    let event = scene.events("PolicyInvalid").await.remove(0);
    assert_eq!(event.regarding.unwrap().kind.as_deref(), Some("ConfigMap"));
    let refused = "easyscale_rule_objects{kind=\"configmap\",state=\"refused\"}";
    run.metric_becomes(refused, 1.0).await;
    // The last good rules are carried out still.
    crate::road::edit(&scene.env, "web", json!({"minReplicas": 3})).await;
    scene.floor_remembered("web", (3, 5)).await;

    // A rule of the same namespace goes: nobody knows whether the other one would have named its target.
    rules(&scene.env)
        .delete("other", &DeleteParams::default())
        .await
        .unwrap();
    run.told("its rules are gone").await;
    scene
        .env
        .create(&rule(
            "wrong",
            "nothing",
            &[json!({"name": "x", "calendar": ["nowhere"], "replicas": 1})],
        ))
        .await;
    let told = status_becomes(&scene.env, "wrong", ("False", "NotAccepted")).await;
    let accepted = &told["conditions"][0];
    assert_eq!(
        (&accepted["status"], &accepted["reason"]),
        (&json!("False"), &json!("Invalid"))
    );
    assert!(
        accepted["message"]
            .as_str()
            .unwrap()
            .contains("there is no calendar `nowhere`"),
        "{accepted}"
    );
    assert_eq!(scene.env.bounds("other").await, (4, 10));

    // A restart with the mistakes: nothing is enforced of what is wrong, and nothing restored.
    run.signal("TERM");
    run.ended(SOON).await;
    let mut again = scene.run("", &["--config-maps", "--scaling-rules"]);
    again.told("nothing of it is in force").await;
    again.told("the rules in the cluster are seen").await;
    assert_eq!(scene.env.bounds("other").await, (4, 10));
    assert_eq!(scene.env.bounds("web").await, (5, 10));

    set(text).await;
    rules(&scene.env)
        .delete("wrong", &DeleteParams::default())
        .await
        .unwrap();
    scene.free_with("other", (2, 10)).await;
    again.metric_becomes(refused, 0.0).await;
    assert_eq!(scene.env.bounds("web").await, (5, 10));
}

async fn tenancy(env: Env) {
    install(&env).await;
    web(&env).await;
    let tenant = Env::on(&env.plane).await;
    let (home, away) = (tenant.namespace.clone(), env.namespace.clone());
    let scene = Scene::new(env);
    let mut greedy = rule("greedy", "web", &[always(&json!({"maxReplicas": 3}))]);
    greedy["spec"]["target"]["namespace"] = json!(away);
    tenant.create(&greedy).await;
    // The owner's own rule is not disturbed by it.
    scene
        .env
        .create(&rule("web", "web", &[always(&json!({"minReplicas": 5}))]))
        .await;
    let both = ["--scaling-rules", "-n", home.as_str()];
    let mut run = scene.run("", &both);
    scene.bounds_become("web", (5, 10)).await;
    let told = status_becomes(&tenant, "greedy", ("False", "Refused")).await;
    assert!(told["bounds"].is_null() && told["originals"].is_null(), "{told}");
    assert!(
        told["conditions"][1]["message"]
            .as_str()
            .unwrap()
            .contains("its own namespace only"),
        "{told}"
    );
    let (_, page) = run.get("/status").await;
    let page: Value = serde_json::from_str(&page).unwrap();
    let refused = page["targets"]
        .as_array()
        .unwrap()
        .iter()
        .find(|target| target["rule"] == json!(format!("{}/greedy", tenant.namespace)));
    let refused = refused.unwrap_or_else(|| panic!("{page:#}"));
    assert!(refused.to_string().contains("other-namespace"), "{refused:#}");
    // It is told where the rule is, and not where it reaches for.
    wait_for("the event of the refusal", SOON, async || {
        let events = tenant
            .api::<Event>()
            .list(&ListParams::default())
            .await
            .unwrap()
            .items;
        let told = events.iter().any(|event| {
            let regarding = event.regarding.clone().unwrap_or_default();
            event.reason.as_deref() == Some("Refused")
                && regarding.kind.as_deref() == Some("ScalingRule")
                && regarding.uid.is_some_and(|uid| !uid.is_empty())
        });
        if told { Ok(()) } else { Err(events) }
    })
    .await;
    assert!(scene.events("Refused").await.is_empty());

    // The owner's rule goes: a rule that may not reach that far holds nothing back.
    rules(&scene.env)
        .delete("web", &DeleteParams::default())
        .await
        .unwrap();
    scene.free_with("web", (2, 10)).await;
    run.signal("TERM");
    run.ended(SOON).await;

    // Where the operator allows it, it counts.
    let trusting = [
        "--scaling-rules",
        "-n",
        home.as_str(),
        "--trust-namespace",
        home.as_str(),
    ];
    let _run = scene.run("", &trusting);
    scene.bounds_become("web", (2, 3)).await;
    status_becomes(&tenant, "greedy", ("True", "InForce")).await;
    tenant.delete().await;
}

async fn unseen(env: Env) {
    install(&env).await;
    web(&env).await;
    env.create(&fixtures::deployment("job", 2)).await;
    env.create(&rule("web", "web", &[always(&json!({"minReplicas": 5}))]))
        .await;
    env.create(&rule("job", "job", &[always(&json!({"minReplicas": 3}))]))
        .await;
    let user = env.limited();
    let scene = Scene {
        user: user.clone(),
        env,
    };
    let env = &scene.env;
    let may = async |group: &str, resources: &[&str], verbs: &[&str]| {
        let rights = json!([{"apiGroups": [group], "resources": resources, "verbs": verbs}]);
        env.allow(&user, &rights).await;
    };
    may("easyscale.io", &["scalingrules"], &["list", "watch"]).await;
    may("easyscale.io", &["scalingrules/status"], &["patch"]).await;
    may("", &["configmaps"], &["get", "list", "watch", "create", "patch"]).await;
    let failure_names = async |name: &str, what: &str| {
        wait_for(
            &format!("the status of {name} to name {what}"),
            SOON,
            async || {
                let told = status(env, name).await;
                let applied = &told["conditions"][1];
                let names = applied["message"].as_str().unwrap_or_default().contains(what);
                if applied["reason"] == "Failed" && names {
                    Ok(())
                } else {
                    Err(told)
                }
            },
        )
        .await;
    };
    let _run = scene.run("", &["--scaling-rules", "--no-leader-election"]);
    failure_names("web", "horizontalpodautoscalers").await;
    failure_names("job", "horizontalpodautoscalers").await;
    may(
        "autoscaling",
        &["horizontalpodautoscalers"],
        &["get", "list", "watch", "patch"],
    )
    .await;
    status_becomes(env, "web", ("True", "InForce")).await;
    scene.bounds_become("web", (5, 10)).await;
    failure_names("job", "deployments").await;
    may("apps", &["deployments"], &["get", "list", "watch"]).await;
    may("apps", &["deployments/scale"], &["get", "patch"]).await;
    status_becomes(env, "job", ("True", "InForce")).await;
    assert_eq!(env.replicas("Deployment", "job").await, 3);
}

async fn limits(env: Env) {
    install(&env).await;
    web(&env).await;
    let scene = Scene::new(env);
    let namespace = scene.env.namespace.clone();
    let allowed = |most: u32| format!("limits: {{{namespace}: {{maxReplicas: {most}}}}}\n");
    let mut greedy = rule(
        "web",
        "web",
        &[always(&json!({"minReplicas": 50, "maxReplicas": 90}))],
    );
    greedy["spec"]["limits"] = json!({"maxReplicas": 80});
    scene.env.create(&greedy).await;
    let run = scene.run(&allowed(12), &["--scaling-rules"]);
    scene.bounds_become("web", (12, 12)).await;
    // The operator's files are read again, and all rules under them.
    run.rewrite(&allowed(15));
    scene.bounds_become("web", (15, 15)).await;
}

async fn two_rules(env: Env) {
    install(&env).await;
    web(&env).await;
    let scene = Scene::new(env);
    scene
        .env
        .create(&rule("first", "web", &[always(&json!({"minReplicas": 5}))]))
        .await;
    let _run = scene.run("", &["--scaling-rules"]);
    scene.bounds_become("web", (5, 10)).await;
    scene
        .env
        .create(&rule("second", "web", &[always(&json!({"minReplicas": 7}))]))
        .await;
    let told = status_becomes(&scene.env, "second", ("False", "Refused")).await;
    let message = told["conditions"][1]["message"].as_str().unwrap().to_owned();
    let namespace = &scene.env.namespace;
    for name in ["first", "second"] {
        assert!(
            message.contains(&format!("{namespace}/{name} (scalingrule {namespace}/{name})")),
            "{message}"
        );
    }
    // The one that wrote it keeps it.
    assert_eq!(scene.env.bounds("web").await, (5, 10));
    status_becomes(&scene.env, "first", ("True", "InForce")).await;
    rules(&scene.env)
        .delete("first", &DeleteParams::default())
        .await
        .unwrap();
    scene.bounds_become("web", (7, 10)).await;
    status_becomes(&scene.env, "second", ("True", "InForce")).await;
}

/// So many rules; with `EASYSCALE_SOAK=1` as many as people have.
fn many() -> usize {
    if std::env::var_os("EASYSCALE_SOAK").is_some() {
        1000
    } else {
        30
    }
}

async fn silence(env: Env) {
    install(&env).await;
    let many = many();
    let at_once = async |make: &dyn Fn(usize) -> futures::future::BoxFuture<'static, ()>| {
        let all = futures::stream::iter((0..many).map(make));
        futures::StreamExt::for_each_concurrent(all, 16, |made| made).await;
    };
    let owner = env.clone();
    let began = std::time::Instant::now();
    at_once(&move |number| {
        let env = owner.clone();
        Box::pin(async move {
            let name = format!("web-{number}");
            env.apply_as("helm", &fixtures::hpa(&name, ("Deployment", &name), 2, 10))
                .await;
        })
    })
    .await;
    // Rules and their statuses take about as long as that did, and a start some seconds.
    let opens = in_seconds(30 + u64::try_from(many / 40).unwrap() + (8 * began.elapsed()).as_secs());
    let opening = easyscale::time::Instant::from_system_time(opens).to_string();
    let owner = env.clone();
    at_once(&move |number| {
        let (env, opening) = (owner.clone(), opening.clone());
        Box::pin(async move {
            let name = format!("web-{number}");
            let window =
                json!({"name": "peak", "from": opening, "until": "2100-01-01T00:00:00Z", "minReplicas": 5});
            env.create(&rule(&name, &name, &[window])).await;
        })
    })
    .await;
    let scene = Scene::new(env);
    let mut run = scene.run("", &["--scaling-rules"]);
    let written = async || {
        let requests = scene.env.requests(&scene.user).await;
        let count = |resource: &str| {
            let patches = requests.iter().filter(|request| {
                request.resource.starts_with(resource) && request.verb == "patch" && request.code == 200
            });
            patches.count()
        };
        (count("horizontalpodautoscalers"), count("scalingrules"))
    };
    let wait_until = async |wanted: (usize, usize)| {
        wait_for("all to be written", Duration::from_secs(120), async || {
            let written = written().await;
            if written == wanted { Ok(()) } else { Err(written) }
        })
        .await;
    };
    // Seen, and told once.
    wait_until((0, many)).await;
    assert!(
        std::time::SystemTime::now() < opens,
        "the machine is too slow for this test"
    );
    sleep_past(opens, Duration::ZERO).await;
    // One patch per target, one status per rule. (An autoscaler whose controller wrote it at the same moment answers with a
    // conflict, and is looked at again.)
    wait_until((many, 2 * many)).await;
    // And then nothing but the events that are still to be told, the lease and watches.
    let told = async || {
        let requests = scene.env.requests(&scene.user).await;
        let heard = requests
            .iter()
            .filter(|request| request.resource != "leases" && request.verb != "watch");
        heard.count()
    };
    let mut before = 0;
    wait_for("silence", Duration::from_secs(120), async || {
        let last = std::mem::replace(&mut before, told().await);
        tokio::time::sleep(Duration::from_secs(2)).await;
        if last == before { Ok(()) } else { Err(last) }
    })
    .await;
    let decided = run.metric("easyscale_decisions_total").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(told().await, before);
    assert_eq!(run.metric("easyscale_decisions_total").await, decided);
    assert_eq!(written().await, (many, 2 * many));
}

async fn undefined(env: Env) {
    // A control plane of its own, which nobody has told what a ScalingRule is.
    let plane = crate::support::ControlPlane::start(&crate::support::Options::default())
        .await
        .unwrap();
    let plane = std::sync::Arc::new(plane);
    drop(env);
    let env = Env::on(&plane).await;
    web(&env).await;
    let scene = Scene::new(env);
    let mut run = scene.run(
        &scene.rule("web", "  default: {minReplicas: 4}\n"),
        &["--scaling-rules"],
    );
    let line = run.told("this cluster does not know them").await;
    assert!(
        line.to_string().contains("easyscale crd | kubectl apply -f -"),
        "{line}"
    );
    // Rules of files are carried out meanwhile.
    scene.bounds_become("web", (4, 10)).await;
    let (code, why) = run.get("/readyz").await;
    assert_eq!(code, 503, "{why}");
    assert!(why.contains("ScalingRules are not defined"), "{why}");
    install(&scene.env).await;
    run.told("the rules in the cluster are seen").await;
    assert_eq!(run.get("/readyz").await.0, 200);
}

async fn one_shot(env: Env) {
    install(&env).await;
    web(&env).await;
    let scene = Scene::new(env);
    let namespace = scene.env.namespace.clone();
    scene
        .env
        .create(&rule("web", "web", &[always(&json!({"minReplicas": 5}))]))
        .await;
    let apply = async || {
        let args = [
            "apply",
            "--scaling-rules",
            "-n",
            &namespace,
            "--instance",
            &namespace,
        ];
        let mut done = crate::support::Running::command(&scene.env.kubeconfig(&scene.user), "", &args);
        let status = done.ended(SOON).await;
        (status, done.text())
    };
    let (ended, text) = apply().await;
    assert_eq!(ended, Some(0), "{text}");
    assert_eq!(scene.env.bounds("web").await, (5, 10));
    let told = status(&scene.env, "web").await;
    assert_eq!(told["conditions"][1]["reason"], json!("InForce"));
    assert_eq!(told["originals"], json!({"minReplicas": 2}));
    let before = scene.writes().await;
    assert_eq!(apply().await.0, Some(0));
    assert_eq!(scene.writes().await, before, "a second pass writes nothing");
    scene
        .env
        .create(&rule(
            "wrong",
            "nothing",
            &[json!({"name": "x", "calendar": ["nowhere"], "replicas": 1})],
        ))
        .await;
    let (ended, text) = apply().await;
    assert_eq!(ended, Some(1), "{text}");
    assert_eq!(
        status(&scene.env, "wrong").await["conditions"][0]["reason"],
        json!("Invalid")
    );
}
