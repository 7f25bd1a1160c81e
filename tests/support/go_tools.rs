//! Programs that are built as the Go tools of a module in tests/, once per machine and version, outside the checkout.

use super::binaries::FindError;
use super::supervised::Supervised;
use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The tools of a Go module.
pub(super) struct GoTools {
    /// What they are, for people.
    pub(super) what: &'static str,
    /// The folder of the cache that they are built into.
    pub(super) folder: &'static str,
    /// The module's folder.
    pub(super) module: PathBuf,
    /// The version that the folder of a build is named by.
    pub(super) version: String,
    /// Flags for the linker.
    pub(super) ldflags: String,
    /// How long building takes the first time.
    pub(super) takes: &'static str,
}

impl GoTools {
    /// Where they are, or will be.
    pub(super) fn folder(&self) -> Result<PathBuf, FindError> {
        self.cache()
            .map_err(|error| FindError::Missing(error.to_string()))
    }

    /// Where they are; they are built first where necessary and possible.
    pub(super) fn find(&self) -> Result<PathBuf, FindError> {
        let folder = self.folder()?;
        if !folder.is_dir() {
            self.can_build()?;
            self.build(&folder)?;
        }
        Ok(folder)
    }

    /// Whether there is a Go to build them with.
    pub(super) fn can_build(&self) -> Result<(), FindError> {
        match Command::new("go").arg("version").output() {
            Ok(output) if output.status.success() => Ok(()),
            _ => Err(FindError::Missing(format!(
                "{} is built with Go, and `go version` does not run; install Go",
                self.what
            ))),
        }
    }

    /// The folder for exactly these sources, flags and platform; outside the checkout, so that it
    /// outlives `cargo clean` and is shared by worktrees.
    fn cache(&self) -> io::Result<PathBuf> {
        let root = env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| env::home_dir().map(|home| home.join(".cache")))
            .ok_or_else(|| io::Error::other("neither XDG_CACHE_HOME nor HOME is set"))?;
        let parts = [
            fs::read(self.module.join("go.mod"))?,
            fs::read(self.module.join("go.sum"))?,
            self.ldflags.clone().into_bytes(),
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
            .join("easyscale")
            .join(self.folder)
            .join(format!("{}-{hash:016x}", self.version)))
    }

    /// Builds into a folder beside the target and renames it, so that a build that was killed never
    /// looks like a finished one. One build at a time per machine and version.
    pub(super) fn build(&self, folder: &Path) -> Result<(), FindError> {
        let what = self.what;
        let failed = |what: &str, error: io::Error| FindError::Build(format!("{what}: {error}"));
        let parent = folder.parent().expect("the cache folder has a parent");
        fs::create_dir_all(parent).map_err(|e| failed("create the cache folder", e))?;

        let lock = File::create(beside(folder, "lock")).map_err(|e| failed("create the lock", e))?;
        if lock.try_lock().is_err() {
            eprintln!("{what}: waiting for another process that builds it");
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
            .arg(&self.ldflags)
            .arg("-o")
            .arg(&partial)
            .arg("tool")
            .current_dir(&self.module)
            .env("CGO_ENABLED", "0")
            .env("GOWORK", "off");
        eprintln!(
            "{what}: building it into {} (about {} the first time)",
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
                eprintln!("{what}: still building, {passed} s");
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        if !status.success() {
            return Err(FindError::Build(format!(
                "{what}: go build: {status}\n{}",
                go.log_tail()
            )));
        }
        fs::rename(&partial, folder).map_err(|e| failed("rename the finished build", e))?;
        eprintln!("{what}: built in {} s", started.elapsed().as_secs());
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
