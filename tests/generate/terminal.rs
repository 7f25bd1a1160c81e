//! A program on a real pseudo-terminal: what is typed, and waiting for what is shown.

use std::io::{Read, Write as _};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command as OnTerminal, Pty, open};

/// How long a machine under load may take to show a question.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const DOWN: &str = "\x1b[B";
pub(crate) const UP: &str = "\x1b[A";
pub(crate) const ENTER: &str = "\r";
pub(crate) const ESC: &str = "\x1b";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const BACKSPACE: &str = "\x7f";

pub(crate) struct Terminal {
    keyboard: std::sync::Arc<Pty>,
    screen: Receiver<Vec<u8>>,
    child: Child,
    escapes: Escapes,
    /// What has been shown and not been waited for yet.
    shown: String,
}

impl Terminal {
    /// Starts a program whose three streams are the terminal, which is 100 columns wide.
    pub(crate) fn run(command: &Command) -> Self {
        let (terminal, inside) = open().expect("a pseudo-terminal");
        terminal.resize(Size::new(40, 100)).expect("it takes a size");
        let mut program = OnTerminal::new(command.get_program())
            .args(command.get_args())
            .env_clear();
        for (name, value) in command.get_envs() {
            program = program.env(name, value.unwrap_or_default());
        }
        if let Some(directory) = command.get_current_dir() {
            program = program.current_dir(directory);
        }
        let child = program.spawn(inside).expect("the program starts");
        let keyboard = std::sync::Arc::new(terminal);
        let (send, screen) = channel();
        let reader = std::sync::Arc::clone(&keyboard);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The other side is closed when the program has ended: that is an error on Linux, and no bytes elsewhere.
            while let Ok(length @ 1..) = (&*reader).read(&mut bytes) {
                if send.send(bytes[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            keyboard,
            screen,
            child,
            escapes: Escapes::None,
            shown: String::new(),
        }
    }

    /// Waits until the text is shown, after what was waited for before.
    pub(crate) fn see(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.shown.find(text) {
                self.shown.drain(..at + text.len());
                return;
            }
            assert!(self.wait(deadline), "{text:?} is not shown, but:\n{}", self.shown);
        }
    }

    /// Types keys as they are.
    pub(crate) fn keys(&mut self, keys: &str) {
        (&*self.keyboard)
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
    }

    /// Waits for a question, then answers it and presses Enter.
    pub(crate) fn answer(&mut self, question: &str, keys: &str) {
        self.see(question);
        self.keys(keys);
        self.keys(ENTER);
    }

    /// Waits for the end of the program: what it still says, and its exit status.
    pub(crate) fn end(mut self) -> (String, i32) {
        let deadline = Instant::now() + PATIENCE;
        while self.wait(deadline) {}
        assert!(Instant::now() < deadline, "it does not end:\n{}", self.shown);
        let status = self.child.wait().expect("it was started here");
        (std::mem::take(&mut self.shown), status.code().unwrap_or(-1))
    }

    /// Waits for the next bytes; false when there are none until the deadline, or no more.
    fn wait(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.screen.recv_timeout(left) {
            Ok(bytes) => {
                let text: Vec<u8> = bytes
                    .into_iter()
                    .filter(|byte| self.escapes.lets_through(*byte))
                    .collect();
                self.shown.push_str(&String::from_utf8_lossy(&text));
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Of a test that has failed; a program that has ended is not there any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Takes the sequences out that move the cursor and choose colours: `ESC [ … letter`, `ESC letter`.
enum Escapes {
    None,
    Begun,
    Parameters,
}

impl Escapes {
    fn lets_through(&mut self, byte: u8) -> bool {
        let (next, through) = match (&self, byte) {
            (Self::None, 0x1b) => (Self::Begun, false),
            (Self::None, b'\r') => (Self::None, false),
            (Self::None, _) => (Self::None, true),
            (Self::Begun, b'[') => (Self::Parameters, false),
            (Self::Parameters, b' '..=b'?') => (Self::Parameters, false),
            (Self::Begun | Self::Parameters, _) => (Self::None, false),
        };
        *self = next;
        through
    }
}
