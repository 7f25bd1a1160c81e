//! The table of 13 rows under `run`: who changes what easyscale wrote, and what it does about it, when.

use std::time::{Duration, SystemTime};

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};

use super::{SOON, Scene, lines, open, schedule, window};
use crate::road::{annotate, assert_no_trace, edit, hpa, memory, web};
use crate::support::timetable::{far, in_seconds, long_ago};
use crate::support::{Case, Env, Running, case, fixtures, wait_for, when};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "run, rows 1 and 2: what is right, or not ours, is not written",
            rows_1_and_2,
        ),
        case("run, row 5: one window after the other, one original", row_5),
        case(
            "run, row 6: reverted once, set again at once; kept up, ever later",
            row_6,
        ),
        case("run, row 7: a raised floor is held until the next edge", row_7),
        case("run, row 8: a lower floor and another ceiling are learnt", row_8),
        case("run, row 9: one bound goes back while the other stays", row_9),
        case("run, row 10: a held floor stays when the window closes", row_10),
        case(
            "run, row 11: a lost memory is refused once, and mended by a default",
            row_11,
        ),
        case(
            "run, row 11: a lost memory is let go when the window closes",
            row_11_let_go,
        ),
        case(
            "run, row 12: recreated with our value, the original stays",
            row_12,
        ),
        case(
            "run, row 13: recreated with its own value, it starts afresh",
            row_13,
        ),
        case("run: cooldown delays only what lowers", cooldown),
        case(
            "run: a floor that waits waits no longer for a lower ceiling",
            waits_no_longer,
        ),
        case("run: a paused object is left alone until its pause ends", paused),
    ]
}

const HOUR: Duration = Duration::from_secs(3600);

fn floor_5() -> String {
    schedule(&[open("minReplicas: 5")])
}

async fn floor_is_5(scene: &Scene, rest_of_spec: &str) -> Running {
    web(&scene.env).await;
    let run = scene.run(&scene.rule("web", &format!("{}{rest_of_spec}", floor_5())), &[]);
    scene.bounds_become("web", (5, 10)).await;
    run
}

async fn rows_1_and_2(env: Env) {
    web(&env).await;
    env.apply_as("helm", &fixtures::hpa("right", ("Deployment", "right"), 5, 10))
        .await;
    let scene = Scene::new(env);
    let later = window("later", in_seconds(3600), in_seconds(7200), "minReplicas: 5");
    let rules = format!(
        "{}{}",
        scene.rule("web", &schedule(&[later])),
        scene.rule("right", &floor_5())
    );
    let mut run = scene.run(&rules, &[]);
    run.told("the cluster is seen").await;
    wait_for("both to be planned", SOON, async || {
        let decisions = run.metric("easyscale_decisions_total").await;
        if decisions >= Some(2.0) {
            Ok(())
        } else {
            Err(decisions)
        }
    })
    .await;
    assert_eq!(scene.writes().await, 0);
    assert_eq!(
        (scene.env.bounds("web").await, scene.env.bounds("right").await),
        ((2, 10), (5, 10))
    );
    assert_no_trace(&scene.env, "web").await;
    assert_no_trace(&scene.env, "right").await;
    let until = run.metric("easyscale_next_edge_timestamp_seconds").await.unwrap();
    assert!(until > 1.7e9, "the edge is known: {until}");
}

async fn row_5(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let windows = |edge, end| {
        let one = window("one", long_ago(), edge, "minReplicas: 5");
        let two = window("two", edge, end, "minReplicas: 7");
        scene.rule("web", &schedule(&[one, two]))
    };
    let mut run = scene.run(&windows(far(), far() + HOUR), &[]);
    scene.floor_remembered("web", (2, 5)).await;
    let edge = run.ahead().await;
    run.rewrite(&windows(edge, far()));
    scene.floor_remembered("web", (2, 7)).await;
    assert!(SystemTime::now() >= edge);
    let end = run.ahead().await;
    run.rewrite(&windows(edge, end));
    scene.free_with("web", (2, 10)).await;
    assert!(SystemTime::now() >= end);
}

