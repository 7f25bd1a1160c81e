//! What can be written on the command line.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use super::values::{
    End, concurrency, duration, edges, end, instance, instant, lease_duration, namespace, object_name,
    on_every_day, on_weekdays, on_weekends, selector, target, zone,
};
use crate::cluster::{Connection, POLICY_SELECTOR, RuleSources};
use crate::draft::{Asked, Copies};
use crate::plan::{Options, Selection, Trust};
use crate::policy::{Denied, Inputs, Target};
use crate::time::{Instant, Zone};

/// Scheduled minReplicas and maxReplicas for Kubernetes autoscalers.
///
/// Write when a service needs how many replicas, see what would change and why, apply it. The autoscaler
/// stays in charge within the scheduled bounds, and gets its own bounds back afterwards.
#[derive(Debug, Parser)]
#[command(
    name = "easyscale",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// How log lines on stderr look.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        value_name = "FORMAT",
        env = "EASYSCALE_LOG_FORMAT"
    )]
    pub(super) log_format: LogFormat,
    /// Which log lines are written: error, warn, info, debug, or a filter as in RUST_LOG.
    ///
    /// Without it: RUST_LOG, else info (warn on a terminal, where the changes are shown anyway).
    #[arg(long, global = true, value_name = "LEVEL", env = "EASYSCALE_LOG_LEVEL")]
    pub(super) log_level: Option<String>,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

impl Cli {
    /// Reads the command line. Help says how the program was called: `kubectl easyscale` runs a file `kubectl-easyscale`.
    ///
    /// # Errors
    /// When it cannot be understood, and for `--help` and `--version`.
    pub fn parse_as_called(words: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let words: Vec<OsString> = words.collect();
        let called = words.first().map(Path::new).and_then(Path::file_stem);
        let mut command = Self::command();
        if called.is_some_and(|name| name == "kubectl-easyscale") {
            command = command.bin_name("kubectl easyscale");
        }
        let matches = command.try_get_matches_from(words)?;
        Self::from_arg_matches(&matches)
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what would change and why; nothing is written.
    #[command(visible_alias = "dry-run")]
    Plan(PlanArgs),
    /// Write the bounds that hold now.
    Apply(ApplyArgs),
    /// Keep the bounds right for as long as it runs: the controller.
    ///
    /// It watches the cluster and the policies and writes when a window opens or closes, when somebody changes a bound,
    /// and when the policies change. Otherwise it is silent. SIGTERM stops it, SIGHUP has it read the policies again.
    Run(RunArgs),
    /// Put the original bounds back and let the objects go.
    Restore(RestoreArgs),
    /// Show who gets how many replicas when, over a range of time; needs no cluster.
    Timeline(TimelineArgs),
    /// Check policies without a cluster.
    Validate(ValidateArgs),
    /// Show what all policy files say together, and where each value is from; or what a change of them does.
    ///
    /// Printed as one policy file, with the place of each value as a comment. With --diff, what differs from other files;
    /// and with --cluster or --context, what that does to the plan: the thing to post on a pull request.
    Config(ConfigArgs),
    /// Say in sentences why the bounds are what they are, and what comes next.
    ///
    /// Rules are all that is needed for it; no cluster is asked.
    Explain(ExplainArgs),
    /// Write a rule: ask what it should say, or carry over what another tool was told.
    ///
    /// On a terminal it asks for whatever no flag answers. COPIES is 5 (at least 5), 5..20 (between 5 and 20), 5.. or
    /// ..20 (only one end), or 0 (asleep). Files that exist are never overwritten.
    Generate(GenerateArgs),
    /// Explain the code of a problem, with an example and how to mend it; without a code, list all of them.
    ExplainCode(ExplainCodeArgs),
    /// Say which version this is, and how fresh its zone rules are.
    Version(VersionArgs),
    /// Print the JSON Schema of rules or of policy files, for editors.
    ///
    /// With it, an editor completes and explains keys, and marks mistakes. It only sees what a schema can know; `validate`
    /// sees all.
    Schema(SchemaArgs),
    /// Print the CustomResourceDefinition of ScalingRule, for `kubectl apply -f -`.
    ///
    /// With it, a cluster keeps rules as objects of its own, and refuses one with a mistake while it is being applied. It
    /// is the same as deploy/crd.yaml.
    Crd,
    /// Ask a running controller whether it is well: exit status 0 or 1.
    Health(HealthArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// What a shell offers next.
    #[command(name = "__complete", hide = true)]
    Complete(CompleteArgs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people.
    Text,
    /// For machines; the shape is stable.
    Json,
    /// For pull requests.
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TextOrJson {
    /// For people.
    Text,
    /// For machines; the shape is stable.
    Json,
}

/// How problems are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProblemOutput {
    /// For people.
    Text,
    /// For machines; the shape is stable.
    Json,
    /// For GitHub Actions: notes beside the lines of a pull request.
    Github,
    /// For code scanning and editors: SARIF 2.1.0.
    Sarif,
}

/// How a timeline is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TimelineOutput {
    /// For people; on a terminal with a chart before the tables.
    Text,
    /// For machines; the shape is stable.
    Json,
    /// For pull requests.
    Markdown,
    /// A picture.
    Svg,
    /// A page: the picture, and tables.
    Html,
    /// Only the chart, in characters.
    Chart,
}

/// Where the rules are.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    /// Files or directories of rules; later ones adjust earlier ones [default: policies/].
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Also count what the policy files have for this profile, such as prod.
    #[arg(long, value_name = "NAME", env = "EASYSCALE_PROFILE")]
    pub(super) profile: Option<String>,
    /// Adjust one value, such as rules.checkout.default.minReplicas=3; null deletes (several: repeat it).
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Count warnings as errors: `warnings` for all, or a code such as W0601 (several: repeat it).
    #[arg(long, value_name = "WARNINGS|CODE", value_parser = Denied::parse)]
    pub(super) deny: Vec<Denied>,
}

/// Which rules in the cluster count, beside those of files.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RuleArgs {
    /// Also read rules from ConfigMaps with these labels; without a value: easyscale.io/policy=true.
    #[arg(
        long,
        value_name = "SELECTOR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = POLICY_SELECTOR,
        value_parser = selector
    )]
    pub(super) config_maps: Option<String>,
    /// Also read rules from ScalingRule objects, as `easyscale crd` defines them.
    #[arg(long)]
    pub(super) scaling_rules: bool,
    /// Rules in this namespace may also scale targets in other namespaces (several: repeat it, or separate by commas).
    #[arg(long = "trust-namespace", value_name = "NAMESPACE", value_delimiter = ',', value_parser = namespace)]
    pub(super) trusted: Vec<String>,
}

