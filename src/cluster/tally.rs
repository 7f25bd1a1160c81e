//! How many requests were made, by verb and by what was answered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts of requests; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<Counts>>);

/// By verb and HTTP status; 0: no answer.
type Counts = BTreeMap<(&'static str, u16), u64>;

impl Tally {
    /// All counts so far, by verb and HTTP status; status 0 stands for no answer.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<(&'static str, u16), u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts a request; `answer` is `None` when there was none in time. What the client tried again by itself is
    /// one request.
    pub(super) fn count<T>(&self, verb: &'static str, answer: Option<&Result<T, kube::Error>>) {
        let code = match answer {
            Some(Ok(_)) => 200,
            Some(Err(kube::Error::Api(status))) => status.code,
            Some(Err(_)) | None => 0,
        };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((verb, code)).or_default() += 1;
    }
}
