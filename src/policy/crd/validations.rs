//! What needs a look at two keys, as rules in CEL, each with the sentence that a person reads who is refused.
//!
//! They say what the reader says ([`super::super::when`], [`super::super::bounds`], [`super::super::target`]), shorter:
//! a message here has no place to point at, and is the same for all values.

use serde_json::{Value, json};

use super::super::target::{KINDS, NOT_SCALABLE};

/// A rule that must hold.
pub(super) struct Validation {
    rule: String,
    message: String,
    /// Whether `message` is to be worked out in CEL.
    is_expression: bool,
}

impl Validation {
    pub(super) fn new(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            message: message.into(),
            is_expression: false,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let message = if self.is_expression {
            "messageExpression"
        } else {
            "message"
        };
        json!({"rule": self.rule, message: self.message})
    }
}

/// The rules of a definition of the schema.
pub(super) fn of(definition: &str) -> Vec<Validation> {
    match definition {
        "Spec" => spec(),
        "Target" => target(),
        "Window" => window(),
        "Default" => sets("default"),
        "Limits" => limits(),
        "Date" => date(),
        _ => Vec::new(),
    }
}

fn spec() -> Vec<Validation> {
    vec![
        Validation::new(
            "has(self.default) || (has(self.schedule) && self.schedule.size() > 0)",
            "the rule changes nothing: add a window to schedule, or a default",
        ),
        Validation::new(
            "!has(self.limits) || !has(self.limits.minReplicas) || self.limits.minReplicas == 0 || ((!has(self.default) || !has(self.default.replicas) || self.default.replicas != 0) && (!has(self.schedule) || self.schedule.all(window, !has(window.replicas) || window.replicas != 0)))",
            "replicas: 0 is below the rule's own limits.minReplicas: write limits.minReplicas: 0, or leave it out, to let nothing run at times",
        ),
    ]
}

fn target() -> Vec<Validation> {
    let known: Vec<String> = KINDS.iter().map(|(kind, _)| format!("'{kind}'")).collect();
    let known = known.join(", ");
    let reasons: Vec<String> = NOT_SCALABLE
        .iter()
        .map(|(kind, why)| format!("'{kind}': '{why}'"))
        .collect();
    let not_scalable: Vec<String> = NOT_SCALABLE.iter().map(|(kind, _)| format!("'{kind}'")).collect();
    let not_scalable = not_scalable.join(", ");
    let mut rules = vec![
        Validation {
            rule: format!("!(self.kind in [{not_scalable}])"),
            message: format!(
                "'a ' + self.kind + ' cannot be scaled, ' + {{{}}}[self.kind] + ': a target is a Deployment, a StatefulSet or a HorizontalPodAutoscaler'",
                reasons.join(", ")
            ),
            is_expression: true,
        },
        Validation::new(
            format!("self.kind in [{known}, {not_scalable}] || has(self.apiVersion)"),
            "kind is Deployment, StatefulSet or HorizontalPodAutoscaler; any other kind needs apiVersion beside it, such as apiVersion: argoproj.io/v1alpha1",
        ),
    ];
    rules.extend(KINDS.iter().map(|(kind, group)| {
        Validation::new(
            format!(
                "self.kind != '{kind}' || !has(self.apiVersion) || self.apiVersion.startsWith('{group}/')"
            ),
            format!("a {kind} is of the group {group}: remove apiVersion, it is known"),
        )
    }));
    rules
}

/// The two bounds, and `replicas` which stands for them.
fn sets(what: &str) -> Vec<Validation> {
    vec![
        Validation::new(
            "has(self.replicas) || has(self.minReplicas) || has(self.maxReplicas)",
            format!("{what} sets nothing: write replicas, or minReplicas and maxReplicas"),
        ),
        Validation::new(
            "!has(self.replicas) || (!has(self.minReplicas) && !has(self.maxReplicas))",
            "replicas does not go together with minReplicas and maxReplicas: replicas: N means at least N copies; keep it, or write minReplicas and maxReplicas instead",
        ),
        in_order(),
    ]
}

fn limits() -> Vec<Validation> {
    vec![
        Validation::new(
            "has(self.minReplicas) || has(self.maxReplicas)",
            "limits sets nothing: write minReplicas, maxReplicas or both, or remove limits",
        ),
        in_order(),
    ]
}

fn in_order() -> Validation {
    Validation::new(
        "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
        "minReplicas is above maxReplicas: the lower bound may equal the upper one, but not exceed it",
    )
}

fn window() -> Vec<Validation> {
    let mut rules = forms();
    rules.extend([equal_times(), both_of_a_sort(), equal_moments(), backwards()]);
    rules.extend(sets("the window"));
    rules
}

