//! Knots that are to be written, in the order of priority: raises first, then lowerings, and among equals whoever came
//! first.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::knot::Key;
use crate::plan::{Bounds, Plan};

/// What a change does to the bounds of a knot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Rank {
    /// Some bound goes up: capacity is the urgent part.
    Raise,
    /// Only what is remembered changes.
    Memory,
    /// Bounds only go down.
    Lower,
}

impl Rank {
    pub(super) fn of(plan: &Plan) -> Self {
        let changes = plan.targets.iter().filter(|target| target.changes());
        let moves = |up: bool| {
            changes.clone().any(|target| {
                pairs(target.from, target.to).any(|(from, to)| if up { to > from } else { to < from })
            })
        };
        match (moves(true), moves(false)) {
            (true, _) => Self::Raise,
            (false, true) => Self::Lower,
            (false, false) => Self::Memory,
        }
    }
}

/// The bounds that are known before and after.
pub(super) fn pairs(from: Bounds, to: Bounds) -> impl Iterator<Item = (u32, u32)> {
    [
        // An absent floor means 1.
        (
            from.min_replicas.or(to.min_replicas.map(|_| 1)),
            to.min_replicas.or(from.min_replicas.map(|_| 1)),
        ),
        (from.max_replicas, to.max_replicas),
        (from.replicas, to.replicas),
    ]
    .into_iter()
    .filter_map(|(from, to)| Some((from?, to?)))
}

/// A knot in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    rank: Rank,
    number: u64,
    scales: bool,
}

#[derive(Default)]
pub(super) struct Queue {
    order: BTreeSet<(Rank, u64, Key)>,
    places: HashMap<Key, Place>,
    next: u64,
}

impl Queue {
    /// Lines a knot up; one that waits already keeps its number. `scales`: it writes a scale, whose memory it shares
    /// with its namespace.
    pub(super) fn push(&mut self, key: &Key, rank: Rank, scales: bool) {
        let number = match self.places.get(key) {
            Some(place) if place.rank == rank && place.scales == scales => return,
            Some(place) => {
                self.order.remove(&(place.rank, place.number, Arc::clone(key)));
                place.number
            }
            None => {
                self.next += 1;
                self.next
            }
        };
        self.order.insert((rank, number, Arc::clone(key)));
        self.places
            .insert(Arc::clone(key), Place { rank, number, scales });
    }

    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(place) = self.places.remove(key) {
            self.order.remove(&(place.rank, place.number, Arc::clone(key)));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Takes the first knot that may be written; `may` is told whether it writes a scale.
    pub(super) fn pop(&mut self, may: impl Fn(&Key, bool) -> bool) -> Option<Key> {
        let found = self
            .order
            .iter()
            .find(|(_, _, key)| {
                let scales = self.places.get(key).is_some_and(|place| place.scales);
                may(key, scales)
            })
            .map(|(_, _, key)| Arc::clone(key))?;
        self.remove(&found);
        Some(found)
    }

    /// Takes the other knots of a namespace that write a scale.
    pub(super) fn pop_scales(&mut self, namespace: &str, most: usize) -> Vec<Key> {
        let found: Vec<Key> = self
            .order
            .iter()
            .filter(|(_, _, key)| {
                key.namespace == namespace && self.places.get(key).is_some_and(|place| place.scales)
            })
            .map(|(_, _, key)| Arc::clone(key))
            .take(most)
            .collect();
        for key in &found {
            self.remove(key);
        }
        found
    }

    pub(super) fn clear(&mut self) {
        self.order.clear();
        self.places.clear();
    }
}
