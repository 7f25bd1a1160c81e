//! What policies are read from, and the road from there to rules.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use super::Loaded;
use super::adjustment;
use super::check::Checker;
use super::codes;
use super::config::Config;
use super::document;
use super::doubts;
use super::files;
use super::layers::Layers;
use super::limits::NamespaceLimits;
use super::node::Node;
use super::parsed::{Documents, File};
use super::problem::{At, Problem, Severity};
use super::reading::{self, Read};
use super::scope::Scope;
use super::side_by_side;
use super::snapshot::Snapshot;
use super::source::{Source, Sources};
use super::supply::Ground;
use super::texts::Texts;
use super::words::{self, quoted};

/// Where policies come from, lowest layer first: files, the environment, the command line.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Files and directories of `ScalingRule` documents and policy files.
    pub paths: Vec<PathBuf>,
    /// Which profile of the policy files counts.
    pub profile: Option<String>,
    /// Variables; those that begin with [`super::VARIABLE_PREFIX`] adjust the policies.
    pub variables: Vec<(OsString, OsString)>,
    /// What `--set` says: `key.key=value`.
    pub set: Vec<String>,
}

/// What came of it.
struct Checked {
    loaded: Loaded,
    /// Which documents each file has.
    documents: Vec<Documents>,
    /// What all layers say together, if asked.
    config: Config,
}

impl Inputs {
    /// Files and directories alone.
    #[must_use]
    pub fn of(paths: &[PathBuf]) -> Self {
        Self {
            paths: paths.to_vec(),
            ..Self::default()
        }
    }

    /// Reads and checks everything.
    ///
    /// A directory stands for its `*.yaml`, `*.yml` and `*.toml` files in the order of their names, without those whose
    /// name starts with `.`; directories in it are not searched. Symbolic links are followed. A file that is larger than
    /// 4 MiB is a problem and is not read. Each path must lead to at least one rule, or to settings for the
    /// rules of the others.
    #[must_use]
    pub fn load(&self) -> Loaded {
        self.load_from(self.read())
    }

    /// Reads the files and checks nothing yet: enough to say whether they are other ones than before.
    #[must_use]
    pub fn read(&self) -> Snapshot {
        Snapshot {
            found: files::read(&self.paths),
        }
    }

    /// Checks everything as [`load`](Self::load) does, with the files as they were read.
    #[must_use]
    pub fn load_from(&self, snapshot: Snapshot) -> Loaded {
        self.load_with(snapshot, false).0
    }

    /// Reads and checks everything, and says what all layers say together.
    #[must_use]
    pub fn config(&self) -> (Loaded, Config) {
        self.load_with(self.read(), true)
    }

    fn load_with(&self, Snapshot { found }: Snapshot, config: bool) -> (Loaded, Config) {
        let Checked {
            mut loaded,
            documents,
            config,
        } = self.check_bytes(found.files, config);
        let mut problems = found.problems;
        if self.paths.is_empty() {
            problems.push(
                Problem::error(codes::NO_RULES, "no policies are given")
                    .hint("name a file or a directory of policies"),
            );
        }
        let has_rules = documents.iter().any(|documents| documents.others > 0);
        for (name, range) in found.given {
            let silent = |file: &Source| loaded.problems.iter().all(|problem| !problem.is_in(file.name()));
            let mut files = loaded.sources.iter().skip(range.start).take(range.len());
            let has_others = documents[range.clone()].iter().any(|found| found.others > 0);
            let has_settings = documents[range].iter().any(|found| found.settings > 0);
            // Settings alone will do where the rules come from elsewhere.
            if has_others || (has_settings && has_rules) || !files.all(silent) {
                continue;
            }
            let problem = if has_settings {
                Problem::error(codes::NO_RULES, format!("there are only settings in {name}, and no rule anywhere"))
                    .hint("name the files of the rules as well; a rule starts with `apiVersion: easyscale.io/v1` and `kind: ScalingRule`")
            } else {
                Problem::error(codes::NO_RULES, format!("there is no rule in {name}"))
                    .hint("a rule starts with `apiVersion: easyscale.io/v1` and `kind: ScalingRule`")
            };
            problems.push(problem.in_file(&name));
        }
        problems.append(&mut loaded.problems);
        loaded.problems = problems;
        (loaded, config)
    }

    /// Checks policies that are given as texts with their names, instead of the files; pure.
    #[must_use]
    pub fn check(&self, files: Vec<(String, String)>) -> Loaded {
        self.check_bytes(bytes(files), false).loaded
    }

    /// The same, and what all layers say together.
    #[must_use]
    pub fn config_of(&self, files: Vec<(String, String)>) -> (Loaded, Config) {
        let checked = self.check_bytes(bytes(files), true);
        (checked.loaded, checked.config)
    }

    fn check_bytes(&self, files: Vec<(String, Vec<u8>)>, config: bool) -> Checked {
        let Texts {
            sources,
            readable,
            variables,
            mut problems,
        } = Texts::new(files, &self.variables, &self.set);
        let texts = Readable {
            sources,
            readable,
            variables,
        };
        let mut checked = self.check_texts(texts, config, &Ground::default(), &Scope::Files);
        problems.append(&mut checked.loaded.problems);
        checked.loaded.problems = problems;
        sort(&mut checked.loaded);
        checked
    }

