//! `easyscale version`.

use serde_json::json;

use super::args::{TextOrJson, VersionArgs};
use super::exit::Exit;
use super::printer::Printer;
use crate::time::{tzdb_source, tzdb_version};

pub(super) fn run(args: &VersionArgs, printer: Printer) -> anyhow::Result<Exit> {
    let VersionArgs { output } = args;
    let version = env!("CARGO_PKG_VERSION");
    printer.data(&match output {
        TextOrJson::Text => {
            format!(
                "easyscale {version}\nzone rules {} ({})\n",
                tzdb_version(),
                tzdb_source()
            )
        }
        TextOrJson::Json => {
            format!(
                "{:#}\n",
                json!({"version": version, "tzdb": tzdb_version(), "tzdbSource": tzdb_source()})
            )
        }
    })?;
    Ok(Exit::Done)
}
