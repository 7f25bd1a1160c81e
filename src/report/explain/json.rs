//! The stable JSON of `explain`; docs/explain.md describes it.

use serde::Serialize;

use super::super::escape::json_escaped;
use super::super::json::adjusted;
use super::bounds::Bound;
use super::edges::Edge;
use super::{Explained, is_asleep};
use crate::engine::{Activity, Changeover, Considered, Effect, Hidden, Segment, Standing, Why};
use crate::plan::reasons;
use crate::policy::{Rule, Window};
use crate::time::{Instant, tzdb_version};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    at: String,
    local: String,
    tzdb: &'a str,
    rule: &'a str,
    source: String,
    target: Reference<'a>,
    asked: AskedJson,
    bounds: Vec<BoundJson>,
    windows: Vec<WindowJson<'a>>,
    next: Option<EdgeJson<'a>>,
    edges: Vec<EdgeJson<'a>>,
    clock_changes: Vec<ChangeJson<'a>>,
}

#[derive(Serialize)]
struct Reference<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct AskedJson {
    replicas: Option<u32>,
    min_replicas: Option<u32>,
    max_replicas: Option<u32>,
    asleep: bool,
}

#[derive(Serialize)]
struct BoundJson {
    bound: &'static str,
    value: u32,
    window: Option<String>,
    source: String,
    adjusted: Option<&'static str>,
}

#[derive(Serialize)]
struct WindowJson<'a> {
    name: &'a str,
    source: String,
    timezone: &'a str,
    priority: i32,
    state: &'static str,
    since: Option<String>,
    until: Option<String>,
    opens: Option<String>,
    bounds: Vec<StandingJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StandingJson<'a> {
    bound: &'static str,
    value: u32,
    source: String,
    holds: bool,
    loses_to: Option<&'a str>,
    why: Option<&'static str>,
}

#[derive(Clone, Serialize)]
struct EdgeJson<'a> {
    at: String,
    until: String,
    local: String,
    from: AskedJson,
    to: AskedJson,
    steps: usize,
    opens: Vec<&'a str>,
    ends: Vec<&'a str>,
    ramps: Vec<&'a str>,
    windows: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeJson<'a> {
    at: String,
    timezone: &'a str,
    direction: &'static str,
    seconds: u32,
    /// The stretch of wall-clock time that is skipped or repeated.
    from: String,
    until: String,
    windows: Vec<EffectJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EffectJson<'a> {
    name: &'a str,
    written_start: String,
    written_end: String,
    start: Option<String>,
    end: Option<String>,
    written_seconds: i64,
    seconds: i64,
}

/// The same as the text, as one JSON document with a newline.
#[must_use]
pub fn json(explained: &Explained<'_>) -> String {
    let rule = explained.rule;
    let edges: Vec<_> = explained.edges.iter().map(|it| edge(rule, it)).collect();
    let document = Document {
        at: explained.at.to_string(),
        local: explained.zone().local(explained.at),
        tzdb: tzdb_version(),
        rule: &rule.name,
        source: rule.place.to_string(),
        target: Reference {
            kind: &rule.target.kind,
            namespace: &rule.target.namespace,
            name: &rule.target.name,
        },
        asked: asked(&explained.now),
        bounds: bounds(explained),
        windows: rule
            .schedule
            .iter()
            .zip(&explained.explanation.windows)
            .map(|(window, considered)| self::window(rule, window, considered))
            .collect(),
        next: edges.first().cloned(),
        edges,
        clock_changes: explained.changeovers.iter().map(|it| change(rule, it)).collect(),
    };
    // Structs of strings and numbers: serialisation has nothing to fail on.
    let mut text = json_escaped(serde_json::to_string_pretty(&document).unwrap_or_default());
    text.push('\n');
    text
}

fn asked(segment: &Segment) -> AskedJson {
    AskedJson {
        replicas: segment.replicas.map(|want| want.value),
        min_replicas: segment.floor.map(|want| want.value),
        max_replicas: segment.ceiling.map(|want| want.value),
        asleep: is_asleep(segment),
    }
}

