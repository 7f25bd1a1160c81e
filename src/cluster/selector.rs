//! Choosing objects of a file by their labels, as an API server does by the same text.

use std::collections::BTreeMap;

/// A selector of labels: `key=value`, `key!=value`, `key`, `!key`, separated by commas.
pub(super) struct Selector(Vec<(String, Demand)>);

enum Demand {
    Is(String),
    IsNot(String),
    There,
    NotThere,
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// Of one that only a server understands, such as `stage in (dev, test)`; a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let demands = text.split(',').map(str::trim).map(|part| {
            let (key, demand) = if let Some((key, value)) = part.split_once("!=") {
                (key, Demand::IsNot(value.trim().to_owned()))
            } else if let Some((key, value)) = part.split_once('=') {
                (key, Demand::Is(value.trim_start_matches('=').trim().to_owned()))
            } else if let Some(key) = part.strip_prefix('!') {
                (key, Demand::NotThere)
            } else {
                (part, Demand::There)
            };
            let key = key.trim();
            if key.is_empty() || key.contains([' ', '(', ')', '<', '>']) {
                return Err(format!(
                    "the selector {text:?} cannot be used with a file: it takes key=value, key!=value, key and !key"
                ));
            }
            Ok((key.to_owned(), demand))
        });
        demands.collect::<Result<_, _>>().map(Self)
    }

    /// Whether labels are as it demands.
    pub(super) fn fits(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|(key, demand)| match demand {
            Demand::Is(value) => labels.get(key) == Some(value),
            Demand::IsNot(value) => labels.get(key) != Some(value),
            Demand::There => labels.contains_key(key),
            Demand::NotThere => !labels.contains_key(key),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_fit_as_on_a_server() {
        let labels = [("team", "shop"), ("stage", "prod"), ("empty", "")];
        let labels = labels
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        for (text, fits) in [
            ("team=shop", true),
            ("team==shop", true),
            (" team = shop , stage = prod ", true),
            ("team=shop,stage=test", false),
            ("team!=shop", false),
            ("team!=", true),
            ("other!=shop", true),
            ("other=", false),
            ("empty=", true),
            ("empty", true),
            ("other", false),
            ("!other", true),
            ("!team", false),
        ] {
            let selector = Selector::parse(text).unwrap();
            assert_eq!(selector.fits(&labels), fits, "{text}");
        }
        for text in [
            "stage in (dev, prod)",
            "stage notin (dev)",
            "size>5",
            "=shop",
            "!",
            ",",
            "team=shop,",
        ] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }
}