/// Which API server, which part of what it has, and for which installation.
#[derive(Debug, Args)]
pub(super) struct LiveArgs {
    /// The kubeconfig's context; without it the current one, or the cluster that easyscale runs in.
    #[arg(long, value_name = "NAME")]
    pub(super) context: Option<String>,
    /// Only this namespace (several: repeat it, or separate by commas). Without it: the whole cluster.
    #[arg(short, long = "namespace", value_name = "NAMESPACE", value_delimiter = ',', value_parser = namespace)]
    pub(super) namespaces: Vec<String>,
    /// Which installation this is; what another one wrote is left alone.
    #[arg(long, value_name = "NAME", default_value = "default", env = "EASYSCALE_INSTANCE", value_parser = instance)]
    pub(super) instance: String,
}

/// Which cluster: one that is up, or a file; and when.
#[derive(Debug, Args)]
pub(super) struct ClusterArgs {
    /// A file of manifests instead of a cluster: what `kubectl get hpa,deploy,sts -A -o yaml` prints.
    #[arg(long, value_name = "FILE", conflicts_with = "context")]
    pub(super) cluster: Option<PathBuf>,
    #[command(flatten)]
    pub(super) live: LiveArgs,
    /// Pretend that it is this instant, such as 2026-11-27T16:30:00Z.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(super) at: Option<Instant>,
}

/// How a write pass behaves.
#[derive(Debug, Args)]
pub(super) struct WriteArgs {
    /// The pass ends by then, done or not; what was not done is a failure.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(super) deadline: Duration,
    /// Requests in flight at most.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = concurrency)]
    pub(super) concurrency: usize,
    /// Do not tell about changes as Kubernetes Events.
    #[arg(long)]
    pub(super) no_events: bool,
    /// Targets that are refused do not make the exit status 1.
    #[arg(long)]
    pub(super) allow_refused: bool,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) policies: PolicyArgs,
    #[command(flatten)]
    pub(super) rules: RuleArgs,
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    /// How the plan is shown.
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: Output,
    /// Also restore what no rule names any more.
    #[arg(long)]
    pub(super) prune: bool,
    /// Also show targets that are as they should be.
    #[arg(long)]
    pub(super) show_unchanged: bool,
    /// Exit with 2 when there are changes.
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// The cluster is seen by then, or it is an error.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(super) deadline: Duration,
}

