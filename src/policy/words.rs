//! Words for messages: quoting what the user wrote, lists of choices, and "did you mean".

use super::lookalike;

/// A longer text is no weekday, date, time, length or zone; nobody should compare it with all of them.
pub(super) const LONGEST_WORD: usize = 80;

/// What the user wrote, in backticks and cut to a length that fits into a sentence.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(LONGEST).collect();
    if characters.next().is_some() {
        format!("`{start}…`")
    } else {
        format!("`{start}`")
    }
}

/// A name as it can stand in an example without quotes.
pub(super) fn bare(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric() || "-_".contains(*c))
        .take(40)
        .collect()
}

/// A hint with its examples of `key: value` written as TOML.
pub(super) fn in_toml(hint: &str) -> String {
    let parts: Vec<String> = hint
        .split('`')
        .enumerate()
        .map(|(at, part)| match at % 2 {
            0 => part.to_owned(),
            _ => entry_in_toml(part).unwrap_or_else(|| part.to_owned()),
        })
        .collect();
    parts.join("`")
}

fn entry_in_toml(example: &str) -> Option<String> {
    let (key, value) = example.split_once(": ")?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    if !is_key || value.contains('{') {
        return None;
    }
    let is_written_alike = value.starts_with(['"', '\'']) || value.parse::<f64>().is_ok();
    Some(match value {
        "true" | "false" => format!("{key} = {value}"),
        _ if is_written_alike => format!("{key} = {value}"),
        _ => match value.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
            Some(list) => {
                let items = list.split(", ").map(|item| match item.starts_with('"') {
                    true => item.to_owned(),
                    false => format!("\"{item}\""),
                });
                format!("{key} = [{}]", items.collect::<Vec<_>>().join(", "))
            }
            None => format!("{key} = \"{value}\""),
        },
    })
}

/// "`a`, `b` or `c`".
pub(super) fn choice<T: AsRef<str>>(items: &[T]) -> String {
    listed(items, "or")
}

/// "`a`, `b` and `c`".
pub(super) fn all<T: AsRef<str>>(items: &[T]) -> String {
    listed(items, "and")
}

fn listed<T: AsRef<str>>(items: &[T], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => quoted(one.as_ref()),
        [most @ .., end] => {
            let most: Vec<_> = most.iter().map(|item| quoted(item.as_ref())).collect();
            format!("{} {last} {}", most.join(", "), quoted(end.as_ref()))
        }
    }
}

/// "1 line", "2 lines".
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// The known word that was most probably meant: the same but for case and separators, or few typing errors away.
pub(crate) fn meant<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    const LONGEST: usize = 40;
    if text.len() > LONGEST {
        return None;
    }
    let text = plain(text);
    known
        .iter()
        .map(|word| (distance(&text, &plain(word)), *word))
        .filter(|(distance, word)| *distance <= (word.len().min(text.len()) / 3).min(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Lower case without separators, as it is seen.
pub(super) fn plain(text: &str) -> String {
    lookalike::seen(text)
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | ' ' | '.'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether two names differ only in numbers or single letters, as `peak-1` and `peak-2` do.
pub(super) fn are_numbered(a: &str, b: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .flat_map(|word| word.split_inclusive(|c: char| c.is_ascii_digit()))
            .map(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned())
            .filter(|part| part.chars().count() > 1)
            .collect()
    };
    parts(a) == parts(b)
}

/// Typing errors between two words: letters added, left out, exchanged, or two neighbours swapped.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::{are_numbered, choice, in_toml, meant, quoted};

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["timeStart", "timeEnd", "timezone", "days"];
        assert_eq!(meant("tiemStart", &known), Some("timeStart"));
        assert_eq!(meant("time_start", &known), Some("timeStart"));
        assert_eq!(meant("TimeZone", &known), Some("timezone"));
        assert_eq!(meant("day", &known), Some("days"));
        assert_eq!(meant("colour", &known), None);
        assert_eq!(meant("", &known), None);
        assert_eq!(meant(&"t".repeat(100_000), &known), None);
    }

    #[test]
    fn names_with_numbers_are_told_apart_from_typing_errors() {
        assert!(are_numbered("peak-1", "peak-2"));
        assert!(are_numbered("shop a", "shop b"));
        assert!(are_numbered("Peak12", "Peak7"));
        assert!(!are_numbered("Peak", "Paek"));
        assert!(!are_numbered("night", "nights"));
    }

    #[test]
    fn hints_for_toml_are_toml() {
        for (yaml, toml) in [
            ("write `replicas: 5`", "write `replicas = 5`"),
            (
                "for example `days: [Mon, Tue]` or `x`",
                "for example `days = [\"Mon\", \"Tue\"]` or `x`",
            ),
            (
                "`wake: always`, `suspend: true`",
                "`wake = \"always\"`, `suspend = true`",
            ),
            ("`timeStart: \"16:30\"`", "`timeStart = \"16:30\"`"),
            ("`key: value` lines", "`key = \"value\"` lines"),
            ("at 10: 5", "at 10: 5"),
        ] {
            assert_eq!(in_toml(yaml), toml);
        }
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(choice(&["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(choice(&["a"]), "`a`");
        assert_eq!(quoted(&"x".repeat(61)).chars().count(), 63);
    }
}
