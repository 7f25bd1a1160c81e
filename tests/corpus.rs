//! The checked-in inputs of the fuzz targets, and bombs made here, as plain cases: no panic, no input that takes long, none
//! that takes much memory. `just fuzz` searches for more.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, a panic is the answer; clippy.toml knows only the functions marked as tests"
)]

#[path = "../fuzz/inputs.rs"]
mod inputs;

use std::fs;
use std::time::{Duration, Instant};

/// An input has a second; programs built without optimisation on a busy machine get more.
const LONGEST: Duration = Duration::from_secs(20);
/// Bytes that an input may take in all, beyond what the program has before.
const LARGEST: u64 = 64 << 20;
type Run = fn(&[u8]);
const TARGETS: [(&str, Run); 4] = [
    ("documents", inputs::documents),
    ("layers", inputs::layers),
    ("cron", inputs::cron),
    ("times", inputs::times),
];

/// One test, so that nothing else runs while memory is looked at.
#[test]
fn inputs_that_want_to_hurt_do_not() {
    let mut inputs = 0;
    for (target, run) in TARGETS {
        let mut files: Vec<_> = fs::read_dir(format!("fuzz/corpus/{target}"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "no inputs for {target}");
        for file in files {
            inputs += 1;
            survives(&file.display().to_string(), &fs::read(&file).unwrap(), run);
        }
    }
    assert!(inputs > 40, "{inputs}");
    for (name, bomb) in bombs() {
        survives(name, bomb.as_bytes(), inputs::documents);
    }
}

fn survives(name: &str, data: &[u8], run: Run) {
    forget_peak();
    let before = peak();
    let start = Instant::now();
    run(data);
    let took = start.elapsed();
    assert!(took < LONGEST, "{name} takes {took:?}");
    let grown = peak().saturating_sub(before);
    assert!(grown < LARGEST, "{name} takes {} MiB", grown >> 20);
}

/// Small files that unfold to something huge, or nest without end.
fn bombs() -> [(&'static str, String); 7] {
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    let mut merges = String::from("a0: &a0 {k0: 1, k1: 2, k2: 3}\n");
    for i in 1..30 {
        let before = i - 1;
        laughs += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{before}"); 9].join(", "));
        merges +=
            &format!("a{i}: &a{i} {{<<: [*a{before}, *a{before}], l{i}: *a{before}, r{i}: *a{before}}}\n");
    }
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(1 << 20),
        vec!["*a"; 100_000].join(", ")
    );
    let rules: String = (0..1_000).map(|rule| format!("  r{rule}: {{}}\n")).collect();
    let nulls = format!("rules:\n{rules}{}", "---\nrules: ~\n".repeat(5_000));
    [
        ("all rules deleted many times", nulls),
        ("a bomb of aliases", laughs),
        ("a bomb of merge keys", merges),
        ("a long text many times", long),
        ("many brackets", "[".repeat(1 << 20)),
        ("many dashes", "- ".repeat(1 << 19)),
        ("many question marks", "? ".repeat(1 << 18)),
    ]
}

/// The most memory that the process has had since [`forget_peak`], in bytes; 0 where nobody knows.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kibibytes.unwrap_or_default() << 10
}

/// Linux counts anew from here on.
fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}
