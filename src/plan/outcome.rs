//! What came of a plan: per target, done or not, and if not, why.

use super::target_plan::{Action, TargetPlan};

/// A target after the pass.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Its plan, as it was carried out.
    pub plan: TargetPlan,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was written.
    Applied,
    /// There was nothing to write.
    Unchanged,
    /// It was left alone.
    Refused,
    /// It was not written, or not wholly.
    Failed(Failure),
}

impl Outcome {
    /// The stable name.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
            Self::Failed(_) => "failed",
        }
    }

    /// What came of a plan that was not tried: nothing to write, or not to be written.
    #[must_use]
    pub fn of_plan(plan: &TargetPlan) -> Self {
        match plan.action {
            Action::Refuse(_) => Self::Refused,
            Action::None | Action::Change | Action::Restore => Self::Unchanged,
        }
    }
}

/// A request that did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Which kind.
    pub kind: FailureKind,
    /// What went wrong.
    pub message: String,
    /// What to do about it, if that is known.
    pub hint: Option<String>,
}

/// The kinds of failure; stable names for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The API server cannot be reached.
    Unreachable,
    /// It does not answer in time.
    Timeout,
    /// It does not know us.
    Unauthorized,
    /// It does not allow us.
    Forbidden,
    /// The object or its namespace is gone.
    NotFound,
    /// The object is not as it was observed.
    Conflict,
    /// What we asked to go on with is forgotten.
    Expired,
    /// It refuses what we sent.
    Invalid,
    /// It has no time for us now.
    Throttled,
    /// It failed itself.
    Server,
    /// Its answer makes no sense.
    Garbled,
    /// The configuration does not lead to a cluster.
    Configuration,
    /// A file cannot be read, understood or written.
    File,
}

impl FailureKind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Unreachable,
        Self::Timeout,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::Expired,
        Self::Invalid,
        Self::Throttled,
        Self::Server,
        Self::Garbled,
        Self::Configuration,
        Self::File,
    ];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Expired => "expired",
            Self::Invalid => "invalid",
            Self::Throttled => "throttled",
            Self::Server => "server-error",
            Self::Garbled => "garbled-answer",
            Self::Configuration => "configuration",
            Self::File => "file",
        }
    }
}

impl Failure {
    /// A failure.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
        }
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The message, and what to do about it in brackets: for where there is but one line.
    #[must_use]
    pub fn in_one_line(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{} ({hint})", self.message),
            None => self.message.clone(),
        }
    }
}
