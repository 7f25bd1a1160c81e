//! What the chart renders, before anything is installed.

use kube::api::PostParams;
use serde_json::{Value, json};

use crate::kustomize::{Kustomization, apply};
use crate::release::{CHART, Release, documents, text};
use crate::support::{Case, Env, case, fixtures};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("helm: lint has nothing to say, whatever the values", lint),
        case(
            "helm: the server takes all that is rendered, strictly, and the pods are restricted ones",
            accepted,
        ),
        case(
            "helm: rights, pods and alerts are those of the manifests",
            as_manifests,
        ),
        case("helm: labels and annotations reach every object and pod", labels),
        case("helm: what others are to apply has no hooks", without_helm),
        case(
            "helm: text of policies arrives as it was written",
            policies_as_written,
        ),
        case("helm: wrong values are refused, with their place", refused),
        case(
            "helm: as a part of another chart, it can be switched on and off",
            in_another_chart,
        ),
        case("helm: any name of a release will do", names),
        case("helm: a cluster that is too old is refused", too_old),
    ]
}

/// Everything that can be switched on, and the other mode.
fn variants(env: &Env) -> Vec<Value> {
    let everything = json!({
        "policies": {"10-shop.yaml": "rules: {}\n", "20-other.toml": "[defaults]\ntimezone = \"Europe/Berlin\"\n",
            "30-map.yaml": {"defaults": {"timezone": "Europe/Berlin"}}},
        "existingConfigMaps": ["more-rules", "even.more"],
        "limits": {"*": {"maxReplicas": 50}, "shop": {"minReplicas": 1, "maxReplicas": 20}},
        "configMaps": {"enabled": true},
        "trustedNamespaces": ["platform"],
        "image": {"repository": "registry.example/easyscale", "digest": format!("sha256:{}", "0".repeat(64)), "pullSecrets": ["mine"]},
        "extraLabels": {"team": "platform", "tier": "all"}, "extraAnnotations": {"cost-centre": "7", "a": "all"},
        "podLabels": {"sidecar": "no", "tier": "pods"}, "podAnnotations": {"a": "b"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "spot", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
        "priorityClassName": "system-cluster-critical", "logLevel": "warn,easyscale=debug",
        "networkPolicy": {"enabled": true, "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]},
        "extraArgs": ["--profile=prod"],
    });
    let with = |more: Value| {
        let mut values = everything.clone();
        values
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        values
    };
    vec![
        json!({}),
        everything.clone(),
        with(
            json!({"namespaces": [env.namespace], "trustedNamespaces": [env.namespace], "instance": "blue", "controller": {"replicas": 1}}),
        ),
        with(json!({"mode": "cronjob", "cronjob": {"prune": true}})),
        with(
            json!({"mode": "cronjob", "namespaces": [env.namespace], "trustedNamespaces": [], "restoreOnUninstall": false}),
        ),
    ]
}

async fn lint(env: Env) {
    let release = Release::new(&env, "easyscale");
    release.helm(&["lint", "--strict", CHART]).await;
    let monitored = json!({"extraLabels": {"a": "all"},
        "monitoring": {"serviceMonitor": {"enabled": true, "labels": {"a": "b"}}, "prometheusRule": {"enabled": true}}});
    for values in variants(&env).into_iter().chain([monitored]) {
        release.template(&values).await;
        let path = env.plane.path().join("lint.values.yaml");
        std::fs::write(&path, values.to_string()).unwrap();
        release
            .helm(&["lint", "--strict", CHART, "--values", path.to_str().unwrap()])
            .await;
    }
}

async fn accepted(env: Env) {
    let release = Release::new(&env, "easyscale");
    restrict(&release).await;
    for values in variants(&env) {
        let mut pods = 0;
        for object in release.template(&values).await {
            apply(&env, &object, true).await;
            pods += usize::from(runs(&env, &release, &object).await);
        }
        let expected = if values["restoreOnUninstall"] == false {
            1
        } else {
            2
        };
        let has_test = values["mode"] != "cronjob";
        assert_eq!(pods, expected + usize::from(has_test), "{values}");
    }
}

/// Makes the namespace of a release, which admits restricted pods only.
pub(crate) async fn restrict(release: &Release) {
    let mut namespace = fixtures::namespace(&release.namespace);
    namespace["metadata"]["labels"] = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    fixtures::apply(&release.env.client, None, "test", &namespace)
        .await
        .unwrap();
}

/// Whether it has a pod, which then has to be admitted.
pub(crate) async fn runs(env: &Env, release: &Release, object: &Value) -> bool {
    let spec = match object["kind"].as_str().unwrap() {
        "Deployment" | "Job" => &object["spec"]["template"]["spec"],
        "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        "Pod" => &object["spec"],
        _ => return false,
    };
    assert_eq!(spec["enableServiceLinks"], false, "{object:#}");
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": spec});
    let params = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    fixtures::api(&env.client, Some(&release.namespace), &pod)
        .create(&params, &serde_json::from_value(pod.clone()).unwrap())
        .await
        .unwrap_or_else(|error| panic!("{error}: {pod:#}"));
    true
}

/// What kustomize makes of the same wishes.
fn manifests(env: &Env, overlay: &str, components: &[&str]) -> Vec<Value> {
    let mut kustomization = format!("resources:\n- easyscale/deploy/kustomize/{overlay}\ncomponents:\n");
    for component in components {
        kustomization.push_str(&format!("- easyscale/deploy/kustomize/components/{component}\n"));
    }
    Kustomization::new(env, overlay, &kustomization).build()
}

/// The rules of all roles, by their kind and name, whatever their order.
fn rights(objects: &[Value]) -> Vec<(String, String, Vec<String>)> {
    let mut found: Vec<_> = objects
        .iter()
        .filter(|object| object["kind"].as_str().unwrap().ends_with("Role"))
        .filter(|object| object["metadata"]["annotations"]["helm.sh/hook"].is_null())
        .map(|object| {
            let mut rules: Vec<_> = object["rules"]
                .as_array()
                .unwrap()
                .iter()
                .map(Value::to_string)
                .collect();
            rules.sort();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&object["kind"]), text(&object["metadata"]["name"]), rules)
        })
        .collect();
    found.sort();
    found
}

