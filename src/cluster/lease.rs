//! The Lease that replicas agree with on who writes: reading it, and writing it only as it was read.
//!
//! Who may take it, and when, is [`controller`](crate::controller)'s to say. A lease is anybody's to edit: what cannot be
//! understood of it is told ([`Lease::doubt`]), and counts as held.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kube::api::{GetParams, ListParams};
use serde_json::{Map, Value, json};

use super::live::{INSTANCE_LABEL, Live};
use super::resource::{Resource, made_by_us};
use super::wire::{Item, Page};
use crate::plan::{Failure, FailureKind};
use crate::time::Instant;

/// No lease is held longer than this without a renewal; one that says so is taken for a mistake.
pub const MAX_LEASE_DURATION: Duration = Duration::from_secs(300);

/// As much of a holder's name as is kept.
const MAX_HOLDER_CHARS: usize = 300;

/// A lease as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it; empty: nobody.
    pub holder: String,
    /// How long it is held after a renewal, if it says so and can be meant.
    pub duration: Option<Duration>,
    /// When its holder says that it renewed it last, by the clock of the holder.
    pub renewed: Option<Instant>,
    /// How often it went from one holder to another.
    pub transitions: u32,
    /// What cannot be understood of it, in words.
    pub doubt: Option<String>,
    /// Changes with every write.
    pub resource_version: String,
    /// All of its metadata: what others wrote there is written back.
    metadata: Map<String, Value>,
}

/// What is written into a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who holds it from now on; empty: nobody.
    pub holder: String,
    /// How long it is held without a renewal; at least a second.
    pub duration: Duration,
    /// Since when it is held without a break.
    pub acquired: SystemTime,
    /// Now.
    pub renewed: SystemTime,
    /// How often it went from one holder to another.
    pub transitions: u32,
}

/// Where one lease is kept. No request takes longer than its `timeout`; whether one that did was carried out is not
/// known.
pub trait LeaseStore: Send + Sync {
    /// How to call the lease in a sentence: `shop/easyscale`.
    fn name(&self) -> String;

    /// The lease as it is; `None`: there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, timeout: Duration) -> impl Future<Output = Result<Option<Lease>, Failure>> + Send;

    /// Makes the lease.
    ///
    /// # Errors
    /// [`Conflict`](FailureKind::Conflict) when it is there already.
    fn create(&self, claim: &Claim, timeout: Duration)
    -> impl Future<Output = Result<Lease, Failure>> + Send;

    /// Writes it, if it is still as it was `read`.
    ///
    /// # Errors
    /// [`Conflict`](FailureKind::Conflict) when it is not.
    fn replace(
        &self,
        read: &Lease,
        claim: &Claim,
        timeout: Duration,
    ) -> impl Future<Output = Result<Lease, Failure>> + Send;
}

/// A lease on an API server.
#[derive(Clone)]
pub struct LiveLease {
    live: Live,
    namespace: String,
    name: String,
}

/// The name of an instance's lease: `easyscale`, or `easyscale-` and the instance.
#[must_use]
pub fn lease_name(instance: &str) -> String {
    if instance == "default" {
        return "easyscale".to_owned();
    }
    // An instance may be called what no object may; then a sum of its letters keeps `A.b` and `a_b` apart.
    let name: String = instance
        .chars()
        .map(|letter| match letter.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => letter,
            _ => '-',
        })
        .collect();
    if name == instance {
        format!("easyscale-{name}")
    } else {
        format!("easyscale-{name}-{:08x}", fnv1a(instance.as_bytes()))
    }
}

impl Live {
    /// The instance's lease in `namespace`, whether it is there or not.
    #[must_use]
    pub fn lease(&self, namespace: &str) -> LiveLease {
        LiveLease {
            live: self.clone(),
            namespace: namespace.to_owned(),
            name: lease_name(&self.instance),
        }
    }

    /// Where the instance's lease is looked for unless somebody says otherwise: the namespace of the pod that we run in,
    /// or of the kubeconfig's context, or `default`.
    #[must_use]
    pub fn own_namespace(&self) -> &str {
        self.client().default_namespace()
    }

    /// The leases of the instance that are there, in these namespaces or (none given) in all.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn leases(
        &self,
        namespaces: &BTreeSet<String>,
        timeout: Duration,
    ) -> Result<Vec<LiveLease>, Failure> {
        // By name too: a role can allow the list of one name.
        let name = lease_name(&self.instance);
        let params = ListParams::default()
            .fields(&format!("metadata.name={name}"))
            .labels(&format!("{INSTANCE_LABEL}={}", self.instance));
        let scopes: Vec<Option<&str>> = if namespaces.is_empty() {
            vec![None]
        } else {
            namespaces
                .iter()
                .map(|namespace| Some(namespace.as_str()))
                .collect()
        };
        let mut found = Vec::new();
        for scope in scopes {
            let resource = leases(scope);
            let operation = resource.operation("list", Some(&name));
            let page: Page<Item> = self
                .send_within(&operation, resource.request().list(&params), timeout)
                .await?;
            found.extend(page.items.iter().map(|item| self.lease(&item.metadata.namespace)));
        }
        Ok(found)
    }
}

