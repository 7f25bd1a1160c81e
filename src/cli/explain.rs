//! `easyscale explain`.

use std::path::Path;
use std::sync::Arc;

use super::args::{ExplainArgs, TextOrJson};
use super::exit::Exit;
use super::load;
use super::printer::Printer;
use super::values::known_kind;
use crate::policy::{Rule, Target, meant};
use crate::report::explain::{Explained, json, text};

/// So many names are listed where somebody may look for one.
const LISTED: usize = 8;

pub(super) fn run(args: ExplainArgs, printer: Printer) -> anyhow::Result<Exit> {
    let ExplainArgs {
        subject,
        policies,
        at,
        edges,
        output,
    } = args;
    let Some(loaded) = load::rules(&policies, printer, output == TextOrJson::Json)? else {
        return Ok(Exit::Failed);
    };
    load::warn_of_old_zone_rules(at, printer);
    let rule = match find(&loaded.rules, &subject) {
        Ok(rule) => rule,
        Err(unfound) => {
            printer.error(&unfound.message, Some(&unfound.hint));
            return Ok(Exit::Failed);
        }
    };
    let explained = Explained::new(rule, at.unwrap_or_else(load::now), edges);
    printer.data(&match output {
        TextOrJson::Text => text(&explained),
        TextOrJson::Json => json(&explained),
    })?;
    Ok(Exit::Done)
}

/// Why there is not one rule to explain.
#[derive(Debug, PartialEq, Eq)]
struct Unfound {
    message: String,
    hint: String,
}

/// The rule that somebody means: by its name, else by its target, written as `kind/namespace/name`,
/// `namespace/name`, `kind/name` or `name`, whichever fits first.
fn find<'a>(rules: &'a [Arc<Rule>], subject: &str) -> Result<&'a Rule, Unfound> {
    if let Some(rule) = rules.iter().find(|rule| rule.name == subject) {
        return Ok(rule);
    }
    let parts: Vec<&str> = subject.split('/').collect();
    let with = |fits: &dyn Fn(&Target) -> bool| -> Vec<&'a Rule> {
        let rules = rules.iter().map(Arc::as_ref);
        rules.filter(|rule| fits(&rule.target)).collect()
    };
    let found = match parts.as_slice() {
        [kind, namespace, name] => {
            with(&|target| is_kind(target, kind) && target.namespace == *namespace && target.name == *name)
        }
        [first, name] => {
            let named = with(&|target| target.namespace == *first && target.name == *name);
            if named.is_empty() {
                with(&|target| is_kind(target, first) && target.name == *name)
            } else {
                named
            }
        }
        [name] => with(&|target| target.name == *name),
        _ => Vec::new(),
    };
    match found.as_slice() {
        [rule] => Ok(rule),
        [] => Err(unknown(rules, subject, &parts)),
        several => Err(Unfound {
            message: format!("{subject:?} is the target of {} rules", several.len()),
            hint: format!(
                "say which one: {}",
                list(several.iter().map(|rule| spelt(&rule.target)))
            ),
        }),
    }
}

fn is_kind(target: &Target, word: &str) -> bool {
    match known_kind(word) {
        Some((group, kind)) => target.group == group && target.kind == kind,
        None => target.kind.eq_ignore_ascii_case(word),
    }
}

fn unknown(rules: &[Arc<Rule>], subject: &str, parts: &[&str]) -> Unfound {
    let message = format!("no rule has the name or the target {subject:?}");
    let near = nearest(rules, subject, parts);
    let hint = if !near.is_empty() {
        format!("did you mean {}?", choice(&near))
    } else if Path::new(subject).exists() {
        format!("{subject:?} is a path; say first what to explain: `easyscale explain RULE {subject}`")
    } else {
        format!("there are {}", list(rules.iter().map(|rule| both(rule))))
    };
    Unfound { message, hint }
}

/// What is written nearly so, best first: rules, then targets, then targets of that name elsewhere.
fn nearest(rules: &[Arc<Rule>], subject: &str, parts: &[&str]) -> Vec<String> {
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    let mut near: Vec<String> = meant(subject, &names).into_iter().map(str::to_owned).collect();
    let is_near = |written: &str, known: &str| written == known || meant(written, &[known]).is_some();
    let fits = |target: &Target| match parts {
        [kind, namespace, name] => {
            (is_kind(target, kind) || is_near(kind, &target.kind))
                && is_near(namespace, &target.namespace)
                && is_near(name, &target.name)
        }
        [first, name] => {
            let first_fits =
                is_near(first, &target.namespace) || is_near(first, &target.kind) || is_kind(target, first);
            first_fits && is_near(name, &target.name)
        }
        [name] => is_near(name, &target.name),
        _ => false,
    };
    let elsewhere = |target: &Target| parts.last().is_some_and(|name| *name == target.name);
    let by: [&dyn Fn(&Target) -> bool; 2] = [&fits, &elsewhere];
    for fits in by {
        if near.is_empty() {
            let targets = rules.iter().map(|rule| &rule.target);
            near.extend(targets.filter(|target| fits(target)).map(spelt));
        }
    }
    near.truncate(3);
    near
}