fn bounds(explained: &Explained<'_>) -> Vec<BoundJson> {
    let decision = explained.decision();
    reasons(explained.rule, &decision)
        .into_iter()
        .filter_map(|because| {
            let want = match because.bound {
                "minReplicas" => decision.floor,
                "maxReplicas" => decision.ceiling,
                _ => decision.replicas,
            };
            Some(BoundJson {
                bound: because.bound,
                value: want?.value,
                window: because.window,
                source: because.source.to_string(),
                adjusted: because.adjusted.map(adjusted),
            })
        })
        .collect()
}

fn window<'a>(rule: &'a Rule, window: &'a Window, considered: &Considered) -> WindowJson<'a> {
    let text = |at: Instant| Some(at.to_string());
    let (state, since, until, opens) = match considered.activity {
        Activity::Suspended => ("suspended", None, None, None),
        Activity::Closed { opens } => ("closed", None, None, opens.and_then(text)),
        Activity::Opening { since, full } => ("opening", text(since), text(full), None),
        Activity::Open { ends } => ("open", None, ends.and_then(text), None),
        Activity::Closing { ended, gone } => ("closing", text(ended), text(gone), None),
    };
    let standings = [
        ("minReplicas", Bound::Floor, considered.floor),
        ("maxReplicas", Bound::Ceiling, considered.ceiling),
    ];
    WindowJson {
        name: &window.name,
        source: window.place.to_string(),
        timezone: window.zone.name(),
        priority: window.priority,
        state,
        since,
        until,
        opens,
        bounds: standings
            .into_iter()
            .filter_map(|(name, bound, standing)| self::standing(rule, window, name, bound, standing?))
            .collect(),
    }
}

fn standing<'a>(
    rule: &'a Rule,
    window: &Window,
    name: &'static str,
    bound: Bound,
    standing: Standing,
) -> Option<StandingJson<'a>> {
    let set = bound.of(&window.sets)?;
    let (loses_to, why) = match standing {
        Standing::Holds => (None, None),
        Standing::Hidden(Hidden::NoStep) => (None, Some("no-step")),
        Standing::Hidden(Hidden::Asleep) => (None, Some("asleep")),
        Standing::Hidden(Hidden::NoAutoscaler) => (None, Some("no-autoscaler")),
        Standing::LosesTo { window, why } => {
            let why = match why {
                Why::Priority => "priority",
                Why::AsksMore => "asks-more",
                Why::Name => "name",
            };
            (rule.schedule.get(window), Some(why))
        }
    };
    Some(StandingJson {
        bound: name,
        value: set.value,
        source: set.place.to_string(),
        holds: standing == Standing::Holds,
        loses_to: loses_to.map(|winner| winner.name.as_str()),
        why,
    })
}

fn edge<'a>(rule: &'a Rule, edge: &Edge) -> EdgeJson<'a> {
    let named = |index: usize| rule.schedule.get(index).map(|window| window.name.as_str());
    let turned = |opens: bool| {
        let turns = edge.turns.iter().filter(move |turn| turn.opens == opens);
        turns.filter_map(|turn| named(turn.window)).collect()
    };
    EdgeJson {
        at: edge.at.to_string(),
        until: edge.until.to_string(),
        local: edge.zone(rule).local(edge.at),
        from: asked(&edge.from),
        to: asked(&edge.to),
        steps: edge.steps,
        opens: turned(true),
        ends: turned(false),
        ramps: edge.ramps.iter().copied().filter_map(named).collect(),
        windows: edge.to.windows().into_iter().filter_map(named).collect(),
    }
}

fn change<'a>(rule: &'a Rule, changeover: &'a Changeover) -> ChangeJson<'a> {
    let (from, until) = changeover.stretch();
    let effect = |effect: &Effect| {
        Some(EffectJson {
            name: &rule.schedule.get(effect.window)?.name,
            written_start: effect.start.to_string(),
            written_end: effect.end.to_string(),
            start: effect.happens.map(|(start, _)| start.to_string()),
            end: effect.happens.map(|(_, end)| end.to_string()),
            written_seconds: effect.written_seconds(),
            seconds: effect.seconds(),
        })
    };
    ChangeJson {
        at: changeover.change.at.to_string(),
        timezone: changeover.zone.name(),
        direction: if changeover.is_forward() {
            "forward"
        } else {
            "back"
        },
        seconds: changeover.seconds(),
        from: from.to_string(),
        until: until.to_string(),
        windows: changeover.effects.iter().filter_map(effect).collect(),
    }
}
