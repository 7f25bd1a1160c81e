//! What a kubelet does with a pod template, as far as it matters here: mounts ConfigMaps, hands the account's token over,
//! starts the program with the arguments as they stand.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{ConfigMap, PodTemplateSpec, ServiceAccount};
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::release::Release;
use crate::support::{Running, User, fixtures};

/// Starts the container of a pod, once its rights count: no kubelet is faster than that.
pub(crate) async fn start(release: &Release, pod: &PodTemplateSpec) -> Running {
    let (kubeconfig, mut args) = prepare(release, pod).await;
    if args[0] == "run" {
        args.extend(["--listen".to_owned(), "127.0.0.1:0".to_owned()]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    Running::command(&kubeconfig, "", &args)
}

async fn prepare(release: &Release, pod: &PodTemplateSpec) -> (PathBuf, Vec<String>) {
    let spec = pod.spec.as_ref().unwrap();
    let container = &spec.containers[0];
    let root = mount(release, pod).await;
    let args = container.args.clone().unwrap();
    // Its file system begins elsewhere.
    let mounts = container.volume_mounts.clone().unwrap_or_default();
    let place = |arg: String| {
        let arg = arg.replace("$(POD_NAMESPACE)", &release.namespace);
        if mounts.iter().any(|mount| mount.mount_path == arg) {
            format!("{}{arg}", root.display())
        } else {
            arg
        }
    };
    let account = spec.service_account_name.as_deref().unwrap();
    wait_for_rights(release, account).await;
    (
        kubeconfig(release, account).await,
        args.into_iter().map(place).collect(),
    )
}

/// Waits until the server lets an account do all that is bound to it.
async fn wait_for_rights(release: &Release, account: &str) {
    let client = &release.env.client;
    let user = format!("system:serviceaccount:{}:{account}", release.namespace);
    for kind in ["Role", "ClusterRole"] {
        let of_kind = |kind: &str| json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind});
        let bindings = fixtures::api(client, None, &of_kind(&format!("{kind}Binding")));
        for binding in bindings.list(&ListParams::default()).await.unwrap() {
            let subjects = binding.data["subjects"].as_array();
            let is_bound = subjects.into_iter().flatten().any(|subject| {
                subject["kind"] == "ServiceAccount"
                    && subject["name"] == account
                    && subject["namespace"] == release.namespace.as_str()
            });
            if !is_bound {
                continue;
            }
            let place = binding.metadata.namespace.as_deref();
            let roles = fixtures::api(client, place, &of_kind(kind));
            let name = binding.data["roleRef"]["name"].as_str().unwrap();
            let role = roles.get(name).await.unwrap();
            // All of a role counts at once.
            let last = role.data["rules"].as_array().and_then(|rules| rules.last());
            let place = place.unwrap_or(&release.env.namespace);
            release
                .env
                .wait_for_right(&user, last.unwrap(), place, true)
                .await;
        }
    }
}

/// Brings the ConfigMaps to their places, or what has changed of them.
pub(crate) async fn mount(release: &Release, pod: &PodTemplateSpec) -> PathBuf {
    let root = release
        .env
        .plane
        .path()
        .join(format!("pod-{}", release.namespace));
    let spec = pod.spec.as_ref().unwrap();
    let config_maps = Api::<ConfigMap>::namespaced(release.env.client.clone(), &release.namespace);
    for mount in spec.containers[0].volume_mounts.iter().flatten() {
        let folder = root.join(mount.mount_path.trim_start_matches('/'));
        std::fs::create_dir_all(&folder).unwrap();
        let volume = spec
            .volumes
            .iter()
            .flatten()
            .find(|volume| volume.name == mount.name);
        let source = volume.unwrap().config_map.as_ref().unwrap();
        let config_map = config_maps.get_opt(&source.name).await.unwrap();
        let is_optional = source.optional == Some(true);
        assert!(
            config_map.is_some() || is_optional,
            "the pod waits for {}",
            source.name
        );
        let config_map = config_map.unwrap_or_default();
        for (name, content) in config_map.data.unwrap_or_default() {
            let partial = root.join("partial");
            std::fs::write(&partial, content).unwrap();
            std::fs::rename(partial, folder.join(name)).unwrap();
        }
    }
    root
}