#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    pub(super) policies: PolicyArgs,
    #[command(flatten)]
    pub(super) rules: RuleArgs,
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    #[command(flatten)]
    pub(super) write: WriteArgs,
    /// How the outcome is shown.
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: Output,
    /// Also restore what no rule names any more.
    #[arg(long)]
    pub(super) prune: bool,
    /// Also show targets that were as they should be.
    #[arg(long)]
    pub(super) show_unchanged: bool,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) policies: PolicyArgs,
    #[command(flatten)]
    pub(super) rules: RuleArgs,
    #[command(flatten)]
    pub(super) live: LiveArgs,
    /// Where health, metrics and the page of the present plan are served. Without it: 127.0.0.1:8080, in a cluster
    /// 0.0.0.0:8080. Port 0: any that is free.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<SocketAddr>,
    /// Requests in flight at most.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = concurrency)]
    pub(super) concurrency: usize,
    /// Write without holding a Lease: only for a single replica.
    #[arg(long)]
    pub(super) no_leader_election: bool,
    /// Where the Lease is by which replicas agree who writes. Without it: the namespace that easyscale runs in, or that of
    /// the kubeconfig's context.
    #[arg(long, value_name = "NAMESPACE", value_parser = namespace)]
    pub(super) lease_namespace: Option<String>,
    /// After so long without a sign of life of the replica that writes, another one takes over.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = lease_duration)]
    pub(super) lease_duration: Duration,
    /// No rule at all is what is meant, not an accident: then everything gets its own bounds back.
    #[arg(long)]
    pub(super) allow_empty: bool,
    /// Leave what no rule names any more as it is.
    #[arg(long)]
    pub(super) no_prune: bool,
    /// Do not tell about changes as Kubernetes Events.
    #[arg(long)]
    pub(super) no_events: bool,
    /// Do everything but write; what would be written is logged.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Write the bounds that hold now and end, as `easyscale apply` does.
    #[arg(long, conflicts_with_all = [
        "dry_run", "no_prune", "allow_empty", "listen", "no_leader_election", "lease_namespace",
    ])]
    pub(super) once: bool,
    /// At most so many targets have metrics of their own.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(super) metrics_targets: usize,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    #[command(flatten)]
    pub(super) write: WriteArgs,
    /// Only what was written for this rule.
    #[arg(long, value_name = "NAME", conflicts_with = "target")]
    pub(super) rule: Option<String>,
    /// Only this object, as kind/namespace/name: deployment/shop/checkout, hpa/shop/checkout.
    #[arg(long, value_name = "TARGET", value_parser = target)]
    pub(super) target: Option<Target>,
    /// Where `easyscale run` has its lease, which is held meanwhile. Without it: where one of this instance is found.
    #[arg(long, value_name = "NAMESPACE", value_parser = namespace, conflicts_with = "cluster")]
    pub(super) lease_namespace: Option<String>,
    /// Pause the autoscalers that were restored, so that nothing writes them again until the annotation is taken away.
    #[arg(long, conflicts_with_all = ["cluster", "dry_run"])]
    pub(super) pause: bool,
    /// Once all is restored, hold the lease for so long after the end, so that no `easyscale run` writes meanwhile: for an
    /// uninstallation.
    #[arg(long, value_name = "DURATION", value_parser = lease_duration, conflicts_with_all = ["cluster", "dry_run"])]
    pub(super) keep_lease: Option<Duration>,
    /// First suspend this CronJob, which runs `easyscale apply`, and wait until none of its Jobs runs; if not all can be
    /// restored, it goes on. It is looked for where the lease is (--lease-namespace), or else in the namespace that
    /// easyscale runs in.
    #[arg(long, value_name = "NAME", value_parser = object_name, conflicts_with_all = ["cluster", "dry_run"])]
    pub(super) suspend_cronjob: Option<String>,
    /// Once all is restored, delete the ConfigMaps easyscale-state that remember nothing any more.
    #[arg(long, conflicts_with_all = ["cluster", "dry_run"])]
    pub(super) delete_state: bool,
    /// Show what would be restored; nothing is written.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// How the outcome is shown.
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(super) struct TimelineArgs {
    #[command(flatten)]
    pub(super) policies: PolicyArgs,
    /// Where the range begins: an instant, or the midnight of a date such as 2026-11-27. Without it: now.
    #[arg(long, value_name = "TIME", value_parser = end)]
    pub(super) from: Option<End>,
    /// Where the range ends, not included: an instant, or the midnight of a date. Without it: a week after its begin.
    #[arg(long, value_name = "TIME", value_parser = end)]
    pub(super) until: Option<End>,
    /// Pretend that it is this instant, such as 2026-11-27T16:30:00Z.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(super) at: Option<Instant>,
    /// How it is shown.
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: TimelineOutput,
    /// Only this rule (several: repeat it).
    #[arg(long = "rule", value_name = "NAME")]
    pub(super) rules: Vec<String>,
    /// Only the rule for this object, as kind/namespace/name: deployment/shop/checkout, hpa/shop/checkout.
    #[arg(long, value_name = "TARGET", value_parser = target)]
    pub(super) target: Option<Target>,
    /// Show days and times of this zone, such as Europe/Berlin. Without it: the zone of most windows of each rule.
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub(super) timezone: Option<Zone>,
}

