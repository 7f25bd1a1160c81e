//! The series of single targets: bounded in number, gone with the target, and absent where a value does not apply.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::plan::Bounds;
use crate::policy::{Replicas, Target};

/// No name of a Kubernetes object is longer; what is, is cut.
const MAX_CHARS: usize = 253;

type Value = fn(&Bounds) -> Option<Replicas>;

/// Metrics by name: which value of a target each one is, as desired and as observed.
const FAMILIES: [(&str, &str, Value); 3] = [
    ("target_min_replicas", "floor (minReplicas)", |bounds| {
        bounds.min_replicas
    }),
    ("target_max_replicas", "ceiling (maxReplicas)", |bounds| {
        bounds.max_replicas
    }),
    (
        "target_replicas",
        "number of replicas, where no autoscaler decides it",
        |bounds| bounds.replicas,
    ),
];

/// The targets that have series. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct PerTarget {
    shown: Arc<Mutex<Shown>>,
}

#[derive(Debug)]
struct Shown {
    most: usize,
    total: usize,
    series: BTreeMap<Key, Series>,
}

/// Labels as they are shown, so that two names that are equal once cut cannot make one series twice.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    kind: String,
    namespace: String,
    name: String,
}

#[derive(Debug)]
struct Series {
    rule: String,
    desired: Bounds,
    observed: Bounds,
}

impl PerTarget {
    pub(super) fn new(most: usize) -> Self {
        let shown = Shown {
            most,
            total: 0,
            series: BTreeMap::new(),
        };
        Self {
            shown: Arc::new(Mutex::new(shown)),
        }
    }

    pub(super) fn total(&self, total: usize) {
        self.lock().total = total;
    }

    pub(super) fn set(&self, target: &Target, rule: &str, desired: Bounds, observed: Bounds) {
        let key = Key::of(target);
        let mut shown = self.lock();
        let new = Series {
            rule: bounded(rule),
            desired,
            observed,
        };
        let has_room = shown.series.len() < shown.most;
        if let Some(series) = shown.series.get_mut(&key) {
            *series = new;
        } else if has_room {
            shown.series.insert(key, new);
        }
    }

    pub(super) fn forget(&self, target: &Target) {
        self.lock().series.remove(&Key::of(target));
    }

    /// Each update is one assignment, so a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    fn of(target: &Target) -> Self {
        Self {
            kind: bounded(&target.kind),
            namespace: bounded(&target.namespace),
            name: bounded(&target.name),
        }
    }
}

impl Collector for PerTarget {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let shown = self.lock();
        let without = shown.total.saturating_sub(shown.series.len());
        for (name, help, value) in [
            (
                "targets",
                "Targets that the rules name, and what they named before",
                shown.total,
            ),
            (
                "targets_without_series",
                "Targets beyond the number that has metrics of its own",
                without,
            ),
        ] {
            let gauge = encoder.encode_descriptor(name, &format!("{help}."), None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(gauge)?;
        }
        for (name, what, value) in FAMILIES {
            for (side, help, of) in [
                (
                    "desired",
                    "as it should be now",
                    Series::desired as fn(&Series) -> &Bounds,
                ),
                ("observed", "as it was last seen", Series::observed),
            ] {
                let name = format!("{name}_{side}");
                let help = format!("A target's {what}, {help}.");
                let mut family = encoder.encode_descriptor(&name, &help, None, MetricType::Gauge)?;
                for (key, series) in &shown.series {
                    let Some(value) = value(of(series)) else { continue };
                    let labels = [
                        ("kind", key.kind.as_str()),
                        ("namespace", &key.namespace),
                        ("name", &key.name),
                        ("rule", &series.rule),
                    ];
                    ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
                }
            }
        }
        Ok(())
    }
}

impl Series {
    fn desired(&self) -> &Bounds {
        &self.desired
    }

    fn observed(&self) -> &Bounds {
        &self.observed
    }
}

/// The text, cut where no honest one is that long.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(MAX_CHARS).collect()
}
