//! Data archives: the zip, or the folder unpacked from it, that X or a Mastodon server gives a user of all that is theirs.
//!
//! In: a path. Out: whose archive it is ([`About`]) and its [`Entry`](super::Entry)s one by one ([`Archive::read`]). Nothing is
//! unpacked to disk, and memory does not grow with the archive. It is foreign input: every bound stands here, and a file is
//! only ever opened by a name that this room has made up itself. What does not belong here: filters, CSV, printing.
//!
//! ```text
//! container (zipped | tarred | folder) -> layout (which files) -> bounded (inflate, count) -> script (one entry) -> records -> Entry      (X)
//!                                                                                 -> collection (one item) -> activities -> JSON (Mastodon)
//! ```

mod about;
mod activities;
mod bounded;
mod collection;
mod container;
mod distinct_value;
mod error;
mod folder;
mod layout;
mod member;
mod names;
mod object;
mod opened;
mod read;
mod records;
mod script;
mod surrogates;
mod tally;
mod tarred;
mod zipped;

pub use about::About;
pub use activities::ActivityArchive;
pub use error::{ArchiveError, ArchiveFault};
pub use opened::OpenedArchive;
pub use read::Archive;
pub use tally::{FileTally, Tally};

/// The most files an archive may hold.
pub const MAX_FILES: usize = 100_000;
/// The most parts one list may come in.
pub const MAX_PARTS: usize = 10_000;
/// The longest name of a file, in bytes.
pub const MAX_NAME_BYTES: usize = 1_024;
/// The most bytes one file may have, unpacked.
pub const MAX_FILE_BYTES: u64 = 512 << 20;
/// The most bytes all files that are read may have together, unpacked.
pub const MAX_TOTAL_BYTES: u64 = 4 << 30;
/// The most bytes that come out of a tar in gzip, pictures and all.
pub const MAX_TAR_BYTES: u64 = 64 << 30;
/// The most bytes that one compressed byte may become. JSON of an archive comes to 5 to 20.
pub const MAX_BYTES_PER_COMPRESSED_BYTE: u64 = 200;
/// The deepest nesting of JSON, the list itself counted.
pub const MAX_JSON_DEPTH: usize = 64;
/// The longest entry of a list, in bytes of JSON. A post of the longest kind has 25,000 characters.
pub const MAX_ENTRY_BYTES: usize = 1 << 20;
/// The longest manifest, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 16 << 20;
/// The longest text before the `=` of a file, in bytes: `window.YTD.tweets.part0 `.
pub const MAX_PROLOGUE_BYTES: usize = 256;
/// The most edited posts that are remembered, so that each appears once.
pub const MAX_EDITED_POSTS: usize = 100_000;
/// The most followers that are held in memory to tell who follows back.
pub const MAX_FOLLOWERS: usize = 5_000_000;
