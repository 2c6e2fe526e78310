//! A list out of what a platform gives a user of all that is theirs, filtered and written as a CSV.
//!
//! What goes to stdout cannot be taken back, so the archive is read twice then: once to see that it is whole, once to write.
//! A file appears only at the end and needs one reading.

mod owner;
mod run;

pub use run::{ImportReport, ImportRequest, import};
