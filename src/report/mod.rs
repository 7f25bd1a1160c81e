//! Values to text: what people and programs read.
//!
//! Pure: everything here returns strings or JSON values; writing them is the command line's.

pub mod problems;