/// Other rules in the ConfigMap that a pod has at /policies, and brings them there.
pub(crate) async fn replace_rules(release: &Release, pod: &PodTemplateSpec, rules: &str) {
    let volumes = pod.spec.as_ref().unwrap().volumes.iter().flatten();
    let name = volumes
        .filter_map(|volume| volume.config_map.as_ref())
        .map(|source| source.name.clone())
        .next()
        .unwrap();
    let config_maps = Api::<ConfigMap>::namespaced(release.env.client.clone(), &release.namespace);
    let patch = json!({"data": {"checkout.yaml": rules}});
    config_maps
        .patch(&name, &PatchParams::default(), &Patch::Merge(patch))
        .await
        .unwrap();
    mount(release, pod).await;
}

/// A kubeconfig with a token of exactly this account, in the namespace of the release: what a pod sees of the cluster.
async fn kubeconfig(release: &Release, account: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let accounts = Api::<ServiceAccount>::namespaced(release.env.client.clone(), &release.namespace);
    let request = TokenRequest {
        spec: TokenRequestSpec::default(),
        ..TokenRequest::default()
    };
    let answer = accounts
        .create_token_request(account, &PostParams::default(), &request)
        .await
        .unwrap();
    let user = User {
        name: format!("system:serviceaccount:{}:{account}", release.namespace),
        account: Some((release.namespace.clone(), account.to_owned())),
        token: answer.status.unwrap().token,
    };
    let path = release.env.kubeconfig(&user);
    let mut config: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    config["contexts"][0]["context"]["namespace"] = json!(release.namespace);
    // One for each pod: another one may be reading its own just now.
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = path.with_extension(format!("{number}.kubeconfig"));
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

/// What the CronJob's controller does when the time has come.
pub(crate) async fn spawn_job(release: &Release, cron_job: &CronJob, name: &str) -> Job {
    let spec = &cron_job.spec.as_ref().unwrap().job_template.spec;
    let metadata = &cron_job.metadata;
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": name, "ownerReferences": [{
            "apiVersion": "batch/v1", "kind": "CronJob", "name": metadata.name, "uid": metadata.uid, "controller": true,
        }]},
        "spec": spec,
    });
    jobs(release)
        .create(&PostParams::default(), &serde_json::from_value(job).unwrap())
        .await
        .unwrap()
}

/// What the Job's controller writes when all is done.
pub(crate) async fn complete(release: &Release, job: &str) {
    end(
        release,
        job,
        ["SuccessCriteriaMet", "Complete"],
        "CompletionsReached",
    )
    .await;
}

/// What it writes when it has tried often enough.
pub(crate) async fn fail(release: &Release, job: &str) {
    end(release, job, ["FailureTarget", "Failed"], "BackoffLimitExceeded").await;
}

async fn end(release: &Release, job: &str, conditions: [&str; 2], reason: &str) {
    let now = easyscale::time::Instant::from_system_time(SystemTime::now()).to_string();
    let conditions = conditions.map(|kind| {
        json!({"type": kind, "status": "True", "lastTransitionTime": now, "lastProbeTime": now, "reason": reason})
    });
    let mut status = json!({"startTime": now, "ready": 0, "terminating": 0, "uncountedTerminatedPods": {}, "conditions": conditions});
    if reason == "CompletionsReached" {
        status["completionTime"] = json!(now);
        status["succeeded"] = json!(1);
    } else {
        status["failed"] = json!(3);
    }
    jobs(release)
        .patch_status(
            job,
            &PatchParams::default(),
            &Patch::Merge(json!({"status": status})),
        )
        .await
        .unwrap();
}

pub(crate) fn jobs(release: &Release) -> Api<Job> {
    Api::namespaced(release.env.client.clone(), &release.namespace)
}