async fn row_6(env: Env) {
    let scene = Scene::new(env);
    let mut run = floor_is_5(&scene, "").await;
    let mut waits = Vec::new();
    for times in 1..=4 {
        // Before it is, since the answer may come late.
        let reverted = SystemTime::now();
        scene
            .env
            .apply_as("helm", &fixtures::hpa("web", ("Deployment", "web"), 2, 10))
            .await;
        wait_for("it to be set again", SOON, async || {
            let again = lines(&run, "it is set again")
                .into_iter()
                .filter(is_change)
                .count();
            if again == times { Ok(()) } else { Err(again) }
        })
        .await;
        let again = lines(&run, "it is set again")
            .into_iter()
            .rfind(is_change)
            .unwrap();
        let reverted = reverted
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        waits.push(when(&again) - reverted);
        assert_eq!(scene.env.bounds("web").await, (5, 10));
    }
    assert!(
        waits[1] >= 1.0 && waits[2] >= 2.0 && waits[3] >= 4.0,
        "at once, then 1, 2, 4 s: {waits:?}"
    );
    assert!(waits[0] < waits[2], "{waits:?}");
    run.metric_becomes("easyscale_reasserts_total", 4.0).await;
    scene.floor_remembered("web", (2, 5)).await;
    let note = wait_for("an event that names helm", SOON, async || {
        let mut events = scene.events("BoundsChanged").await;
        events.retain(|event| event.type_.as_deref() == Some("Warning"));
        let note = events.first().and_then(|event| event.note.clone());
        note.ok_or("none")
    })
    .await;
    assert!(note.contains("helm put minReplicas back to 2"), "{note}");
    // Who fights is told once, and counted. What comes later would have come after this.
    annotate(&scene.env, "web", "easyscale.io/pause", json!("true")).await;
    run.told("\"code\":\"paused\"").await;
    wait_for("all to be counted", SOON, async || {
        let mut warnings = scene.events("BoundsChanged").await;
        warnings.retain(|event| event.type_.as_deref() == Some("Warning"));
        let [one] = warnings.as_slice() else {
            panic!("one event: {warnings:#?}")
        };
        let count = one.series.as_ref().map_or(1, |series| series.count);
        if count == 4 { Ok(()) } else { Err(count) }
    })
    .await;
}

fn is_change(line: &Value) -> bool {
    line["message"] == json!("changed")
}

async fn row_7(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let windows = |edge, end| {
        let one = window("one", long_ago(), edge, "minReplicas: 5");
        let two = window("two", edge, end, "minReplicas: 6");
        scene.rule("web", &schedule(&[one, two]))
    };
    let mut run = scene.run(&windows(far(), far() + HOUR), &[]);
    scene.bounds_become("web", (5, 10)).await;
    edit(&scene.env, "web", json!({"minReplicas": 8})).await;
    let note = scene.told("Held").await;
    assert!(note.contains("raised minReplicas from 5 to 8"), "{note}");
    run.metric_becomes("easyscale_held_targets", 1.0).await;
    // Another edit beside it is no news about it.
    edit(&scene.env, "web", json!({"maxReplicas": 12})).await;
    assert_eq!(scene.env.bounds("web").await, (8, 12), "held");
    let edge = run.ahead().await;
    run.rewrite(&windows(edge, far()));
    scene.floor_remembered("web", (8, 6)).await;
    assert!(SystemTime::now() >= edge);
    run.metric_becomes("easyscale_held_targets", 0.0).await;
    assert_eq!(scene.events("Held").await.len(), 1);
    assert_eq!(lines(&run, "\"code\":\"held\"").len(), 1);
    let end = run.ahead().await;
    run.rewrite(&windows(edge, end));
    scene.free_with("web", (8, 12)).await;
}

async fn row_8(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let spec = schedule(&[open("minReplicas: 5, maxReplicas: 20")]);
    let mut run = scene.run(&scene.rule("web", &spec), &[]);
    scene.bounds_become("web", (5, 20)).await;
    edit(&scene.env, "web", json!({"minReplicas": 3})).await;
    scene.floor_remembered("web", (3, 5)).await;
    edit(&scene.env, "web", json!({"maxReplicas": 30})).await;
    scene.bounds_become("web", (5, 20)).await;
    let line = run.told("changed maxReplicas from 20 to 30").await;
    assert_eq!(line["change"], json!("maxReplicas 30 -> 20"));
    let note = wait_for("an event with old and new", SOON, async || {
        let events = scene.events("BoundsChanged").await;
        let mut notes = events.into_iter().filter_map(|event| event.note);
        notes
            .find(|note| note.contains("maxReplicas from 20 to 30"))
            .ok_or("none")
    })
    .await;
    assert!(
        note.contains("kubectl-edit changed") && note.contains("is what is restored later"),
        "{note}"
    );
    run.rewrite(&scene.rule("other", &floor_5()));
    run.told("new policies are in force").await;
    // A rule for a target that is not there: nothing is abandoned while it is refused.
    run.told("\"code\":\"target-missing\"").await;
    assert_eq!(scene.env.bounds("web").await, (5, 20));
    scene
        .env
        .create(&fixtures::hpa("other", ("Deployment", "other"), 1, 9))
        .await;
    scene.free_with("web", (3, 30)).await;
}

