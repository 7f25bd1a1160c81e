//! Short words for the road that every test walks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use easyscale::cluster::{ApplyOptions, Clock, Cluster, Live, apply};
use easyscale::plan::{Applied, Options, Outcome, Plan, Planner, Selection};
use easyscale::policy::{self, Rule};
use easyscale::time::Instant;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::{Env, fixtures};

/// A Tuesday; every rule of these tests has windows in UTC.
pub(crate) const NOON: &str = "2026-11-24T12:00:00Z";
/// Inside 16:00-18:00.
pub(crate) const PEAK: &str = "2026-11-24T17:00:00Z";
/// Inside 20:00-22:00.
pub(crate) const EVENING: &str = "2026-11-24T21:00:00Z";

/// Rules, against the namespace of one test.
pub(crate) struct Road {
    pub(crate) env: Env,
    pub(crate) live: Live,
    rules: Vec<Arc<Rule>>,
    options: Options,
}

impl Road {
    /// A road without rules.
    pub(crate) fn new(env: &Env) -> Self {
        let live = Live::with_client(env.client.clone(), "test", "default");
        let namespaces = BTreeSet::from([env.namespace.clone()]);
        let options = Options {
            instance: "default".to_owned(),
            prune: false,
            namespaces,
        };
        Self {
            env: env.clone(),
            live,
            rules: Vec::new(),
            options,
        }
    }

    /// With one rule for a target of this namespace: `spec` is its YAML, two blanks indented.
    pub(crate) fn rule(mut self, kind: &str, name: &str, spec: &str) -> Self {
        let namespace = &self.env.namespace;
        let text = format!(
            "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {{name: {name}-rule}}\nspec:\n  target: \
             {{kind: {kind}, name: {name}, namespace: {namespace}}}\n{spec}\n"
        );
        let loaded = policy::check(vec![("rule.yaml".to_owned(), text)]);
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        self.rules.extend(loaded.rules);
        self
    }

    /// Without its rules, as after their files were deleted.
    pub(crate) fn without_rules(mut self) -> Self {
        self.rules.clear();
        self
    }

    pub(crate) fn prune(mut self) -> Self {
        self.options.prune = true;
        self
    }

    pub(crate) fn instance(mut self, instance: &str) -> Self {
        instance.clone_into(&mut self.options.instance);
        self
    }

    pub(crate) fn planner(&self) -> Planner {
        Planner::new(self.rules.clone(), self.options.clone())
    }

    pub(crate) async fn plan(&self, at: &str) -> Plan {
        let planner = self.planner();
        let observed = self.live.observe(&planner).await.unwrap();
        planner.plan(&observed, instant(at))
    }

    /// One pass. Whatever it wrote, the plan that follows must be empty.
    pub(crate) async fn pass(&self, at: &str) -> Vec<Applied> {
        let applied = self.pass_over(&self.live, at).await;
        let again = self.plan(at).await;
        let left: Vec<_> = again.targets.iter().filter(|target| target.changes()).collect();
        assert!(left.is_empty(), "a second pass would write: {left:#?}");
        applied
    }

    pub(crate) async fn pass_over<C: Cluster>(&self, cluster: &C, at: &str) -> Vec<Applied> {
        let planner = self.planner();
        let observed = cluster.observe(&planner).await.unwrap();
        let plan = planner.plan(&observed, instant(at));
        apply(cluster, &planner, observed, plan, &options(at))
            .await
            .unwrap()
    }

    pub(crate) async fn restore(&self, selection: &Selection) -> Vec<Applied> {
        let planner = Planner::new(
            Vec::new(),
            Options {
                prune: true,
                ..self.options.clone()
            },
        );
        let observed = self.live.observe(&planner).await.unwrap();
        let plan = planner.restore(&observed, selection, instant(NOON));
        apply(&self.live, &planner, observed, plan, &options(NOON))
            .await
            .unwrap()
    }
}

