//! What a controller says of its state, as people and programs get it.
//!
//! Each folder of `tests/cases/status/` has `page.html` and `status.json` as expected; how each state comes about stands
//! below. `EASYSCALE_BLESS=1 cargo test --test status` writes both anew: read the difference.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a panic is how a test fails"
)]

#[path = "timeline/markup.rs"]
mod markup;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use easyscale::cluster::{Cluster as _, Manifests};
use easyscale::plan::{
    Action, Because, Bounds, Code, Intent, Note, Options, Plan, Planner, Refusal, TargetPlan, Writes,
};
use easyscale::policy::{self, Place, Target};
use easyscale::report::status::{Filter, PolicyState, Status, Waiting, json, page};
use easyscale::time::{Instant, tzdb_version};
use serde_json::Value;

const CASES: &str = "tests/cases/status";

fn instant(text: &str) -> Instant {
    Instant::parse(text).expect("an instant")
}

fn planned(rules: &[&str], cluster: &str, at: Instant) -> Plan {
    let loaded = policy::load(&rules.iter().map(PathBuf::from).collect::<Vec<_>>());
    assert!(!loaded.has_errors(), "{:#?}", loaded.problems);
    let options = Options {
        instance: "default".to_owned(),
        prune: true,
        namespaces: BTreeSet::new(),
    };
    let planner = Planner::new(loaded.rules, options);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let observed = runtime.block_on(Manifests::new(cluster).observe(&planner));
    planner.plan(&observed.expect("manifests"), at)
}

fn good_policy() -> PolicyState {
    PolicyState {
        valid: true,
        since: instant("2026-11-20T08:15:00Z"),
        problems: Vec::new(),
    }
}

