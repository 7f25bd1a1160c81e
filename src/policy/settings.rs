//! What holds for the rules of all files: `defaults` and `calendars`, as the layers have it together.

use super::calendars::Calendars;
use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::duration;
use super::limits::NamespaceLimits;
use super::name::{self, Form};
use super::node::{Key, Node};
use super::problem::Problem;
use super::source::Span;
use super::zone;
use crate::time::{Zone, elapsed};

/// The longest `stagger`, in seconds. After a day, most rules are at their next edge.
const LONGEST_STAGGER: u32 = 86_400;

pub(super) const DEFAULTS: Keys = Keys {
    what: "`defaults`",
    known: &["timezone", "namespace", "stagger"],
    ignored: &[],
    synonyms: &[("tz", "timezone"), ("zone", "timezone"), ("ns", "namespace")],
};

/// What all layers together say for all rules.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    zone: Option<Zone>,
    /// Where the zone is said.
    pub(super) zone_place: Option<Span>,
    /// For a target that has none, nor has its document.
    pub(super) namespace: Option<String>,
    /// Of an object in the cluster: its namespace. What the operator says of others is not for its eyes.
    pub(super) home: Option<String>,
    /// In seconds, for rules that have none.
    pub(super) stagger: u32,
    pub(super) calendars: Calendars,
    /// What rules may ask.
    pub(super) limits: NamespaceLimits,
}

impl Settings {
    /// Reads `defaults`, if there are any, and the calendars.
    pub(super) fn read(defaults: Option<&Node>, calendars: &[(Key, Node)], check: &mut Checker<'_>) -> Self {
        Self::default().with(defaults, calendars, check)
    }

    /// The same over settings that hold where nothing else is said.
    pub(super) fn with(
        self,
        defaults: Option<&Node>,
        calendars: &[(Key, Node)],
        check: &mut Checker<'_>,
    ) -> Self {
        let fields = defaults.and_then(|node| Fields::read(node, &DEFAULTS, check));
        let mut settings = self;
        settings.calendars.add(calendars, check);
        if let Some(fields) = fields {
            let zone = fields
                .get("timezone", check)
                .and_then(|field| zone::read(field, check));
            if zone.is_some() {
                settings.zone_place = fields.get_quietly("timezone").map(|field| field.key);
            }
            settings.zone = zone.or(settings.zone);
            settings.namespace = fields
                .get("namespace", check)
                .and_then(|field| name::read(field, Form::Label, check))
                .or(settings.namespace);
            settings.stagger = fields
                .get("stagger", check)
                .and_then(|field| stagger(field, check))
                .unwrap_or(settings.stagger);
        }
        settings
    }

    /// The zone of rules that have none.
    pub(super) fn zone(&self) -> Zone {
        self.zone.clone().unwrap_or_else(Zone::utc)
    }
}

/// The seconds of a `stagger`, here or in a rule.
pub(super) fn stagger(field: Field<'_>, check: &mut Checker<'_>) -> Option<u32> {
    let stagger = duration::read(field, check)?;
    if stagger.seconds <= LONGEST_STAGGER {
        return Some(stagger.seconds);
    }
    let problem = Problem::error(
        codes::BAD_DURATION,
        format!(
            "a stagger of {} is longer than a day",
            elapsed::text(stagger.seconds)
        ),
    )
    .hint("write at most `stagger: 1d`; it is the time over which many targets go down, for example `stagger: 5m`");
    check.report(problem, stagger.span);
    None
}
