//! Documents of settings: what holds for the rules of all files, wherever it is written.

use super::calendars::Calendars;
use super::check::{Checker, Fields, Keys};
use super::name::{self, Form};
use super::node::{Key, Node, Value};
use super::source::Span;
use super::words;
use super::zone;
use crate::time::Zone;

const SETTINGS: Keys = Keys {
    what: "a document of settings",
    known: &["defaults", "calendars"],
    ignored: &[],
    synonyms: &[
        ("default", "defaults"),
        ("calendar", "calendars"),
        ("holidays", "calendars"),
    ],
};

const DEFAULTS: Keys = Keys {
    what: "`defaults`",
    known: &["timezone", "namespace"],
    ignored: &[],
    synonyms: &[("tz", "timezone"), ("zone", "timezone"), ("ns", "namespace")],
};

/// What the documents of settings say together: later ones replace, value by value, what earlier ones said.
#[derive(Debug, Default)]
pub(super) struct Settings {
    zone: Option<Zone>,
    /// Where the zone is said.
    pub(super) zone_place: Option<Span>,
    /// For a target that has none, nor has its document.
    pub(super) namespace: Option<String>,
    pub(super) calendars: Calendars,
}

/// Whether the document is one of settings: it does not say that it is an object, and has a key of theirs.
pub(super) fn is_settings(node: &Node) -> bool {
    let Value::Map(entries) = &node.value else {
        return false;
    };
    let has = |names: &[&str]| entries.iter().any(|(key, _)| names.contains(&key.text.as_str()));
    if has(&["apiVersion", "kind", "metadata", "spec"]) {
        return false;
    }
    // A rule without its head may have a `default`, which is nearly `defaults`.
    let is_headless_rule = has(&["target", "schedule"]);
    let nearly = |key: &Key| words::meant(&key.text, SETTINGS.known).is_some();
    has(SETTINGS.known) || (!is_headless_rule && entries.iter().any(|(key, _)| nearly(key)))
}

impl Settings {
    /// Takes in a document of settings.
    pub(super) fn read(&mut self, node: &Node, check: &mut Checker<'_>) {
        let Some(fields) = Fields::read(node, &SETTINGS, check) else {
            return;
        };
        if let Some(defaults) = fields
            .get("defaults", check)
            .and_then(|field| Fields::read(field.node, &DEFAULTS, check))
        {
            let zone = defaults
                .get("timezone", check)
                .and_then(|field| zone::read(field, check));
            if let Some(field) = defaults.get_quietly("timezone").filter(|_| zone.is_some()) {
                self.zone_place = Some(field.key);
            }
            let namespace = defaults
                .get("namespace", check)
                .and_then(|field| name::read(field, Form::Label, check));
            self.zone = zone.or_else(|| self.zone.take());
            self.namespace = namespace.or_else(|| self.namespace.take());
        }
        if let Some(calendars) = fields.get("calendars", check) {
            self.calendars.read(calendars, check);
        }
    }

    /// The zone of rules that have none.
    pub(super) fn zone(&self) -> Zone {
        self.zone.clone().unwrap_or_else(Zone::utc)
    }
}
