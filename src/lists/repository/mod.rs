//! Exports of AT Protocol repositories: the CAR file that a server gives a user of all records of the account.
//!
//! In: a path. Out: whose repository it is, and the records of one collection after the other ([`Repository::read`]), as the server's lists
//! have them. It is foreign input: every bound stands here, every block is compared with its hash, and the whole tree is walked, so that a
//! file that was cut is never taken for a short list. The commit's signature is not checked: the key for it is not in the file. What does
//! not belong here: what a record means (the platform's folder), filters, CSV.
//!
//! ```text
//! blocks (CAR: find, hash) -> cbor (one block) -> tree (keys, newest first) -> repository (records as JSON)
//! ```
//! The format, as of November 2026: CAR v1 with one root, the commit; blocks of DAG-CBOR named by CIDs of version 1 with SHA-256; a Merkle
//! search tree whose keys are `COLLECTION/KEY`.

mod blocks;
mod cbor;
mod cid;
mod error;
mod export;
mod tree;

pub use error::{RepositoryError, RepositoryFault};
pub use export::Repository;

/// The most bytes a file may have.
pub const MAX_REPOSITORY_BYTES: u64 = 4 << 30;
/// The most blocks it may have: 16 bytes of memory each.
pub const MAX_BLOCKS: usize = 1 << 22;
/// The longest block, in bytes.
pub const MAX_BLOCK_BYTES: usize = 2 << 20;
/// The longest node of the tree, in bytes. Nodes have four entries on average.
pub const MAX_NODE_BYTES: usize = 64 << 10;
/// The deepest tree. Each level more takes a key whose hash has two more leading zeros: with 4 million records there are 12 or so.
pub const MAX_TREE_DEPTH: usize = 32;
/// The longest key, in bytes, as the protocol has it.
pub const MAX_KEY_BYTES: usize = 1_024;
/// The deepest nesting within a block.
pub const MAX_CBOR_DEPTH: usize = 64;
/// The longest header, in bytes.
pub const MAX_HEADER_BYTES: usize = 4 << 10;
