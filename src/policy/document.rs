//! Documents of rules: whether one is a `ScalingRule`, and what it says of itself around its `spec`.

use std::collections::BTreeMap;

use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::name::{self, Form};
use super::node::{Node, Value};
use super::problem::Problem;
use super::source::Span;
use super::words::{self, quoted};

pub(super) const API_VERSION: &str = "easyscale.io/v1";
pub(super) const KIND: &str = "ScalingRule";

pub(super) const DOCUMENT: Keys = Keys {
    what: "a ScalingRule",
    known: &["apiVersion", "kind", "metadata", "spec"],
    ignored: &["status"],
    synonyms: &[("version", "apiVersion"), ("meta", "metadata")],
};

pub(super) const METADATA: Keys = Keys {
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

/// A document as far as it is no rule yet.
pub(super) struct Document<'n> {
    pub(super) name: Option<(String, Span)>,
    pub(super) namespace: Option<(String, Span)>,
    pub(super) labels: BTreeMap<String, String>,
    /// What the rule says.
    pub(super) spec: Option<&'n Node>,
    /// Whether there is no mistake around it.
    pub(super) is_sound: bool,
}

/// Reads a document, or each document in a `List`.
pub(super) fn read<'n>(node: &'n Node, check: &mut Checker<'_>) -> Vec<Document<'n>> {
    if let Some(Value::Str(kind)) = node.get("kind").map(|kind| &kind.value)
        && (kind == "List" || kind == "ScalingRuleList")
        && let Some(Node {
            value: Value::Seq(items),
            ..
        }) = node.get("items")
    {
        return items.iter().filter_map(|item| one(item, check)).collect();
    }
    one(node, check).into_iter().collect()
}

fn one<'n>(node: &'n Node, check: &mut Checker<'_>) -> Option<Document<'n>> {
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
    let spec = fields.require(
        "spec",
        "say what to scale and when: `spec:`, and below it `target`, `schedule` and `default`",
        check,
    );
    let metadata = metadata.unwrap_or_default();
    Some(Document {
        name: metadata.name,
        namespace: metadata.namespace,
        labels: metadata.labels,
        spec: spec.map(|field| field.node),
        is_sound: check.errors() == errors,
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

#[derive(Default)]
struct Metadata {
    name: Option<(String, Span)>,
    namespace: Option<(String, Span)>,
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
        .and_then(|field| Some((name::read(field, Form::Label, check)?, field.node.span)));
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
