//! What is where, and in which words.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::present::{Absent, Present, Text};
use super::query::value;
use crate::controller::health::Health;
use crate::controller::metrics::{self, Metrics};
use crate::controller::snapshot::Question;
use crate::report::status::Filter;

/// A plan of 10,000 targets takes less than a second; what takes longer is a loop that hangs.
const LONGEST: Duration = Duration::from_secs(10);

/// Nothing is loaded from anywhere, not even from here, and no script runs, whatever a name may contain.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

#[derive(Clone)]
struct Sources {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    present: Present,
}

pub(super) fn router(
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    questions: mpsc::Sender<Question>,
) -> Router {
    let sources = Sources {
        metrics,
        health,
        present: Present::new(questions),
    };
    Router::new()
        .route("/", get(page))
        .route("/status", get(status))
        .route("/metrics", get(numbers))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .fallback(nowhere)
        .method_not_allowed_fallback(only_reading)
        .layer(from_fn(in_time))
        .with_state(sources)
}

/// Every answer in time, and with the headers that keep a browser from doing more than showing it.
async fn in_time(request: Request, next: Next) -> Response {
    let mut response = timeout(LONGEST, next.run(request)).await.unwrap_or_else(|_| {
        let words = format!(
            "No answer within {} seconds: the controller is busy or hangs; /healthz tells which.\n",
            LONGEST.as_secs()
        );
        (StatusCode::SERVICE_UNAVAILABLE, words).into_response()
    });
    response.headers_mut().extend(HEADERS);
    response
}

async fn alive(State(sources): State<Sources>) -> Response {
    if sources.health.is_alive() {
        return "ok\n".into_response();
    }
    let silent = sources.health.silent_for().as_secs();
    let words = format!("The loop has not turned for {silent} seconds; it hangs, and a restart is due.\n");
    (StatusCode::SERVICE_UNAVAILABLE, words).into_response()
}

async fn ready(State(sources): State<Sources>) -> Response {
    let missing = sources.health.missing();
    if missing.is_empty() {
        return "ok\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, not_ready(&missing)).into_response()
}

async fn numbers(State(sources): State<Sources>) -> Response {
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], sources.metrics.text()).into_response()
}

async fn status(State(sources): State<Sources>) -> Response {
    let json = sources.present.json().await;
    shown(&sources, json, "application/json")
}

async fn page(State(sources): State<Sources>, RawQuery(query): RawQuery) -> Response {
    let typed = query.and_then(|query| value(&query, "q")).unwrap_or_default();
    let page = sources.present.page(Filter::new(&typed)).await;
    shown(&sources, page, "text/html; charset=utf-8")
}

fn shown(sources: &Sources, present: Result<Text, Absent>, content_type: &'static str) -> Response {
    let words = match present {
        Ok(text) => {
            let length = HeaderValue::from(text.len());
            let kind = HeaderValue::from_static(content_type);
            let headers = [(CONTENT_TYPE, kind), (CONTENT_LENGTH, length)];
            return (headers, text.into_body()).into_response();
        }
        Err(Absent::NotYet) => not_ready(&sources.health.missing()),
        Err(Absent::Stopping) => "easyscale is stopping.\n".to_owned(),
        Err(Absent::Failed) => {
            "The present plan could not be made: this is a mistake in easyscale, and its log has more.\n"
                .to_owned()
        }
    };
    (StatusCode::SERVICE_UNAVAILABLE, words).into_response()
}

fn not_ready(missing: &[&str]) -> String {
    let mut words = "Not ready yet.\n".to_owned();
    for what in missing {
        words.push_str("- ");
        words.push_str(what);
        words.push('\n');
    }
    words
}

async fn nowhere() -> Response {
    let words = "There is nothing here. Try / (a page), /status (JSON), /metrics, /healthz or /readyz.\n";
    (StatusCode::NOT_FOUND, words).into_response()
}

async fn only_reading() -> Response {
    let words = "Nothing can be changed here: only GET and HEAD are answered.\n";
    (StatusCode::METHOD_NOT_ALLOWED, words).into_response()
}
