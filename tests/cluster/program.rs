//! The program itself against the API server: what a CronJob runs.

use std::path::PathBuf;
use std::process::{Command, Output};

use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::road::{assert_no_trace, web};
use crate::support::{Case, Env, User, case, fixtures};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("program: plan, apply, again, restore", whole_road),
        case(
            "program: layers, a profile and --set make the plan and the bounds",
            layered_road,
        ),
        case("program: each change is one event and one log line", telling),
        case(
            "program: an unknown context, a dead server, a bad token are told",
            no_cluster,
        ),
        case("program: many pages are listed page by page", pages),
    ]
}

/// A folder of its own for a test's rules, removed with the test's control plane.
pub(crate) fn rules(env: &Env, text: &str) -> PathBuf {
    let folder = env.plane.path().join(format!("rules-{}", env.namespace));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("rule.yaml"), text).unwrap();
    folder
}

pub(crate) fn peak_rule(namespace: &str, name: &str) -> String {
    format!(
        "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {{name: {name}}}\nspec:\n  target: {{kind: \
         Deployment, name: {name}, namespace: {namespace}}}\n  schedule:\n    - {{name: peak, timeStart: '16:00', \
         timeEnd: '18:00', minReplicas: 5, maxReplicas: 20}}\n---\n"
    )
}

