//! How far a window has moved a bound, and when it moves it next.

use crate::policy::Replicas;
use crate::time::Instant;

/// A window that moves its bounds in steps: towards what it asks after it has opened, back after it has ended.
///
/// At the elapsed fraction f of whole seconds a bound is `from + trunc((to - from) * f)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ramp {
    /// Seconds; more than 0.
    pub(super) over: u32,
    pub(super) towards: Towards,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Towards {
    /// All that the window asks.
    Full {
        /// When it opened.
        since: Instant,
        /// When it had ended before, if it still closed when it opened again: then it is at whichever of the
        /// two is nearer to what it asks, so that it never falls back.
        ended: Option<Instant>,
    },
    /// Nothing of it.
    Gone {
        /// When it ended.
        ended: Instant,
    },
}

impl Ramp {
    /// The bound at `at`, between what holds without the window and with all of it.
    pub(super) fn value(self, without: Replicas, with: Replicas, at: Instant) -> Replicas {
        let way = without.abs_diff(with);
        let missing = match self.towards {
            Towards::Full { since, ended } => {
                let to_come = way - self.covered(way, since, at);
                ended.map_or(to_come, |ended| to_come.min(self.covered(way, ended, at)))
            }
            Towards::Gone { ended } => self.covered(way, ended, at),
        };
        if without < with {
            with - missing
        } else {
            with + missing
        }
    }

    /// The first instant after `at` at which it makes a step; `None`: it makes none any more. While it opens
    /// and closes at once, this may be a step of the one that the other one hides.
    pub(super) fn next_step(self, without: Replicas, with: Replicas, at: Instant) -> Option<Instant> {
        let way = without.abs_diff(with);
        match self.towards {
            Towards::Gone { ended } => self.step_after(way, ended, at),
            Towards::Full { since, ended } => {
                let closing = ended.and_then(|ended| self.step_after(way, ended, at));
                self.step_after(way, since, at).into_iter().chain(closing).min()
            }
        }
    }

    /// How much of the way lies behind, if it began at `from`.
    fn covered(self, way: u32, from: Instant, at: Instant) -> u32 {
        let elapsed = u64::try_from(at.unix() - from.unix()).unwrap_or(0);
        if elapsed >= u64::from(self.over) {
            return way;
        }
        // Two factors below 2^32 fit, and what is less than the whole way fits again.
        let covered = u64::from(way) * elapsed / u64::from(self.over);
        u32::try_from(covered).unwrap_or(way)
    }

    fn step_after(self, way: u32, from: Instant, at: Instant) -> Option<Instant> {
        let covered = self.covered(way, from, at);
        if covered == way {
            return None;
        }
        let next = u64::from(covered + 1) * u64::from(self.over);
        // Not more than `over`.
        let elapsed = i64::try_from(next.div_ceil(u64::from(way))).unwrap_or(0);
        let step = Instant::from_unix(from.unix() + elapsed);
        // At the end of the calendar instants saturate.
        (step > at).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_790_000_000;

    fn second(second: i64) -> Instant {
        Instant::from_unix(START + second)
    }

    fn opening(over: u32) -> Ramp {
        let towards = Towards::Full {
            since: second(0),
            ended: None,
        };
        Ramp { over, towards }
    }

    fn closing(over: u32) -> Ramp {
        let towards = Towards::Gone { ended: second(0) };
        Ramp { over, towards }
    }

    /// The documentation's formula, in numbers wide enough for anything.
    fn formula(from: u32, to: u32, elapsed: i64, over: u32) -> i128 {
        let (from, to) = (i128::from(from), i128::from(to));
        from + (to - from) * i128::from(elapsed) / i128::from(over)
    }

    fn replicas() -> impl Strategy<Value = Replicas> {
        prop_oneof![0..20u32, any::<u32>()]
    }

    fn seconds() -> impl Strategy<Value = u32> {
        prop_oneof![1..100u32, 1..=u32::MAX]
    }

    proptest! {
        #[test]
        fn is_the_formula(without in replicas(), with in replicas(), over in seconds(), part in 0.0..1.0f64) {
            let elapsed = (f64::from(over) * part) as i64;
            let up = opening(over).value(without, with, second(elapsed));
            prop_assert_eq!(i128::from(up), formula(without, with, elapsed, over));
            let down = closing(over).value(without, with, second(elapsed));
            prop_assert_eq!(i128::from(down), formula(with, without, elapsed, over));
        }

        #[test]
        fn is_exact_at_the_ends(without in replicas(), with in replicas(), over in seconds()) {
            let end = second(i64::from(over));
            prop_assert_eq!(opening(over).value(without, with, second(0)), without);
            prop_assert_eq!(opening(over).value(without, with, end), with);
            prop_assert_eq!(closing(over).value(without, with, second(0)), with);
            prop_assert_eq!(closing(over).value(without, with, end), without);
            prop_assert_eq!(opening(over).next_step(without, with, end), None);
            prop_assert_eq!(closing(over).next_step(without, with, end), None);
        }

        #[test]
        fn steps_are_exact_and_go_one_way(
            without in replicas(), with in replicas(), over in seconds(), part in 0.0..1.0f64,
        ) {
            for (ramp, to) in [(opening(over), with), (closing(over), without)] {
                let value = |at: Instant| ramp.value(without, with, at);
                let now = second((f64::from(over) * part) as i64);
                let Some(step) = ramp.next_step(without, with, now) else {
                    prop_assert_eq!(value(now), to, "no step is left only at its goal");
                    continue;
                };
                prop_assert!(step > now && step <= second(i64::from(over)));
                prop_assert_eq!(value(Instant::from_unix(step.unix() - 1)), value(now));
                prop_assert!(value(step).abs_diff(to) < value(now).abs_diff(to), "towards its goal");
            }
        }

        #[test]
        fn back_and_forth_is_at_the_nearer_and_its_steps_miss_nothing(
            without in 0..20u32, with in 0..20u32, over in 2..60u32, gap in 1..60u32,
        ) {
            let gap = i64::from(gap % over).max(1);
            let both = Ramp {
                over,
                towards: Towards::Full { since: second(0), ended: Some(second(-gap)) },
            };
            let down = Ramp { over, towards: Towards::Gone { ended: second(-gap) } };
            let mut turned = false;
            for elapsed in 0..i64::from(over) {
                let now = second(elapsed);
                let value = both.value(without, with, now);
                let apart = [opening(over), down].map(|ramp| ramp.value(without, with, now).abs_diff(with));
                prop_assert_eq!(value.abs_diff(with), apart[0].min(apart[1]));
                let next = both.value(without, with, second(elapsed + 1));
                if next != value {
                    prop_assert_eq!(both.next_step(without, with, now), Some(second(elapsed + 1)));
                    let rises = next.abs_diff(with) < value.abs_diff(with);
                    prop_assert!(rises || !turned, "once it goes up again it stays so");
                    turned |= rises;
                }
            }
        }
    }
}