#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    #[command(flatten)]
    pub(super) policies: PolicyArgs,
    /// Also warn of targets that are not in this file of manifests: what `kubectl get hpa,deploy,sts -A -o yaml` prints.
    #[arg(long, value_name = "FILE")]
    pub(super) cluster: Option<PathBuf>,
    /// How problems are shown.
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: ProblemOutput,
    /// Pretend that it is this instant: dates that have passed by then are noted.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(super) at: Option<Instant>,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(flatten)]
    pub(super) policies: PolicyArgs,
    /// Compare with these files or directories, the older ones (several: repeat it).
    #[arg(long, value_name = "PATH")]
    pub(super) diff: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    /// How it is shown.
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: Output,
    /// With --diff: exit with 2 when something differs.
    #[arg(long, requires = "diff")]
    pub(super) detailed_exitcode: bool,
    /// The cluster is seen by then, or it is an error.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(super) deadline: Duration,
}

impl ConfigArgs {
    /// Whether a cluster is named; the layers alone need none.
    pub(super) fn sees_a_cluster(&self) -> bool {
        self.cluster.cluster.is_some() || self.cluster.live.context.is_some()
    }
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// What to explain: deployment/shop/checkout, shop/checkout, or the name of a rule.
    #[arg(value_name = "TARGET|RULE")]
    pub(super) subject: String,
    #[command(flatten)]
    pub(super) policies: PolicyArgs,
    /// Explain this instant instead of now, such as 2026-11-27T16:30:00Z.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(super) at: Option<Instant>,
    /// How many of the coming changes are told.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = edges)]
    pub(super) edges: usize,
    /// How the explanation is shown.
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: TextOrJson,
}

#[derive(Debug, Args)]
pub(super) struct ExplainCodeArgs {
    /// The code, such as E0201, in any case.
    #[arg(value_name = "CODE")]
    pub(super) code: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// What to scale, as kind/namespace/name: deployment/shop/checkout, hpa/shop/checkout.
    #[arg(long, value_name = "TARGET", value_parser = target)]
    pub(super) target: Option<Target>,
    /// Copies from Monday to Friday, at certain hours or all day: 16:00-18:00=5..20 (several: repeat it).
    #[arg(long, value_name = "[HH:MM-HH:MM=]COPIES", value_parser = on_weekdays)]
    pub(super) weekdays: Vec<Asked>,
    /// The same on Saturday and Sunday: 2
    #[arg(long, value_name = "[HH:MM-HH:MM=]COPIES", value_parser = on_weekends)]
    pub(super) weekends: Vec<Asked>,
    /// The same on every day: 22:00-06:00=1
    #[arg(long, value_name = "HH:MM-HH:MM=COPIES", value_parser = on_every_day)]
    pub(super) daily: Vec<Asked>,
    /// The same on other weekdays: Mon-Thu@22:00-06:00=1, Sat,Sun=2
    #[arg(long, value_name = "DAYS[@HH:MM-HH:MM]=COPIES", value_parser = Asked::on_days)]
    pub(super) days: Vec<Asked>,
    /// The same on dates, before any weekday: 2026-11-27..2026-11-30@08:00-22:00=10..40, 12-24=2 (every year).
    #[arg(long, value_name = "DATES[@HH:MM-HH:MM]=COPIES", value_parser = Asked::on_dates)]
    pub(super) dates: Vec<Asked>,
    /// Copies at all other times. Without it: as many as without the rule.
    #[arg(long, value_name = "COPIES", value_parser = Copies::parse)]
    pub(super) default: Option<Copies>,
    /// Whose clock it is, such as Europe/Berlin; with --from: of what names no zone.
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub(super) timezone: Option<Zone>,
    /// The rule's name. Without it: the target's.
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Where to write it; `-` is stdout. Without it: policies/NAME.yaml, policies/from-FILE.yaml.
    #[arg(long, value_name = "PATH")]
    pub(super) file: Option<PathBuf>,
    /// Carry over what another tool was told, from a file (`-`: stdin) of annotated objects, KEDA ScaledObjects,
    /// CronHorizontalPodAutoscalers or scheduled actions of AWS.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["weekdays", "weekends", "daily", "days", "dates", "default", "name", "cluster", "context"])]
    pub(super) from: Option<PathBuf>,
    /// Offer the workloads of a file: what `kubectl get hpa,deploy,sts -A -o yaml` prints. Without it: of the cluster.
    #[arg(long, value_name = "FILE", conflicts_with = "context")]
    pub(super) cluster: Option<PathBuf>,
    /// The kubeconfig's context whose workloads are offered; without it the current one, if any.
    #[arg(long, value_name = "NAME")]
    pub(super) context: Option<String>,
    /// Pretend that it is this instant, such as 2026-11-27T16:30:00Z.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(super) at: Option<Instant>,
}

