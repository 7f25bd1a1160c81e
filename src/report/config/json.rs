//! The merged layers, and differences, for machines.

use serde_json::{Value, json};

use super::difference::{Difference, Move};
use super::value;
use crate::plan::{Bounds, TargetPlan};
use crate::policy::{Config, Content, Place};

/// `{"values": [{"path": [...], "value", "source"}]}`, in the order written.
#[must_use]
pub fn json(config: &Config) -> String {
    let values: Vec<Value> = config
        .leaves()
        .iter()
        .map(|leaf| {
            json!({
                "path": leaf.path,
                "value": value::json(leaf.content),
                "source": leaf.place.to_string(),
            })
        })
        .collect();
    printed(&json!({ "values": values }))
}

/// `{"values": [{"path", "from", "to"}], "targets": [{"rule", "target", "from", "to"}] or null}`; each side is null where there
/// is none. A value's side is `{"value", "source"}`; a target's side is what the plan would make of it.
#[must_use]
pub fn difference_json(difference: &Difference<'_>) -> String {
    let values: Vec<Value> = difference.values.iter().map(moved).collect();
    let targets: Option<Vec<Value>> = difference.targets.as_ref().map(|targets| {
        let target = |(old, new): &(Option<&TargetPlan>, Option<&TargetPlan>)| {
            let either = new.or(*old)?;
            Some(json!({
                "rule": either.rule,
                "target": {
                    "kind": either.target.kind,
                    "namespace": either.target.namespace,
                    "name": either.target.name,
                },
                "from": old.map(outcome),
                "to": new.map(outcome),
            }))
        };
        targets.iter().filter_map(target).collect()
    });
    printed(&json!({ "values": values, "targets": targets }))
}

fn moved(change: &Move<'_>) -> Value {
    let side = |side: Option<(&Content, &Place)>| {
        side.map(|(content, place)| json!({ "value": value::json(content), "source": place.to_string() }))
    };
    json!({ "path": change.path, "from": side(change.from), "to": side(change.to) })
}

fn outcome(plan: &TargetPlan) -> Value {
    let Bounds {
        replicas,
        min_replicas,
        max_replicas,
    } = plan.to;
    json!({
        "replicas": replicas,
        "minReplicas": min_replicas,
        "maxReplicas": max_replicas,
        "until": plan.until.map(|until| until.to_string()),
        "refused": plan.refusal().map(|refusal| refusal.code.as_str()),
    })
}

fn printed(value: &Value) -> String {
    super::super::escape::json_escaped(format!("{value:#}\n"))
}
