//! Values of flags from their texts. What is wrong with one is said in words that tell what to write.

use std::time::Duration;

use crate::draft::Asked;
use crate::policy::Target;
use crate::time::{Date, Instant, Weekdays, Zone};

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    At(Instant),
    /// The midnight at which this date begins, in a zone that is known later.
    Midnight(Date),
}

pub(super) fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text).map_err(|invalid| invalid.message)
}

/// A date is all that an instant is not: ten characters.
pub(super) fn end(text: &str) -> Result<End, String> {
    let text = text.trim();
    if text.len() == 10 && text.starts_with(|first: char| first.is_ascii_digit()) {
        return Date::parse(text).map(End::Midnight);
    }
    let or_date = |message: String| format!("{message}; or a date, for example 2026-11-27");
    instant(text).map(End::At).map_err(or_date)
}

pub(super) fn on_weekdays(text: &str) -> Result<Asked, String> {
    Asked::on(Weekdays::WORKING, text)
}

pub(super) fn on_weekends(text: &str) -> Result<Asked, String> {
    Asked::on(Weekdays::WEEKEND, text)
}

pub(super) fn on_every_day(text: &str) -> Result<Asked, String> {
    Asked::on(Weekdays::DAILY, text)
}

pub(super) fn zone(text: &str) -> Result<Zone, String> {
    Zone::parse(text).map_err(|unknown| match unknown.suggestions.as_slice() {
        [] => "there is no such time zone; write continent and city, for example Europe/Berlin, or UTC"
            .to_owned(),
        names => format!("there is no such time zone; did you mean {}?", names.join(" or ")),
    })
}

/// A selector of labels; the server says what is wrong with one in detail.
pub(super) fn selector(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > 500 || text.chars().any(char::is_control) {
        return Err("it is labels such as easyscale.io/policy=true or team=shop,stage=prod".to_owned());
    }
    Ok(text.to_owned())
}

/// The name of a namespace becomes part of a path; an empty one must never mean all of them.
pub(super) fn namespace(text: &str) -> Result<String, String> {
    let inner =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    let good = (1..=63).contains(&text.len())
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-');
    if good {
        return Ok(text.to_owned());
    }
    Err("a namespace has 1 to 63 lower-case letters, digits and `-`; leave --namespace out for the whole cluster".to_owned())
}

/// The name of an object becomes part of a path, too.
pub(super) fn object_name(text: &str) -> Result<String, String> {
    let inner = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '.')
    };
    let good = (1..=253).contains(&text.len())
        && text.chars().all(inner)
        && !text.starts_with(['-', '.'])
        && !text.ends_with(['-', '.']);
    if good {
        return Ok(text.to_owned());
    }
    Err("a name has 1 to 253 lower-case letters, digits, `-` and `.`".to_owned())
}

/// `90s`, `5m`, `1h`; a bare number is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        other => return Err(format!("{other:?} is not a unit; write 90s, 5m or 1h")),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "write a whole number and a unit: 90s, 5m or 1h".to_owned())?;
    match number.checked_mul(unit) {
        Some(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("it must be between 1s and 24h".to_owned()),
    }
}

/// Short enough for a hand-over that nobody waits for, long enough for a slow API server.
pub(super) fn lease_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        duration if (2..=300).contains(&duration.as_secs()) => Ok(duration),
        _ => Err("it must be between 2s and 5m".to_owned()),
    }
}

pub(super) fn concurrency(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=256) => Ok(number),
        _ => Err("write a whole number from 1 to 256".to_owned()),
    }
}

pub(super) fn edges(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=1000) => Ok(number),
        _ => Err("write a whole number from 1 to 1000".to_owned()),
    }
}

/// An instance's name becomes a label's value.
pub(super) fn instance(text: &str) -> Result<String, String> {
    let inner = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let edge = |character: Option<char>| character.is_some_and(|character| character.is_ascii_alphanumeric());
    let good = text.len() <= 63
        && text.chars().all(inner)
        && edge(text.chars().next())
        && edge(text.chars().next_back());
    if good {
        return Ok(text.to_owned());
    }
    Err("use letters, digits, `-`, `_` and `.`, at most 63, with a letter or digit at both ends".to_owned())
}

pub(super) fn target(text: &str) -> Result<Target, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let [kind, namespace, name] = parts.as_slice() else {
        return Err("write kind/namespace/name, such as deployment/shop/checkout".to_owned());
    };
    let namespace = self::namespace(namespace)?;
    let Some((group, kind)) = known_kind(kind) else {
        return Err(format!(
            "{:?} is not a kind that is known here; use deployment, statefulset or hpa",
            kind.to_ascii_lowercase()
        ));
    };
    Ok(Target {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace,
        name: (*name).to_owned(),
    })
}

/// The API group and the kind that people mean by a word, as `kubectl` understands it.
pub(super) fn known_kind(word: &str) -> Option<(&'static str, &'static str)> {
    match word.to_ascii_lowercase().as_str() {
        "deployment" | "deployments" | "deploy" => Some(("apps", "Deployment")),
        "statefulset" | "statefulsets" | "sts" => Some(("apps", "StatefulSet")),
        "horizontalpodautoscaler" | "horizontalpodautoscalers" | "hpa" => {
            Some(("autoscaling", "HorizontalPodAutoscaler"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_bounds() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        for bad in [
            "",
            "s",
            "0s",
            "2d",
            "-1s",
            "1.5m",
            "25h",
            "99999999999999999999s",
            "307445734561825861m",
        ] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_empty_namespace_is_not_all_of_them() {
        assert_eq!(namespace("shop-1"), Ok("shop-1".to_owned()));
        for bad in [
            "",
            "-a",
            "a-",
            "Shop",
            "a.b",
            "../../api/v1/secrets#",
            &"a".repeat(64),
        ] {
            assert!(namespace(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn targets_are_written_as_kubectl_users_do() {
        assert_eq!(
            target("hpa/shop/a").map(|target| target.kind),
            Ok("HorizontalPodAutoscaler".to_owned())
        );
        assert_eq!(
            target("Deploy/shop/a").map(|target| target.group),
            Ok("apps".to_owned())
        );
        assert!(target("deployment/a").is_err());
        assert!(target("pod/shop/a").is_err());
    }
}
