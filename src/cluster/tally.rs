//! Who counts the requests.

use std::fmt;
use std::sync::Arc;

/// Is told of each request: its verb, and the HTTP status of the answer, 0 if there was none.
#[derive(Clone, Default)]
pub struct Tally(Option<Arc<dyn Fn(&'static str, u16) + Send + Sync>>);

impl Tally {
    /// One that tells `count`.
    pub fn new(count: impl Fn(&'static str, u16) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(count)))
    }

    /// Counts a request; `answer` is `None` when there was none in time. What the client tried again by itself is
    /// one request.
    pub(super) fn count<T>(&self, verb: &'static str, answer: Option<&Result<T, kube::Error>>) {
        let Some(count) = &self.0 else { return };
        count(
            verb,
            match answer {
                Some(Ok(_)) => 200,
                Some(Err(kube::Error::Api(status))) => status.code,
                Some(Err(_)) | None => 0,
            },
        );
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tally").field(&self.0.is_some()).finish()
    }
}
