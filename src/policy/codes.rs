//! The codes of all problems, in one table. A code keeps its meaning for ever; a retired one is not used again.

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal;)*) => {
        $(#[doc = $title] pub(crate) const $name: &str = $code;)*

        /// Every code with its title, in order. `E`: the policies cannot be used; `W`: they can, but probably do not
        /// say what was meant; `N`: they can, and something about them is worth knowing.
        pub const CODES: &[(&str, &str)] = &[$(($code, $title)),*];
    };
}

/// Codes that are not told any more, with what they meant.
pub const RETIRED: &[(&str, &str)] = &[
    ("E0007", "files of this kind were not read; TOML is read now"),
    ("E0104", "merge keys (`<<`) were not supported; now they are"),
];

codes! {
    // E00: files.
    NOT_FOUND = "E0001", "the file or directory does not exist";
    UNREADABLE = "E0002", "the file or directory cannot be read";
    TOO_LARGE = "E0003", "the file is too large";
    NOT_UTF8 = "E0004", "the file is not UTF-8 text";
    SPECIAL_FILE = "E0005", "neither a file nor a directory";
    NO_RULES = "E0006", "there is no rule here";
    TOO_MANY = "E0008", "more problems in one file than are listed";
    CHANGING = "E0009", "the file changes while it is read";
    // E01: YAML.
    SYNTAX = "E0101", "not valid YAML";
    DUPLICATE_KEY = "E0102", "a key is written twice";
    TOO_COMPLEX = "E0103", "anchors and aliases unfold to too much";
    TAG = "E0105", "a YAML tag that is not understood";
    ODD_KEY = "E0106", "a key that is not plain text";
    BAD_MERGE = "E0107", "a merge key (`<<`) without a map";
    // E02: keys and values.
    UNKNOWN_KEY = "E0201", "an unknown key";
    MISSING_KEY = "E0202", "a key is missing";
    WRONG_TYPE = "E0203", "a value of the wrong type";
    UNUSABLE_TEXT = "E0204", "a text that cannot be used here";
    // E03: what the rule is about.
    UNKNOWN_KIND = "E0301", "not a ScalingRule document";
    BAD_API_VERSION = "E0302", "an apiVersion that is not understood";
    BAD_NAME = "E0303", "not a name that Kubernetes accepts";
    NO_NAMESPACE = "E0304", "the target's namespace is not said";
    UNKNOWN_TARGET_KIND = "E0305", "a target that cannot be scaled or is not known";
    BAD_TARGET_API_VERSION = "E0306", "the target's apiVersion does not fit";
    UNKNOWN_CHOICE = "E0307", "a value that is not among those allowed";
    // E04: time.
    UNKNOWN_ZONE = "E0401", "an unknown time zone";
    BAD_WEEKDAY = "E0402", "not a weekday";
    BAD_DATE = "E0403", "not a date";
    BAD_TIME = "E0404", "not a time of day";
    EMPTY_TIME = "E0405", "a window that starts and ends at the same time";
    STARTS_AT_END = "E0406", "a window that starts at 24:00";
    NEVER_OPENS = "E0407", "a window that never opens";
    BAD_DURATION = "E0408", "not a length of time";
    BAD_CRON = "E0409", "not a cron pattern";
    BAD_MOMENT = "E0410", "not a point in time where a span starts or ends";
    MIXED_FORMS = "E0411", "keys that do not go together in one window";
    BACKWARDS = "E0412", "a span that ends before it starts";
    LONG_LEAD = "E0413", "a lead longer than the time between two starts";
    LONG_RAMP = "E0414", "a ramp longer than the window";
    UNKNOWN_CALENDAR = "E0415", "an unknown calendar";
    EMPTY_CALENDAR = "E0416", "a calendar without dates";
    // E05: replicas.
    BAD_REPLICAS = "E0501", "not a number of replicas";
    REPLICAS_AND_BOUNDS = "E0502", "replicas beside minReplicas or maxReplicas";
    CROSSED_BOUNDS = "E0503", "minReplicas is above maxReplicas";
    ZERO_CEILING = "E0504", "maxReplicas is 0";
    SLEEP_BELOW_LIMIT = "E0505", "replicas: 0 below a limit";
    SETS_NOTHING = "E0506", "nothing is set";
    BAD_PRIORITY = "E0507", "a priority out of range";
    // E06: rules and windows side by side.
    DUPLICATE_WINDOW = "E0601", "two windows of one name";
    DUPLICATE_RULE = "E0602", "two rules of one name";
    DUPLICATE_TARGET = "E0603", "two rules for one target";
    EMPTY_RULE = "E0604", "a rule that changes nothing";
    // E08: layers.
    BAD_TOML = "E0801", "not valid TOML";
    UNKNOWN_PROFILE = "E0802", "a profile that no file has";
    NOWHERE = "E0803", "a variable or --set that leads nowhere";
    AMBIGUOUS = "E0804", "a variable that could mean several keys";
    BAD_ADJUSTMENT = "E0805", "a variable or --set that cannot be read";
    NOT_YOURS = "E0806", "a setting that only whoever runs easyscale may make";
    TOO_MUCH = "E0807", "more than an object in the cluster may have";
    // N: notes.
    FIXED_ZONE = "N0701", "a time zone that does not follow clock changes";
    PASSED = "N0702", "a window that will not open again";
    // W: warnings.
    LOST_WINDOW = "W0601", "a window that never has an effect";
    EARLY_LOWERING = "W0602", "a lead on a window that lowers";
    ALWAYS_OPEN = "W0603", "a window that is always open";
    COVERED_WINDOW = "W0604", "a window that never has an effect beside several others";
    LOST_BOUND = "W0605", "a bound of a window that never has an effect";
    CROSSED_WINDOWS = "W0606", "two windows open together, one above what the other lets run";
    CROSSES_DEFAULT = "W0607", "a bound of a window that crosses one of `default`";
    NEVER_WAKES = "W0608", "a target that sleeps for ever";
    SAME_AS_DEFAULT = "W0609", "a window that sets what `default` sets";
    BEYOND_LIMITS = "W0610", "a value that `limits` does not let through";
    UNUSED_ZONE = "W0611", "a time zone that nothing uses";
    ABSENT_TARGET = "W0612", "a target that is not in the cluster";
    LOOKALIKE = "W0613", "two names that look the same";
    UNSEEN = "W0614", "a name with a character that is not seen";
    DELETES_NOTHING = "W0801", "`null` for something that no earlier layer has";
    TWIN_FILES = "W0802", "two files whose names differ only in their ending";
    NEAR_WINDOW = "W0803", "a new window in a layer, beside one of nearly the same name";
    NEAR_VARIABLE = "W0804", "a variable that nearly adjusts a policy";
    NEAR_RULE = "W0805", "a part of a profile for a rule that is not there";
}

/// What is wrong with a value wherever it stands, and whatever stands beside it.
pub(super) const OF_A_VALUE: &[&str] = &[
    UNKNOWN_KEY,
    WRONG_TYPE,
    UNUSABLE_TEXT,
    BAD_API_VERSION,
    BAD_NAME,
    UNKNOWN_TARGET_KIND,
    UNKNOWN_CHOICE,
    UNKNOWN_ZONE,
    BAD_WEEKDAY,
    BAD_DATE,
    BAD_TIME,
    BAD_DURATION,
    BAD_CRON,
    BAD_MOMENT,
    BAD_REPLICAS,
    ZERO_CEILING,
    BAD_PRIORITY,
];

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn codes_are_unique_and_sorted_within_their_letter() {
        for pair in CODES.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{pair:?}");
        }
    }
}
