//! Random rules, as people write them: the walk reads them by the real road.

use std::fmt::Write as _;
use std::sync::Arc;

use easyscale::policy::{self, Rule};
use proptest::prelude::*;

/// What a window or `default` sets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sets {
    Floor(u32),
    Ceiling(u32),
    Both(u32, u32),
    Replicas(u32),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct WrittenWindow {
    start: u8,
    hours: u8,
    sets: Sets,
    priority: u8,
    /// Minutes; 0: none.
    lead: u16,
    /// Minutes, not longer than the window; 0: none.
    ramp: u16,
}

/// A rule before it is read.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    windows: Vec<WrittenWindow>,
    default: Option<Sets>,
    limits: Option<(u32, u32)>,
    wake: bool,
}

impl Sets {
    fn text(self) -> String {
        match self {
            Self::Floor(floor) => format!("minReplicas: {floor}"),
            Self::Ceiling(ceiling) => format!("maxReplicas: {ceiling}"),
            Self::Both(floor, ceiling) => format!("minReplicas: {floor}, maxReplicas: {ceiling}"),
            Self::Replicas(replicas) => format!("replicas: {replicas}"),
        }
    }
}

impl Written {
    /// 06:00-12:00 and 12:00-18:00.
    pub(crate) fn two_windows(first: Sets, second: Sets) -> Self {
        let window = |start, sets| WrittenWindow {
            start,
            hours: 6,
            sets,
            priority: 0,
            lead: 0,
            ramp: 0,
        };
        Self {
            windows: vec![window(6, first), window(12, second)],
            default: None,
            limits: None,
            wake: false,
        }
    }

    pub(crate) fn text(&self, name: u32) -> String {
        let mut text = format!(
            "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {{name: rule-{name}}}\nspec:\n  \
             target: {{kind: Deployment, name: web, namespace: shop}}\n  schedule:\n"
        );
        for (number, window) in self.windows.iter().enumerate() {
            let end = (window.start + window.hours) % 24;
            let _ = write!(
                text,
                "    - {{name: w{number}, timeStart: \"{:02}:00\", timeEnd: \"{end:02}:00\", priority: {}, {}",
                window.start,
                window.priority,
                window.sets.text()
            );
            for (key, minutes) in [("lead", window.lead), ("ramp", window.ramp)] {
                if minutes > 0 {
                    let _ = write!(text, ", {key}: {minutes}m");
                }
            }
            text.push_str("}\n");
        }
        if let Some(default) = self.default {
            let _ = writeln!(text, "  default: {{{}}}", default.text());
        }
        if let Some((min, max)) = self.limits {
            let _ = writeln!(text, "  limits: {{minReplicas: {min}, maxReplicas: {max}}}");
        }
        if self.wake {
            text.push_str("  wake: always\n");
        }
        text
    }

    /// It, read; `None`: it has a mistake.
    pub(crate) fn rule(&self, name: u32) -> Option<Arc<Rule>> {
        let loaded = policy::check(vec![("rules.yaml".to_owned(), self.text(name))]);
        if loaded.has_errors() {
            return None;
        }
        loaded.rules.first().cloned()
    }
}

pub(crate) fn sets() -> impl Strategy<Value = Sets> {
    prop_oneof![
        3 => (1..=9_u32).prop_map(Sets::Floor),
        2 => (1..=16_u32).prop_map(Sets::Ceiling),
        4 => (1..=9_u32, 0..=8_u32).prop_map(|(floor, more)| Sets::Both(floor, floor + more)),
        2 => (1..=9_u32).prop_map(Sets::Replicas),
        2 => Just(Sets::Replicas(0)),
    ]
}

pub(crate) fn written() -> impl Strategy<Value = Written> {
    let minutes = || prop_oneof![3 => Just(0), 1 => 1..=200_u16];
    let window = (0..24_u8, 1..=12_u8, sets(), 0..=1_u8, minutes(), minutes()).prop_map(
        |(start, hours, sets, priority, lead, ramp)| WrittenWindow {
            start,
            hours,
            sets,
            priority,
            lead,
            ramp: ramp.min(u16::from(hours) * 60),
        },
    );
    let limits = (1..=4_u32, 0..=10_u32).prop_map(|(min, more)| (min, min + more));
    (
        prop::collection::vec(window, 1..=3),
        prop::option::weighted(0.35, sets()),
        prop::option::weighted(0.2, limits),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(windows, default, limits, wake)| Written {
            windows,
            default,
            limits,
            wake,
        })
}
