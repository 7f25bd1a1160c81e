//! One entry of `schedule`: when it is open and what it sets.

use super::bounds;
use super::calendars::Calendars;
use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::duration::{self, Duration};
use super::extent::Extent;
use super::node::{Key, Node, Value};
use super::problem::Problem;
use super::rule::Window;
use super::source::Span;
use super::when::{self, When};
use super::words::quoted;
use super::zone;
use crate::time::{Zone, elapsed};

pub(super) const WINDOW: Keys = Keys {
    what: "a window",
    known: &[
        "name",
        "days",
        "dates",
        "calendar",
        "except",
        "timeStart",
        "timeEnd",
        "from",
        "until",
        "cron",
        "duration",
        "timezone",
        "replicas",
        "minReplicas",
        "maxReplicas",
        "priority",
        "lead",
        "ramp",
        "suspend",
        "description",
    ],
    ignored: &[],
    synonyms: &[
        ("day", "days"),
        ("weekday", "days"),
        ("weekdays", "days"),
        ("dayofweek", "days"),
        ("date", "dates"),
        ("calendars", "calendar"),
        ("holidays", "calendar"),
        ("exclude", "except"),
        ("excludedates", "except"),
        ("exceptions", "except"),
        ("skip", "except"),
        ("unless", "except"),
        ("start", "timeStart"),
        ("starttime", "timeStart"),
        ("starts", "timeStart"),
        ("begin", "timeStart"),
        ("end", "timeEnd"),
        ("endtime", "timeEnd"),
        ("ends", "timeEnd"),
        ("to", "until"),
        ("till", "until"),
        ("crontab", "cron"),
        ("cronexpression", "cron"),
        ("schedule", "cron"),
        ("length", "duration"),
        ("for", "duration"),
        ("tz", "timezone"),
        ("zone", "timezone"),
        ("min", "minReplicas"),
        ("minimum", "minReplicas"),
        ("floor", "minReplicas"),
        ("max", "maxReplicas"),
        ("maximum", "maxReplicas"),
        ("ceiling", "maxReplicas"),
        ("count", "replicas"),
        ("pods", "replicas"),
        ("instances", "replicas"),
        ("prio", "priority"),
        ("leadtime", "lead"),
        ("prewarm", "lead"),
        ("warmup", "lead"),
        ("rampup", "ramp"),
        ("gradual", "ramp"),
        ("disabled", "suspend"),
        ("paused", "suspend"),
        ("suspended", "suspend"),
        ("comment", "description"),
    ],
};

/// One window as read.
pub(super) struct Read {
    pub(super) name: Option<(String, Span)>,
    pub(super) sleep: Option<Span>,
    /// Only a window without a mistake.
    pub(super) sound: Option<Sound>,
}

/// A window without a mistake, and what is looked at side by side with other windows.
pub(super) struct Sound {
    pub(super) window: Window,
    pub(super) extent: Extent,
    /// Its name.
    pub(super) name: Span,
    /// The value of its `lead`.
    pub(super) lead: Option<Span>,
    /// Whether it has a `timezone` of its own.
    pub(super) names_zone: bool,
}

/// Reads one entry, which is named by its key if it has one; `zone` is the rule's, for a window that has none.
pub(super) fn read(
    key: Option<&Key>,
    node: &Node,
    zone: &Zone,
    calendars: &Calendars,
    check: &mut Checker<'_>,
) -> Option<Read> {
    let errors = check.errors();
    if !check.may_read_window(node.span) {
        return None;
    }
    let fields = Fields::read(node, &WINDOW, check)?;
    let name = match key {
        Some(key) => name_of_key(key, &fields, check),
        None => name_of_item(&fields, check),
    };
    let zone = fields
        .get("timezone", check)
        .map_or_else(|| Some(zone.clone()), |field| zone::read(field, check));
    let when = when::read(&fields, zone.as_ref(), calendars, check);
    let lead = length(&fields, "lead", check);
    let ramp = length(&fields, "ramp", check);
    if let Some(when) = &when {
        check_lead_and_ramp(when, lead, ramp, check);
    }
    let sets = bounds::setting(&fields, "the window", check);
    let priority = fields
        .get("priority", check)
        .map_or(Some(0), |field| priority(field, check));
    let suspended = fields
        .get("suspend", check)
        .is_some_and(|field| field.boolean(check).unwrap_or_default());
    let description = fields
        .get("description", check)
        .and_then(|field| field.text(check));
    let sound = match (&name, when, zone, priority) {
        (Some((name, span)), Some(when), Some(zone), Some(priority)) if check.errors() == errors => {
            Some(Sound {
                window: Window {
                    name: name.clone(),
                    place: check.place(*span),
                    occurrences: when.occurrences,
                    zone,
                    sets: sets.setting,
                    priority,
                    lead: lead.map_or(0, |lead| lead.seconds),
                    ramp: ramp.map_or(0, |ramp| ramp.seconds),
                    suspended,
                    description: description.map(str::to_owned),
                },
                extent: when.extent,
                name: *span,
                lead: lead.map(|lead| lead.span),
                names_zone: fields.has("timezone"),
            })
        }
        _ => None,
    };
    Some(Read {
        name,
        sleep: sets.sleep,
        sound,
    })
}

