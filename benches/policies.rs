//! How fast policies are loaded, against the parsers alone on the same bytes, and what is kept of them; ratios within one
//! run. `cargo bench --bench policies` prints them, docs/performance.md records them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench: it prints, and ends when something is wrong"
)]

use std::alloc::System;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant as Stopwatch};

use easyscale::policy::{self, Inputs};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const FILES: usize = 1_000;
const RULES: usize = 10;
const WINDOWS: usize = 5;
const ROUNDS: usize = 7;

/// A way to write the same rules.
#[derive(Clone, Copy)]
enum Written {
    Documents,
    Yaml,
    Toml,
}

fn main() {
    // `cargo test --benches` runs this too, and must not take minutes.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let asked = |name: &str| std::env::args().any(|argument| argument == name);
    if asked("memory") {
        return memory();
    }
    if asked("layers") {
        return layered();
    }
    if asked("toml") {
        return load("policy files, TOML", Written::Toml);
    }
    println!("{FILES} files with {RULES} rules of {WINDOWS} windows each");
    for (name, written) in [
        ("ScalingRule documents", Written::Documents),
        ("policy files, YAML", Written::Yaml),
        ("policy files, TOML", Written::Toml),
    ] {
        load(name, written);
    }
    layered();
    memory();
    linear();
}

fn text(written: Written, file: usize, rules: usize) -> String {
    let mut text = String::new();
    if matches!(written, Written::Yaml) {
        text.push_str("rules:\n");
    }
    for rule in 0..rules {
        let name = format!("web-{file}-{rule}");
        match written {
            Written::Documents => {
                let _ = write!(
                    text,
                    "---\napiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata:\n  name: {name}\nspec:\n  target:\n    kind: Deployment\n    name: {name}\n    namespace: shop\n  timezone: Europe/Berlin\n  schedule:\n"
                );
            }
            Written::Yaml => {
                let _ = write!(
                    text,
                    "  {name}:\n    target:\n      kind: Deployment\n      name: {name}\n      namespace: shop\n    timezone: Europe/Berlin\n    schedule:\n"
                );
            }
            Written::Toml => {
                let _ = write!(
                    text,
                    "[rules.{name}]\ntarget = {{ kind = \"Deployment\", name = \"{name}\", namespace = \"shop\" }}\ntimezone = \"Europe/Berlin\"\ndefault = {{ minReplicas = 2, maxReplicas = 10 }}\n"
                );
            }
        }
        for window in 0..WINDOWS {
            let (from, until) = (8 + 2 * window, 10 + 2 * window);
            let (min, max) = (3 + window, 20 + window);
            let _ = match written {
                Written::Documents => write!(
                    text,
                    "    - name: \"Peak {window}\"\n      days: [weekdays]\n      timeStart: \"{from:02}:00\"\n      timeEnd: \"{until:02}:00\"\n      minReplicas: {min}\n      maxReplicas: {max}\n"
                ),
                Written::Yaml => write!(
                    text,
                    "      \"Peak {window}\":\n        days: [weekdays]\n        timeStart: \"{from:02}:00\"\n        timeEnd: \"{until:02}:00\"\n        minReplicas: {min}\n        maxReplicas: {max}\n"
                ),
                Written::Toml => write!(
                    text,
                    "[rules.{name}.schedule.\"Peak {window}\"]\ndays = [\"weekdays\"]\ntimeStart = \"{from:02}:00\"\ntimeEnd = \"{until:02}:00\"\nminReplicas = {min}\nmaxReplicas = {max}\n"
                ),
            };
        }
        let _ = match written {
            Written::Documents => write!(text, "  default:\n    minReplicas: 2\n    maxReplicas: 10\n"),
            Written::Yaml => write!(
                text,
                "    default:\n      minReplicas: 2\n      maxReplicas: 10\n"
            ),
            Written::Toml => Ok(()),
        };
    }
    text
}

