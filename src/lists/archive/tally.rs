//! What was read of a list and what was left out, with the reasons.

use std::collections::HashSet;

use serde::Serialize;

use super::MAX_EDITED_POSTS;
use super::records::Record;
use crate::domain::{ListKind, Target};
use crate::lists::{Entry, Reposted};

/// What was read of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Entries given out.
    pub entries: u64,
    /// Of these, reposts; an archive does not say of what.
    pub reposts: u64,
    /// Reposts left out because nothing says of which posts; only where reposts were asked for.
    pub untold_reposts: u64,
    /// Entries left out because they have no ID.
    pub without_id: u64,
    /// Entries left out because they are about nothing that a row can name.
    pub without_target: u64,
    /// Entries left out because they are somebody else's.
    pub of_others: u64,
    /// Older versions of posts whose newest was given out already.
    pub older_versions: u64,
    /// Entries with halves of characters in their text, which were replaced.
    pub with_half_characters: u64,
    /// How many entries there should be in all files together, where the archive says so.
    pub promised_in_all: Option<u64>,
    /// File by file.
    pub files: Vec<FileTally>,
}

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileTally {
    /// Its name in the archive. Foreign text.
    pub file: String,
    /// Entries found.
    pub found: u64,
    /// How many there should be, where the manifest says so.
    pub promised: Option<u64>,
    /// Whether the archive has a manifest that does not name it.
    pub is_unlisted: bool,
}

impl Tally {
    /// Counts a record; the entry it is, where it is to be given out.
    pub(super) fn take(&mut self, record: Record, list: ListKind, edited: &mut HashSet<Target>) -> Option<Box<Entry>> {
        let entry = match record {
            Record::NoId => {
                self.without_id += 1;
                return None;
            }
            Record::Entry(entry) => entry,
            Record::Edited(entry) => {
                if edited.contains(&entry.target) {
                    self.older_versions += 1;
                    return None;
                }
                if edited.len() < MAX_EDITED_POSTS {
                    edited.insert(entry.target.clone());
                }
                entry
            }
        };
        let entry = match (list, entry) {
            (ListKind::Reposts, entry) => match entry.into_repost() {
                Reposted::Post(post) => post,
                Reposted::No => return None,
                Reposted::Untold => {
                    self.untold_reposts += 1;
                    return None;
                }
            },
            (_, entry) => entry,
        };
        self.entries += 1;
        self.reposts += u64::from(entry.is_repost == Some(true) && entry.repost_of.is_none());
        Some(entry)
    }
}
