//! Letters that only look like those they are taken for, and characters that are not seen at all.
//!
//! A list of what reaches files in practice, by another keyboard or from a word processor; not all of Unicode's
//! confusables.

use std::borrow::Cow;

/// What looks like what, by kind.
const LOOKALIKES: &[(&str, &str, &str)] = &[
    (
        "a Cyrillic letter",
        "аеорсухѕіјһԁԛԝѵӏкАВЕКМНОРСТУХЅІЈ",
        "aeopcyxsijhdqwvlkABEKMHOPCTYXSIJ",
    ),
    ("a Greek letter", "ονρκαιυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ovpkaiuABEZHIKMNOPTYX"),
    ("an Armenian letter", "օսհ", "ouh"),
    ("a letter of another alphabet", "ıɡɑ", "iga"),
    ("a dash", "‐‑‒–—−", "------"),
    ("a colon", "：∶꞉", ":::"),
    ("a quotation mark", "“”„‘’", "\"\"\"''"),
    ("a blank", "\u{a0}\u{2007}\u{202f}\u{3000}", "    "),
];

/// Wide forms of `!` to `~`, as East Asian keyboards write them.
const WIDE: std::ops::RangeInclusive<u32> = 0xFF01..=0xFF5E;
const WIDE_FROM_PLAIN: u32 = 0xFF01 - 0x21;

/// What it looks like and what it is, if it is taken for another character.
fn looks_like(character: char) -> Option<(char, &'static str)> {
    if character.is_ascii() {
        return None;
    }
    for (what, strange, plain) in LOOKALIKES {
        if let Some(at) = strange.chars().position(|known| known == character) {
            return Some((plain.chars().nth(at)?, what));
        }
    }
    let code = u32::from(character);
    if WIDE.contains(&code) {
        return Some((char::from_u32(code - WIDE_FROM_PLAIN)?, "a wide character"));
    }
    None
}

/// Whether nobody sees it, or it changes the order in which others are seen. A joiner is part of some scripts and signs.
fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

/// The text as it is seen: with plain letters for those that look like them, without what is not seen.
pub(super) fn seen(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    text.chars()
        .filter(|character| !is_unseen(*character))
        .map(|character| looks_like(character).map_or(character, |(plain, _)| plain))
        .collect()
}

/// A sentence about the first character that is not seen.
pub(super) fn unseen(text: &str) -> Option<String> {
    let character = text.chars().find(|character| is_unseen(*character))?;
    Some(format!(
        "there is an invisible character in it (U+{:04X})",
        u32::from(character)
    ))
}

/// A sentence about the first character that is not what it looks like. A letter counts only in a word that has plain
/// ones too: whole words of another alphabet are what they look like.
pub(super) fn stranger(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    if let Some(sentence) = unseen(text) {
        return Some(sentence);
    }
    let is_mixed = |word: &&str| word.chars().any(|character| character.is_ascii_alphanumeric());
    let letters = text
        .split(|character: char| !character.is_alphanumeric())
        .filter(is_mixed)
        .flat_map(str::chars);
    let marks = text.chars().filter(|character| !character.is_alphanumeric());
    letters.chain(marks).find_map(|character| {
        let (plain, what) = looks_like(character)?;
        let code = u32::from(character);
        Some(match plain {
            ' ' => format!("there is {what} in it (U+{code:04X}) that only looks like a plain one"),
            _ => format!("the `{character}` in it is {what} (U+{code:04X}) that only looks like `{plain}`"),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{LOOKALIKES, seen, stranger};

    #[test]
    fn each_has_its_plain_one() {
        for (what, strange, plain) in LOOKALIKES {
            assert_eq!(strange.chars().count(), plain.chars().count(), "{what}");
            assert!(
                plain.is_ascii() && !strange.chars().any(|c| c.is_ascii()),
                "{what}"
            );
        }
    }

    #[test]
    fn a_strange_letter_among_plain_ones_is_told() {
        let told = |text: &str| stranger(text).unwrap_or_default();
        assert!(told("checkоut").contains("the `о` in it is a Cyrillic letter (U+043E)"));
        assert!(told("Mon–Fri").contains("a dash (U+2013) that only looks like `-`"));
        assert!(told("１6:00").contains("a wide character (U+FF11) that only looks like `1`"));
        assert!(told("days\u{a0}").contains("a blank in it (U+00A0)"));
        assert!(told("da\u{200b}ys").contains("an invisible character in it (U+200B)"));
        for fine in ["checkout", "Выходные", "ухо", "Größe", "👩\u{200d}🚀"] {
            assert_eq!(stranger(fine), None);
        }
        assert_eq!(seen("re\u{200b}рlicas"), "replicas");
    }
}
