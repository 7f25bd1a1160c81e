//! Watching a [stream](super::stream): a list in pages, then a watch from there, for as long as it takes.
//!
//! Not kube's own watcher: of each object only what planning uses is kept as it arrives, failures are told in our
//! sentences, and a connection on which not even a bookmark comes any more is given up without listing again.

use std::time::Duration;

use futures::StreamExt as _;
use kube::api::{WatchEvent, WatchParams};
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep, timeout};

use super::live::{Live, REQUEST_TIMEOUT};
use super::stream::{Kept, Sight, Sighting, Stream};
use super::supplies::{Source, missing_kind};
use super::wire::Item;
use crate::plan::{Failure, FailureKind};

/// The server ends a watch after so many seconds; the next one goes on where it ended.
const WATCH_SECONDS: u32 = 290;

/// A server sends a bookmark about once a minute. Where nothing at all comes for so long, nobody is there any more.
const SILENCE: Duration = Duration::from_secs(150);

/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Whatever fails is tried again at least this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A watch that lasted at least this long was a good one: the next pause is the first again.
const GOOD_WATCH: Duration = Duration::from_secs(10);

impl Live {
    /// Tells `ears` what is there and what changes, until nobody listens any more.
    pub async fn watch(&self, stream: Stream, ears: Sender<Sighting>) {
        if stream.supplies_rules() {
            self.watch_as::<Source>(stream, ears).await;
        } else {
            self.watch_as::<Item>(stream, ears).await;
        }
    }

    async fn watch_as<T: Kept>(&self, stream: Stream, ears: Sender<Sighting>) {
        let ears = Ears {
            stream: stream.clone(),
            ears,
        };
        let mut patience = Patience::fresh();
        loop {
            let mut version = match self.list_in_pages::<T>(&stream, &ears).await {
                Ok(Some(version)) => version,
                Ok(None) => return,
                Err(failure) => {
                    let failure = missing_kind(&stream.of, failure);
                    if !ears.tell(Sight::Lost(failure)).await {
                        return;
                    }
                    sleep(patience.next()).await;
                    continue;
                }
            };
            patience = Patience::fresh();
            let mut lost = false;
            loop {
                let began = Instant::now();
                let end = self.watch_on::<T>(&stream, &mut version, &mut lost, &ears).await;
                if began.elapsed() >= GOOD_WATCH {
                    patience = Patience::fresh();
                }
                match end {
                    End::Unheard => return,
                    End::Over if began.elapsed() >= GOOD_WATCH => continue,
                    End::Over => {
                        if !ears.tell(Sight::Restarted("closed")).await {
                            return;
                        }
                    }
                    End::Forgotten => {
                        if !ears.tell(Sight::Restarted("expired")).await {
                            return;
                        }
                        sleep(patience.next()).await;
                        break;
                    }
                    End::Failed(failure) => {
                        lost = true;
                        let failure = missing_kind(&stream.of, failure);
                        if !(ears.tell(Sight::Restarted(failure.kind.as_str())).await
                            && ears.tell(Sight::Lost(failure)).await)
                        {
                            return;
                        }
                    }
                }
                sleep(patience.next()).await;
            }
        }
    }

    /// Lists, and returns the version at which a watch goes on; `None` when nobody listens.
    async fn list_in_pages<T: Kept>(&self, stream: &Stream, ears: &Ears) -> Result<Option<String>, Failure> {
        let mut pages = self.pages::<T>(stream.target(), &stream.selection());
        if !ears.tell(Sight::Begun).await {
            return Ok(None);
        }
        while let Some(items) = pages.next(self).await? {
            let things = items.into_iter().filter_map(|item| item.keep(stream)).collect();
            if !ears.tell(Sight::Page(things)).await {
                return Ok(None);
            }
        }
        Ok(ears.tell(Sight::Listed).await.then_some(pages.resource_version))
    }

    /// One watch; moves `version` on with what it tells.
    async fn watch_on<T: Kept>(
        &self,
        stream: &Stream,
        version: &mut String,
        lost: &mut bool,
        ears: &Ears,
    ) -> End {
        let selection = stream.selection();
        let operation = selection.operation(stream.target(), "watch");
        let mut params = WatchParams::default().timeout(WATCH_SECONDS);
        if let Some(fields) = &selection.fields {
            params = params.fields(fields);
        }
        if let Some(labels) = &selection.labels {
            params = params.labels(labels);
        }
        let request = match stream.target().request().watch(&params, version) {
            Ok(request) => request,
            Err(error) => return End::Failed(Failure::garbled(&operation, error)),
        };
        let opening = timeout(REQUEST_TIMEOUT, self.client().request_events::<T>(request)).await;
        self.tally().count("watch", opening.as_ref().ok());
        let events = match opening {
            Ok(Ok(events)) => events,
            Ok(Err(error)) => return ended(Failure::from_kube(&operation, &error)),
            Err(_) => return End::Failed(Failure::timeout(&operation, REQUEST_TIMEOUT)),
        };
        let mut events = std::pin::pin!(events);
        if std::mem::take(lost) && !ears.tell(Sight::Back).await {
            return End::Unheard;
        }
        loop {
            let sight = match timeout(SILENCE, events.next()).await {
                Err(_) => return End::Failed(Failure::timeout(&operation, SILENCE)),
                Ok(None) => return End::Over,
                Ok(Some(Err(error))) => return ended(Failure::from_kube(&operation, &error)),
                Ok(Some(Ok(WatchEvent::Error(status)))) => {
                    return ended(Failure::from_kube(&operation, &kube::Error::Api(status)));
                }
                Ok(Some(Ok(WatchEvent::Bookmark(bookmark)))) => {
                    *version = bookmark.metadata.resource_version;
                    continue;
                }
                Ok(Some(Ok(WatchEvent::Added(item) | WatchEvent::Modified(item)))) => {
                    item.resource_version().clone_into(version);
                    item.keep(stream).map(Sight::Changed)
                }
                Ok(Some(Ok(WatchEvent::Deleted(item)))) => {
                    item.resource_version().clone_into(version);
                    item.keep(stream).map(Sight::Gone)
                }
            };
            if let Some(sight) = sight
                && !ears.tell(sight).await
            {
                return End::Unheard;
            }
        }
    }
}

/// Why a watch ended.
enum End {
    /// As it should, after its time.
    Over,
    /// The server has forgotten where it was: only a list helps.
    Forgotten,
    /// The listener is gone: the stream is not needed any more.
    Unheard,
    Failed(Failure),
}

/// Who listens to a stream.
struct Ears {
    stream: Stream,
    ears: Sender<Sighting>,
}

impl Ears {
    /// Whether it was heard.
    async fn tell(&self, sight: Sight) -> bool {
        let stream = self.stream.clone();
        self.ears.send(Sighting { stream, sight }).await.is_ok()
    }
}

/// Pauses that double.
struct Patience(Duration);

impl Patience {
    fn fresh() -> Self {
        Self(FIRST_PAUSE)
    }

    /// The next pause, with some luck in it so that many do not come at once.
    fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        pause.mul_f64(luck(0.75, 1.25))
    }
}

/// A number between two, different each time.
fn luck(from: f64, to: f64) -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(0_u8) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let part = random as f64 / (1_u64 << 53) as f64;
    from + (to - from) * part
}

fn ended(failure: Failure) -> End {
    match failure.kind {
        FailureKind::Expired => End::Forgotten,
        _ => End::Failed(failure),
    }
}
