//! `easyscale schema`.

use super::args::{Document, SchemaArgs};
use super::exit::Exit;
use super::printer::Printer;
use crate::policy::schema;

pub(super) fn run(args: &SchemaArgs, printer: Printer) -> anyhow::Result<Exit> {
    let SchemaArgs { of } = args;
    let schema = match of {
        Document::Rule => schema::rule(),
        Document::Policy => schema::policy(),
    };
    printer.data(&format!("{schema:#}\n"))?;
    Ok(Exit::Done)
}
