//! The only place of the policies that touches the file system. What it reads is bounded.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::codes;
use super::problem::Problem;
use super::words;

/// The largest file that is read.
pub(super) const LARGEST_FILE: u64 = 4 << 20;
/// How much is read in all.
const LARGEST_SUM: u64 = 64 << 20;

/// So often a file is read that changes meanwhile, with a pause between.
const ATTEMPTS: usize = 4;
const PAUSE: Duration = Duration::from_millis(20);

/// Where policies are if nothing else is said.
const DEFAULT: &str = "policies/";

/// What was found under the paths.
#[derive(Default)]
pub(super) struct Found {
    /// Name and bytes, in the order in which they count.
    pub(super) files: Vec<(String, Vec<u8>)>,
    /// Per path as given: its files, as a range of `files`.
    pub(super) given: Vec<(String, std::ops::Range<usize>)>,
    pub(super) problems: Vec<Problem>,
    seen: HashSet<PathBuf>,
    sum: u64,
}

/// Reads files, and the policy files directly in directories in the order of their names. Symbolic links are
/// followed; in a directory names that start with `.` are skipped, which makes a mounted ConfigMap one set of files.
/// A file reached twice is read once.
pub(super) fn read(paths: &[PathBuf]) -> Found {
    let mut found = Found::default();
    for path in paths {
        let start = found.files.len();
        let problems = found.problems.len();
        let name = path.display().to_string();
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => found.directory(path, &name),
            _ => found.file(path),
        }
        // Without a problem and without a file, all of it has been read before.
        if found.problems.len() == problems && found.files.len() > start {
            found.given.push((name, start..found.files.len()));
        }
    }
    found
}

impl Found {
    fn directory(&mut self, path: &Path, name: &str) {
        let entries = match list(path) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(name, &error),
        };
        let policies: Vec<_> = entries.iter().filter(|entry| is_policy(entry)).collect();
        if policies.is_empty() {
            let folders = entries
                .iter()
                .filter(|entry| !is_hidden(entry) && entry.is_dir())
                .count();
            let hint = if folders == 0 {
                "rules live in files that end in .yaml, .yml or .toml".to_owned()
            } else {
                format!(
                    "rules live in files that end in .yaml, .yml or .toml; the {} in it are not searched: name them too",
                    words::count(folders, "directory").replace("directorys", "directories")
                )
            };
            self.problems.push(
                Problem::error(
                    codes::NO_RULES,
                    format!("there is no policy file in the directory {name}"),
                )
                .in_file(name)
                .hint(hint),
            );
        }
        self.tell_twins(&policies);
        for entry in policies {
            self.file(entry);
        }
    }

    /// `shop.toml` beside `shop.yaml`: mostly one of them is left over from a conversion.
    fn tell_twins(&mut self, policies: &[&PathBuf]) {
        let mut stems: BTreeMap<String, &PathBuf> = BTreeMap::new();
        for path in policies {
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .to_lowercase();
            let Some(first) = stems.insert(stem, path) else {
                continue;
            };
            let names = [first.display().to_string(), path.display().to_string()];
            self.problems.push(
                Problem::warning(
                    codes::TWIN_FILES,
                    format!("{} and {} differ only in their ending", names[0], names[1]),
                )
                .in_file(&names[1])
                .hint("both count, the second one later; remove the one that is left over, or rename it"),
            );
        }
    }

    fn file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return self.unreadable(&name, &error),
        };
        if !metadata.is_file() {
            self.problems.push(
                Problem::error(
                    codes::SPECIAL_FILE,
                    format!("{name} is neither a file nor a directory"),
                )
                .in_file(&name)
                .hint("policies are read from regular files and directories"),
            );
            return;
        }
        if let Ok(canonical) = fs::canonicalize(path)
            && !self.seen.insert(canonical)
        {
            return;
        }
        match content(path) {
            Ok(Content::Bytes(bytes)) if self.sum + bytes.len() as u64 <= LARGEST_SUM => {
                self.sum += bytes.len() as u64;
                self.files.push((name, bytes));
            }
            Ok(Content::Bytes(_)) => self.problems.push(
                Problem::error(
                    codes::TOO_LARGE,
                    format!("{name} is not read: the files before it are 64 MiB already"),
                )
                .in_file(&name)
                .hint("is this a directory of policies?"),
            ),
            Ok(Content::TooLarge) => self.problems.push(too_large(&name)),
            Ok(Content::Restless) => self.problems.push(
                Problem::error(codes::CHANGING, format!("{name} changes while it is read"))
                    .in_file(&name)
                    .hint("try again when whatever writes it is done; to replace a file in one step, write another one and rename it"),
            ),
            Err(error) => self.unreadable(&name, &error),
        }
    }

    fn unreadable(&mut self, name: &str, error: &io::Error) {
        let is_link = || fs::symlink_metadata(name).is_ok_and(|metadata| metadata.is_symlink());
        let problem = match error.kind() {
            io::ErrorKind::NotFound if is_link() => Problem::error(
                codes::NOT_FOUND,
                format!("the symbolic link {name} leads to nothing"),
            )
            .hint("the file that it names is not there: mend the link or remove it"),
            io::ErrorKind::NotFound => {
                Problem::error(codes::NOT_FOUND, format!("there is no file or directory {name}")).hint(
                    match name {
                        DEFAULT => {
                            "it is looked for where no path is given; name the files of your rules, or write the first one with `easyscale generate`"
                        }
                        _ => "check the spelling; a relative path starts at the current directory",
                    },
                )
            }
            io::ErrorKind::PermissionDenied => {
                Problem::error(codes::UNREADABLE, format!("no permission to read {name}"))
                    .hint("make it readable for the user that runs easyscale")
            }
            io::ErrorKind::NotADirectory => Problem::error(
                codes::NOT_FOUND,
                format!("there is no file or directory {name}: a part of the path is a file"),
            )
            .hint("check the spelling; a relative path starts at the current directory"),
            // The standard library has no stable name for a circle of links.
            _ if is_link() && fs::metadata(name).is_err() => Problem::error(
                codes::UNREADABLE,
                format!("the symbolic link {name} leads back to itself"),
            )
            .hint("it must lead to a file or a directory in the end"),
            _ => Problem::error(codes::UNREADABLE, format!("cannot read {name}: {error}")),
        };
        self.problems.push(problem.in_file(name));
    }
}

