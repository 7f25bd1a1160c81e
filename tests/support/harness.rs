//! `main` for test binaries that need a control plane: like libtest's (`--list`, filters,
//! `--test-threads`), but tests can be reported as ignored at run time, which libtest cannot do.

use super::binaries::{Binaries, Source};
use super::control_plane::{ControlPlane, Options};
use super::environment::Env;
use super::tools::Tools;
use futures::FutureExt;
use libtest_mimic::{Arguments, Failed, Trial};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// One test.
pub struct Case {
    name: String,
    needs_controllers: bool,
    needs_tools: bool,
    test: Test,
}

type Test = Box<dyn FnOnce(Env) -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// A test by its name; it fails by a panic.
pub fn case<F, T>(name: &str, test: T) -> Case
where
    T: FnOnce(Env) -> F + Send + 'static,
    F: Future<Output = ()> + 'static,
{
    Case {
        name: name.to_owned(),
        needs_controllers: false,
        needs_tools: false,
        test: Box::new(move |env| Box::pin(test(env))),
    }
}

impl Case {
    /// It waits for what an HPA, a Deployment or the garbage collector does: ignored where
    /// `KUBEBUILDER_ASSETS` has no kube-controller-manager.
    pub fn needs_controllers(mut self) -> Self {
        self.needs_controllers = true;
        self
    }

    /// It needs [`Tools`]: ignored where there is no Go to build them.
    pub fn needs_tools(mut self) -> Self {
        self.needs_tools = true;
        self
    }
}

/// The control plane that the tests of this binary share, and the options to start it with.
static SHARED: OnceCell<Result<Arc<ControlPlane>, String>> = OnceCell::const_new();
static OPTIONS: OnceLock<Options> = OnceLock::new();

/// The control plane of this test binary, started when first asked for. Panics if it does not start.
pub async fn shared() -> Arc<ControlPlane> {
    let start = async || {
        let options = OPTIONS.get_or_init(Options::default);
        ControlPlane::start(options)
            .await
            .map(Arc::new)
            .map_err(|error| error.to_string())
    };
    match SHARED.get_or_init(start).await {
        Ok(plane) => plane.clone(),
        Err(error) => panic!("{error}"),
    }
}

/// Runs `cases` against a control plane with the default options.
pub fn run(cases: Vec<Case>) -> ExitCode {
    run_with(Options::default(), cases)
}

/// Runs `cases` against a control plane with these options.
pub fn run_with(mut options: Options, cases: Vec<Case>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    if arguments.test_threads.is_none() {
        // They wait for servers and clocks far more than they compute.
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        arguments.test_threads = Some(cores * 3);
    }
    let (missing, no_controllers) = match Binaries::look() {
        Ok(Source::Present(binaries)) => (None, binaries.controller_manager.is_none()),
        Ok(Source::ToBuild) => (None, false),
        Err(error) => (Some(error.to_string()), false),
    };
    let no_tools = if cases.iter().any(|case| case.needs_tools) {
        Tools::look().err()
    } else {
        None
    };
    // In CI a missing control plane is a mistake; the tests then fail with its message.
    let may_ignore = std::env::var("CI").map_or(true, |ci| ci != "true");
    if may_ignore && !arguments.list {
        if let Some(reason) = &missing {
            eprintln!(
                "\n!! IGNORING {} tests: {reason}\n!! With CI=true they fail.\n",
                cases.len()
            );
        } else if no_controllers {
            let count = cases.iter().filter(|case| case.needs_controllers).count();
            eprintln!("\n!! IGNORING {count} tests: KUBEBUILDER_ASSETS has no kube-controller-manager\n");
        }
        if let (None, Some(reason)) = (&missing, &no_tools) {
            let count = cases.iter().filter(|case| case.needs_tools).count();
            eprintln!("\n!! IGNORING {count} tests: {reason}\n!! With CI=true they fail.\n");
        }
    }
    if no_controllers && may_ignore {
        options.controller_manager = false;
    }
    OPTIONS.set(options).expect("run is called once");

    let runtime = Arc::new(Runtime::new().expect("tokio starts"));
    let trials = cases
        .into_iter()
        .map(|case| {
            let lacks = missing.is_some()
                || (case.needs_controllers && no_controllers)
                || (case.needs_tools && no_tools.is_some());
            let ignored = may_ignore && lacks;
            let runtime = runtime.clone();
            Trial::test(case.name, move || run_one(&runtime, case.test)).with_ignored_flag(ignored)
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(Ok(plane)) = SHARED.get() {
        plane.stop();
    }
    conclusion.exit_code()
}

fn run_one(runtime: &Runtime, test: Test) -> Result<(), Failed> {
    runtime.block_on(async {
        let env = Env::on(&shared().await).await;
        let outcome = AssertUnwindSafe(test(env.clone())).catch_unwind().await;
        env.delete().await;
        // libtest-mimic turns the panic into a failure with its message.
        outcome.map_err(|panic| std::panic::resume_unwind(panic))
    })
}
