//! Drafts as YAML that people like to read, and that readers of YAML 1.1 and 1.2 understand alike.

use std::fmt::Write as _;

use super::foreign::Remark;
use super::rule::{Draft, DraftWindow, When};
use crate::time::Weekdays;

/// So many remarks are repeated in a file; all of them are told when it is written.
const MOST_REMARKS: usize = 100;
/// A longer text from somewhere else is cut in a comment.
const LONGEST_COMMENT: usize = 400;

/// One rule as the text of a file.
#[must_use]
pub fn text(draft: &Draft) -> String {
    let mut text = String::new();
    rule(&mut text, draft);
    text
}

/// Several rules as the text of one file, with what was left out at its top. `origin` says where they come from.
#[must_use]
pub fn file(drafts: &[Draft], remarks: &[Remark], origin: &str) -> String {
    let mut text = String::new();
    comment(
        &mut text,
        &format!("Carried over by `easyscale generate --from` from {origin}."),
    );
    for remark in remarks.iter().take(MOST_REMARKS) {
        text.push_str("#\n");
        comment(&mut text, &remark.to_string());
        if let Some(hint) = &remark.hint {
            comment(&mut text, &format!("  {hint}"));
        }
    }
    if remarks.len() > MOST_REMARKS {
        let more = remarks.len() - MOST_REMARKS;
        comment(&mut text, &format!("and {more} more, which the command has told"));
    }
    for (number, draft) in drafts.iter().enumerate() {
        if number > 0 {
            text.push_str("---\n");
        }
        rule(&mut text, draft);
    }
    text
}

/// A text from somewhere else in quotes, on one line, harmless and not too long.
#[must_use]
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("{shown:?}")
}

fn comment(text: &mut String, words: &str) {
    let harmless = |character: char| {
        let obeyed = character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}');
        if obeyed { ' ' } else { character }
    };
    text.push_str("# ");
    text.extend(words.chars().take(LONGEST_COMMENT).map(harmless));
    text.push('\n');
}

fn rule(text: &mut String, draft: &Draft) {
    let Draft {
        name,
        target,
        zone,
        windows,
        default,
    } = draft;
    text.push_str("apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata:\n");
    line(text, 2, "name", &scalar(name));
    text.push_str("spec:\n  target:\n");
    line(text, 4, "kind", &scalar(&target.kind));
    line(text, 4, "name", &scalar(&target.name));
    line(text, 4, "namespace", &scalar(&target.namespace));
    if let Some(zone) = zone
        .as_ref()
        .filter(|_| windows.iter().any(|window| window.zone.is_none()))
    {
        line(text, 2, "timezone", &scalar(zone.name()));
    }
    if !windows.is_empty() {
        text.push_str("  schedule:\n");
    }
    for draft in windows {
        window(text, draft);
    }
    if let Some(copies) = default {
        text.push_str("  default:\n");
        for (key, value) in copies.entries() {
            line(text, 4, key, &value.to_string());
        }
    }
}

fn window(text: &mut String, window: &DraftWindow) {
    let DraftWindow {
        name,
        when,
        zone,
        copies,
        priority,
    } = window;
    let _ = writeln!(text, "    - name: {}", in_quotes(name));
    match when {
        When::Days { days, dates, hours } => {
            if dates.is_empty() || *days != Weekdays::DAILY {
                line(text, 6, "days", &format!("[{days}]"));
            }
            if !dates.is_empty() {
                let dates: Vec<String> = dates.iter().map(|date| in_quotes(date)).collect();
                line(text, 6, "dates", &format!("[{}]", dates.join(", ")));
            }
            if let Some((start, end)) = hours {
                line(text, 6, "timeStart", &in_quotes(&start.to_string()));
                line(text, 6, "timeEnd", &in_quotes(&end.to_string()));
            }
        }
        When::Span { from, until } => {
            line(text, 6, "from", &in_quotes(from));
            line(text, 6, "until", &in_quotes(until));
        }
    }
    if let Some(zone) = zone {
        line(text, 6, "timezone", &scalar(zone.name()));
    }
    for (key, value) in copies.entries() {
        line(text, 6, key, &value.to_string());
    }
    if *priority != 0 {
        line(text, 6, "priority", &priority.to_string());
    }
}

fn line(text: &mut String, indent: usize, key: &str, value: &str) {
    let _ = writeln!(text, "{:indent$}{key}: {value}", "");
}

/// Words that some readers of YAML take for something else than text.
const NOT_TEXT: [&str; 11] = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
];

/// A text without quotes where every reader takes it for that text, else in quotes.
fn scalar(text: &str) -> String {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(word)
        && !NOT_TEXT.iter().any(|special| text.eq_ignore_ascii_case(special));
    if plain { text.to_owned() } else { in_quotes(text) }
}

/// A text in double quotes, on one line of what every reader lets pass.
fn in_quotes(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            _ if character.is_alphanumeric() => quoted.push(character),
            _ => {
                let _ = match u32::from(character) {
                    code @ ..=0xFFFF => write!(quoted, "\\u{code:04X}"),
                    code => write!(quoted, "\\U{code:08X}"),
                };
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts_for_every_reader() {
        for (text, written) in [
            ("checkout", "checkout"),
            ("Europe/Berlin", "Europe/Berlin"),
            ("no", "\"no\""),
            ("NULL", "\"NULL\""),
            ("123", "\"123\""),
            ("1e3", "\"1e3\""),
            ("a b", "\"a b\""),
            ("", "\"\""),
            (
                "a: \"b\"\\\n\u{1b}\u{85}é",
                "\"a: \\\"b\\\"\\\\\\u000A\\u001B\\u0085é\"",
            ),
        ] {
            assert_eq!(scalar(text), written);
            let read: String = serde_saphyr::from_str(&scalar(text)).unwrap();
            assert_eq!(read, text);
            let read: String = serde_yaml::from_str(&scalar(text)).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn comments_stay_comments() {
        let mut text = String::new();
        comment(&mut text, "a\nb: c\u{2028}d\r");
        assert_eq!(text, "# a b: c d \n");
    }
}
