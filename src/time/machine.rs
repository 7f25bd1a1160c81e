//! The zone that this machine's clock shows.

use jiff::tz::TimeZone;

use super::Zone;

impl Zone {
    /// The machine's own zone, as `TZ` or its settings say; `None` where they name none that people may use.
    ///
    /// Only to be offered to a person as an answer: what a rule means must not depend on the machine that reads it.
    #[must_use]
    pub fn of_this_machine() -> Option<Self> {
        let system = TimeZone::try_system().ok()?;
        Self::parse(system.iana_name()?).ok()
    }
}
