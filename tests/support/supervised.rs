//! Child processes and a temporary folder that end with this process, however it ends.
//!
//! Drop does not run in statics, nor after SIGKILL. So the life line is a pipe: this process
//! holds the writing end and never writes; the kernel closes it when the process is gone, and a
//! shell on the other end then cleans up. (`PR_SET_PDEATHSIG` would need unsafe code, and
//! follows the thread that started the child rather than the process.)

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The shell forks a guard that waits for the end of the life line and then becomes the program.
/// Both are alone in a process group of their own: Ctrl-C in a terminal does not reach them, and
/// `kill 0` (this group) can hit nothing else, as a group's number stays taken while the guard
/// lives. File descriptor 4, the folder's life line, stays open in the program: the folder
/// outlives it.
const SUPERVISE: &str = r#"
log=$1; shift
exec 3<&0 4>&1 </dev/null >>"$log" 2>&1
{ read -r _ <&3; kill -9 0; } &
exec "$@" 3<&-
"#;

/// Deletes the folder after the last holder of the life line has ended.
const REMOVE: &str = r#"
read -r _
tries=0
until rm -rf -- "$1" || [ "$tries" -ge 50 ]; do tries=$((tries + 1)); sleep 0.1; done
"#;

/// A temporary folder, readable by this user only, deleted once this process and all that was
/// started [in it](Supervised::start) have ended.
pub struct Folder {
    path: PathBuf,
    line: Option<OwnedFd>,
    guard: Child,
}

impl Folder {
    /// Creates `$TMPDIR/easyscale-<what>-<pid>-<n>`.
    pub fn create(what: &str) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "easyscale-{what}-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        let mut guard = Command::new("sh")
            .args(["-c", REMOVE, "sh"])
            .arg(&path)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let line = guard.stdin.take().map(OwnedFd::from);
        Ok(Self { path, line, guard })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file into it and says where.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        fs::write(&path, content)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.line.take());
        // Returns when the folder is gone; at once after the programs in it were dropped.
        let _ = self.guard.wait();
    }
}

/// A running program that is killed when dropped, and when this process ends.
pub struct Supervised {
    program: Child,
    line: Option<ChildStdin>,
    log: PathBuf,
}

impl Supervised {
    /// Starts `command` (program, arguments, environment and folder are taken over) with its
    /// output in the file `log`. A `folder` is not deleted before the program has ended.
    pub fn start(command: &Command, log: &Path, folder: Option<&Folder>) -> io::Result<Self> {
        let folders_line = match folder.and_then(|f| f.line.as_ref()) {
            Some(line) => Stdio::from(line.try_clone()?),
            None => Stdio::null(),
        };
        let mut shell = Command::new("sh");
        shell
            .args(["-c", SUPERVISE, "sh"])
            .arg(log)
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        if let Some(path) = command.get_current_dir() {
            shell.current_dir(path);
        }
        let mut program = shell
            .stdin(Stdio::piped())
            .stdout(folders_line)
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let line = program.stdin.take();
        Ok(Self {
            program,
            line,
            log: log.to_path_buf(),
        })
    }

    /// The program's process id: the shell replaced itself by the program.
    pub fn pid(&self) -> u32 {
        self.program.id()
    }

    /// Its exit status, if it has ended by itself.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.program.try_wait().ok().flatten()
    }

    /// Everything that it has written so far.
    pub fn log(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// The last lines of its log, for error messages.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        drop(self.line.take());
        let _ = self.program.wait();
    }
}
