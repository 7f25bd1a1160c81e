//! Where the three programs of a control plane come from: `KUBEBUILDER_ASSETS`, or built from tests/control-plane.

use super::built::{Built, FindError, Module};
use std::env;
use std::io;
use std::path::{Path, PathBuf};

/// The Go module whose tools are the programs.
const MODULE: Module = Module {
    name: "control plane",
    path: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/control-plane"),
    cache: "control-plane",
    of: "k8s.io/kubernetes",
    without_go: "install Go, or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kube-controller-manager",
    takes: "8 minutes",
    ldflags: |version| {
        // Without it `/version` is a placeholder, and feature gates compare against it.
        let mut numbers = version.trim_start_matches('v').split('.');
        let (major, minor) = (numbers.next().unwrap_or("1"), numbers.next().unwrap_or("0"));
        let package = "k8s.io/component-base/version";
        format!(
            " -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
        )
    },
};

/// Which Kubernetes the tests run on: `1.33`, the oldest that is supported; unset: the newest.
const ASKED: &str = "EASYSCALE_TEST_KUBERNETES";

fn module() -> Result<Module, FindError> {
    match env::var(ASKED).unwrap_or_default().as_str() {
        "" => Ok(MODULE),
        "1.33" => Ok(Module {
            path: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/control-plane-1.33"),
            ..MODULE
        }),
        other => Err(FindError::Missing(
            MODULE.name,
            format!("{ASKED} is {other:?}; there is 1.33, and without it the newest"),
        )),
    }
}

/// Paths of the programs of a control plane.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// etcd; as a Go tool it is called `server`.
    pub etcd: PathBuf,
    /// kube-apiserver.
    pub apiserver: PathBuf,
    /// kube-controller-manager: envtest's archives, the usual content of `KUBEBUILDER_ASSETS`, lack it.
    pub controller_manager: Option<PathBuf>,
}

/// What [`Binaries::find`] will do, known without doing it.
#[derive(Debug)]
pub enum Source {
    /// Already on this machine.
    Present(Binaries),
    /// Go has to build them first.
    ToBuild,
}

impl Binaries {
    /// The programs, built first where necessary: about 8 minutes, once per machine and version.
    pub fn find() -> Result<Self, FindError> {
        match Self::look()? {
            Source::Present(binaries) => Ok(binaries),
            Source::ToBuild => module()?.find().map(|folder| Self::built(&folder)),
        }
    }

    /// Looks without building.
    pub fn look() -> Result<Source, FindError> {
        if let Some(assets) = env::var_os("KUBEBUILDER_ASSETS").filter(|v| !v.is_empty()) {
            return Self::assets(Path::new(&assets)).map(Source::Present);
        }
        Ok(match module()?.look()? {
            Built::Present(folder) => Source::Present(Self::built(&folder)),
            Built::ToBuild(_) => Source::ToBuild,
        })
    }

    fn assets(folder: &Path) -> Result<Self, FindError> {
        let program = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        let required = |name: &str| {
            program(name).ok_or_else(|| {
                FindError::Missing(
                    MODULE.name,
                    format!("KUBEBUILDER_ASSETS is {}, which has no {name}", folder.display()),
                )
            })
        };
        Ok(Self {
            etcd: required("etcd")?,
            apiserver: required("kube-apiserver")?,
            controller_manager: program("kube-controller-manager"),
        })
    }

    fn built(folder: &Path) -> Self {
        Self {
            etcd: folder.join("server"),
            apiserver: folder.join("kube-apiserver"),
            controller_manager: Some(folder.join("kube-controller-manager")),
        }
    }
}

/// The Kubernetes version in go.mod, such as `v1.37.2`.
pub fn version() -> io::Result<String> {
    module().map_err(io::Error::other)?.version()
}
