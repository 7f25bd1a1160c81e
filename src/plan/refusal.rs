//! Why a target is left alone: a code for machines, a sentence and a way out for people.

/// A target that is not written, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which kind of refusal.
    pub code: Code,
    /// What is wrong, naming who and what.
    pub message: String,
    /// What to do.
    pub hint: String,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal,)+) => {
        /// The kinds of refusal; stable names, for machines and for docs/plan-json.md.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// All of them, in alphabetical order of their names.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// One sentence for the reference.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// The target has no autoscaler and an installed API that might drive it may not be read.
    CannotSeeDrivers = "cannot-see-drivers",
    /// Scaling this StatefulSet down would delete volumes.
    DeletesVolumes = "deletes-volumes",
    /// The target has no autoscaler, but another tool's object drives its scale.
    DrivenBy = "driven-by",
    /// `minReplicas: 0` on an autoscaler that has no Object or External metric.
    FloorZeroNotAllowed = "floor-zero-not-allowed",
    /// The target's name is too long for an entry of the memory.
    NameTooLong = "name-too-long",
    /// The target has no autoscaler and easyscale cannot scale its kind directly.
    NoAutoscaler = "no-autoscaler",
    /// The rule is in another namespace than its target, and may not reach that far.
    OtherNamespace = "other-namespace",
    /// The object belongs to a controlling owner that would revert the change.
    OwnedBy = "owned-by",
    /// easyscale owns a bound but its memory of the original is gone.
    StateLost = "state-lost",
    /// The object is managed by another installation of easyscale.
    StateOfAnotherInstance = "state-of-another-instance",
    /// The object carries state that cannot be read.
    StateUnreadable = "state-unreadable",
    /// The target does not exist.
    TargetMissing = "target-missing",
    /// Two or more autoscalers scale the target.
    TwoAutoscalers = "two-autoscalers",
    /// Two rules resolve to one object.
    TwoRules = "two-rules",
}

impl Refusal {
    /// A refusal.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
        }
    }
}
