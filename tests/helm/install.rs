//! The life of a release: installed, at work, upgraded, gone without a trace.

use std::time::{Duration, SystemTime};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::kubelet::{complete, fail, jobs, mount, spawn_job, start};
use crate::release::{Release, text};
use crate::support::timetable::{always, far, in_seconds, one_window};
use crate::support::{Case, Env, Running, case, fixtures, wait_for};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "helm: the whole cluster, from the installation to the uninstallation and back",
            whole_cluster,
        )
        .needs_controllers(),
        case("helm: one namespace, rules from ConfigMaps", one_namespace).needs_controllers(),
        case("helm: a CronJob is stopped before its work is undone", cron_job).needs_controllers(),
        case(
            "helm: what cannot be restored stops the uninstallation",
            not_restored,
        )
        .needs_controllers(),
    ]
}

pub(crate) const SOON: Duration = Duration::from_secs(90);

/// One release of the whole cluster at a time, and one that owns the CustomResourceDefinition.
pub(crate) static CLUSTER: Mutex<()> = Mutex::const_new(());

pub(crate) async fn targets(env: &Env) {
    env.create(&fixtures::deployment("web", 2)).await;
    env.apply_as("team", &fixtures::hpa("web", ("Deployment", "web"), 2, 10))
        .await;
    env.create(&fixtures::deployment("job", 2)).await;
}

pub(crate) async fn bounds_become(env: &Env, wanted: (i32, i32)) {
    wait_for(&format!("bounds {wanted:?}"), SOON, async || {
        let bounds = env.bounds("web").await;
        if bounds == wanted { Ok(()) } else { Err(bounds) }
    })
    .await;
}

pub(crate) fn scaling_rule(name: &str, window: &Value) -> Value {
    json!({
        "apiVersion": "easyscale.io/v1", "kind": "ScalingRule", "metadata": {"name": name},
        "spec": {"target": {"kind": "Deployment", "name": "web"}, "schedule": [window]},
    })
}

/// Somebody with no other right than `edit` in the namespace creates an object.
async fn as_developer(env: &Env, object: &Value) {
    let developer = env.limited();
    env.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "developer"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": developer.name}],
    }))
    .await;
    let client = env.client(&developer);
    let api = fixtures::api(&client, Some(&env.namespace), object);
    let object = serde_json::from_value(object.clone()).unwrap();
    // The roles of the chart are part of `edit` a moment after they are there.
    wait_for("the right to write rules", SOON, async || {
        let created = api.create(&PostParams::default(), &object).await;
        created.map(drop).map_err(|error| error.to_string())
    })
    .await;
}

async fn deployment(release: &Release) -> Deployment {
    let api = Api::namespaced(release.env.client.clone(), &release.namespace);
    api.get(&release.name).await.unwrap()
}

async fn start_controller(release: &Release) -> Running {
    start(release, &deployment(release).await.spec.unwrap().template).await
}

/// `helm uninstall`, and what a cluster does with its hook. What the program said, and whether Helm was content.
/// `during` is what happens while the program works, `after` while it has ended and Helm does not know it yet.
async fn uninstall(
    release: &Release,
    during: impl AsyncFnOnce(),
    after: impl AsyncFnOnce(),
) -> (String, bool) {
    let args = ["uninstall", &release.name, "--timeout", "90s"];
    let helm = release.try_helm(&args);
    let job = format!("{}-uninstall", release.name);
    let kubelet = async {
        let pod = wait_for("the Job of the hook", SOON, async || {
            match jobs(release).get(&job).await {
                Ok(job) => Ok(job.spec.unwrap().template),
                Err(error) => Err(error),
            }
        })
        .await;
        let mut restore = start(release, &pod).await;
        during().await;
        let ended = restore.ended(SOON * 2).await;
        after().await;
        if ended == Some(0) {
            complete(release, &job).await;
        } else {
            fail(release, &job).await;
        }
        restore.text()
    };
    let (output, told) = tokio::join!(helm, kubelet);
    let err = text(&output.stderr);
    assert_eq!(
        output.status.success(),
        !told.contains("x HorizontalPodAutoscaler"),
        "{err}{told}"
    );
    (told, output.status.success())
}

