//! What the controller says over HTTP: probes, metrics, its state as JSON and as a page. It only reads.
//!
//! `connections` lets nobody hold it up, `routes` says what is where, `present` asks the loop and shows the answer.
//! Nothing here may wait for the cluster, and the loop waits for nothing here.

mod connections;
mod present;
mod query;
mod routes;

use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::health::Health;
use super::metrics::Metrics;
use super::snapshot::Question;
use crate::plan::{Failure, FailureKind};

/// Takes an address, so that a port in use is told before anything else is begun.
///
/// # Errors
/// When the address cannot be had, with who might have it and what to do.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| not_bound(address, &error))
}

/// Answers until `shutdown`; what is being answered then has a second more.
pub async fn serve(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    questions: mpsc::Sender<Question>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let router = routes::router(metrics, health, questions);
    connections::answer(listener, router, shutdown).await;
}

fn not_bound(address: SocketAddr, error: &std::io::Error) -> Failure {
    let (why, hint) = match error.kind() {
        ErrorKind::AddrInUse => (
            "another program listens there already".to_owned(),
            format!(
                "perhaps another `easyscale run`: stop it, or choose another port, such as --listen {}",
                SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(8080))
            ),
        ),
        ErrorKind::PermissionDenied => (
            "this user may not use that port".to_owned(),
            format!(
                "ports below 1024 are for the system; choose a higher one, such as --listen {}",
                SocketAddr::new(address.ip(), 8080)
            ),
        ),
        ErrorKind::AddrNotAvailable => (
            "this machine has no such address".to_owned(),
            format!(
                "choose one that it has: --listen 127.0.0.1:{port} is for this machine alone, --listen 0.0.0.0:{port} for \
                 everybody who reaches it",
                port = address.port()
            ),
        ),
        _ => (
            error.to_string(),
            "choose another address with --listen".to_owned(),
        ),
    };
    Failure::new(
        FailureKind::Configuration,
        format!("cannot listen on {address}: {why}"),
    )
    .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_told() {
        let first = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = first.local_addr().unwrap();
        let failure = bind(address).await.unwrap_err();
        assert_eq!(
            failure.message,
            format!("cannot listen on {address}: another program listens there already")
        );
        assert!(failure.hint.unwrap().contains("--listen 127.0.0.1:"));
    }

    #[test]
    fn other_reasons_have_a_way_out_too() {
        let address = SocketAddr::from(([192, 0, 2, 1], 80));
        for (kind, says, hint) in [
            (
                ErrorKind::PermissionDenied,
                "may not use",
                "--listen 192.0.2.1:8080",
            ),
            (
                ErrorKind::AddrNotAvailable,
                "no such address",
                "--listen 127.0.0.1:80",
            ),
            (ErrorKind::Other, "other error", "--listen"),
        ] {
            let failure = not_bound(address, &kind.into());
            assert!(failure.message.contains(says), "{failure:?}");
            assert!(failure.hint.as_ref().unwrap().contains(hint), "{failure:?}");
        }
    }
}
