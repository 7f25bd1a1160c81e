//! From arguments to a command, and from its result to an exit status.

use super::args::{Cli, Command};
use super::exit::Exit;
use super::printer::Printer;
use super::{
    apply, complete, completions, config, crd, explain, explain_code, generate, health, logging, plan,
    restore, schema, timeline, validate, version,
};
use crate::plan::Failure;

const FIRST_STEPS: &str = "\
easyscale sets the replica bounds of Kubernetes autoscalers on a schedule.

  1. Write a rule:      easyscale generate (it asks; `docs/quick-start.md` has one by hand)
  2. Check it:          easyscale validate policies/
  3. See what changes:  easyscale plan policies/
  4. Do it:             easyscale apply policies/
  5. Keep it so:        easyscale run policies/
  6. Undo everything:   easyscale restore

No cluster at hand? Add `--cluster FILE`, with what `kubectl get hpa,deploy,sts -A -o yaml` prints.
All commands and flags: easyscale --help
";

/// Runs a command.
#[must_use]
pub fn run(cli: Cli) -> Exit {
    let Cli {
        log_format,
        log_level,
        command,
    } = cli;
    let printer = Printer;
    // What a controller does is seen in its log and nowhere else.
    let watched = !matches!(command, Some(Command::Run(_)));
    let result = logging::start(log_format, log_level.as_deref(), watched).and_then(|()| match command {
        None => printer.data(FIRST_STEPS).map(|()| Exit::Done),
        Some(Command::Plan(args)) => block_on(plan::run(args, printer)),
        Some(Command::Apply(args)) => block_on(apply::run(args, printer)),
        Some(Command::Run(args)) => block_on(super::run::run(args, printer)),
        Some(Command::Restore(args)) => block_on(restore::run(args, printer)),
        Some(Command::Timeline(args)) => timeline::run(args, printer),
        Some(Command::Validate(args)) => block_on(validate::run(args, printer)),
        Some(Command::Config(args)) => block_on(config::run(args, printer)),
        Some(Command::Explain(args)) => explain::run(args, printer),
        Some(Command::ExplainCode(args)) => explain_code::run(args, printer),
        Some(Command::Generate(args)) => block_on(generate::run(args, printer)),
        Some(Command::Version(args)) => version::run(&args, printer),
        Some(Command::Schema(args)) => schema::run(&args, printer),
        Some(Command::Crd) => crd::run(printer),
        Some(Command::Health(args)) => health::run(&args, printer),
        Some(Command::Complete(args)) => block_on(complete::run(args, printer)),
        Some(Command::Completions(args)) => completions::run(&args, printer),
    });
    result.unwrap_or_else(|error| {
        match error.downcast_ref::<Failure>() {
            Some(failure) => printer.failure(failure),
            None => printer.error(&format!("{error:#}"), None),
        }
        Exit::Failed
    })
}

/// Requests wait for the network, not for us: one thread beside this one is enough.
fn block_on<F: Future<Output = anyhow::Result<Exit>>>(command: F) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let result = runtime.block_on(command);
    // An exec command of a kubeconfig that hangs is left behind at the deadline, not waited for.
    runtime.shutdown_background();
    result
}
