//! `spec.target`: the object that a rule scales.

use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::name::{self, Form};
use super::node::Node;
use super::problem::Problem;
use super::rule::Target;
use super::words::{self, quoted};

pub(super) const TARGET: Keys = Keys {
    what: "`target`",
    known: &["apiVersion", "kind", "name", "namespace"],
    ignored: &[],
    synonyms: &[("ns", "namespace"), ("type", "kind"), ("version", "apiVersion")],
};

/// The kinds whose API group we know.
pub(super) const KINDS: &[(&str, &str)] = &[
    ("Deployment", "apps"),
    ("StatefulSet", "apps"),
    ("HorizontalPodAutoscaler", "autoscaling"),
];

/// What `kubectl` calls them besides.
const SHORT: &[(&str, &str)] = &[
    ("deploy", "Deployment"),
    ("deployments", "Deployment"),
    ("sts", "StatefulSet"),
    ("statefulsets", "StatefulSet"),
    ("hpa", "HorizontalPodAutoscaler"),
    ("horizontalpodautoscalers", "HorizontalPodAutoscaler"),
];

/// Kinds that can be scaled once their `apiVersion` is said.
const WITH_VERSION: &[(&str, &str)] = &[
    ("ReplicaSet", "apps/v1"),
    ("ReplicationController", "v1"),
    ("Rollout", "argoproj.io/v1alpha1"),
    ("ScaledObject", "keda.sh/v1alpha1"),
];

/// Kinds that people try and that have no number of copies to set.
pub(super) const NOT_SCALABLE: &[(&str, &str)] = &[
    ("DaemonSet", "it runs one copy on every node"),
    ("Pod", "it is a single copy"),
    ("Job", "it runs to its end"),
    ("CronJob", "it runs by its own schedule"),
    ("Service", "it only forwards traffic"),
];

/// Reads the target; `namespace` is the document's, for a target that has none.
pub(super) fn read(node: &Node, namespace: Option<&str>, check: &mut Checker<'_>) -> Option<Target> {
    let fields = Fields::read(node, &TARGET, check)?;
    let group = fields.has("apiVersion").then(|| {
        fields
            .get("apiVersion", check)
            .and_then(|field| group(field, check))
    });
    let kind = fields
        .require(
            "kind",
            "say what kind of object it is: `kind: Deployment` or `kind: StatefulSet`",
            check,
        )
        .and_then(|field| kind(field, group.as_ref(), &fields, check));
    let name = fields
        .require(
            "name",
            "write the name of the Deployment or StatefulSet, as `kubectl get deployments` shows it",
            check,
        )
        .and_then(|field| name::read(field, Form::Subdomain, check));
    let namespace = if fields.has("namespace") {
        fields
            .get("namespace", check)
            .and_then(|field| name::read(field, Form::Label, check))
    } else {
        if namespace.is_none() {
            let problem = Problem::error(codes::NO_NAMESPACE, "`target` needs `namespace`").hint(
                "write the namespace that the object lives in, for example `namespace: default`; `kubectl get deployments -A` shows it",
            );
            check.report(problem, fields.span);
        }
        namespace.map(str::to_owned)
    };
    let (group, kind) = kind?;
    Some(Target {
        group,
        kind,
        namespace: namespace?,
        name: name?,
    })
}

/// The group of an `apiVersion`.
fn group(field: Field<'_>, check: &mut Checker<'_>) -> Option<String> {
    let text = field.text(check)?;
    let (group, version) = text.split_once('/').unwrap_or(("", text));
    let word = |text: &str| {
        text.len() <= 253
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
    };
    let versioned = version.starts_with('v') && version[1..].starts_with(|c: char| c.is_ascii_digit());
    if versioned && word(group) && word(version) && !text.starts_with('/') {
        return Some(group.to_owned());
    }
    let problem = Problem::error(
        codes::BAD_TARGET_API_VERSION,
        format!("{} is not an apiVersion", quoted(text)),
    )
    .hint("it is a group and a version, for example `apps/v1`; leave it out for a Deployment or StatefulSet");
    check.report(problem, field.node.span);
    None
}

/// The group and kind. `group` is `Some(None)` when an `apiVersion` is written but was refused.
fn kind(
    field: Field<'_>,
    group: Option<&Option<String>>,
    fields: &Fields<'_>,
    check: &mut Checker<'_>,
) -> Option<(String, String)> {
    let text = field.text(check)?;
    if let Some((kind, expected)) = KINDS.iter().find(|(kind, _)| *kind == text) {
        if let (Some(Some(group)), Some(version)) = (group, fields.get_quietly("apiVersion"))
            && group != expected
        {
            let problem = Problem::error(
                codes::BAD_TARGET_API_VERSION,
                format!("a {kind} is not of the group {}", quoted(group)),
            )
            .hint(format!(
                "remove the line: easyscale knows that a {kind} is of the group `{expected}`"
            ));
            check.report(problem, version.node.span);
        }
        return Some(((*expected).to_owned(), (*kind).to_owned()));
    }
    if let Some((_, why)) = NOT_SCALABLE.iter().find(|(kind, _)| *kind == text) {
        let problem = Problem::error(
            codes::UNKNOWN_TARGET_KIND,
            format!("a {text} cannot be scaled: {why}"),
        )
        .hint("a target is a Deployment, a StatefulSet or a HorizontalPodAutoscaler");
        check.report(problem, field.node.span);
        return None;
    }
    if let Some(group) = group {
        return Some((group.clone()?, is_kind(text, field, check)?));
    }
    let names: Vec<_> = KINDS.iter().map(|(kind, _)| *kind).collect();
    let short = SHORT
        .iter()
        .find(|(short, _)| text.eq_ignore_ascii_case(short))
        .map(|(_, kind)| *kind);
    let version = WITH_VERSION
        .iter()
        .find(|(kind, _)| *kind == text)
        .map(|(_, version)| version);
    let problem = Problem::error(
        codes::UNKNOWN_TARGET_KIND,
        match version {
            Some(_) => format!("a target of kind {} needs `apiVersion`", quoted(text)),
            None => format!("unknown kind of target {}", quoted(text)),
        },
    );
    let problem = if let Some(version) = version {
        problem.hint(format!("add `apiVersion: {version}`"))
    } else if let Some(meant) = short.or_else(|| words::meant(text, &names)) {
        problem.hint(format!("did you mean `{meant}`?"))
    } else if let Some((meant, version)) = nearly_with_version(text) {
        problem.hint(format!(
            "did you mean `{meant}`? it needs `apiVersion: {version}` beside it"
        ))
    } else {
        problem.hint(format!(
            "it is {}; any other kind needs `apiVersion` beside it",
            words::choice(&names)
        ))
    };
    check.report(problem, field.node.span);
    None
}

/// The kind that needs its version, and which, if one of these is misspelt.
fn nearly_with_version(text: &str) -> Option<(&'static str, &'static str)> {
    let names: Vec<_> = WITH_VERSION.iter().map(|(kind, _)| *kind).collect();
    let meant = words::meant(text, &names)?;
    WITH_VERSION.iter().find(|(kind, _)| *kind == meant).copied()
}

/// A kind of somebody else's: one word in letters and digits.
fn is_kind(text: &str, field: Field<'_>, check: &mut Checker<'_>) -> Option<String> {
    let word = text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.len() <= 63
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if word {
        return Some(text.to_owned());
    }
    let problem = Problem::error(
        codes::UNKNOWN_TARGET_KIND,
        format!("{} is not a kind of object", quoted(text)),
    )
    .hint("a kind is one word with a capital letter, for example `Rollout`");
    check.report(problem, field.node.span);
    None
}
