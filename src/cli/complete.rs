//! `easyscale __complete`: what a shell offers next, for what only the program knows. Hidden, since shells ask it.
//!
//! It never says what is wrong, and never takes long: somebody waits with a finger on the key. Answers are in the form
//! that kubectl asks its plugins for: a line each, and at the end what the shell may add of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::CommandFactory as _;

use super::args::{Cli, CompleteArgs};
use super::exit::Exit;
use super::load;
use super::printer::Printer;
use crate::cluster::{Cluster as _, Connection, Live, contexts};
use crate::plan::{Observed, Options, Planner};
use crate::policy::{Inputs, Target};

/// A cluster that has not answered by then has nothing to offer.
const PATIENCE: Duration = Duration::from_secs(1);

/// More than that nobody reads.
const OFFERED: usize = 500;

/// What is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Target,
    /// A target or a rule.
    Subject,
    Rule,
    Namespace,
    Context,
    /// A command or a flag.
    Word,
    /// A value that only the shell or nobody knows.
    Other,
}

pub(super) async fn run(args: CompleteArgs, printer: Printer) -> anyhow::Result<Exit> {
    let words = args.words;
    let typed = words.last().cloned().unwrap_or_default();
    let wanted = wanted(&words);
    let offers = match wanted {
        Wanted::Other => Vec::new(),
        Wanted::Word => known_words(&words, &typed),
        Wanted::Context => contexts(),
        _ => seen(wanted, &words).await,
    };
    let mut text = String::new();
    let fits = |offer: &&String| offer.starts_with(&typed) && !offer.contains(char::is_control);
    for offer in offers.iter().filter(fits).take(OFFERED) {
        text.push_str(offer);
        text.push('\n');
    }
    // 4: no names of files.
    text.push_str(if wanted == Wanted::Other { ":0\n" } else { ":4\n" });
    printer.data(&text)?;
    Ok(Exit::Done)
}

fn wanted(words: &[String]) -> Wanted {
    let mut before = words.iter().rev().skip(1).map(String::as_str);
    let last = match before.next() {
        // Shells take `--target=x` apart.
        Some("=") => before.next(),
        last => last,
    };
    match last.unwrap_or_default() {
        "--target" => return Wanted::Target,
        "--rule" => return Wanted::Rule,
        "-n" | "--namespace" | "--lease-namespace" | "--trust-namespace" => return Wanted::Namespace,
        "--context" => return Wanted::Context,
        _ => {}
    }
    let typed = words.last().map(String::as_str).unwrap_or_default();
    match words {
        [_] | [] => Wanted::Word,
        _ if typed.starts_with('-') => Wanted::Word,
        [command, _] if command == "explain" => Wanted::Subject,
        _ => Wanted::Other,
    }
}

/// Commands, and flags of a command.
fn known_words(words: &[String], typed: &str) -> Vec<String> {
    let all = Cli::command();
    let mut offers = Vec::new();
    if words.len() <= 1 && !typed.starts_with('-') {
        let commands = all.get_subcommands().filter(|command| !command.is_hide_set());
        offers.extend(commands.map(|command| command.get_name().to_owned()));
        return offers;
    }
    let command = words.first().and_then(|name| all.find_subcommand(name));
    let flags = command.unwrap_or(&all).get_arguments();
    offers.extend(
        flags
            .filter_map(|flag| flag.get_long())
            .map(|flag| format!("--{flag}")),
    );
    offers
}

/// Of the rules in `policies/`, and of a cluster that answers at once.
async fn seen(wanted: Wanted, words: &[String]) -> Vec<String> {
    let mut offers = BTreeSet::new();
    let mut offer = |target: &Target| {
        offers.insert(match wanted {
            Wanted::Namespace => target.namespace.clone(),
            _ => format!("{}/{}/{}", short(&target.kind), target.namespace, target.name),
        });
    };
    // Of rules with mistakes, the others.
    let rules = Inputs::of(&["policies/".into()]).load().rules;
    if wanted != Wanted::Rule {
        rules.iter().for_each(|rule| offer(&rule.target));
        for autoscaler in &look(words).await.autoscalers {
            offer(&autoscaler.target());
        }
    }
    if matches!(wanted, Wanted::Rule | Wanted::Subject) {
        offers.extend(rules.iter().map(|rule| rule.name.clone()));
    }
    offers.into_iter().collect()
}

async fn look(words: &[String]) -> Observed {
    let context = words.iter().position(|word| word == "--context");
    let connection = Connection {
        context: context.and_then(|at| words.get(at + 1)).cloned(),
        ..Connection::default()
    };
    let options = Options {
        instance: String::new(),
        prune: false,
        namespaces: BTreeSet::new(),
    };
    let look = async {
        let cluster = Live::connect(&connection).await?;
        cluster.observe(&Planner::new(Vec::new(), options)).await
    };
    load::in_time(PATIENCE, look).await.unwrap_or_default()
}

/// The kind as `--target` takes it.
fn short(kind: &str) -> String {
    match kind {
        "HorizontalPodAutoscaler" => "hpa".to_owned(),
        kind => kind.to_ascii_lowercase(),
    }
}
