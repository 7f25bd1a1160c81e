//! Golden plans: each folder of `tests/cases/plans/` is a policy, a cluster, an instant, and what comes of them.
//!
//! The road is the real one: files, planner, manifests, reports, apply. Afterwards a second pass over the result
//! must have nothing to write. `EASYSCALE_BLESS=1` writes the expected files anew; read each before committing it.
//!
//! | file | content |
//! | --- | --- |
//! | `rules.yaml` | `ScalingRule` documents; absent: no rule at all |
//! | `cluster.yaml` | manifests |
//! | `at.txt` | the instant |
//! | `options.txt` | optional lines: `prune`, `instance=NAME`, `restore`, `restore-rule=NAME`, `restore-target=KIND/NAMESPACE/NAME` |
//! | `expected.txt`, `expected.json` | the plan |
//! | `after.yaml` | the manifests after `apply` |

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use easyscale::cluster::{ApplyOptions, Clock, Cluster as _, Manifests, apply};
use easyscale::plan::{Applied, Observed, Options, Outcome, Plan, Planner, Selection, TargetPlan};
use easyscale::policy::{self, Target};
use easyscale::report::{self, Entry, Shown};
use easyscale::time::Instant;
use tokio::time::Instant as Deadline;

const CASES: &str = "tests/cases/plans";

/// One folder.
struct Case {
    name: String,
    folder: PathBuf,
    at: Instant,
    planner: Planner,
    restores: Option<Selection>,
}

/// What a case says, as it should be on disk.
struct Said {
    text: String,
    json: String,
    after: String,
}

#[test]
fn plans_are_as_their_folders_say() {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(CASES)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "no cases in {CASES}");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let bless = std::env::var_os("EASYSCALE_BLESS").is_some();
    let mut failures = String::new();
    for folder in folders {
        let case = Case::read(&folder);
        match runtime.block_on(case.run()) {
            Ok(said) => failures.push_str(&said.compare(&case, bless)),
            Err(why) => {
                let _ = writeln!(failures, "== {}: {why}", case.name);
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{failures}\nif this is right: EASYSCALE_BLESS=1 cargo test --test plans"
    );
}

impl Case {
    fn read(folder: &Path) -> Self {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).ok();
        let at = text("at.txt").unwrap_or_else(|| panic!("{name} has no at.txt"));
        let at = Instant::parse(at.trim()).unwrap();
        let mut options = Options {
            instance: "default".to_owned(),
            prune: false,
            namespaces: BTreeSet::new(),
        };
        let mut restores = None;
        for line in text("options.txt").unwrap_or_default().lines() {
            match line.split_once('=').unwrap_or((line, "")) {
                ("prune", _) => options.prune = true,
                ("instance", other) => other.clone_into(&mut options.instance),
                ("restore", _) => restores = Some(Selection::All),
                ("restore-rule", rule) => restores = Some(Selection::Rule(rule.to_owned())),
                ("restore-target", target) => restores = Some(Selection::Target(parse_target(target))),
                _ => panic!("{name}: options.txt has the unknown line {line:?}"),
            }
        }
        let rules = folder.join("rules.yaml");
        let rules = if rules.exists() {
            let loaded = policy::load(&[rules]);
            assert!(!loaded.has_errors(), "{name}: {:#?}", loaded.problems);
            loaded.rules
        } else {
            Vec::new()
        };
        Self {
            name,
            folder: folder.to_owned(),
            at,
            planner: Planner::new(rules, options),
            restores,
        }
    }

    fn plan(&self, observed: &Observed) -> Plan {
        match &self.restores {
            Some(selection) => self.planner.restore(observed, selection, self.at),
            None => self.planner.plan(observed, self.at),
        }
    }

    async fn run(&self) -> Result<Said, String> {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("plans-{}.yaml", self.name));
        std::fs::copy(self.folder.join("cluster.yaml"), &file).map_err(|error| error.to_string())?;
        let said = self.pass(&file).await;
        let quiet = match &said {
            Ok(_) => self.is_quiet(&file).await,
            Err(_) => Ok(()),
        };
        std::fs::remove_file(&file).map_err(|error| error.to_string())?;
        quiet.and(said)
    }

    async fn pass(&self, file: &Path) -> Result<Said, String> {
        let cluster = Manifests::new(file);
        let observed = cluster.observe(&self.planner).await.map_err(|f| f.to_string())?;
        let plan = self.plan(&observed);
        let entries = Entry::of_plan(&plan);
        let shown = Shown {
            at: plan.at,
            cluster: "file cluster.yaml",
            targets: &entries,
            tried: false,
            unchanged: true,
            problems: &[],
        };
        let text = self.tidy(&anstream::adapter::strip_str(&report::text(&shown)).to_string());
        let json = self.tidy(&report::json(&shown));
        let changes: Vec<bool> = plan.targets.iter().map(TargetPlan::changes).collect();
        let options = ApplyOptions {
            concurrency: 4,
            deadline: Deadline::now() + Duration::from_secs(30),
            at: Clock::Pretended(self.at),
            events: None,
            progress: None,
        };
        let applied = apply(&cluster, &self.planner, observed, plan, &options)
            .await
            .map_err(|failure| failure.to_string())?;
        for (applied, changes) in applied.iter().zip(changes) {
            check_outcome(applied, changes)?;
        }
        let after = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        Ok(Said { text, json, after })
    }

    /// A pass with nothing changed writes nothing.
    async fn is_quiet(&self, file: &Path) -> Result<(), String> {
        let cluster = Manifests::new(file);
        let observed = cluster.observe(&self.planner).await.map_err(|f| f.to_string())?;
        let plan = self.plan(&observed);
        match plan.targets.iter().find(|target| !target.writes.is_empty()) {
            None => Ok(()),
            Some(target) => Err(format!("the second pass writes again: {:#?}", target.writes)),
        }
    }

    /// Without what differs between machines: the folder, the version of the zone rules.
    fn tidy(&self, text: &str) -> String {
        let text = text.replace(&format!("{}/", self.folder.display()), "");
        let mut tidied = String::new();
        for line in text.lines() {
            let line = if line.trim_start().starts_with("\"tzdb\":") {
                "  \"tzdb\": \"any\","
            } else {
                line
            };
            tidied.push_str(line);
            tidied.push('\n');
        }
        tidied
    }
}