/// What the parser alone makes of a file: a plain tree.
fn parse(written: Written, text: &str) {
    match written {
        Written::Documents => drop(serde_saphyr::from_multiple::<serde_json::Value>(text).unwrap()),
        Written::Yaml => drop(serde_saphyr::from_str::<serde_json::Value>(text).unwrap()),
        Written::Toml => drop(text.parse::<toml::Table>().unwrap()),
    }
}

struct Folder(PathBuf);

impl Folder {
    fn of(written: Written, files: usize, rules: usize) -> Self {
        let path = std::env::temp_dir().join(format!("easyscale-bench-policies-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let ending = if matches!(written, Written::Toml) {
            "toml"
        } else {
            "yaml"
        };
        for file in 0..files {
            fs::write(
                path.join(format!("{file:04}.{ending}")),
                text(written, file, rules),
            )
            .unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let started = Stopwatch::now();
    work();
    started.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn load(name: &str, written: Written) {
    let folder = Folder::of(written, FILES, RULES);
    let (mut alone, mut loaded) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(timed(|| {
            let mut paths: Vec<_> = fs::read_dir(&folder.0)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            paths.sort();
            for path in paths {
                parse(written, &fs::read_to_string(path).unwrap());
            }
        }));
        loaded.push(timed(|| {
            let found = policy::load(std::slice::from_ref(&folder.0));
            assert!(found.problems.is_empty() && found.rules.len() == FILES * RULES);
        }));
    }
    let (alone, loaded) = (median(alone), median(loaded));
    println!(
        "  {name}: parser alone {alone:.0?}, loaded {loaded:.0?}, ratio {:.2}",
        loaded.as_secs_f64() / alone.as_secs_f64()
    );
}

/// The same rules with a second layer that adjusts each of them.
fn layered() {
    let folder = Folder::of(Written::Toml, FILES, RULES);
    for file in 0..FILES {
        let mut text = String::new();
        for rule in 0..RULES {
            let _ = writeln!(text, "[rules.web-{file}-{rule}.default]\nminReplicas = 3");
        }
        fs::write(folder.0.join(format!("{file:04}-team.toml")), text).unwrap();
    }
    let (mut alone, mut loaded) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(timed(|| {
            for entry in fs::read_dir(&folder.0).unwrap() {
                parse(Written::Toml, &fs::read_to_string(entry.unwrap().path()).unwrap());
            }
        }));
        loaded.push(timed(|| {
            assert!(!policy::load(std::slice::from_ref(&folder.0)).has_errors());
        }));
    }
    let (alone, loaded) = (median(alone), median(loaded));
    println!(
        "  TOML, each rule adjusted by a second file: parser alone {alone:.0?}, loaded {loaded:.0?}, ratio {:.2}",
        loaded.as_secs_f64() / alone.as_secs_f64()
    );
}

/// What is kept after loading, when the texts of the files have gone.
fn memory() {
    let folder = Folder::of(Written::Toml, FILES, RULES);
    let before = ALLOCATOR.stats();
    let rules = policy::load(std::slice::from_ref(&folder.0)).rules;
    let after = ALLOCATOR.stats();
    let taken = after.bytes_allocated - before.bytes_allocated;
    let kept = taken - (after.bytes_deallocated - before.bytes_deallocated);
    let windows = rules.iter().map(|rule| rule.schedule.len()).sum::<usize>();
    println!(
        "memory kept: {kept} bytes for {windows} windows in {} rules, {:.0} a window",
        rules.len(),
        kept as f64 / windows as f64
    );
}

/// All warnings and notes, for ten times as many rules.
fn linear() {
    let time = |files: usize| {
        let folder = Folder::of(Written::Documents, files, 100);
        let times = (0..ROUNDS).map(|_| {
            timed(|| {
                let found = Inputs::of(std::slice::from_ref(&folder.0)).load();
                let at = easyscale::time::Instant::parse("2026-11-26T12:00:00Z").unwrap();
                assert!(policy::notes(&found, at).is_empty() && !found.has_errors());
            })
        });
        median(times.collect())
    };
    let (few, many) = (time(10), time(100));
    println!(
        "validate: 1,000 rules {few:.0?}, 10,000 rules {many:.0?}, {:.1} times",
        many.as_secs_f64() / few.as_secs_f64()
    );
}
