//! Which warnings somebody does not accept.

use super::codes::CODES;
use super::problem::Problem;
use super::words;

/// Warnings that count as errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// All of them.
    Warnings,
    /// Those of one code.
    Code(&'static str),
}

impl Denied {
    /// `warnings`, or the code of a warning in any case.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("warnings") {
            return Ok(Self::Warnings);
        }
        let wanted = text.to_ascii_uppercase();
        match CODES.iter().find(|(code, _)| *code == wanted) {
            Some((code, _)) if code.starts_with('W') => Ok(Self::Code(code)),
            Some((code, _)) if code.starts_with('E') => Err(format!("{code} is an error already")),
            Some((code, _)) => Err(format!("{code} is a note, and notes are never denied")),
            None => {
                let known: Vec<&str> = CODES.iter().map(|(code, _)| *code).chain(["warnings"]).collect();
                Err(match words::meant(text, &known) {
                    Some(meant) => format!("there is no such code; did you mean {meant}?"),
                    None => "write `warnings`, or the code of a warning such as W0601".to_owned(),
                })
            }
        }
    }

    pub(super) fn covers(self, problem: &Problem) -> bool {
        match self {
            Self::Warnings => true,
            Self::Code(code) => problem.code == code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Denied;

    #[test]
    fn all_warnings_or_one_kind_can_be_denied() {
        assert_eq!(Denied::parse("warnings"), Ok(Denied::Warnings));
        assert_eq!(Denied::parse("w0601"), Ok(Denied::Code("W0601")));
        for (bad, told) in [
            ("E0201", "already"),
            ("N0702", "never denied"),
            ("W601", "did you mean W0601"),
            ("warning", "did you mean warnings"),
            ("everything", "write `warnings`"),
        ] {
            assert!(Denied::parse(bad).is_err_and(|why| why.contains(told)), "{bad}");
        }
    }
}
