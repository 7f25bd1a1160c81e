//! Text from files and clusters is never trusted in a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Longer text is cut: nothing that a person reads in one line is longer.
const MAX_CHARS: usize = 1000;

/// The text with characters that a terminal might obey shown as `\u{1b}`, and not too long.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => Cow::Owned(escaped(text.get(..end).unwrap_or_default()).into_owned() + "…"),
        None => escaped(text),
    }
}

/// The text with characters that a terminal might obey shown as `\u{1b}`.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_obeyed(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// JSON that means the same, with the characters that a terminal might obey and JSON lets pass written as `\u009b`.
#[must_use]
pub(super) fn json_escaped(json: String) -> String {
    // Nearly always, and a document of 10 MB need not be there twice.
    if !json
        .chars()
        .any(|character| is_obeyed(character) && character != '\n')
    {
        return json;
    }
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if is_obeyed(character) && character != '\n' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Control characters, line separators, and what changes the direction of text or is not seen.
pub(super) fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00AD}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
                | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_not_sent() {
        assert_eq!(printable("shop/checkout"), "shop/checkout");
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(printable(&"x".repeat(5000)).chars().count(), MAX_CHARS + 1);
    }

    #[test]
    fn json_means_the_same_and_is_as_harmless() {
        let value = serde_json::json!({"a\u{9b}": "b\u{202e}\u{7f}\n\u{1b}\\é\u{e0041}"});
        let text = json_escaped(format!("{value:#}\n"));
        assert!(
            !text
                .chars()
                .any(|character| character != '\n' && is_obeyed(character)),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).ok(), Some(value));
    }
}
