//! `easyscale crd`.

use super::exit::Exit;
use super::printer::Printer;
use crate::policy::crd;

/// Whoever finds the file without the command.
const HEAD: &str = "# The custom resource ScalingRule of easyscale, as `easyscale crd` prints it.\n";

pub(super) fn run(printer: Printer) -> anyhow::Result<Exit> {
    let definition = serde_saphyr::to_string(&crd::definition())?;
    printer.data(&format!("{HEAD}{definition}"))?;
    Ok(Exit::Done)
}
