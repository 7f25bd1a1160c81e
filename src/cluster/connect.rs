//! From a kubeconfig, or the pod that we run in, to a client.

use std::time::Duration;

use kube::client::ClientBuilder;
use kube::client::retry::RetryPolicy;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tower::buffer::BufferLayer;
use tower::retry::RetryLayer;

use crate::plan::{Failure, FailureKind};

/// How to reach a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// The kubeconfig's context; `None`: its current one, or the cluster that we run in.
    pub context: Option<String>,
    /// Which installation this is, for the label of what we create.
    pub instance: String,
}

/// The names of the contexts of the kubeconfig, if one can be read.
#[must_use]
pub fn contexts() -> Vec<String> {
    let kubeconfig = Kubeconfig::read().unwrap_or_default();
    kubeconfig
        .contexts
        .into_iter()
        .map(|context| context.name)
        .collect()
}

/// A client for the cluster that is meant, and how to call it. Nothing is sent yet.
pub(super) async fn open(connection: &Connection) -> Result<(Client, String), Failure> {
    let (mut config, name) = load_config(connection.context.as_deref()).await?;
    config.connect_timeout = Some(Duration::from_secs(5));
    // Each request has a deadline of its own; a watch may be silent for longer.
    config.read_timeout = None;
    config.default_retry = false;
    let exec = config
        .auth_info
        .exec
        .as_ref()
        .and_then(|exec| exec.command.clone());
    let client = build_client(config).map_err(|why| {
        let hint = match exec {
            Some(command) => {
                format!("its user logs in with the command {command:?}: is it installed, does it work alone?")
            }
            None => "check the certificates and the user of that context in your kubeconfig".to_owned(),
        };
        Failure::new(FailureKind::Configuration, format!("cannot use {name}: {why}")).hint(hint)
    })?;
    Ok((client, name))
}

/// A client that tries a busy server again, three times within seconds: kube's own policy would wait for
/// minutes, longer than a pass may take.
fn build_client(config: Config) -> Result<Client, String> {
    let builder = ClientBuilder::try_from(config).map_err(|error| root_cause(&error))?;
    let patience = RetryPolicy::new(Duration::from_millis(250), Duration::from_secs(4), 3, true);
    let patience = patience.map_err(|error| error.to_string())?;
    Ok(builder
        .with_layer(&BufferLayer::new(256))
        .with_layer(&RetryLayer::new(patience))
        .build())
}

/// The kubeconfig if there is one, else the service account of the pod that we run in. A kubeconfig that is
/// named but cannot be read is an error: another cluster than the one that was meant is worse than none.
async fn load_config(context: Option<&str>) -> Result<(Config, String), Failure> {
    let named = std::env::var_os("KUBECONFIG").is_some_and(|paths| !paths.is_empty());
    let in_pod = context.is_none() && std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    let kubeconfig = match Kubeconfig::read() {
        Ok(kubeconfig) if kubeconfig.contexts.is_empty() && in_pod => return in_cluster(),
        Ok(kubeconfig) => kubeconfig,
        Err(_) if in_pod && !named && !default_kubeconfig_exists() => return in_cluster(),
        Err(error) => {
            let whose = std::env::var_os("KUBECONFIG").filter(|_| named);
            let whose = whose
                .map(|paths| format!(" (KUBECONFIG={})", paths.display()))
                .unwrap_or_default();
            return Err(Failure::new(
                FailureKind::Configuration,
                format!("cannot read a kubeconfig{whose}: {}", root_cause(&error)),
            )
            .hint("set KUBECONFIG, or try without a cluster: --cluster FILE, with what `kubectl get hpa,deploy,sts -A -o yaml` prints"));
        }
    };
    let name = context
        .map(str::to_owned)
        .or_else(|| kubeconfig.current_context.clone());
    let known: Vec<_> = kubeconfig
        .contexts
        .iter()
        .map(|context| context.name.clone())
        .collect();
    let options = KubeConfigOptions {
        context: context.map(str::to_owned),
        ..KubeConfigOptions::default()
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| {
            let name = name.as_deref().unwrap_or("(none is current)");
            Failure::new(
                FailureKind::Configuration,
                format!("cannot use context {name}: {}", root_cause(&error)),
            )
            .hint(format!("contexts in your kubeconfig: {}", known.join(", ")))
        })?;
    Ok((config, format!("context {}", name.unwrap_or_default())))
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn in_cluster() -> Result<(Config, String), Failure> {
    let config = Config::incluster().map_err(|error| {
        Failure::new(
            FailureKind::Configuration,
            format!("cannot use the pod's service account: {}", root_cause(&error)),
        )
        .hint("does the pod set automountServiceAccountToken: false?")
    })?;
    Ok((config, "the cluster it runs in".to_owned()))
}

fn default_kubeconfig_exists() -> bool {
    std::env::home_dir().is_some_and(|home| home.join(".kube/config").exists())
}
