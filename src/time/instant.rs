//! A point in time on whole seconds.

/// Seconds since 1970-01-01T00:00:00Z, within the years -9999 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// Text that is not an RFC 3339 instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidInstant {
    /// What is wrong with it, in words, with an example of what is right.
    pub message: String,
}

impl Instant {
    /// From seconds since the Unix epoch; saturates at the supported years.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 with an offset (`2026-11-27T16:00:00Z`, `2026-11-27T17:00+01:00`).
    ///
    /// # Errors
    /// When the text is something else; fractions of a second are cut off.
    pub fn parse(text: &str) -> Result<Self, InvalidInstant> {
        let _ = text;
        Err(InvalidInstant {
            message: String::new(),
        })
    }
}

impl std::fmt::Display for Instant {
    /// RFC 3339 in UTC, whole seconds: `2026-11-27T16:00:00Z`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}
