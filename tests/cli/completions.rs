//! Completion as bash does it, and what `kubectl` asks a plugin of that name for.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::os::unix::fs::symlink;
use std::process::Command;

use super::sandbox::Sandbox;

/// What bash offers for the last of these words.
fn offered(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "source <(easyscale completions bash)\nCOMP_WORDS=(easyscale {})\nCOMP_CWORD={}\n_easyscale_known easyscale '{}' \
         ''\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        words.len(),
        words.last().unwrap()
    );
    let output = sandbox
        .command("bash")
        .args(["--norc", "-c", &script])
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn bash_offers_commands_flags_targets_and_rules() {
    let sandbox = Sandbox::new("completions");
    assert_eq!(offered(&sandbox, &["expl"]), ["explain", "explain-code"]);
    assert!(offered(&sandbox, &["plan", "--scal"]).contains(&"--scaling-rules".to_owned()));
    assert_eq!(
        offered(&sandbox, &["restore", "--target", "deployment/support/support-c"]),
        ["deployment/support/support-chat"]
    );
    assert_eq!(
        offered(
            &sandbox,
            &["restore", "--target", "=", "deployment/support/support-c"]
        ),
        ["deployment/support/support-chat"]
    );
    assert!(offered(&sandbox, &["explain", "checkout-p"]).contains(&"checkout-peak".to_owned()));
    assert!(offered(&sandbox, &["plan", "-n", "sh"]).contains(&"shop".to_owned()));
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
    sandbox.write(
        "config",
        "apiVersion: v1\nkind: Config\ncontexts:\n- {name: prod, context: {cluster: x, user: x}}\n- {name: dev, context: {cluster: x, user: x}}\n",
    );
    let output = sandbox
        .command("easyscale")
        .env("KUBECONFIG", "config")
        .args(["__complete", "plan", "--context", "p"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "prod\n:4\n");
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
