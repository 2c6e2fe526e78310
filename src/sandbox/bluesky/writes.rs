//! What writing into a repository asks and does, before it is put into words.

use super::collection::Collection;
use super::repo::RepoRecord;

/// Which record is to go. A collection that the sandbox does not have is empty.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct DeleteAsk<'a> {
    pub(in crate::sandbox) collection: Option<Collection>,
    pub(in crate::sandbox) key: &'a str,
    /// The version that it has to be.
    pub(in crate::sandbox) swap: Option<&'a str>,
}

/// What a deletion does, if it comes to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Deletion {
    /// The record goes.
    Commit {
        /// The new root of the repository.
        cid: String,
        /// Its revision.
        rev: String,
    },
    /// There is no such record.
    Nothing,
    /// It has another version, and stays.
    Changed {
        /// The version.
        at: String,
    },
}

/// What a creation does, if it comes to it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox) enum Writing {
    Written {
        record: RepoRecord,
        cid: String,
        rev: String,
    },
    /// The very record is there already.
    Unchanged(RepoRecord),
    /// Another record has the key, and stays.
    Changed {
        /// Its version.
        at: String,
    },
    KeyTaken,
    NoSuchCollection,
}
