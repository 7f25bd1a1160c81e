//! Log lines on stderr, as text or as JSON.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::args::LogFormat;

/// Starts logging. `level` wins over `RUST_LOG`; without both, changes are logged unless a person watches them
/// otherwise (`shown`).
///
/// # Errors
/// When `level` is not a filter.
pub(super) fn start(format: LogFormat, level: Option<&str>, shown: bool) -> anyhow::Result<()> {
    let default = if shown && std::io::stderr().is_terminal() {
        "warn"
    } else {
        "info"
    };
    // The client's own warnings quote whatever a server sends; RUST_LOG can ask for them.
    let quiet = |level: &str| EnvFilter::try_new(format!("{level},kube_client=off"));
    let from_environment = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
    let filter = match (level, from_environment) {
        (Some(level), _) => {
            let wrong = |why: &str| {
                anyhow::anyhow!("--log-level {level:?} is not a level (error, warn, info, debug){why}")
            };
            // A word alone would be taken for the name of a part of the program: nothing else would be logged.
            if level.split(',').any(is_word_without_level) {
                return Err(wrong(""));
            }
            quiet(level).map_err(|error| wrong(&format!(": {error}")))?
        }
        (None, Some(filter)) => EnvFilter::try_new(&filter)
            .map_err(|error| anyhow::anyhow!("RUST_LOG={filter:?} is not a filter, such as info: {error}"))?,
        (None, None) => quiet(default)?,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Told on stderr, too: if that is closed, telling would panic, half-way through a pass.
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        .with_target(false);
    // A second start, as in tests, keeps the first.
    let _ = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    Ok(())
}

fn is_word_without_level(directive: &str) -> bool {
    !directive.contains('=') && directive.trim().parse::<LevelFilter>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_alone_is_a_level_or_a_mistake() {
        for good in [
            "info",
            "WARN",
            "off",
            "warn,easyscale=debug",
            "easyscale::cli=trace",
        ] {
            assert!(!good.split(',').any(is_word_without_level), "{good}");
        }
        for bad in ["verbose", "warn,easyscale"] {
            assert!(bad.split(',').any(is_word_without_level), "{bad}");
        }
    }
}
