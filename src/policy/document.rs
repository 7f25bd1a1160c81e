//! One document: whether it is a `ScalingRule`, and its rule if it is a sound one.

use std::collections::BTreeMap;

use super::bounds;
use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::doubts;
use super::name::{self, Form};
use super::node::{Node, Value};
use super::problem::Problem;
use super::rule::{Limits, Rule, Setting, Target, Wake};
use super::settings::Settings;
use super::side_by_side;
use super::source::{Mark, Span};
use super::target;
use super::window::{self, Sound};
use super::words::{self, quoted};
use super::zone;
use crate::time::Zone;

pub(super) const API_VERSION: &str = "easyscale.io/v1";
pub(super) const KIND: &str = "ScalingRule";

const DOCUMENT: Keys = Keys {
    what: "a ScalingRule",
    known: &["apiVersion", "kind", "metadata", "spec"],
    ignored: &["status"],
    synonyms: &[("version", "apiVersion"), ("meta", "metadata")],
};

const METADATA: Keys = Keys {
    what: "`metadata`",
    known: &["name", "namespace", "labels", "annotations"],
    // What a cluster adds to an object that is read back from it.
    ignored: &[
        "creationTimestamp",
        "finalizers",
        "generation",
        "managedFields",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid",
    ],
    synonyms: &[],
};

const SPEC: Keys = Keys {
    what: "`spec`",
    known: &[
        "target",
        "schedule",
        "default",
        "limits",
        "timezone",
        "wake",
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
    ],
};

/// What a document says about itself to the documents beside it, sound or not.
pub(super) struct Read {
    pub(super) name: Option<(String, Mark)>,
    pub(super) target: Option<(Target, Mark)>,
    /// Only a rule without a mistake.
    pub(super) rule: Option<Rule>,
    /// The names of the rule's windows.
    pub(super) windows: Vec<Mark>,
    /// Whether a window of it reads its days and times in the zone of the settings.
    pub(super) uses_default_zone: bool,
}

/// Reads a document, or each document in a `List`.
pub(super) fn read(node: &Node, settings: &Settings, check: &mut Checker<'_>) -> Vec<Read> {
    if let Some(Value::Str(kind)) = node.get("kind").map(|kind| &kind.value)
        && (kind == "List" || kind == "ScalingRuleList")
        && let Some(Node {
            value: Value::Seq(items),
            ..
        }) = node.get("items")
    {
        return items
            .iter()
            .filter_map(|item| one(item, settings, check))
            .collect();
    }
    one(node, settings, check).into_iter().collect()
}

fn one(node: &Node, settings: &Settings, check: &mut Checker<'_>) -> Option<Read> {
    let errors = check.errors();
    if !is_scaling_rule(node, check) {
        return None;
    }
    let fields = Fields::read(node, &DOCUMENT, check)?;
    if let Some(version) = fields.require("apiVersion", &format!("write `apiVersion: {API_VERSION}`"), check)
    {
        api_version(version, check);
    }
    fields.require("kind", &format!("write `kind: {KIND}`"), check);
    let metadata = fields
        .require(
            "metadata",
            "name the rule: `metadata:`, and below it, indented, `name: my-rule`",
            check,
        )
        .and_then(|field| metadata(field.node, check));
    let spec = fields
        .require(
            "spec",
            "say what to scale and when: `spec:`, and below it `target`, `schedule` and `default`",
            check,
        )
        .and_then(|field| {
            let own = metadata.as_ref().and_then(|m| m.namespace.as_deref());
            spec(field, own.or(settings.namespace.as_deref()), settings, check)
        });
    let metadata = metadata?;
    let name = metadata.name.map(|(name, span)| (name, check.mark(span)));
    let Some(spec) = spec else {
        return Some(Read {
            name,
            target: None,
            rule: None,
            windows: Vec::new(),
            uses_default_zone: false,
        });
    };
    let target = spec
        .target
        .clone()
        .map(|(target, span)| (target, check.mark(span)));
    let windows = spec.schedule.iter().map(|sound| check.mark(sound.name)).collect();
    let rule = match (&name, spec.target) {
        (Some((name, mark)), Some((target, _))) if check.errors() == errors => Some(Rule {
            name: name.clone(),
            place: mark.place.clone(),
            labels: metadata.labels,
            target,
            schedule: spec.schedule.into_iter().map(|sound| sound.window).collect(),
            default: spec.default,
            limits: spec.limits,
            wake: spec.wake,
        }),
        _ => None,
    };
    Some(Read {
        name,
        target,
        rule,
        windows,
        uses_default_zone: spec.uses_default_zone,
    })
}

