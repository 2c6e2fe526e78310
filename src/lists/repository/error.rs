//! What can be wrong with an exported repository. All of it is bad input; nothing has been written when it is told.

use std::io;

use super::{MAX_BLOCK_BYTES, MAX_BLOCKS, MAX_REPOSITORY_BYTES};
use crate::domain::counted;
use crate::error::{CommandError, ErrorKind};

/// An exported repository cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {fault}")]
pub struct RepositoryError {
    /// The file, as the user wrote it.
    pub file: String,
    /// What is wrong.
    #[source]
    pub fault: RepositoryFault,
}

/// What is wrong with an exported repository. `detail` says it of whatever comes before it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryFault {
    /// The disk failed.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It begins like no CAR file, or like one of another kind.
    #[error("is no exported repository: {detail}")]
    Foreign {
        /// What is wrong with its beginning.
        detail: &'static str,
    },
    /// It ends inside a block.
    #[error("is cut: it ends inside a block, after {}", counted(*blocks, "complete block", "complete blocks"))]
    Cut {
        /// Blocks before the end.
        blocks: u64,
    },
    /// A block that another one names is not there.
    #[error("is not whole: {missing} is not in it")]
    BlockMissing {
        /// What it was going to be.
        missing: &'static str,
    },
    /// A block that is not what it is called.
    #[error("block {block} does not have the hash that it is named by")]
    WrongHash {
        /// Which one, from 1.
        block: u64,
    },
    /// A block under a name of another kind.
    #[error("block {block} is no block of a repository: its name is of another kind")]
    ForeignBlock {
        /// Which one, from 1.
        block: u64,
    },
    /// A block longer than any of a repository.
    #[error("block {block} is longer than {} MiB", MAX_BLOCK_BYTES >> 20)]
    BlockTooLong {
        /// Which one, from 1.
        block: u64,
    },
    /// More blocks than are looked through.
    #[error("has more than {MAX_BLOCKS} blocks")]
    TooManyBlocks,
    /// More bytes than are read.
    #[error("has more than {} GiB", MAX_REPOSITORY_BYTES >> 30)]
    TooBig,
    /// The same blocks under many keys.
    #[error("names the same blocks so often that they have more than {} GiB", MAX_REPOSITORY_BYTES >> 30)]
    TooMuchRepeated,
    /// What says whose it is cannot be used.
    #[error("does not say whose repository it is: {detail}")]
    BadCommit {
        /// What is wrong.
        detail: &'static str,
    },
    /// The tree that the records hang on is none.
    #[error("its tree of records is broken: {detail}")]
    BadTree {
        /// What is wrong.
        detail: &'static str,
    },
    /// A record cannot be read.
    #[error("the record {key} cannot be read: {detail}")]
    BadRecord {
        /// Its collection and key. Foreign text.
        key: String,
        /// What is wrong.
        detail: &'static str,
    },
}

impl RepositoryFault {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        use RepositoryFault as F;
        match self {
            F::Unreadable(_) => "check the disk it is on",
            F::Foreign { .. } => {
                "name the file NAME.car that the app gives you (Settings > Account > Export my data), or that of com.atproto.sync.getRepo"
            }
            F::Cut { .. } | F::WrongHash { .. } | F::BlockMissing { .. } => {
                "download it again, and all of it: an export since a revision has only what is new"
            }
            F::TooManyBlocks | F::TooBig => "`cleanup list` reads the same from the server, page by page",
            F::ForeignBlock { .. }
            | F::BlockTooLong { .. }
            | F::TooMuchRepeated
            | F::BadCommit { .. }
            | F::BadTree { .. } => "no server makes such a file: download it again, and do not trust this one",
            F::BadRecord { .. } => {
                "download it again; if that does not help, report it, and use `cleanup list`, which reads the same from the server"
            }
        }
    }
}

impl From<RepositoryError> for CommandError {
    fn from(error: RepositoryError) -> CommandError {
        let hint = error.fault.hint();
        let mut told = CommandError::new(ErrorKind::InputData, error.to_string()).hint(hint);
        told.source = Some(error.into());
        told
    }
}
