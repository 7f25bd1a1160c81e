//! Layers from the outside: which file wins, where a value came from, and what makes no difference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, a panic is the answer; clippy.toml knows only the functions marked as tests"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use easyscale::policy::{Config, Content, Inputs, Loaded, Place};
use easyscale::report::{config, problems};
use proptest::prelude::*;

/// The paths that random layers speak of.
const PATHS: [&str; 8] = [
    "default.minReplicas",
    "default.maxReplicas",
    "limits.minReplicas",
    "limits.maxReplicas",
    "schedule.peak.minReplicas",
    "schedule.peak.priority",
    "schedule.Late night.maxReplicas",
    "schedule.Late night.priority",
];

/// What a layer says of one path.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Says {
    Nothing,
    Number(u32),
    Delete,
}

/// One file, by the language it is written in.
#[derive(Debug, Clone)]
struct Layer {
    language: Language,
    says: Vec<Says>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Language {
    Toml,
    Yaml,
    /// With its windows in a list.
    YamlList,
}

impl Layer {
    fn name(&self, number: usize) -> String {
        let ending = if self.language == Language::Toml {
            "toml"
        } else {
            "yaml"
        };
        format!("{number:02}.{ending}")
    }

    fn text(&self) -> String {
        let mut groups: BTreeMap<&str, BTreeMap<&str, Says>> = BTreeMap::new();
        for (path, says) in PATHS
            .iter()
            .zip(&self.says)
            .filter(|(_, says)| **says != Says::Nothing)
        {
            let (group, key) = path.rsplit_once('.').unwrap();
            groups.entry(group).or_default().insert(key, *says);
        }
        let mut text = String::new();
        if self.language == Language::Toml {
            for (group, keys) in groups {
                let group = group.replace("Late night", "\"Late night\"");
                writeln!(text, "[rules.web.{group}]").unwrap();
                for (key, says) in keys {
                    match says {
                        Says::Number(number) => writeln!(text, "{key} = {number}").unwrap(),
                        _ => writeln!(text, "{key} = {{ delete = true }}").unwrap(),
                    }
                }
            }
            return text;
        }
        text.push_str("rules:\n  web:\n");
        if groups.keys().any(|group| group.starts_with("schedule")) {
            text.push_str("    schedule:\n");
        }
        for (group, keys) in groups.iter().rev() {
            let pad = match group.strip_prefix("schedule.") {
                None => {
                    writeln!(text, "    {group}:").unwrap();
                    "      "
                }
                Some(window) if self.language == Language::YamlList => {
                    writeln!(text, "      - name: {window}").unwrap();
                    "        "
                }
                Some(window) => {
                    writeln!(text, "      {window}:").unwrap();
                    "        "
                }
            };
            for (key, says) in keys {
                match says {
                    Says::Number(number) => writeln!(text, "{pad}{key}: {number}").unwrap(),
                    _ => writeln!(text, "{pad}{key}: null").unwrap(),
                }
            }
        }
        if text.ends_with("web:\n") {
            text.push_str("    {}\n");
        }
        text
    }
}

const BASE: &str = "[rules.web.target]\nkind = \"Deployment\"\nname = \"web\"\nnamespace = \"shop\"\n";

fn layer() -> impl Strategy<Value = Layer> {
    let says = prop_oneof![
        3 => Just(Says::Nothing),
        3 => (1..50_u32).prop_map(Says::Number),
        1 => Just(Says::Delete),
    ];
    let language = prop_oneof![
        Just(Language::Toml),
        Just(Language::Yaml),
        Just(Language::YamlList)
    ];
    (language, prop::collection::vec(says, PATHS.len())).prop_map(|(language, says)| Layer { language, says })
}

fn files(layers: &[Layer]) -> Vec<(String, String)> {
    let base = [("00-base.toml".to_owned(), BASE.to_owned())];
    let layers = layers
        .iter()
        .enumerate()
        .map(|(at, layer)| (layer.name(at + 1), layer.text()));
    base.into_iter().chain(layers).collect()
}

/// Values of the rule by path, each with its place.
fn values(config: &Config) -> BTreeMap<String, (Content, Place)> {
    let leaves = config.leaves().into_iter();
    let leaves = leaves.filter(|leaf| leaf.path.get(2) != Some(&"target"));
    let leaves = leaves.filter(|leaf| !matches!(leaf.content, Content::Map(_)));
    leaves
        .map(|leaf| {
            (
                leaf.path[2..].join("."),
                (leaf.content.clone(), leaf.place.clone()),
            )
        })
        .collect()
}

fn shown(loaded: &Loaded) -> String {
    problems::text(&loaded.problems, &loaded.sources, false)
}

/// The text from a place on.
fn text_at(files: &[(String, String)], place: &Place) -> String {
    let (_, text) = files.iter().find(|(name, _)| **name == *place.file).unwrap();
    let line = text.lines().nth(place.line as usize - 1).unwrap();
    line.chars().skip(place.column as usize - 1).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn the_last_layer_that_speaks_of_a_value_wins(layers in prop::collection::vec(layer(), 1..5)) {
        let files = files(&layers);
        let (_, config) = Inputs::default().config_of(files.clone());
        let values = values(&config);
        for (index, path) in PATHS.iter().enumerate() {
            let last = layers.iter().enumerate().rev().find(|(_, layer)| layer.says[index] != Says::Nothing);
            match last.map(|(at, layer)| (at, layer.says[index])) {
                Some((at, Says::Number(number))) => {
                    let (content, place) = values.get(*path).unwrap_or_else(|| panic!("{path} of {files:#?}"));
                    prop_assert_eq!(content, &Content::Int(number.into()));
                    prop_assert_eq!(&*place.file, layers[at].name(at + 1));
                    // Where it is said to be written, it is written.
                    prop_assert!(text_at(&files, place).starts_with(&number.to_string()));
                }
                _ => prop_assert!(!values.contains_key(*path), "{} of {:#?}", path, files),
            }
        }
    }

    #[test]
    fn layers_that_share_no_value_may_change_places(layers in prop::collection::vec(layer(), 2..4)) {
        // Each path belongs to one of the layers.
        let apart: Vec<Layer> = layers
            .iter()
            .enumerate()
            .map(|(at, layer)| {
                let says = layer.says.iter().enumerate();
                let says = says.map(|(path, says)| if path % layers.len() == at { *says } else { Says::Nothing });
                Layer { says: says.collect(), ..layer.clone() }
            })
            .collect();
        let contents = |layers: &[Layer]| -> BTreeMap<String, Content> {
            let (_, config) = Inputs::default().config_of(files(layers));
            values(&config).into_iter().map(|(path, (content, _))| (path, content)).collect()
        };
        let mut back = apart.clone();
        back.reverse();
        prop_assert_eq!(contents(&apart), contents(&back));
    }

    #[test]
    fn what_config_prints_says_the_same(layers in prop::collection::vec(layer(), 1..4)) {
        let (_, config) = Inputs::default().config_of(files(&layers));
        let printed = anstream::adapter::strip_str(&config::text(&config)).to_string();
        let (_, again) = Inputs::default().config_of(vec![("merged.yaml".to_owned(), printed.clone())]);
        let contents = |config: &Config| -> BTreeMap<String, Content> {
            values(config).into_iter().map(|(path, (content, _))| (path, content)).collect()
        };
        prop_assert_eq!(contents(&config), contents(&again), "{}", printed);
    }
}

fn inputs(profile: Option<&str>, variables: &[(&str, &str)], set: &[&str]) -> Inputs {
    Inputs {
        profile: profile.map(str::to_owned),
        variables: variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        set: set.iter().map(|set| (*set).to_owned()).collect(),
        ..Inputs::default()
    }
}

/// The floor of the default, and where it is from.
fn floor(inputs: &Inputs, files: &[(&str, &str)]) -> String {
    let files = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let loaded = inputs.check(files);
    assert!(!loaded.has_errors(), "{}", shown(&loaded));
    let floor = loaded.rules[0].default.floor.as_ref();
    floor.map_or_else(
        || "none".to_owned(),
        |floor| format!("{} {}", floor.value, floor.place),
    )
}

const DOCUMENT: (&str, &str) = (
    "web.yaml",
    "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {name: web, namespace: shop}\nspec:\n  target: {kind: Deployment, name: web}\n  schedule:\n    - {name: night, timeStart: \"22:00\", replicas: 1}\n  default: {minReplicas: 2}\n",
);
const TEAM: (&str, &str) = (
    "team.toml",
    "[rules.web.default]\nminReplicas = 3\n[profile.prod.rules.web.default]\nminReplicas = 4\n",
);
const CLUSTER: (&str, &str) = ("cluster.yaml", "rules: {web: {default: {minReplicas: 5}}}\n");

#[test]
fn each_layer_lies_above_the_one_before() {
    let none = inputs(None, &[], &[]);
    assert_eq!(floor(&none, &[DOCUMENT]), "2 web.yaml:8:26");
    assert_eq!(floor(&none, &[DOCUMENT, TEAM]), "3 team.toml:2:15");
    // Documents lie below all policy files, wherever they are named.
    assert_eq!(floor(&none, &[TEAM, DOCUMENT]), "3 team.toml:2:15");
    let prod = inputs(Some("prod"), &[], &[]);
    assert_eq!(floor(&prod, &[DOCUMENT, TEAM]), "4 team.toml:4:15");
    // A profile counts right after the rest of its file, not after all files.
    assert_eq!(floor(&prod, &[DOCUMENT, TEAM, CLUSTER]), "5 cluster.yaml:1:38");
    assert_eq!(floor(&prod, &[DOCUMENT, CLUSTER, TEAM]), "4 team.toml:4:15");
    let variable = [("EASYSCALE_POLICY__RULES__WEB__DEFAULT__MIN_REPLICAS", "6")];
    assert_eq!(
        floor(&inputs(None, &variable, &[]), &[DOCUMENT, CLUSTER]),
        "6 EASYSCALE_POLICY__RULES__WEB__DEFAULT__MIN_REPLICAS"
    );
    let set = [
        "rules.web.default.minReplicas=7",
        "rules.web.default.minReplicas=8",
    ];
    assert_eq!(
        floor(&inputs(Some("prod"), &variable, &set), &[DOCUMENT, TEAM, CLUSTER]),
        "8 --set rules.web.default.minReplicas=8"
    );
}

#[test]
fn null_deletes_down_to_the_document() {
    let set = ["rules.web.default=null"];
    assert_eq!(floor(&inputs(None, &[], &set), &[DOCUMENT, CLUSTER]), "none");
    let afresh = (
        "afresh.toml",
        "[rules.web]\nschedule = { delete = true, day = { timeEnd = 12:00, replicas = 9 } }\n",
    );
    let files = [DOCUMENT, afresh].map(|(name, text)| (name.to_owned(), text.to_owned()));
    let loaded = Inputs::default().check(files.to_vec());
    assert_eq!(shown(&loaded), "");
    let names: Vec<&str> = loaded.rules[0]
        .schedule
        .iter()
        .map(|window| window.name.as_str())
        .collect();
    assert_eq!(names, ["day"]);
    // Whole rules too, and what comes after is new.
    let gone = (
        "gone.yaml",
        "rules: null\n---\nrules: {web: {target: {kind: Deployment, name: other, namespace: shop}, default: {replicas: 1}}}\n",
    );
    let files = [DOCUMENT, gone].map(|(name, text)| (name.to_owned(), text.to_owned()));
    let loaded = Inputs::default().check(files.to_vec());
    assert_eq!(shown(&loaded), "");
    assert_eq!(loaded.rules[0].target.name, "other");
    assert!(loaded.rules[0].schedule.is_empty());
}

/// The cooldown and the stagger of the only rule, in seconds.
fn pacing(inputs: &Inputs, files: &[(&str, &str)]) -> (u32, u32) {
    let (loaded, _) = codes(inputs, files);
    assert_eq!(shown(&loaded), "");
    (loaded.rules[0].cooldown, loaded.rules[0].stagger)
}

#[test]
fn a_cooldown_and_a_stagger_come_from_all_layers() {
    let none = inputs(None, &[], &[]);
    let defaults = ("00.toml", "[defaults]\nstagger = \"2m\"\n");
    let rule = ("10.yaml", "rules: {web: {cooldown: 5m, stagger: 30s}}\n");
    let gone = ("20.yaml", "rules: {web: {cooldown: null, stagger: null}}\n");
    assert_eq!(pacing(&none, &[DOCUMENT]), (0, 0));
    // Those of a rule count more, wherever `defaults` stand.
    assert_eq!(pacing(&none, &[DOCUMENT, defaults]), (0, 120));
    assert_eq!(pacing(&none, &[DOCUMENT, defaults, rule]), (300, 30));
    assert_eq!(pacing(&none, &[rule, DOCUMENT, defaults]), (300, 30));
    assert_eq!(pacing(&none, &[DOCUMENT, defaults, rule, gone]), (0, 120));
    let later = ("30.yaml", "defaults: {stagger: null}\n");
    assert_eq!(pacing(&none, &[DOCUMENT, defaults, later]), (0, 0));
    let variables = [
        ("EASYSCALE_POLICY__RULES__WEB__COOLDOWN", "10m"),
        ("EASYSCALE_POLICY__DEFAULTS__STAGGER", "1h"),
    ];
    assert_eq!(pacing(&inputs(None, &variables, &[]), &[DOCUMENT]), (600, 3_600));
    let set = ["rules.web.stagger=1d", "rules.web.cooldown=1s"];
    assert_eq!(pacing(&inputs(None, &variables, &set), &[DOCUMENT]), (1, 86_400));
}

#[test]
fn windows_in_lists_are_adjusted_by_name() {
    let list = (
        "list.yaml",
        "rules: {web: {schedule: [{name: night, replicas: 3}, {name: day, timeEnd: \"12:00\", replicas: 9}]}}\n",
    );
    let files = [DOCUMENT, list].map(|(name, text)| (name.to_owned(), text.to_owned()));
    let loaded = Inputs::default().check(files.to_vec());
    assert_eq!(shown(&loaded), "");
    let windows: Vec<String> = loaded.rules[0]
        .schedule
        .iter()
        .map(|window| format!("{} {}", window.name, window.sets.floor.as_ref().unwrap().place))
        .collect();
    assert_eq!(windows, ["night list.yaml:1:50", "day list.yaml:1:94"]);
}

#[test]
fn a_variable_that_is_not_text_is_told() {
    use std::os::unix::ffi::OsStringExt as _;
    let name = std::ffi::OsString::from_vec(b"EASYSCALE_POLICY__RULES__WEB__\xFF".to_vec());
    let inputs = Inputs {
        variables: vec![(name, "1".into()), ("EASYSCALE_OTHER".into(), "x".into())],
        ..Inputs::default()
    };
    let loaded = inputs.check(vec![(DOCUMENT.0.to_owned(), DOCUMENT.1.to_owned())]);
    let told: Vec<&str> = loaded.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(told, ["E0805"]);
}

#[test]
fn every_example_can_be_printed_as_one_file_and_says_the_same() {
    let inputs = Inputs::of(&["policies".into()]);
    let (loaded, config) = inputs.config();
    assert!(!loaded.has_errors(), "{}", shown(&loaded));
    let printed = anstream::adapter::strip_str(&config::text(&config)).to_string();
    let (again, merged) = Inputs::default().config_of(vec![("merged.yaml".to_owned(), printed)]);
    assert!(!again.has_errors(), "{}", shown(&again));
    assert_eq!(again.rules.len(), loaded.rules.len());
    let contents = |config: &Config| -> Vec<String> {
        let mut leaves: Vec<String> = config
            .leaves()
            .iter()
            .map(|leaf| format!("{:?} {:?}", leaf.path, leaf.content))
            .collect();
        leaves.sort();
        leaves
    };
    assert_eq!(contents(&merged), contents(&config));
}

/// What policies in files of these names and texts come to, with the codes of what is told.
fn codes(inputs: &Inputs, files: &[(&str, &str)]) -> (Loaded, Vec<&'static str>) {
    let files = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let loaded = inputs.check(files.collect());
    let codes = loaded.problems.iter().map(|problem| problem.code).collect();
    (loaded, codes)
}

#[test]
fn two_documents_of_one_name_are_an_error_whatever_deletes_them() {
    let other = (
        "other.yaml",
        "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {name: web, namespace: other}\nspec:\n  target: {kind: Deployment, name: web}\n  default: {minReplicas: 2}\n",
    );
    let none = inputs(None, &[], &[]);
    assert_eq!(codes(&none, &[DOCUMENT, other]).1, ["E0602"]);
    assert_eq!(
        codes(&none, &[DOCUMENT, other, ("null.yaml", "rules: {web: null}\n")]).1,
        ["E0602"]
    );
    assert_eq!(
        codes(&inputs(None, &[], &["rules=null"]), &[DOCUMENT, other]).1,
        ["E0602"]
    );
}

#[test]
fn what_is_deleted_cannot_be_adjusted() {
    let window = ("gone.yaml", "rules: {web: {schedule: {night: null}}}\n");
    let rule = ("gone.yaml", "rules: {web: null}\n");
    let all = ("gone.yaml", "rules: null\n");
    for (files, set) in [
        ([DOCUMENT, window], "rules.web.schedule.night.minReplicas=9"),
        ([DOCUMENT, rule], "rules.web.default.minReplicas=9"),
        ([DOCUMENT, all], "rules.web.default.minReplicas=9"),
    ] {
        let (loaded, codes) = codes(&inputs(None, &[], &[set]), &files);
        assert_eq!(codes, ["E0803"], "{set}: {}", shown(&loaded));
    }
}

#[test]
fn many_layers_of_one_rule_are_joined_whole() {
    let mut text = "rules: {web: {target: {kind: Deployment, name: web, namespace: shop}}}\n".to_owned();
    for window in 0..1_500 {
        writeln!(
            text,
            "---\nrules: {{web: {{schedule: {{w{window}: {{days: Sat, minReplicas: 7}}}}}}}}"
        )
        .unwrap();
    }
    let (loaded, _) = codes(&Inputs::default(), &[("many.yaml", &text)]);
    assert_eq!(loaded.rules[0].schedule.len(), 1_500);
}

#[test]
fn a_null_leaves_out_what_is_merged() {
    let text = "rules:\n  web:\n    target: {kind: Deployment, name: web, namespace: shop}\n    schedule:\n      a: &a {days: [Sat], minReplicas: 3}\n      b: {<<: *a, days: null, timeEnd: \"12:00\", minReplicas: 7}\n";
    let (loaded, codes) = codes(&Inputs::default(), &[("merge.yaml", text)]);
    assert_eq!(codes, Vec::<&str>::new(), "{}", shown(&loaded));
    assert_eq!(loaded.rules[0].schedule.len(), 2);
}

#[test]
fn garbage_in_toml_is_told_up_to_a_point() {
    let (loaded, _) = codes(&Inputs::default(), &[("garbage.toml", &"=\n".repeat(1 << 18))]);
    assert!(loaded.has_errors());
    assert!(loaded.problems.len() <= 1_002, "{}", loaded.problems.len());
}

#[test]
fn a_profile_is_not_deleted_as_a_whole() {
    let (_, codes) = codes(
        &Inputs::default(),
        &[DOCUMENT, ("p.yaml", "profile: {prod: null}\n")],
    );
    assert_eq!(codes, ["E0203"]);
}

#[test]
fn names_that_no_reader_of_utf_16_knows_are_printed_whole() {
    let text = "rules: {web: {target: {kind: Deployment, name: web, namespace: shop}, schedule: {\"\u{e0067}x\": {days: [Sat], replicas: 2}}}}\n";
    let (_, config) = Inputs::default().config_of(vec![("flag.yaml".to_owned(), text.to_owned())]);
    assert!(
        config::text(&config).contains("\"\\U000e0067x\":"),
        "{}",
        config::text(&config)
    );
}
