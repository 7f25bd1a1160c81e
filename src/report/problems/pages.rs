//! The page that explains each code. `docs/problems.md` is their only source: a heading per code.

use std::fmt::Write as _;

use crate::policy::{CODES, RETIRED, meant};

const PAGES: &str = include_str!("../../../docs/problems.md");

/// What a code means, an example that causes it, and how to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The code.
    pub code: &'static str,
    /// What it means in a few words.
    pub title: &'static str,
    /// The rest, in Markdown.
    pub text: &'static str,
}

/// The page of a code.
#[must_use]
pub fn page(code: &str) -> Option<Page> {
    let mut rest = PAGES;
    while let Some((_, section)) = rest.split_once("\n### ") {
        let (heading, text) = section.split_once('\n')?;
        if let Some((of, title)) = heading.split_once(": ")
            && of == code
        {
            let text = text
                .find("\n## ")
                .into_iter()
                .chain(text.find("\n### "))
                .min()
                .map_or(text, |end| &text[..end]);
            return Some(Page {
                code: of,
                title,
                text: text.trim(),
            });
        }
        rest = section;
    }
    None
}

impl Page {
    /// What it means, without the examples.
    #[must_use]
    pub fn meaning(&self) -> String {
        let text = self.text.split("```").next().unwrap_or_default().trim();
        text.replace('\n', " ")
    }

    /// Its text for a terminal: examples are indented.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut out = String::new();
        let mut is_example = false;
        for line in self.text.lines() {
            if line.starts_with("```") {
                is_example = !is_example;
                continue;
            }
            if is_example && !line.is_empty() {
                out.push_str("    ");
            }
            out.push_str(line);
            out.push('\n');
        }
        out
    }
}

/// The page as `easyscale explain-code` prints it, for a code in any case.
///
/// # Errors
/// There is no such code: what may have been meant, in words.
pub fn explain(code: &str) -> Result<String, String> {
    let wanted = code.trim().to_ascii_uppercase();
    if let Some((code, meaning)) = RETIRED.iter().find(|(known, _)| *known == wanted) {
        return Ok(format!("{code} is not told any more: {meaning}.\n"));
    }
    if let Some(page) = page(&wanted) {
        return Ok(format!("{}: {}\n\n{}", page.code, page.title, page.plain()));
    }
    let known: Vec<&str> = CODES.iter().map(|(code, _)| *code).collect();
    Err(match near(&wanted, &known) {
        Some(meant) => format!("did you mean {meant}?"),
        None => "`easyscale explain-code` lists all codes".to_owned(),
    })
}

/// `604`, `W604` and `0604` lack what a code has; anything else is a typing error.
fn near<'a>(wanted: &str, known: &[&'a str]) -> Option<&'a str> {
    let digits: String = wanted.chars().filter(char::is_ascii_digit).collect();
    let letter: String = wanted.chars().filter(char::is_ascii_alphabetic).collect();
    let number: Option<u32> = digits.parse().ok();
    let same = known.iter().find(|code| {
        code.get(1..).and_then(|digits| digits.parse().ok()) == number
            && number.is_some()
            && (letter.is_empty() || code.starts_with(&letter))
    });
    same.copied().or_else(|| meant(wanted, known))
}

/// All codes with their titles, a line each.
#[must_use]
pub fn list() -> String {
    let mut out = String::new();
    for (code, title) in CODES {
        let _ = writeln!(out, "{code}  {title}");
    }
    out.push_str("\nFor more about one of them: easyscale explain-code CODE\n");
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CODES, explain, list, page};
    use crate::policy::check;

    /// They need files, a clock or a cluster.
    const WITHOUT_EXAMPLE: &[&str] = &[
        "E0001", "E0002", "E0003", "E0004", "E0005", "E0006", "E0008", "E0009", "E0801", "E0802", "E0803",
        "E0804", "E0805", "E0806", "E0807", "N0702", "W0612", "W0802", "W0804",
    ];

    /// The example that is marked so, as a whole file: the page says where parts of a rule stand.
    fn example(code: &str, mark: &str) -> Option<String> {
        let page = page(code).expect("a page");
        let (_, rest) = page.text.split_once(&format!("```yaml {mark}\n"))?;
        let (text, _) = rest.split_once("```").expect("the end of the example");
        let head = "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {name: web}\nspec:\n  target: {kind: Deployment, name: web, namespace: shop}\n";
        let indented = |by: &str| {
            text.lines()
                .map(|line| format!("{by}{line}\n"))
                .collect::<String>()
        };
        Some(if text.starts_with("- ") {
            format!("{head}  schedule:\n{}", indented("    "))
        } else if text.starts_with("apiVersion")
            || ["calendars", "rules"].iter().any(|key| text.starts_with(key))
        {
            text.to_owned()
        } else {
            format!("{head}{}", indented("  "))
        })
    }

    #[test]
    fn every_code_has_a_page_with_its_title() {
        for (code, title) in CODES {
            let page =
                page(code).unwrap_or_else(|| panic!("docs/problems.md has no page for {code}: {title}"));
            assert_eq!(page.title, *title, "{code}");
            assert!(page.meaning().len() > 10, "{code}");
        }
    }

    #[test]
    fn examples_cause_their_code_and_mended_ones_do_not() {
        for (code, _) in CODES {
            let Some(wrong) = example(code, "wrong") else {
                assert!(WITHOUT_EXAMPLE.contains(code), "{code} needs an example");
                continue;
            };
            let codes = |text: String| -> BTreeSet<&str> {
                let loaded = check(vec![("example.yaml".to_owned(), text)]);
                loaded.problems.iter().map(|problem| problem.code).collect()
            };
            assert_eq!(codes(wrong.clone()), BTreeSet::from([*code]), "{wrong}");
            let mended = example(code, "mended").expect("a mended example");
            assert_eq!(codes(mended.clone()), BTreeSet::new(), "{mended}");
        }
    }

    #[test]
    fn codes_are_found_however_they_are_written() {
        assert!(explain("w0601").is_ok_and(|text| text.starts_with("W0601: a window that never")));
        assert!(explain("E0104").is_ok_and(|text| text.contains("not told any more")));
        for (typed, meant) in [
            ("W604", "W0604"),
            ("601", "E0601"),
            ("0502", "E0502"),
            ("E020l", "E0201"),
        ] {
            assert_eq!(explain(typed), Err(format!("did you mean {meant}?")), "{typed}");
        }
        assert!(explain("").is_err());
        assert!(explain(&"9".repeat(100_000)).is_err());
        assert_eq!(list().lines().count(), CODES.len() + 2);
    }
}
