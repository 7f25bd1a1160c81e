//! Policy files as they were read at one moment, before anybody looks at what they say.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use super::files::Found;

/// The files that [`Inputs`](super::Inputs) name, and what was wrong with reading them.
pub struct Snapshot {
    pub(super) found: Found,
}

/// Tells one [`Snapshot`] from another: names, bytes and what could not be read. It means nothing outside this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Snapshot {
    /// The same for the same files, and practically never the same for others.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hasher = DefaultHasher::new();
        self.found.files.hash(&mut hasher);
        for problem in &self.found.problems {
            (problem.code, &problem.message).hash(&mut hasher);
        }
        Fingerprint(hasher.finish())
    }
}
