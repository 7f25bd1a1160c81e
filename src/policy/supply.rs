//! Rules from inside the cluster: each `ConfigMap` and each custom resource is read by itself, over what the operator's
//! files say for all.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Loaded;
use super::codes;
use super::document::{API_VERSION, KIND};
use super::inputs::Inputs;
use super::problem::Problem;
use super::scope::{Owner, Scope};
use super::settings::Settings;
use super::source::Source;

/// What the operator's files say for rules from elsewhere: defaults, calendars, and what may be asked per namespace.
#[derive(Debug, Clone, Default)]
pub struct Ground(pub(super) Arc<Settings>);

/// An object that rules are read from, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supply {
    /// Which object.
    pub scope: Scope,
    content: Content,
}

/// What is read of one object, at most. Reading takes its time from everybody's.
const LARGEST: usize = 256 << 10;

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Texts(Arc<[Text]>),
    /// Of so many bytes, which are not kept.
    TooLarge(usize),
}

/// One text of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Text {
    name: String,
    text: String,
    /// Which key each line is about, if people did not write the lines.
    keys: Vec<Arc<str>>,
}

impl Supply {
    /// A `ConfigMap` whose keys are policy files: TOML where the key ends in `.toml`, else YAML. They are its layers, in
    /// the order of their names.
    #[must_use]
    pub fn of_config_map(namespace: &str, name: &str, data: BTreeMap<String, String>) -> Self {
        let scope = Scope::ConfigMap(Owner {
            namespace: namespace.into(),
            name: name.into(),
        });
        let texts = data.into_iter().map(|(key, text)| Text {
            // The language is told from how the name ends.
            name: format!("{scope}, key {key}"),
            text,
            keys: Vec::new(),
        });
        let texts = texts.collect();
        Self::new(scope, texts)
    }

    /// A custom resource, with its labels and `spec`.
    #[must_use]
    pub fn of_scaling_rule(
        namespace: &str,
        name: &str,
        labels: &BTreeMap<String, String>,
        spec: &Value,
    ) -> Self {
        let scope = Scope::ScalingRule(Owner {
            namespace: namespace.into(),
            name: name.into(),
        });
        let mut written = Written::default();
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), name.into());
        if !labels.is_empty() {
            let labels = labels
                .iter()
                .map(|(key, value)| (key.clone(), value.as_str().into()));
            metadata.insert("labels".to_owned(), Value::Object(labels.collect()));
        }
        written.entry(0, "apiVersion", &API_VERSION.into(), "");
        written.entry(0, "kind", &KIND.into(), "");
        written.entry(0, "metadata", &Value::Object(metadata), "");
        written.entry(0, "spec", spec, "spec");
        let text = Text {
            name: scope.to_string(),
            text: written.text,
            keys: written.keys,
        };
        Self::new(scope, [text].into())
    }

    fn new(scope: Scope, texts: Arc<[Text]>) -> Self {
        let size = texts.iter().map(|text| text.text.len()).sum();
        let content = match size {
            0..=LARGEST => Content::Texts(texts),
            _ => Content::TooLarge(size),
        };
        Self { scope, content }
    }
}

impl Ground {
    /// What holds for a scope before it says something itself: a target that names no namespace is in that of its object.
    pub(super) fn settings(&self, scope: &Scope) -> Settings {
        let mut settings = Settings::clone(&self.0);
        // Where it is said is in other texts.
        settings.zone_place = None;
        if let Some(namespace) = scope.namespace() {
            settings.namespace = Some(namespace.to_owned());
            settings.home = Some(namespace.to_owned());
        }
        settings
    }

