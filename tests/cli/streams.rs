//! stdout and stderr that are closed, full, or nobody's.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::process::{Command, Stdio};

use super::sandbox::Sandbox;

/// Everything that prints more than nothing.
const PRINTS: [&str; 11] = [
    "",
    "--help",
    "version",
    "completions bash",
    "validate policies --at 2025-12-01T12:00:00Z",
    "plan policies --cluster examples/cluster.yaml",
    "plan policies --cluster examples/cluster.yaml -o json",
    "timeline policies",
    "timeline policies -o json",
    "timeline policies -o html",
    "timeline policies -o chart",
];

fn easyscale(sandbox: &Sandbox, words: &str) -> Command {
    let mut command = sandbox.command("easyscale");
    command
        .env("EASYSCALE_LOG_LEVEL", "warn")
        .args(words.split_whitespace());
    command
}

/// Runs with a stdout whose reader has gone before the first byte.
fn without_a_reader(command: &mut Command) -> std::process::Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.stdout(writer).stderr(Stdio::piped()).output().unwrap()
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let sandbox = Sandbox::new("cli-no-reader");
    for words in PRINTS {
        let output = without_a_reader(&mut easyscale(&sandbox, words));
        assert_eq!(output.status.code(), Some(0), "easyscale {words}: {output:?}");
        assert!(output.stderr.is_empty(), "easyscale {words}: {output:?}");
    }
    // What was asked is done all the same, and the exit status still tells.
    let plan = "plan policies --cluster examples/cluster.yaml --at 2026-11-27T15:30:00Z --detailed-exitcode";
    assert_eq!(
        without_a_reader(&mut easyscale(&sandbox, plan)).status.code(),
        Some(2)
    );
    let apply = "apply policies --cluster examples/cluster.yaml --at 2026-11-27T15:30:00Z";
    assert_eq!(
        without_a_reader(&mut easyscale(&sandbox, apply)).status.code(),
        Some(0)
    );
    assert_eq!(easyscale(&sandbox, plan).output().unwrap().status.code(), Some(0));
}

#[test]
fn nobody_listens_on_stderr() {
    let sandbox = Sandbox::new("cli-no-stderr");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let apply = "apply policies --cluster examples/cluster.yaml --at 2026-11-27T15:30:00Z";
    let output = easyscale(&sandbox, apply)
        .env("EASYSCALE_LOG_LEVEL", "info")
        .stdout(Stdio::piped())
        .stderr(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("4 changed"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    let sandbox = Sandbox::new("cli-full-disk");
    for words in PRINTS.iter().filter(|words| **words != "--help") {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = easyscale(&sandbox, words)
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "easyscale {words}: {output:?}");
        assert!(
            String::from_utf8(output.stderr).unwrap().starts_with("error: "),
            "easyscale {words}"
        );
    }
}
