//! How fast a bound is set again that somebody keeps putting back: at once at first, then ever more slowly, so that
//! two tools that disagree do not fight sixty times a minute.

use std::time::Duration;

use tokio::time::Instant as Mono;

/// Put back within so long after we set it: somebody does not let go.
const AT_ONCE: Duration = Duration::from_secs(60);

/// The first wait; it doubles.
const FIRST: Duration = Duration::from_secs(1);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);

/// After so long without being put back, all is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// The pace of one object.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When we last set it again.
    last: Option<Mono>,
    /// The last wait.
    wait: Duration,
    /// Until when it is left as somebody put it.
    until: Option<Mono>,
}

impl Pace {
    /// It was put back: until when to wait, if at all.
    pub(super) fn put_back(&mut self, now: Mono) -> Option<Mono> {
        if let Some(until) = self.until {
            return (now < until).then_some(until);
        }
        let since = self.last.map(|last| now.saturating_duration_since(last));
        match since {
            Some(since) if since < AT_ONCE => {
                self.wait = (self.wait * 2).clamp(FIRST, LONGEST);
                self.until = Some(now + self.wait);
            }
            Some(since) if since > FORGOTTEN => *self = Self::default(),
            _ => {}
        }
        self.until
    }

    /// Until when it is left as somebody put it.
    pub(super) fn until(&self) -> Option<Mono> {
        self.until
    }

    /// It was set again.
    pub(super) fn set_again(&mut self, now: Mono) {
        self.last = Some(now);
        self.until = None;
    }

    /// It stands as it should, by whomever.
    pub(super) fn settled(&mut self) {
        self.until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts it back each `every` seconds and tells how long each wait was.
    fn waits(every: u64, times: usize) -> Vec<u64> {
        let mut pace = Pace::default();
        let mut now = Mono::now();
        (0..times)
            .map(|_| {
                now += Duration::from_secs(every);
                let wait = pace.put_back(now).map_or(0, |until| (until - now).as_secs());
                now += Duration::from_secs(wait);
                assert_eq!(pace.put_back(now), None, "the wait ends");
                pace.set_again(now);
                wait
            })
            .collect()
    }

    #[test]
    fn at_once_first_then_doubling_to_a_minute() {
        assert_eq!(waits(3, 9), [0, 1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn a_slow_opponent_is_answered_at_once() {
        assert_eq!(waits(180, 4), [0; 4]);
    }

    #[test]
    fn ten_quiet_minutes_are_forgiven() {
        let mut pace = Pace::default();
        let start = Mono::now();
        pace.set_again(start);
        let until = pace.put_back(start + Duration::from_secs(1));
        assert_eq!(until, Some(start + Duration::from_secs(2)));
        pace.set_again(start + Duration::from_secs(2));
        let later = start + Duration::from_secs(603);
        assert_eq!(pace.put_back(later), None);
        pace.set_again(later);
        assert_eq!(
            pace.put_back(later + Duration::from_secs(1)),
            Some(later + Duration::from_secs(2)),
            "from the beginning"
        );
    }
}
