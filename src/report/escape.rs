//! Text from files and clusters is never trusted in a terminal.

use std::borrow::Cow;

/// Longer text is cut: nothing that a person reads in one line is longer.
const MAX_CHARS: usize = 1000;

/// The text with control and direction-changing characters shown as `\u{1b}`, and not too long.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_CHARS && !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len().min(MAX_CHARS));
    for (number, character) in text.chars().enumerate() {
        if number == MAX_CHARS {
            shown.push('…');
            break;
        }
        if is_unsafe(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

fn is_unsafe(character: char) -> bool {
    // Bidirectional controls reorder what is shown; the rest moves the cursor or rings the bell.
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_not_sent() {
        assert_eq!(printable("shop/checkout"), "shop/checkout");
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\u{a}");
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(printable(&"x".repeat(5000)).chars().count(), MAX_CHARS + 1);
    }
}
