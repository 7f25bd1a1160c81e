//! What `kubectl get events` shows when the same happens again and again.

use easyscale::cluster::{Cluster as _, EventNote, Live, Reason};
use easyscale::plan::ObjectRef;
use k8s_openapi::api::events::v1::Event;
use kube::api::{DeleteParams, ListParams};

use crate::road::{instant, web};
use crate::support::{Case, Env, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![case(
        "events: the same again is one event with a count, and a new one if that is gone",
        series,
    )]
}

async fn events(env: &Env) -> Vec<Event> {
    let list = env.api::<Event>().list(&ListParams::default()).await.unwrap();
    list.items
        .into_iter()
        .filter(|event| event.reporting_controller.as_deref() == Some("easyscale.io/easyscale"))
        .collect()
}

async fn series(env: Env) {
    web(&env).await;
    let live = Live::with_client(env.client.clone(), "test", "default");
    let note = |text: &str, time: &str| EventNote {
        regarding: ObjectRef {
            api_version: "autoscaling/v2".to_owned(),
            kind: "HorizontalPodAutoscaler".to_owned(),
            namespace: env.namespace.clone(),
            name: "web".to_owned(),
        },
        uid: "of-this-test".to_owned(),
        related: None,
        reason: Reason::BoundsChanged,
        warning: true,
        note: text.to_owned(),
        time: instant(time),
    };
    // A clone is the same teller: passes share the connection.
    for (teller, time) in [
        (live.clone(), "2026-11-24T17:00:00Z"),
        (live.clone(), "2026-11-24T17:01:00Z"),
        (live.clone(), "2026-11-24T17:02:00Z"),
    ] {
        teller.publish(&note("reverted", time)).await.unwrap();
    }
    live.publish(&note("something else", "2026-11-24T17:02:00Z"))
        .await
        .unwrap();
    let mut told = events(&env).await;
    told.sort_by_key(|event| event.note.clone());
    let [reverted, other] = told.as_slice() else {
        panic!("not two events: {told:#?}")
    };
    let series = reverted.series.as_ref().unwrap();
    assert_eq!(series.count, 3);
    assert!(
        series
            .last_observed_time
            .0
            .to_string()
            .starts_with("2026-11-24T17:02:00")
    );
    assert!(
        reverted
            .event_time
            .as_ref()
            .unwrap()
            .0
            .to_string()
            .starts_with("2026-11-24T17:00:00")
    );
    assert!(other.series.is_none());

    let name = reverted.metadata.name.clone().unwrap();
    env.api::<Event>()
        .delete(&name, &DeleteParams::default())
        .await
        .unwrap();
    for time in ["2026-11-24T17:03:00Z", "2026-11-24T17:04:00Z"] {
        live.publish(&note("reverted", time)).await.unwrap();
    }
    let told = events(&env).await;
    let anew = told
        .iter()
        .find(|event| event.note.as_deref() == Some("reverted"))
        .unwrap();
    assert_ne!(anew.metadata.name.as_deref(), Some(&*name));
    assert_eq!(anew.series.as_ref().map(|series| series.count), Some(2));
}
