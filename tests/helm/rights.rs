//! Every right in the roles of deploy/kustomize is needed: without it, the program says which one it lacks.

use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::install::{CLUSTER, SOON};
use crate::kustomize::{Kustomization, define, wait_until_gone};
use crate::support::proxy::{Answer, Fault, Proxy, When};
use crate::support::timetable::always;
use crate::support::{Case, Env, Running, case, fixtures, wait_for};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "kustomize: no right of the controller is too much, and the lack of each is told",
            controller,
        ),
        case(
            "kustomize: no right of the CronJob is too much, and the lack of each is told",
            cron_job,
        ),
    ]
}

/// One verb of one resource, and the rules of the roles without it.
struct Right {
    resource: String,
    verb: String,
    without: Vec<Value>,
}

impl Right {
    /// As messages say it.
    fn lack(&self) -> String {
        format!("cannot {} {}", self.verb, self.resource)
    }

    /// As messages say what to add.
    fn cure(&self) -> String {
        format!("verbs: [{}]", self.verb)
    }
}

/// The rules of all roles that a folder has with the components that add some.
fn rules(env: &Env, folder: &str) -> Vec<Value> {
    let kustomization = format!(
        "resources:\n- easyscale/deploy/kustomize/{folder}\ncomponents:\n\
         - easyscale/deploy/kustomize/components/scaling-rules\n- easyscale/deploy/kustomize/components/config-maps\n\
         - easyscale/deploy/kustomize/components/other-tools\n"
    );
    let objects = Kustomization::new(env, folder, &kustomization).build();
    objects
        .iter()
        .filter(|object| object["kind"] == "ClusterRole" || object["kind"] == "Role")
        .flat_map(|role| role["rules"].as_array().unwrap().clone())
        .collect()
}

/// Each right by itself, and how it looks without it.
fn rights(rules: &[Value]) -> Vec<Right> {
    let mut single = rules.to_vec();
    for key in ["apiGroups", "resources", "verbs"] {
        let each = single.iter().flat_map(|rule| {
            let items = rule[key].as_array().unwrap().iter();
            items.map(move |item| {
                let mut one = rule.clone();
                one[key] = json!([item]);
                one
            })
        });
        single = each.collect();
    }
    let text = |rule: &Value, key: &str| rule[key][0].as_str().unwrap().to_owned();
    single
        .iter()
        .map(|gone| {
            // All ConfigMaps are more than one of a name: both go, or nothing is missing.
            let is_covered = |rule: &Value| {
                rule["apiGroups"] == gone["apiGroups"]
                    && rule["resources"] == gone["resources"]
                    && rule["verbs"] == gone["verbs"]
            };
            Right {
                resource: text(gone, "resources"),
                verb: text(gone, "verbs"),
                without: single.iter().filter(|rule| !is_covered(rule)).cloned().collect(),
            }
        })
        .collect()
}

/// A namespace where every right is needed: targets of each sort, a rule as an object, and a server that says once of each
/// write that somebody was faster.
struct Stage {
    env: Env,
    proxy: Proxy,
}

impl Stage {
    async fn new(env: &Env, name: &str) -> Self {
        let env = Env::on(&env.plane).await;
        env.create(&fixtures::deployment("web", 2)).await;
        hpa(&env).await;
        env.create(&fixtures::deployment("job", 2)).await;
        env.create(&fixtures::stateful_set("db", 2)).await;
        env.create(&json!({
            "apiVersion": "easyscale.io/v1", "kind": "ScalingRule", "metadata": {"name": "job"},
            "spec": {"target": {"kind": "Deployment", "name": "job"}, "default": {"replicas": 3}},
        }))
        .await;
        let proxy = Proxy::start(&env.plane, &format!("{}-{name}", env.namespace)).await;
        let stage = Self { env, proxy };
        stage.disturb();
        stage
    }

    /// The next write of each sort comes too late.
    fn disturb(&self) {
        let faster = Fault::Answer(Answer::refusal(409, "Conflict", "the object has been modified"));
        for path in [
            "horizontalpodautoscalers/web",
            "deployments/job/scale",
            "statefulsets/db/scale",
        ] {
            self.proxy
                .fault_times(1, When::patch().path(path), faster.clone());
        }
    }

    fn rules(&self, replicas: u32) -> String {
        let namespace = &self.env.namespace;
        always(namespace, "web", "minReplicas: 5")
            + &always(namespace, "db", &format!("replicas: {replicas}"))
                .replace("kind: Deployment", "kind: StatefulSet")
    }

    /// Puts the floor back, as a careless neighbour does: to be told again.
    async fn revert(&self) {
        hpa(&self.env).await;
    }

    /// What `run` says until it says this; without it, until it has done all that it does.
    async fn run(&self, rules: &Value, until: Option<&str>) -> String {
        let namespace = self.env.namespace.as_str();
        let user = self.env.limited();
        self.env.allow(&user, rules).await;
        let args = [
            "-n",
            namespace,
            "--lease-namespace",
            namespace,
            "--scaling-rules",
            "--config-maps",
            // Of events that cannot be sent, only this tells.
            "--log-level",
            "debug",
        ];
        let mut run = Running::start(&self.proxy.kubeconfig(&user), &self.rules(4), &args);
        // On a slow machine it takes more than one round until all has happened.
        for tick in 0..if until.is_some() { 160 } else { 40 } {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let is_said = until.is_some_and(|until| run.text().contains(until));
            if is_said || !run.is_running() {
                break;
            }
            let (round, tick) = (tick / 40, tick % 40);
            match tick {
                6 | 12 | 18 => self.revert().await,
                8 => {
                    self.disturb();
                    run.rewrite(&self.rules(5 + round));
                }
                _ => {}
            }
        }
        if until.is_none() {
            self.env.wait_for_replicas("StatefulSet", "db", 5).await;
        }
        let told = run.text();
        run.signal("TERM");
        run.ended(SOON).await;
        told
    }