async fn row_9(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let windows = |edge, end| {
        let long = window("long", long_ago(), end, "maxReplicas: 20");
        let short = window("short", long_ago(), edge, "minReplicas: 5");
        scene.rule("web", &schedule(&[long, short]))
    };
    let mut run = scene.run(&windows(far(), far() + HOUR), &[]);
    scene.bounds_become("web", (5, 20)).await;
    let edge = run.ahead().await;
    run.rewrite(&windows(edge, far()));
    scene.floor_remembered("web", (2, 2)).await;
    assert_eq!(scene.env.bounds("web").await, (2, 20));
    let end = run.ahead().await;
    run.rewrite(&windows(edge, end));
    scene.free_with("web", (2, 10)).await;
}

async fn row_10(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let until = |end| {
        let peak = window("peak", long_ago(), end, "minReplicas: 5, maxReplicas: 20");
        scene.rule("web", &schedule(&[peak]))
    };
    let mut run = scene.run(&until(far()), &[]);
    scene.bounds_become("web", (5, 20)).await;
    edit(&scene.env, "web", json!({"minReplicas": 6})).await;
    run.told("\"code\":\"held\"").await;
    let end = run.ahead().await;
    run.rewrite(&until(end));
    scene.free_with("web", (6, 10)).await;
    run.told("changed minReplicas from 5 to 6; it stays").await;
}

async fn row_11(env: Env) {
    let scene = Scene::new(env);
    let mut run = floor_is_5(&scene, "").await;
    annotate(&scene.env, "web", "easyscale.io/state", Value::Null).await;
    let note = scene.told("Refused").await;
    assert!(note.contains("annotation easyscale.io/state is gone"), "{note}");
    let refused = run.told("\"message\":\"refused\"").await;
    assert_eq!(
        (&refused["code"], &refused["level"]),
        (&json!("state-lost"), &json!("WARN"))
    );
    let writes = scene.writes().await;
    // It is looked at again for whatever happens to it, and says nothing new.
    annotate(&scene.env, "web", "easyscale.io/pause", json!("false")).await;
    edit(&scene.env, "web", json!({"maxReplicas": 11})).await;
    let at = run.metric("easyscale_decisions_total").await;
    run.rewrite(&format!("# The same again.\n{}", scene.rule("web", &floor_5())));
    run.told("new policies are in force").await;
    wait_for("another look", SOON, async || {
        let now = run.metric("easyscale_decisions_total").await;
        if now > at { Ok(()) } else { Err(now) }
    })
    .await;
    assert_eq!(scene.env.bounds("web").await, (5, 11), "nothing is guessed");
    assert_eq!(scene.writes().await, writes);
    run.metric_becomes("easyscale_refusals_total{code=\"state-lost\"}", 1.0)
        .await;
    run.metric_becomes("easyscale_refused_targets{code=\"state-lost\"}", 1.0)
        .await;
    assert_eq!(lines(&run, "\"message\":\"refused\"").len(), 1);
    assert_eq!(scene.events("Refused").await.len(), 1);

    // A default says what nobody remembers.
    run.rewrite(&scene.rule("web", &format!("{}  default: {{minReplicas: 3}}", floor_5())));
    scene.floor_remembered("web", (3, 5)).await;
    run.metric_becomes("easyscale_refused_targets{code=\"state-lost\"}", 0.0)
        .await;
}

async fn row_11_let_go(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let until = |end| {
        let peak = window("peak", long_ago(), end, "minReplicas: 5");
        scene.rule("web", &schedule(&[peak]))
    };
    let mut run = scene.run(&until(far()), &[]);
    scene.bounds_become("web", (5, 10)).await;
    annotate(&scene.env, "web", "easyscale.io/state", Value::Null).await;
    run.told("\"message\":\"refused\"").await;
    let end = run.ahead().await;
    run.rewrite(&until(end));
    scene.free_with("web", (5, 10)).await;
    assert!(SystemTime::now() >= end, "not while something was wanted");
    wait_for("a word of it", SOON, async || {
        let events = scene.events("BoundsRestored").await;
        let note = events
            .first()
            .and_then(|event| event.note.clone())
            .unwrap_or_default();
        if note.contains("kubectl patch hpa web") {
            Ok(())
        } else {
            Err(note)
        }
    })
    .await;
}

/// Deletes and creates the autoscaler with the same annotations, as a backup tool does.
async fn recreate(scene: &Scene, floor: i32) {
    let api = scene.env.api::<HorizontalPodAutoscaler>();
    let mut copy = hpa(&scene.env, "web").await;
    api.delete("web", &DeleteParams::default()).await.unwrap();
    copy.metadata.uid = None;
    copy.metadata.resource_version = None;
    copy.metadata.managed_fields = None;
    copy.metadata.creation_timestamp = None;
    copy.spec.as_mut().unwrap().min_replicas = Some(floor);
    let velero = PostParams {
        field_manager: Some("velero".to_owned()),
        ..PostParams::default()
    };
    api.create(&velero, &copy).await.unwrap();
}

