//! The table of 13 rows: what happens to one bound on one pass.
//!
//! Three steps. [`learn`] settles what the original is, from the live value and the memory alone.
//! Then the engine says what is wanted, from those originals. Then [`settle`] says what is written and
//! remembered. The rows are those of docs/design.md, "The table"; each has its number here.

use super::memory::Remembered;
use crate::engine::{Adjusted, Decision, Setter, Want};
use crate::policy::Replicas;

/// What is there, of one bound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// The live value; `None`: the field is absent.
    pub(super) live: Option<Replicas>,
    /// What an absent field means.
    pub(super) absent_means: Replicas,
    /// Our memory of it.
    pub(super) remembered: Option<Remembered>,
    /// The memory is of another uid: the object was recreated or restored from a backup.
    pub(super) of_another_uid: bool,
    /// `managedFields` says that we own it.
    pub(super) owned: bool,
    /// The rule's `default` for it.
    pub(super) default: Option<Replicas>,
}

/// One bound, as learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learnt {
    /// Nothing is remembered and nothing is owned (rows 1-3).
    Fresh,
    /// The live value is the one that we wrote (rows 4, 5 and 9).
    Ours(Remembered),
    /// Somebody put the original back (rows 6 and 10).
    Reverted(Remembered),
    /// Somebody wrote a third value (rows 7, 8 and 10).
    Drifted(Remembered),
    /// We own it but remember nothing (row 11).
    Lost,
}

/// A bound after learning: what it is, and whether the memory must be written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lesson {
    pub(super) learnt: Learnt,
    /// The row that changed what we believe (11, 12 or 13), if one did.
    pub(super) row: Option<u8>,
}

/// Settles the original of one bound.
pub(super) fn learn(seen: &Seen) -> Lesson {
    let Some(remembered) = seen.remembered else {
        return without_memory(seen, None);
    };
    let live = seen.live.unwrap_or(seen.absent_means);
    if seen.of_another_uid {
        return if live == remembered.applied {
            Lesson {
                learnt: Learnt::Ours(remembered),
                row: Some(12),
            }
        } else {
            without_memory(seen, Some(13))
        };
    }
    let original = remembered.original.unwrap_or(seen.absent_means);
    let learnt = if live == remembered.applied {
        Learnt::Ours(remembered)
    } else if live == original {
        Learnt::Reverted(remembered)
    } else {
        Learnt::Drifted(remembered)
    };
    Lesson { learnt, row: None }
}

fn without_memory(seen: &Seen, row: Option<u8>) -> Lesson {
    if !seen.owned {
        return Lesson {
            learnt: Learnt::Fresh,
            row,
        };
    }
    let learnt = match seen.default {
        // The default says what should hold outside windows, so nothing has to be guessed.
        Some(default) => Learnt::Ours(Remembered {
            original: Some(default),
            applied: seen.live.unwrap_or(seen.absent_means),
        }),
        None => Learnt::Lost,
    };
    Lesson {
        learnt,
        row: Some(11),
    }
}

impl Learnt {
    /// What is remembered, whatever became of the live value.
    pub(super) fn remembered(self) -> Option<Remembered> {
        match self {
            Self::Ours(remembered) | Self::Reverted(remembered) | Self::Drifted(remembered) => {
                Some(remembered)
            }
            Self::Fresh | Self::Lost => None,
        }
    }

    /// The original that follows; `None`: the field was absent.
    pub(super) fn original(self, live: Option<Replicas>) -> Option<Replicas> {
        match self {
            Self::Ours(remembered) | Self::Reverted(remembered) => remembered.original,
            Self::Fresh | Self::Drifted(_) | Self::Lost => live,
        }
    }
}

/// What is decided, by `ask`, from the original of one bound that may be a held floor, which `floor` finds.
///
/// A ramp starts from the original, and which one that is where somebody raised our floor depends on what is
/// wanted: if that is still what we wrote, the floor is held (row 7) and its original is the remembered one.
/// Else the live value is (row 8).
pub(super) fn decide_from(
    learnt: Learnt,
    live: Replicas,
    floor: fn(&Decision) -> Option<Want>,
    ask: impl Fn(Learnt) -> Decision,
) -> Decision {
    if let Learnt::Drifted(memory) = learnt {
        let unlearnt = ask(Learnt::Reverted(memory));
        if floor(&unlearnt).is_some_and(|want| wants_more(live, &memory, &want)) {
            return unlearnt;
        }
    }
    ask(learnt)
}

