//! Timelines as people and programs get them.
//!
//! Each folder of `tests/cases/timelines/` has `args`, what is typed behind `easyscale timeline`, and one
//! `expected.<form>` for each form that is compared: txt, json, md, svg, html, chart. To add a case, make empty ones.
//! The folder's other files lie where the command runs, beside a copy of `policies/`.
//! `EASYSCALE_BLESS=1 cargo test --test timeline` writes what is printed now.
#![cfg(unix)]
#![allow(clippy::expect_used, reason = "test code: a panic is how a test fails")]

#[path = "timeline/markup.rs"]
mod markup;
#[path = "cli/sandbox.rs"]
mod sandbox;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use easyscale::time::{Instant, tzdb_version};
use sandbox::{Sandbox, blesses, repository};
use serde_json::Value;

/// The ends of the names of expected files, and the forms that are asked for.
const FORMS: [(&str, &str); 6] = [
    ("txt", "text"),
    ("json", "json"),
    ("md", "markdown"),
    ("svg", "svg"),
    ("html", "html"),
    ("chart", "chart"),
];

fn timeline(sandbox: &Sandbox, args: &str, form: &str) -> Output {
    let args = args.split_whitespace();
    let mut command = sandbox.command("easyscale");
    command.arg("timeline").args(args).args(["-o", form]);
    command.output().expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("what is printed is UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Without what differs between machines.
fn mask(text: &str) -> String {
    let version = tzdb_version();
    text.replace(&format!("zone rules {version}"), "zone rules [version]")
        .replace(&format!("\"tzdb\": \"{version}\""), "\"tzdb\": \"[version]\"")
}

/// The folders, each with what is typed in it and the place where it is typed.
fn cases() -> Vec<(PathBuf, String, Sandbox)> {
    let folders = fs::read_dir(repository().join("tests/cases/timelines")).expect("there are cases");
    let mut folders: Vec<PathBuf> = folders
        .map(|entry| entry.expect("the cases are readable").path())
        .collect();
    folders.sort();
    assert!(folders.len() >= 10, "only {} cases", folders.len());
    let opened = folders.into_iter().map(|folder| {
        let args = fs::read_to_string(folder.join("args")).expect("a case has `args`");
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let sandbox = Sandbox::new(&format!("timeline-case-{name}"));
        for entry in fs::read_dir(&folder).expect("the case is readable") {
            let file = entry.expect("the case is readable").path();
            let name = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name != "args" && !name.starts_with("expected.") {
                sandbox.write(&name, fs::read(&file).expect("a file of the case"));
            }
        }
        (folder, args, sandbox)
    });
    opened.collect()
}

fn name(folder: &Path) -> String {
    folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// All in one test: blessing and comparing share the folders.
#[test]
fn timelines_are_as_their_folders_say() {
    let mut wrong = String::new();
    for (folder, args, sandbox) in cases() {
        let mut compared = 0;
        for (end, form) in FORMS {
            let output = timeline(&sandbox, &args, form);
            let place = format!("{} -o {form}", name(&folder));
            assert!(output.status.success(), "{place}: {}", stderr(&output));
            // Hostile names and limits that clamp are warned of, and shown all the same.
            let talk = stderr(&output);
            assert!(
                talk.is_empty() || talk.starts_with("warning[W061"),
                "{place}: {talk}"
            );
            let said = mask(&stdout(&output));
            check(&place, form, &said);
            let path = folder.join(format!("expected.{end}"));
            let Ok(expected) = fs::read_to_string(&path) else {
                continue;
            };
            compared += 1;
            if blesses() {
                fs::write(&path, said).expect("the expected file can be written");
            } else if expected != said {
                wrong.push_str(&format!("== {place} says now\n{said}\n"));
            }
        }
        assert!(
            compared > 0,
            "{} expects nothing: make an empty expected.txt",
            name(&folder)
        );
    }
    assert!(
        wrong.is_empty(),
        "{wrong}\nif this is right: EASYSCALE_BLESS=1 cargo test --test timeline"
    );
}

/// What holds for every timeline.
fn check(place: &str, form: &str, said: &str) {
    let obeyed = said.chars().find(|character| {
        (character.is_control() && *character != '\n') || matches!(character, '\u{202a}'..='\u{202e}')
    });
    assert_eq!(obeyed, None, "{place}");
    match form {
        "json" => covers(place, &serde_json::from_str(said).expect("it is JSON")),
        "svg" | "html" => {
            assert_eq!(markup::check(said), Ok(()), "{place}");
            for outside in ["<script", "href=", "src=", "@import", "http-equiv", "onload"] {
                assert!(!said.contains(outside), "{place} has {outside}");
            }
            assert!(!said.contains("NaN") && !said.contains("inf\""), "{place}");
        }
        "chart" => {
            let widest = said.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(100), "{place} has {widest:?} columns");
        }
        _ => {}
    }
}

/// Segments are contiguous, differ from their neighbours and cover the range.
fn covers(place: &str, document: &Value) {
    let keys = |value: &Value| -> Vec<String> {
        let map = value.as_object().expect("a map");
        map.keys().cloned().collect()
    };
    assert_eq!(keys(document), ["from", "targets", "tzdb", "until"], "{place}");
    for target in document["targets"].as_array().expect("a list") {
        assert_eq!(
            keys(target),
            ["rule", "segments", "source", "target", "timezone"],
            "{place}"
        );
        assert_eq!(keys(&target["target"]), ["kind", "name", "namespace"], "{place}");
        let segments = target["segments"].as_array().expect("a list");
        let first = segments.first().expect("a range has a segment");
        let last = segments.last().expect("a range has a segment");
        assert_eq!(
            (&first["from"], &last["until"]),
            (&document["from"], &document["until"]),
            "{place}"
        );
        for segment in segments {
            assert_eq!(
                keys(segment),
                [
                    "from",
                    "maxReplicas",
                    "minReplicas",
                    "replicas",
                    "until",
                    "windows"
                ],
                "{place}"
            );
            let at =
                |key: &str| Instant::parse(segment[key].as_str().unwrap_or_default()).expect("an instant");
            assert!(at("from") < at("until"), "{place}: {segment}");
        }
        for pair in segments.windows(2) {
            assert_eq!(pair[0]["until"], pair[1]["from"], "{place}");
        }
    }
}

/// What is too much for a reader is cut where it is said so; programs get everything.
#[test]
fn what_is_too_much_for_a_reader_is_counted() {
    let sandbox = Sandbox::new("timeline-many");
    let rule = fs::read_to_string(sandbox.path("policies/peak-hours-scaling.yaml")).expect("the rule");
    let rules = (0..70).map(|number| {
        rule.replace("peak-hours-scaling", &format!("rule-{number}"))
            .replace("inference-service-y", &format!("service-{number}"))
    });
    sandbox.write("many.yaml", rules.collect::<Vec<_>>().join("---\n"));
    let shown = |form: &str| {
        let output = timeline(&sandbox, "many.yaml --from 2026-01-01 --until 2027-01-01", form);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    assert!(shown("html").contains("This page shows the first 63 of 70 targets."));
    assert!(shown("svg").contains("7 more targets are not drawn"));
    assert!(
        shown("markdown").contains("\n… and 68 more targets: choose some with `--rule` or `--target`.\n")
    );
    assert!(shown("chart").contains("(days from Thu 2026-02-12 on are not drawn)"));
    let all: Value = serde_json::from_str(&shown("json")).expect("it is JSON");
    let targets = all["targets"].as_array().expect("a list");
    assert_eq!(targets.len(), 70);
    // Three changes on each of the 261 weekdays of 2026.
    let segments = |target: &Value| target["segments"].as_array().map(Vec::len);
    assert!(targets.iter().all(|target| segments(target) == Some(261 * 3 + 1)));
}

/// The picture in the docs is the one that the program draws.
#[test]
fn the_picture_in_the_docs_is_ours() {
    let sandbox = Sandbox::new("timeline-picture");
    let args = "policies --timezone Europe/Berlin --from 2026-11-23 --at 2026-11-29T10:00:00Z";
    let drawn = stdout(&timeline(&sandbox, args, "svg"));
    let path = repository().join("docs/images/week.svg");
    if blesses() {
        fs::create_dir_all(path.parent().unwrap_or(&path)).expect("there are docs");
        fs::write(&path, drawn).expect("the picture can be written");
        return;
    }
    let shown = fs::read_to_string(&path).unwrap_or_default();
    // The zone rules of the machine that drew it may have been others.
    let version = |text: &str| -> Option<String> {
        let rest = text.split_once("zone rules ")?.1;
        Some(rest.split_once('<')?.0.to_owned())
    };
    let shown = match version(&shown) {
        Some(version) => shown.replace(&format!("zone rules {version}"), "zone rules [version]"),
        None => shown,
    };
    assert!(
        shown == mask(&drawn),
        "docs/images/week.svg is another one: EASYSCALE_BLESS=1 cargo test --test timeline"
    );
}