pub(crate) fn options(at: &str) -> ApplyOptions {
    ApplyOptions {
        concurrency: 4,
        deadline: tokio::time::Instant::now() + Duration::from_secs(60),
        at: Clock::Pretended(instant(at)),
        events: Some(instant(at)),
        progress: None,
    }
}

pub(crate) fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

/// The one target of a pass that was written.
pub(crate) fn assert_applied(applied: &[Applied]) -> &Applied {
    let [one] = applied else {
        panic!("not one target: {applied:#?}")
    };
    assert_eq!(one.outcome, Outcome::Applied, "{one:#?}");
    one
}

/// The one target of a pass, with nothing to write.
pub(crate) fn assert_unchanged(applied: &[Applied]) -> &Applied {
    let [one] = applied else {
        panic!("not one target: {applied:#?}")
    };
    assert_eq!(one.outcome, Outcome::Unchanged, "{one:#?}");
    one
}

/// The code of the one target that was refused.
pub(crate) fn assert_refused(applied: &[Applied]) -> &'static str {
    let [one] = applied else {
        panic!("not one target: {applied:#?}")
    };
    one.plan
        .refusal()
        .unwrap_or_else(|| panic!("not refused: {one:#?}"))
        .code
        .as_str()
}

pub(crate) fn has_note(applied: &Applied, code: &str) -> bool {
    applied.plan.notes.iter().any(|note| note.code == code)
}

/// A Deployment `web` with an autoscaler 2..10 that Helm applied.
pub(crate) async fn web(env: &Env) {
    env.create(&fixtures::deployment("web", 2)).await;
    env.apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 2, 10))
        .await;
}

/// What of us is on an autoscaler: the remembered (original, applied) of floor and ceiling, or nothing.
pub(crate) async fn memory(env: &Env, name: &str) -> Option<Value> {
    remembered(&hpa(env, name).await)
}

pub(crate) fn remembered(hpa: &HorizontalPodAutoscaler) -> Option<Value> {
    let text = hpa.metadata.annotations.as_ref()?.get("easyscale.io/state")?;
    Some(serde_json::from_str(text).unwrap())
}

pub(crate) async fn hpa(env: &Env, name: &str) -> HorizontalPodAutoscaler {
    env.api::<HorizontalPodAutoscaler>().get(name).await.unwrap()
}

/// The managers of an autoscaler's fields.
pub(crate) async fn managers(env: &Env, name: &str) -> Vec<String> {
    let entries = hpa(env, name).await.metadata.managed_fields.unwrap_or_default();
    entries
        .into_iter()
        .filter(|entry| entry.subresource.is_none())
        .filter_map(|entry| entry.manager)
        .collect()
}

/// Nothing of us is left on an autoscaler.
pub(crate) async fn assert_no_trace(env: &Env, name: &str) {
    assert_eq!(memory(env, name).await, None);
    let managers = managers(env, name).await;
    assert!(
        !managers.iter().any(|manager| manager.starts_with("easyscale")),
        "{managers:?}"
    );
}

/// Somebody edits an autoscaler, as `kubectl edit` does.
pub(crate) async fn edit(env: &Env, name: &str, spec: Value) {
    let params = PatchParams {
        field_manager: Some("kubectl-edit".to_owned()),
        ..PatchParams::default()
    };
    let patch = Patch::Merge(json!({"spec": spec}));
    env.api::<HorizontalPodAutoscaler>()
        .patch(name, &params, &patch)
        .await
        .unwrap();
}

/// Somebody sets or removes an annotation of an autoscaler.
pub(crate) async fn annotate(env: &Env, name: &str, key: &str, value: Value) {
    let patch = Patch::Merge(json!({"metadata": {"annotations": {key: value}}}));
    env.api::<HorizontalPodAutoscaler>()
        .patch(name, &PatchParams::default(), &patch)
        .await
        .unwrap();
}
