//! Rules that would lie beside the new ones and not go together with them. Told, not refused: the person may be about
//! to replace them.

use std::path::PathBuf;

use super::file::Place;
use crate::cli::printer::Printer;
use crate::draft::Draft;
use crate::policy;

/// Looks at the rules in the folder that is written to.
pub(super) fn tell(drafts: &[Draft], place: &Place, printer: Printer) {
    let Place::New(path) = place else { return };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Some(folder) = folder.map(PathBuf::from).filter(|folder| folder.is_dir()) else {
        return;
    };
    let known = policy::load(&[folder]).rules;
    for draft in drafts {
        let same =
            |rule: &&std::sync::Arc<policy::Rule>| rule.target == draft.target || rule.name == draft.name;
        let Some(rule) = known.iter().find(same) else {
            continue;
        };
        let what = if rule.target == draft.target {
            format!("is for {}, too", rule.target)
        } else {
            "has the same name".to_owned()
        };
        printer.warn(&format!(
            "the rule {} ({}) {what}; used together they are refused, so keep one of the two",
            rule.name, rule.place
        ));
    }
}
