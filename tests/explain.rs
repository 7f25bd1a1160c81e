//! Each folder of `tests/cases/explanations/` has policies, `args` (what comes after `easyscale explain`), and what is
//! said then: `expected.txt`, and `expected.json` with `-o json`. `EASYSCALE_BLESS=1` writes both anew.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use easyscale::time::{Instant, tzdb_version};
use serde_json::Value;

const CASES: &str = "tests/cases/explanations";

#[test]
fn explanations_are_as_their_folders_say() {
    let mut failures = String::new();
    for folder in folders() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = said(&folder, "");
        let json = said(&folder, "-o json");
        if let Some(at) = text.find(|character: char| character.is_control() && character != '\n') {
            let _ = writeln!(failures, "== {name}: a control character: {:?}", &text[at..]);
        }
        let long = text
            .lines()
            .find(|line| line.chars().count() > 100 && line.trim().contains(' '));
        if let Some(line) = long {
            let _ = writeln!(failures, "== {name}: a long line: {line}");
        }
        check_json(&name, &json, &mut failures);
        check_edges(&folder, &json, &mut failures);
        let json = json.replace(
            &format!("\"tzdb\": \"{}\"", tzdb_version()),
            "\"tzdb\": \"<tzdb>\"",
        );
        for (file, now) in [("expected.txt", text), ("expected.json", json)] {
            let file = folder.join(file);
            if blesses() {
                fs::write(&file, now).unwrap();
            } else if fs::read_to_string(&file).unwrap_or_default() != now {
                let _ = writeln!(failures, "== {} is now:\n{now}", file.display());
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{failures}\nif this is right: EASYSCALE_BLESS=1 cargo test --test explain"
    );
}

fn blesses() -> bool {
    std::env::var_os("EASYSCALE_BLESS").is_some_and(|value| !value.is_empty() && value != "0")
}

fn folders() -> Vec<PathBuf> {
    let folders = fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() > 20, "only {} cases in {CASES}", folders.len());
    folders
}

/// What `easyscale explain` says about the case.
fn said(folder: &Path, more: &str) -> String {
    let args = fs::read_to_string(folder.join("args")).unwrap();
    let mut args: Vec<&str> = args.split_whitespace().collect();
    // Another instant instead of the case's own.
    if more.starts_with("--at")
        && let Some(at) = args.iter().position(|arg| *arg == "--at")
    {
        args.drain(at..at + 2);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_easyscale"))
        .arg("explain")
        .args(args)
        .args(more.split_whitespace())
        .current_dir(folder)
        .env("EASYSCALE_LOG_LEVEL", "off")
        .output()
        .unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {talk}", folder.display());
    String::from_utf8(output.stdout).unwrap()
}

/// What is foretold must be so when the time has come.
fn check_edges(folder: &Path, json: &str, failures: &mut String) {
    let document: Value = serde_json::from_str(json).unwrap();
    for edge in document["edges"].as_array().unwrap().iter().take(3) {
        let earlier = Instant::parse(edge["at"].as_str().unwrap()).unwrap().unix() - 1;
        let earlier = Instant::from_unix(earlier).to_string();
        for (at, what) in [
            (earlier.as_str(), "from"),
            (edge["until"].as_str().unwrap(), "to"),
        ] {
            let then: Value = serde_json::from_str(&said(folder, &format!("--at {at} -o json"))).unwrap();
            if then["asked"] != edge[what] {
                let _ = writeln!(
                    failures,
                    "== {}: {at} is not as foretold: {then}",
                    folder.display()
                );
            }
        }
    }
}

/// What holds of every explanation.
fn check_json(name: &str, json: &str, failures: &mut String) {
    let document: Value = serde_json::from_str(json).unwrap();
    let edges = document["edges"].as_array().unwrap();
    let mut complain = |what: &str| {
        let _ = writeln!(failures, "== {name}: {what}");
    };
    if edges.first().unwrap_or(&Value::Null) != &document["next"] {
        complain("`next` is not the first of `edges`");
    }
    let instant = |value: &Value| Instant::parse(value.as_str().unwrap()).unwrap();
    let mut before = instant(&document["at"]);
    let mut asked = &document["asked"];
    for edge in edges {
        if instant(&edge["at"]) <= before || instant(&edge["until"]) < instant(&edge["at"]) {
            complain("edges are not in order");
        }
        if &edge["from"] != asked {
            complain("an edge does not begin with what is asked before it");
        }
        before = instant(&edge["until"]);
        asked = &edge["to"];
    }
    for window in document["windows"].as_array().unwrap() {
        let bounds = window["bounds"].as_array().unwrap();
        let active = ["open", "opening", "closing"].contains(&window["state"].as_str().unwrap());
        if active == bounds.is_empty() {
            complain("only an active window has bounds");
        }
        if bounds
            .iter()
            .any(|bound| bound["holds"] == bound["why"].is_string())
        {
            complain("a bound holds, or it is said why not");
        }
    }
}
