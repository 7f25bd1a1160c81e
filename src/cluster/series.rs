//! Which events were told just before: the same again is one more of a series, not another event.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::events::{EventNote, Reason};

/// An event that did not happen again for so long is over: as long as kubectl and client-go take.
const OVER: Duration = Duration::from_secs(360);

/// So many events are remembered; beyond, the one that happened longest ago is forgotten and told anew.
const MAX_EVENTS: usize = 1_000;

/// The events that may happen again.
#[derive(Debug, Default)]
pub(super) struct Series(HashMap<Key, Told>);

/// What makes two events the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    namespace: String,
    name: String,
    uid: String,
    reason: Reason,
    note: String,
}

/// The event that was made for it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    event: String,
    count: u32,
    last: Instant,
}

/// An event to be counted up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Again {
    /// The name of the event object.
    pub(super) event: String,
    /// How often it happened, this time included; at least 2.
    pub(super) count: u32,
}

impl Key {
    pub(super) fn of(note: &EventNote) -> Self {
        Self {
            namespace: note.regarding.namespace.clone(),
            name: note.regarding.name.clone(),
            uid: note.uid.clone(),
            reason: note.reason,
            note: note.note.clone(),
        }
    }
}

impl Series {
    /// Counts `key` up, if it was told within the last six minutes.
    pub(super) fn again(&mut self, key: &Key, now: Instant) -> Option<Again> {
        let told = self.0.get_mut(key)?;
        if now.saturating_duration_since(told.last) >= OVER {
            self.0.remove(key);
            return None;
        }
        told.count = told.count.saturating_add(1);
        told.last = now;
        Some(Again {
            event: told.event.clone(),
            count: told.count,
        })
    }

    /// Remembers that `event` was made for `key`.
    pub(super) fn told(&mut self, key: Key, event: String, now: Instant) {
        if self.0.len() >= MAX_EVENTS {
            self.0
                .retain(|_, told| now.saturating_duration_since(told.last) < OVER);
        }
        if self.0.len() >= MAX_EVENTS {
            let oldest = self.0.iter().min_by_key(|(_, told)| told.last);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(
            key,
            Told {
                event,
                count: 1,
                last: now,
            },
        );
    }

    /// Forgets `key`: its event is gone.
    pub(super) fn forget(&mut self, key: &Key) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            uid: "u".to_owned(),
            reason: Reason::BoundsChanged,
            note: "minReplicas 2 -> 5".to_owned(),
        }
    }

    #[test]
    fn the_same_within_six_minutes_is_counted_up() {
        let mut series = Series::default();
        let mut now = Instant::now();
        assert_eq!(series.again(&key("web"), now), None);
        series.told(key("web"), "web-1".to_owned(), now);
        for count in 2..5 {
            now += OVER - Duration::from_secs(1);
            let again = series.again(&key("web"), now);
            assert_eq!(
                again,
                Some(Again {
                    event: "web-1".to_owned(),
                    count
                })
            );
        }
        assert_eq!(series.again(&key("api"), now), None);
        let other = Key {
            note: "minReplicas 2 -> 6".to_owned(),
            ..key("web")
        };
        assert_eq!(series.again(&other, now), None);
        assert_eq!(series.again(&key("web"), now + OVER), None);
        assert_eq!(series.again(&key("web"), now), None, "and begins anew");
    }

    #[test]
    fn an_event_that_is_gone_is_forgotten() {
        let (mut series, now) = (Series::default(), Instant::now());
        series.told(key("web"), "web-1".to_owned(), now);
        series.forget(&key("web"));
        assert_eq!(series.again(&key("web"), now), None);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let (mut series, start) = (Series::default(), Instant::now());
        for number in 0..MAX_EVENTS + 10 {
            let now = start + Duration::from_millis(u64::try_from(number).unwrap());
            series.told(key(&number.to_string()), "e".to_owned(), now);
        }
        assert_eq!(series.0.len(), MAX_EVENTS);
        assert_eq!(series.again(&key("9"), start), None);
        assert!(series.again(&key("10"), start).is_some());
        series.told(key("late"), "e".to_owned(), start + OVER * 2);
        assert_eq!(series.0.len(), 1, "what is over goes as soon as there is no room");
    }
}
