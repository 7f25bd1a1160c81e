//! What a rule says, wherever it is written: the keys under `spec` of a document, and under `rules.NAME` of a policy
//! file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::bounds;
use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::doubts;
use super::duration;
use super::node::{Key, Node, Value};
use super::problem::Problem;
use super::rule::{Limits, Setting, Target, Wake};
use super::settings::{self, Settings};
use super::side_by_side;
use super::source::Span;
use super::target;
use super::window::{self, Sound};
use super::words::quoted;
use super::zone;
use crate::time::Zone;

pub(super) const SPEC: Keys = Keys {
    what: "`spec`",
    known: &[
        "target",
        "schedule",
        "default",
        "limits",
        "timezone",
        "wake",
        "cooldown",
        "stagger",
        "description",
    ],
    ignored: &[],
    synonyms: &[
        ("targetref", "target"),
        ("scaletargetref", "target"),
        ("workload", "target"),
        ("windows", "schedule"),
        ("schedules", "schedule"),
        ("rules", "schedule"),
        ("otherwise", "default"),
        ("tz", "timezone"),
        ("zone", "timezone"),
        ("cooldownperiod", "cooldown"),
        ("cooldownseconds", "cooldown"),
        ("staggering", "stagger"),
        ("spread", "stagger"),
    ],
};

/// The same keys under `rules.NAME` of a policy file.
pub(super) const RULE: Keys = Keys {
    what: "a rule",
    known: SPEC.known,
    ignored: SPEC.ignored,
    synonyms: SPEC.synonyms,
};

/// How the parts of a rule that have names may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As a custom resource: as lists.
    Document,
    /// As lists, or as maps by name.
    Policy,
}

/// A rule without its name.
pub(super) struct Spec {
    pub(super) uses_default_zone: bool,
    pub(super) target: Option<(Target, Span)>,
    pub(super) schedule: Vec<Sound>,
    pub(super) default: Setting,
    pub(super) limits: Limits,
    pub(super) wake: Wake,
    pub(super) cooldown: u32,
    pub(super) stagger: u32,
}