async fn row_12(env: Env) {
    let scene = Scene::new(env);
    let mut run = floor_is_5(&scene, "").await;
    recreate(&scene, 5).await;
    let uid = scene.uid("web").await;
    wait_for("the memory to be of the new object", SOON, async || {
        let kept = memory(&scene.env, "web").await.unwrap();
        if kept["uid"] == json!(uid) {
            Ok(())
        } else {
            Err(kept)
        }
    })
    .await;
    scene.floor_remembered("web", (2, 5)).await;
    run.told("its remembered original is kept").await;
    assert_eq!(scene.env.bounds("web").await, (5, 10));
    forget_the_rule(&scene, &mut run).await;
    scene.free_with("web", (2, 10)).await;
}

async fn row_13(env: Env) {
    let scene = Scene::new(env);
    let mut run = floor_is_5(&scene, "").await;
    recreate(&scene, 3).await;
    scene.floor_remembered("web", (3, 5)).await;
    run.told("the old memory is dropped").await;
    forget_the_rule(&scene, &mut run).await;
    scene.free_with("web", (3, 10)).await;
}

/// Replaces the rule by one of another target.
async fn forget_the_rule(scene: &Scene, run: &mut Running) {
    scene
        .env
        .create(&fixtures::hpa("other", ("Deployment", "other"), 5, 9))
        .await;
    run.rewrite(&scene.rule("other", &floor_5()));
}

async fn cooldown(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let spec = format!(
        "{}  cooldown: 15s",
        schedule(&[open("minReplicas: 5, maxReplicas: 8")])
    );
    let mut run = scene.run(&scene.rule("web", &spec), &[]);
    scene.bounds_become("web", (5, 8)).await;
    edit(&scene.env, "web", json!({"maxReplicas": 12})).await;
    run.told("\"code\":\"cooldown\"").await;
    assert_eq!(scene.env.bounds("web").await, (5, 12));
    // What raises does not wait, and what lowers waits from then on.
    edit(&scene.env, "web", json!({"minReplicas": 3})).await;
    scene.bounds_become("web", (5, 12)).await;
    scene.floor_remembered("web", (3, 5)).await;
    scene.bounds_become("web", (5, 8)).await;
    run.told("maxReplicas 12 -> 8").await;
    let changes: Vec<_> = lines(&run, "\"message\":\"changed\"");
    let [_, raise, lower] = changes.as_slice() else {
        panic!("{changes:#?}")
    };
    assert_eq!(raise["change"], json!("minReplicas 3 -> 5"));
    assert_eq!(lower["change"], json!("maxReplicas 12 -> 8"));
    let waited = when(lower) - when(raise);
    // A line is written after the answer, which may take its time.
    assert!(waited >= 10.0, "{waited}");
    forget_the_rule(&scene, &mut run).await;
    scene.free_with("web", (3, 12)).await;
}

async fn waits_no_longer(env: Env) {
    web(&env).await;
    let scene = Scene::new(env);
    let from = |edge: SystemTime| {
        let cap = window("cap", edge, edge + HOUR, "maxReplicas: 6");
        let rest = "  default: {minReplicas: 3, maxReplicas: 10}\n  cooldown: 10m";
        scene.rule("web", &format!("{}{rest}", schedule(&[cap])))
    };
    let mut run = scene.run(&from(far()), &[]);
    scene.bounds_become("web", (3, 10)).await;
    edit(&scene.env, "web", json!({"minReplicas": 9})).await;
    run.told("\"code\":\"cooldown\"").await;
    assert_eq!(scene.env.bounds("web").await, (9, 10));
    let edge = run.ahead().await;
    run.rewrite(&from(edge));
    scene.bounds_become("web", (3, 6)).await;
    assert!(SystemTime::now() >= edge);
}

async fn paused(env: Env) {
    let scene = Scene::new(env);
    let mut run = floor_is_5(&scene, "").await;
    let until = easyscale::time::Instant::from_system_time(run.ahead().await);
    annotate(&scene.env, "web", "easyscale.io/pause", json!(until.to_string())).await;
    run.told("\"code\":\"paused\"").await;
    edit(&scene.env, "web", json!({"minReplicas": 3})).await;
    scene.floor_remembered("web", (3, 5)).await;
    let changed = run.told("changed minReplicas from 5 to 3").await;
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
    let end = until.unix() as f64;
    assert!(when(&changed) >= end, "not before its end: {changed:?}");
}