pub(crate) fn easyscale(env: &Env, user: &User, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_easyscale"))
        .env_clear()
        .env("KUBECONFIG", env.kubeconfig(user))
        .args(args)
        .output()
        .unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn whole_road(env: Env) {
    web(&env).await;
    let rules = rules(&env, &peak_rule(&env.namespace, "web"));
    let run = |args: &[&str]| {
        let mut all = args.to_vec();
        all.extend(["-n", &env.namespace]);
        easyscale(&env, &env.admin, &all)
    };
    let rules = rules.to_str().unwrap();
    let at = ["--at", "2026-11-24T17:00:00Z"];
    let plan = run(&["plan", rules, at[0], at[1], "--detailed-exitcode"]);
    assert_eq!(plan.status.code(), Some(2), "{}", text(&plan.stderr));
    let shown = text(&plan.stdout);
    assert!(
        shown.contains("minReplicas  2 -> 5") && shown.contains("rule.yaml:7:"),
        "{shown}"
    );
    assert!(
        shown.contains("takes over minReplicas and maxReplicas from helm"),
        "{shown}"
    );

    let applied = run(&["apply", rules, at[0], at[1], "-o", "json"]);
    assert_eq!(applied.status.code(), Some(0), "{}", text(&applied.stderr));
    assert!(text(&applied.stderr).contains("these are not the bounds of now"));
    let document: Value = serde_json::from_slice(&applied.stdout).unwrap();
    assert_eq!(document["targets"][0]["outcome"], json!("applied"));
    assert_eq!(env.bounds("web").await, (5, 20));

    let again = run(&["apply", rules, at[0], at[1]]);
    assert!(
        text(&again.stdout).contains("0 changed, 1 unchanged, 0 refused."),
        "{}",
        text(&again.stdout)
    );
    let plan = run(&["plan", rules, at[0], at[1], "--detailed-exitcode"]);
    assert_eq!(plan.status.code(), Some(0));

    let dry = run(&["restore", "--dry-run"]);
    assert!(
        text(&dry.stdout).contains("1 to restore"),
        "{}",
        text(&dry.stdout)
    );
    assert_eq!(env.bounds("web").await, (5, 20));
    let restored = run(&["restore"]);
    assert_eq!(restored.status.code(), Some(0), "{}", text(&restored.stderr));
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_no_trace(&env, "web").await;
}

/// The company's file, the team's file and staging's, a variable of the installation, and one value of one run.
async fn layered_road(env: Env) {
    web(&env).await;
    let folder = env.plane.path().join(format!("layers-{}", env.namespace));
    std::fs::create_dir_all(&folder).unwrap();
    let company = format!(
        "[defaults]\nnamespace = \"{}\"\n[rules.web]\ntarget = {{ kind = \"Deployment\", name = \"web\" }}\n\
         [rules.web.schedule.peak]\ntimeStart = 16:00\ntimeEnd = 18:00\nminReplicas = 5\nmaxReplicas = 20\n",
        env.namespace
    );
    let team = "rules: {web: {schedule: [{name: peak, minReplicas: 6}]}}\n";
    let staging = "[profile.staging.rules.web.schedule.peak]\nmaxReplicas = 9\n";
    for (name, text) in [
        ("10-company.toml", company.as_str()),
        ("20-team.yaml", team),
        ("90-staging.toml", staging),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let folder = folder.to_str().unwrap();
    let at = "2026-11-24T17:00:00Z";
    let plan = easyscale(
        &env,
        &env.admin,
        &["plan", folder, "-n", &env.namespace, "--at", at],
    );
    let shown = text(&plan.stdout);
    assert!(
        shown.contains("minReplicas  2 -> 6") && shown.contains("20-team.yaml:1:"),
        "{shown}{}",
        text(&plan.stderr)
    );
    // What the team's file does to the plan of the live cluster, for a pull request.
    let company_file = format!("{folder}/10-company.toml");
    let live = ["--context", "control-plane", "-n", &env.namespace, "--at", at];
    let mut compare = vec!["config", folder, "--diff", &company_file];
    compare.extend(live);
    let difference = easyscale(&env, &env.admin, &compare);
    let shown = text(&difference.stdout);
    assert!(
        shown.contains("The plan comes out otherwise for 1 target") && shown.contains("minReplicas  5 -> 6"),
        "{shown}{}",
        text(&difference.stderr)
    );
    let with_all = [
        "--profile",
        "staging",
        "--set",
        "rules.web.schedule.peak.minReplicas=7",
    ];
    let mut apply = vec!["apply", folder, "-n", &env.namespace, "--at", at];
    apply.extend(with_all);
    let applied = easyscale(&env, &env.admin, &apply);
    assert_eq!(applied.status.code(), Some(0), "{}", text(&applied.stderr));
    assert_eq!(env.bounds("web").await, (7, 9));
    let again = easyscale(&env, &env.admin, &apply);
    assert!(text(&again.stdout).contains("0 changed, 1 unchanged, 0 refused."));
    // A layer with a mistake: nothing is written, whatever the other layers say.
    std::fs::write(
        std::path::Path::new(folder).join("95-typo.toml"),
        "[rules.wbe]\nwake = \"always\"\n",
    )
    .unwrap();
    let refused = easyscale(
        &env,
        &env.admin,
        &["apply", folder, "-n", &env.namespace, "--at", at],
    );
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("is it to adjust the rule"),
        "{}",
        text(&refused.stderr)
    );
    assert_eq!(env.bounds("web").await, (7, 9));
    let restored = easyscale(&env, &env.admin, &["restore", "-n", &env.namespace]);
    assert_eq!(restored.status.code(), Some(0), "{}", text(&restored.stderr));
    assert_eq!(env.bounds("web").await, (2, 10));
    assert_no_trace(&env, "web").await;
}

async fn telling(env: Env) {
    web(&env).await;
    let rules = rules(&env, &peak_rule(&env.namespace, "web"));
    let args = [
        "apply",
        rules.to_str().unwrap(),
        "-n",
        &env.namespace,
        "--at",
        "2026-11-24T17:00:00Z",
        "--log-format",
        "json",
    ];
    let applied = easyscale(&env, &env.admin, &args);
    let lines: Vec<Value> = text(&applied.stderr)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let [line] = lines.as_slice() else {
        panic!("not one line: {lines:#?}")
    };
    assert_eq!(line["message"], json!("changed"));
    assert_eq!(line["name"], json!("web"));
    assert_eq!(line["change"], json!("minReplicas 2 -> 5, maxReplicas 10 -> 20"));
    assert!(
        line["sources"].as_str().unwrap().contains("rule.yaml:7:"),
        "{line}"
    );

    let events = env
        .api::<Event>()
        .list(&ListParams::default())
        .await
        .unwrap()
        .items;
    let ours: Vec<_> = events
        .iter()
        .filter(|event| event.reporting_controller.as_deref() == Some("easyscale.io/easyscale"))
        .collect();
    let [event] = ours.as_slice() else {
        panic!("not one event: {ours:#?}")
    };
    assert_eq!(event.reason.as_deref(), Some("BoundsChanged"));
    let regarding = event.regarding.as_ref().unwrap();
    assert_eq!(regarding.uid, crate::road::hpa(&env, "web").await.metadata.uid);
    assert_eq!(
        event.related.as_ref().unwrap().kind.as_deref(),
        Some("Deployment")
    );
    let note = event.note.as_deref().unwrap();
    assert!(
        note.contains("minReplicas 2 -> 5") && note.contains("window \"peak\""),
        "{note}"
    );

    // Nothing changes: no event, no line.
    let again = easyscale(&env, &env.admin, &args);
    assert!(
        !text(&again.stderr).contains("\"changed\""),
        "{}",
        text(&again.stderr)
    );
    let quiet = easyscale(
        &env,
        &env.admin,
        &["restore", "-n", &env.namespace, "--no-events"],
    );
    assert_eq!(quiet.status.code(), Some(0));
    let events = env
        .api::<Event>()
        .list(&ListParams::default())
        .await
        .unwrap()
        .items;
    let ours = events
        .iter()
        .filter(|event| event.reporting_controller.as_deref() == Some("easyscale.io/easyscale"))
        .count();
    assert_eq!(ours, 1, "--no-events sends none");
}

async fn no_cluster(env: Env) {
    let rules = rules(&env, &peak_rule(&env.namespace, "web"));
    let rules = rules.to_str().unwrap();
    let out = easyscale(&env, &env.admin, &["plan", rules, "--context", "nowhere"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(
        text(&out.stderr).contains("contexts in your kubeconfig: "),
        "{}",
        text(&out.stderr)
    );
    assert!(out.stdout.is_empty());

    let bad = User {
        token: "expired".to_owned(),
        ..env.limited()
    };
    let out = easyscale(&env, &bad, &["plan", rules]);
    assert_eq!(out.status.code(), Some(1));
    assert!(
        text(&out.stderr).contains("has the token expired?"),
        "{}",
        text(&out.stderr)
    );

    let broken = env.plane.path().join(format!("broken-{}", env.namespace));
    let config = std::fs::read_to_string(env.kubeconfig(&env.admin)).unwrap();
    let (head, tail) = config.split_once("127.0.0.1:").unwrap();
    let tail = tail.trim_start_matches(|character: char| character.is_ascii_digit());
    std::fs::write(&broken, format!("{head}127.0.0.1:1{tail}")).unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_easyscale"))
        .env_clear()
        .env("KUBECONFIG", &broken)
        .args(["apply", rules, "--deadline", "5s"])
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(1));
    let told = text(&out.stderr);
    assert!(
        told.contains("Connection refused") && told.contains("hint:"),
        "{told}"
    );
    assert!(!told.contains("Status {"), "{told}");
}

async fn pages(env: Env) {
    // More than one page of 500, without waiting for each.
    use futures::StreamExt as _;
    let created = futures::stream::iter(0..510).map(|number| {
        let env = env.clone();
        async move {
            let name = format!("web-{number}");
            env.create(&fixtures::hpa(&name, ("Deployment", &name), 2, 10))
                .await;
        }
    });
    created.buffer_unordered(16).collect::<Vec<_>>().await;
    let rules = rules(&env, &peak_rule(&env.namespace, "web-509"));
    let before = env.requests(&env.admin).await.len();
    let args = [
        "plan",
        rules.to_str().unwrap(),
        "-n",
        &env.namespace,
        "--at",
        "2026-11-24T17:00:00Z",
    ];
    let out = easyscale(&env, &env.admin, &args);
    assert!(text(&out.stdout).contains("1 to change"), "{}", text(&out.stderr));
    let lists = env.requests(&env.admin).await.split_off(before);
    let of_autoscalers = lists
        .iter()
        .filter(|request| request.resource == "horizontalpodautoscalers")
        .count();
    assert_eq!((of_autoscalers, lists.len()), (2, 3), "{lists:#?}");
}