/// Reads a rule; `namespace` is for a target that names none, `near` the rule whose name is nearly that of this one.
pub(super) fn read(
    node: &Node,
    form: Form,
    namespace: Option<&str>,
    near: Option<&str>,
    settings: &Settings,
    check: &mut Checker<'_>,
) -> Option<Spec> {
    let keys = match form {
        Form::Document => &SPEC,
        Form::Policy => &RULE,
    };
    let errors = check.errors();
    let fields = Fields::read(node, keys, check)?;
    let hint = match near {
        Some(near) => &format!(
            "is it to adjust the rule {}? its name is written otherwise",
            quoted(near)
        ),
        None => {
            "say what to scale: `target:`, and below it, indented, `kind: Deployment`, `name` and `namespace`"
        }
    };
    let target = fields
        .require("target", hint, check)
        .and_then(|field| Some((target::read(field.node, namespace, check)?, field.key)));
    let zone = fields
        .get("timezone", check)
        .and_then(|field| zone::read(field, check))
        .unwrap_or_else(|| settings.zone());
    let mut sleeps = Vec::new();
    let schedule = fields
        .get("schedule", check)
        .map(|field| schedule(field, form, &zone, settings, &mut sleeps, check))
        .unwrap_or_default();
    let default = fields
        .get("default", check)
        .and_then(|field| bounds::default(field.node, check))
        .unwrap_or_default();
    sleeps.extend(default.sleep);
    side_by_side::compare_windows(&schedule, &default.setting, check);
    let limits = fields
        .get("limits", check)
        .and_then(|field| bounds::limits(field.node, check));
    let (limits, lowest) = limits.unwrap_or_default();
    let namespace = target.as_ref().map(|(target, _)| target.namespace.as_str());
    let allowed = namespace.map_or_else(Limits::default, |namespace| settings.limits.of(namespace));
    let is_told = settings.home.is_none() || settings.home.as_deref() == namespace;
    if let (Some(least), Some(namespace)) = (allowed.min, namespace)
        && least.value > 0
        && is_told
    {
        for sleep in &sleeps {
            let problem = Problem::error(
                codes::SLEEP_BELOW_LIMIT,
                format!(
                    "`replicas: 0` is below the limit of {} for the namespace {} ({})",
                    least.value,
                    quoted(namespace),
                    least.place
                ),
            )
            .hint("ask whoever runs easyscale to allow it, or write `replicas: 1` or more");
            check.report(problem, *sleep);
        }
    }
    if let (Some(min), Some(lowest)) = (&limits.min, lowest)
        && min.value > 0
    {
        for sleep in sleeps {
            let problem = Problem::error(
                codes::SLEEP_BELOW_LIMIT,
                format!("`replicas: 0` is below the rule's own limit of {}", min.value),
            )
            .also(check.mark(lowest), "the limit")
            .hint("write `limits.minReplicas: 0`, or leave it out, to let nothing run at times");
            check.report(problem, sleep);
        }
    }
    if !fields.has("default") && is_empty_schedule(&fields) {
        let problem = Problem::error(
            codes::EMPTY_RULE,
            "the rule changes nothing: it has neither a window in `schedule` nor a `default`",
        )
        .hint("add a window (`- name:`, `days:`, `replicas:`) below `schedule:`");
        let span = fields
            .get_quietly("schedule")
            .map_or(fields.span, |schedule| schedule.key);
        check.report(problem, span);
    }
    let wake = fields
        .get("wake", check)
        .and_then(|field| wake(field, check))
        .unwrap_or_default();
    let cooldown = fields
        .get("cooldown", check)
        .and_then(|field| duration::read(field, check))
        .map_or(0, |cooldown| cooldown.seconds);
    let stagger = fields
        .get("stagger", check)
        .and_then(|field| settings::stagger(field, check))
        .unwrap_or(settings.stagger);
    if let Some(description) = fields.get("description", check) {
        description.text(check);
    }
    if check.errors() == errors {
        let key = |name| fields.get_quietly(name).map(|field| field.key);
        let keys = doubts::Keys {
            default: key("default"),
            limits: key("limits"),
            // In layers, the windows that it is for may be those of a profile that does not count now.
            zone: key("timezone").filter(|_| form == Form::Document || !schedule.is_empty()),
        };
        let rule = doubts::Subject {
            windows: &schedule,
            default: &default.setting,
            limits: &limits,
            keys,
        };
        doubts::tell(&rule, check);
    }
    let limits = match namespace {
        Some(namespace) => settings.limits.narrow(limits, namespace),
        None => limits,
    };
    let uses_default_zone = !fields.has("timezone") && schedule.iter().any(|sound| !sound.names_zone);
    Some(Spec {
        uses_default_zone,
        target,
        schedule,
        default: default.setting,
        limits,
        wake,
        cooldown,
        stagger,
    })
}

