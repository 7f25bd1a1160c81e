//! deploy/kustomize, built by kustomize and applied: taken by the server as it stands, and at work with the rights in it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, ValidationDirective};
use serde_json::{Value, json};

use crate::install::{CLUSTER, SOON, bounds_become, scaling_rule, targets};
use crate::kubelet::{replace_rules, spawn_job, start};
use crate::release::{Release, documents, text};
use crate::render::{restrict, runs};
use crate::support::timetable::{always, far, in_seconds, one_window, sleep_past};
use crate::support::{Case, Env, Tools, case, fixtures, wait_for};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "kustomize: the server takes every folder and component, strictly, and the pods are restricted ones",
            accepted,
        ),
        case(
            "kustomize: the whole cluster, as the page on installing has it",
            whole_cluster,
        )
        .needs_controllers(),
        case("kustomize: one namespace, and no rights beyond it", one_namespace),
        case(
            "kustomize: whoever has `admin` in a namespace can install for it, as can a release",
            by_its_owner,
        ),
        case("kustomize: a CronJob", cron_job),
        case(
            "kustomize: a CronJob for one namespace, and no rights beyond it",
            cron_job_in_one_namespace,
        ),
    ]
}

/// What the windows of these tests set.
const BOUNDS: &str = "minReplicas: 5, maxReplicas: 20";

/// A kustomization of somebody who installs, in a folder of its own beside a checkout.
pub(crate) struct Kustomization {
    folder: PathBuf,
}

impl Kustomization {
    /// `text` names the checkout `easyscale`.
    pub(crate) fn new(env: &Env, name: &str, text: &str) -> Self {
        let folder = env.plane.path().join(format!("{}-{name}", env.namespace));
        std::fs::create_dir_all(folder.join("policies")).unwrap();
        let folder = folder.canonicalize().unwrap();
        // kustomize knows relative paths only.
        let up = "../".repeat(folder.components().count() - 1);
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).strip_prefix("/").unwrap();
        let deploy = format!("- {up}{}/deploy/", checkout.display());
        let text = text.replace("- easyscale/deploy/", &deploy);
        std::fs::write(folder.join("kustomization.yaml"), text).unwrap();
        Self { folder }
    }

    /// With rules for the ConfigMap that it generates.
    fn rules(self, rules: &str) -> Self {
        std::fs::write(self.folder.join("policies/checkout.yaml"), rules).unwrap();
        self
    }

    pub(crate) fn build(&self) -> Vec<Value> {
        let kustomize = Tools::find().unwrap_or_else(|error| panic!("{error}")).kustomize;
        let output = Command::new(kustomize)
            .env_clear()
            .env("HOME", &self.folder)
            .arg("build")
            .arg(&self.folder)
            .output()
            .expect("kustomize starts");
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success() && err.is_empty(), "{err}{out}");
        documents(&out)
    }
}

/// The kustomizations in docs/install.md: of the cluster, and of one namespace.
fn on_the_page() -> [String; 2] {
    let page = include_str!("../../docs/install.md");
    let blocks: Vec<String> = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|block| block.contains("kind: Kustomization"))
        .map(str::to_owned)
        .collect();
    blocks.try_into().unwrap()
}

/// Custom resources of the Prometheus operator, as far as it matters that they are there.
async fn define_monitoring(env: &Env) {
    define(
        env,
        "monitoring.coreos.com",
        "v1",
        "ServiceMonitor",
        "servicemonitors",
    )
    .await;
    define(
        env,
        "monitoring.coreos.com",
        "v1",
        "PrometheusRule",
        "prometheusrules",
    )
    .await;
}

/// A custom resource that takes anything, in place of one that somebody else defines.
pub(crate) async fn define(env: &Env, group: &str, version: &str, kind: &str, plural: &str) {
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List")},
            "versions": [{"name": version, "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }}}],
        },
    });
    fixtures::apply(&env.client, None, "test", &definition)
        .await
        .unwrap();
    env.wait_for_group(&format!("{group}/{version}")).await;
}

/// Where an object is, or is to be, and its name.
fn place<'a>(env: &Env, object: &'a Value) -> (Api<DynamicObject>, &'a str) {
    let metadata = &object["metadata"];
    let api = fixtures::api(&env.client, metadata["namespace"].as_str(), object);
    (api, metadata["name"].as_str().unwrap())
}

/// `kubectl apply --server-side --validate=strict`, which tries again while definitions are new.
pub(crate) async fn apply(env: &Env, object: &Value, dry_run: bool) {
    let params = PatchParams {
        dry_run,
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::apply("kubectl").force()
    };
    let (api, name) = place(env, object);
    wait_for(&format!("{} {name}", object["kind"]), SOON, async || {
        match api.patch(name, &params, &Patch::Apply(object)).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Err(status.message),
            Err(error) => panic!("{error}: {object:#}"),
        }
    })
    .await;
}

