//! A copy of the example files, and the built program in it, under conditions that are the same everywhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where commands run; made anew for each test, so that tests run side by side.
pub(crate) struct Sandbox {
    directory: PathBuf,
}

/// Whether expected output is to be written instead of compared: `EASYSCALE_BLESS=1`.
pub(crate) fn blesses() -> bool {
    std::env::var_os("EASYSCALE_BLESS").is_some_and(|value| !value.is_empty() && value != "0")
}

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Sandbox {
    /// A copy of `policies/`, `examples/` and `deploy/`.
    pub(crate) fn new(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if directory.exists() {
            fs::remove_dir_all(&directory).expect("the last run's files can be removed");
        }
        for folder in ["policies", "examples", "deploy"] {
            copy(&repository().join(folder), &directory.join(folder));
        }
        Self { directory }
    }

    /// Where a file is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Puts a file there.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("a folder in the sandbox");
        }
        fs::write(path, text).expect("a file in the sandbox");
    }

    /// A command that sees nothing of the machine but this directory and the standard tools. It never finds a
    /// cluster, and logs only what it is told to.
    pub(crate) fn command(&self, program: &str) -> Command {
        let built = Path::new(env!("CARGO_BIN_EXE_easyscale"));
        let tools = built.parent().unwrap_or(built).display();
        let mut command = Command::new(program);
        command
            .current_dir(&self.directory)
            .env_clear()
            .env("PATH", format!("{tools}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", &self.directory)
            .env("KUBECONFIG", "no-kubeconfig-here")
            .env("EASYSCALE_LOG_LEVEL", "off")
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        command
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder in the sandbox");
    for entry in fs::read_dir(from).expect("the folder is in the repository") {
        let entry = entry.expect("the folder is readable").path();
        let target = to.join(entry.file_name().expect("an entry has a name"));
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            fs::copy(&entry, &target).expect("a copy in the sandbox");
        }
    }
}