/// Absent, `[]` or `{}`. Anything else is told elsewhere.
fn is_empty_schedule(fields: &Fields<'_>) -> bool {
    fields
        .get_quietly("schedule")
        .is_none_or(|field| match &field.node.value {
            Value::Seq(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            _ => false,
        })
}

fn schedule(
    field: Field<'_>,
    form: Form,
    zone: &Zone,
    settings: &Settings,
    sleeps: &mut Vec<Span>,
    check: &mut Checker<'_>,
) -> Vec<Sound> {
    let entries: Vec<(Option<&Key>, &Node)> = match &field.node.value {
        Value::Seq(items) => items.iter().map(|item| (None, item)).collect(),
        Value::Map(entries) if form == Form::Policy => {
            entries.iter().map(|(key, node)| (Some(key), node)).collect()
        }
        _ => {
            tell_no_windows(field.node, form, check);
            return Vec::new();
        }
    };
    let mut names: BTreeMap<String, Span> = BTreeMap::new();
    let mut windows = Vec::with_capacity(entries.len());
    for (key, node) in entries {
        let Some(read) = window::read(key, node, zone, &settings.calendars, check) else {
            continue;
        };
        if let Some((name, span)) = read.name {
            if let Some(first) = names.get(&name) {
                tell_twice(&name, span, *first, check);
            } else {
                names.insert(name, span);
            }
        }
        sleeps.extend(read.sleep);
        windows.extend(read.sound);
    }
    windows
}

fn tell_no_windows(node: &Node, form: Form, check: &mut Checker<'_>) {
    let list = "start each window with a dash: `- name: \"Peak hours\"`, its other keys indented below";
    let (what, hint) = match form {
        Form::Document => ("a list of windows", list),
        Form::Policy => (
            "windows by name, or a list of windows",
            "write the name of each window, and below it, indented, what it says: `peak:`",
        ),
    };
    let problem = Problem::error(
        codes::WRONG_TYPE,
        format!("`schedule` must be {what}, found {}", node.describe()),
    );
    check.report(problem.hint(hint), node.span);
}

fn tell_twice(name: &str, span: Span, first: Span, check: &mut Checker<'_>) {
    let problem = Problem::error(
        codes::DUPLICATE_WINDOW,
        format!("two windows of this rule have the name {}", quoted(name)),
    )
    .also(check.mark(first), "the first one")
    .hint("give each window a name of its own, so that messages can say which one they mean");
    check.report(problem, span);
}

/// A rule with its windows by name, so that layers can be joined; what has no name, or one twice, is told and left out.
pub(super) fn by_name<'n>(rule: &'n Node, form: Form, check: &mut Checker<'_>) -> Cow<'n, Node> {
    match rule.get("schedule") {
        Some(schedule) if matches!(schedule.value, Value::Map(_)) && form == Form::Document => {
            tell_no_windows(schedule, form, check);
        }
        Some(Node {
            value: Value::Seq(_), ..
        }) => return Cow::Owned(with_named_windows(rule.clone(), check)),
        _ => {}
    }
    Cow::Borrowed(rule)
}

fn with_named_windows(mut rule: Node, check: &mut Checker<'_>) -> Node {
    let entries = match &mut rule.value {
        Value::Map(entries) => entries.as_mut_slice(),
        _ => &mut [],
    };
    for (_, node) in entries.iter_mut().filter(|(key, _)| key.text == "schedule") {
        if let Value::Seq(items) = &mut node.value {
            let items = std::mem::take(items);
            node.value = Value::Map(named(items, check));
        }
    }
    rule
}

fn named(items: Vec<Node>, check: &mut Checker<'_>) -> Vec<(Key, Node)> {
    let mut names: BTreeMap<String, Span> = BTreeMap::new();
    let mut windows = Vec::with_capacity(items.len());
    for mut item in items {
        let Some(name) = window::name_in_list(&item, check) else {
            continue;
        };
        if let Some(first) = names.get(&name.text) {
            tell_twice(&name.text, name.span, *first, check);
            continue;
        }
        names.insert(name.text.clone(), name.span);
        if let Value::Map(entries) = &mut item.value {
            entries.retain(|(key, _)| key.text != "name");
        }
        windows.push((name, item));
    }
    windows
}

fn wake(field: Field<'_>, check: &mut Checker<'_>) -> Option<Wake> {
    let text = field.text(check)?;
    if text == "always" {
        return Some(Wake::Always);
    }
    let problem = Problem::error(
        codes::UNKNOWN_CHOICE,
        format!("`wake` cannot be {}", quoted(text)),
    )
    .hint("write `wake: always` to raise what somebody else put to 0, or remove the line");
    check.report(problem, field.node.span);
    None
}