fn length(fields: &Fields<'_>, name: &str, check: &mut Checker<'_>) -> Option<Duration> {
    fields
        .get(name, check)
        .and_then(|field| duration::read(field, check))
}

/// A window that opens before the one before it has, or that is over before it is fully open, was not meant.
fn check_lead_and_ramp(when: &When, lead: Option<Duration>, ramp: Option<Duration>, check: &mut Checker<'_>) {
    let text = |seconds: u64| elapsed::text(u32::try_from(seconds).unwrap_or(u32::MAX));
    if let Some(lead) = lead
        && let Some(period) = when.occurrences.period()
        && u64::from(lead.seconds) > period
    {
        let problem = Problem::error(
            codes::LONG_LEAD,
            format!(
                "a lead of {} is longer than the {} from one start of the window to the next",
                elapsed::text(lead.seconds),
                text(period)
            ),
        )
        .hint("a lead is the time that copies need to get ready, for example `lead: 10m`");
        check.report(problem, lead.span);
    }
    let length = when.occurrences.length();
    if let Some(ramp) = ramp
        && u64::from(ramp.seconds) > length
    {
        let problem = Problem::error(
            codes::LONG_RAMP,
            format!(
                "a ramp of {} is longer than the window, which is open for {}",
                elapsed::text(ramp.seconds),
                text(length)
            ),
        )
        .hint(format!(
            "write at most `ramp: {}`; a shorter one leaves time at the full value",
            text(length)
        ));
        check.report(problem, ramp.span);
    }
}

/// The name of a window in a list.
pub(super) fn name_in_list(item: &Node, check: &mut Checker<'_>) -> Option<Key> {
    if let Some(Node {
        value: Value::Str(text),
        span,
    }) = item.get("name")
    {
        let (text, span) = (text.clone(), *span);
        return Some(Key { text, span });
    }
    let fields = Fields::read(item, &WINDOW, check)?;
    let (text, span) = name_of_item(&fields, check)?;
    Some(Key { text, span })
}

fn name_of_item(fields: &Fields<'_>, check: &mut Checker<'_>) -> Option<(String, Span)> {
    let field = fields.require(
        "name",
        "name the window, so that messages can say which one it is: `name: \"Peak hours\"`",
        check,
    )?;
    name(field.text(check)?, field.node.span, check)
}

fn name_of_key(key: &Key, fields: &Fields<'_>, check: &mut Checker<'_>) -> Option<(String, Span)> {
    if let Some(field) = fields.get_quietly("name") {
        let problem = Problem::error(
            codes::UNKNOWN_KEY,
            format!("the window {} has a name already: its key", quoted(&key.text)),
        )
        .also(check.mark(key.span), "this is its name")
        .hint("remove the line, or rename the key");
        check.report(problem, field.key);
    }
    if key.text.trim().is_empty() {
        let problem = Problem::error(codes::UNUSABLE_TEXT, "the name of the window is empty")
            .hint("a name is one short line, for example `peak`");
        check.report(problem, key.span);
        return None;
    }
    name(&key.text, key.span, check)
}

fn name(text: &str, span: Span, check: &mut Checker<'_>) -> Option<(String, Span)> {
    const LONGEST: usize = 200;
    let fault = if text.chars().any(char::is_control) {
        "has a line break or another invisible character"
    } else if text.chars().count() > LONGEST {
        "is longer than 200 characters"
    } else {
        return Some((text.to_owned(), span));
    };
    let problem = Problem::error(codes::UNUSABLE_TEXT, format!("the window's name {fault}"))
        .hint("a name is one short line; `description` has room for more");
    check.report(problem, span);
    None
}

fn priority(field: Field<'_>, check: &mut Checker<'_>) -> Option<i32> {
    let written = field.integer(codes::BAD_PRIORITY, check)?;
    let priority = i32::try_from(written.value).ok();
    if priority.is_none() {
        let problem = Problem::error(codes::BAD_PRIORITY, "`priority` is out of range")
            .hint("small numbers do: among windows that are open together, the highest one wins");
        check.report(problem, field.node.span);
    }
    priority
}
