//! Rules in the making: from answers, or from what other tools were told, to the text of a file of rules.
//!
//! ```text
//! answers --Answers--> Draft ---------------------text--> YAML that `policy::check` accepts
//! foreign objects --carry_over--> Drafts + Remarks --file--> YAML, and what was left out
//! ```
//!
//! Here: what a rule should say, and how it is written. Not here: asking, reading and writing files, showing; nor what
//! a rule means, which is [`crate::policy`]'s business: every draft is read back before it leaves this module.
//! Pure: no clock, no files. Nothing is guessed: what cannot be said exactly is a [`Remark`].

mod answers;
mod copies;
mod document;
mod foreign;
mod rule;
mod week;

pub use answers::{Answers, Asked};
pub use copies::Copies;
pub use document::{file, quoted, text};
pub use foreign::{Carried, Context, LARGEST_EXPORT, Remark, carry_over};
pub use rule::{Draft, DraftWindow, Hours, Unusable, When};
