//! Completion as bash does it, and what `kubectl` asks a plugin of that name for.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::os::unix::fs::symlink;
use std::process::Command;

use super::sandbox::Sandbox;

/// What bash offers where this line ends, as it takes the line apart itself.
fn offered(sandbox: &Sandbox, line: &str) -> Vec<String> {
    // Only an interactive bash completes; this is its own splitting, at the default COMP_WORDBREAKS.
    let script = r#"
source <(easyscale completions bash)
COMP_LINE=$1
COMP_POINT=${#1}
COMP_WORDS=()
word=''
for ((at = 0; at < COMP_POINT; at++)); do
    letter=${1:at:1}
    case $letter in
        ' ') [ -z "$word" ] || COMP_WORDS+=("$word"); word='' ;;
        : | =) [ -z "$word" ] || COMP_WORDS+=("$word"); COMP_WORDS+=("$letter"); word='' ;;
        *) word+=$letter ;;
    esac
done
COMP_WORDS+=("$word")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_easyscale_known easyscale "$word" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;
    let output = sandbox
        .command("bash")
        .args(["--norc", "-c", script, "bash", line])
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn bash_offers_commands_flags_targets_and_rules() {
    let sandbox = Sandbox::new("completions");
    assert_eq!(offered(&sandbox, "easyscale expl"), ["explain", "explain-code"]);
    assert!(offered(&sandbox, "easyscale plan --scal").contains(&"--scaling-rules".to_owned()));
    for line in [
        "easyscale restore --target deployment/support/support-c",
        "easyscale restore --target=deployment/support/support-c",
    ] {
        assert_eq!(
            offered(&sandbox, line),
            ["deployment/support/support-chat"],
            "{line}"
        );
    }
    assert!(offered(&sandbox, "easyscale explain checkout-p").contains(&"checkout-peak".to_owned()));
    assert!(offered(&sandbox, "easyscale plan -n sh").contains(&"shop".to_owned()));
    // What the program knows nothing of is completed as clap has it.
    assert!(offered(&sandbox, "easyscale plan --output j").contains(&"json".to_owned()));
    // Neither rules nor a cluster: nothing is said, and nothing offered.
    let empty = sandbox.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let output = sandbox
        .command("easyscale")
        .current_dir(empty)
        .args(["__complete", "restore", "--target", ""])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), ":4\n");
    assert!(output.stderr.is_empty() && output.status.success(), "{output:?}");
}

#[test]
fn contexts_are_those_of_the_kubeconfig() {
    let sandbox = Sandbox::new("completions-contexts");
    // What the sandbox's KUBECONFIG names. Amazon's contexts have colons, at which bash breaks words.
    sandbox.write(
        "no-kubeconfig-here",
        "apiVersion: v1\nkind: Config\ncontexts:\n\
         - {name: prod, context: {cluster: x, user: x}}\n\
         - {name: 'arn:aws:eks:eu-west-1:1:cluster/shop', context: {cluster: x, user: x}}\n\
         - {name: 'arn:aws:eks:eu-west-1:1:cluster/$(touch was-run)', context: {cluster: x, user: x}}\n",
    );
    assert_eq!(offered(&sandbox, "easyscale plan --context p"), ["prod"]);
    for (line, rest) in [
        (
            "easyscale plan --context ar",
            "arn:aws:eks:eu-west-1:1:cluster/shop",
        ),
        (
            "easyscale plan --context arn:aws:e",
            "eks:eu-west-1:1:cluster/shop",
        ),
        (
            "easyscale plan --context=arn:aws:",
            "eks:eu-west-1:1:cluster/shop",
        ),
    ] {
        // Never the one that a shell would run.
        assert_eq!(offered(&sandbox, line), [rest], "{line}");
    }
}

/// A log-in command that waits for a browser does not hold up the key.
#[test]
fn a_cluster_that_hangs_offers_nothing() {
    let sandbox = Sandbox::new("completions-hang");
    sandbox.write(
        "no-kubeconfig-here",
        "apiVersion: v1\nkind: Config\ncurrent-context: slow\n\
         contexts:\n- {name: slow, context: {cluster: x, user: x}}\n\
         clusters:\n- {name: x, cluster: {server: 'https://127.0.0.1:9'}}\n\
         users:\n- name: x\n  user:\n    exec: {apiVersion: client.authentication.k8s.io/v1, command: sleep, args: ['40'], interactiveMode: Never}\n",
    );
    let began = std::time::Instant::now();
    let output = sandbox
        .command("easyscale")
        .args([
            "__complete",
            "restore",
            "--target",
            "deployment/support/support-c",
        ])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "deployment/support/support-chat\n:4\n"
    );
    assert!(output.stderr.is_empty() && output.status.success(), "{output:?}");
    assert!(
        began.elapsed() < std::time::Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
}

/// `kubectl easyscale …` and its completion, with the kubectl of the machine.
#[test]
fn kubectl_finds_it_as_a_plugin() {
    let found = Command::new("kubectl").args(["version", "--client"]).output();
    if found.is_ok_and(|output| output.status.success()) {
        let sandbox = Sandbox::new("kubectl-plugin");
        let folder = sandbox.path("bin");
        std::fs::create_dir(&folder).unwrap();
        symlink(env!("CARGO_BIN_EXE_easyscale"), folder.join("kubectl-easyscale")).unwrap();
        symlink(
            sandbox.path("deploy/kubectl/kubectl_complete-easyscale"),
            folder.join("kubectl_complete-easyscale"),
        )
        .unwrap();
        let kubectl = |args: &[&str]| {
            let path = format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display());
            let output = sandbox
                .command("kubectl")
                .env("PATH", path)
                .args(args)
                .output()
                .unwrap();
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        assert!(kubectl(&["easyscale", "version"]).starts_with("easyscale "));
        assert!(kubectl(&["easyscale", "plan", "--help"]).contains("Usage: kubectl easyscale plan"));
        let offered = kubectl(&[
            "__complete",
            "easyscale",
            "restore",
            "--target",
            "deployment/support/support-c",
        ]);
        assert!(
            offered.starts_with("deployment/support/support-chat\n:4"),
            "{offered:?}"
        );
    } else {
        assert!(
            std::env::var_os("CI").is_none(),
            "there is no kubectl on this machine"
        );
        println!("SKIPPED: there is no kubectl on this machine");
    }
}
