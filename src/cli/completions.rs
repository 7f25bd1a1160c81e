//! `easyscale completions`.

use clap::CommandFactory as _;

use super::args::{Cli, CompletionsArgs};
use super::exit::Exit;
use super::printer::Printer;

/// Targets, rules, namespaces and contexts, for bash; what is no such thing is completed as before.
const KNOWN_TO_THE_PROGRAM: &str = r#"
_easyscale_known() {
    local known directive
    known=$("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    directive=${known##*$'\n'}
    known=${known%$'\n'*}
    if [[ $directive == :4 && $known != :4 && -n $known ]]; then
        mapfile -t COMPREPLY <<<"$known"
    else
        _easyscale "$@"
    fi
}
complete -F _easyscale_known -o bashdefault -o default easyscale
"#;

pub(super) fn run(args: &CompletionsArgs, printer: Printer) -> anyhow::Result<Exit> {
    let CompletionsArgs { shell } = args;
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut Cli::command(), "easyscale", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if *shell == clap_complete::Shell::Bash {
        script.push_str(KNOWN_TO_THE_PROGRAM);
    }
    printer.data(&script)?;
    Ok(Exit::Done)
}