fn check_outcome(applied: &Applied, changes: bool) -> Result<(), String> {
    match &applied.outcome {
        Outcome::Failed(failure) => Err(format!("apply failed: {failure}")),
        outcome if (*outcome == Outcome::Applied) == changes => Ok(()),
        outcome => Err(format!("planned to change: {changes}, but {outcome:?}")),
    }
}

impl Said {
    /// The differences to the folder, or nothing; blessing writes it.
    fn compare(&self, case: &Case, bless: bool) -> String {
        let mut differences = String::new();
        for (file, said) in [
            ("expected.txt", &self.text),
            ("expected.json", &self.json),
            ("after.yaml", &self.after),
        ] {
            let path = case.folder.join(file);
            let expected = std::fs::read_to_string(&path).ok();
            if expected.as_ref() == Some(said) {
                continue;
            }
            if bless {
                std::fs::write(&path, said).unwrap();
                continue;
            }
            let _ = writeln!(
                differences,
                "== {}/{file}\n{}",
                case.name,
                diff(&expected.unwrap_or_default(), said)
            );
        }
        differences
    }
}

/// The lines from the first difference to the last one.
fn diff(expected: &str, said: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), said.lines().collect());
    let same = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let head = same(&mut old.iter().zip(&new));
    let tail = same(&mut old.iter().skip(head).rev().zip(new.iter().skip(head).rev()));
    let mut text = format!("from line {}:\n", head + 1);
    for (sign, lines) in [('-', &old), ('+', &new)] {
        for line in lines.iter().take(lines.len() - tail).skip(head) {
            let _ = writeln!(text, "{sign} {line}");
        }
    }
    text
}

fn parse_target(text: &str) -> Target {
    let parts: Vec<&str> = text.split('/').collect();
    let [kind, namespace, name] = parts.as_slice() else {
        panic!("{text:?} is not KIND/NAMESPACE/NAME");
    };
    Target {
        group: if *kind == "HorizontalPodAutoscaler" {
            "autoscaling"
        } else {
            "apps"
        }
        .to_owned(),
        kind: (*kind).to_owned(),
        namespace: (*namespace).to_owned(),
        name: (*name).to_owned(),
    }
}
