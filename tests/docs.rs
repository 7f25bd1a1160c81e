//! README.md and docs/*.md keep their word: every ```console block is run, every rule is checked.
//!
//! - A ```console block holds commands (`$ …`) and what they print. They run in a copy of the examples, the blocks of
//!   a page one after the other. `cargo run --quiet --` stands for `easyscale`. A line `...` stands for any lines, and
//!   the version of the zone rules may differ. A command succeeds, unless the next one is `$ echo $?`.
//! - A ```yaml or ```toml block whose first line is a comment with a path is that file: made if it is new, compared if it
//!   is one of the examples, whose own first line tells editors where the schema is. What a page has put into a folder is
//!   validated at its end, all together since files are layers, and has neither errors nor warnings.
//! - A ```yaml block that holds a whole `ScalingRule` is validated by itself as well.
//! - Blocks that need a cluster are marked ```sh and are not run.
//! - Links lead to files and headings that exist; the references name every code.
//!
//! `EASYSCALE_BLESS=1 cargo test --test docs` writes what the commands print now into the pages.
#![cfg(unix)]
#![allow(clippy::expect_used, reason = "test code: a panic is how a test fails")]

#[path = "cli/sandbox.rs"]
mod sandbox;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use easyscale::cluster::Reason;
use easyscale::plan::Code;
use sandbox::{Sandbox, blesses, repository};

#[test]
fn commands_print_what_the_pages_say() {
    let mut wrong = Vec::new();
    let mut commands = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).expect("the page is readable");
        let name = page
            .strip_prefix(repository())
            .unwrap_or(&page)
            .display()
            .to_string();
        let sandbox = Sandbox::new(&format!("docs-{}", name.replace(['/', '.'], "-")));
        let (now, ran) = run(&text, &sandbox, &name, &mut wrong);
        commands += ran;
        if blesses() && now != text {
            fs::write(&page, now).expect("the page can be written");
        }
    }
    assert!(commands >= 10, "only {commands} commands were found");
    assert!(
        wrong.is_empty(),
        "\n{}\nEASYSCALE_BLESS=1 cargo test --test docs  writes what is printed now\n",
        wrong.join("\n")
    );
}

#[test]
fn the_plan_reference_names_every_code() {
    let page = fs::read_to_string(repository().join("docs/plan-json.md")).expect("the page is readable");
    let has = |code: &str| page.contains(&format!("`{code}`"));
    let missing: Vec<_> = Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !has(code))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/plan-json.md does not name the refusals {missing:?}"
    );
    let mut notes = Vec::new();
    for text in sources("plan").into_iter().chain(sources("cluster")) {
        for made in ["Note::info(", "Note::warning(", "code: "] {
            notes.extend(text.split(made).skip(1).filter_map(first_string));
        }
    }
    assert!(notes.len() >= 18, "notes are made in another way now: {notes:?}");
    notes.retain(|code| !has(code));
    assert!(
        notes.is_empty(),
        "docs/plan-json.md does not name the notes {notes:?}"
    );
}

#[test]
fn the_reference_of_events_names_every_reason_and_no_other() {
    let page = fs::read_to_string(repository().join("docs/events.md")).expect("the page is readable");
    let named: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let told: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(named, told);
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("the page is readable");
        let folder = page.parent().unwrap_or(repository());
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                page.clone()
            } else {
                folder.join(file)
            };
            let leads = link.contains("://")
                || target.exists()
                    && (heading.is_empty() || headings(&target).iter().any(|known| known == heading));
            if !leads {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The names under which a page's headings are linked.
fn headings(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).expect("the page is readable");
    let name = |line: &str| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(name)
        .collect()
}

/// The sources of a module.
fn sources(module: &str) -> Vec<String> {
    let files = fs::read_dir(repository().join("src").join(module)).expect("the module is there");
    files
        .map(|file| file.expect("the module is readable").path())
        .map(|file| fs::read_to_string(file).expect("the source is readable"))
        .collect()
}

/// The string that a piece of source starts with, blanks aside.
fn first_string(text: &str) -> Option<String> {
    let (code, _) = text.trim_start().strip_prefix('"')?.split_once('"')?;
    Some(code.to_owned())
}