/// Nothing of the release is anywhere, but what it says it keeps.
async fn assert_gone(release: &Release) {
    let env = &release.env;
    let client = || env.client.clone();
    let ours = ListParams::default().labels(&format!("app.kubernetes.io/instance={}", release.name));
    for (group, kinds) in [
        (
            "",
            vec!["ServiceAccount", "ConfigMap", "Service", "Pod", "Secret"],
        ),
        ("apps", vec!["Deployment"]),
        ("batch", vec!["CronJob", "Job"]),
        ("coordination.k8s.io", vec!["Lease"]),
        ("policy", vec!["PodDisruptionBudget"]),
        ("networking.k8s.io", vec!["NetworkPolicy"]),
        (
            "rbac.authorization.k8s.io",
            vec!["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
        ),
    ] {
        for kind in kinds {
            let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind));
            let api = Api::<DynamicObject>::all_with(client(), &resource);
            // Pods of a Deployment go a moment later.
            wait_for(&format!("no {kind} of the release"), SOON, async || {
                let left = api.list(&ours).await.unwrap();
                let names: Vec<_> = left
                    .items
                    .into_iter()
                    .map(|object| object.metadata.name)
                    .collect();
                if names.is_empty() { Ok(()) } else { Err(names) }
            })
            .await;
        }
    }
    let leases = Api::<Lease>::namespaced(client(), &release.namespace);
    let left = leases.list(&ListParams::default()).await.unwrap();
    assert!(left.items.is_empty(), "{left:?}");
    let memories = ListParams::default().fields("metadata.name=easyscale-state");
    let left = env.api::<ConfigMap>().list(&memories).await.unwrap();
    assert!(left.items.is_empty(), "{left:?}");
    let hpa = env.api::<HorizontalPodAutoscaler>().get("web").await.unwrap();
    let text = serde_json::to_string(&hpa).unwrap();
    assert!(!text.contains("easyscale"), "{text}");
}

