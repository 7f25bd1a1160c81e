//! `generate --from`: an export of another tool is read, carried over and written, and what was left out is told.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::file::Place;
use super::neighbours;
use crate::cli::args::GenerateArgs;
use crate::cli::exit::Exit;
use crate::cli::load;
use crate::cli::printer::Printer;
use crate::draft::{self, Carried, Context, LARGEST_EXPORT};
use crate::policy;
use crate::report::printable;

const UNDERSTOOD: &str = "understood are: objects with downscaler/ annotations and their namespaces, KEDA ScaledObjects \
                          with cron triggers, CronHorizontalPodAutoscalers, and scheduled actions as `aws … \
                          describe-scheduled-actions` prints them; docs/migrating.md shows each";

pub(super) fn run(args: GenerateArgs, printer: Printer) -> anyhow::Result<Exit> {
    let GenerateArgs {
        from,
        target,
        timezone,
        file,
        at,
        weekdays: _,
        weekends: _,
        daily: _,
        days: _,
        dates: _,
        default: _,
        name: _,
        cluster: _,
        context: _,
    } = args;
    let from = from.unwrap_or_default();
    let (stem, origin) = names(&from);
    let place = match file {
        Some(file) => Place::new(file)?,
        None => Place::in_policies(&format!("from-{stem}"))?,
    };
    place.check_free()?;
    let text = read(&from).with_context(|| format!("cannot read {}", from.display()))?;
    let context = Context {
        zone: timezone,
        target: target.clone(),
        at: at.unwrap_or_else(load::now),
    };
    let Carried { drafts, remarks } = match draft::carry_over(&text, &context) {
        Ok(carried) => carried,
        Err(why) => {
            printer.error(&format!("cannot use {}: {why}", from.display()), Some(UNDERSTOOD));
            return Ok(Exit::Failed);
        }
    };
    for remark in &remarks {
        printer.talk(&format!("{}\n", printable(&remark.to_string())));
        if let Some(hint) = &remark.hint {
            printer.talk(&format!("  hint: {}\n", printable(hint)));
        }
    }
    let left_out = remarks.iter().filter(|remark| remark.left_out).count();
    if drafts.is_empty() {
        printer.error("no rule came of it, so nothing was written", None);
        return Ok(Exit::Failed);
    }
    if let Some(target) = target
        && !drafts.iter().any(|draft| draft.target == target)
    {
        printer.warn("--target is for scheduled actions of AWS, of which none was carried over");
    }
    let text = draft::file(&drafts, &remarks, &origin);
    let loaded = policy::check(vec![(place.to_string(), text.clone())]);
    if loaded.has_errors() {
        load::tell(&loaded, printer);
        bail!(
            "these rules cannot stand in one file, so nothing was written; carry over fewer objects at a time, \
             such as those of one namespace"
        );
    }
    neighbours::tell(&drafts, &place, printer);
    place.write(&text, printer)?;
    printer.talk(&format!(
        "{}; left out: {left_out}, to look at: {}.{}\n",
        if drafts.len() == 1 {
            "1 rule".to_owned()
        } else {
            format!("{} rules", drafts.len())
        },
        remarks.len() - left_out,
        if remarks.is_empty() {
            ""
        } else {
            " The same is said at the top of the file."
        }
    ));
    place.tell_next(None, printer);
    Ok(Exit::Done)
}

/// The text of a file or stdin, not more than is ever looked at.
fn read(from: &Path) -> anyhow::Result<String> {
    let limit = LARGEST_EXPORT as u64 + 1;
    let mut bytes = Vec::new();
    if from.as_os_str() == "-" {
        std::io::stdin().take(limit).read_to_end(&mut bytes)?;
    } else {
        // A pipe that nobody writes to would never end.
        if !from.metadata()?.is_file() {
            bail!("it is not a file; pipe what a command prints to --from -");
        }
        File::open(from)?.take(limit).read_to_end(&mut bytes)?;
    }
    if bytes.len() > LARGEST_EXPORT {
        bail!("it is larger than {} MiB", LARGEST_EXPORT >> 20);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => bail!("it is not UTF-8 text (byte {})", error.utf8_error().valid_up_to()),
    }
}

/// The part of the new file's name that comes from the old one, and how the new file calls the old one.
fn names(from: &Path) -> (String, String) {
    if from.as_os_str() == "-" {
        return ("stdin".to_owned(), "stdin".to_owned());
    }
    let name = |name: Option<&std::ffi::OsStr>| name.unwrap_or_default().to_string_lossy().into_owned();
    let usable = |character: char| {
        if character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.') {
            character
        } else {
            '-'
        }
    };
    let stem = name(from.file_stem()).chars().map(usable).collect();
    (stem, name(from.file_name()))
}
