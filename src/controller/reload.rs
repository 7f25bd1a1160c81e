//! Policies while the controller runs: what is in force stays in force until something better is whole.
//!
//! Here: noticing that files have changed, waiting until they hold still, loading them once more. What to do with the
//! verdict, and whom to tell, is the controller's own business.
//!
//! Nothing is believed but content. The system's word that something happened in a directory only makes us look sooner:
//! it does not come on NFS and some volumes, not for a file behind a symbolic link to elsewhere, and not at all when a
//! machine has no watches left. So somebody looks every [`Rhythm::check`] anyway, which costs one read of the files. And
//! new content counts only if it is the same [`Rhythm::hold`] later: an editor writes in steps, `git` file by file, and
//! a mounted ConfigMap may be swapped between two files that we read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

use crate::policy::{Denied, Fingerprint, Inputs, Loaded, Snapshot};

/// Reading takes milliseconds. What takes longer than this is told, and waited for.
const SLOW: Duration = Duration::from_secs(10);
/// Files that have not held still for so long are told, and waited for.
const RESTLESS: Duration = Duration::from_secs(10);

/// Where policies come from, and what is not accepted of them.
#[derive(Debug, Clone)]
pub struct Policies {
    /// Files, variables and flags.
    pub inputs: Inputs,
    /// Warnings that count as errors.
    pub denied: Vec<Denied>,
    /// Whether no rule at all is what somebody wants, and not an accident.
    pub allow_empty: bool,
}

/// Whether policies can be used.
#[derive(Debug)]
pub enum Verdict {
    /// All of them. There may be warnings.
    Good(Loaded),
    /// None of them: at least one of the problems is an error.
    Bad(Loaded),
}

/// How often is looked at the files.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    /// For so long new content must stay the same before it counts.
    pub hold: Duration,
    /// So often the files are read although nobody says that they have changed.
    pub check: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            hold: Duration::from_millis(500),
            check: Duration::from_secs(60),
        }
    }
}

impl Policies {
    /// Reads and judges. Blocks for as long as the file system does.
    #[must_use]
    pub fn load(&self) -> (Verdict, Fingerprint) {
        let snapshot = self.inputs.read();
        let fingerprint = snapshot.fingerprint();
        (self.judge(snapshot), fingerprint)
    }

    fn judge(&self, snapshot: Snapshot) -> Verdict {
        let mut loaded = self.inputs.load_from(snapshot);
        loaded.deny(&self.denied);
        loaded.mind_emptiness(self.allow_empty);
        if loaded.has_errors() {
            Verdict::Bad(loaded)
        } else {
            Verdict::Good(loaded)
        }
    }
}

/// Tells what becomes of the policies from now on: whenever they say something else than what was `known`, or was told
/// last, and whenever `wake` is notified, changed or not. Ends when the receiver is dropped.
///
/// # Panics
/// Outside a tokio runtime.
#[must_use]
pub fn watch(
    policies: Policies,
    known: Fingerprint,
    wake: Arc<Notify>,
    rhythm: Rhythm,
) -> mpsc::Receiver<Verdict> {
    // One: a verdict that waits is about to be old, and the next look comes after it is taken.
    let (verdicts, receiver) = mpsc::channel(1);
    let keeper = Keeper {
        policies: Arc::new(policies),
        known,
        eyes: None,
        told: false,
        stirred: Arc::new(Notify::new()),
        rhythm,
    };
    tokio::spawn(async move {
        let closed = verdicts.clone();
        tokio::select! {
            () = closed.closed() => {}
            () = keeper.keep(&wake, &verdicts) => {}
        }
    });
    receiver
}

/// Knows what was told last.
struct Keeper {
    policies: Arc<Policies>,
    known: Fingerprint,
    eyes: Option<Eyes>,
    /// Whether it was said that something cannot be watched.
    told: bool,
    /// The system's word that something happened.
    stirred: Arc<Notify>,
    rhythm: Rhythm,
}

impl Keeper {
    async fn keep(mut self, wake: &Notify, verdicts: &mpsc::Sender<Verdict>) {
        // The first look comes at once: the files may have changed between the start and the first watch.
        let mut asked = false;
        loop {
            if let Some(snapshot) = self.settled(asked).await {
                let fingerprint = snapshot.fingerprint();
                let policies = Arc::clone(&self.policies);
                if let Some(verdict) = aside("judge", move || policies.judge(snapshot)).await {
                    if verdicts.send(verdict).await.is_err() {
                        return;
                    }
                    self.known = fingerprint;
                }
            }
            // Whatever goes on in the directories, it makes us look no more often than this.
            sleep(self.rhythm.hold).await;
            asked = tokio::select! {
                biased;
                () = wake.notified() => true,
                () = self.stirred.notified() => false,
                () = sleep(self.rhythm.check) => false,
            };
        }
    }

