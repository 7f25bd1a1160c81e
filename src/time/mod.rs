//! Civil time to instants: zones, days, windows. The only module that names a time-zone crate.

mod instant;
mod occurrences;
mod zone;

pub use instant::{Instant, InvalidInstant};
pub use occurrences::{Date, Occurrences, Phase, TimeOfDay, Weekdays};
pub use zone::{Civil, UnknownZone, Zone, tzdb_version};
