//! Where IDs come from: an X data archive, a repository that Bluesky exports, the platform's own lists, and filters over them.
//!
//! In: an export, an account, or a job file. Out: [`Entry`]s of a [`ListKind`](crate::domain::ListKind), and the CSV a person can read and edit before
//! anything happens. What does not belong here: queueing and sending undos.

pub mod archive;
mod entry;
mod export;
pub mod fetch;
pub mod filter;
mod keep;
pub mod repository;
mod row;
pub mod snowflake;
mod source_time;
mod table;
mod writer;

pub use entry::{Entry, Reposted, reposted_author};
pub use export::Export;
pub use keep::{read_keep_list, read_keep_list_called};
pub use row::{RowEntry, RowReader};
pub use source_time::{parse_source_time, parse_zoned_time};
pub use table::{Column, columns, is_list_header, record};
pub use writer::ListWriter;
