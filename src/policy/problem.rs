//! What is wrong with a policy: plain values, told all at once, each with its place and a way out.

use std::fmt;
use std::sync::Arc;

use super::rule::Place;
use super::source::Mark;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The policies cannot be used.
    Error,
    /// They can be used, but probably do not say what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// One mistake, or something worth knowing, in the policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Which kind of problem it is, one of [`super::CODES`].
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop. May quote the file: escape it before printing.
    pub message: String,
    /// Where it is.
    pub at: At,
    /// How to put it right, for somebody who does not know Kubernetes.
    pub hint: Option<String>,
    /// Other places that take part, and what each has to do with it.
    pub also: Vec<(Mark, String)>,
}

/// Where a problem is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// In no file.
    Nowhere,
    /// In a file as a whole.
    File(Arc<str>),
    /// At a place in a file.
    Mark(Mark),
}

impl Problem {
    /// An error that is not yet anywhere.
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            at: At::Nowhere,
            hint: None,
            also: Vec::new(),
        }
    }

    /// A warning that is not yet anywhere.
    pub(crate) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// A note that is not yet anywhere.
    pub(crate) fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::error(code, message)
        }
    }

    /// What is wrong; what would be right: the two halves of a fault as [`crate::time`] words it.
    pub(super) fn of_fault(code: &'static str, fault: &str) -> Self {
        match fault.rsplit_once("; ") {
            Some((message, hint)) => Self::error(code, message).hint(hint),
            None => Self::error(code, fault),
        }
    }

    /// At a place in a file.
    pub(crate) fn at(mut self, mark: Mark) -> Self {
        self.at = At::Mark(mark);
        self
    }

    /// In a file as a whole.
    pub(crate) fn in_file(mut self, file: &str) -> Self {
        self.at = At::File(file.into());
        self
    }

    /// With a way out.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With another place that takes part.
    pub(crate) fn also(mut self, mark: Mark, label: impl Into<String>) -> Self {
        self.also.push((mark, label.into()));
        self
    }

    /// Whether it is in that file.
    pub(crate) fn is_in(&self, file: &str) -> bool {
        match &self.at {
            At::Mark(mark) => &*mark.place.file == file,
            At::File(name) => &**name == file,
            At::Nowhere => false,
        }
    }

    /// The stretch of a file it is at, if it is at one.
    #[must_use]
    pub fn mark(&self) -> Option<&Mark> {
        match &self.at {
            At::Mark(mark) => Some(mark),
            At::File(_) | At::Nowhere => None,
        }
    }

    /// The place it is at, if it has a line and a column.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match &self.at {
            At::Mark(mark) => Some(&mark.place),
            At::File(_) | At::Nowhere => None,
        }
    }

    /// `file:line:column`, or the file alone; `None` when it is in no file.
    #[must_use]
    pub fn source(&self) -> Option<String> {
        match &self.at {
            At::Mark(mark) => Some(mark.place.to_string()),
            At::File(file) => Some(file.to_string()),
            At::Nowhere => None,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}
