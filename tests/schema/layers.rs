//! Policy files: a layer may leave anything to others, and delete what they said.

use easyscale::policy::{Severity, check, schema};
use serde_json::{Value, json};

use crate::knowledge::OF_PARTS;
use crate::{POLICY, said};

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn a_layer_may_be_a_part() {
    for text in [
        "defaults: {timezone: Europe/Berlin}",
        "defaults: {timezone: ~, namespace: {delete: true}}",
        "defaults: {stagger: 5m}",
        "defaults: {stagger: null}",
        "rules: {checkout: {cooldown: 5m, stagger: 90s}}",
        "rules: {checkout: {cooldown: null, stagger: {delete: true}}}",
        "defaults: null",
        "calendars: {delete: true}",
        "calendars: {holidays: {description: Of the company}, old: null, older: {delete: true}}",
        "calendars: {delete: {dates: 12-25}}",
        "rules: {checkout: {wake: always}}",
        "rules: {checkout: {wake: null}}",
        "rules: {checkout: {wake: {delete: true}, default: {minReplicas: null}, limits: null}}",
        "rules: {checkout: {target: {kind: Rollout}}}",
        "rules: {checkout: {schedule: {}}}",
        "rules: {checkout: {schedule: []}}",
        "rules: {checkout: {schedule: {peak: {timeEnd: '19:00'}, lull: null, noon: {delete: true}}}}",
        "rules: {checkout: {schedule: {peak: {from: Fri 20:00}}}}",
        "rules: {checkout: {schedule: {peak: {cron: '@daily', timeStart: null, replicas: null, minReplicas: 2}}}}",
        "rules: {checkout: {schedule: {peak: {suspend: {delete: true}, days: {delete: true}, except: {dates: null}}}}}",
        "rules: {checkout: {schedule: [{name: peak, replicas: 3}, {name: lull, priority: null}]}}",
        "defaults: {delete: true, namespace: shop}",
        "rules: {checkout: {delete: true, wake: always, schedule: {delete: true, peak: {replicas: 3}}}}",
        "rules: {checkout: null, search: {delete: true}}",
        "profile: {prod: {rules: {checkout: {default: {replicas: 5}}}, defaults: {namespace: shop}}}",
        "rules: {checkout: {schedule: [{name: peak, delete: true}]}}",
    ] {
        let said = said(&POLICY, &yaml(text));
        assert!(said.is_empty(), "{text}\n{said}");
        let wrong = errors(text);
        assert!(
            wrong.iter().all(|code| OF_PARTS.contains(code)),
            "{text}\n{wrong:?}"
        );
    }
}

/// What the reader says against a layer that stands alone.
fn errors(text: &str) -> Vec<&'static str> {
    let problems = check(vec![("layer.yaml".to_owned(), text.to_owned())]).problems;
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| problem.code).collect()
}

#[test]
fn what_no_layer_can_put_right_is_refused() {
    for text in [
        "[]",
        "rule: {}",
        "defaults: {zone: Europe/Berlin}",
        "defaults: Europe/Berlin",
        "defaults: {timezone: 5}",
        "defaults: {stagger: 5}",
        "defaults: {cooldown: 5m}",
        "defaults: {delete: false}",
        "calendars: {holidays: {dates: []}}",
        "calendars: {holidays: {dates: [~]}}",
        "calendars: {holidays: [12-25]}",
        "calendars: {'': {dates: 12-25}}",
        "rules: {Checkout: {wake: always}}",
        "rules: {checkout: {wake: never}}",
        "rules: {checkout: {cooldown: 0s}}",
        "rules: {checkout: {stagger: soon}}",
        "rules: {checkout: {schedule: {peak: {name: other}}}}",
        "rules: {checkout: {schedule: [{replicas: 3}]}}",
        "rules: {checkout: {schedule: [null]}}",
        "rules: {checkout: {schedule: {peak: {timeStart: '24:00'}}}}",
        "rules: {checkout: {schedule: {peak: {timeStart: {delete: false}}}}}",
        "rules: {checkout: {schedule: {peak: {timeStart: {delete: true, other: 1}}}}}",
        "rules: {checkout: {schedule: {peak: {maxReplicas: 0}}}}",
        "rules: {checkout: {schedule: {peak: {days: [Mon, null]}}}}",
        "profile: {prod: {profile: {}}}",
    ] {
        assert!(!POLICY.is_valid(&yaml(text)), "{text}");
        assert!(!errors(text).is_empty(), "{text}");
    }
}

#[test]
fn a_whole_rule_is_a_layer_too() {
    let rule = schema::rule();
    let example = rule["$defs"]["ScalingRule"]["properties"]["spec"]["examples"][0].clone();
    let said = said(&POLICY, &json!({"rules": {"checkout": example}}));
    assert!(said.is_empty(), "{said}");
}
