//! Each folder of `tests/cases/cli/` has a `cmd`, whose lines a shell runs one after the other, and an `expected.txt`:
//! exit status, stdout and stderr together. They run in a sandbox with the folder's other files beside. No output of
//! any of them has a control character. `EASYSCALE_BLESS=1` writes the expected files anew.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;

use super::sandbox::{Sandbox, blesses};

const CASES: &str = "tests/cases/cli";
/// How long `2026-11-24T02:04:06.123456Z` is: only log lines have microseconds.
const LOG_TIME: &str = "0000-00-00T00:00:00.000000Z";

#[test]
fn commands_do_as_their_folders_say() {
    let mut folders: Vec<PathBuf> = fs::read_dir(CASES)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "no cases in {CASES}");
    let mut failures = String::new();
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let said = transcript(&name, &folder);
        if let Some(at) = said.find(|character: char| character.is_control() && character != '\n') {
            let line = said[..at].lines().count();
            let _ = writeln!(
                failures,
                "== {name}: a control character in line {line}:\n{said:?}"
            );
        }
        let expected = folder.join("expected.txt");
        if blesses() {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            let _ = writeln!(failures, "== {name} says now:\n{said}");
        }
    }
    assert!(
        failures.is_empty(),
        "{failures}\nif this is right: EASYSCALE_BLESS=1 cargo test --test cli"
    );
}

/// What was typed, and what came of it.
fn transcript(name: &str, folder: &Path) -> String {
    let sandbox = Sandbox::new(&format!("cli-case-{name}"));
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap();
        if name != "cmd" && name != "expected.txt" {
            fs::copy(&file, sandbox.path(&name.to_string_lossy())).unwrap();
        }
    }
    let mut said = String::new();
    let typed = fs::read_to_string(folder.join("cmd")).unwrap();
    for line in typed.lines().filter(|line| !line.is_empty()) {
        let mut shell = sandbox.command("sh");
        // Here the lines themselves say what is logged, and to which cluster they talk.
        shell.env_remove("EASYSCALE_LOG_LEVEL").env_remove("KUBECONFIG");
        let output = shell.args(["-c", line]).output().unwrap();
        let exit = output.status.code().unwrap_or(-1);
        let _ = writeln!(said, "$ {line}\nexit {exit}");
        for (title, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
            if !bytes.is_empty() {
                let text = String::from_utf8(bytes).unwrap();
                let _ = writeln!(said, "--- {title}\n{}", mask(&text).trim_end_matches('\n'));
            }
        }
        said.push('\n');
    }
    said
}

#[test]
fn the_help_of_every_command_is_written_down() {
    let typed = fs::read_to_string(Path::new(CASES).join("help/cmd")).unwrap();
    let commands = easyscale::cli::Cli::command();
    for command in commands
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
    {
        let line = format!("easyscale {} --help", command.get_name());
        assert!(
            typed.lines().any(|typed| typed == line),
            "{CASES}/help/cmd has no line `{line}`"
        );
    }
}

/// Without what differs between machines, days and releases.
fn mask(text: &str) -> String {
    let mut masked = String::new();
    for line in text.lines() {
        let blanks = line.len() - line.trim_start().len();
        let (indent, words) = line.split_at(blanks);
        let line = if words.starts_with("\"tzdb\":") {
            format!("{indent}\"tzdb\": \"[version]\",")
        } else if words.starts_with("\"tzdbSource\":") {
            format!("{indent}\"tzdbSource\": \"[place]\",")
        } else if words.starts_with("zone rules ") {
            "zone rules [version] ([place])".to_owned()
        } else {
            without_log_times(line)
        };
        masked.push_str(&line);
        masked.push('\n');
    }
    for version in [
        concat!("easyscale ", env!("CARGO_PKG_VERSION"), "\n"),
        concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\""),
    ] {
        let mask = version.replace(env!("CARGO_PKG_VERSION"), "[version]");
        masked = masked.replace(version, &mask);
    }
    masked
}

fn without_log_times(line: &str) -> String {
    let is_time = |bytes: &[u8]| {
        bytes
            .iter()
            .zip(LOG_TIME.bytes())
            .all(|(byte, shape)| match shape {
                b'0' => byte.is_ascii_digit(),
                shape => *byte == shape,
            })
    };
    match line.as_bytes().windows(LOG_TIME.len()).position(is_time) {
        Some(at) => format!("{}[time]{}", &line[..at], &line[at + LOG_TIME.len()..]),
        None => line.to_owned(),
    }
}
