//! What may stand where in a policy file: the grammar as a walk from key to key, for everything that goes by a path.

use super::bounds;
use super::calendars;
use super::check::Keys;
use super::layers;
use super::settings;
use super::spec;
use super::start_days;
use super::target;
use super::window;

/// A place in a policy file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Policy,
    Defaults,
    Calendars,
    Calendar,
    NamespaceLimits,
    Rules,
    Rule,
    Target,
    Schedule,
    Window,
    Except,
    Default,
    Limits,
    /// A value, or nothing that is known.
    Value,
}

impl Shape {
    /// The keys that a map here may have; `None` where people name them, or where no map belongs.
    pub(super) fn keys(self) -> Option<&'static Keys> {
        match self {
            Self::Policy => Some(&layers::POLICY),
            Self::Defaults => Some(&settings::DEFAULTS),
            Self::Calendar => Some(&calendars::CALENDAR),
            Self::Rule => Some(&spec::RULE),
            Self::Target => Some(&target::TARGET),
            Self::Window => Some(&window::WINDOW),
            Self::Except => Some(&start_days::EXCEPT),
            Self::Default => Some(&bounds::DEFAULT),
            Self::Limits => Some(&bounds::LIMITS),
            Self::Calendars | Self::NamespaceLimits | Self::Rules | Self::Schedule | Self::Value => None,
        }
    }

    /// What people name here, for "there is no …".
    pub(super) fn named(self) -> Option<&'static str> {
        match self {
            Self::Calendars => Some("calendar"),
            Self::NamespaceLimits => Some("namespace"),
            Self::Rules => Some("rule"),
            Self::Schedule => Some("window"),
            _ => None,
        }
    }

    /// The place under a key.
    pub(super) fn under(self, key: &str) -> Self {
        match (self, key) {
            (Self::Policy, "defaults") => Self::Defaults,
            (Self::Policy, "calendars") => Self::Calendars,
            (Self::Policy, "limits") => Self::NamespaceLimits,
            (Self::Policy, "rules") => Self::Rules,
            (Self::Calendars, _) => Self::Calendar,
            (Self::NamespaceLimits, _) => Self::Limits,
            (Self::Rules, _) => Self::Rule,
            (Self::Rule, "target") => Self::Target,
            (Self::Rule, "schedule") => Self::Schedule,
            (Self::Rule, "default") => Self::Default,
            (Self::Rule, "limits") => Self::Limits,
            (Self::Schedule, _) => Self::Window,
            (Self::Window, "except") => Self::Except,
            _ => Self::Value,
        }
    }
}
