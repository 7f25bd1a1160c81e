//! The questions, on a real terminal.

use std::fs;

use super::sandbox::Sandbox;
use super::terminal::{BACKSPACE, CTRL_C, DOWN, ENTER, ESC, Terminal, UP};

fn wizard(sandbox: &Sandbox, args: &[&str]) -> Terminal {
    let mut command = sandbox.command("easyscale");
    command
        .args(["generate", "--at", "2026-11-24T12:00:00Z"])
        .args(args)
        .env("TERM", "xterm-256color")
        .env("TZ", "America/New_York");
    Terminal::run(&command)
}

#[test]
fn a_whole_rule_by_arrow_keys_typing_and_enter() {
    let sandbox = Sandbox::new("wizard-whole");
    let mut terminal = wizard(&sandbox, &["--cluster", "examples/cluster.yaml"]);
    terminal.see("What do you want to scale?");
    terminal.see("another one: type its name");
    terminal.keys(&format!("{DOWN}{DOWN}{UP}"));
    terminal.keys(ENTER);
    terminal.answer("On which days", "");
    terminal.answer("From when until when?", "16-18");
    terminal.see("write it as 16:00");
    terminal.keys(&BACKSPACE.repeat("16-18".len()));
    terminal.keys("16:00-18:00\r");
    terminal.answer("How many copies", "5..20");
    terminal.answer("Another time", "y");
    terminal.answer("On which days", DOWN);
    terminal.answer("From when until when?", "");
    terminal.answer("How many copies", "2");
    terminal.answer("Another time", "");
    terminal.answer("at all other times?", "");
    terminal.see("(America/New_York)");
    terminal.keys(ENTER);
    terminal.see("16:00 - 18:00");
    terminal.answer("Write it to policies/", "");
    let (said, status) = terminal.end();
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("easyscale plan policies/"), "{said}");
    let mut new: Vec<_> = fs::read_dir(sandbox.path("policies"))
        .expect("the folder is there")
        .map(|entry| entry.expect("it is readable").path())
        .filter(|path| {
            !super::repository()
                .join("policies")
                .join(path.file_name().unwrap_or_default())
                .exists()
        })
        .collect();
    let path = new.pop().expect("one file is new");
    assert_eq!(new, [""; 0].map(std::path::PathBuf::from));
    let text = fs::read_to_string(&path).expect("it is readable");
    assert!(text.contains("timezone: America/New_York\n"), "{text}");
    assert!(
        text.contains("days: [weekdays]\n      timeStart: \"16:00\"\n      timeEnd: \"18:00\"\n"),
        "{text}"
    );
    assert!(text.contains("minReplicas: 5\n      maxReplicas: 20\n"), "{text}");
    assert!(text.contains("days: [weekends]\n      replicas: 2\n"), "{text}");
    let validated = sandbox
        .command("easyscale")
        .arg("validate")
        .arg(path)
        .output()
        .expect("the program starts");
    assert!(validated.status.success());
}

