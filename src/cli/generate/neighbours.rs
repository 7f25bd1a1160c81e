//! Files and rules that would lie beside the new ones and not go together with them, or otherwise than is thought. Told,
//! not refused: the person may be about to replace them.

use std::path::PathBuf;

use super::file::Place;
use crate::cli::printer::Printer;
use crate::draft::Draft;
use crate::policy::{self, Rule};

/// Looks at the rules in the folder that is written to.
pub(super) fn tell(drafts: &[Draft], place: &Place, printer: Printer) {
    let Place::New(path) = place else { return };
    for ending in ["yaml", "yml", "toml"] {
        let twin = path.with_extension(ending);
        if twin != *path && twin.exists() {
            printer.warn(&format!(
                "there is {}, too, and names that differ only in their ending are easily mistaken for each other; \
                 choose another one with --file",
                twin.display()
            ));
        }
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Some(folder) = folder.map(PathBuf::from).filter(|folder| folder.is_dir()) else {
        return;
    };
    let known = policy::load(&[folder]).rules;
    for draft in drafts {
        // Of two the one of the same name is the one to know about.
        let twin = known.iter().find(|rule| rule.name == draft.name);
        let Some(rule) = twin.or_else(|| known.iter().find(|rule| rule.target == draft.target)) else {
            continue;
        };
        let Rule {
            name, place, target, ..
        } = rule.as_ref();
        printer.warn(&if *name == draft.name {
            format!(
                "the rule {name} ({place}) has the same name; used together they are refused, or become one rule if \
                 one of them is in a policy file, so keep one of the two, or give one another name"
            )
        } else {
            format!(
                "the rule {name} ({place}) is for {target}, too; used together they are refused, so keep one of the two"
            )
        });
    }
}
