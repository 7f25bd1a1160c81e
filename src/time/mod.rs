//! Civil time to instants: zones, days, windows. The only module that names a time-zone crate.

mod civil;
mod cron;
mod database;
mod date;
mod dates;
pub mod elapsed;
mod instant;
mod machine;
mod occurrences;
mod recurring;
mod spelling;
mod start_days;
mod time_of_day;
mod transitions;
mod week_time;
mod weekdays;
mod zone;
mod zone_names;

pub use civil::Civil;
pub use cron::Cron;
pub use database::{tzdb_is_old, tzdb_source, tzdb_version};
pub use date::Date;
pub use dates::Dates;
pub use instant::{Instant, InvalidInstant};
pub use occurrences::{Occurrences, Phase};
pub use start_days::StartDays;
pub use time_of_day::TimeOfDay;
pub use week_time::WeekTime;
pub use weekdays::{WEEKDAY_NAMES, Weekdays};
pub use zone::{UnknownZone, Zone};

pub use transitions::ClockChange;
pub(crate) use transitions::Moment;
