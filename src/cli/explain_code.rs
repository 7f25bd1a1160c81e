//! `easyscale explain-code`.

use super::args::ExplainCodeArgs;
use super::exit::Exit;
use super::printer::Printer;
use crate::report::problems::pages;

pub(super) fn run(args: ExplainCodeArgs, printer: Printer) -> anyhow::Result<Exit> {
    let ExplainCodeArgs { code } = args;
    let Some(code) = code else {
        printer.data(&pages::list())?;
        return Ok(Exit::Done);
    };
    match pages::explain(&code) {
        Ok(page) => {
            printer.data(&page)?;
            Ok(Exit::Done)
        }
        Err(hint) => {
            printer.error(&format!("there is no problem code {code:?}"), Some(&hint));
            Ok(Exit::Failed)
        }
    }
}
