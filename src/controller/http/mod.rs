//! stub
#![allow(missing_docs)]
use super::{Question, health::Health, metrics::Metrics};
use crate::plan::{Failure, FailureKind};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::new(FailureKind::Configuration, error.to_string()))
}
pub async fn serve(
    _l: TcpListener,
    _m: Arc<Metrics>,
    _h: Arc<Health>,
    _q: mpsc::Sender<Question>,
    mut closed: watch::Receiver<bool>,
) {
    let _ = closed.wait_for(|c| *c).await;
}
