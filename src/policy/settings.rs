//! What holds for the rules of all files: `defaults` and `calendars`, as the layers have it together.

use super::calendars::Calendars;
use super::check::{Checker, Fields, Keys};
use super::name::{self, Form};
use super::node::{Key, Node};
use super::source::Span;
use super::zone;
use crate::time::Zone;

pub(super) const DEFAULTS: Keys = Keys {
    what: "`defaults`",
    known: &["timezone", "namespace"],
    ignored: &[],
    synonyms: &[("tz", "timezone"), ("zone", "timezone"), ("ns", "namespace")],
};

/// What all layers together say for all rules.
#[derive(Debug, Default)]
pub(super) struct Settings {
    zone: Option<Zone>,
    /// Where the zone is said.
    pub(super) zone_place: Option<Span>,
    /// For a target that has none, nor has its document.
    pub(super) namespace: Option<String>,
    pub(super) calendars: Calendars,
}

impl Settings {
    /// Reads `defaults`, if there are any, and the calendars.
    pub(super) fn read(defaults: Option<&Node>, calendars: &[(Key, Node)], check: &mut Checker<'_>) -> Self {
        let fields = defaults.and_then(|node| Fields::read(node, &DEFAULTS, check));
        let mut settings = Self {
            calendars: Calendars::read(calendars, check),
            ..Self::default()
        };
        if let Some(fields) = fields {
            settings.zone = fields
                .get("timezone", check)
                .and_then(|field| zone::read(field, check));
            if settings.zone.is_some() {
                settings.zone_place = fields.get_quietly("timezone").map(|field| field.key);
            }
            settings.namespace = fields
                .get("namespace", check)
                .and_then(|field| name::read(field, Form::Label, check));
        }
        settings
    }

    /// The zone of rules that have none.
    pub(super) fn zone(&self) -> Zone {
        self.zone.clone().unwrap_or_else(Zone::utc)
    }
}
