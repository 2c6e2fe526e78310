//! CSV <-> rows: job files, keep lists and receipts.
//!
//! In: a path or standard input, what the user asked for ([`ReadOptions`]). Out: a [`Survey`] of the whole file (pass 1),
//! then its [`Rows`] one by one (pass 2), and receipts written back. What does not belong here: duplicates and anything else
//! that needs the queue, printing, the network.
//!
//! ```text
//! Source -> Feed (decode, hash) -> Records (csv, lines, limits) -> Judge (header, cells) -> Survey, then Rows
//! ```
//! Why two passes: whether IDs were damaged on their way can only be told from the whole file, and a
//! file that ends inside a quoted record must be refused before a single row is queued. Memory does not grow with the file.

mod cell;
mod check;
mod counts;
mod cut;
mod damage;
mod decode;
mod digest;
mod error;
mod foreign_format;
mod header;
pub mod keep_list;
mod link;
mod meter;
mod receipt;
mod receipt_columns;
mod records;
mod rejection;
mod row_facts;
mod row_ids;
mod row_parser;
mod rows;
mod rows_again;
mod source;
mod spreadsheet;
mod stored;
mod survey;
mod table;
mod text;
mod text_table;
mod worklist;

#[cfg(test)]
mod tests;

pub use cell::{read_handle, read_opaque, read_target};
pub use check::{CheckDamage, CheckExample, CheckReport, CheckTasks};
pub use counts::{DoubtfulIds, Example, LaneCount};
pub use damage::{DamageFinding, DamageForm, binomial_tail, first_damaged};
pub use decode::Encoding;
pub use error::JobFileError;
pub use header::{HandleColumn, NAME_COLUMNS, ReadOptions, handle_columns, is_same_column, is_target_column};
pub use receipt::{Receipt, ReceiptCells, ReceiptFormat, ReceiptWriter};
pub use rejection::{Fault, Rejection};
pub use row_facts::RepostIds;
pub use row_ids::{OpaqueIds, RowIds};
pub use rows::{Row, RowTask, RowVerdict, Rows};
pub use rows_again::RowsAgain;
pub use source::Source;
pub use stored::{cells_from_stored, stored_from_cells};
pub use survey::Survey;
pub use table::TableWriter;
pub use worklist::{MAX_TICKS_PER_FILE, SavedWorklist, WORKLIST_COLUMNS};

/// The version of this reader. It belongs to what "unchanged" means: a file, and what is queued of it, is looked at again where another
/// version read it. Raise it with every change of which rows can be used, of what they are read as, or of the columns that are chosen.
pub const READER_VERSION: u32 = 6;
/// Since this version a last row that looks cut off is rejected when it is read.
pub const READER_OF_CUT_ROWS: u32 = 4;

/// The longest record, in bytes of UTF-8. An unclosed quote in a big file ends here instead of in memory.
pub const MAX_RECORD_BYTES: usize = 1 << 20;
/// The most cells a record may have.
pub const MAX_CELLS_PER_RECORD: usize = 1_000;
/// The most accounts a job file may name.
pub const MAX_ACCOUNTS_PER_FILE: usize = 10_000;
/// The most rejected rows a survey shows in full; all are counted.
pub const MAX_EXAMPLES: usize = 20;
/// The longest piece of a cell that an error shows, in characters.
pub const MAX_SHOWN_CHARS: usize = 200;
/// The most bytes taken from standard input or another pipe: they are kept in a temporary file.
pub const MAX_SPOOL_BYTES: u64 = 8 << 30;
/// The most entries of a keep list.
pub const MAX_KEEP_ENTRIES: usize = 10_000_000;
