//! `easyscale validate`.

use super::args::{TextOrJson, ValidateArgs};
use super::exit::Exit;
use super::load;
use super::printer::Printer;
use crate::policy;

pub(super) fn run(args: ValidateArgs, printer: Printer) -> anyhow::Result<Exit> {
    let ValidateArgs { policies, output, at } = args;
    let mut loaded = policies.inputs().load();
    let notes = policy::notes(&loaded, at.unwrap_or_else(load::now));
    loaded.problems.extend(notes);
    load::tell(&loaded, printer);
    match output {
        TextOrJson::Json => printer.data(&load::problems_json(&loaded))?,
        TextOrJson::Text if !loaded.has_errors() => {
            let rules = loaded.rules.len();
            let windows: usize = loaded.rules.iter().map(|rule| rule.schedule.len()).sum();
            let plural =
                |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
            printer.data(&format!(
                "{} with {}: no errors.\n",
                plural(rules, "rule"),
                plural(windows, "window")
            ))?;
        }
        TextOrJson::Text => {}
    }
    Ok(if loaded.has_errors() {
        Exit::Failed
    } else {
        Exit::Done
    })
}
