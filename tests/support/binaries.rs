//! Where the three programs come from: `KUBEBUILDER_ASSETS`, or built from tests/control-plane.

use super::supervised::Supervised;
use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The Go module whose tools are the programs.
const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/control-plane");

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
            Source::ToBuild(folder) => build(&folder).map(|()| Self::built(&folder)),
        }
    }

    /// Looks without building.
    pub fn look() -> Result<Source, FindError> {
        if let Some(assets) = env::var_os("KUBEBUILDER_ASSETS").filter(|v| !v.is_empty()) {
            return Self::assets(Path::new(&assets)).map(Source::Present);
        }
        let folder = cache().map_err(|e| FindError::Missing(e.to_string()))?;
        if folder.is_dir() {
            return Ok(Source::Present(Self::built(&folder)));
        }
        match Command::new("go").arg("version").output() {
            Ok(output) if output.status.success() => Ok(Source::ToBuild(folder)),
            _ => Err(FindError::Missing(
                "it is built with Go, and `go version` does not run; install Go, or set KUBEBUILDER_ASSETS to a \
                 folder with etcd, kube-apiserver and kube-controller-manager"
                    .into(),
            )),
        }
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
    let module = fs::read_to_string(Path::new(MODULE).join("go.mod"))?;
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
        .ok_or_else(|| io::Error::other("tests/control-plane/go.mod does not require k8s.io/kubernetes"))
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

/// The folder for exactly these sources, flags and platform; outside the checkout, so that it
/// outlives `cargo clean` and is shared by worktrees.
fn cache() -> io::Result<PathBuf> {
    let root = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .ok_or_else(|| io::Error::other("neither XDG_CACHE_HOME nor HOME is set"))?;
    let parts = [
        fs::read(Path::new(MODULE).join("go.mod"))?,
        fs::read(Path::new(MODULE).join("go.sum"))?,
        ldflags()?.into_bytes(),
        format!("{}-{}", env::consts::OS, env::consts::ARCH).into_bytes(),
    ];
    // FNV-1a. The standard library's hasher may change from one Rust to the next.
    let hash = parts
        .iter()
        .flatten()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    Ok(root
        .join("easyscale/control-plane")
        .join(format!("{}-{hash:016x}", version()?)))
}

/// `<folder>.<what>`
fn beside(folder: &Path, what: &str) -> PathBuf {
    let mut path = folder.as_os_str().to_owned();
    path.push(".");
    path.push(what);
    path.into()
}

/// Builds into a folder beside the target and renames it, so that a build that was killed never
/// looks like a finished one. One build at a time per machine and version.
fn build(folder: &Path) -> Result<(), FindError> {
    let failed = |what: &str, error: io::Error| FindError::Build(format!("{what}: {error}"));
    let parent = folder.parent().expect("the cache folder has a parent");
    fs::create_dir_all(parent).map_err(|e| failed("create the cache folder", e))?;

    let lock = File::create(beside(folder, "lock")).map_err(|e| failed("create the lock", e))?;
    if lock.try_lock().is_err() {
        eprintln!("control plane: waiting for another process that builds it");
        lock.lock().map_err(|e| failed("wait for the lock", e))?;
    }
    if folder.is_dir() {
        return Ok(());
    }

    let partial = beside(folder, "partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(|e| failed("remove what a killed build left", e))?;
    }
    fs::create_dir(&partial).map_err(|e| failed("create a folder", e))?;
    let mut go = Command::new("go");
    go.args(["build", "-mod=readonly", "-trimpath", "-ldflags"])
        .arg(ldflags().map_err(|e| failed("read go.mod", e))?)
        .arg("-o")
        .arg(&partial)
        .arg("tool")
        .current_dir(MODULE)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off");
    eprintln!(
        "control plane: building it into {} (about 8 minutes the first time)",
        folder.display()
    );
    let started = Instant::now();
    let mut reported = 0;
    let log = beside(folder, "log");
    let _ = fs::remove_file(&log);
    let mut go = Supervised::start(&go, &log, None).map_err(|e| failed("start go", e))?;
    let status = loop {
        if let Some(status) = go.exited() {
            break status;
        }
        let passed = started.elapsed().as_secs();
        if passed >= reported + 30 {
            reported = passed;
            eprintln!("control plane: still building, {passed} s");
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    if !status.success() {
        return Err(FindError::Build(format!("go build: {status}\n{}", go.log_tail())));
    }
    fs::rename(&partial, folder).map_err(|e| failed("rename the finished build", e))?;
    eprintln!("control plane: built in {} s", started.elapsed().as_secs());
    Ok(())
}