/// Of the one Deployment or CronJob: what must be the same, however it is installed.
fn pod(objects: &[Value]) -> Value {
    let runs = |object: &&Value| object["kind"] == "Deployment" || object["kind"] == "CronJob";
    let mut object = objects.iter().find(runs).unwrap().clone();
    let is_cron_job = object["kind"] == "CronJob";
    let pod = if is_cron_job {
        &mut object["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    } else {
        &mut object["spec"]["template"]["spec"]
    };
    // The chart chooses these by values.
    let container = pod["containers"][0].as_object_mut().unwrap();
    for key in ["args", "imagePullPolicy", "resources", "volumeMounts"] {
        if key != "resources" || is_cron_job {
            container.remove(key);
        }
    }
    pod.as_object_mut().unwrap().remove("volumes");
    pod.as_object_mut().unwrap().remove("affinity");
    let spec = object["spec"].as_object_mut().unwrap();
    spec.remove("selector");
    if let Some(template) = spec.get_mut("template") {
        template["metadata"] = Value::Null;
    }
    if is_cron_job {
        spec["jobTemplate"]["metadata"] = Value::Null;
        spec["jobTemplate"]["spec"]["template"]["metadata"] = Value::Null;
    }
    object["spec"].clone()
}

async fn as_manifests(env: Env) {
    let release = Release::new(&env, "easyscale");
    let policies = json!({"10.yaml": "rules: {}"});
    for (mode, overlay) in [("controller", "cluster"), ("cronjob", "cronjob")] {
        for (scaling_rules, config_maps) in [(false, false), (true, false), (true, true)] {
            let values = json!({
                "mode": mode, "policies": policies, "crd": {"install": false},
                "scalingRules": {"enabled": scaling_rules}, "configMaps": {"enabled": config_maps},
            });
            let mut components = Vec::new();
            components.extend(scaling_rules.then_some("scaling-rules"));
            components.extend(config_maps.then_some("config-maps"));
            let (chart, manifests) = (
                release.template(&values).await,
                manifests(&env, overlay, &components),
            );
            assert_eq!(rights(&chart), rights(&manifests), "{mode} {components:?}");
            assert_eq!(pod(&chart), pod(&manifests), "{mode}");
        }
    }
    let namespaced = json!({"policies": policies, "crd": {"install": false}, "scalingRules": {"enabled": false},
        "namespaces": [release.namespace], "seeOtherTools": false});
    assert_eq!(
        rights(&release.template(&namespaced).await),
        rights(&manifests(&env, "namespaced", &[]))
    );
    let monitored =
        json!({"monitoring": {"serviceMonitor": {"enabled": true}, "prometheusRule": {"enabled": true}}});
    let of = |objects: Vec<Value>, kind: &str| {
        let object = objects.into_iter().find(|object| object["kind"] == kind);
        object.unwrap()["spec"].clone()
    };
    let chart = release.template(&monitored).await;
    let manifests = manifests(&env, "cluster", &["monitoring"]);
    assert_eq!(
        of(chart.clone(), "PrometheusRule"),
        of(manifests.clone(), "PrometheusRule")
    );
    assert_eq!(
        of(chart, "ServiceMonitor")["endpoints"],
        of(manifests, "ServiceMonitor")["endpoints"]
    );
}

async fn labels(env: Env) {
    let release = Release::new(&env, "easyscale");
    let mut pods = 0;
    for values in variants(&env)
        .into_iter()
        .filter(|values| !values["extraLabels"].is_null())
    {
        for object in release.template(&values).await {
            let metadata = &object["metadata"];
            let is_definition = object["kind"] == "CustomResourceDefinition";
            let spec = &object["spec"];
            let template = match object["kind"].as_str().unwrap() {
                "Pod" => Some(metadata),
                "CronJob" => Some(&spec["jobTemplate"]["spec"]["template"]["metadata"]),
                _ => Some(&spec["template"]["metadata"]).filter(|template| !template.is_null()),
            };
            let said = |metadata: &Value| {
                let (labels, annotations) = (&metadata["labels"], &metadata["annotations"]);
                [
                    &labels["team"],
                    &labels["tier"],
                    &annotations["cost-centre"],
                    &annotations["a"],
                ]
                .map(Clone::clone)
            };
            if let Some(template) = template {
                pods += 1;
                assert_eq!(said(template), ["platform", "pods", "7", "b"], "{object:#}");
            }
            if object["kind"] != "Pod" && !is_definition {
                assert_eq!(said(metadata), ["platform", "all", "7", "all"], "{object:#}");
            }
        }
    }
    assert_eq!(pods, 9);
}

async fn without_helm(env: Env) {
    let release = Release::new(&env, "easyscale");
    let is_hook = |object: &Value| !object["metadata"]["annotations"]["helm.sh/hook"].is_null();
    for values in variants(&env) {
        // `kubectl apply` knows no hooks: it would run the uninstallation at once.
        let printed = release.template_with(&values, &[]).await;
        assert!(!printed.iter().any(is_hook), "{values}");
        let mut installed = release.template(&values).await;
        installed.retain(|object| !is_hook(object));
        assert_eq!(printed, installed, "{values}");
    }
}

async fn policies_as_written(env: Env) {
    let release = Release::new(&env, "easyscale");
    let texts = [
        "rules: {}\n",
        "rules: {}",
        "  rules:\n    a: {}\n",
        "\n a = 1\nb = 2\n",
        "a = 1\r\nb = 2\r\n",
        "# {{ .Values.mode }} $HOME \u{7} \"'\\\n\n\n",
        "",
        "---\na: 1\n---\nb: |\n  c\n",
        "3",
        "# überall, 毎日\n\tx = 1\n",
    ];
    let policies: serde_json::Map<String, Value> = (0..)
        .zip(texts)
        .map(|(number, text)| (format!("{number}.toml"), json!(text)))
        .collect();
    let objects = release.template(&json!({"policies": policies})).await;
    let map = objects
        .iter()
        .find(|object| object["metadata"]["name"] == "easyscale-policies");
    assert_eq!(map.unwrap()["data"], json!(policies));
}

async fn refused(env: Env) {
    let release = Release::new(&env, "easyscale");
    for (set, told) in [
        (
            "mode=both",
            "at '/mode': value must be one of 'controller', 'cronjob'",
        ),
        (
            "image.tga=1",
            "at '/image': additional properties 'tga' not allowed",
        ),
        ("replicas=3", "additional properties 'replicas' not allowed"),
        ("namespaces=shop", "at '/namespaces': got string, want array"),
        ("instance=Blue", "at '/instance': 'Blue' does not match pattern"),
        (
            "controller.replicas=0",
            "at '/controller/replicas': minimum: got 0, want 1",
        ),
        (
            "limits.shop.max=5",
            "at '/limits/shop': additional properties 'max' not allowed",
        ),
        (
            "policies.rules=x",
            "at '/policies': additional properties 'rules' not allowed",
        ),
        (
            "scalingRules.enabled=false",
            "There is nowhere to read rules from. Set one of: policies,",
        ),
        (
            "extraArgs={--no-leader-election}",
            "nothing keeps the controller from writing again",
        ),
        (
            "limits.shop.minReplicas=10,limits.shop.maxReplicas=2",
            "limits: of \"shop\", minReplicas (10) is above maxReplicas (2)",
        ),
        (
            "namespaces={shop},trustedNamespaces={platform}",
            "trustedNamespaces: \"platform\" is not among `namespaces`",
        ),
        ("mode=null", "missing property 'mode'"),
        ("image.repository=null", "missing property 'repository'"),
        ("extraAnnotations=null", "missing property 'extraAnnotations'"),
        (
            "controller.leaseDuration=1s",
            "at '/controller/leaseDuration': '1s' does not match pattern",
        ),
        (
            "logLevel=verbose",
            "at '/logLevel': 'verbose' does not match pattern",
        ),
        (
            "extraLabels.app\\.kubernetes\\.io/name=mine",
            "extraLabels: \"app.kubernetes.io/name\" is a label that the chart sets itself",
        ),
        (
            "podLabels.helm\\.sh/chart=mine",
            "podLabels: \"helm.sh/chart\" is a label that the chart sets itself",
        ),
        ("policies.a\\.toml.rules=x", "policies: \"a.toml\" has to be text"),
    ] {
        let output = release
            .try_helm(&["template", "easyscale", CHART, "--set", set])
            .await;
        let err = text(&output.stderr);
        assert!(
            !output.status.success() && err.contains(told),
            "--set {set}: {err}"
        );
    }
}

async fn in_another_chart(env: Env) {
    let release = Release::new(&env, "easyscale");
    let parent = env.plane.path().join(format!("{}-parent", env.namespace));
    std::fs::create_dir_all(parent.join("charts")).unwrap();
    let chart = json!({"apiVersion": "v2", "name": "parent", "version": "0.1.0",
        "dependencies": [{"name": "easyscale", "version": "0.1.0", "condition": "easyscale.enabled"}]});
    std::fs::write(parent.join("Chart.yaml"), chart.to_string()).unwrap();
    let values =
        json!({"global": {"team": "a"}, "easyscale": {"enabled": true, "controller": {"replicas": 3}}});
    std::fs::write(parent.join("values.yaml"), values.to_string()).unwrap();
    let charts = parent.join("charts");
    release
        .helm(&["package", CHART, "--destination", charts.to_str().unwrap()])
        .await;
    let parent = parent.to_str().unwrap();
    let on = documents(&release.helm(&["template", "easyscale", parent]).await);
    let deployment = on.iter().find(|object| object["kind"] == "Deployment");
    assert_eq!(deployment.unwrap()["spec"]["replicas"], 3);
    let off = [
        "template",
        "easyscale",
        parent,
        "--set",
        "easyscale.enabled=false",
    ];
    assert!(documents(&release.helm(&off).await).is_empty());
}

async fn names(env: Env) {
    for name in [
        "my.app",
        "1st",
        "2.easyscale",
        &"x".repeat(53),
        &format!("{}.1", "x".repeat(34)),
    ] {
        let mut release = Release::new(&env, "any");
        release.name = name.to_owned();
        // One that is there: that of the release is yet to be made.
        release.namespace.clone_from(&env.namespace);
        for object in release.template(&json!({})).await {
            apply(&env, &object, true).await;
        }
    }
}

async fn too_old(env: Env) {
    let release = Release::new(&env, "easyscale");
    let at = async |version: &str| {
        let args = ["template", "easyscale", CHART, "--kube-version", version];
        release.try_helm(&args).await
    };
    assert!(at("1.33.0").await.status.success());
    // As a provider calls it.
    assert!(at("v1.34.1-gke.100").await.status.success());
    let err = text(&at("1.32.9").await.stderr);
    assert!(err.contains("chart requires kubeVersion: >=1.33.0-0"), "{err}");
}
