//! Problems as JSON; the shape is stable.

use serde_json::{Value, json};

use crate::policy::Problem;

/// `{"problems": [{"severity", "code", "message", "source", "hint"}]}`, all of them; a key that does not apply is null.
#[must_use]
pub fn json(problems: &[Problem]) -> Value {
    json!({ "problems": list(problems) })
}

pub(in crate::report) fn list(problems: &[Problem]) -> Vec<Value> {
    problems
        .iter()
        .map(|problem| {
            json!({
                "severity": problem.severity.to_string(),
                "code": problem.code,
                "message": problem.message,
                "source": problem.source(),
                "hint": problem.hint,
            })
        })
        .collect()
}