impl LeaseStore for LiveLease {
    fn name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    async fn read(&self, timeout: Duration) -> Result<Option<Lease>, Failure> {
        let resource = leases(Some(&self.namespace));
        let operation = resource.operation("get", Some(&self.name));
        let request = resource.request().get(&self.name, &GetParams::default());
        match self.live.send_within::<Value>(&operation, request, timeout).await {
            Ok(object) => Lease::from_object(object)
                .map(Some)
                .map_err(|why| Failure::garbled(&operation, why)),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn create(&self, claim: &Claim, timeout: Duration) -> Result<Lease, Failure> {
        let resource = leases(Some(&self.namespace));
        let operation = resource.operation("create", None);
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), json!(self.name));
        metadata.insert("namespace".to_owned(), json!(self.namespace));
        let body = self.body(metadata, claim);
        let request = resource.request().create(&made_by_us(), body);
        let object: Value = self.live.send_within(&operation, request, timeout).await?;
        Lease::from_object(object).map_err(|why| Failure::garbled(&operation, why))
    }

    async fn replace(&self, read: &Lease, claim: &Claim, timeout: Duration) -> Result<Lease, Failure> {
        let resource = leases(Some(&self.namespace));
        let operation = resource.operation("update", Some(&self.name));
        let body = self.body(read.metadata.clone(), claim);
        let request = resource.request().replace(&self.name, &made_by_us(), body);
        let object: Value = self.live.send_within(&operation, request, timeout).await?;
        Lease::from_object(object).map_err(|why| Failure::garbled(&operation, why))
    }
}

impl LiveLease {
    fn body(&self, mut metadata: Map<String, Value>, claim: &Claim) -> Vec<u8> {
        // `restore` finds it by this label, also if somebody else made it.
        let labels = metadata.entry("labels").or_insert_with(|| json!({}));
        if !labels.is_object() {
            *labels = json!({});
        }
        labels[INSTANCE_LABEL] = json!(self.live.instance);
        let body = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": {
                "holderIdentity": claim.holder,
                "leaseDurationSeconds": claim.duration.as_secs().max(1),
                "acquireTime": micro_time(claim.acquired),
                "renewTime": micro_time(claim.renewed),
                // The API's own type is a signed one.
                "leaseTransitions": claim.transitions.min(i32::MAX.unsigned_abs()),
            },
        });
        body.to_string().into_bytes()
    }
}

impl Lease {
    /// Reads what the server sent.
    ///
    /// # Errors
    /// When it is no object, or has no version: without one it could only be written blindly.
    fn from_object(mut object: Value) -> Result<Self, &'static str> {
        let Some(Value::Object(mut metadata)) = object.get_mut("metadata").map(Value::take) else {
            return Err("it has no metadata");
        };
        // The server keeps them up itself, and they are the most of it.
        metadata.remove("managedFields");
        let resource_version = metadata.get("resourceVersion").and_then(Value::as_str);
        let resource_version = match resource_version {
            Some(version) if !version.is_empty() => version.to_owned(),
            _ => return Err("it has no resourceVersion"),
        };
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let mut doubts = Vec::new();
        let holder = match &spec["holderIdentity"] {
            Value::Null => String::new(),
            Value::String(holder) => bounded(holder),
            other => {
                doubts.push("its holder is no text".to_owned());
                bounded(&other.to_string())
            }
        };
        let duration = spec["leaseDurationSeconds"].as_u64().map(Duration::from_secs);
        let duration =
            duration.filter(|duration| (1..=MAX_LEASE_DURATION.as_secs()).contains(&duration.as_secs()));
        if duration.is_none() && !holder.is_empty() {
            doubts.push(format!(
                "leaseDurationSeconds is {}, not a number from 1 to {}",
                bounded(&spec["leaseDurationSeconds"].to_string()),
                MAX_LEASE_DURATION.as_secs()
            ));
        }
        let renewed = spec["renewTime"]
            .as_str()
            .and_then(|time| Instant::parse(time).ok());
        if renewed.is_none() && !holder.is_empty() {
            doubts.push(format!(
                "renewTime is {}, not a time",
                bounded(&spec["renewTime"].to_string())
            ));
        }
        Ok(Self {
            holder,
            duration,
            renewed,
            transitions: spec["leaseTransitions"]
                .as_u64()
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or(0),
            doubt: (!doubts.is_empty()).then(|| doubts.join("; ")),
            resource_version,
            metadata,
        })
    }

    /// A lease as a store in memory has it.
    #[cfg(test)]
    pub(crate) fn of(claim: &Claim, resource_version: u64) -> Self {
        Self {
            holder: claim.holder.clone(),
            duration: Some(claim.duration),
            renewed: Some(Instant::from_system_time(claim.renewed)),
            transitions: claim.transitions,
            doubt: None,
            resource_version: resource_version.to_string(),
            metadata: Map::new(),
        }
    }
}