/// Waits until an object that is being deleted is no longer there.
pub(crate) async fn wait_until_gone(env: &Env, object: &Value) {
    let (api, name) = place(env, object);
    wait_for(&format!("{name} to go"), SOON, async || {
        match api.get_opt(name).await {
            Ok(None) => Ok(()),
            other => Err(other.map(|object| object.map(|object| object.metadata))),
        }
    })
    .await;
}

/// What was applied of a kustomization.
struct Installed {
    release: Release,
    /// What was not there before, outside the namespace of the test.
    added: Vec<Value>,
}

/// Applies what is built, which has to be taken back by [`Installed::delete`].
async fn install(env: &Env, namespace: &str, objects: Vec<Value>) -> Installed {
    let mut added = Vec::new();
    for object in objects {
        if object["metadata"]["namespace"] != env.namespace {
            let (api, name) = place(env, &object);
            if api.get_opt(name).await.unwrap().is_none() {
                added.push(object.clone());
            }
        }
        apply(env, &object, false).await;
    }
    Installed {
        release: Release {
            env: env.clone(),
            namespace: namespace.to_owned(),
            name: "easyscale".to_owned(),
        },
        added,
    }
}

impl Installed {
    /// Other tests install the same names.
    async fn delete(self) {
        let env = &self.release.env;
        for object in self.added.iter().rev() {
            let (api, name) = place(env, object);
            let _ = api.delete(name, &DeleteParams::background()).await;
        }
        for object in &self.added {
            let kind = object["kind"].as_str().unwrap();
            if matches!(
                kind,
                "CustomResourceDefinition" | "ClusterRole" | "ClusterRoleBinding"
            ) {
                wait_until_gone(env, object).await;
            }
        }
    }
}

async fn accepted(env: Env) {
    define_monitoring(&env).await;
    let release = Release::new(&env, "easyscale");
    restrict(&release).await;
    for base in ["cluster", "namespaced", "cronjob", "cronjob-namespaced"] {
        let is_namespaced = base.ends_with("namespaced");
        let mut kustomization = format!(
            "namespace: {}\nresources:\n- easyscale/deploy/kustomize/crd\n- easyscale/deploy/kustomize/{base}\ncomponents:\n",
            release.namespace
        );
        for component in ["scaling-rules", "config-maps", "example-policies", "monitoring"] {
            kustomization.push_str(&format!("- easyscale/deploy/kustomize/components/{component}\n"));
        }
        let objects = Kustomization::new(&env, base, &kustomization).build();
        let mut pods = 0;
        for object in &objects {
            apply(&env, object, true).await;
            pods += usize::from(runs(&env, &release, object).await);
            let place = object["metadata"]["namespace"].as_str();
            assert!(place.is_none_or(|place| place == release.namespace), "{object:#}");
            let is_of_the_definition = object["kind"] == "CustomResourceDefinition"
                || object["metadata"]["name"]
                    .as_str()
                    .unwrap()
                    .starts_with("easyscale-rules-");
            if is_namespaced && !is_of_the_definition {
                assert!(place.is_some(), "of the cluster: {object:#}");
            }
            for subject in object["subjects"].as_array().into_iter().flatten() {
                assert_eq!(subject["namespace"], json!(release.namespace), "{object:#}");
            }
        }
        assert_eq!(pods, 1, "{base}");
        // What the components add is there: the flags, and the rights for them.
        let text = json!(objects).to_string();
        assert!(
            text.contains("--scaling-rules") && text.contains("--config-maps"),
            "{base}"
        );
        assert!(text.contains("scalingrules/status"), "{base}");
        assert_eq!(text.contains("--namespace=$(POD_NAMESPACE)"), is_namespaced);
    }
}