    /// Checks the texts of one scope, over what holds for all.
    pub(super) fn check_scope(&self, sources: Vec<Source>, ground: &Ground, scope: &Scope) -> Loaded {
        let texts = Readable {
            readable: vec![true; sources.len()],
            sources: sources.into(),
            variables: 0,
        };
        let mut loaded = self.check_texts(texts, false, ground, scope).loaded;
        sort(&mut loaded);
        loaded
    }

    fn check_texts(&self, texts: Readable, config: bool, ground: &Ground, scope: &Scope) -> Checked {
        let Readable {
            sources,
            readable,
            variables,
        } = texts;
        let mut problems = Vec::new();
        let mut check = Checker::new(&sources);
        if *scope != Scope::Files {
            check = check.of_cluster();
        }
        let files: Vec<File> = sources
            .iter()
            .zip(&readable)
            .map(|(source, readable)| File::parse(source, *readable, &mut check))
            .collect();
        let documents = files.iter().map(File::documents).collect();
        let mut layers = Layers::of(scope.clone());
        for node in files.iter().flat_map(|file| &file.others) {
            for document in document::read(node, &mut check) {
                layers.add_document(document, &mut check);
            }
        }
        let profile = self.profile.as_deref();
        for policy in files.iter().flat_map(|file| &file.policies) {
            layers.add(policy, profile, &mut check);
        }
        let all_sound = files.iter().all(|file| file.sound);
        // A file that cannot be read may have it.
        if let Some(profile) = profile.filter(|_| all_sound) {
            problems.extend(unknown_profile(profile, layers.profiles()));
        }
        layers.catch_up();
        let adjustments: Vec<Node> = sources
            .iter()
            .skip(files.len())
            .enumerate()
            .filter_map(|(index, source)| match index < variables {
                true => adjustment::of_variable(source, &layers, &mut check),
                false => adjustment::of_flag(source, &layers, &mut check),
            })
            .collect();
        for adjustment in &adjustments {
            layers.add(adjustment, None, &mut check);
        }
        layers.catch_up();
        let (defaults, calendars) = (layers.defaults(), layers.calendars());
        let limits = layers.limits();
        let mut settings = ground
            .settings(scope)
            .with(defaults.as_deref(), &calendars, &mut check);
        if *scope == Scope::Files {
            settings.limits = NamespaceLimits::read(&limits, &mut check);
        }
        layers.look_behind(&settings, &mut check);
        let rules = layers.into_rules(&mut check);
        let config = match config {
            true => Config::of(defaults.as_deref(), &calendars, &limits, &rules, &check),
            false => Config::default(),
        };
        let rules: Vec<Read> = rules
            .into_iter()
            .map(|rule| reading::read(rule, scope, &settings, &mut check))
            .collect();
        doubts::tell_unused_default_zone(settings.zone_place, &rules, &mut check);
        let mut found = check.finish();
        if !all_sound {
            // What was dropped may be what a warning misses, or the layer that makes a rule whole.
            found.retain(|problem| problem.severity != Severity::Warning && !reading::is_lacking(problem));
        }
        problems.extend(found);
        problems.extend(side_by_side::compare_rules(&rules));
        let mut loaded = Loaded {
            problems,
            sources,
            ground: Ground(Arc::new(settings)),
            ..Loaded::default()
        };
        for read in rules {
            loaded.windows.extend(read.windows);
            loaded.targets.extend(read.target);
            loaded.rules.extend(read.rule.map(Arc::new));
        }
        Checked {
            loaded,
            documents,
            config,
        }
    }
}

/// Texts to be checked: of files, then of variables, then of flags.
struct Readable {
    sources: Sources,
    /// Per file, whether it can be looked at.
    readable: Vec<bool>,
    variables: usize,
}

fn bytes(files: Vec<(String, String)>) -> Vec<(String, Vec<u8>)> {
    let files = files.into_iter().map(|(name, text)| (name, text.into_bytes()));
    files.collect()
}

fn unknown_profile(profile: &str, known: &[&str]) -> Option<Problem> {
    if known.contains(&profile) {
        return None;
    }
    let mut known = known.to_vec();
    known.sort_unstable();
    known.dedup();
    let problem = Problem::error(
        codes::UNKNOWN_PROFILE,
        format!("no policy file has a profile {}", quoted(profile)),
    );
    Some(match words::meant(profile, &known) {
        Some(meant) => problem.hint(format!("did you mean {}?", quoted(meant))),
        None if known.is_empty() => problem.hint(format!(
            "a profile is a part of a policy file: `[profile.{}.rules.web.default]`",
            words::bare(profile)
        )),
        None => problem.hint(format!("there is {}", words::all(&known))),
    })
}

/// By file, in the order in which they count, and position.
pub(super) fn sort(loaded: &mut Loaded) {
    let order: HashMap<String, usize> = loaded
        .sources
        .iter()
        .enumerate()
        .map(|(index, source)| (source.name().to_owned(), index))
        .collect();
    loaded.problems.sort_by_key(|problem| match &problem.at {
        At::Nowhere => (None, 0),
        At::File(file) => (order.get(&**file).copied(), usize::MAX),
        At::Mark(mark) => (order.get(&*mark.place.file).copied(), mark.span.start),
    });
}