fn target(namespace: &str, name: &str) -> Target {
    Target {
        group: "apps".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// Without what differs between machines.
fn mask(text: &str) -> String {
    let version = tzdb_version();
    text.replace(&format!("zone rules {version}"), "zone rules [version]")
        .replace(&format!("\"tzdb\": \"{version}\""), "\"tzdb\": \"[version]\"")
}

fn check(name: &str, status: &Status<'_>) {
    let page = page(status, &Filter::default());
    markup::check(&page).unwrap_or_else(|fault| panic!("{name}: {fault}\n{page}"));
    for (file, said) in [("page.html", page), ("status.json", json(status))] {
        let said = mask(&said);
        let path = Path::new(CASES).join(name).join(file);
        if std::env::var_os("EASYSCALE_BLESS").is_some() {
            fs::write(&path, &said).expect("the case can be written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            said, expected,
            "{name}/{file}; if this is right: EASYSCALE_BLESS=1 cargo test --test status"
        );
    }
}

#[test]
fn a_company() {
    let plan = planned(
        &["policies/"],
        "examples/cluster.yaml",
        instant("2026-11-24T16:30:00Z"),
    );
    let waiting = [Waiting {
        target: target("default", "inference-service-x"),
        until: Some(instant("2026-11-24T16:31:00Z")),
        why: "somebody put its value back; it is set again after a pause".to_owned(),
    }];
    check(
        "company",
        &Status {
            plan: &plan,
            cluster: "context kind-dev",
            instance: "default",
            leading: Some(true),
            holder: Some("easyscale-7d9f-abcde"),
            policy: &good_policy(),
            dry_run: false,
            waiting: &waiting,
        },
    );
}

#[test]
fn trouble() {
    let at = instant("2026-11-24T10:00:00Z");
    let plan = planned(
        &["tests/cases/status/trouble/rules.yaml"],
        "tests/cases/status/trouble/cluster.yaml",
        at,
    );
    let broken = policy::load(&["tests/cases/status/trouble/broken.yaml".into()]);
    assert!(broken.has_errors());
    let policy = PolicyState {
        valid: false,
        since: instant("2026-11-20T08:15:00Z"),
        problems: broken.problems,
    };
    let status = Status {
        plan: &plan,
        cluster: "context <b>prod</b>",
        instance: "blue",
        leading: Some(false),
        holder: Some("<i>easyscale</i>-0"),
        policy: &policy,
        dry_run: false,
        waiting: &[],
    };
    check("trouble", &status);
}

#[test]
fn the_reference_has_the_keys() {
    let reference = fs::read_to_string("docs/http.md").expect("the page is readable");
    let example = reference
        .split("```json\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let example: Value = serde_json::from_str(example.expect("it has an example")).expect("it is JSON");
    let plan = plan_of(std::iter::empty());
    let policy = good_policy();
    let status: Value =
        serde_json::from_str(&json(&status_of(&plan, &policy, &[], "a"))).expect("it is JSON");
    assert_eq!(keys(&example), keys(&status));
    assert_eq!(keys(&example["controller"]), keys(&status["controller"]));
    assert_eq!(
        keys(&example["controller"]["policy"]),
        keys(&status["controller"]["policy"])
    );
    for key in keys(&status["controller"]) {
        assert!(
            reference.contains(&format!("`{key}")) || key == "policy",
            "{key} is not explained"
        );
    }
}

fn keys(object: &Value) -> BTreeSet<&str> {
    let object = object.as_object().expect("it is an object");
    object.keys().map(String::as_str).collect()
}

/// A plan as nobody should have one.
fn plan_of(targets: impl Iterator<Item = TargetPlan>) -> Plan {
    Plan {
        at: instant("2026-11-24T10:00:00Z"),
        targets: targets.collect(),
    }
}

fn hostile(text: &str, action: Action) -> TargetPlan {
    let place = Place {
        file: text.into(),
        line: 1,
        column: 1,
    };
    let target = target(text, text);
    TargetPlan {
        intent: Intent::Mention(easyscale::plan::ObjectRef::of(&target)),
        rule: text.to_owned(),
        source: Some(place.clone()),
        target,
        object: None,
        uid: String::new(),
        action,
        from: Bounds::default(),
        to: Bounds {
            replicas: Some(3),
            ..Bounds::default()
        },
        originals: Bounds::default(),
        because: vec![Because {
            bound: "replicas",
            window: Some(text.to_owned()),
            source: place,
            adjusted: None,
        }],
        until: None,
        waits: None,
        notes: vec![Note {
            code: "pinned",
            message: text.to_owned(),
            warning: true,
        }],
        writes: Writes::default(),
    }
}

fn status_of<'a>(
    plan: &'a Plan,
    policy: &'a PolicyState,
    waiting: &'a [Waiting],
    text: &'a str,
) -> Status<'a> {
    Status {
        plan,
        cluster: text,
        instance: text,
        leading: Some(false),
        holder: Some(text),
        policy,
        dry_run: false,
        waiting,
    }
}

#[test]
fn nothing_becomes_markup() {
    let long = "x".repeat(10_000);
    for text in [
        "<script>alert(1)</script>",
        "\"' onload='alert(1)' x=\"",
        "</style></table><!--",
        "]]>&lt;&#0;",
        "\u{202e}evil\u{0}\u{1b}[2J\u{2028}\u{ffff}",
        &long,
    ] {
        let refusal = Refusal::new(Code::OwnedBy, text, text);
        let plan = plan_of(
            [
                Action::Change,
                Action::None,
                Action::Restore,
                Action::Refuse(refusal),
            ]
            .into_iter()
            .map(|action| hostile(text, action)),
        );
        let waiting = [Waiting {
            target: plan.targets[1].target.clone(),
            until: None,
            why: text.to_owned(),
        }];
        let policy = good_policy();
        let status = status_of(&plan, &policy, &waiting, text);
        for filter in ["", text] {
            let page = page(&status, &Filter::new(filter));
            markup::check(&page).unwrap_or_else(|fault| panic!("{fault}\n{page}"));
            for forbidden in ["<script", "\u{202e}", "\u{0}", "\u{1b}", "</style></table>"] {
                assert!(!page.contains(forbidden), "{forbidden:?} in\n{page}");
            }
            assert!(page.len() < 100_000, "{}", page.len());
        }
        let json: Value = serde_json::from_str(&json(&status)).expect("it is JSON");
        assert_eq!(json["controller"]["holder"], text);
    }
}

#[test]
fn a_page_of_ten_thousand_targets_is_short_and_can_be_searched() {
    let refused = |number: usize| number.is_multiple_of(10);
    let plan = plan_of((0..10_000).map(|number| {
        let action = match number {
            number if refused(number) => Action::Refuse(Refusal::new(Code::TargetMissing, "gone", "make it")),
            9_999 => Action::Change,
            _ => Action::None,
        };
        hostile(&format!("web-{number}"), action)
    }));
    let policy = good_policy();
    let status = status_of(&plan, &policy, &[], "a");
    let began = std::time::Instant::now();
    let whole = page(&status, &Filter::default());
    // A fraction of a second, but the other tests run at the same time.
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    assert!(whole.len() < 300_000, "{}", whole.len());
    assert_eq!(whole.matches("<li class=\"bad\">").count(), 200);
    assert!(whole.contains("… and 800 more") && whole.contains("… and 8800 more"));
    // What changes comes first.
    assert!(whole.contains("web-9999"));
    let found = page(&status, &Filter::new(" WEB-777 "));
    assert!(found.contains("web-777") && !found.contains("web-778"));
    let none = page(&status, &Filter::new("nobody"));
    assert!(none.contains("Nothing matches.") && none.contains("value=\"nobody\""));
}
