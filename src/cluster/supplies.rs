//! The objects that rules are read from: `ConfigMap`s that carry a label, and custom resources.

use std::collections::{BTreeMap, BTreeSet};

use kube::api::Patch;
use serde::Deserialize;
use serde_json::{Value, json};

use super::failure::Operation;
use super::live::Live;
use super::resource::{patched_by_us, scaling_rules};
use super::selector::Selector;
use super::stream::{Kept, Stream, Thing, Watched};
use super::wire::nullable;
use crate::plan::{Failure, FailureKind, MEMORY_CONFIG_MAP};
use crate::policy::{Owner, Supply};

/// The label of `ConfigMap`s with rules, unless another one is asked for.
pub const POLICY_SELECTOR: &str = "easyscale.io/policy=true";

/// Where in the cluster rules are read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleSources {
    /// The labels of `ConfigMap`s with rules, as a selector; `None`: none are read.
    pub config_maps: Option<String>,
    /// Whether custom resources are read.
    pub scaling_rules: bool,
}

impl RuleSources {
    /// Whether there is any.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.config_maps.is_some() || self.scaling_rules
    }

    /// What is to be watched for them.
    #[must_use]
    pub fn watched(&self) -> Vec<Watched> {
        let config_maps = self.config_maps.clone().map(Watched::PolicyMaps);
        let scaling_rules = self.scaling_rules.then_some(Watched::ScalingRules);
        config_maps.into_iter().chain(scaling_rules).collect()
    }
}

/// An object that rules are read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Supplied {
    /// What it says.
    pub supply: Supply,
    /// Which object of its name it is.
    pub uid: String,
    /// Which state of it this is.
    pub resource_version: String,
    /// Which change of a custom resource's `spec` this is, counted by the server; 0 for a `ConfigMap`.
    pub generation: i64,
    /// The `status` of a custom resource as it stands; null where there is none.
    pub status: Value,
}

/// Such an object on the wire: what is not known beforehand stays as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Source {
    #[serde(rename = "apiVersion", deserialize_with = "nullable")]
    api_version: String,
    #[serde(deserialize_with = "nullable")]
    kind: String,
    #[serde(deserialize_with = "nullable")]
    metadata: SourceMetadata,
    /// Of a `ConfigMap`.
    data: Value,
    /// Of a custom resource.
    spec: Value,
    status: Value,
    /// Of a list.
    items: Value,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SourceMetadata {
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    namespace: String,
    #[serde(deserialize_with = "nullable")]
    uid: String,
    #[serde(deserialize_with = "nullable")]
    resource_version: String,
    #[serde(deserialize_with = "nullable")]
    generation: i64,
    labels: Value,
}

impl Source {
    fn into_config_map(self) -> Supplied {
        let SourceMetadata {
            name,
            namespace,
            uid,
            resource_version,
            ..
        } = self.metadata;
        Supplied {
            supply: Supply::of_config_map(&namespace, &name, texts(self.data)),
            uid,
            resource_version,
            generation: 0,
            status: Value::Null,
        }
    }

    fn into_scaling_rule(self) -> Supplied {
        let SourceMetadata {
            name,
            namespace,
            uid,
            resource_version,
            generation,
            labels,
        } = self.metadata;
        Supplied {
            supply: Supply::of_scaling_rule(&namespace, &name, &texts(labels), &self.spec),
            uid,
            resource_version,
            generation,
            status: self.status,
        }
    }
}

/// The entries of a map that are text, as all are that a server has let in.
fn texts(map: Value) -> BTreeMap<String, String> {
    let Value::Object(map) = map else {
        return BTreeMap::new();
    };
    let texts = map.into_iter().filter_map(|(key, value)| match value {
        Value::String(text) => Some((key, text)),
        _ => None,
    });
    texts.collect()
}

impl Kept for Source {
    fn resource_version(&self) -> &str {
        &self.metadata.resource_version
    }

    fn keep(self, stream: &Stream) -> Option<Thing> {
        // What easyscale remembers is no policy, whatever label somebody has put on it.
        let is_memory = self.metadata.name == MEMORY_CONFIG_MAP;
        let supplied = match stream.of {
            Watched::ScalingRules => self.into_scaling_rule(),
            _ if is_memory => return None,
            _ => self.into_config_map(),
        };
        Some(Thing::Supply(Box::new(supplied)))
    }
}

