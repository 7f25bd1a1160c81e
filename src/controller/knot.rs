//! What is kept of each knot between passes, and when it is looked at next.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tokio::time::Instant as Mono;

use super::news::Told;
use super::pace::Pace;
use crate::plan::{Bounds, Code, FailureKind, Intent, ObjectRef, TargetPlan};
use crate::policy::{Scope, Target};
use crate::time::Instant;

/// The name of a knot: its workload.
pub(super) type Key = Arc<Target>;

/// What is kept of a knot.
#[derive(Debug, Default)]
pub(super) struct Knot {
    /// The next instant at which the rules ask something else.
    edge: Option<Instant>,
    /// When it is looked at again without an edge.
    alarm: Option<Mono>,
    /// The edge that made it due, until its change is written.
    pub(super) since_edge: Option<Instant>,
    /// A job writes it.
    pub(super) busy: bool,
    /// How fast it is set again.
    pub(super) pace: Pace,
    /// The objects for which that holds.
    pub(super) paced: Vec<ObjectRef>,
    /// Until when a lowering is put off to spread many of them.
    pub(super) staggered: Option<Mono>,
    /// Writes that failed in a row.
    pub(super) failures: u32,
    /// How the last of them failed: told when it changes.
    pub(super) failing: Option<FailureKind>,
    /// Somebody's higher bound is respected.
    pub(super) held: bool,
    /// When it was last written, and how many writes came in quick succession.
    pub(super) written: Option<(Mono, u32)>,
    /// Its targets that are refused.
    pub(super) refused: Vec<Refused>,
    /// An object of it waits to be restored, until no rule is refused any more.
    pub(super) abandoned: bool,
    /// What else has to be watched for it.
    pub(super) need: Need,
    /// What was told of it already.
    pub(super) told: Told,
    /// What a dry run has said it would write: of which target, and from what to what.
    pub(super) would: Vec<(Target, Bounds, Bounds)>,
    /// The targets whose numbers are among the metrics.
    pub(super) shown: Vec<Key>,
    /// It was looked at again before a lost memory is believed.
    pub(super) doubted: bool,
}

/// A target that is refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// The rule's name.
    pub(super) rule: String,
    /// Whose the rule is; `None`: there is no rule, something was to be restored.
    pub(super) scope: Option<Scope>,
    pub(super) code: Code,
}

impl Refused {
    /// The refusal of a target, if it is one.
    pub(super) fn of(target: &TargetPlan) -> Option<Self> {
        let scope = match &target.intent {
            Intent::Keep(rule) => Some(rule.scope.clone()),
            Intent::Restore(_) | Intent::Mention(_) => None,
        };
        Some(Self {
            rule: target.rule.clone(),
            scope,
            code: target.refusal()?.code,
        })
    }
}

impl Knot {
    /// When it is looked at again without an edge.
    pub(super) fn alarm(&self) -> Option<Mono> {
        self.alarm
    }
}

/// What has to be seen of a knot besides autoscalers and memories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// Its workload.
    pub(super) workload: bool,
    /// What drives its workload.
    pub(super) drivers: bool,
}

/// A knot that is to be looked at.
pub(super) struct Due {
    pub(super) key: Key,
    /// The edge that came, if that is why.
    pub(super) edge: Option<Instant>,
}

/// All knots, and the order in which they are looked at.
#[derive(Default)]
pub(super) struct Knots {
    all: HashMap<Key, Knot>,
    edges: BTreeSet<(Instant, Key)>,
    alarms: BTreeSet<(Mono, Key)>,
    due: HashSet<Key>,
}

impl Knots {
    /// A knot that is known.
    pub(super) fn get(&self, target: &Target) -> Option<&Knot> {
        self.all.get(target)
    }

    pub(super) fn get_mut(&mut self, target: &Target) -> Option<&mut Knot> {
        self.all.get_mut(target)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.all.keys()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Knot> {
        self.all.values()
    }

    /// Has it looked at in the next turn; it is made known if it is not.
    pub(super) fn touch(&mut self, target: &Target) {
        let key = match self.all.get_key_value(target) {
            Some((key, _)) => Arc::clone(key),
            None => {
                let key = Arc::new(target.clone());
                self.all.insert(Arc::clone(&key), Knot::default());
                key
            }
        };
        self.due.insert(key);
    }

    /// Has it looked at no sooner than its alarm or edge says.
    pub(super) fn untouch(&mut self, target: &Target) {
        self.due.remove(target);
    }

    /// Has all of them looked at.
    pub(super) fn touch_all(&mut self) {
        self.due.extend(self.all.keys().cloned());
    }

    /// Forgets one.
    pub(super) fn remove(&mut self, target: &Target) -> Option<Knot> {
        let (key, knot) = self.all.remove_entry(target)?;
        self.due.remove(&key);
        if let Some(edge) = knot.edge {
            self.edges.remove(&(edge, Arc::clone(&key)));
        }
        if let Some(alarm) = knot.alarm {
            self.alarms.remove(&(alarm, key));
        }
        Some(knot)
    }

    /// Says when the rules ask something else of it.
    pub(super) fn set_edge(&mut self, key: &Key, edge: Option<Instant>) {
        let Some(knot) = self.all.get_mut(key) else { return };
        let before = std::mem::replace(&mut knot.edge, edge);
        if before != edge {
            if let Some(before) = before {
                self.edges.remove(&(before, Arc::clone(key)));
            }
            self.edges.extend(edge.map(|edge| (edge, Arc::clone(key))));
        }
    }

    /// Says when it is looked at again without an edge.
    pub(super) fn set_alarm(&mut self, key: &Key, alarm: Option<Mono>) {
        let Some(knot) = self.all.get_mut(key) else { return };
        let before = std::mem::replace(&mut knot.alarm, alarm);
        if before != alarm {
            if let Some(before) = before {
                self.alarms.remove(&(before, Arc::clone(key)));
            }
            self.alarms.extend(alarm.map(|alarm| (alarm, Arc::clone(key))));
        }
    }

    /// The knots whose time has come, or that were touched.
    pub(super) fn take_due(&mut self, now: Instant, mono: Mono) -> Vec<Due> {
        let mut due: HashMap<Key, Option<Instant>> = self.due.drain().map(|key| (key, None)).collect();
        while let Some((alarm, _)) = self.alarms.first()
            && *alarm <= mono
        {
            let Some((_, key)) = self.alarms.pop_first() else {
                break;
            };
            if let Some(knot) = self.all.get_mut(&key) {
                knot.alarm = None;
            }
            due.entry(key).or_default();
        }
        while let Some((edge, _)) = self.edges.first()
            && *edge <= now
        {
            let Some((edge, key)) = self.edges.pop_first() else {
                break;
            };
            if let Some(knot) = self.all.get_mut(&key) {
                knot.edge = None;
            }
            due.insert(key, Some(edge));
        }
        due.into_iter().map(|(key, edge)| Due { key, edge }).collect()
    }

    /// Whether any has to be looked at now.
    pub(super) fn are_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// The next edge of any of them.
    pub(super) fn next_edge(&self) -> Option<Instant> {
        self.edges.first().map(|(edge, _)| *edge)
    }

    /// When one is looked at again without an edge.
    pub(super) fn next_alarm(&self) -> Option<Mono> {
        self.alarms.first().map(|(alarm, _)| *alarm)
    }
}
