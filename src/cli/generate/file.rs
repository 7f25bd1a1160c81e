//! Where rules are written to: a new file, or stdout. Nothing is ever overwritten.

use std::fmt;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::cli::printer::Printer;

/// Where the rules go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Stdout,
    New(PathBuf),
}

impl Place {
    /// A place that somebody has named; `-` is stdout.
    pub(super) fn new(path: PathBuf) -> anyhow::Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        let extension = path.extension().unwrap_or_default();
        if !extension.eq_ignore_ascii_case("yaml") && !extension.eq_ignore_ascii_case("yml") {
            bail!(
                "{}: generate writes YAML: name a file that ends in .yaml or .yml, or - for stdout",
                path.display()
            );
        }
        Ok(Self::New(path))
    }

    /// The usual place for a name that becomes part of it.
    pub(super) fn in_policies(name: &str) -> anyhow::Result<Self> {
        let good =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(good) {
            bail!("{name:?} cannot be the name of a file; choose one with --file");
        }
        Self::new(PathBuf::from(format!("policies/{name}.yaml")))
    }

    /// Fails early where writing would fail for sure.
    pub(super) fn check_free(&self) -> anyhow::Result<()> {
        match self {
            Self::New(path) if path.symlink_metadata().is_ok() => Err(taken(path)),
            _ => Ok(()),
        }
    }

    /// Writes the whole text, or leaves nothing behind.
    pub(super) fn write(&self, text: &str, printer: Printer) -> anyhow::Result<()> {
        let Self::New(path) = self else {
            return printer.data(text);
        };
        let cannot = || format!("cannot write {}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(cannot)?;
        }
        let mut file = match File::create_new(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(taken(path)),
            Err(error) => return Err(error).with_context(cannot),
        };
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if written.is_err() {
            // It is ours: it was made just now.
            let _ = fs::remove_file(path);
        }
        written.with_context(cannot)
    }

    /// What was done, and what comes next.
    pub(super) fn tell_next(&self, cluster: Option<&Path>, printer: Printer) {
        let Self::New(path) = self else { return };
        let on = cluster
            .map(|file| format!(" --cluster {}", for_shell(file)))
            .unwrap_or_default();
        let text = format!(
            "Wrote {}. See what it would change:\n  easyscale plan {}{on}",
            path.display(),
            for_shell(path)
        );
        for line in text.lines() {
            printer.talk(&format!("{}\n", crate::report::printable(line)));
        }
    }
}

fn taken(path: &Path) -> anyhow::Error {
    anyhow::anyhow!(
        "{} is there already, and nothing is overwritten; choose another file with --file, or move that one away",
        path.display()
    )
}

/// A path as it is typed.
fn for_shell(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./+,:@%".contains(character);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("stdout"),
            Self::New(path) => write!(f, "{}", path.display()),
        }
    }
}
