//! The rooms that read foreign files, and nothing else of cleanup: they need no database, no network and no terminal, so the
//! fuzz targets are built in a minute. The files are those of the program itself.

#![forbid(unsafe_code)]

#[path = "../src/domain/mod.rs"]
pub mod domain;
#[path = "../src/jobfile/mod.rs"]
pub mod jobfile;
/// As `src/lists/mod.rs` has it, without what asks the platform.
pub mod lists {
    #[path = "../../src/lists/archive/mod.rs"]
    pub mod archive;
    #[path = "../../src/lists/entry.rs"]
    mod entry;
    #[path = "../../src/lists/filter/mod.rs"]
    pub mod filter;
    #[path = "../../src/lists/snowflake.rs"]
    pub mod snowflake;
    #[path = "../../src/lists/table.rs"]
    mod table;
    #[path = "../../src/lists/writer.rs"]
    mod writer;

    pub use entry::{Entry, ListKind};
    pub use table::{Column, columns, record};
    pub use writer::ListWriter;
}
