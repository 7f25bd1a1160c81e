//! Rules whose windows open and close seconds from now.

use easyscale::time::Instant;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The next whole second that is at least this far away: edges fall on whole seconds.
pub fn in_seconds(seconds: u64) -> SystemTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("it is after 1970").as_secs();
    UNIX_EPOCH + Duration::from_secs(now + 1 + seconds)
}

/// An edge that is past, whatever clock a test has.
pub fn long_ago() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(50 * 365 * 86_400)
}

/// An edge that no test lives to see: for windows that are to open, or close, when the test says so.
pub fn far() -> SystemTime {
    in_seconds(30 * 86_400)
}

/// Sleeps until an instant of the wall clock, and a little longer: whoever acts at it is not there in the same instant.
pub async fn sleep_past(instant: SystemTime, longer: Duration) {
    let left = instant.duration_since(SystemTime::now()).unwrap_or_default();
    tokio::time::sleep(left + longer).await;
}

/// A document of a rule for a Deployment with its HPA: one window, which sets `sets`, such as `minReplicas: 5`.
pub fn one_window(namespace: &str, name: &str, from: SystemTime, until: SystemTime, sets: &str) -> String {
    let (from, until) = (Instant::from_system_time(from), Instant::from_system_time(until));
    rule(
        namespace,
        name,
        &format!("{{name: now, from: '{from}', until: '{until}', {sets}}}"),
    )
}

/// A document of a rule whose window opens every `period` seconds, a divisor of 60, and stays open for `open` of them.
pub fn pulses(namespace: &str, name: &str, period: u32, open: u32, sets: &str) -> String {
    let second = match period {
        60 => "0".to_owned(),
        period => format!("*/{period}"),
    };
    rule(
        namespace,
        name,
        &format!("{{name: pulse, cron: '{second} * * * * *', duration: {open}s, {sets}}}"),
    )
}

/// A document of a rule whose window is open for the rest of this century.
pub fn always(namespace: &str, name: &str, sets: &str) -> String {
    rule(
        namespace,
        name,
        &format!("{{name: always, from: '2020-01-01T00:00Z', until: '2100-01-01T00:00Z', {sets}}}"),
    )
}

fn rule(namespace: &str, name: &str, window: &str) -> String {
    format!(
        "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {{name: {name}}}\nspec:\n  target: {{kind: \
         Deployment, name: {name}, namespace: {namespace}}}\n  schedule:\n    - {window}\n---\n"
    )
}
