//! Where the three programs come from: `KUBEBUILDER_ASSETS`, or built from tests/control-plane.

use super::go_tools::GoTools;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Which Kubernetes the tests run on, such as `1.33`; unset: the newest that is supported.
const ASKED: &str = "EASYSCALE_TEST_KUBERNETES";

/// The folder of the Go module whose tools are the programs.
fn module() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    match env::var(ASKED).ok().filter(|asked| !asked.is_empty()) {
        Some(asked) => tests.join(format!("control-plane-{asked}")),
        None => tests.join("control-plane"),
    }
}

fn tools() -> Result<GoTools, FindError> {
    let no_module = |error: io::Error| {
        let asked = env::var(ASKED).unwrap_or_default();
        FindError::Missing(format!(
            "{ASKED}={asked}: {} cannot be read: {error}",
            module().display()
        ))
    };
    Ok(GoTools {
        what: "control plane",
        folder: "control-plane",
        module: module(),
        version: version().map_err(no_module)?,
        ldflags: ldflags().map_err(no_module)?,
        takes: "8 minutes",
    })
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

/// Why there are no programs.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FindError {
    /// This machine cannot have them as it is; tests are ignored (or fail, with `CI=true`).
    #[error("no control plane: {0}")]
    Missing(String),
    /// They should be here, but building them failed.
    #[error("cannot build the control plane: {0}")]
    Build(String),
}

/// What [`Binaries::find`] will do, known without doing it.
#[derive(Debug)]
pub enum Source {
    /// Already on this machine.
    Present(Binaries),
    /// Go has to build them into this folder first.
    ToBuild(PathBuf),
}

impl Binaries {
    /// The programs, built first where necessary: about 8 minutes, once per machine and version.
    pub fn find() -> Result<Self, FindError> {
        match Self::look()? {
            Source::Present(binaries) => Ok(binaries),
            Source::ToBuild(folder) => tools()?.build(&folder).map(|()| Self::built(&folder)),
        }
    }

    /// Looks without building.
    pub fn look() -> Result<Source, FindError> {
        if let Some(assets) = env::var_os("KUBEBUILDER_ASSETS").filter(|v| !v.is_empty()) {
            return Self::assets(Path::new(&assets)).map(Source::Present);
        }
        let tools = tools()?;
        let folder = tools.folder()?;
        if folder.is_dir() {
            return Ok(Source::Present(Self::built(&folder)));
        }
        tools.can_build().map(|()| Source::ToBuild(folder)).map_err(|_| {
            FindError::Missing(
                "it is built with Go, and `go version` does not run; install Go, or set KUBEBUILDER_ASSETS to a \
                 folder with etcd, kube-apiserver and kube-controller-manager"
                    .into(),
            )
        })
    }

    fn assets(folder: &Path) -> Result<Self, FindError> {
        let program = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        let required = |name: &str| {
            program(name).ok_or_else(|| {
                FindError::Missing(format!(
                    "KUBEBUILDER_ASSETS is {}, which has no {name}",
                    folder.display()
                ))
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
    let module = fs::read_to_string(module().join("go.mod"))?;
    module
        .lines()
        .filter(|line| !line.contains("=>"))
        .find_map(|line| {
            line.trim()
                .strip_prefix("k8s.io/kubernetes ")
                .or(line.strip_prefix("require k8s.io/kubernetes "))
        })
        .and_then(|rest| rest.split_whitespace().next())
        .map(str::to_owned)
        .ok_or_else(|| io::Error::other("its go.mod does not require k8s.io/kubernetes"))
}

/// Strips the programs (they are 240 MB as it is) and gives them their version: without it
/// `/version` is a placeholder, and feature gates compare against it.
fn ldflags() -> io::Result<String> {
    let version = version()?;
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or("1"), numbers.next().unwrap_or("0"));
    let package = "k8s.io/component-base/version";
    Ok(format!(
        "-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
    ))
}
