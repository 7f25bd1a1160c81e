//! How many copies somebody asks for: `5`, `5..20`, `5..` or `..20`.

use std::fmt;

use crate::policy::Replicas;

/// What a window or a default shall set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Copies {
    /// `replicas: N`: at least so many; 0 is sleep.
    AtLeast(Replicas),
    /// `minReplicas`, `maxReplicas` or both; never neither.
    Bounds {
        /// The floor.
        min: Option<Replicas>,
        /// The ceiling.
        max: Option<Replicas>,
    },
}

/// The largest number that Kubernetes can store.
const MOST: Replicas = i32::MAX as Replicas;
const SHAPE: &str =
    "write a number such as 5, or both ends such as 5..20 (5.. and ..20 set only one of them)";

impl Copies {
    /// Reads `5`, `5..20`, `5..` or `..20`.
    ///
    /// # Errors
    /// In words: what is wrong and what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let Some((min, max)) = text.split_once("..") else {
            return number(text).map(Self::AtLeast);
        };
        let end = |text: &str| match text.trim() {
            "" => Ok(None),
            text => number(text).map(Some),
        };
        let (min, max) = (end(min)?, end(max)?);
        match (min, max) {
            (None, None) => Err(format!("\"..\" names no number; {SHAPE}")),
            (_, Some(0)) => Err(
                "at most 0 is not possible; write 0 alone to let it sleep, or a number from 1 up".to_owned(),
            ),
            (Some(min), Some(max)) if min > max => Err(format!(
                "{min}..{max} runs backwards: the smaller number comes first, {max}..{min}"
            )),
            _ => Ok(Self::Bounds { min, max }),
        }
    }

    /// The keys of a rule that say this, with their values.
    pub(super) fn entries(self) -> Vec<(&'static str, Replicas)> {
        match self {
            Self::AtLeast(replicas) => vec![("replicas", replicas)],
            Self::Bounds { min, max } => [("minReplicas", min), ("maxReplicas", max)]
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?)))
                .collect(),
        }
    }

    /// Orders from few to many: by floor, then by ceiling.
    pub(super) fn size(self) -> (Replicas, Replicas) {
        match self {
            Self::AtLeast(replicas) => (replicas, replicas),
            Self::Bounds { min, max } => (min.unwrap_or(0), max.unwrap_or(MOST)),
        }
    }
}

fn number(text: &str) -> Result<Replicas, String> {
    let shown = super::quoted(text);
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(format!("{shown} is not a number of copies; {SHAPE}"));
    }
    match text.parse() {
        Ok(number) if number <= MOST => Ok(number),
        _ => Err(format!(
            "{shown} is more than Kubernetes can count; at most {MOST}"
        )),
    }
}

impl fmt::Display for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |end: Option<Replicas>| end.map(|end| end.to_string()).unwrap_or_default();
        match self {
            Self::AtLeast(replicas) => write!(f, "{replicas}"),
            Self::Bounds { min, max } => write!(f, "{}..{}", end(*min), end(*max)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ends() {
        for text in ["0", "5", "5..20", "5..", "..20", "0..3"] {
            assert_eq!(
                Copies::parse(text).map(|copies| copies.to_string()),
                Ok(text.to_owned())
            );
        }
        assert_eq!(Copies::parse(" 5 .. 20 "), Copies::parse("5..20"));
    }

    #[test]
    fn mistakes_say_what_to_write() {
        for (text, told) in [
            ("", "write a number such as 5"),
            ("..", "names no number"),
            ("20..5", "5..20"),
            ("..0", "0 alone to let it sleep"),
            ("-1", "not a number of copies"),
            ("five", "\"five\" is not a number of copies"),
            ("1.5", "5..20"),
            ("3-5", "5..20"),
            ("99999999999", "at most 2147483647"),
        ] {
            let error = Copies::parse(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