    /// Reads the rules of an object. It is accepted or refused as a whole, and apart from all others: there are rules in
    /// it only if nothing is wrong with it. That it has none is no mistake.
    #[must_use]
    pub fn read(&self, supply: &Supply) -> Loaded {
        let texts = match &supply.content {
            Content::Texts(texts) => texts,
            Content::TooLarge(size) => {
                let problem = Problem::error(
                    codes::TOO_MUCH,
                    format!(
                        "{} KiB of rules are more than the {} that are read of one object",
                        size >> 10,
                        LARGEST >> 10
                    ),
                )
                .hint("make several of it");
                return Loaded {
                    problems: vec![problem.in_file(&supply.scope.to_string())],
                    ..Loaded::default()
                };
            }
        };
        let sources = texts.iter().map(|text| {
            let Text { name, text, keys } = text;
            match keys.is_empty() {
                true => Source::new(name, text),
                false => Source::of_object(name, text, keys.clone()),
            }
        });
        let mut loaded = Inputs::default().check_scope(sources.collect(), self, &supply.scope);
        if loaded.has_errors() {
            loaded.rules.clear();
        }
        loaded
    }
}

/// An object as YAML, of which each line is about one key.
#[derive(Default)]
struct Written {
    text: String,
    keys: Vec<Arc<str>>,
}

impl Written {
    fn line(&mut self, depth: usize, text: &str, path: &str) {
        self.text.push_str(&"  ".repeat(depth));
        self.text.push_str(text);
        self.text.push('\n');
        self.keys.push(path.into());
    }

    fn entry(&mut self, depth: usize, key: &str, value: &Value, path: &str) {
        let key = scalar(&key.into());
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.line(depth, &format!("{key}:"), path);
                for (name, value) in map {
                    self.entry(depth + 1, name, value, &below(path, name));
                }
            }
            Value::Array(items) if !items.is_empty() => {
                self.line(depth, &format!("{key}:"), path);
                self.items(depth, items, path);
            }
            value => self.line(depth, &format!("{key}: {}", scalar(value)), path),
        }
    }

    fn items(&mut self, depth: usize, items: &[Value], path: &str) {
        for (number, item) in items.iter().enumerate() {
            let path = format!("{path}[{number}]");
            match item {
                Value::Object(map) if !map.is_empty() => {
                    let start = self.text.len();
                    for (name, value) in map {
                        self.entry(depth + 1, name, value, &below(&path, name));
                    }
                    // The first key stands behind the dash.
                    let dash = start + 2 * depth;
                    self.text.replace_range(dash..dash + 1, "-");
                }
                Value::Array(inner) if !inner.is_empty() => {
                    self.line(depth, "-", &path);
                    self.items(depth + 1, inner, &path);
                }
                item => self.line(depth, &format!("- {}", scalar(item)), &path),
            }
        }
    }
}

/// What is not in `spec` is about the object as a whole.
fn below(path: &str, key: &str) -> String {
    match path {
        "" => String::new(),
        path => format!("{path}.{key}"),
    }
}