/// What is told of a file that is too large, wherever it comes from.
pub(super) fn too_large(name: &str) -> Problem {
    Problem::error(codes::TOO_LARGE, format!("{name} is larger than 4 MiB"))
        .in_file(name)
        .hint("a policy file is small; split it, or check that this is the right file")
}

/// What came of reading a file.
enum Content {
    Bytes(Vec<u8>),
    TooLarge,
    /// Somebody writes it all the time.
    Restless,
}

/// Reads a file as it is at one moment: anew, if it has changed meanwhile.
fn content(path: &Path) -> io::Result<Content> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        let mut file = File::open(path)?;
        let before = file.metadata()?;
        let mut bytes = Vec::new();
        // What a file says about its length need not be true by the time it is read.
        (&mut file).take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Ok(Content::TooLarge);
        }
        if is_unchanged(&before, &file.metadata()?, bytes.len()) {
            return Ok(Content::Bytes(bytes));
        }
    }
    Ok(Content::Restless)
}

/// Whether a file that was read between the two is whole. Some file systems keep no time of change, and some say
/// that a file which they make up is empty.
fn is_unchanged(before: &fs::Metadata, after: &fs::Metadata, read: usize) -> bool {
    let same_time = match (before.modified(), after.modified()) {
        (Ok(before), Ok(after)) => before == after,
        _ => true,
    };
    let is_whole = after.len() == 0 || after.len() == read as u64;
    same_time && before.len() == after.len() && is_whole
}

fn list(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

/// Whether the name is that of a TOML file.
pub(super) fn is_toml(name: &str) -> bool {
    has_extension(Path::new(name), &["toml"])
}

fn is_policy(path: &Path) -> bool {
    !is_hidden(path) && has_extension(path, &["yaml", "yml", "toml"]) && !path.is_dir()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| {
            extensions
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
        })
}
