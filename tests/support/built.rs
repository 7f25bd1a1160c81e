//! Programs written in Go: built once per machine and version from a module of ours that names them as its tools.

use super::supervised::Supervised;
use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Why there are no programs.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FindError {
    /// This machine cannot have them as it is; tests are ignored (or fail, with `CI=true`).
    #[error("no {0}: {1}")]
    Missing(&'static str, String),
    /// They should be here, but building them failed.
    #[error("cannot build the {0}: {1}")]
    Build(&'static str, String),
}

/// A Go module whose tools are programs that tests need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Module {
    /// What its programs are together, such as `control plane`.
    pub(super) name: &'static str,
    /// The folder of its go.mod.
    pub(super) path: &'static str,
    /// Its part of the cache folder.
    pub(super) cache: &'static str,
    /// The module in go.mod whose version is that of the whole.
    pub(super) of: &'static str,
    /// What to do where there is no Go.
    pub(super) without_go: &'static str,
    /// How long building it takes, for people.
    pub(super) takes: &'static str,
    /// More linker flags for a version.
    pub(super) ldflags: fn(&str) -> String,
}

/// Where the programs of a module are, or will be.
#[derive(Debug)]
pub(super) enum Built {
    /// In this folder.
    Present(PathBuf),
    /// In this folder, once Go has built them.
    ToBuild(PathBuf),
}

impl Module {
    /// The folder of its programs, which are built first where necessary.
    pub(super) fn find(&self) -> Result<PathBuf, FindError> {
        match self.look()? {
            Built::Present(folder) => Ok(folder),
            Built::ToBuild(folder) => self.build(&folder).map(|()| folder),
        }
    }

    /// Looks without building.
    pub(super) fn look(&self) -> Result<Built, FindError> {
        let folder = self
            .folder()
            .map_err(|e| FindError::Missing(self.name, e.to_string()))?;
        if folder.is_dir() {
            return Ok(Built::Present(folder));
        }
        match Command::new("go").arg("version").output() {
            Ok(output) if output.status.success() => Ok(Built::ToBuild(folder)),
            _ => {
                let why = format!(
                    "it is built with Go, and `go version` does not run; {}",
                    self.without_go
                );
                Err(FindError::Missing(self.name, why))
            }
        }
    }

    /// The version in go.mod of what it is [`of`](Self::of), such as `v1.37.2`.
    pub(super) fn version(&self) -> io::Result<String> {
        let module = fs::read_to_string(Path::new(self.path).join("go.mod"))?;
        module
            .lines()
            .filter(|line| !line.contains("=>"))
            .filter_map(|line| line.trim().trim_start_matches("require ").strip_prefix(self.of))
            .find_map(|rest| rest.strip_prefix(' '))
            .and_then(|rest| rest.split_whitespace().next())
            .map(str::to_owned)
            .ok_or_else(|| io::Error::other(format!("{}/go.mod does not require {}", self.path, self.of)))
    }

    /// Strips the programs: they are large as it is.
    fn ldflags(&self) -> io::Result<String> {
        Ok(format!("-s -w{}", (self.ldflags)(&self.version()?)))
    }

    /// The folder for exactly these sources, flags and platform; outside the checkout, so that it
    /// outlives `cargo clean` and is shared by worktrees.
    fn folder(&self) -> io::Result<PathBuf> {
        let root = env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| env::home_dir().map(|home| home.join(".cache")))
            .ok_or_else(|| io::Error::other("neither XDG_CACHE_HOME nor HOME is set"))?;
        let mut parts = vec![
            fs::read(Path::new(self.path).join("go.mod"))?,
            fs::read(Path::new(self.path).join("go.sum"))?,
            self.ldflags()?.into_bytes(),
            format!("{}-{}", env::consts::OS, env::consts::ARCH).into_bytes(),
        ];
        parts.extend(self.sources()?);
        // FNV-1a. The standard library's hasher may change from one Rust to the next.
        let hash = parts
            .iter()
            .flatten()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
        Ok(root
            .join("easyscale")
            .join(self.cache)
            .join(format!("{}-{hash:016x}", self.version()?)))
    }

    /// Go code of ours, where there is any.
    fn sources(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(self.path)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "go") {
                paths.push(path);
            }
        }
        paths.sort();
        paths.into_iter().map(fs::read).collect()
    }

    /// Builds into a folder beside the target and renames it, so that a build that was killed never
    /// looks like a finished one. One build at a time per machine and version.
    fn build(&self, folder: &Path) -> Result<(), FindError> {
        let failed = |what: &str, error: io::Error| FindError::Build(self.name, format!("{what}: {error}"));
        let parent = folder.parent().expect("the cache folder has a parent");
        fs::create_dir_all(parent).map_err(|e| failed("create the cache folder", e))?;

        let lock = File::create(beside(folder, "lock")).map_err(|e| failed("create the lock", e))?;
        if lock.try_lock().is_err() {
            eprintln!("{}: waiting for another process that builds it", self.name);
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
            .arg(self.ldflags().map_err(|e| failed("read go.mod", e))?)
            .arg("-o")
            .arg(&partial)
            .arg("tool")
            .current_dir(self.path)
            .env("CGO_ENABLED", "0")
            .env("GOWORK", "off");
        eprintln!(
            "{}: building it into {} (about {} the first time)",
            self.name,
            folder.display(),
            self.takes
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
                eprintln!("{}: still building, {passed} s", self.name);
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        if !status.success() {
            return Err(FindError::Build(
                self.name,
                format!("go build: {status}\n{}", go.log_tail()),
            ));
        }
        fs::rename(&partial, folder).map_err(|e| failed("rename the finished build", e))?;
        eprintln!("{}: built in {} s", self.name, started.elapsed().as_secs());
        Ok(())
    }
}

/// `<folder>.<what>`
fn beside(folder: &Path, what: &str) -> PathBuf {
    let mut path = folder.as_os_str().to_owned();
    path.push(".");
    path.push(what);
    path.into()
}
