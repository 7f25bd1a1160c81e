//! Connections, and what bounds them. One request each, so that slowness cannot be saved up for later.

use std::collections::VecDeque;
use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// So many at once. Beyond that the oldest gives way: who takes long is one of the oldest, a probe never is.
const MOST: usize = 64;
/// Request line and header together; a browser with its cookies needs less.
const LARGEST_REQUEST: usize = 16 * 1024;
/// Until the header is there.
const SLOWEST_HEADER: Duration = Duration::from_secs(5);
/// From the first byte in to the last byte out.
const LONGEST: Duration = Duration::from_secs(30);
/// After a failure to accept that is not the client's, such as too many open files.
const BREATHER: Duration = Duration::from_secs(1);
/// What is being answered at the end has so long.
const FAREWELL: Duration = Duration::from_secs(1);

/// Accepts until `shutdown`.
pub(super) async fn answer(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()> + Send) {
    let mut shutdown = pin!(shutdown);
    let mut connections = JoinSet::new();
    let mut by_age: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                by_age.retain(|connection| !connection.is_finished());
                if by_age.len() >= MOST
                    && let Some(oldest) = by_age.pop_front()
                {
                    oldest.abort();
                }
                by_age.push_back(connections.spawn(one(stream, router.clone())));
            }
            Err(error) if is_the_clients(error.kind()) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections for a moment");
                tokio::select! {
                    () = &mut shutdown => break,
                    () = sleep(BREATHER) => {}
                }
            }
        }
    }
    drop(listener);
    let rest = async { while connections.join_next().await.is_some() {} };
    // Whatever is left is dropped with the set.
    let _ = timeout(FAREWELL, rest).await;
}

async fn one(stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST_HEADER)
        .max_buf_size(LARGEST_REQUEST)
        .keep_alive(false)
        // Who sends its request and closes its side still reads.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // What goes wrong on a connection is the client's: it goes away, is too slow, or speaks something else.
    let _ = timeout(LONGEST, connection).await;
}

fn is_the_clients(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}