async fn whole_cluster(env: Env) {
    let _alone = CLUSTER.lock().await;
    targets(&env).await;
    let release = Release::new(&env, "easyscale");
    let mut values = json!({"controller": {"leaseDuration": "4s"}});
    let notes = release.upgrade(&values).await;
    assert!(
        notes.contains("is installed for the whole cluster") && notes.contains("Next, a rule:"),
        "{notes}"
    );
    let mut controllers = vec![start_controller(&release).await, start_controller(&release).await];
    for controller in &mut controllers {
        controller.told("the cluster is seen").await;
    }

    // A window opens, the autoscaler follows, it closes.
    let text = |time| easyscale::time::Instant::from_system_time(time).to_string();
    let later = far() + Duration::from_secs(3600);
    let peak = |opens, closes| json!({"name": "peak", "from": text(opens), "until": text(closes), "minReplicas": 5, "maxReplicas": 20});
    let opens = controllers[0].ahead().await;
    let rule = scaling_rule("web", &peak(opens, later));
    as_developer(&env, &rule).await;
    bounds_become(&env, (5, 20)).await;
    assert!(SystemTime::now() >= opens);
    env.wait_for_replicas("Deployment", "web", 5).await;
    let rules = fixtures::api(&env.client, Some(&env.namespace), &rule);
    let closes = controllers[0].ahead().await;
    let patch = Patch::Merge(json!({"spec": {"schedule": [peak(opens, closes)]}}));
    rules.patch("web", &PatchParams::default(), &patch).await.unwrap();
    bounds_become(&env, (2, 10)).await;
    assert!(SystemTime::now() >= closes);

    // `helm test`, whose pod asks the Service: here, the first of the pods behind it.
    let rendered = release.template(&values).await;
    let test = rendered.iter().find(|object| object["kind"] == "Pod").unwrap();
    let container = &test["spec"]["containers"][0];
    let service = format!("http://{}.{}:8080", release.name, release.namespace);
    assert_eq!(container["args"], json!(["health", format!("--url={service}")]));
    let address = controllers[0].told("\"address\"").await["address"].clone();
    let address = address.as_str().unwrap();
    let health = std::process::Command::new(env!("CARGO_BIN_EXE_easyscale"))
        .args(["health", &format!("--url=http://{address}")])
        .output()
        .unwrap();
    assert!(
        health.status.success(),
        "{}",
        crate::release::text(&health.stderr)
    );

    // Other values: rules from values beside the object, and limits of the operator. The pods start anew.
    values["policies"] = json!({"10-rules.yaml": always(&env.namespace, "job", "minReplicas: 4")});
    values["limits"] = json!({"*": {"maxReplicas": 8}});
    release.upgrade(&values).await;
    for mut controller in controllers {
        controller.signal("TERM");
        assert_eq!(controller.ended(SOON).await, Some(0));
    }
    let mut controllers = vec![start_controller(&release).await, start_controller(&release).await];
    let open = json!({"name": "open", "from": "2020-01-01T00:00Z", "until": "2100-01-01T00:00Z", "minReplicas": 5, "maxReplicas": 20});
    env.create(&scaling_rule("web-too", &open)).await;
    rules
        .delete("web", &kube::api::DeleteParams::default())
        .await
        .unwrap();
    bounds_become(&env, (5, 8)).await;
    env.wait_for_replicas("Deployment", "job", 4).await;

    // The same pods, other rules: they are read anew, without a restart.
    values["policies"] = json!({"10-rules.yaml": always(&env.namespace, "job", "minReplicas: 6")});
    let before = deployment(&release).await.spec.unwrap().template;
    release.upgrade(&values).await;
    let after = deployment(&release).await.spec.unwrap().template;
    assert_eq!(before, after, "rules are no reason for a restart");
    mount(&release, &after).await;
    env.wait_for_replicas("Deployment", "job", 6).await;

    // Gone, while both still run: the hook's Job waits until neither can write.
    let is_restored = async || {
        assert_eq!(env.bounds("web").await, (2, 10));
        assert_eq!(env.replicas("Deployment", "job").await, 2);
    };
    let (told, _) = uninstall(
        &release,
        async || {},
        async || {
            is_restored().await;
            // Both have all their rights, and rules that ask for more; they would lead after 4 s.
            tokio::time::sleep(Duration::from_secs(9)).await;
            is_restored().await;
        },
    )
    .await;
    assert!(told.contains("was told to stop writing; waiting 4 s"), "{told}");
    assert!(told.contains("is held for another 120 s"), "{told}");
    is_restored().await;
    for controller in &mut controllers {
        controller.signal("TERM");
        assert_eq!(controller.ended(SOON).await, Some(0));
    }
    assert_gone(&release).await;

    // And back: the definition and its rules are still there, and nobody has to wait for the old lease.
    assert!(
        rules.get("web-too").await.is_ok(),
        "rules are not the release's to delete"
    );
    release
        .upgrade(&json!({"controller": {"leaseDuration": "4s"}}))
        .await;
    let mut controller = start_controller(&release).await;
    controller.told("leading").await;
    bounds_become(&env, (5, 20)).await;
    uninstall(&release, async || {}, async || {}).await;
    assert_eq!(env.bounds("web").await, (2, 10));
    controller.signal("TERM");
    controller.ended(SOON).await;
    assert_gone(&release).await;
    rules
        .delete("web-too", &kube::api::DeleteParams::default())
        .await
        .unwrap();
}

async fn one_namespace(env: Env) {
    targets(&env).await;
    let other = Env::on(&env.plane).await;
    targets(&other).await;
    let release = Release::new(&env, "blue-easyscale");
    let values = json!({
        "namespaces": [env.namespace], "instance": format!("of-{}", env.namespace),
        "scalingRules": {"enabled": false}, "crd": {"install": false},
        "configMaps": {"enabled": true}, "controller": {"replicas": 1, "leaseDuration": "4s"},
    });
    release.upgrade(&values).await;
    let mut controller = start_controller(&release).await;
    controller.told("the cluster is seen").await;
    // Another release of the same instance would undo all that this one does.
    let second = Release::new(&env, "red-easyscale");
    let refused = second.try_upgrade(&values).await;
    let told = text(&refused.stderr);
    assert!(!refused.status.success(), "{told}");
    assert!(
        told.contains("cannot be imported into the current release"),
        "{told}"
    );
    for env in [&env, &other] {
        let (opens, closes) = (in_seconds(3), in_seconds(3600));
        let rules = one_window(&env.namespace, "web", opens, closes, "minReplicas: 5");
        let job = always(&env.namespace, "job", "minReplicas: 4");
        env.create(&json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "rules", "labels": {"easyscale.io/policy": "true"}},
            "data": {"10-rules.yaml": format!("{rules}{job}")},
        }))
        .await;
    }
    bounds_become(&env, (5, 10)).await;
    env.wait_for_replicas("Deployment", "job", 4).await;
    assert_eq!(other.bounds("web").await, (2, 10), "not its namespace");
    // Its rights go before it does.
    let told = controller.text();
    assert!(!told.contains("forbidden"), "{told}");
    let (told, _) = uninstall(&release, async || {}, async || {}).await;
    assert!(told.contains("Deleted 1 empty ConfigMap"), "{told}");
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_eq!(env.replicas("Deployment", "job").await, 2);
    controller.signal("TERM");
    controller.ended(SOON).await;
    assert_gone(&release).await;
    other.delete().await;
}

