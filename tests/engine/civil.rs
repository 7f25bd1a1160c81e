//! Wall clocks and words by themselves: instants of civil times, and whatever people write for them.

use chrono::TimeDelta;
use easyscale::time::{Civil, Date, Instant, TimeOfDay, Weekdays, Zone};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::zones::{Clock, REMARKABLE, new_year};
use crate::{config, times};

proptest! {
    #![proptest_config(config(400 * times()))]

    #[test]
    fn civil_times_are_reached_where_an_independent_model_says(
        name in select(&REMARKABLE[..]),
        which in any::<Index>(),
        aside in -100_000i64..100_000,
    ) {
        let clock = Clock::named(name);
        let zone = Zone::parse(name).unwrap();
        let jumps = clock.jumps(&(new_year(2009)..new_year(2036)));
        let mut instants: Vec<i64> = jumps.iter().map(|jump| jump.at).collect();
        instants.push(1_700_000_000);
        let at = which.get(&instants) + aside;
        let shown = clock.shows(at);
        // Also civil times that no clock shows: those just before this one, whatever the zone says.
        for civil in [shown, shown - TimeDelta::minutes(20), shown - TimeDelta::hours(13)] {
            let ours = Civil {
                date: Date::parse(&civil.date().to_string()).unwrap(),
                time: TimeOfDay::parse(&civil.time().to_string()).unwrap(),
            };
            prop_assert_eq!(zone.to_instant(ours).unix(), clock.reaches(civil), "{}", civil);
        }
        let ours = zone.to_civil(Instant::from_unix(at));
        prop_assert_eq!(ours.date.to_string(), shown.date().to_string());
        prop_assert_eq!(ours.time, TimeOfDay::parse(&shown.time().to_string()).unwrap());
    }

    #[test]
    fn reading_never_panics_and_what_is_shown_is_read_again(text in ".{0,40}", second in any::<i32>()) {
        let _ = Instant::parse(&text);
        let _ = Date::parse(&text);
        let _ = TimeOfDay::parse(&text);
        let _ = Weekdays::parse(&text);
        let _ = Zone::parse(&text);
        let at = Instant::from_unix(i64::from(second) * 20);
        prop_assert_eq!(Instant::parse(&at.to_string()), Ok(at));
    }
}
