//! Leader election: of several replicas one writes, and knows by itself when it must stop.
//!
//! The rules are client-go's. [`step`] says what to do with a lease, and is pure; the [`Elector`] does it; the [`Fence`]
//! is what every write passes. A lease cannot make writes safe by itself, since a request may be on its way when it ends:
//! that is what the resourceVersion of every write is for. It keeps two replicas from undoing and telling each other's work.

mod elector;
mod fence;
mod hold;
mod identity;
mod step;

#[cfg(test)]
mod memory;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

pub use elector::{Election, Elector, Leadership};
pub use fence::{Fence, Wall};
pub use hold::{Former, hold};
pub use identity::identity;
pub use step::{Seen, Step, Timings, step};