async fn whole_cluster(env: Env) {
    let _alone = CLUSTER.lock().await;
    targets(&env).await;
    define_monitoring(&env).await;
    let [page, _] = on_the_page();
    let rules = |opens, closes| one_window(&env.namespace, "web", opens, closes, BOUNDS);
    let later = far() + Duration::from_secs(3600);
    let objects = Kustomization::new(&env, "cluster", &page)
        .rules(&rules(far(), later))
        .build();
    let installed = install(&env, "easyscale", objects).await;
    let deployments = Api::<Deployment>::namespaced(env.client.clone(), "easyscale");
    let pod = deployments.get("easyscale").await.unwrap().spec.unwrap().template;
    let image = pod.spec.as_ref().unwrap().containers[0].image.as_deref();
    assert_eq!(image, Some("registry.example/easyscale:0.1.0"));
    let release = &installed.release;
    let mut controllers = [start(release, &pod).await, start(release, &pod).await];
    for controller in &mut controllers {
        controller.told("the cluster is seen").await;
    }
    assert_eq!(env.bounds("web").await, (2, 10));

    // The namespace takes restricted pods only: both are admitted.
    let namespaces = Api::<Namespace>::all(env.client.clone());
    let labels = namespaces
        .get("easyscale")
        .await
        .unwrap()
        .metadata
        .labels
        .unwrap();
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted");
    let pods = Api::<Pod>::namespaced(env.client.clone(), "easyscale");
    wait_for("the pods to be admitted", SOON, async || {
        let there = pods.list(&ListParams::default()).await.unwrap().items.len();
        if there == 2 { Ok(()) } else { Err(there) }
    })
    .await;

    let opens = controllers[0].ahead().await;
    replace_rules(release, &pod, &rules(opens, later)).await;
    bounds_become(&env, (5, 20)).await;
    assert!(SystemTime::now() >= opens);
    env.wait_for_replicas("Deployment", "web", 5).await;
    let closes = controllers[0].ahead().await;
    replace_rules(release, &pod, &rules(opens, closes)).await;
    bounds_become(&env, (2, 10)).await;
    assert!(SystemTime::now() >= closes);

    // The rights of the components: an object with its status, and a ConfigMap.
    let mut rule = scaling_rule(
        "job",
        &json!({"name": "open", "from": "2020-01-01T00:00Z", "until": "2100-01-01T00:00Z", "replicas": 4}),
    );
    rule["spec"]["target"]["name"] = json!("job");
    env.create(&rule).await;
    env.wait_for_replicas("Deployment", "job", 4).await;
    let rules = fixtures::api(&env.client, Some(&env.namespace), &rule);
    wait_for("its status", SOON, async || {
        let status = rules.get("job").await.unwrap().data["status"].clone();
        let is_applied = status["conditions"][1]["status"] == "True";
        if is_applied { Ok(()) } else { Err(status) }
    })
    .await;
    rules.delete("job", &DeleteParams::default()).await.unwrap();
    env.wait_for_replicas("Deployment", "job", 2).await;
    env.create(&json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "rules", "labels": {"easyscale.io/policy": "true"}},
        "data": {"rules.yaml": always(&env.namespace, "job", "replicas: 3")},
    }))
    .await;
    env.wait_for_replicas("Deployment", "job", 3).await;
    for controller in &mut controllers {
        controller.signal("TERM");
        assert_eq!(controller.ended(SOON).await, Some(0));
        assert!(!controller.text().contains("forbidden"), "{}", controller.text());
    }
    installed.delete().await;
}

