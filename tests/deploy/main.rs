//! deploy/ as texts: what its files name exists, what stands in two places is the same, and what the chart, the manifests and the
//! image take for granted of each other. What Helm, kustomize and an API server make of them is tested in tests/helm, what
//! Prometheus does in tests/alerts.
//!
//! `EASYSCALE_BLESS=1 cargo test --test deploy` writes the copies and the table of docs/helm-values.md anew.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod chart;
mod image;
mod manifests;

use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// All files below a folder whose names end so.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|its| its == extension) {
            found.push(path);
        }
    }
    found
}

fn assert_is(path: &str, wanted: &str) {
    let now = read(path);
    if std::env::var("EASYSCALE_BLESS").is_ok_and(|value| value == "1") && now != wanted {
        fs::write(repository().join(path), wanted).unwrap();
        return;
    }
    assert_eq!(
        now, wanted,
        "{path}: EASYSCALE_BLESS=1 cargo test --test deploy  writes it"
    );
}
