//! Where IDs come from: an X data archive, the platform's own lists, and filters over them.
//!
//! In: an archive, an account, or a job file. Out: [`Entry`]s of a [`ListKind`], and the CSV a person can read and edit before
//! anything happens. What does not belong here: queueing and sending undos.

mod entry;
pub mod filter;
pub mod snowflake;
mod table;

pub use entry::{Entry, ListKind};
pub use table::{Column, columns, record};
