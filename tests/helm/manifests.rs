//! The manifests of deploy/kustomize: built by kustomize as a person would have them, and given to the server.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use kube::api::{DeleteParams, Patch, PatchParams, ValidationDirective};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::release::{documents, text};
use crate::support::{Env, Tools, fixtures};

/// What comes out of one kustomization, in one namespace.
pub(crate) struct Manifests {
    pub(crate) objects: Vec<Value>,
}

impl Manifests {
    /// Builds folders of deploy/kustomize with some of its components, in a namespace.
    pub(crate) fn build(env: &Env, namespace: &str, folders: &[&str], components: &[&str]) -> Self {
        let folder = env.plane.path().join(format!("kustomize-{namespace}"));
        std::fs::create_dir_all(&folder).unwrap();
        let folder = folder.canonicalize().unwrap();
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kustomize");
        // kustomize takes no absolute paths.
        let up = "../".repeat(folder.components().count() - 1);
        let place = format!(
            "{up}{}",
            tree.canonicalize().unwrap().strip_prefix("/").unwrap().display()
        );
        let mut kustomization = format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: {namespace}\nresources:\n"
        );
        for folder in folders {
            writeln!(kustomization, "  - {place}/{folder}").unwrap();
        }
        if !components.is_empty() {
            kustomization.push_str("components:\n");
        }
        for component in components {
            writeln!(kustomization, "  - {place}/components/{component}").unwrap();
        }
        std::fs::write(folder.join("kustomization.yaml"), &kustomization).unwrap();
        let kustomize = Tools::find().unwrap_or_else(|error| panic!("{error}")).kustomize;
        let output = Command::new(kustomize)
            .env_clear()
            .arg("build")
            .arg(&folder)
            .output()
            .unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{kustomization}{err}");
        assert_eq!(err, "", "kustomize warns");
        Self {
            objects: documents(&out),
        }
    }

    /// As `kubectl apply --server-side --validate=strict` does it.
    pub(crate) async fn apply(&self, env: &Env) {
        let mut params = PatchParams::apply("kubectl").force();
        params.field_validation = Some(ValidationDirective::Strict);
        for object in &self.objects {
            let name = object["metadata"]["name"].as_str().unwrap();
            let api = fixtures::api(&env.client, object["metadata"]["namespace"].as_str(), object);
            api.patch(name, &params, &Patch::Apply(object))
                .await
                .unwrap_or_else(|error| panic!("{} {name}: {error}", object["kind"]));
        }
    }

    /// As `kubectl delete` does it; the custom resource stays, others may use it.
    pub(crate) async fn delete(&self, env: &Env) {
        for object in &self.objects {
            if object["kind"] == "CustomResourceDefinition" || object["kind"] == "Namespace" {
                continue;
            }
            let name = object["metadata"]["name"].as_str().unwrap();
            let api = fixtures::api(&env.client, object["metadata"]["namespace"].as_str(), object);
            api.delete(name, &DeleteParams::background())
                .await
                .unwrap_or_else(|error| panic!("{} {name}: {error}", object["kind"]));
        }
    }

    /// The one object of a kind.
    pub(crate) fn one(&self, kind: &str) -> &Value {
        let mut found = self.objects.iter().filter(|object| object["kind"] == kind);
        let one = found.next().unwrap_or_else(|| panic!("no {kind}"));
        assert!(found.next().is_none(), "more than one {kind}");
        one
    }

    /// The same as its type, as the server would understand it.
    pub(crate) fn typed<T: DeserializeOwned>(&self, kind: &str) -> T {
        serde_json::from_value(self.one(kind).clone()).unwrap()
    }

    /// The rules of all roles.
    pub(crate) fn rights(&self) -> Vec<Value> {
        let roles = self
            .objects
            .iter()
            .filter(|object| object["kind"] == "ClusterRole" || object["kind"] == "Role");
        roles
            .flat_map(|role| role["rules"].as_array().unwrap().clone())
            .collect()
    }

    /// The template of its pods.
    pub(crate) fn pod(&self) -> Value {
        let deployment = self.objects.iter().find(|object| object["kind"] == "Deployment");
        match deployment {
            Some(deployment) => deployment["spec"]["template"].clone(),
            None => self.one("CronJob")["spec"]["jobTemplate"]["spec"]["template"].clone(),
        }
    }
}

/// A custom resource that takes anything, in place of one that somebody else defines.
pub(crate) fn any_resource(group: &str, version: &str, kind: &str, plural: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{"name": version, "served": true, "storage": true, "schema": {"openAPIV3Schema":
                {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    })
}