/// Whether the document is meant to be one of ours; tells what it is if not.
fn is_scaling_rule(node: &Node, check: &mut Checker<'_>) -> bool {
    let Value::Map(entries) = &node.value else {
        let problem = Problem::error(
            codes::WRONG_TYPE,
            format!(
                "a document must be a map (`key: value` lines), found {}",
                node.describe()
            ),
        )
        .hint(format!(
            "a rule starts with `apiVersion: {API_VERSION}` and `kind: {KIND}`"
        ));
        check.report(problem, node.span);
        return false;
    };
    let Some(kind) = node.get("kind") else {
        // With either of the keys it is ours and incomplete; with neither it could be anything.
        let ours = entries
            .iter()
            .any(|(key, _)| matches!(key.text.as_str(), "apiVersion" | "spec"))
            || entries
                .iter()
                .any(|(key, _)| words::meant(&key.text, &["kind"]).is_some());
        if !ours {
            let problem = Problem::error(
                codes::UNKNOWN_KIND,
                "this document does not say what it is: `apiVersion` and `kind` are missing",
            )
            .hint(format!(
                "a rule starts with `apiVersion: {API_VERSION}` and `kind: {KIND}`"
            ));
            check.report(problem, node.span);
        }
        return ours;
    };
    let Value::Str(text) = &kind.value else {
        let problem = Problem::error(
            codes::WRONG_TYPE,
            format!("`kind` must be text, found {}", kind.describe()),
        )
        .hint(format!("write `kind: {KIND}`"));
        check.report(problem, kind.span);
        return false;
    };
    if text == KIND {
        return true;
    }
    let problem = Problem::error(
        codes::UNKNOWN_KIND,
        format!("this document is of kind {}, expected `{KIND}`", quoted(text)),
    );
    let close = words::meant(text, &[KIND]).is_some();
    let problem = if close {
        problem.hint(format!("did you mean `{KIND}`?"))
    } else if text == "List" || text == "ScalingRuleList" {
        problem.hint("a list needs `items`, a list of ScalingRule documents")
    } else {
        problem.hint(format!(
            "easyscale reads only its own rules here; move other documents to another file, and name this one's object under `spec.target` of a {KIND}"
        ))
    };
    check.report(problem, kind.span);
    close
}

fn api_version(field: Field<'_>, check: &mut Checker<'_>) {
    let Some(text) = field.text(check) else {
        return;
    };
    if text != API_VERSION {
        let problem = Problem::error(
            codes::BAD_API_VERSION,
            format!("a {KIND} has no apiVersion {}", quoted(text)),
        )
        .hint(format!("write `apiVersion: {API_VERSION}`"));
        check.report(problem, field.node.span);
    }
}

struct Metadata {
    name: Option<(String, Span)>,
    namespace: Option<String>,
    labels: BTreeMap<String, String>,
}

fn metadata(node: &Node, check: &mut Checker<'_>) -> Option<Metadata> {
    let fields = Fields::read(node, &METADATA, check)?;
    let name = fields
        .require(
            "name",
            "name the rule, for example `name: weekend-scale-down`",
            check,
        )
        .and_then(|field| Some((name::read(field, Form::Subdomain, check)?, field.node.span)));
    let namespace = fields
        .get("namespace", check)
        .and_then(|field| name::read(field, Form::Label, check));
    let labels = fields
        .get_quietly("labels")
        .map(|field| labels(field, check))
        .unwrap_or_default();
    Some(Metadata {
        name,
        namespace,
        labels,
    })
}