/// What becomes of one bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    /// The row of the table.
    pub(super) row: u8,
    /// The value to write; `None`: the live value stays.
    pub(super) write: Option<Replicas>,
    /// What is remembered afterwards.
    pub(super) remembered: Option<Remembered>,
}

impl Settled {
    fn leave(row: u8, remembered: Option<Remembered>) -> Self {
        Self {
            row,
            write: None,
            remembered,
        }
    }
}

/// Says what is written. `is_floor`: a value above ours means somebody wants more capacity.
pub(super) fn settle(learnt: Learnt, seen: &Seen, want: Option<&Want>, is_floor: bool) -> Settled {
    let live = seen.live.unwrap_or(seen.absent_means);
    match (learnt, want) {
        (Learnt::Fresh | Learnt::Lost, None) => Settled::leave(1, None),
        (Learnt::Fresh | Learnt::Lost, Some(want)) if want.value == live => Settled::leave(2, None),
        (Learnt::Fresh | Learnt::Lost, Some(want)) => assert_value(3, seen.live, want),
        (Learnt::Ours(memory), Some(want)) if want.value == memory.applied => Settled::leave(4, Some(memory)),
        (Learnt::Ours(memory), Some(want)) => assert_value(5, memory.original, want),
        (Learnt::Reverted(memory), Some(want)) => assert_value(6, memory.original, want),
        (Learnt::Drifted(memory), Some(want)) if is_floor && wants_more(live, &memory, want) => {
            Settled::leave(7, Some(memory))
        }
        (Learnt::Drifted(_), Some(want)) => assert_value(8, seen.live, want),
        (Learnt::Ours(memory), None) => {
            let original = memory.original.unwrap_or(seen.absent_means);
            let write = (live != original).then_some(original);
            Settled {
                row: 9,
                write,
                remembered: Some(Remembered {
                    original: memory.original,
                    applied: original,
                }),
            }
        }
        // While we still own the field it cannot be let go by leaving it out: the API would write 1.
        (Learnt::Reverted(_) | Learnt::Drifted(_), None) if seen.owned => Settled::leave(
            10,
            Some(Remembered {
                original: seen.live,
                applied: live,
            }),
        ),
        (Learnt::Reverted(_) | Learnt::Drifted(_), None) => Settled::leave(10, None),
    }
}

fn assert_value(row: u8, original: Option<Replicas>, want: &Want) -> Settled {
    Settled {
        row,
        write: Some(want.value),
        remembered: Some(Remembered {
            original,
            applied: want.value,
        }),
    }
}