#[derive(Debug, Args)]
pub(super) struct VersionArgs {
    /// How the version is shown.
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: TextOrJson,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// What the schema is of.
    #[arg(value_enum, value_name = "WHAT", default_value = "rule")]
    pub(super) of: Document,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Document {
    /// ScalingRule documents.
    Rule,
    /// All that a policy file may hold: settings and rules of one layer, and ScalingRule documents.
    Policy,
}

#[derive(Debug, Args)]
pub(super) struct HealthArgs {
    /// Where it serves HTTP.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(super) url: String,
    /// Ask whether it is ready, not only alive: whether it has seen the cluster, and has had rules without mistakes.
    #[arg(long)]
    pub(super) ready: bool,
}

#[derive(Debug, Args)]
pub(super) struct CompleteArgs {
    /// What is typed so far; the last one is being typed.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) words: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

/// Where policies are if nothing else is said.
const POLICIES: &str = "policies/";

impl RuleArgs {
    pub(super) fn sources(&self) -> RuleSources {
        RuleSources {
            config_maps: self.config_maps.clone(),
            scaling_rules: self.scaling_rules,
        }
    }

    pub(super) fn trust(&self) -> Trust {
        Trust(self.trusted.iter().cloned().collect())
    }
}

impl PolicyArgs {
    /// All layers: the files, the environment, the flags.
    pub(super) fn inputs(&self) -> Inputs {
        self.inputs_beside(&RuleArgs::default())
    }

    /// The same; where rules also come from the cluster, files are read only if some are named.
    pub(super) fn inputs_beside(&self, rules: &RuleArgs) -> Inputs {
        let mut paths = self.paths.clone();
        if paths.is_empty() && !rules.sources().is_any() {
            paths.push(PathBuf::from(POLICIES));
        }
        Inputs {
            paths,
            // A variable that is set to nothing is not set, as everywhere.
            profile: self.profile.clone().filter(|profile| !profile.is_empty()),
            variables: std::env::vars_os().collect(),
            set: self.set.clone(),
        }
    }
}

impl LiveArgs {
    pub(super) fn connection(&self) -> Connection {
        Connection {
            context: self.context.clone(),
            instance: self.instance.clone(),
        }
    }

    pub(super) fn options(&self, prune: bool) -> Options {
        Options {
            instance: self.instance.clone(),
            prune,
            namespaces: self.namespaces(),
        }
    }

    /// The namespaces that are handled; none: all.
    pub(super) fn namespaces(&self) -> BTreeSet<String> {
        self.namespaces.iter().cloned().collect()
    }
}

impl RestoreArgs {
    pub(super) fn selection(&self) -> Selection {
        match (&self.rule, &self.target) {
            (Some(rule), _) => Selection::Rule(rule.clone()),
            (None, Some(target)) => Selection::Target(target.clone()),
            (None, None) => Selection::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
