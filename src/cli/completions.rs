//! `easyscale completions`.

use clap::CommandFactory as _;

use super::args::{Cli, CompletionsArgs};
use super::exit::Exit;
use super::printer::Printer;

/// Targets, rules, namespaces and contexts, for bash; what is no such thing is completed as before.
///
/// bash takes words apart at `:` and `=`, and contexts such as `arn:aws:eks:…` have colons: so the line is split at blanks, and
/// of an answer only what follows the last break is handed over. As macOS has it, bash 3.2: no `mapfile`, no index -1.
const KNOWN_TO_THE_PROGRAM: &str = r#"
_easyscale_known() {
    local line=${COMP_LINE:0:COMP_POINT} words=() typed value front='' behind='' known directive offer
    read -ra words <<<"$line"
    if [[ $line == *[[:blank:]] ]]; then
        words+=('')
    fi
    typed=${words[${#words[@]} - 1]}
    value=$typed
    if [[ $typed == --*=* ]]; then
        value=${typed#*=}
        if [[ $COMP_WORDBREAKS != *=* ]]; then
            front=${typed%%=*}=
        fi
    fi
    if [[ $value == *:* && $COMP_WORDBREAKS == *:* ]]; then
        behind=${value%:*}:
    fi
    known=$("${COMP_WORDS[0]}" __complete "${words[@]:1}" 2>/dev/null </dev/null)
    directive=${known##*$'\n'}
    known=${known%$'\n'*}
    if [[ $directive == :4 && $known != :4 && -n $known ]]; then
        COMPREPLY=()
        while IFS= read -r offer; do
            COMPREPLY+=("$front${offer#"$behind"}")
        done <<<"$known"
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
