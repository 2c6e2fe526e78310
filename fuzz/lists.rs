//! As `src/lists/mod.rs` has it, without what asks the platform.

#[path = "../src/lists/archive/mod.rs"]
pub mod archive;
#[path = "../src/lists/entry.rs"]
mod entry;
#[path = "../src/lists/filter/mod.rs"]
pub mod filter;
#[path = "../src/lists/keep.rs"]
pub mod keep;
#[path = "../src/lists/repository/mod.rs"]
pub mod repository;
#[path = "../src/lists/row.rs"]
mod row;
#[path = "../src/lists/snowflake.rs"]
pub mod snowflake;
#[path = "../src/lists/source_time.rs"]
mod source_time;
#[path = "../src/lists/table.rs"]
mod table;
#[path = "../src/lists/writer.rs"]
mod writer;

pub use entry::{Entry, Reposted, reposted_author};
pub use row::{RowEntry, RowReader};
pub use source_time::{parse_source_time, parse_zoned_time};
pub use table::{Column, columns, is_list_header, record};
pub use writer::ListWriter;
