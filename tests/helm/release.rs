//! A release of the chart: `helm` as a person types it.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{Env, Tools};

/// The chart.
pub(crate) const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/helm/easyscale");

/// A release, installed or not; its values are a file.
#[derive(Clone)]
pub(crate) struct Release {
    pub(crate) env: Env,
    /// Where it is installed, which is not where its targets are.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Release {
    pub(crate) fn new(env: &Env, name: &str) -> Self {
        Self {
            env: env.clone(),
            namespace: format!("{}-{name}", env.namespace),
            name: name.to_owned(),
        }
    }

    fn values(&self, values: &Value) -> String {
        // JSON is YAML.
        let path = self
            .env
            .plane
            .path()
            .join(format!("{}.values.yaml", self.namespace));
        std::fs::write(&path, values.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Installs it, or changes its values: those that are not given go back to what the chart says.
    pub(crate) async fn upgrade(&self, values: &Value) -> String {
        let output = self.try_upgrade(values).await;
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "helm upgrade:\n{out}{err}");
        out
    }

    pub(crate) async fn try_upgrade(&self, values: &Value) -> Output {
        let values = self.values(values);
        let args = [
            "upgrade",
            "--install",
            &self.name,
            CHART,
            "--values",
            &values,
            "--create-namespace",
        ];
        self.try_helm(&args).await
    }

    /// What it would install, hooks and all: as Helm does where it talks to a cluster.
    pub(crate) async fn template(&self, values: &Value) -> Vec<Value> {
        self.template_with(values, &["--api-versions", "apiregistration.k8s.io/v1"])
            .await
    }

    /// What `helm template` prints.
    pub(crate) async fn template_with(&self, values: &Value, args: &[&str]) -> Vec<Value> {
        let values = self.values(values);
        let command = ["template", &self.name, CHART, "--values", &values];
        documents(&self.helm(&[&command, args].concat()).await)
    }

    pub(crate) async fn helm(&self, args: &[&str]) -> String {
        let output = self.try_helm(args).await;
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "helm {args:?}:\n{out}{err}");
        out
    }

    pub(crate) async fn try_helm(&self, args: &[&str]) -> Output {
        let mut command = Command::new(program());
        command
            .env_clear()
            .env("HOME", self.env.plane.path())
            .env("KUBECONFIG", self.env.kubeconfig(&self.env.admin))
            .args(args)
            .args(["--namespace", &self.namespace]);
        let run = tokio::task::spawn_blocking(move || command.output());
        run.await.unwrap().expect("helm starts")
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn documents(text: &str) -> Vec<Value> {
    use serde::Deserialize as _;
    serde_yaml::Deserializer::from_str(text)
        // Unlike JSON's, these values refuse a key that stands twice.
        .map(|document| {
            serde_yaml::Value::deserialize(document).unwrap_or_else(|error| panic!("{error}:\n{text}"))
        })
        .map(|document| serde_json::to_value(document).unwrap())
        .filter(|document| !document.is_null())
        .collect()
}

fn program() -> PathBuf {
    Tools::find().unwrap_or_else(|error| panic!("{error}")).helm
}