    /// What `apply` says, twice, and then `restore`.
    async fn apply_and_restore(&self, rules: &Value) -> String {
        let namespace = self.env.namespace.as_str();
        let user = self.env.limited();
        self.env.allow(&user, rules).await;
        let kubeconfig = self.proxy.kubeconfig(&user);
        let mut told = String::new();
        for replicas in [4, 5] {
            let args = [
                "apply",
                "policies",
                "-n",
                namespace,
                "--scaling-rules",
                "--config-maps",
            ];
            let mut apply = Running::command(&kubeconfig, &self.rules(replicas), &args);
            apply.ended(SOON).await;
            told += &apply.text();
            self.disturb();
        }
        // As one that was let go looks.
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": "easyscale", "labels": {"easyscale.io/instance": "default"}}, "spec": {"leaseTransitions": 1},
        });
        self.env
            .api::<Lease>()
            .patch(
                "easyscale",
                &PatchParams::apply("test").force(),
                &Patch::Apply(lease),
            )
            .await
            .unwrap();
        for more in [&[][..], &["--lease-namespace", namespace][..]] {
            let args = [&["restore", "-n", namespace], more].concat();
            let mut restore = Running::command(&kubeconfig, "", &args);
            restore.ended(SOON).await;
            told += &restore.text();
        }
        told
    }
}

async fn hpa(env: &Env) {
    env.apply_as("team", &fixtures::hpa("web", ("Deployment", "web"), 2, 10))
        .await;
}

/// Other tools, of which there is nothing here but their APIs, and our own. Whether ours has to go again: the chart's is
/// another one to Helm.
async fn define_all(env: &Env) -> Option<Value> {
    define(env, "keda.sh", "v1alpha1", "ScaledObject", "scaledobjects").await;
    define(
        env,
        "datadoghq.com",
        "v1alpha2",
        "DatadogPodAutoscaler",
        "datadogpodautoscalers",
    )
    .await;
    let definition = std::fs::read_to_string("deploy/crd.yaml").unwrap();
    let definition: Value = serde_yaml::from_str(&definition).unwrap();
    let name = definition["metadata"]["name"].as_str().unwrap();
    let api = fixtures::api(&env.client, None, &definition);
    let is_there = api.get_opt(name).await.unwrap().is_some();
    if !is_there {
        fixtures::apply(&env.client, None, "test", &definition)
            .await
            .unwrap();
        let rules = json!({"apiVersion": "easyscale.io/v1", "kind": "ScalingRule"});
        let rules = fixtures::api(&env.client, None, &rules);
        wait_for("scaling rules to be served", SOON, async || {
            let list = rules.list(&ListParams::default()).await;
            list.map(drop).map_err(|error| error.to_string())
        })
        .await;
    }
    (!is_there).then_some(definition)
}

async fn undefine(env: &Env, definition: Option<Value>) {
    if let Some(definition) = definition {
        let name = definition["metadata"]["name"].as_str().unwrap();
        let api = fixtures::api(&env.client, None, &definition);
        api.delete(name, &DeleteParams::background()).await.unwrap();
        wait_until_gone(env, &definition).await;
    }
}

/// Asks of each right what is told without it. Several at a time: they wait more than they work.
async fn each<Told: Future<Output = String>>(rights: Vec<Right>, without: impl Fn(&Right) -> Told) {
    let told: Vec<Option<String>> = futures::stream::iter(rights)
        .map(|right| {
            let told = without(&right);
            async move {
                let told = told.await;
                let is_told = told.contains(&right.lack()) && told.contains(&right.cure());
                (!is_told).then(|| format!("without {} of {}:\n{told}", right.verb, right.resource))
            }
        })
        .buffer_unordered(5)
        .collect()
        .await;
    let not_told: Vec<String> = told.into_iter().flatten().collect();
    assert!(
        not_told.is_empty(),
        "{} rights are not missed\n{}",
        not_told.len(),
        not_told.join("\n")
    );
}

async fn controller(env: Env) {
    // Its instance is that of the whole cluster, which would restore what has no rule there.
    let _alone = CLUSTER.lock().await;
    let defined = define_all(&env).await;
    let rules = rules(&env, "namespaced");
    let stage = Stage::new(&env, "all").await;
    let told = stage.run(&json!(rules), None).await;
    assert!(!told.contains("add to its"), "{told}");
    each(rights(&rules), |right| {
        let (env, without, lack) = (env.clone(), json!(right.without), right.lack());
        async move {
            let stage = Stage::new(&env, "some").await;
            let told = stage.run(&without, Some(&lack)).await;
            stage.env.delete().await;
            told
        }
    })
    .await;
    undefine(&env, defined).await;
}

async fn cron_job(env: Env) {
    let _alone = CLUSTER.lock().await;
    let defined = define_all(&env).await;
    let rules = rules(&env, "cronjob");
    let stage = Stage::new(&env, "all").await;
    let told = stage.apply_and_restore(&json!(rules)).await;
    assert!(!told.contains("add to its"), "{told}");
    each(rights(&rules), |right| {
        let (env, without) = (env.clone(), json!(right.without));
        async move {
            let stage = Stage::new(&env, "some").await;
            let told = stage.apply_and_restore(&without).await;
            stage.env.delete().await;
            told
        }
    })
    .await;
    undefine(&env, defined).await;
}
