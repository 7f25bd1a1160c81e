//! Policies that change while somebody uses them: real files, edited as people, editors and clusters do.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a panic is how a test fails"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use easyscale::controller::reload::{Policies, Rhythm, Verdict, watch};
use easyscale::policy::{Denied, Inputs};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

/// Longer than a busy machine lets a writer wait between two steps of one change.
const HOLD: Duration = Duration::from_millis(400);
/// Changes are told by the system, so the check of every so often never comes.
const TOLD: Rhythm = Rhythm {
    hold: HOLD,
    check: Duration::from_secs(3600),
};
/// For what the system cannot tell.
const CHECKED: Rhythm = Rhythm {
    hold: HOLD,
    check: Duration::from_millis(100),
};
/// Far more than it takes.
const SOON: Duration = Duration::from_secs(60);
/// Enough for a verdict that should not come.
const A_WHILE: Duration = Duration::from_millis(1200);

fn rule(min: u32) -> String {
    format!(
        "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {{name: web}}\nspec:\n  target: {{kind: Deployment, \
         name: web, namespace: shop}}\n  default: {{minReplicas: {min}}}\n  schedule:\n    - {{name: peak, timeStart: \
         '16:00', timeEnd: '18:00', minReplicas: 9}}\n"
    )
}

/// A folder with a directory `policies` in it, removed at the end of a test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "easyscale-reload-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(folder.policies()).unwrap();
        folder
    }

    fn policies(&self) -> PathBuf {
        self.0.join("policies")
    }

    /// Writes a file of `policies` in place.
    fn write(&self, name: &str, text: &str) {
        fs::write(self.policies().join(name), text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn policies(path: &Path) -> Policies {
    Policies {
        inputs: Inputs::of(&[path.to_owned()]),
        denied: Vec::new(),
        allow_empty: false,
    }
}

/// Somebody who is told of changes.
struct Watched {
    verdicts: mpsc::Receiver<Verdict>,
    wake: Arc<Notify>,
}

impl Watched {
    fn new(policies: Policies, rhythm: Rhythm) -> Self {
        let (_, known) = policies.load();
        let wake = Arc::new(Notify::new());
        Self {
            verdicts: watch(policies, known, Arc::clone(&wake), rhythm),
            wake,
        }
    }

    /// Once the first look, which comes at once, is over.
    async fn ready(policies: Policies, rhythm: Rhythm) -> Self {
        let watched = Self::new(policies, rhythm);
        sleep(A_WHILE).await;
        watched
    }

    async fn next(&mut self) -> Verdict {
        timeout(SOON, self.verdicts.recv())
            .await
            .expect("a verdict comes")
            .expect("the watch goes on")
    }

    /// The floor that the one rule has by the next verdict, which is good.
    async fn floor(&mut self) -> u32 {
        floor(&self.next().await)
    }

    /// What is wrong by the next verdict, which is bad.
    async fn problems(&mut self) -> String {
        problems(&self.next().await)
    }

    async fn assert_silence(&mut self) {
        let told = timeout(A_WHILE, self.verdicts.recv()).await;
        assert!(told.is_err(), "{told:?}");
    }
}

fn floor(verdict: &Verdict) -> u32 {
    let Verdict::Good(loaded) = verdict else {
        panic!("{}", problems(verdict));
    };
    loaded.rules[0].default.floor.as_ref().unwrap().value
}

fn problems(verdict: &Verdict) -> String {
    let Verdict::Bad(loaded) = verdict else {
        panic!("good: {verdict:?}");
    };
    let lines: Vec<_> = loaded
        .problems
        .iter()
        .map(|problem| {
            format!(
                "{}: {} ({})",
                problem.code,
                problem.message,
                problem.hint.as_deref().unwrap_or_default()
            )
        })
        .collect();
    lines.join("\n")
}

#[tokio::test]
async fn an_edit_in_place_is_told_once() {
    let folder = Folder::new();
    folder.write("web.yaml", &rule(1));
    let mut watched = Watched::ready(policies(&folder.policies()), TOLD).await;
    folder.write("web.yaml", &rule(2));
    assert_eq!(watched.floor().await, 2);
    watched.assert_silence().await;
    folder.write("web.yaml", &rule(3));
    assert_eq!(watched.floor().await, 3);
}

#[tokio::test]
async fn a_change_before_the_first_look_is_not_missed() {
    let folder = Folder::new();
    folder.write("web.yaml", &rule(1));
    let mut watched = Watched::new(policies(&folder.policies()), TOLD);
    folder.write("web.yaml", &rule(2));
    assert_eq!(watched.floor().await, 2);
}

#[tokio::test]
async fn an_editor_puts_a_new_file_in_the_place_of_the_old_one() {
    let folder = Folder::new();
    folder.write("web.yaml", &rule(1));
    let file = folder.policies().join("web.yaml");
    // The same for a directory that is given, and for the file itself.
    for path in [folder.policies(), file.clone()] {
        let mut watched = Watched::ready(policies(&path), TOLD).await;
        for floor in [2, 3] {
            folder.write(".web.yaml.swp", &rule(floor));
            fs::rename(folder.policies().join(".web.yaml.swp"), &file).unwrap();
            assert_eq!(watched.floor().await, floor, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn a_file_that_is_being_written_counts_when_it_is_whole() {
    let folder = Folder::new();
    folder.write("web.yaml", &rule(1));
    let rhythm = Rhythm {
        hold: Duration::from_secs(2),
        ..TOLD
    };
    let mut watched = Watched::ready(policies(&folder.policies()), rhythm).await;
    let text = rule(2);
    for end in [10, 60, 120, text.len()] {
        folder.write("web.yaml", &text[..end]);
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(watched.floor().await, 2);
    let told = timeout(rhythm.hold * 2, watched.verdicts.recv()).await;
    assert!(told.is_err(), "{told:?}");
}

/// As kubelet does it: `web.yaml` -> `..data/web.yaml`, `..data` -> a directory of this version.
fn mount(folder: &Folder, version: u32) {
    let data = folder.policies().join(format!("..version-{version}"));
    fs::create_dir(&data).unwrap();
    fs::write(data.join("web.yaml"), rule(version)).unwrap();
    let link = folder.policies().join("..data_tmp");
    symlink(data.file_name().unwrap(), &link).unwrap();
    fs::rename(link, folder.policies().join("..data")).unwrap();
    if version > 1 {
        fs::remove_dir_all(folder.policies().join(format!("..version-{}", version - 1))).unwrap();
    }
}

#[tokio::test]
async fn a_mounted_config_map_is_swapped() {
    let folder = Folder::new();
    mount(&folder, 1);
    symlink("..data/web.yaml", folder.policies().join("web.yaml")).unwrap();
    for path in [folder.policies(), folder.policies().join("web.yaml")] {
        let mut watched = Watched::ready(policies(&path), TOLD).await;
        let first = floor(&policies(&path).load().0);
        for version in [first + 1, first + 2] {
            mount(&folder, version);
            assert_eq!(watched.floor().await, version, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn a_directory_that_is_a_link_is_put_elsewhere() {
    let folder = Folder::new();
    for version in 1..=3 {
        let checkout = folder.0.join(format!("checkout-{version}"));
        fs::create_dir(&checkout).unwrap();
        fs::write(checkout.join("web.yaml"), rule(version)).unwrap();
    }
    let current = folder.0.join("current");
    symlink("checkout-1", &current).unwrap();
    let mut watched = Watched::ready(policies(&current), TOLD).await;
    for version in [2, 3] {
        symlink(format!("checkout-{version}"), folder.0.join("next")).unwrap();
        fs::rename(folder.0.join("next"), &current).unwrap();
        assert_eq!(watched.floor().await, version);
    }
}

#[tokio::test]
async fn a_directory_that_is_removed_and_made_again_is_watched_again() {
    let folder = Folder::new();
    folder.write("web.yaml", &rule(1));
    let mut watched = Watched::ready(policies(&folder.policies()), TOLD).await;
    fs::remove_dir_all(folder.policies()).unwrap();
    loop {
        // It may have been seen empty before it went.
        if watched.problems().await.contains("there is no file or directory") {
            break;
        }
    }
    fs::create_dir(folder.policies()).unwrap();
    folder.write("web.yaml", &rule(2));
    loop {
        // The new directory may have been seen while it was empty.
        if let Verdict::Good(loaded) = watched.next().await {
            assert_eq!(floor(&Verdict::Good(loaded)), 2);
            break;
        }
    }
    folder.write("web.yaml", &rule(3));
    assert_eq!(watched.floor().await, 3);
}

#[tokio::test]
async fn rules_that_are_gone_are_an_accident_unless_somebody_says_so() {
    let folder = Folder::new();
    let file = folder.policies().join("web.yaml");
    folder.write("web.yaml", &rule(1));
    let mut watched = Watched::ready(policies(&folder.policies()), TOLD).await;
    fs::remove_file(&file).unwrap();
    let told = watched.problems().await;
    assert!(
        told.contains("there is no rule at all") && told.contains("--allow-empty"),
        "{told}"
    );

    folder.write("web.yaml", &rule(1));
    assert_eq!(watched.floor().await, 1);
    // A file without a rule in it is the same.
    folder.write("web.yaml", "# nothing\n");
    assert!(watched.problems().await.contains("there is no rule at all"));

    let mut meant = policies(&folder.policies());
    meant.allow_empty = true;
    for text in [Some("# nothing\n"), None] {
        match text {
            Some(text) => folder.write("web.yaml", text),
            None => fs::remove_file(&file).unwrap(),
        }
        let (Verdict::Good(loaded), _) = meant.load() else {
            panic!("{text:?}");
        };
        assert!(loaded.rules.is_empty());
    }
    fs::remove_dir(folder.policies()).unwrap();
    assert!(problems(&meant.load().0).contains("there is no file or directory"));
}

#[tokio::test]
async fn a_mistake_elsewhere_is_not_told_as_the_loss_of_all_rules() {
    let folder = Folder::new();
    folder.write("web.yaml", "kind: [\n");
    let told = problems(&policies(&folder.policies()).load().0);
    assert!(!told.contains("no rule at all"), "{told}");
}

#[tokio::test]
async fn bad_policies_are_told_and_good_ones_after_them() {
    let folder = Folder::new();
    folder.write("web.yaml", &rule(1));
    let mut strict = policies(&folder.policies());
    strict.denied = vec![Denied::Warnings];
    let mut watched = Watched::ready(strict, TOLD).await;
    folder.write("web.yaml", &rule(1).replace("timeEnd", "timeEnds"));
    let told = watched.problems().await;
    assert!(told.contains("timeEnds"), "{told}");
    watched.assert_silence().await;
    folder.write("web.yaml", &rule(1));
    assert_eq!(watched.floor().await, 1, "what was good before is told anew");
    // A denied warning is an error.
    folder.write("web.yml", &rule(1).replace("web", "api"));
    let told = watched.problems().await;
    assert!(told.contains("W0802"), "{told}");
}

#[tokio::test]
async fn what_changes_nothing_is_not_told() {
    let folder = Folder::new();
    folder.write("web.yaml", &rule(1));
    let mut watched = Watched::ready(policies(&folder.policies()), CHECKED).await;
    folder.write("web.yaml", &rule(1));
    folder.write("notes.txt", "to do");
    fs::create_dir(folder.policies().join("old")).unwrap();
    let touched = fs::File::open(folder.policies().join("web.yaml")).unwrap();
    touched.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    watched.assert_silence().await;
}

#[tokio::test]
async fn whoever_asks_gets_an_answer() {
    let folder = Folder::new();
    folder.write("web.yaml", &rule(1));
    let mut watched = Watched::ready(policies(&folder.policies()), TOLD).await;
    for _ in 0..2 {
        watched.wake.notify_one();
        assert_eq!(watched.floor().await, 1);
    }
    watched.assert_silence().await;
    watched.wake.notify_one();
    folder.write("web.yaml", &rule(2));
    let mut floors = vec![watched.floor().await];
    if floors == [1] {
        floors.push(watched.floor().await);
    }
    assert_eq!(floors.last(), Some(&2));
    watched.assert_silence().await;
}

#[tokio::test]
async fn what_nobody_tells_is_found_all_the_same() {
    let folder = Folder::new();
    // The system tells of the directory of the link, and not of the one that it leads to.
    let elsewhere = folder.0.join("deep/elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    fs::write(elsewhere.join("web.yaml"), rule(1)).unwrap();
    symlink(elsewhere.join("web.yaml"), folder.policies().join("web.yaml")).unwrap();
    let mut deaf = Watched::ready(policies(&folder.policies()), TOLD).await;
    let mut watched = Watched::ready(policies(&folder.policies()), CHECKED).await;
    fs::write(elsewhere.join("web.yaml"), rule(2)).unwrap();
    assert_eq!(watched.floor().await, 2);
    deaf.assert_silence().await;
}

#[tokio::test]
async fn nobody_looks_when_nobody_listens() {
    let folder = Folder::new();
    folder.write("web.yaml", &rule(1));
    let watched = Watched::ready(policies(&folder.policies()), CHECKED).await;
    let wake = Arc::downgrade(&watched.wake);
    drop(watched);
    timeout(SOON, async {
        while wake.strong_count() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the task ends");
}