/// What some readers of YAML take for something else than text.
const NOT_PLAIN: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// A value without lines of its own. Text is in quotes unless nobody could take it for something else.
fn scalar(value: &Value) -> String {
    let is_plain = |text: &str| {
        let mut characters = text.chars();
        characters.next().is_some_and(|first| first.is_ascii_alphabetic())
            && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.'))
            && !NOT_PLAIN.contains(&text.to_ascii_lowercase().as_str())
    };
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        // What YAML does not take as it stands, JSON need not escape.
        value => value.to_string().chars().fold(String::new(), |mut text, c| {
            match c {
                '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                    text.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                c => text.push(c),
            }
            text
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::policy::{Inputs, Severity};

    fn resource(spec: &Value) -> Supply {
        Supply::of_scaling_rule("shop", "checkout", &BTreeMap::new(), spec)
    }

    /// The one text of a resource.
    fn written(supply: &Supply) -> &Text {
        match &supply.content {
            Content::Texts(texts) => &texts[0],
            Content::TooLarge(size) => panic!("{size} bytes"),
        }
    }

    fn config_map(files: &[(&str, &str)]) -> Supply {
        let data = files
            .iter()
            .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()));
        Supply::of_config_map("shop", "policy", data.collect())
    }

    fn files(text: &str) -> Loaded {
        let loaded = Inputs::default().check(vec![("base.yaml".to_owned(), text.to_owned())]);
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        loaded
    }

    fn messages(loaded: &Loaded) -> Vec<String> {
        loaded
            .problems
            .iter()
            .map(|problem| format!("{}: {}", problem.source().unwrap_or_default(), problem.message))
            .collect()
    }

    #[test]
    fn a_resource_is_a_rule_of_its_namespace() {
        let spec = json!({
            "target": {"kind": "Deployment", "name": "checkout"},
            "schedule": [{"name": "peak", "days": ["weekdays"], "timeStart": "16:00", "replicas": 5}],
        });
        let loaded = Ground::default().read(&resource(&spec));
        assert!(loaded.problems.is_empty(), "{:?}", messages(&loaded));
        let rule = &loaded.rules[0];
        assert_eq!(rule.name, "shop/checkout");
        assert_eq!(rule.target.namespace, "shop");
        assert_eq!(rule.scope.namespace(), Some("shop"));
        assert_eq!(rule.place.to_string(), "scalingrule shop/checkout");
        let floor = rule.schedule[0].sets.floor.as_ref().unwrap();
        assert_eq!(
            floor.place.to_string(),
            "scalingrule shop/checkout: spec.schedule[0].replicas"
        );
    }

    #[test]
    fn a_mistake_in_a_resource_is_told_with_its_key() {
        let spec = json!({
            "target": {"kind": "Deployment", "name": "checkout"},
            "schedule": [{"name": "peak", "timeStart": "25:00", "replicas": 5}, {"name": "x", "days": ["Mon", "Foo"], "replicas": 1}],
        });
        let loaded = Ground::default().read(&resource(&spec));
        assert!(loaded.rules.is_empty());
        let told = messages(&loaded);
        assert!(
            told[0].starts_with("scalingrule shop/checkout: spec.schedule[0].timeStart: "),
            "{told:?}"
        );
        assert!(
            told[1].starts_with("scalingrule shop/checkout: spec.schedule[1].days[1]: "),
            "{told:?}"
        );
    }

    #[test]
    fn a_config_map_is_layered_over_what_the_operator_says() {
        let ground = files("defaults: {timezone: Europe/Berlin, namespace: other}\ncalendars: {off: {dates: [\"12-25\"]}}\nrules: {}\n").ground();
        let supply = config_map(&[
            (
                "10-base.toml",
                "[rules.web]\ntarget = { kind = \"Deployment\", name = \"web\" }\n[rules.web.schedule.off]\ncalendar = \"off\"\nreplicas = 1\n",
            ),
            ("20-more.yaml", "rules: {web: {schedule: {off: {replicas: 2}}}}\n"),
        ]);
        let loaded = ground.read(&supply);
        assert!(!loaded.has_errors(), "{:?}", messages(&loaded));
        let rule = &loaded.rules[0];
        assert_eq!(
            (rule.name.as_str(), rule.target.namespace.as_str()),
            ("shop/web", "shop")
        );
        let window = &rule.schedule[0];
        assert_eq!(window.zone.name(), "Europe/Berlin");
        let floor = window.sets.floor.as_ref().unwrap();
        assert_eq!(floor.value, 2);
        assert_eq!(
            floor.place.to_string(),
            "configmap shop/policy, key 20-more.yaml:1:42"
        );
    }

    #[test]
    fn what_a_config_map_sets_holds_for_itself_alone() {
        let ground = files("defaults: {timezone: Europe/Berlin}\nrules: {}\n").ground();
        let rule = "rules: {web: {target: {kind: Deployment, name: web}, schedule: {day: {timeStart: \"08:00\", replicas: 2}}}}\n";
        let own = ground.read(&config_map(&[(
            "a.yaml",
            &format!("defaults: {{timezone: Asia/Tokyo}}\n{rule}"),
        )]));
        let other = ground.read(&config_map(&[("a.yaml", rule)]));
        assert_eq!(own.rules[0].schedule[0].zone.name(), "Asia/Tokyo");
        assert_eq!(other.rules[0].schedule[0].zone.name(), "Europe/Berlin");
    }

    #[test]
    fn an_empty_config_map_is_no_mistake() {
        for supply in [
            config_map(&[]),
            config_map(&[("a.yaml", "")]),
            config_map(&[("a.toml", "# nothing\n")]),
        ] {
            let loaded = Ground::default().read(&supply);
            assert!(
                loaded.problems.is_empty() && loaded.rules.is_empty(),
                "{:?}",
                messages(&loaded)
            );
        }
    }

    #[test]
    fn only_the_operator_sets_limits() {
        let loaded =
            Ground::default().read(&config_map(&[("a.yaml", "limits: {shop: {maxReplicas: 900}}\n")]));
        assert_eq!(loaded.problems[0].code, "E0806");
        let ground = files("limits: {shop: {maxReplicas: 9}}\nrules: {}\n").ground();
        let spec = json!({
            "target": {"kind": "Deployment", "name": "web"},
            "default": {"maxReplicas": 50},
            "limits": {"maxReplicas": 40},
        });
        let loaded = ground.read(&resource(&spec));
        assert!(!loaded.has_errors(), "{:?}", messages(&loaded));
        let max = loaded.rules[0].limits.max.as_ref().unwrap();
        assert_eq!((max.value, max.place.to_string().as_str()), (9, "base.yaml:1:30"));
    }

    /// One easyscale reads the rules of all: what costs it memory and time is bounded, for objects and not for files.
    #[test]
    fn an_object_has_no_more_than_its_share() {
        let window = |number: usize| format!("w{number}: {{timeStart: '08:00', replicas: 1}}");
        let rule = |windows: &str| {
            format!(
                "rules: {{web: {{target: {{kind: Deployment, name: web, namespace: shop}}, schedule: {{{windows}}}}}}}\n"
            )
        };
        let many: Vec<String> = (0..501).map(window).collect();
        let quick = "w: {cron: '*/2 * * * * *', duration: 1s, replicas: 1}";
        let large = format!("# {}\n", "x".repeat(LARGEST));
        for text in [rule(&many.join(", ")), rule(quick), large.clone()] {
            let codes: Vec<_> = Ground::default()
                .read(&config_map(&[("a.yaml", &text)]))
                .problems
                .iter()
                .map(|problem| problem.code)
                .collect();
            assert_eq!(codes, ["E0807"], "{}", &text[..80]);
        }
        let fine = rule(&many[..500].join(", "));
        assert!(
            !Ground::default()
                .read(&config_map(&[("a.yaml", &fine)]))
                .has_errors()
        );
        files(&rule(quick));
        files(&rule(&many.join(", ")));
    }

    proptest! {
        /// Whatever an API server holds, it is read without a panic, and each place leads into the text.
        #[test]
        fn any_spec_is_read(spec in value(4)) {
            let supply = resource(&spec);
            let text = written(&supply);
            prop_assert_eq!(text.text.lines().count(), text.keys.len());
            let loaded = Ground::default().read(&supply);
            for problem in &loaded.problems {
                if problem.severity == Severity::Error && let Some(place) = problem.place() {
                    prop_assert!(loaded.sources.get(&place.file).is_some(), "{place}");
                }
            }
        }

        /// What is read is what the object says.
        #[test]
        fn an_object_keeps_its_values(spec in value(4)) {
            let supply = resource(&spec);
            let text = &written(&supply).text;
            let read: Value = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            prop_assert_eq!(&read["spec"], &spec, "{}", text);
        }
    }

    fn value(depth: u32) -> impl Strategy<Value = Value> {
        let key = prop::sample::select(vec![
            "target", "schedule", "days", "name", "replicas", "a: b", "yes", "-", "",
        ]);
        let text = prop_oneof![".{0,6}", "[-:#&*!|>'\"%@` {}\\[\\],?0-9a-z]{0,6}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9i64..99).prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(depth, 30, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key.clone(), inner, 0..4).prop_map(|map| Value::Object(
                    map.into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect()
                )),
            ]
        })
    }
}
