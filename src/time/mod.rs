//! Civil time to instants: zones, days, windows. The only module that names a time-zone crate.

mod civil;
mod database;
mod date;
mod instant;
mod occurrences;
mod spelling;
mod time_of_day;
mod transitions;
mod weekdays;
mod zone;
mod zone_names;

pub use civil::Civil;
pub use database::{tzdb_source, tzdb_version};
pub use date::Date;
pub use instant::{Instant, InvalidInstant};
pub use occurrences::{Occurrences, Phase};
pub use time_of_day::TimeOfDay;
pub use weekdays::Weekdays;
pub use zone::{UnknownZone, Zone};

pub use transitions::ClockChange;
pub(crate) use transitions::Moment;
