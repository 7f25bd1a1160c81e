//! What all layers say together, and what a change of them does, as text, JSON and Markdown.

mod difference;
mod json;
mod text;
mod value;

pub use difference::{Difference, Move};
pub use json::{difference_json, json};
pub use text::{difference_markdown, difference_text, text};
