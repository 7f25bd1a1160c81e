//! What Prometheus says of alert rules: our program around its packages, built from tests/alerts.

use super::built::{FindError, Module};
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The Go module whose program it is.
const MODULE: Module = Module {
    name: "judge of alert rules",
    path: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/alerts"),
    cache: "alerts",
    of: "github.com/prometheus/prometheus",
    without_go: "install Go",
    takes: "2 minutes",
    ldflags: |_| String::new(),
};

/// The rules and expressions of Prometheus, without a Prometheus.
#[derive(Clone, Debug)]
pub struct Prometheus {
    program: PathBuf,
}

impl Prometheus {
    /// The program, built first where necessary: about 2 minutes, once per machine and version.
    pub fn find() -> Result<Self, FindError> {
        let program = MODULE.find()?.join("alerts");
        Ok(Self { program })
    }

    /// Whether it can be had, without building it.
    pub fn look() -> Result<(), FindError> {
        MODULE.look().map(drop)
    }

    /// Whether it would load a file of rules; else what it says.
    pub fn check(&self, rules: &Path) -> Result<(), String> {
        self.run(Command::new(&self.program).arg("check").arg(rules), "")
    }

    /// Whether it would evaluate expressions; else what it says of those that it would not.
    pub fn parse(&self, expressions: &[String]) -> Result<(), String> {
        self.run(
            Command::new(&self.program).arg("parse"),
            &json!(expressions).to_string(),
        )
    }

    /// Whether the alerts fire as a file of `promtool test rules` expects; else what it says.
    pub fn test(&self, cases: &Path) -> Result<(), String> {
        self.run(Command::new(&self.program).arg("test").arg(cases), "")
    }

    fn run(&self, command: &mut Command, input: &str) -> Result<(), String> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        let mut stdin = child.stdin.take().expect("it is piped");
        // It may end without reading all of it.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
