//! The only writer to stdout and stderr: data on stdout, talk on stderr.

use std::io::{ErrorKind, IsTerminal as _, Write as _};

use anstream::AutoStream;

use crate::plan::Failure;
use crate::report::printable;

/// Fewer writes than this are over before anybody has read a line of progress.
const WORTH_WATCHING: usize = 50;

/// Writes for people and machines. Styles are taken out where nobody would see them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Printer;

impl Printer {
    /// Data. A reader that has gone away (`| head`) is no error.
    pub(super) fn data(self, text: &str) -> anyhow::Result<()> {
        let mut stdout = AutoStream::auto(std::io::stdout());
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Data in pieces that are made as they are written. When the reader has gone away, no more are made.
    pub(super) fn pieces(self, pieces: impl Iterator<Item = String>) -> anyhow::Result<()> {
        let mut stdout = AutoStream::auto(std::io::stdout());
        for piece in pieces {
            match stdout.write_all(piece.as_bytes()).and_then(|()| stdout.flush()) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether a person sees the data as it is written.
    pub(super) fn is_watched(self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// Whether there is a person who sees what is asked, and can answer.
    pub(super) fn can_ask(self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Talk: warnings, errors, progress. There is nowhere to complain if stderr is closed.
    pub(super) fn talk(self, text: &str) {
        let _ = AutoStream::auto(std::io::stderr()).write_all(text.as_bytes());
    }

    /// A warning.
    pub(super) fn warn(self, text: &str) {
        self.talk(&format!("warning: {}\n", printable(text)));
    }

    /// An error, and what to do.
    pub(super) fn error(self, message: &str, hint: Option<&str>) {
        self.talk(&format!("error: {}\n", printable(message)));
        if let Some(hint) = hint {
            self.talk(&format!("  hint: {}\n", printable(hint)));
        }
    }

    /// A failure of the cluster.
    pub(super) fn failure(self, failure: &Failure) {
        self.error(&failure.message, failure.hint.as_deref());
    }

    /// How to show the progress of long work: not at all unless a person watches.
    pub(super) fn progress() -> Option<fn(usize, usize)> {
        let show: fn(usize, usize) = |done, total| {
            if total >= WORTH_WATCHING {
                let _ = write!(std::io::stderr(), "\r{done} of {total} written");
            }
        };
        std::io::stderr().is_terminal().then_some(show)
    }

    /// Takes the line of progress away again.
    pub(super) fn end_progress() {
        if std::io::stderr().is_terminal() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }

    /// Whether colour on stderr is seen by somebody.
    pub(super) fn colours_talk(self) -> bool {
        AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
    }
}