/// Row 7: a floor above ours, while what we want of a window has not changed.
fn wants_more(live: Replicas, memory: &Remembered, want: &Want) -> bool {
    live > memory.applied
        && want.value == memory.applied
        && matches!(want.setter, Setter::Window(_))
        && !matches!(
            want.adjusted,
            Some(Adjusted::ByLimits | Adjusted::ToCeiling | Adjusted::CeilingAsScale)
        )
        && want.value > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(live: Replicas, remembered: Option<(Replicas, Replicas)>) -> Seen {
        Seen {
            live: Some(live),
            absent_means: 1,
            remembered: remembered.map(|(original, applied)| Remembered {
                original: Some(original),
                applied,
            }),
            of_another_uid: false,
            owned: false,
            default: None,
        }
    }

    fn want(value: Replicas) -> Want {
        Want {
            value,
            setter: Setter::Window(0),
            adjusted: None,
        }
    }

    fn row(seen: &Seen, want: Option<Want>) -> Settled {
        settle(learn(seen).learnt, seen, want.as_ref(), true)
    }

    fn memory(settled: &Settled) -> Option<(Option<Replicas>, Replicas)> {
        settled
            .remembered
            .map(|remembered| (remembered.original, remembered.applied))
    }

    #[test]
    fn rows_1_to_3_without_memory() {
        assert_eq!(row(&seen(2, None), None), Settled::leave(1, None));
        assert_eq!(row(&seen(5, None), Some(want(5))), Settled::leave(2, None));
        let settled = row(&seen(2, None), Some(want(5)));
        assert_eq!(
            (settled.row, settled.write, memory(&settled)),
            (3, Some(5), Some((Some(2), 5)))
        );
    }

    #[test]
    fn rows_4_to_6_keep_the_first_original() {
        assert_eq!(row(&seen(5, Some((2, 5))), Some(want(5))).row, 4);
        let settled = row(&seen(5, Some((2, 5))), Some(want(7)));
        assert_eq!(
            (settled.row, settled.write, memory(&settled)),
            (5, Some(7), Some((Some(2), 7)))
        );
        let settled = row(&seen(2, Some((2, 5))), Some(want(5)));
        assert_eq!(
            (settled.row, settled.write, memory(&settled)),
            (6, Some(5), Some((Some(2), 5)))
        );
    }

    #[test]
    fn row_7_holds_a_raise_but_only_of_a_floor_that_a_window_set() {
        assert_eq!(
            row(&seen(8, Some((2, 5))), Some(want(5))),
            Settled::leave(7, seen(8, Some((2, 5))).remembered)
        );
        let default = Want {
            setter: Setter::Default,
            ..want(5)
        };
        assert_eq!(row(&seen(8, Some((2, 5))), Some(default)).row, 8);
        let capped = Want {
            adjusted: Some(Adjusted::CeilingAsScale),
            ..want(5)
        };
        assert_eq!(row(&seen(8, Some((2, 5))), Some(capped)).row, 8);
        assert_eq!(
            row(&seen(8, Some((2, 5))), Some(want(6))).row,
            8,
            "the want moved on"
        );
        assert_eq!(
            row(&seen(3, Some((2, 5))), Some(want(5))).row,
            8,
            "lower is no wish for capacity"
        );
        let asleep = seen(4, Some((2, 0)));
        assert_eq!(
            row(&asleep, Some(want(0))).row,
            8,
            "never where a sleep set the value"
        );
        let ceiling = seen(8, Some((2, 5)));
        assert_eq!(
            settle(learn(&ceiling).learnt, &ceiling, Some(&want(5)), false).row,
            8
        );
    }

    #[test]
    fn row_8_learns_the_new_intent() {
        let settled = row(&seen(3, Some((2, 5))), Some(want(5)));
        assert_eq!(
            (settled.row, settled.write, memory(&settled)),
            (8, Some(5), Some((Some(3), 5)))
        );
    }

    #[test]
    fn rows_9_and_10_let_go() {
        let settled = row(&seen(5, Some((2, 5))), None);
        assert_eq!(
            (settled.row, settled.write, memory(&settled)),
            (9, Some(2), Some((Some(2), 2)))
        );
        let settled = row(&seen(2, Some((2, 2))), None);
        assert_eq!(
            (settled.row, settled.write),
            (9, None),
            "written as its original already"
        );
        assert_eq!(row(&seen(4, Some((2, 5))), None), Settled::leave(10, None));
        assert_eq!(row(&seen(2, Some((2, 5))), None), Settled::leave(10, None));
    }

    #[test]
    fn row_11_never_guesses() {
        let lost = Seen {
            owned: true,
            ..seen(5, None)
        };
        assert_eq!(
            learn(&lost),
            Lesson {
                learnt: Learnt::Lost,
                row: Some(11)
            }
        );
        let known = Seen {
            default: Some(2),
            ..lost
        };
        let remembered = Remembered {
            original: Some(2),
            applied: 5,
        };
        assert_eq!(
            learn(&known),
            Lesson {
                learnt: Learnt::Ours(remembered),
                row: Some(11)
            }
        );
    }

    #[test]
    fn rows_12_and_13_of_a_recreated_object() {
        let copied = Seen {
            of_another_uid: true,
            ..seen(5, Some((2, 5)))
        };
        assert_eq!(learn(&copied).row, Some(12));
        assert_eq!(learn(&copied).learnt.original(copied.live), Some(2));
        let fresh = Seen {
            of_another_uid: true,
            ..seen(3, Some((2, 5)))
        };
        assert_eq!(
            learn(&fresh),
            Lesson {
                learnt: Learnt::Fresh,
                row: Some(13)
            }
        );
    }
}