#[test]
fn chosen_days_dates_and_a_name_that_is_typed() {
    let sandbox = Sandbox::new("wizard-days");
    sandbox.write("policies/night.yaml", "");
    let mut terminal = wizard(&sandbox, &["--timezone", "Europe/Berlin"]);
    terminal.answer("Kind, namespace and name", "pod/shop/night");
    terminal.see("not a kind that is known here");
    terminal.keys(&BACKSPACE.repeat("pod/shop/night".len()));
    terminal.keys("sts/shop/night\r");
    terminal.answer("On which days", &DOWN.repeat(3));
    terminal.see("Which weekdays?");
    terminal.see("space picks, Enter goes on");
    // Hours in the wrong place neither pick anything nor hide the days.
    terminal.keys("16-18");
    terminal.keys(ENTER);
    terminal.see("choose one at least");
    terminal.keys(&format!(" {DOWN}{DOWN} {ENTER}"));
    terminal.answer("From when until when?", "22:00-06:00");
    terminal.answer("How many copies", "0");
    terminal.answer("Another time", "y");
    terminal.answer("On which days", &DOWN.repeat(4));
    terminal.answer("Which dates?", "2026-12-24, 12-31");
    terminal.answer("From when until when?", "");
    terminal.answer("How many copies", "7");
    terminal.answer("Another time", "n");
    terminal.answer("at all other times?", "2..4");
    terminal.answer(
        "policies/night.yaml is there already. Which file instead?",
        "policies/evening.yaml",
    );
    terminal.answer("Write it to policies/evening.yaml?", "y");
    let (said, status) = terminal.end();
    assert_eq!(status, 0, "{said}");
    let text = fs::read_to_string(sandbox.path("policies/evening.yaml")).expect("it was written");
    for part in [
        "kind: StatefulSet\n",
        "days: [Mon, Wed]\n      timeStart: \"22:00\"\n      timeEnd: \"06:00\"\n      replicas: 0\n",
        "dates: [\"2026-12-24\", \"12-31\"]\n      replicas: 7\n",
        "default:\n    minReplicas: 2\n    maxReplicas: 4\n",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn esc_control_c_and_no_write_nothing() {
    let sandbox = Sandbox::new("wizard-leave");
    let before = fs::read_dir(sandbox.path("policies"))
        .expect("the folder is there")
        .count();
    for key in [ESC, CTRL_C] {
        let mut terminal = wizard(&sandbox, &["--target", "deployment/shop/a"]);
        terminal.see("On which days");
        terminal.keys(key);
        let (said, status) = terminal.end();
        assert_eq!(status, 1, "{said}");
        assert!(said.contains("Nothing was written."), "{said}");
    }
    let mut terminal = wizard(&sandbox, &["--target", "deployment/shop/a", "--weekends", "3"]);
    terminal.answer("In which time zone?", "");
    terminal.answer("Write it to policies/a.yaml?", "n");
    let (said, status) = terminal.end();
    assert!(status == 1 && said.contains("Nothing was written."), "{said}");
    let after = fs::read_dir(sandbox.path("policies"))
        .expect("the folder is there")
        .count();
    assert_eq!(before, after);
}

#[test]
fn with_all_flags_nothing_is_asked() {
    let sandbox = Sandbox::new("wizard-flags");
    let args = ["--target", "hpa/shop/a", "--weekends", "3", "--timezone", "UTC"];
    let (said, status) = wizard(&sandbox, &args).end();
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("Wrote policies/a.yaml."), "{said}");
}

#[test]
fn a_cluster_that_does_not_answer_holds_nobody_up() {
    let sandbox = Sandbox::new("wizard-silent-cluster");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = silent.local_addr().expect("it has one").port();
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: silent\nclusters: [{{name: c, cluster: {{server: \"http://127.0.0.1:{port}\"}}}}]\n\
         users: [{{name: u, user: {{}}}}]\ncontexts: [{{name: silent, context: {{cluster: c, user: u}}}}]\n"
    );
    sandbox.write("no-kubeconfig-here", kubeconfig);
    let mut terminal = wizard(&sandbox, &["--weekends", "3", "--timezone", "UTC"]);
    terminal.see("Looking for autoscaled workloads on context silent");
    terminal.answer("Kind, namespace and name", "deployment/shop/a");
    terminal.answer("Write it to policies/a.yaml?", "");
    let (said, status) = terminal.end();
    assert_eq!(status, 0, "{said}");
}

#[test]
fn a_part_of_a_zone_that_can_mean_only_one_is_asked_about() {
    let sandbox = Sandbox::new("wizard-zone");
    let mut terminal = wizard(&sandbox, &["--target", "deployment/shop/a", "--weekends", "3"]);
    terminal.answer("In which time zone?", "nowhere");
    terminal.see("no such time zone");
    terminal.keys(&BACKSPACE.repeat("nowhere".len()));
    terminal.keys("Tokyo\r");
    terminal.answer("Do you mean Asia/Tokyo?", "n");
    terminal.answer("In which time zone?", "Berlin");
    terminal.answer("Do you mean Europe/Berlin?", "");
    terminal.answer("Write it to policies/a.yaml?", "");
    let (said, status) = terminal.end();
    assert_eq!(status, 0, "{said}");
    let text = fs::read_to_string(sandbox.path("policies/a.yaml")).expect("it was written");
    assert!(text.contains("timezone: Europe/Berlin\n"), "{text}");
}

#[test]
fn typing_does_not_empty_the_list_of_days() {
    let sandbox = Sandbox::new("wizard-typing");
    let mut terminal = wizard(&sandbox, &["--target", "deployment/shop/a", "--timezone", "UTC"]);
    terminal.see("On which days");
    terminal.see("hours come next");
    terminal.keys("16-18");
    terminal.keys(&format!("{DOWN}{ENTER}"));
    terminal.answer("From when until when?", "");
    terminal.answer("How many copies", "3");
    terminal.answer("Another time", "n");
    terminal.answer("at all other times?", "");
    terminal.answer("Write it to policies/a.yaml?", "");
    let (said, status) = terminal.end();
    assert_eq!(status, 0, "{said}");
    let text = fs::read_to_string(sandbox.path("policies/a.yaml")).expect("it was written");
    assert!(text.contains("days: [weekends]\n      replicas: 3\n"), "{text}");
}