/// Which of the three ways to say when it is open.
fn forms() -> Vec<Validation> {
    const OF_DAYS: &str = "(has(self.timeStart) || has(self.timeEnd) || has(self.days) || has(self.dates) || has(self.calendar))";
    const OF_SPAN: &str = "(has(self.from) || has(self.until))";
    const OF_PATTERN: &str = "(has(self.cron) || has(self.duration))";
    vec![
        Validation::new(
            format!("!{OF_PATTERN} || !{OF_SPAN}"),
            "cron and from..until do not go together in one window: make two windows of it; they may set the same",
        ),
        Validation::new(
            format!("!{OF_PATTERN} || !{OF_DAYS}"),
            "cron and duration do not go together with days, dates, calendar, timeStart or timeEnd in one window: keep one way to say when it is open",
        ),
        Validation::new(
            format!("!{OF_SPAN} || !{OF_DAYS}"),
            "from and until do not go together with days, dates, calendar, timeStart or timeEnd in one window: keep one way to say when it is open",
        ),
        Validation::new(
            "!has(self.cron) || has(self.duration)",
            "a window with cron needs duration: say how long it is open each time, such as duration: 2h",
        ),
        Validation::new(
            "!has(self.duration) || has(self.cron)",
            "a window with duration needs cron: say when it starts, such as cron: \"0 8 * * MON-FRI\"; or write timeStart and timeEnd instead",
        ),
        Validation::new(
            "!has(self.from) || has(self.until)",
            "a window with from needs until: say when the span is over, such as until: \"Mon 08:00\"",
        ),
        Validation::new(
            "!has(self.until) || has(self.from)",
            "a window with until needs from: say when the span starts, such as from: \"Fri 20:00\"",
        ),
        Validation::new(
            "!has(self.except) || !has(self.from) || !self.from.trim().matches('^[0-9]')",
            "except does not go with a dated span, which starts only once: make two windows of it, one until the exception and one after it",
        ),
    ]
}

/// `9:00`, `09:00` and `09:00:00` are one time. An end alone counts from midnight.
fn equal_times() -> Validation {
    let start = two_digits("(has(self.timeStart) ? self.timeStart.trim() : '00:00')");
    let end = two_digits("self.timeEnd.trim()");
    Validation::new(
        format!("!has(self.timeEnd) || !({})", same_time(&start, &end)),
        "the window starts and ends at the same time: for the whole day leave timeStart and timeEnd out",
    )
}

/// The time with two digits for the hour: without the second one, its length is 4 or 7.
fn two_digits(time: &str) -> String {
    format!("({time}.size() % 3 == 1 ? '0' + {time} : {time})")
}

fn same_time(one: &str, other: &str) -> String {
    format!("{one} == {other} || {one} + ':00' == {other} || {one} == {other} + ':00'")
}

fn both_of_a_sort() -> Validation {
    Validation::new(
        "!has(self.from) || !has(self.until) || self.from.trim().matches('^[0-9]') == self.until.trim().matches('^[0-9]')",
        "from and until are of two sorts: write both as weekday and time, which comes every week, or both as date and time",
    )
}

/// Of spans that are spelt alike: another spelling is left to the reader.
fn equal_moments() -> Validation {
    Validation::new(
        "!has(self.from) || !has(self.until) || self.from.trim().matches('^[0-9]') || self.from.trim().lowerAscii() != self.until.trim().lowerAscii()",
        "the span starts and ends at the same time of the week: for what holds all week, put the values into default and remove the window",
    )
}

/// Of dates whose order shows in their letters: both by the same clock, down to the same unit. And of equal ones.
fn backwards() -> Validation {
    const LOCAL: &str = "'^[0-9-]{10}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$'";
    const MINUTE: &str = "'^[0-9-]{10}T[0-9]{2}:[0-9]{2}[^.]{0,6}$'";
    let alike = |pattern: &str, same: &str| {
        format!("(self.from.matches({pattern}) && self.until.matches({pattern}) && {same})")
    };
    let local = alike(LOCAL, "self.from.size() == self.until.size()");
    let same_offset = alike(MINUTE, "self.from.substring(16) == self.until.substring(16)");
    Validation::new(
        format!(
            "!has(self.from) || !has(self.until) || !self.from.trim().matches('^[0-9]') || (({local} || {same_offset}) ? self.from < self.until : self.from != self.until)"
        ),
        "the span ends before it starts, or at once: until is the first moment at which it is over",
    )
}

/// Both ends of a range have a year or neither has, and those with a year are in order.
fn date() -> Vec<Validation> {
    vec![Validation::new(
        "self.split('..').size() != 2 || (self.split('..')[0].trim().size() == self.split('..')[1].trim().size() && (self.split('..')[0].trim().size() < 10 || self.split('..')[0].trim() <= self.split('..')[1].trim()))",
        "a range has two dates, the first one first, both with a year or both without: 2026-11-27..2026-11-30, 12-24..01-01",
    )]
}
