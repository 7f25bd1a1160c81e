//! Which zone was probably meant by a name that the database does not have.

use super::spelling::{distance, tolerance};

/// An abbreviation names several offsets, or one that does not follow the clock changes. These are
/// the places most people mean by it.
const ABBREVIATIONS: [(&str, &[&str]); 19] = [
    ("aest", &["Australia/Sydney", "Australia/Brisbane"]),
    ("aedt", &["Australia/Sydney", "Australia/Melbourne"]),
    ("bst", &["Europe/London", "Asia/Dhaka"]),
    ("cdt", &["America/Chicago"]),
    ("cest", &["Europe/Berlin", "Europe/Paris", "Europe/Madrid"]),
    ("cst", &["America/Chicago", "Asia/Shanghai"]),
    ("edt", &["America/New_York", "America/Toronto"]),
    ("eest", &["Europe/Athens", "Europe/Helsinki", "Europe/Kyiv"]),
    ("hkt", &["Asia/Hong_Kong"]),
    ("ist", &["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]),
    ("jst", &["Asia/Tokyo"]),
    ("kst", &["Asia/Seoul"]),
    ("mdt", &["America/Denver"]),
    ("msk", &["Europe/Moscow"]),
    ("nzst", &["Pacific/Auckland"]),
    ("pdt", &["America/Los_Angeles"]),
    ("pst", &["America/Los_Angeles", "Asia/Manila"]),
    ("sgt", &["Asia/Singapore"]),
    ("z", &["UTC"]),
];

/// Whether it is an abbreviation that several zones share.
pub(super) fn is_ambiguous(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    ABBREVIATIONS
        .iter()
        .any(|(abbreviation, places)| *abbreviation == text && places.len() > 1)
}

/// Names that might be meant, best first, at most three.
pub(super) fn meant(text: &str, names: &[String]) -> Vec<String> {
    let text = text.trim().to_lowercase().replace([' ', '-'], "_");
    if text.is_empty() || text.len() > 64 {
        return Vec::new();
    }
    if let Some((_, places)) = ABBREVIATIONS
        .iter()
        .find(|(abbreviation, _)| *abbreviation == text)
    {
        return places.iter().map(|place| (*place).to_owned()).collect();
    }
    if let Some(name) = fixed_offset(&text) {
        return vec![name];
    }
    let mut found: Vec<(usize, &String)> = names
        .iter()
        .filter(|name| name.contains('/') && !name.starts_with("Etc/"))
        .filter_map(|name| Some((slips(&text, &name.to_lowercase())?, name)))
        .collect();
    found.sort();
    found.into_iter().take(3).map(|(_, name)| name.clone()).collect()
}

/// How far `text` is from a name: from its city, or from all of it, with a wrong region in between.
fn slips(text: &str, name: &str) -> Option<usize> {
    fn city(name: &str) -> &str {
        name.rsplit('/').next().unwrap_or_default()
    }
    let near = |text: &str, known: &str| {
        // Most names are far away by their length alone; a file may have thousands of zones that do not exist.
        let length = known.chars().count();
        if text.chars().count().abs_diff(length) > tolerance(length) {
            return None;
        }
        let text: Vec<char> = text.chars().collect();
        let known: Vec<char> = known.chars().collect();
        Some(distance(&text, &known)).filter(|steps| *steps <= tolerance(length))
    };
    let other_region = if text.contains('/') {
        near(city(text), city(name)).map(|steps| steps + 1)
    } else {
        None
    };
    [near(text, city(name)), near(text, name), other_region]
        .into_iter()
        .flatten()
        .min()
}

/// `UTC+2` is `Etc/GMT-2`: names of fixed offsets count westwards.
fn fixed_offset(text: &str) -> Option<String> {
    // A blank or a hyphen has become `_`; a minus is a hyphen.
    let rest = text
        .strip_prefix("utc")
        .or_else(|| text.strip_prefix("gmt"))
        .unwrap_or(text);
    let (sign, hours) = match rest.as_bytes().first()? {
        b'+' => ('-', &rest[1..]),
        b'_' => ('+', &rest[1..]),
        _ => return None,
    };
    let hours = hours.strip_suffix(":00").unwrap_or(hours);
    let hours: u32 = hours.parse().ok()?;
    let furthest = if sign == '-' { 14 } else { 12 };
    (1..=furthest)
        .contains(&hours)
        .then(|| format!("Etc/GMT{sign}{hours}"))
}

#[cfg(test)]
mod tests {
    use super::meant;
    use crate::time::Zone;

    fn names() -> Vec<String> {
        crate::time::database::Database::get().names()
    }

    #[test]
    fn finds_cities_and_forgives_slips() {
        let names = names();
        let first = |text: &str| meant(text, &names).first().cloned().unwrap_or_default();
        assert_eq!(first("Berlin"), "Europe/Berlin");
        assert_eq!(first("Europe/Brelin"), "Europe/Berlin");
        assert_eq!(first("Germany/Berlin"), "Europe/Berlin");
        assert_eq!(first("new york"), "America/New_York");
        assert_eq!(first("America/New York"), "America/New_York");
        assert_eq!(first("US/New_York"), "America/New_York");
        assert_eq!(first("Kolkatta"), "Asia/Kolkata");
        assert_eq!(first("Buenos Aires"), "America/Argentina/Buenos_Aires");
        assert_eq!(first("UTC+2"), "Etc/GMT-2");
        assert_eq!(first("GMT-5"), "Etc/GMT+5");
        assert_eq!(first("+02:00"), "Etc/GMT-2");
    }

    #[test]
    fn nothing_near_is_nothing() {
        for text in [
            "",
            "xyz",
            "/",
            "the middle of nowhere",
            "UTC+99",
            "+",
            &"x".repeat(1000),
        ] {
            assert!(meant(text, &names()).is_empty(), "{text}");
        }
    }

    #[test]
    fn every_suggested_place_exists_and_there_are_at_most_three() {
        for (abbreviation, places) in super::ABBREVIATIONS {
            assert!(places.len() <= 3, "{abbreviation}");
            for place in places {
                assert_eq!(Zone::parse(place).unwrap().name(), *place);
            }
        }
    }
}
