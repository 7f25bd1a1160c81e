//! What is remembered of an object, as JSON on it or beside it.
//!
//! An autoscaler carries its memory in an annotation, written in the same request as the bounds. A
//! scale has no place for one, so its memory is an entry of a `ConfigMap`, written in three steps.

use serde::{Deserialize, Serialize};

use crate::policy::{Replicas, Target};
use crate::time::Instant;

/// Longer state is not ours; it is not parsed.
const MAX_STATE_BYTES: usize = 4096;

/// The only layout so far.
const VERSION: u32 = 1;

/// One bound of an autoscaler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// Before easyscale first wrote it; `None`: the field was absent.
    pub original: Option<Replicas>,
    /// What easyscale wrote last.
    pub applied: Replicas,
}

/// The scale of a workload, between and after the three steps of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RememberedScale {
    /// Before easyscale first wrote it.
    pub original: Replicas,
    /// What easyscale wrote last; `None`: nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Replicas>,
    /// What easyscale was about to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Replicas>,
}

/// Whose memory it is, of which object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The installation that wrote it.
    pub instance: String,
    /// The rule for which it was written last; the memory belongs to the object, not to the rule.
    pub rule: String,
    /// The object's uid when it was written.
    pub uid: String,
    /// The instant of the pass that wrote it, RFC 3339.
    pub at: String,
}

impl Header {
    /// A header for now.
    #[must_use]
    pub fn new(instance: &str, rule: &str, uid: &str, at: &str) -> Self {
        Self {
            instance: instance.to_owned(),
            rule: rule.to_owned(),
            uid: uid.to_owned(),
            at: at.to_owned(),
        }
    }

    /// When it was written; `None` if that cannot be read.
    pub(super) fn written(&self) -> Option<Instant> {
        Instant::parse(&self.at).ok()
    }
}

/// The state annotation of an autoscaler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoscalerMemory {
    v: u32,
    /// Whose it is.
    #[serde(flatten)]
    pub header: Header,
    /// The floor, if it was written.
    #[serde(rename = "minReplicas", default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Remembered>,
    /// The ceiling, if it was written.
    #[serde(rename = "maxReplicas", default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Remembered>,
}

/// One entry of the memory `ConfigMap`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleMemory {
    v: u32,
    /// Whose it is.
    #[serde(flatten)]
    pub header: Header,
    /// API group of the workload.
    pub group: String,
    /// Kind of the workload.
    pub kind: String,
    /// Name of the workload.
    pub name: String,
    /// The scale.
    pub replicas: RememberedScale,
}

/// Memory that cannot be understood, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl AutoscalerMemory {
    /// A memory to write.
    #[must_use]
    pub fn new(header: Header, floor: Option<Remembered>, ceiling: Option<Remembered>) -> Self {
        Self {
            v: VERSION,
            header,
            floor,
            ceiling,
        }
    }

    /// Reads the annotation.
    ///
    /// # Errors
    /// When it is too long, not JSON, of another version, or says something impossible.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let memory: Self = parse(text)?;
        check_version(memory.v)?;
        for (bound, remembered) in [("minReplicas", memory.floor), ("maxReplicas", memory.ceiling)] {
            let Some(remembered) = remembered else { continue };
            check_replicas(bound, Some(remembered.applied))?;
            check_replicas(bound, remembered.original)?;
        }
        let impossible = |ceiling: Remembered| {
            ceiling.original.is_none_or(|original| original == 0) || ceiling.applied == 0
        };
        if memory.ceiling.is_some_and(impossible) {
            return Err(Unreadable("maxReplicas of 0 is impossible".to_owned()));
        }
        Ok(memory)
    }

    /// The annotation's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        to_text(self)
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.floor.is_none() && self.ceiling.is_none()
    }
}

impl ScaleMemory {
    /// A memory to write.
    #[must_use]
    pub fn new(header: Header, target: &Target, replicas: RememberedScale) -> Self {
        Self {
            v: VERSION,
            header,
            group: target.group.clone(),
            kind: target.kind.clone(),
            name: target.name.clone(),
            replicas,
        }
    }

    /// Reads one entry.
    ///
    /// # Errors
    /// When it is too long, not JSON, of another version, or says something impossible.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let memory: Self = parse(text)?;
        check_version(memory.v)?;
        for value in [
            Some(memory.replicas.original),
            memory.replicas.applied,
            memory.replicas.pending,
        ] {
            check_replicas("replicas", value)?;
        }
        Ok(memory)
    }

    /// The entry's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        to_text(self)
    }

    /// The entry's key: `Deployment.apps.checkout`.
    #[must_use]
    pub fn key(group: &str, kind: &str, name: &str) -> String {
        format!("{kind}.{group}.{name}")
    }
}

fn parse<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, Unreadable> {
    if text.len() > MAX_STATE_BYTES {
        return Err(Unreadable(format!(
            "it is {} bytes long, more than easyscale ever writes",
            text.len()
        )));
    }
    serde_json::from_str(text).map_err(|error| Unreadable(error.to_string()))
}

fn check_version(version: u32) -> Result<(), Unreadable> {
    if version == VERSION {
        return Ok(());
    }
    Err(Unreadable(format!(
        "it has version {version}, this easyscale reads version {VERSION}"
    )))
}

fn check_replicas(bound: &str, value: Option<Replicas>) -> Result<(), Unreadable> {
    match value {
        Some(value) if i32::try_from(value).is_err() => Err(Unreadable(format!(
            "{bound} of {value} is more than Kubernetes can store"
        ))),
        _ => Ok(()),
    }
}

fn to_text<T: Serialize>(memory: &T) -> String {
    // Structs of strings and numbers: serialisation has nothing to fail on.
    let mut text = Vec::with_capacity(256);
    serde_json::to_writer(&mut text, memory).unwrap_or_default();
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header::new("default", "checkout", "u-1", "2026-11-24T17:00:00Z")
    }

    #[test]
    fn an_annotation_survives_a_round_trip_and_an_absent_original_stays_null() {
        let memory = AutoscalerMemory::new(
            header(),
            Some(Remembered {
                original: None,
                applied: 5,
            }),
            None,
        );
        let text = memory.to_text();
        assert!(
            text.contains(r#""minReplicas":{"original":null,"applied":5}"#),
            "{text}"
        );
        assert_eq!(AutoscalerMemory::parse(&text), Ok(memory));
    }

    #[test]
    fn what_we_cannot_have_written_is_unreadable() {
        let good = AutoscalerMemory::new(
            header(),
            None,
            Some(Remembered {
                original: Some(4),
                applied: 5,
            }),
        )
        .to_text();
        for bad in [
            String::new(),
            "{}".to_owned(),
            "x".repeat(MAX_STATE_BYTES + 1),
            good.replace("\"v\":1", "\"v\":2"),
            good.replace("\"original\":4", "\"original\":0"),
            good.replace("\"original\":4", "\"original\":null"),
            good.replace("\"applied\":5", "\"applied\":4294967295"),
            good.replace("\"applied\":5", "\"applied\":-1"),
            good.replace("\"applied\":5", "\"applied\":5,\"x\":1"),
        ] {
            assert!(AutoscalerMemory::parse(&bad).is_err(), "{bad}");
        }
    }
}
