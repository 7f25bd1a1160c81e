//! Lengths of elapsed time: `90s`, `15m`, `1h30m`, `2d`.

use std::fmt::Write as _;

/// The longest, in seconds: a leap year.
pub const LONGEST: u32 = 366 * 86_400;

/// The units, largest first, in seconds.
const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a length of time in seconds: numbers with units, larger ones first (a day is 24 hours).
/// From a second to 366 days.
///
/// # Errors
/// In words: what is wrong; what would be right.
pub fn parse(text: &str) -> Result<u32, String> {
    let text = text.trim();
    let example = "for example 90s, 15m, 1h30m or 2d";
    let wrong = || format!("\"{text}\" is not a length of time; write numbers with units, {example}");
    let mut rest = text;
    let mut total: u64 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, behind) = rest.split_at(end);
        if digits.is_empty() {
            return Err(wrong());
        }
        let Some(unit) = behind.chars().next() else {
            return Err(format!(
                "\"{text}\" has no unit at its end; write {text}m for minutes, {text}h for hours"
            ));
        };
        let Some((_, seconds)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(match unit {
                '.' | ',' => {
                    format!("\"{text}\" is not a length of time; write whole numbers, for example 1h30m")
                }
                'w' => format!("\"{text}\" is not a length of time; write weeks as days, for example 14d"),
                _ => wrong(),
            });
        };
        if !units.any(|(name, _)| *name == unit) {
            return Err(format!(
                "\"{text}\" is not a length of time; write each unit once, the largest first, {example}"
            ));
        }
        let number: u64 = digits.parse().unwrap_or(u64::MAX);
        total = total.saturating_add(number.saturating_mul(u64::from(*seconds)));
        rest = behind.get(1..).unwrap_or_default();
    }
    match u32::try_from(total) {
        _ if text.is_empty() => Err(wrong()),
        Ok(0) => Err(format!("\"{text}\" is no time at all; write at least 1s")),
        Ok(seconds @ 1..=LONGEST) => Ok(seconds),
        _ => Err(format!("\"{text}\" is longer than a year; write at most 366d")),
    }
}

/// The length as it is written: `1h30m`.
#[must_use]
pub fn text(seconds: u32) -> String {
    let mut rest = seconds;
    let mut text = String::new();
    for (unit, length) in UNITS {
        if rest >= length {
            let _ = write!(text, "{}{unit}", rest / length);
            rest %= length;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for (written, seconds, shown) in [
            ("90s", 90, "1m30s"),
            ("15m", 900, "15m"),
            ("1h30m", 5_400, "1h30m"),
            ("2d", 172_800, "2d"),
            (" 1d2h3m4s ", 93_784, "1d2h3m4s"),
            ("0h5m", 300, "5m"),
            ("366d", LONGEST, "366d"),
        ] {
            assert_eq!(parse(written), Ok(seconds), "{written}");
            assert_eq!(text(seconds), shown);
            assert_eq!(parse(shown), Ok(seconds));
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let says = |text: &str| parse(text).unwrap_err();
        assert_eq!(says("0s"), "\"0s\" is no time at all; write at least 1s");
        assert_eq!(says("400d"), "\"400d\" is longer than a year; write at most 366d");
        assert_eq!(
            says("15"),
            "\"15\" has no unit at its end; write 15m for minutes, 15h for hours"
        );
        assert!(says("1.5h").contains("whole numbers"));
        assert!(says("30m1h").contains("the largest first"));
        assert!(says("1h1h").contains("each unit once"));
        assert!(says("2w").contains("14d"));
        for text in ["", " ", "h", "soon", "1é", "-5m", "5 m", "PT5M", "5min"] {
            assert!(says(text).contains("write"), "{text}: {}", says(text));
        }
        assert!(says("99999999999999999999d").contains("longer than a year"));
    }
}