impl Live {
    /// Every object that rules are read from, in these namespaces; none: in all.
    pub(super) async fn list_supplies(
        &self,
        sources: &RuleSources,
        namespaces: &BTreeSet<String>,
    ) -> Result<Vec<Supplied>, Failure> {
        let mut supplies = Vec::new();
        for of in sources.watched() {
            for stream in Stream::everywhere(&of, namespaces) {
                let mut pages = self.pages::<Source>(stream.target(), &stream.selection());
                while let Some(items) = pages
                    .next(self)
                    .await
                    .map_err(|failure| missing_kind(&of, failure))?
                {
                    let things = items.into_iter().filter_map(|item| item.keep(&stream));
                    supplies.extend(things.filter_map(|thing| match thing {
                        Thing::Supply(supplied) => Some(*supplied),
                        _ => None,
                    }));
                }
            }
        }
        Ok(supplies)
    }

    /// Writes the status of a custom resource; what it had beside is taken away.
    pub(super) async fn patch_status(&self, rule: &Owner, uid: &str, status: &Value) -> Result<(), Failure> {
        let Owner { namespace, name } = rule;
        let resource = scaling_rules(Some(namespace));
        let operation = Operation {
            resource: "scalingrules/status",
            ..resource.operation("patch", Some(name))
        };
        // Another one of its name gets a status of its own.
        let body = json!({"metadata": {"uid": uid}, "status": status});
        let params = patched_by_us();
        let request = resource
            .request()
            .patch_subresource("status", name, &params, &Patch::Merge(&body));
        self.send::<Value>(&operation, request).await.map(drop)
    }
}

/// An API that is not there has a way out of its own.
pub(super) fn missing_kind(of: &Watched, failure: Failure) -> Failure {
    if failure.kind == FailureKind::NotFound && *of == Watched::ScalingRules {
        return Failure::new(
            FailureKind::NotFound,
            "cannot read ScalingRules: this cluster does not know them",
        )
        .hint("install them: easyscale crd | kubectl apply -f -");
    }
    failure
}

/// The objects of a file of manifests that rules are read from.
pub(super) fn of_manifests(
    documents: Vec<Source>,
    sources: &RuleSources,
    namespaces: &BTreeSet<String>,
) -> Result<Vec<Supplied>, String> {
    let selector = sources.config_maps.as_deref().map(Selector::parse).transpose()?;
    let mut supplies = Vec::new();
    for mut source in flat(documents) {
        if source.metadata.namespace.is_empty() {
            "default".clone_into(&mut source.metadata.namespace);
        }
        if !namespaces.is_empty() && !namespaces.contains(&source.metadata.namespace) {
            continue;
        }
        let selected = selector
            .as_ref()
            .is_some_and(|selector| selector.fits(&texts(source.metadata.labels.clone())));
        match (source.api_version.as_str(), source.kind.as_str()) {
            ("easyscale.io/v1", "ScalingRule") if sources.scaling_rules => {
                supplies.push(source.into_scaling_rule());
            }
            ("v1", "ConfigMap") if selected && source.metadata.name != MEMORY_CONFIG_MAP => {
                supplies.push(source.into_config_map());
            }
            _ => {}
        }
    }
    Ok(supplies)
}

/// Documents with their lists taken apart; items of a list may leave their kind to it.
fn flat(documents: Vec<Source>) -> Vec<Source> {
    let mut all = Vec::new();
    for mut document in documents {
        let Value::Array(items) = document.items.take() else {
            all.push(document);
            continue;
        };
        let kind = document.kind.strip_suffix("List").unwrap_or_default();
        for item in items {
            // What does not look like an object of ours is none.
            let Ok(mut item) = serde_json::from_value::<Source>(item) else {
                continue;
            };
            if item.kind.is_empty() {
                kind.clone_into(&mut item.kind);
                item.api_version.clone_from(&document.api_version);
            }
            all.push(item);
        }
    }
    all
}