async fn by_its_owner(env: Env) {
    let owner = env.limited();
    env.create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "owner"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": owner.name}],
    }))
    .await;
    // In older Kubernetes, `admin` has no right to events of this group (docs/install.md).
    let events =
        json!([{"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]}]);
    env.allow(&owner, &events).await;
    let namespace = &env.namespace;
    let release = Release {
        env: env.clone(),
        namespace: namespace.clone(),
        name: "mine".to_owned(),
    };
    let values = json!({
        "namespaces": [namespace], "seeOtherTools": false, "crd": {"install": false}, "scalingRules": {"enabled": false},
        "policies": {"rules.yaml": "rules: {}"},
    });
    let mut installations = vec![release.template_with(&values, &[]).await];
    for base in ["namespaced", "cronjob-namespaced"] {
        let kustomization =
            format!("namespace: {namespace}\nresources:\n- easyscale/deploy/kustomize/{base}\n");
        installations.push(Kustomization::new(&env, &format!("owned-{base}"), &kustomization).build());
    }
    let client = env.client(&owner);
    let params = PatchParams::apply("owner").force();
    for object in installations.concat() {
        let name = object["metadata"]["name"].as_str().unwrap();
        let api = fixtures::api(&client, object["metadata"]["namespace"].as_str(), &object);
        wait_for(
            &format!("{} {name} to be accepted", object["kind"]),
            SOON,
            async || {
                let answer = api.patch(name, &params, &Patch::Apply(&object)).await;
                answer.map(drop).map_err(|error| error.to_string())
            },
        )
        .await;
    }
}

async fn one_namespace(env: Env) {
    // Its instance is that of the whole cluster, which would restore what has no rule there.
    let _alone = CLUSTER.lock().await;
    targets(&env).await;
    let other = Env::on(&env.plane).await;
    targets(&other).await;
    let rules = |opens, closes| {
        one_window(&env.namespace, "web", opens, closes, BOUNDS)
            + &always(&other.namespace, "job", "replicas: 4")
    };
    let later = far() + Duration::from_secs(3600);
    let [_, page] = on_the_page();
    let page = page.replace("namespace: shop", &format!("namespace: {}", env.namespace))
        + "configMapGenerator:\n- {name: easyscale-policies, files: [policies/checkout.yaml], options: {disableNameSuffixHash: true}}\n";
    let objects = Kustomization::new(&env, "namespaced", &page)
        .rules(&rules(far(), later))
        .build();
    for object in &objects {
        assert_eq!(
            object["metadata"]["namespace"],
            json!(env.namespace),
            "{object:#}"
        );
    }
    let installed = install(&env, &env.namespace, objects).await;
    let deployment = env.api::<Deployment>().get("easyscale").await.unwrap();
    let pod = deployment.spec.unwrap().template;
    let release = &installed.release;
    let mut controller = start(release, &pod).await;
    controller.told("the cluster is seen").await;
    assert_eq!(env.bounds("web").await, (2, 10));
    let opens = controller.ahead().await;
    replace_rules(release, &pod, &rules(opens, later)).await;
    bounds_become(&env, (5, 20)).await;
    assert!(SystemTime::now() >= opens);
    assert_eq!(other.replicas("Deployment", "job").await, 2, "not its namespace");
    let closes = controller.ahead().await;
    replace_rules(release, &pod, &rules(opens, closes)).await;
    bounds_become(&env, (2, 10)).await;
    assert!(SystemTime::now() >= closes);
    controller.signal("TERM");
    assert_eq!(controller.ended(SOON).await, Some(0));
    assert!(!controller.text().contains("forbidden"), "{}", controller.text());
    installed.delete().await;
    other.delete().await;
}

async fn cron_job_in_one_namespace(env: Env) {
    let _alone = CLUSTER.lock().await;
    targets(&env).await;
    let other = Env::on(&env.plane).await;
    targets(&other).await;
    let rules =
        always(&env.namespace, "job", "replicas: 3") + &always(&other.namespace, "web", "minReplicas: 4");
    let namespace = &env.namespace;
    let kustomization = format!(
        "namespace: {namespace}\nresources:\n- easyscale/deploy/kustomize/cronjob-namespaced\nconfigMapGenerator:\n\
         - name: easyscale-policies\n  files: [policies/checkout.yaml]\n  options: {{disableNameSuffixHash: true}}\n"
    );
    let objects = Kustomization::new(&env, "cronjob-namespaced", &kustomization)
        .rules(&rules)
        .build();
    let installed = install(&env, namespace, objects).await;
    let cron_job = env.api::<CronJob>().get("easyscale").await.unwrap();
    let job = spawn_job(&installed.release, &cron_job, "first").await;
    let mut apply = start(&installed.release, &job.spec.unwrap().template).await;
    assert_eq!(apply.ended(SOON).await, Some(0), "{}", apply.text());
    assert!(!apply.text().contains("forbidden"), "{}", apply.text());
    assert_eq!(env.replicas("Deployment", "job").await, 3);
    assert_eq!(other.bounds("web").await, (2, 10), "not its namespace");
    installed.delete().await;
    other.delete().await;
}

async fn cron_job(env: Env) {
    // The ClusterRole has the name that the chart's has.
    let _alone = CLUSTER.lock().await;
    targets(&env).await;
    let namespace = format!("{}-night", env.namespace);
    let rules = |opens, closes| one_window(&env.namespace, "web", opens, closes, BOUNDS);
    let later = far() + Duration::from_secs(3600);
    let kustomization = format!(
        "namespace: {namespace}\nresources:\n- easyscale/deploy/kustomize/cronjob\nconfigMapGenerator:\n- name: easyscale-policies\n  \
         files: [policies/checkout.yaml]\n  options: {{disableNameSuffixHash: true}}\n"
    );
    let objects = Kustomization::new(&env, "cronjob", &kustomization)
        .rules(&rules(far(), later))
        .build();
    let installed = install(&env, &namespace, objects).await;
    let cron_jobs = Api::<CronJob>::namespaced(env.client.clone(), &namespace);
    let cron_job = cron_jobs.get("easyscale").await.unwrap();
    let release = &installed.release;
    let pass = async |name: &str, rules: &str| {
        let pod = spawn_job(release, &cron_job, name).await.spec.unwrap().template;
        replace_rules(release, &pod, rules).await;
        let mut apply = start(release, &pod).await;
        assert_eq!(apply.ended(SOON).await, Some(0), "{}", apply.text());
        env.bounds("web").await
    };
    assert_eq!(pass("before", &rules(far(), later)).await, (2, 10));
    let opens = in_seconds(0);
    sleep_past(opens, Duration::ZERO).await;
    assert_eq!(pass("open", &rules(opens, far())).await, (5, 20));
    let closes = in_seconds(0);
    sleep_past(closes, Duration::ZERO).await;
    assert_eq!(pass("after", &rules(opens, closes)).await, (2, 10));
    installed.delete().await;
}
