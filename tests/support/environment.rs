//! What one test gets: a namespace of its own, in a control plane that it shares.

use super::audit::Request;
use super::control_plane::{ControlPlane, User};
use super::fixtures;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{DeleteParams, DynamicObject, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long the `wait_for_…` methods wait: controllers act within a second or two on idle cores, and much later on
/// busy ones.
const SOON: Duration = Duration::from_secs(90);

/// A namespace, and an administrator whom no other test uses: what it asked of the server can be
/// told from what others asked.
#[derive(Clone)]
pub struct Env {
    /// The control plane, shared with the other tests of the binary.
    pub plane: Arc<ControlPlane>,
    /// The namespace of this test.
    pub namespace: String,
    /// The administrator of this test.
    pub admin: User,
    /// The administrator's client.
    pub client: Client,
}

impl Env {
    /// A new namespace in `plane`. The harness does this for each test; call it for a second one.
    pub async fn on(plane: &Arc<ControlPlane>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let namespace = format!(
            "test-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let admin = plane.admin();
        let client = plane.client(&admin);
        fixtures::apply(&client, None, "test", &fixtures::namespace(&namespace))
            .await
            .expect("create the namespace");
        Self {
            plane: plane.clone(),
            namespace,
            admin,
            client,
        }
    }

    /// Asks for the namespace's deletion, and does not wait for it.
    pub async fn delete(self) {
        let namespaces = Api::<Namespace>::all(self.client.clone());
        let _ = namespaces
            .delete(&self.namespace, &DeleteParams::background())
            .await;
    }

    /// The API for a kind, in this namespace, as the administrator.
    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Creates `object` in this namespace.
    pub async fn create(&self, object: &Value) -> DynamicObject {
        let api = fixtures::api(&self.client, Some(&self.namespace), object);
        let typed = serde_json::from_value(object.clone()).expect("a Kubernetes object");
        api.create(&PostParams::default(), &typed)
            .await
            .unwrap_or_else(|e| panic!("create {object}: {e}"))
    }

    /// Applies `object` in this namespace as the field manager `manager`, such as `helm`.
    pub async fn apply_as(&self, manager: &str, object: &Value) -> DynamicObject {
        fixtures::apply(&self.client, Some(&self.namespace), manager, object)
            .await
            .unwrap_or_else(|e| panic!("apply {object}: {e}"))
    }

    /// `minReplicas` (1 if not set, as the server has it) and `maxReplicas` of an HPA.
    pub async fn bounds(&self, hpa: &str) -> (i32, i32) {
        let hpa = self
            .api::<HorizontalPodAutoscaler>()
            .get(hpa)
            .await
            .expect("the HPA exists");
        let spec = hpa.spec.expect("an HPA has a spec");
        (spec.min_replicas.unwrap_or(1), spec.max_replicas)
    }

    /// `spec.replicas` of a `Deployment` or `StatefulSet`.
    pub async fn replicas(&self, kind: &str, name: &str) -> i64 {
        let api = fixtures::api(
            &self.client,
            Some(&self.namespace),
            &json!({"apiVersion": "apps/v1", "kind": kind}),
        );
        let object = api
            .get(name)
            .await
            .unwrap_or_else(|e| panic!("get {kind} {name}: {e}"));
        object.data["spec"]["replicas"]
            .as_i64()
            .expect("the server sets spec.replicas")
    }

    /// Waits until `spec.replicas` is `wanted`.
    pub async fn wait_for_replicas(&self, kind: &str, name: &str, wanted: i64) {
        wait_for(
            &format!("{kind} {name} to have {wanted} replicas"),
            SOON,
            async || {
                let replicas = self.replicas(kind, name).await;
                if replicas == wanted { Ok(()) } else { Err(replicas) }
            },
        )
        .await;
    }

    /// Waits until the controller of a Deployment has written that it has seen all of it, and has all its pods: it writes no
    /// more then.
    pub async fn wait_for_status(&self, deployment: &str) {
        wait_for(&format!("the status of {deployment}"), SOON, async || {
            let object = self.api::<Deployment>().get(deployment).await;
            let object = object.map_err(|error| error.to_string())?;
            let (spec, status) = (object.spec.unwrap_or_default(), object.status.unwrap_or_default());
            let is_seen = status.observed_generation == object.metadata.generation;
            if is_seen && status.replicas.unwrap_or(0) == spec.replicas.unwrap_or(1) {
                Ok(())
            } else {
                Err(format!("{status:?}"))
            }
        })
        .await;
    }

    /// Waits until the server names a version of a group, such as `keda.sh/v1alpha1`, where it lists all APIs, and what is in it:
    /// that is later than when it begins to serve it.
    pub async fn wait_for_group(&self, version: &str) {
        wait_for(&format!("{version} to be listed"), SOON, async || {
            let groups = self.client.list_api_groups().await;
            let groups = groups.map_err(|error| error.to_string())?.groups;
            let mut versions = groups.into_iter().flat_map(|group| group.versions);
            if !versions.any(|one| one.group_version == version) {
                return Err("not among the groups".to_owned());
            }
            let resources = self.client.list_api_group_resources(version).await;
            match resources.map_err(|error| error.to_string())?.resources.len() {
                0 => Err("nothing is in it".to_owned()),
                _ => Ok(()),
            }
        })
        .await;
    }

    /// A service account that may do nothing until [`allow`](Self::allow)ed.
    pub fn limited(&self) -> User {
        self.plane.limited()
    }

    /// Creates a real ServiceAccount in this namespace, with a token from the TokenRequest API, for
    /// tests whose RBAC names the account (such as manifests in deploy/).
    pub async fn service_account(&self, name: &str) -> User {
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
        self.apply_as("test", &account).await;
        let request = TokenRequest {
            spec: TokenRequestSpec::default(),
            ..TokenRequest::default()
        };
        let answer = self
            .api::<ServiceAccount>()
            .create_token_request(name, &PostParams::default(), &request)
            .await
            .expect("the server makes a token");
        User {
            name: format!("system:serviceaccount:{}:{name}", self.namespace),
            account: Some((self.namespace.clone(), name.to_owned())),
            token: answer.status.expect("a made token has a status").token,
        }
    }

    /// Lets `user` do what `rules` say in this namespace: a Role and a RoleBinding. `rules` are
    /// RBAC rules: `[{"apiGroups": [...], "resources": [...], "verbs": [...]}]`.
    pub async fn allow(&self, user: &User, rules: &Value) {
        self.bind(user, rules, "Role", Some(&self.namespace)).await;
    }

    /// Lets `user` do what `rules` say in all namespaces: a ClusterRole and a ClusterRoleBinding.
    pub async fn allow_everywhere(&self, user: &User, rules: &Value) {
        self.bind(user, rules, "ClusterRole", None).await;
    }

    async fn bind(&self, user: &User, rules: &Value, kind: &str, namespace: Option<&str>) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let api_version = "rbac.authorization.k8s.io/v1";
        let subject = match &user.account {
            Some((namespace, name)) => {
                json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
            }
            None => json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user.name}),
        };
        let role = json!({
            "apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "rules": rules,
        });
        let binding = json!({
            "apiVersion": api_version,
            "kind": format!("{kind}Binding"),
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
            "subjects": [subject],
        });
        for object in [role, binding] {
            fixtures::apply(&self.client, namespace, "test", &object)
                .await
                .expect("write RBAC");
        }
        if let Some(last) = rules.as_array().and_then(|rules| rules.last()) {
            let namespace = namespace.unwrap_or(&self.namespace);
            self.wait_for_right(&user.name, last, namespace, true).await;
        }
    }

    /// Waits until the server lets a user do what a rule of a role says first, or does not any more: rights count a moment
    /// after they are written, all of a role at once.
    pub async fn wait_for_right(&self, user: &str, rule: &Value, namespace: &str, allowed: bool) {
        let first = |key: &str| rule[key][0].as_str().unwrap_or_default().to_owned();
        let resource = first("resources");
        let (resource, subresource) = resource.split_once('/').unwrap_or((&resource, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "metadata": {},
            "spec": {"user": user, "resourceAttributes": {
                "namespace": namespace, "group": first("apiGroups"), "resource": resource,
                "subresource": subresource, "verb": first("verbs"), "name": first("resourceNames"),
            }},
        });
        let api = fixtures::api(&self.client, None, &review);
        let review = serde_json::from_value(review).expect("a Kubernetes object");
        wait_for("rights to count", SOON, async || {
            let answer = api.create(&PostParams::default(), &review).await;
            let status = answer.map(|answer| answer.data["status"].clone());
            match &status {
                Ok(status) if status["allowed"] == allowed => Ok(()),
                _ => Err(status.map_err(|error| error.to_string())),
            }
        })
        .await;
    }

    /// A kubeconfig for running the program as `user`. The context has no namespace.
    pub fn kubeconfig(&self, user: &User) -> PathBuf {
        self.plane.kubeconfig(user)
    }

    /// A client for `user`.
    pub fn client(&self, user: &User) -> Client {
        self.plane.client(user)
    }

    /// What `user` has asked of the server so far, oldest first.
    pub async fn requests(&self, user: &User) -> Vec<Request> {
        let mut requests = self.plane.requests().await;
        requests.retain(|request| request.user == user.name);
        requests
    }
}

/// Polls each 50 ms until `attempt` gives `Ok`. An `Err` is what was seen instead; the last one
/// is in the panic's message when `deadline` has passed.
pub async fn wait_for<T, Seen: Debug>(
    what: &str,
    deadline: Duration,
    mut attempt: impl AsyncFnMut() -> Result<T, Seen>,
) -> T {
    let started = Instant::now();
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(seen) if started.elapsed() > deadline => {
                panic!("waited {deadline:?} for {what}; last seen: {seen:?}")
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
