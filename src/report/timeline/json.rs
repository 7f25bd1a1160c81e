//! The stable JSON of `timeline`; docs/timeline.md describes it. One segment per line.

use serde::Serialize;

use super::{Row, Timeline};
use crate::engine::{Segment, Want};
use crate::policy::Rule;
use crate::report::escape::json_escaped;
use crate::time::tzdb_version;

#[derive(Serialize)]
struct TargetJson<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SegmentJson<'a> {
    from: String,
    until: String,
    replicas: Option<u32>,
    min_replicas: Option<u32>,
    max_replicas: Option<u32>,
    windows: Vec<&'a str>,
}

/// A timeline as one JSON document with a newline.
pub fn json(timeline: &Timeline) -> impl Iterator<Item = String> {
    let head = format!(
        "{{\n  \"tzdb\": {},\n  \"from\": \"{}\",\n  \"until\": \"{}\",\n  \"targets\": [",
        one_line(tzdb_version()),
        timeline.from,
        timeline.until
    );
    let targets = timeline.rows.iter().enumerate().map(|(index, row)| {
        let comma = if index == 0 { "" } else { "," };
        format!("{comma}\n{}", target(row))
    });
    let end = if timeline.rows.is_empty() {
        "]\n}\n"
    } else {
        "\n  ]\n}\n"
    };
    std::iter::once(head)
        .chain(targets)
        .chain(std::iter::once(end.to_owned()))
}

fn target(row: &Row) -> String {
    let rule = &row.rule;
    let target = TargetJson {
        kind: &rule.target.kind,
        namespace: &rule.target.namespace,
        name: &rule.target.name,
    };
    let segments: Vec<String> = row
        .segments
        .iter()
        .map(|each| format!("        {}", one_line(&segment(rule, each))))
        .collect();
    format!(
        "    {{\n      \"rule\": {},\n      \"source\": {},\n      \"target\": {},\n      \"timezone\": {},\n      \
         \"segments\": [\n{}\n      ]\n    }}",
        one_line(&rule.name),
        one_line(&rule.place.to_string()),
        one_line(&target),
        one_line(row.zone.name()),
        segments.join(",\n")
    )
}

fn segment<'a>(rule: &'a Rule, segment: &Segment) -> SegmentJson<'a> {
    let value = |want: Option<Want>| want.map(|want| want.value);
    let windows = segment.windows();
    let named = windows.iter().filter_map(|index| rule.schedule.get(*index));
    SegmentJson {
        from: segment.from.to_string(),
        until: segment.until.to_string(),
        replicas: value(segment.replicas),
        min_replicas: value(segment.floor),
        max_replicas: value(segment.ceiling),
        windows: named.map(|window| window.name.as_str()).collect(),
    }
}

fn one_line(value: &(impl Serialize + ?Sized)) -> String {
    // Structs of strings and numbers: serialisation has nothing to fail on.
    json_escaped(serde_json::to_string(value).unwrap_or_default())
}
