//! Replacing a file in one step.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Two texts that differ have different ones, as good as always.
pub(super) fn fingerprint(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Replaces a file in one step: a reader sees the old text or the new one, never half of it.
pub(super) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let permissions = std::fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(std::io::Error::new(
            ErrorKind::PermissionDenied,
            "it is read-only",
        ));
    }
    let directory = path.parent().unwrap_or_else(|| Path::new("."));
    let (temporary, mut file) = create_temporary(directory)?;
    let mut write = || {
        file.set_permissions(permissions.clone())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, &path)
    };
    let result = write();
    if result.is_err() {
        // Best effort: the error that counts is the one above.
        let _ = std::fs::remove_file(&temporary);
    }
    result
}

/// A new file beside the one that it will replace; what a killed pass left behind is not touched.
fn create_temporary(directory: &Path) -> std::io::Result<(PathBuf, std::fs::File)> {
    for attempt in 0..100 {
        let path = directory.join(format!(".easyscale-{}-{attempt}", std::process::id()));
        match std::fs::File::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::new(
        ErrorKind::AlreadyExists,
        "the names for a temporary file beside it are all taken",
    ))
}