    /// The files, once they hold still; `None` if they are what was told last and nobody `asked`.
    async fn settled(&mut self, asked: bool) -> Option<Snapshot> {
        let started = Instant::now();
        let mut told = false;
        let mut before = self.known;
        loop {
            let snapshot = self.look().await?;
            let fingerprint = snapshot.fingerprint();
            if fingerprint == before {
                return (asked || fingerprint != self.known).then_some(snapshot);
            }
            before = fingerprint;
            if !told && started.elapsed() > RESTLESS {
                told = true;
                tracing::warn!("the policies keep changing; what is in force stays until they hold still");
            }
            sleep(self.rhythm.hold).await;
        }
    }

    /// Reads the files; `None` if that was not possible this time.
    async fn look(&mut self) -> Option<Snapshot> {
        let policies = Arc::clone(&self.policies);
        let stirred = Arc::clone(&self.stirred);
        let old = self.eyes.take();
        let (eyes, snapshot) = aside("read", move || {
            drop(old);
            // In this order: what changes after the reading is noticed.
            let eyes = Eyes::open(&policies.inputs.paths, stirred);
            (eyes, policies.inputs.read())
        })
        .await?;
        match &eyes.blind {
            Some(error) if !self.told => tracing::warn!(
                "cannot watch the directories of the policies ({error}); changes are found every {:?} all the same",
                self.rhythm.check
            ),
            _ => {}
        }
        self.told |= eyes.blind.is_some();
        self.eyes = Some(eyes);
        Some(snapshot)
    }
}

/// Does something that may block for long, once at a time since it is waited for. A thread of its own: the runtime
/// waits for its blocking tasks when it ends, and a file server that hangs must not hold up the end of the process.
async fn aside<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, mut result) = oneshot::channel();
    let spawned = thread::Builder::new()
        .name(format!("{what} policies"))
        .spawn(move || {
            // Nobody waits any more when the controller stops.
            let _ = done.send(work());
        });
    if let Err(error) = spawned {
        tracing::warn!(%error, "cannot {what} the policies now; they are looked at again later");
        return None;
    }
    let result = match timeout(SLOW, &mut result).await {
        Ok(result) => result,
        Err(_) => {
            tracing::warn!(
                "it takes more than {} s to {what} the policies; what is in force stays meanwhile",
                SLOW.as_secs()
            );
            result.await
        }
    };
    result
        .inspect_err(|_| {
            tracing::error!("a fault of easyscale: to {what} the policies failed; please report it");
        })
        .ok()
}

/// What the system tells of directories, until dropped.
struct Eyes {
    _watcher: Option<RecommendedWatcher>,
    /// What cannot be watched although it is there.
    blind: Option<notify::Error>,
}

impl Eyes {
    /// Watches all that there is now. Called for each look: a directory that has been replaced by another one of its name
    /// is seen only by a new watch.
    fn open(paths: &[PathBuf], stirred: Arc<Notify>) -> Self {
        let directories: BTreeSet<PathBuf> = paths.iter().map(|path| directory(path)).collect();
        // The one above sees another directory being put in this one's place.
        let above: BTreeSet<PathBuf> = directories
            .iter()
            .filter_map(|path| path.parent().map(Path::to_owned))
            .collect();
        let watches: Vec<PathBuf> = directories.union(&above).cloned().collect();
        let hear = move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| !is_about(&event, &directories)) {
                return;
            }
            stirred.notify_one();
        };
        let mut watcher = match notify::recommended_watcher(hear) {
            Ok(watcher) => watcher,
            Err(error) => {
                return Self {
                    _watcher: None,
                    blind: Some(error),
                };
            }
        };
        let mut blind = None;
        for path in watches {
            match watcher.watch(&path, RecursiveMode::NonRecursive) {
                Ok(()) => {}
                // What is not there is a problem of the policies, told with them.
                Err(_) if !path.exists() => {}
                Err(error) => blind = Some(error),
            }
        }
        Self {
            _watcher: Some(watcher),
            blind,
        }
    }
}

/// The directory whose entries decide what is read. A file's own watch would stay with the old file when an editor or a
/// volume puts a new one in its place.
fn directory(path: &Path) -> PathBuf {
    // Fails only where there is no current directory, and then nothing relative can be read either.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match path.parent() {
        Some(parent) if !path.is_dir() => parent.to_owned(),
        _ => path,
    }
}

/// Whether something happened to one of the directories or in it, other than that somebody reads, as we do ourselves.
fn is_about(event: &Event, directories: &BTreeSet<PathBuf>) -> bool {
    if event.need_rescan() {
        return true;
    }
    let is_reading =
        matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    let is_near = |path: &PathBuf| {
        directories.contains(path) || path.parent().is_some_and(|parent| directories.contains(parent))
    };
    !is_reading && event.paths.iter().any(is_near)
}
