//! What users of other schedulers report as wrong, each as an example of what is right here.
//!
//! A name that begins with a tool tells what was seen there; one without a tool tells what is right.

mod bounds;
mod clock_changes;
mod days;
mod edges;
mod leads_and_ramps;
mod patterns;
mod zones;
