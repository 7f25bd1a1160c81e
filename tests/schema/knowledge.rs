//! Which problems a schema can know. Each code that makes policies unusable is in one of the lists.

use easyscale::policy::CODES;

/// It refuses every document that has one of these.
pub(crate) const KNOWN: &[&str] = &[
    "E0201", "E0202", "E0203", "E0204", "E0301", "E0302", "E0303", "E0305", "E0306", "E0307", "E0402",
    "E0404", "E0406", "E0411", "E0502", "E0504", "E0506", "E0507", "E0604",
];

/// It refuses some of these; what it misses, and why.
pub(crate) const PARTLY: &[(&str, &str)] = &[
    (
        "E0401",
        "the shape of a zone's name; which zones there are is a database's knowledge",
    ),
    (
        "E0403",
        "the shape of a date; not 29 February of a certain year, nor a range that runs backwards",
    ),
    (
        "E0407",
        "an empty list; not days and dates that have nothing in common",
    ),
    (
        "E0408",
        "the shape of a length; not a sum of more than a year, or of more than a day for a stagger",
    ),
    (
        "E0409",
        "the fields of a pattern; not a day that none of its months has",
    ),
    ("E0410", "the shape of a moment, as for dates"),
    (
        "E0416",
        "a list without a date; the `dates` themselves may come from another file",
    ),
    (
        "E0501",
        "the range; not how a number is spelt: `5.0` and `010` are numbers to others",
    ),
];

/// It cannot know these.
pub(crate) const UNKNOWN: &[(&str, &str)] = &[
    ("E0001", "about files"),
    ("E0002", "about files"),
    ("E0003", "about files"),
    ("E0004", "about files"),
    ("E0005", "about files"),
    ("E0006", "about files"),
    ("E0008", "about files"),
    ("E0009", "about files"),
    ("E0101", "about the text before it is a document"),
    ("E0102", "about the text before it is a document"),
    ("E0103", "about the text before it is a document"),
    ("E0105", "about the text before it is a document"),
    ("E0106", "about the text before it is a document"),
    ("E0107", "other readers unfold merge keys, or tell it themselves"),
    ("E0304", "the settings may say it, in another document"),
    ("E0405", "compares two values"),
    ("E0412", "compares two values"),
    ("E0413", "compares lengths of time"),
    ("E0414", "compares lengths of time"),
    ("E0415", "calendars stand in another document"),
    ("E0503", "compares two values"),
    ("E0505", "compares two values"),
    ("E0601", "compares two windows"),
    ("E0602", "compares two documents"),
    ("E0603", "compares two documents"),
    ("E0801", "about the text before it is a document"),
    ("E0802", "about the command line"),
    ("E0803", "about the command line"),
    ("E0804", "about the command line"),
    ("E0805", "about the command line"),
    ("E0806", "about an object in the cluster"),
    ("E0807", "about an object in the cluster"),
];

/// What a part lacks that another layer may bring: a key, a kind's version, a calendar's dates, what is set, a namespace.
pub(crate) const OF_PARTS: &[&str] = &["E0202", "E0304", "E0305", "E0416", "E0506", "E0604"];

pub(crate) fn is_known(code: &str) -> bool {
    KNOWN.contains(&code)
}

pub(crate) fn is_unknown(code: &str) -> bool {
    UNKNOWN.iter().any(|(unknown, _)| *unknown == code)
}

#[test]
fn every_code_of_an_error_is_in_one_list() {
    for (code, title) in CODES.iter().filter(|(code, _)| code.starts_with('E')) {
        let partly = PARTLY.iter().any(|(partly, _)| partly == code);
        let lists = [is_known(code), partly, is_unknown(code)];
        let count = lists.iter().filter(|list| **list).count();
        assert_eq!(
            count, 1,
            "{code}, {title}: say in this file whether a schema can know it"
        );
    }
}
