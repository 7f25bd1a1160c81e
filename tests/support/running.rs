//! The program as it runs for long: started, listened to, stopped in every way.

use super::supervised::{Folder, Supervised};
use super::timetable;
use easyscale::time::Instant as Moment;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Cargo tells it to integration tests, and not to the example that shares this support.
const PROGRAM: Option<&str> = option_env!("CARGO_BIN_EXE_easyscale");

/// How long is waited for a word in the log: far more than it takes, also where many others are at work.
const SOON: Duration = Duration::from_secs(90);

/// A running `easyscale`, killed when dropped and when this process ends.
pub struct Running {
    // Dropped before its folder.
    program: Supervised,
    folder: Folder,
    started: SystemTime,
}

impl Running {
    /// Starts `easyscale run` with the policies in a text, and what else is said on the command line. It logs JSON, tells
    /// its numbers on a free port of loopback, and knows nothing of this process' environment.
    pub fn start(kubeconfig: &Path, policies: &str, args: &[&str]) -> Self {
        let mut all = vec!["run", "policies", "--listen", "127.0.0.1:0"];
        all.extend(args);
        Self::command(kubeconfig, policies, &all)
    }

    /// Starts any command; the policies are in the folder `policies` where it starts.
    pub fn command(kubeconfig: &Path, policies: &str, args: &[&str]) -> Self {
        let folder = Folder::create("running").expect("the temporary folder is writable");
        std::fs::create_dir(folder.path().join("policies")).expect("it is our folder");
        let program = PROGRAM.expect("cargo tells integration tests where it is");
        let level: &[&str] = if args.contains(&"--log-level") {
            &[]
        } else {
            &["--log-level", "info"]
        };
        let mut command = Command::new("env");
        command
            .arg("-i")
            .arg(format!("KUBECONFIG={}", kubeconfig.display()))
            .arg(program)
            .args(["--log-format", "json"])
            .args(level)
            .args(args)
            .current_dir(folder.path());
        write_policies(&folder, policies);
        let log = folder.path().join("log");
        let started = SystemTime::now();
        let program = Supervised::start(&command, &log, Some(&folder)).expect("it starts");
        Self {
            program,
            folder,
            started,
        }
    }

    /// Where its policies are.
    pub fn policies(&self) -> PathBuf {
        self.folder.path().join("policies")
    }

    /// Replaces its policies in one step, as a careful writer does. It notices within a second or two.
    pub fn rewrite(&self, policies: &str) {
        write_policies(&self.folder, policies);
    }

    /// Replaces its policies, and waits until it says that the new ones count.
    pub async fn put_in_force(&mut self, policies: &str) {
        let count = self.count();
        self.rewrite(policies);
        self.told_since(count, "new policies are in force").await;
    }

    /// An edge that is still ahead when it has read it: so far away that this holds on a slow machine, too. How slow it is
    /// is told by how long the program took to see the cluster.
    pub async fn ahead(&mut self) -> SystemTime {
        let line = self.told("the cluster is seen").await;
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        let took = Duration::try_from_secs_f64(when(&line) - started.as_secs_f64()).unwrap_or_default();
        timetable::in_seconds(3 + (took * 4).as_secs())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// Everything that it has written so far: log lines, and diagnostics for people.
    pub fn text(&self) -> String {
        self.program.log()
    }

    /// Its log lines so far; what is no JSON is left out.
    pub fn log(&self) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(serde_json::from_str);
        lines.filter_map(Result::ok).collect()
    }

    /// How many log lines there were so far; to be given to [`told_since`](Self::told_since).
    pub fn count(&self) -> usize {
        self.log().len()
    }

    /// Waits for a log line with this text anywhere in it.
    pub async fn told(&mut self, text: &str) -> Value {
        self.told_since(0, text).await
    }

    /// Waits for a log line with this text after the first `count`.
    pub async fn told_since(&mut self, count: usize, text: &str) -> Value {
        let deadline = Instant::now() + SOON;
        loop {
            // Before the log is read: what a program says at its end is read, too.
            let ended = self.program.exited();
            let mut log = self.log().into_iter().skip(count);
            if let Some(line) = log.find(|line| line.to_string().contains(text)) {
                return line;
            }
            if ended.is_some() || Instant::now() > deadline {
                let tail = self.program.log_tail();
                panic!("no log line with {text:?} (ended: {ended:?}); last:\n{tail}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks its server, whose address it has told, for a path: the status and the body.
    pub async fn get(&mut self, path: &str) -> (u16, String) {
        let line = self.told("\"address\"").await;
        let address = line["address"].as_str().expect("an address is text").to_owned();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").into_bytes();
        let exchange = tokio::task::spawn_blocking(move || {
            let mut connection = TcpStream::connect(&address)?;
            connection.set_read_timeout(Some(SOON))?;
            connection.write_all(&request)?;
            let mut answer = Vec::new();
            connection.read_to_end(&mut answer)?;
            std::io::Result::Ok(String::from_utf8_lossy(&answer).into_owned())
        });
        let answer = exchange
            .await
            .expect("it does not panic")
            .unwrap_or_else(|error| panic!("GET {path}: {error}"));
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("GET {path}: {answer:?}"));
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        (
            code.unwrap_or_else(|| panic!("GET {path}: {head:?}")),
            body.to_owned(),
        )
    }

    /// The value of a metric without labels, or with exactly these: `name{label="value"}`.
    pub async fn metric(&mut self, name: &str) -> Option<f64> {
        let (_, text) = self.get("/metrics").await;
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
        text.lines().find_map(value)
    }

    /// Waits until [`metric`](Self::metric) has this value: numbers follow what was done.
    pub async fn metric_becomes(&mut self, name: &str, wanted: f64) {
        let deadline = Instant::now() + SOON;
        loop {
            let value = self.metric(name).await;
            if value == Some(wanted) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{name} is {value:?}, not {wanted}:\n{}",
                self.text()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Sends `TERM`, `INT`, `HUP`, `STOP`, `CONT` or `KILL`, to the program alone.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.pid().to_string())
            .status()
            .expect("there is a program `kill`");
        assert!(status.success(), "kill -{name}: {status}");
    }

    /// Waits for its end: the exit status, `None` if a signal ended it.
    pub async fn ended(&mut self, within: Duration) -> Option<i32> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.program.exited() {
                return status.code();
            }
            if Instant::now() > deadline {
                let tail = self.program.log_tail();
                panic!("it has not ended within {within:?}; last:\n{tail}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether it runs, stopped by `STOP` or not.
    pub fn is_running(&mut self) -> bool {
        self.program.exited().is_none()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log of process {}:\n{}", self.pid(), self.text());
        }
    }
}

/// When a log line was written, in seconds since 1970.
pub fn when(line: &Value) -> f64 {
    let text = line["timestamp"].as_str().expect("each line has its time");
    let (seconds, fraction) = text.trim_end_matches('Z').split_once('.').unwrap_or((text, "0"));
    let whole = Moment::parse(&format!("{}Z", seconds.trim_end_matches('Z'))).expect("an instant");
    let fraction: f64 = format!("0.{fraction}").parse().expect("digits");
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
    let whole = whole.unix() as f64;
    whole + fraction
}

fn write_policies(folder: &Folder, text: &str) {
    let partial = folder.write("partial", text).expect("it is our folder");
    std::fs::rename(partial, folder.path().join("policies/rules.yaml")).expect("it is our folder");
}