fn pages() -> Vec<PathBuf> {
    let folder = fs::read_dir(repository().join("docs")).expect("there are docs");
    let mut pages: Vec<_> = folder
        .map(|entry| entry.expect("docs are readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    pages.insert(0, repository().join("README.md"));
    pages.push(repository().join("CONTRIBUTING.md"));
    pages.retain(|page| page.exists());
    pages
}

/// Runs the blocks of a page; returns the page as it should be, and how many commands ran.
fn run(text: &str, sandbox: &Sandbox, page: &str, wrong: &mut Vec<String>) -> (String, usize) {
    let mut now = String::new();
    let mut commands = 0;
    let mut folders = BTreeSet::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        now.push_str(line);
        now.push('\n');
        let language = line.strip_prefix("```").unwrap_or_default();
        if !matches!(language, "console" | "yaml" | "toml") {
            continue;
        }
        let mut block = Vec::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| *line != "```") {
            block.push(line);
        }
        if language != "console" {
            let place = format!("{page}:{}", number + 1);
            let made = take_file(&block, sandbox, &place, wrong);
            folders.extend(made.and_then(|path| Some(path.split_once('/')?.0)));
            check_document(&block, sandbox, &place, wrong);
            block.iter().for_each(|line| now.extend([line, "\n"]));
            continue;
        }
        let mut status = 0;
        let mut block = block.into_iter().peekable();
        while let Some(command) = block.next() {
            let mut said = Vec::new();
            while let Some(line) = block.next_if(|line| !line.starts_with("$ ")) {
                said.push(line);
            }
            let place = format!("{page}:{}: {command}", number + 1);
            let Some(command_line) = command.strip_prefix("$ ") else {
                wrong.push(format!("{place}\n  a block starts with a command"));
                continue;
            };
            let (printed, code) = shell(command_line, status, sandbox);
            commands += 1;
            status = code;
            if code != 0 && block.peek() != Some(&"$ echo $?") {
                wrong.push(format!("{place}\n  ends with {code}:\n{printed}"));
            }
            now.extend([command, "\n"]);
            let printed_lines: Vec<_> = printed.lines().map(str::trim_end).collect();
            if matches(&said, &printed_lines) {
                said.iter().for_each(|line| now.extend([line, "\n"]));
            } else {
                printed_lines.iter().for_each(|line| now.extend([line, "\n"]));
                if !blesses() {
                    wrong.push(format!(
                        "{place}\n--- the page says\n{}\n--- it prints\n{printed}",
                        said.join("\n")
                    ));
                }
            }
        }
    }
    for folder in folders {
        // A day on which no date of any page has passed: such notes come with time.
        let validate = format!("easyscale validate {folder} --at 2025-01-01T00:00:00Z 2>&1 >/dev/null");
        let (told, _) = shell(&validate, 0, sandbox);
        if !told.is_empty() {
            wrong.push(format!(
                "{page}: the rules in {folder}/ are not without fault:\n{told}"
            ));
        }
    }
    (now, commands)
}

fn shell(line: &str, status: i32, sandbox: &Sandbox) -> (String, i32) {
    let line = line.replace("cargo run --quiet -- ", "easyscale ");
    let output = sandbox
        .command("sh")
        .args(["-c", &format!("exec 2>&1; (exit {status}); {line}")])
        .output()
        .expect("there is a shell");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    (printed, output.status.code().unwrap_or(-1))
}

/// The file that a block is, by its first line: made, unless it is an example, which is compared.
fn take_file<'b>(
    block: &[&'b str],
    sandbox: &Sandbox,
    place: &str,
    wrong: &mut Vec<String>,
) -> Option<&'b str> {
    let path = block.first()?.strip_prefix("# ")?;
    if !path.ends_with(".yaml") && !path.ends_with(".toml") {
        return None;
    }
    let Ok(example) = fs::read_to_string(repository().join(path)) else {
        sandbox.write(path, format!("{}\n", block.join("\n")));
        return Some(path);
    };
    let is_for_editors =
        |line: &str| line.starts_with("# yaml-language-server: ") || line.starts_with("#:schema ");
    let shown = match example.split_once('\n') {
        Some((first, rest)) if is_for_editors(first) => rest,
        _ => &example,
    };
    if block[1..].join("\n").trim_end() != shown.trim_end() {
        wrong.push(format!("{place}: this is not what {path} says"));
    }
    None
}

fn check_document(block: &[&str], sandbox: &Sandbox, place: &str, wrong: &mut Vec<String>) {
    let text = block.join("\n");
    if text.contains("kind: ScalingRule") && text.contains("apiVersion") {
        sandbox.write(".rule.yaml", &text);
        let (printed, code) = shell("easyscale validate .rule.yaml --deny warnings", 0, sandbox);
        if code != 0 {
            wrong.push(format!("{place}: this rule is not valid:\n{printed}"));
        }
    }
}

/// Whether what is printed is what is said, where `...` is any number of lines.
fn matches(said: &[&str], printed: &[&str]) -> bool {
    match said.split_first() {
        None => printed.is_empty(),
        Some((&"...", rest)) => (0..=printed.len()).any(|from| matches(rest, &printed[from..])),
        Some((first, rest)) => {
            printed.first().is_some_and(|line| is_same(first, line)) && matches(rest, &printed[1..])
        }
    }
}

/// The zone rules of another machine may be newer.
fn is_same(said: &str, printed: &str) -> bool {
    let of_zone_rules =
        |line: &str| line.starts_with("zone rules ") || line.trim_start().starts_with("\"tzdb\": ");
    said == printed || of_zone_rules(said) && of_zone_rules(printed)
}

#[test]
fn a_page_can_be_wrong() {
    let sandbox = Sandbox::new("docs-can-be-wrong");
    let mut wrong = Vec::new();
    let page = "```console\n$ echo a\nb\n$ false\n```\n```yaml\napiVersion: easyscale.io/v1\nkind: ScalingRule\n```\n";
    run(page, &sandbox, "a.md", &mut wrong);
    assert_eq!(wrong.len(), if blesses() { 2 } else { 3 }, "{wrong:#?}");
    let mut wrong = Vec::new();
    let page = "```toml\n# late/a.toml\n[rules.web]\nwake = \"never\"\n```\n```toml\n[a]\n```\n";
    run(page, &sandbox, "a.md", &mut wrong);
    assert!(wrong.len() == 1 && wrong[0].contains("E0307"), "{wrong:#?}");
    let mut wrong = Vec::new();
    let page = "```console\n$ seq 4\n1\n...\n4\n$ false\n$ echo $?\n1\n```\n";
    assert_eq!(run(page, &sandbox, "a.md", &mut wrong), (page.to_owned(), 3));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