fn labels(field: Field<'_>, check: &mut Checker<'_>) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    match &field.node.value {
        Value::Map(entries) => {
            for (key, node) in entries {
                match &node.value {
                    Value::Str(text) => {
                        labels.insert(key.text.clone(), text.clone());
                    }
                    _ => {
                        let written = quoted(check.slice(node.span));
                        let problem = Problem::error(
                            codes::WRONG_TYPE,
                            format!(
                                "the label {} must be text, found {}",
                                quoted(&key.text),
                                node.describe()
                            ),
                        );
                        let problem = match node.value {
                            Value::Seq(_) | Value::Map(_) | Value::Null => problem,
                            _ => problem.hint(format!("put it in quotes: \"{}\"", written.trim_matches('`'))),
                        };
                        check.report(problem, node.span);
                    }
                }
            }
        }
        Value::Null => {}
        _ => {
            let problem = Problem::error(
                codes::WRONG_TYPE,
                format!(
                    "`labels` must be a map (`key: value` lines), found {}",
                    field.node.describe()
                ),
            )
            .hint("for example `team: shop` on a line of its own below `labels:`");
            check.report(problem, field.node.span);
        }
    }
    labels
}

struct Spec {
    uses_default_zone: bool,
    target: Option<(Target, Span)>,
    schedule: Vec<Sound>,
    default: Setting,
    limits: Limits,
    wake: Wake,
}

/// `namespace` is for a target that names none.
fn spec(
    field: Field<'_>,
    namespace: Option<&str>,
    settings: &Settings,
    check: &mut Checker<'_>,
) -> Option<Spec> {
    let errors = check.errors();
    let fields = Fields::read(field.node, &SPEC, check)?;
    let target = fields
        .require(
            "target",
            "say what to scale: `target:`, and below it, indented, `kind: Deployment`, `name` and `namespace`",
            check,
        )
        .and_then(|field| Some((target::read(field.node, namespace, check)?, field.key)));
    let zone = fields
        .get("timezone", check)
        .and_then(|field| zone::read(field, check))
        .unwrap_or_else(|| settings.zone());
    let mut sleeps = Vec::new();
    let schedule = fields
        .get("schedule", check)
        .map(|field| schedule(field, &zone, settings, &mut sleeps, check))
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
    if let Some(description) = fields.get("description", check) {
        description.text(check);
    }
    if check.errors() == errors {
        let key = |name| fields.get_quietly(name).map(|field| field.key);
        let keys = doubts::Keys {
            default: key("default"),
            limits: key("limits"),
            zone: key("timezone"),
        };
        let rule = doubts::Subject {
            windows: &schedule,
            default: &default.setting,
            limits: &limits,
            keys,
        };
        doubts::tell(&rule, check);
    }
    let uses_default_zone = !fields.has("timezone") && schedule.iter().any(|sound| !sound.names_zone);
    Some(Spec {
        uses_default_zone,
        target,
        schedule,
        default: default.setting,
        limits,
        wake,
    })
}

/// Absent or `[]`. Anything else is told elsewhere.
fn is_empty_schedule(fields: &Fields<'_>) -> bool {
    fields
        .get_quietly("schedule")
        .is_none_or(|field| matches!(&field.node.value, Value::Seq(items) if items.is_empty()))
}

fn schedule(
    field: Field<'_>,
    zone: &Zone,
    settings: &Settings,
    sleeps: &mut Vec<Span>,
    check: &mut Checker<'_>,
) -> Vec<Sound> {
    let Value::Seq(items) = &field.node.value else {
        let problem = Problem::error(
            codes::WRONG_TYPE,
            format!(
                "`schedule` must be a list of windows, found {}",
                field.node.describe()
            ),
        )
        .hint("start each window with a dash: `- name: \"Peak hours\"`, its other keys indented below");
        check.report(problem, field.node.span);
        return Vec::new();
    };
    let mut names: BTreeMap<String, Span> = BTreeMap::new();
    let mut windows = Vec::new();
    for item in items {
        let Some(read) = window::read(item, zone, &settings.calendars, check) else {
            continue;
        };
        if let Some((name, span)) = read.name {
            if let Some(first) = names.get(&name) {
                let problem = Problem::error(
                    codes::DUPLICATE_WINDOW,
                    format!("two windows of this rule have the name {}", quoted(&name)),
                )
                .also(check.mark(*first), "the first one")
                .hint("give each window a name of its own, so that messages can say which one they mean");
                check.report(problem, span);
            } else {
                names.insert(name, span);
            }
        }
        sleeps.extend(read.sleep);
        windows.extend(read.sound);
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