fn leases(namespace: Option<&str>) -> Resource<'_> {
    Resource {
        group: "coordination.k8s.io",
        version: "v1",
        resource: "leases",
        namespace,
    }
}

/// At most [`MAX_HOLDER_CHARS`] of a text that anybody may have written.
fn bounded(text: &str) -> String {
    text.chars().take(MAX_HOLDER_CHARS).collect()
}

/// RFC 3339 with microseconds: two renewals within a second must differ, or the second is no write and nobody sees it.
fn micro_time(time: SystemTime) -> String {
    let micros = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.subsec_micros());
    let seconds = Instant::from_system_time(time).to_string();
    format!("{}.{micros:06}Z", seconds.trim_end_matches('Z'))
}

/// FNV-1a, 32 bits: the same in every version of every build, as a name must be.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spec: &Value) -> Lease {
        Lease::from_object(json!({"metadata": {"resourceVersion": "7", "managedFields": []}, "spec": spec}))
            .unwrap()
    }

    #[test]
    fn a_lease_is_read() {
        let lease = read(&json!({
            "holderIdentity": "pod-1", "leaseDurationSeconds": 15, "leaseTransitions": 3,
            "renewTime": "2026-11-27T16:30:00.123456Z",
        }));
        assert_eq!((lease.holder.as_str(), lease.transitions), ("pod-1", 3));
        assert_eq!(lease.duration, Some(Duration::from_secs(15)));
        assert_eq!(lease.renewed, Instant::parse("2026-11-27T16:30:00Z").ok());
        assert_eq!(lease.doubt, None);
        assert!(!lease.metadata.contains_key("managedFields"));
    }

    #[test]
    fn nobody_holds_an_empty_one() {
        for spec in [
            json!(null),
            json!({}),
            json!({"holderIdentity": null}),
            json!({"holderIdentity": ""}),
        ] {
            let lease = read(&spec);
            assert_eq!((lease.holder.as_str(), lease.doubt), ("", None));
        }
    }

    #[test]
    fn an_absurd_one_is_held_and_told() {
        for (spec, doubt) in [
            (json!({"holderIdentity": {"a": 1}}), "its holder is no text"),
            (
                json!({"holderIdentity": 5, "leaseDurationSeconds": 15}),
                "its holder is no text",
            ),
            (
                json!({"holderIdentity": "x", "leaseDurationSeconds": -1}),
                "leaseDurationSeconds is -1",
            ),
            (
                json!({"holderIdentity": "x", "leaseDurationSeconds": 4_000_000_000_u64}),
                "is 4000000000",
            ),
            (
                json!({"holderIdentity": "x", "leaseDurationSeconds": "15"}),
                "is \"15\"",
            ),
            (
                json!({"holderIdentity": "x", "leaseDurationSeconds": 1.5}),
                "is 1.5",
            ),
            (
                json!({"holderIdentity": "x", "leaseDurationSeconds": 15, "renewTime": "soon"}),
                "renewTime is \"soon\"",
            ),
            (
                json!({"holderIdentity": "x".repeat(100_000)}),
                "leaseDurationSeconds is null",
            ),
        ] {
            let lease = read(&spec);
            assert!(!lease.holder.is_empty());
            assert!(lease.holder.len() <= MAX_HOLDER_CHARS);
            assert!(lease.doubt.as_deref().unwrap().contains(doubt), "{lease:?}");
        }
        assert_eq!(read(&json!({"leaseTransitions": -5})).transitions, 0);
        assert_eq!(read(&json!("nonsense")).holder, "");
    }

    #[test]
    fn what_could_only_be_written_blindly_is_an_error() {
        for object in [
            json!({}),
            json!([]),
            json!("x"),
            json!({"metadata": {}}),
            json!({"metadata": {"resourceVersion": ""}}),
        ] {
            assert!(Lease::from_object(object).is_err());
        }
    }

    #[test]
    fn renewals_within_a_second_differ() {
        let time = UNIX_EPOCH + Duration::from_micros(1_795_797_000_000_001);
        assert_eq!(micro_time(time), "2026-11-27T16:30:00.000001Z");
    }

    #[test]
    fn every_instance_has_a_name_of_its_own_that_an_object_may_have() {
        assert_eq!(lease_name("default"), "easyscale");
        assert_eq!(lease_name("shop"), "easyscale-shop");
        let mut names: Vec<_> = ["Shop", "shop", "a.b", "a_b", "a-b", "A.b"]
            .map(lease_name)
            .into();
        for name in &names {
            assert!(
                name.chars()
                    .all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '-')),
                "{name}"
            );
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 6);
    }
}
