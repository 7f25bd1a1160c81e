//! Whose wall clock is shown.

use super::Row;
use crate::policy::Rule;
use crate::time::Zone;

/// The zone of most of a rule's windows, the first in order when tied; UTC without windows.
#[must_use]
pub fn display_zone(rule: &Rule) -> Zone {
    prevailing_zone(rule.schedule.iter().map(|window| &window.zone))
}

/// The zone that occurs most, the first in order when tied; UTC if there is none.
#[must_use]
pub fn prevailing_zone<'a>(zones: impl IntoIterator<Item = &'a Zone>) -> Zone {
    let mut counted: Vec<(&Zone, usize)> = Vec::new();
    for zone in zones {
        match counted.iter_mut().find(|(known, _)| *known == zone) {
            Some((_, count)) => *count += 1,
            None => counted.push((zone, 1)),
        }
    }
    // Of equals, `max_by_key` takes the last.
    let most = counted.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or_else(Zone::utc, |(zone, _)| (*zone).clone())
}

/// The rows of each zone together, zones and rows in the order given.
pub(super) fn by_zone(rows: &[Row]) -> Vec<(&Zone, Vec<&Row>)> {
    let mut groups: Vec<(&Zone, Vec<&Row>)> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|(zone, _)| **zone == row.zone) {
            Some((_, group)) => group.push(row),
            None => groups.push((&row.zone, vec![row])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_zone_and_the_first_when_tied() {
        let zone = |name: &str| Zone::parse(name).unwrap();
        let (berlin, tokyo) = (zone("Europe/Berlin"), zone("Asia/Tokyo"));
        assert_eq!(prevailing_zone([&tokyo, &berlin, &berlin]), berlin);
        assert_eq!(prevailing_zone([&tokyo, &berlin]), tokyo);
        assert_eq!(prevailing_zone([]), Zone::utc());
    }
}