/// As one can write it here.
fn spelt(target: &Target) -> String {
    let kind = target.kind.to_ascii_lowercase();
    let kind = if target.is_autoscaler() { "hpa" } else { &kind };
    format!("{kind}/{}/{}", target.namespace, target.name)
}

fn both(rule: &Rule) -> String {
    format!("{} ({})", rule.name, spelt(&rule.target))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match items.get(..LISTED) {
        Some(first) if items.len() > LISTED => {
            format!("{} and {} more", first.join(", "), items.len() - LISTED)
        }
        _ => items.join(", "),
    }
}

fn choice(items: &[String]) -> String {
    match items {
        [most @ .., last] if !most.is_empty() => format!("{} or {last}", most.join(", ")),
        _ => items.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::check;

    const RULE: &str = "
apiVersion: easyscale.io/v1
kind: ScalingRule
metadata: {name: NAME}
spec:
  target: TARGET
  schedule: [{name: Always, minReplicas: 2}]
";

    fn rules() -> Vec<Arc<Rule>> {
        let rule = |name: &str, target: &str| RULE.replace("NAME", name).replace("TARGET", target);
        let texts = [
            rule("peak", "{kind: Deployment, namespace: shop, name: checkout}"),
            rule(
                "nights",
                "{kind: HorizontalPodAutoscaler, namespace: shop, name: checkout}",
            ),
            rule("weekend", "{kind: StatefulSet, namespace: shop, name: ledger}"),
            rule("staging", "{kind: Deployment, namespace: staging, name: basket}"),
            rule(
                "rollout",
                "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, namespace: shop, name: web}",
            ),
            // A rule may have the name of another one's target.
            rule("basket", "{kind: Deployment, namespace: shop, name: search}"),
        ];
        let loaded = check(vec![("rules.yaml".to_owned(), texts.join("---"))]);
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        loaded.rules
    }

    #[test]
    fn a_rule_is_found_by_its_name_or_its_target() {
        for (subject, name) in [
            ("peak", "peak"),
            ("deployment/shop/checkout", "peak"),
            ("Deploy/shop/checkout", "peak"),
            ("hpa/shop/checkout", "nights"),
            ("HorizontalPodAutoscaler/shop/checkout", "nights"),
            ("deploy/checkout", "peak"),
            ("shop/ledger", "weekend"),
            ("sts/ledger", "weekend"),
            ("ledger", "weekend"),
            ("ROLLOUT/shop/web", "rollout"),
            ("basket", "basket"),
            ("staging/basket", "staging"),
        ] {
            assert_eq!(
                find(&rules(), subject).map(|rule| rule.name.as_str()),
                Ok(name),
                "{subject}"
            );
        }
    }

    #[test]
    fn who_is_not_found_is_told_what_there_is() {
        let says = |subject: &str| {
            let unfound = find(&rules(), subject).map(|rule| rule.name.clone()).unwrap_err();
            format!("{}; {}", unfound.message, unfound.hint)
        };
        let unknown = |subject: &str, hint: &str| {
            assert_eq!(
                says(subject),
                format!("no rule has the name or the target {subject:?}; {hint}")
            );
        };
        unknown("peek", "did you mean peak?");
        unknown("weekends", "did you mean weekend?");
        unknown(
            "deployment/shp/checkout",
            "did you mean deployment/shop/checkout?",
        );
        unknown(
            "deployment/shop/chekout",
            "did you mean deployment/shop/checkout?",
        );
        unknown("deploymnt/shop/chekout", "did you mean deployment/shop/checkout?");
        unknown(
            "shop/chekout",
            "did you mean deployment/shop/checkout or hpa/shop/checkout?",
        );
        unknown("production/ledger", "did you mean statefulset/shop/ledger?");
        unknown(
            "src",
            "\"src\" is a path; say first what to explain: `easyscale explain RULE src`",
        );
        unknown(
            "a/b/c/d",
            "there are peak (deployment/shop/checkout), nights (hpa/shop/checkout), weekend \
             (statefulset/shop/ledger), staging (deployment/staging/basket), rollout (rollout/shop/web), basket \
             (deployment/shop/search)",
        );
        unknown(
            "",
            "there are peak (deployment/shop/checkout), nights (hpa/shop/checkout), weekend \
             (statefulset/shop/ledger), staging (deployment/staging/basket), rollout (rollout/shop/web), basket \
             (deployment/shop/search)",
        );
        for subject in ["checkout", "shop/checkout"] {
            assert_eq!(
                says(subject),
                format!(
                    "{subject:?} is the target of 2 rules; say which one: deployment/shop/checkout, hpa/shop/checkout"
                )
            );
        }
    }

    #[test]
    fn long_lists_are_cut() {
        let names = |count: usize| list((0..count).map(|number| number.to_string()));
        assert_eq!(names(8), "0, 1, 2, 3, 4, 5, 6, 7");
        assert_eq!(names(10), "0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
    }
}
