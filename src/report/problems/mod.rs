//! Problems for people, for scripts, for GitHub and for other tools; one file per form.
//!
//! Here: what each form looks like, and the page that explains a code. Not here: what is wrong and what to do, which the
//! problem itself says.

mod github;
mod json;
pub mod pages;
mod region;
mod sarif;
mod text;

pub use github::github;
pub use json::json;
pub(super) use json::list as json_list;
pub use sarif::sarif;
pub use text::{SHOWN, short, text};

use crate::policy::CODES;

/// The title of a code, empty for one that does not exist.
fn title(code: &str) -> &'static str {
    let known = CODES.iter().find(|(known, _)| *known == code);
    known.map_or("", |(_, title)| title)
}
