//! `replicas`, `minReplicas` and `maxReplicas`, wherever they stand.

use super::check::{Checker, Fields, Keys};
use super::codes;
use super::node::Node;
use super::problem::Problem;
use super::rule::{Limits, Replicas, Setting, Sourced};
use super::source::Span;

/// What people write instead of the keys for replicas.
pub(super) const SYNONYMS: &[(&str, &str)] = &[
    ("min", "minReplicas"),
    ("minimum", "minReplicas"),
    ("floor", "minReplicas"),
    ("minpods", "minReplicas"),
    ("max", "maxReplicas"),
    ("maximum", "maxReplicas"),
    ("ceiling", "maxReplicas"),
    ("maxpods", "maxReplicas"),
    ("count", "replicas"),
    ("pods", "replicas"),
    ("instances", "replicas"),
    ("scale", "replicas"),
];

pub(super) const DEFAULT: Keys = Keys {
    what: "`default`",
    known: &["replicas", "minReplicas", "maxReplicas"],
    ignored: &[],
    synonyms: SYNONYMS,
};

pub(super) const LIMITS: Keys = Keys {
    what: "`limits`",
    known: &["minReplicas", "maxReplicas"],
    ignored: &[],
    synonyms: SYNONYMS,
};

/// A setting, with the place of its `replicas: 0` if it is one.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) setting: Setting,
    pub(super) sleep: Option<Span>,
}

/// The setting of `default`.
pub(super) fn default(node: &Node, check: &mut Checker<'_>) -> Option<Read> {
    let fields = Fields::read(node, &DEFAULT, check)?;
    Some(setting(&fields, "`default`", check))
}

/// What the map sets by `replicas` or the two bounds; `what` is "the window".
pub(super) fn setting(fields: &Fields<'_>, what: &str, check: &mut Checker<'_>) -> Read {
    if !["replicas", "minReplicas", "maxReplicas"]
        .iter()
        .any(|name| fields.has(name))
    {
        let problem = Problem::error(codes::SETS_NOTHING, format!("{what} sets nothing")).hint(
            "say how many copies should run, for example `replicas: 2`; or set `minReplicas` and `maxReplicas`",
        );
        check.report(problem, fields.span);
        return Read::default();
    }
    let replicas = number(fields, "replicas", check);
    let min = number(fields, "minReplicas", check);
    let max = ceiling(fields, check);
    if let Some(replicas) = fields.get_quietly("replicas")
        && let Some(bound) = fields
            .get_quietly("minReplicas")
            .or_else(|| fields.get_quietly("maxReplicas"))
    {
        let problem = Problem::error(
            codes::REPLICAS_AND_BOUNDS,
            format!("{what} sets `replicas` and `{}`", bound.name),
        )
        .also(check.mark(bound.key), "one of the two is too much")
        .hint("`replicas: N` means at least N copies: keep it, or write `minReplicas` and `maxReplicas` instead");
        check.report(problem, replicas.key);
        return Read::default();
    }
    crossed(min.as_ref(), max.as_ref(), what, check);
    let sugar = replicas.is_some();
    let sleep = replicas
        .as_ref()
        .filter(|(replicas, _)| replicas.value == 0)
        .map(|(_, span)| *span);
    Read {
        setting: Setting {
            floor: replicas.or(min).map(|(floor, _)| floor),
            ceiling: max.map(|(ceiling, _)| ceiling),
            sugar,
        },
        sleep,
    }
}

/// The rule's limits, with the place of the lower one.
pub(super) fn limits(node: &Node, check: &mut Checker<'_>) -> Option<(Limits, Option<Span>)> {
    let fields = Fields::read(node, &LIMITS, check)?;
    if !fields.has("minReplicas") && !fields.has("maxReplicas") {
        let problem = Problem::error(codes::SETS_NOTHING, "`limits` sets nothing")
            .hint("write `minReplicas`, `maxReplicas` or both, or remove `limits`");
        check.report(problem, fields.span);
        return None;
    }
    let min = number(&fields, "minReplicas", check);
    let max = ceiling(&fields, check);
    crossed(min.as_ref(), max.as_ref(), "`limits`", check);
    let span = min.as_ref().map(|(_, span)| *span);
    let limits = Limits {
        min: min.map(|(min, _)| min),
        max: max.map(|(max, _)| max),
    };
    Some((limits, span))
}

/// A number of replicas and the bytes it is written in.
type Number = (Sourced<Replicas>, Span);

fn number(fields: &Fields<'_>, name: &str, check: &mut Checker<'_>) -> Option<Number> {
    let field = fields.get(name, check)?;
    let written = field.integer(codes::BAD_REPLICAS, check)?;
    if let Some(value) = u32::try_from(written.value)
        .ok()
        .filter(|value| i32::try_from(*value).is_ok())
    {
        let place = written.place;
        return Some((Sourced { value, place }, field.node.span));
    }
    let problem = if written.value < 0 {
        Problem::error(codes::BAD_REPLICAS, format!("`{name}` is below 0"))
            .hint("write how many copies should run: 0 or more")
    } else {
        Problem::error(codes::BAD_REPLICAS, format!("`{name}` is too large"))
            .hint(format!("Kubernetes counts up to {}", i32::MAX))
    };
    check.report(problem, field.node.span);
    None
}

fn ceiling(fields: &Fields<'_>, check: &mut Checker<'_>) -> Option<Number> {
    let (ceiling, span) = number(fields, "maxReplicas", check)?;
    if ceiling.value > 0 {
        return Some((ceiling, span));
    }
    let problem = Problem::error(codes::ZERO_CEILING, "`maxReplicas` must be at least 1")
        .hint("to let nothing run, write `replicas: 0` in a window");
    check.report(problem, span);
    None
}

fn crossed(min: Option<&Number>, max: Option<&Number>, what: &str, check: &mut Checker<'_>) {
    let (Some((min, min_span)), Some((max, max_span))) = (min, max) else {
        return;
    };
    if min.value > max.value {
        let problem = Problem::error(
            codes::CROSSED_BOUNDS,
            format!(
                "{what} has `minReplicas` {} above `maxReplicas` {}",
                min.value, max.value
            ),
        )
        .also(check.mark(*max_span), "the upper bound")
        .hint("the lower bound may equal the upper one, but not exceed it");
        check.report(problem, *min_span);
    }
}
