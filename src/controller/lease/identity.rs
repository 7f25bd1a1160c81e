//! Who we are, in a lease.

use std::hash::{BuildHasher, RandomState};

/// As much of a pod's name as is used; names of pods are no longer than this.
const MAX_NAME_CHARS: usize = 253;

/// The pod's name and a random part: a container that is started again in its pod is somebody else.
#[must_use]
pub fn identity() -> String {
    let name = ["POD_NAME", "HOSTNAME"]
        .into_iter()
        .filter_map(|variable| std::env::var(variable).ok())
        .find(|name| !name.is_empty());
    // Its keys are the system's random numbers.
    let random = RandomState::new().hash_one("easyscale");
    with_random(name.as_deref().unwrap_or("easyscale"), random)
}

fn with_random(name: &str, random: u64) -> String {
    let name: String = name
        .chars()
        .filter(|letter| letter.is_ascii_graphic())
        .take(MAX_NAME_CHARS)
        .collect();
    format!("{name}-{:08x}", random & 0xffff_ffff)
}

/// A pause that is up to a fifth longer, so that candidates who began together do not stay together.
pub(super) fn with_jitter(pause: std::time::Duration) -> std::time::Duration {
    let random = RandomState::new().hash_one("jitter") % 1000;
    pause + pause * u32::try_from(random).unwrap_or(0) / 5000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_pods_and_a_random_part() {
        assert_eq!(with_random("web-1", 0xabc), "web-1-00000abc");
        assert_eq!(with_random("a\nb \u{1b}", 1), "ab-00000001");
        assert_ne!(identity(), identity());
    }
}
