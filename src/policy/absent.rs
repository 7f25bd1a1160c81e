//! Targets that are not in the cluster that rules are checked against: only the words, since rules know no cluster.

use super::Loaded;
use super::codes;
use super::problem::Problem;
use super::rule::Target;
use super::words::quoted;

/// A target that was looked for and is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// What a rule names.
    pub target: Target,
    /// Namespace and name of an object of that kind that may be meant.
    pub near: Option<(String, String)>,
}

/// Warnings about them, where the rules name their target; `cluster` is where was looked.
#[must_use]
pub fn absences(loaded: &Loaded, absent: &[Absent], cluster: &str) -> Vec<Problem> {
    let warnings = absent.iter().map(|absent| {
        let Target {
            kind,
            namespace,
            name,
            ..
        } = &absent.target;
        let problem = Problem::warning(
            codes::ABSENT_TARGET,
            format!(
                "there is no {kind} {} in the namespace {} of {cluster}",
                quoted(name),
                quoted(namespace)
            ),
        );
        let problem = match &absent.near {
            Some((place, near)) if place == namespace => {
                problem.hint(format!("did you mean {}?", quoted(near)))
            }
            Some((place, near)) => problem.hint(format!(
                "there is {} in the namespace {}: is that the one?",
                quoted(near),
                quoted(place)
            )),
            None => problem
                .hint("check kind, name and namespace; the rule does nothing until the object is there"),
        };
        match loaded.targets.iter().find(|(target, _)| *target == absent.target) {
            Some((_, mark)) => problem.at(mark.clone()),
            None => problem,
        }
    });
    warnings.collect()
}
