//! The `easyscale` program: parse, run, exit code; nothing else.

use std::process::ExitCode;

use easyscale::cli::{Cli, Exit, run};

fn main() -> ExitCode {
    match Cli::parse_as_called(std::env::args_os()) {
        Ok(cli) => run(cli).into(),
        Err(error) => {
            // Help and version are answers, not errors; a wrong argument is 1, since 2 means "changes".
            let exit = if error.use_stderr() {
                Exit::Failed
            } else {
                Exit::Done
            };
            let _ = error.print();
            exit.into()
        }
    }
}
