//! What a person or a kubelet tells a running process: to stop, to read its policies again.

use std::process;
use std::sync::Arc;

#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};

/// What signals say.
pub(super) struct Signals {
    /// Whether to stop.
    pub(super) stop: watch::Receiver<bool>,
    /// Notified at each SIGHUP.
    pub(super) hang_up: Arc<Notify>,
}

/// Listens from now on. The first SIGTERM or SIGINT asks to stop; the second ends the process at once, with 1.
///
/// # Errors
/// When the system refuses to tell us.
#[cfg(unix)]
pub(super) fn listen() -> anyhow::Result<Signals> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let (stopping, stop) = watch::channel(false);
    let read_again = Arc::new(Notify::new());
    let told = Arc::clone(&read_again);
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = hang_up.recv() => {
                    told.notify_one();
                    continue;
                }
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            stop_or_end(&stopping, name);
        }
    });
    Ok(Signals {
        stop,
        hang_up: read_again,
    })
}

/// Listens from now on for Ctrl-C, as above; there is no way to ask for the policies to be read again.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub(super) fn listen() -> anyhow::Result<Signals> {
    let (stopping, stop) = watch::channel(false);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            stop_or_end(&stopping, "Ctrl-C");
        }
    });
    Ok(Signals {
        stop,
        hang_up: Arc::default(),
    })
}

fn stop_or_end(stopping: &watch::Sender<bool>, signal: &'static str) {
    if stopping.send_replace(true) {
        tracing::warn!(signal, "ending at once");
        process::exit(1);
    }
    tracing::info!(signal, "stopping");
}