async fn cron_job(env: Env) {
    targets(&env).await;
    let release = Release::new(&env, "night-easyscale");
    let rules = format!(
        "{}{}",
        always(&env.namespace, "web", "minReplicas: 5"),
        always(&env.namespace, "job", "minReplicas: 4")
    );
    release
        .upgrade(&json!({
            "mode": "cronjob", "namespaces": [env.namespace], "instance": format!("of-{}", env.namespace),
            "scalingRules": {"enabled": false}, "crd": {"install": false}, "policies": {"10-rules.yaml": rules},
        }))
        .await;
    let cron_jobs = Api::<CronJob>::namespaced(env.client.clone(), &release.namespace);
    let cron_job = cron_jobs.get(&release.name).await.unwrap();
    for name in ["first", "second"] {
        let job = spawn_job(&release, &cron_job, name).await;
        let mut apply = start(&release, &job.spec.unwrap().template).await;
        assert_eq!(apply.ended(SOON).await, Some(0), "{}", apply.text());
    }
    assert_eq!(env.bounds("web").await, (5, 10));
    assert_eq!(env.replicas("Deployment", "job").await, 4);
    complete(&release, "first").await;

    // The second one is still at work, for all that anybody knows.
    let (told, _) = uninstall(
        &release,
        async || {
            wait_for("the CronJob to be suspended", SOON, async || {
                let suspended = cron_jobs.get(&release.name).await.unwrap().spec.unwrap().suspend;
                if suspended == Some(true) {
                    Ok(())
                } else {
                    Err(suspended)
                }
            })
            .await;
            tokio::time::sleep(Duration::from_secs(4)).await;
            assert_eq!(
                env.bounds("web").await,
                (5, 10),
                "nothing is restored before it has ended"
            );
            complete(&release, "second").await;
        },
        async || {},
    )
    .await;
    assert!(
        told.contains("is suspended and starts nothing any more"),
        "{told}"
    );
    assert!(
        told.contains("second still runs; waiting until it has ended"),
        "{told}"
    );
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_eq!(env.replicas("Deployment", "job").await, 2);
    assert_gone(&release).await;
}

async fn not_restored(env: Env) {
    targets(&env).await;
    let release = Release::new(&env, "green-easyscale");
    let rules = always(&env.namespace, "web", "minReplicas: 5");
    release
        .upgrade(&json!({
            "namespaces": [env.namespace], "instance": format!("of-{}", env.namespace),
            "scalingRules": {"enabled": false}, "crd": {"install": false}, "policies": {"10-rules.yaml": rules},
            "controller": {"leaseDuration": "4s"},
        }))
        .await;
    let mut controller = start_controller(&release).await;
    bounds_become(&env, (5, 10)).await;
    // Somebody took a right away.
    let roles = Api::<k8s_openapi::api::rbac::v1::Role>::namespaced(env.client.clone(), &env.namespace);
    let name = format!("easyscale-of-{}", env.namespace);
    let mut role = roles.get(&name).await.unwrap();
    for rule in role.rules.as_mut().unwrap() {
        let is_autoscalers = rule.resources.as_deref() == Some(&["horizontalpodautoscalers".to_owned()]);
        if is_autoscalers {
            rule.verbs.retain(|verb| verb != "patch");
        }
    }
    roles.replace(&name, &PostParams::default(), &role).await.unwrap();
    let user = format!("system:serviceaccount:{}:{}", release.namespace, release.name);
    let taken =
        json!({"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["patch"]});
    env.wait_for_right(&user, &taken, &env.namespace, false).await;
    let count = controller.count();
    let (told, is_gone) = uninstall(&release, async || {}, async || {}).await;
    assert!(!is_gone && told.contains("verbs: [patch]"), "{told}");
    // The controller goes on: better than bounds that nobody looks after.
    controller.told_since(count, "\"leading\"").await;
    assert!(deployment(&release).await.metadata.deletion_timestamp.is_none());
}
