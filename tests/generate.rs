//! `easyscale generate` as people and scripts use it.
//!
//! Each folder of `tests/cases/generate/` has `args`, what is typed behind `easyscale generate`, the files that this
//! names, and what comes of it: `expected.txt` (exit status and stderr) and, where something is written,
//! `expected.yaml`. `EASYSCALE_BLESS=1 cargo test --test generate` writes both anew.
#![cfg(unix)]
#![allow(clippy::expect_used, reason = "test code: a panic is how a test fails")]

#[path = "generate/answers.rs"]
mod answers;
#[path = "generate/hostile.rs"]
mod hostile;
#[path = "generate/meaning.rs"]
mod meaning;
#[path = "cli/sandbox.rs"]
mod sandbox;
#[path = "generate/terminal.rs"]
mod terminal;
#[path = "generate/wizard.rs"]
mod wizard;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use sandbox::{Sandbox, blesses, repository};

const AT: [&str; 2] = ["--at", "2026-11-24T12:00:00Z"];

fn generate(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox
        .command("easyscale")
        .arg("generate")
        .args(args)
        .args(AT)
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is printed is UTF-8")
}

#[test]
fn exports_become_what_their_folders_say() {
    let mut folders: Vec<PathBuf> = fs::read_dir(repository().join("tests/cases/generate"))
        .expect("there are cases")
        .map(|entry| entry.expect("the cases are readable").path())
        .collect();
    folders.sort();
    assert!(folders.len() >= 12, "only {} cases", folders.len());
    let mut wrong = Vec::new();
    for folder in folders {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let sandbox = Sandbox::new(&format!("generate-case-{name}"));
        fs::remove_dir_all(sandbox.path("policies")).expect("the examples can go");
        for entry in fs::read_dir(&folder).expect("the case is readable") {
            let file = entry.expect("the case is readable").path();
            let name = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            sandbox.write(&name, fs::read(&file).expect("a file of the case"));
        }
        let args = fs::read_to_string(folder.join("args")).expect("a case has `args`");
        let output = generate(&sandbox, &args.split_whitespace().collect::<Vec<_>>());
        let status = output.status.code().unwrap_or(-1);
        let said = format!("exit {status}\n{}", text(&output.stderr));
        let written = written(&sandbox, &output);
        let control = |character: char| character.is_control() && character != '\n';
        assert!(
            !said.contains(control) && !written.contains(control),
            "{name}: {said}"
        );
        for (file, now) in [("expected.txt", &said), ("expected.yaml", &written)] {
            let path = folder.join(file);
            let before = fs::read_to_string(&path).unwrap_or_default();
            if blesses() && (path.exists() || !now.is_empty()) {
                fs::write(&path, now).expect("the answer can be written down");
            } else if before != *now {
                wrong.push(format!("== {name}/{file} is now:\n{now}"));
            }
        }
        assert_eq!(status == 0, !written.is_empty(), "{name}: {said}");
        if status == 0 {
            sandbox.write("again.yaml", &written);
            let validated = sandbox
                .command("easyscale")
                .args(["validate", "again.yaml"])
                .output()
                .expect("the program starts");
            let told = text(&validated.stderr);
            assert!(
                validated.status.success() && !told.contains("warning"),
                "{name}: {told}"
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nif this is right: EASYSCALE_BLESS=1 cargo test --test generate",
        wrong.join("\n")
    );
}

/// The text of the one file that was written, or stdout.
fn written(sandbox: &Sandbox, output: &Output) -> String {
    let files = fs::read_dir(sandbox.path("policies")).into_iter().flatten();
    let files: Vec<PathBuf> = files.map(|entry| entry.expect("it is readable").path()).collect();
    assert!(files.len() < 2, "{files:?}");
    let Some(file) = files.first() else {
        return text(&output.stdout);
    };
    assert!(output.stdout.is_empty(), "data and file");
    fs::read_to_string(file).expect("it is readable")
}

#[test]
fn flags_make_a_rule_and_nothing_is_overwritten() {
    let sandbox = Sandbox::new("generate-flags");
    let args = [
        "--target",
        "deployment/shop/basket",
        "--weekdays",
        "16:00-18:00=5..20",
        "--weekends",
        "2",
        "--timezone",
        "Europe/Berlin",
    ];
    let output = generate(&sandbox, &args);
    let said = text(&output.stderr);
    assert!(output.status.success() && output.stdout.is_empty(), "{said}");
    assert!(
        said.contains("Tue 2026-11-24  16:00 - 18:00  min 5  max 20"),
        "{said}"
    );
    assert!(
        said.ends_with("  easyscale plan policies/basket.yaml\n"),
        "{said}"
    );
    let path = sandbox.path("policies/basket.yaml");
    let written = fs::read_to_string(&path).expect("it was written");

    let output = generate(&sandbox, &args);
    let said = text(&output.stderr);
    assert!(!output.status.success());
    assert!(
        said.starts_with("error: policies/basket.yaml is there already, and nothing is overwritten"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&path).expect("it is still there"), written);

    // A link that leads nowhere is something, too.
    std::os::unix::fs::symlink("nowhere", sandbox.path("link.yaml")).expect("a link");
    std::os::unix::fs::symlink("nowhere", sandbox.path("link")).expect("a link");
    std::os::unix::fs::symlink("basket.yaml", sandbox.path("policies/taken.yaml")).expect("a link");
    for (file, told) in [
        ("link.yaml", "link.yaml is there already"),
        ("a.txt", "generate writes YAML: name a file that ends in .yaml"),
        ("a.toml", "generate writes YAML: name a file that ends in .yaml"),
        ("policies", "ends in .yaml"),
        ("link/a.yaml", "cannot write link/a.yaml"),
        ("policies/taken.yaml", "policies/taken.yaml is there already"),
        (
            "policies/basket.yaml/a.yaml",
            "cannot write policies/basket.yaml/a.yaml",
        ),
    ] {
        let output = generate(&sandbox, &[&args[..], &["--file", file]].concat());
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(told), "{file}: {said}");
    }
    assert!(!sandbox.path("nowhere").exists());

    let output = generate(
        &sandbox,
        &[&args[..], &["--file", "-", "--default", "3..9", "--name", "no"]].concat(),
    );
    let rule = text(&output.stdout);
    assert!(
        output.status.success() && rule.contains("  name: \"no\"\n"),
        "{rule}"
    );
    assert!(
        rule.ends_with("  default:\n    minReplicas: 3\n    maxReplicas: 9\n"),
        "{rule}"
    );
}

#[test]
fn what_the_cluster_would_say_is_told_and_it_is_written_nonetheless() {
    let sandbox = Sandbox::new("generate-foresee");
    let run = |name: &str, args: &[&str]| {
        let file = format!("{name}.yaml");
        let args = [args, &["--timezone", "UTC", "--file", &file]].concat();
        let output = generate(&sandbox, &args);
        let said = text(&output.stderr);
        assert!(output.status.success() && sandbox.path(&file).exists(), "{said}");
        let tail = said.split("`easyscale plan` shows it.\n\n").nth(1);
        tail.expect("the week is shown").to_owned()
    };
    const CLUSTER: [&str; 2] = ["--cluster", "examples/cluster.yaml"];
    let misspelt = ["--target", "hpa/support/suport-chat", "--weekends", "2"];
    let said = run("misspelt", &[&misspelt[..], &CLUSTER].concat());
    assert!(
        said.starts_with(
            "warning: there is no HorizontalPodAutoscaler `suport-chat` in the namespace `support` of file \
             examples/cluster.yaml\n  hint: did you mean `support-chat`?\nWrote misspelt.yaml."
        ),
        "{said}"
    );
    assert!(run("unseen", &misspelt).starts_with("Wrote unseen.yaml."));

    let chat = ["--target", "hpa/support/support-chat"];
    // Far away, but it comes.
    for when in [["--weekends", "0..3"], ["--dates", "09-01=0..3"]] {
        let name = when[0].trim_start_matches('-');
        let said = run(name, &[&chat[..], &when, &CLUSTER].concat());
        assert!(
            said.starts_with(
                "warning: plan would refuse it: minReplicas: 0 needs a metric of type Object or External"
            ),
            "{said}"
        );
        assert_eq!(said.matches("warning").count(), 1, "{said}");
        let said = run(&format!("{name}-unseen"), &[&chat[..], &when].concat());
        assert!(
            said.starts_with(
                "warning: minReplicas: 0 needs an autoscaler with a metric of type Object or External"
            ),
            "{said}"
        );
    }
    let said = run("fine", &[&chat[..], &["--weekends", "0"], &CLUSTER].concat());
    assert!(said.starts_with("Wrote fine.yaml."), "{said}");
    let said = run("passed", &[&chat[..], &["--dates", "2020-12-24=5"]].concat());
    assert!(
        said.starts_with("warning: all dates of the window `2020-12-24` have passed"),
        "{said}"
    );

    let missing = [
        &chat[..],
        &[
            "--weekends",
            "2",
            "--timezone",
            "UTC",
            "--cluster",
            "missing.yaml",
        ],
    ]
    .concat();
    let output = generate(&sandbox, &missing);
    assert!(!output.status.success() && text(&output.stderr).contains("cannot read missing.yaml"));
    assert!(!sandbox.path("policies/support-chat.yaml").exists());
}

#[test]
fn the_week_that_is_shown_is_one_in_which_something_happens() {
    let sandbox = Sandbox::new("generate-week");
    let show = |when: [&str; 2]| {
        let target = [
            "--target",
            "deploy/a/b",
            "--timezone",
            "Europe/Berlin",
            "--file",
            "-",
        ];
        let output = generate(&sandbox, &[&target[..], &when].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    for (dates, opens, line) in [
        (
            "2026-12-24=5",
            "Thu 2026-12-24 00:00",
            "Thu 2026-12-24  00:00 - 24:00  min 5",
        ),
        (
            "02-29@22:00-06:00=7",
            "Tue 2028-02-29 22:00",
            "Tue 2028-02-29  22:00 - 24:00  min 7",
        ),
        (
            "2026-12-01=5",
            "Tue 2026-12-01 00:00",
            "Tue 2026-12-01  00:00 - 24:00  min 5",
        ),
    ] {
        let said = show(["--dates", dates]);
        let told = format!(
            "No window is open in the next seven days. The first one opens on {opens} Europe/Berlin, so this is the week \
             from then on:\n\nTimeline {} 00:00 until ",
            &opens[..opens.len() - 6]
        );
        assert!(said.starts_with(&told) && said.contains(line), "{said}");
    }
    // Nothing to wait for: in this week (already over today, too), never again, or no window at all.
    for when in [
        ["--dates", "2026-11-30=5"],
        ["--dates", "2026-11-24@00:00-01:00=5"],
        ["--dates", "2020-12-24=5"],
        ["--default", "3"],
    ] {
        let said = show(when);
        assert!(
            said.starts_with("Timeline Tue 2026-11-24 00:00 until "),
            "{when:?}: {said}"
        );
    }
}

#[test]
fn rules_and_files_that_lie_beside_it_are_told() {
    let sandbox = Sandbox::new("generate-neighbours");
    sandbox.write(
        "beside/a.toml",
        "[rules.a]\ntarget = { kind = \"Deployment\", namespace = \"shop\", name = \"z\" }\ndefault.replicas = 3\n",
    );
    for (name, target, told) in [
        (
            "a",
            "deployment/shop/a",
            &[
                "there is beside/a.toml, too",
                "the rule a (beside/a.toml:1:8) has the same name; used together they are refused",
            ][..],
        ),
        (
            "b",
            "deployment/shop/z",
            &["the rule a (beside/a.toml:1:8) is for Deployment shop/z, too; used together"],
        ),
        ("c", "deployment/shop/c", &[]),
    ] {
        let file = format!("beside/{name}.yaml");
        let args = [
            "--name",
            name,
            "--target",
            target,
            "--weekends",
            "2",
            "--timezone",
            "UTC",
            "--file",
            &file,
        ];
        let output = generate(&sandbox, &args);
        let said = text(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert_eq!(said.matches("warning: ").count(), told.len(), "{said}");
        assert!(told.iter().all(|told| said.contains(told)), "{said}");
        fs::remove_file(sandbox.path(&file)).expect("it was written");
    }
}

#[test]
fn a_default_alone_needs_no_clock() {
    let sandbox = Sandbox::new("generate-default");
    let output = generate(
        &sandbox,
        &["--target", "deploy/a/b", "--default", "3", "--file", "-"],
    );
    let rule = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        rule.ends_with("    namespace: a\n  default:\n    replicas: 3\n"),
        "{rule}"
    );
    let utc = [
        "--target",
        "deploy/a/b",
        "--default",
        "3",
        "--file",
        "-",
        "--timezone",
        "UTC",
    ];
    assert_eq!(text(&generate(&sandbox, &utc).stdout), rule);
}

#[test]
fn whoever_cannot_be_asked_is_told_which_flags_are_missing() {
    let sandbox = Sandbox::new("generate-missing");
    for (args, missing) in [
        (
            &[][..],
            "missing: --target, --weekdays (or --weekends, --daily, --days, --dates, --default), --timezone\n",
        ),
        (
            &["--target", "deploy/a/b", "--weekends", "0"],
            "missing: --timezone\n",
        ),
        (&["--default", "2", "--timezone", "UTC"], "missing: --target\n"),
    ] {
        let output = generate(&sandbox, args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains(missing) && said.contains("  hint: for example: easyscale generate"),
            "{said}"
        );
    }
}

#[test]
fn mistakes_are_answered_by_what_to_write() {
    let sandbox = Sandbox::new("generate-mistakes");
    for (args, told) in [
        (
            ["--weekdays", "16:00-18:00"],
            "write them behind the hours, for example 16:00-18:00=5",
        ),
        (["--weekdays", "16-18=5"], "write it as 16:00"),
        (
            ["--weekdays", "16:00=5"],
            "\"16:00\" has no end; write hours as 16:00-18:00",
        ),
        (["--weekdays", "18:00-18:00=5"], "the whole day is 00:00-24:00"),
        (["--weekends", "20..5"], "5..20"),
        (["--weekends", "many"], "\"many\" is not a number of copies"),
        (["--days", "Montag=5"], "\"Montag\" is not a weekday"),
        (["--days", "Mon-Fri"], "for example Mon-Thu@22:00-06:00=1"),
        (["--dates", "2026-02-30=5"], "2026-02-30"),
        (["--dates", "=5"], "a date is missing"),
        (["--daily", "5"], "--default 5"),
        (["--name", "My Rule"], "small letters"),
        (["--name", "../../x"], "small letters"),
        (["--target", "shop/checkout"], "write kind/namespace/name"),
        (["--timezone", "Europe/Berln"], "did you mean Europe/Berlin?"),
        (["--from", "a.yaml"], "cannot be used with"),
    ] {
        let mut all = args.to_vec();
        for (flag, value) in [
            ("--target", "deploy/a/b"),
            ("--timezone", "UTC"),
            ("--weekends", "1"),
        ] {
            if args[0] != flag {
                all.extend([flag, value]);
            }
        }
        let output = generate(&sandbox, &all);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains(told), "{args:?}: {said}");
    }
    assert!(!sandbox.path("policies/b.yaml").exists());
}

#[test]
fn a_pipe_is_read_like_a_file() {
    let sandbox = Sandbox::new("generate-stdin");
    let case = repository().join("tests/cases/generate/keda/objects.yaml");
    let run = |stdin: Stdio| {
        let mut command = sandbox.command("easyscale");
        command.args(["generate", "--from", "-"]).args(AT).stdin(stdin);
        command.output().expect("the program starts")
    };
    let output = run(fs::File::open(Path::new(&case))
        .expect("the case is there")
        .into());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let written = fs::read_to_string(sandbox.path("policies/from-stdin.yaml")).expect("it was written");
    assert!(written.starts_with("# Carried over by `easyscale generate --from` from stdin.\n"));
    assert!(!run(Stdio::null()).status.success(), "the file is there already");
}
