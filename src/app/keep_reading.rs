//! A keep list as the queue has it: its entries in their order, in pieces, with their digest.
//!
//! In: a list. Out: its reading, and the same list from one. What does not belong here: whom a list spares.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::host::host_name;
use crate::domain::Wall;
use crate::jobfile::keep_list::KeepList;
use crate::store::KeepReading;

/// Entries in a piece.
const ENTRIES_PER_PIECE: usize = 1_000;

/// A list that was read from a file on this host.
pub(super) fn reading_of(list: &KeepList, path: &Path, read_at: Wall) -> KeepReading {
    let entries = sorted(list);
    let digest = digest_of(entries.join("\n").as_bytes());
    let pieces: Vec<String> = match entries.is_empty() {
        true => vec![String::new()],
        false => entries.chunks(ENTRIES_PER_PIECE).map(|some| some.join("\n")).collect(),
    };
    KeepReading { path: path.to_path_buf(), host: reading_host(), digest, pieces: pieces.into(), read_at }
}

/// What this host is called where the hosts are noted that have read a list. All that have no name of their own are one: none of them goes
/// without a file that any of them has read.
pub(super) fn reading_host() -> String {
    host_name().unwrap_or_default()
}

/// The list that was written down in these pieces; none where they are not what the digest is of.
pub(super) fn list_of(pieces: &[String], digest: &str) -> Option<KeepList> {
    let entries = pieces.join("\n");
    if digest_of(entries.as_bytes()) != digest {
        return None;
    }
    let mut list = KeepList::default();
    for entry in entries.lines() {
        list.insert(entry.parse().ok()?);
    }
    Some(list)
}

/// A digest that changes when the list's entries do, in whatever order its file has them.
pub(super) fn list_digest(list: &KeepList) -> String {
    digest_of(sorted(list).join("\n").as_bytes())
}

fn sorted(list: &KeepList) -> Vec<String> {
    let mut entries: Vec<String> = list.targets().map(|target| target.to_string()).collect();
    entries.sort_unstable();
    entries
}

/// SHA-256 in hexadecimal digits.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn list(entries: impl IntoIterator<Item = String>) -> KeepList {
        let mut list = KeepList::default();
        entries.into_iter().for_each(|entry| list.insert(entry.parse().unwrap()));
        list
    }

    #[test]
    fn a_list_comes_back_from_its_pieces_whatever_is_on_it() {
        let odd =
            ["007", "7", "@ada", "@ada@example.org", "did:plc:a", "at://did:plc:a/x/3k", "01H8X"].map(str::to_owned);
        let many = (0..2 * ENTRIES_PER_PIECE as u64 + 1).map(|n| (1_629_556_410_996_121_225 + n).to_string());
        for (list, pieces) in [(list(odd), 1), (list(many), 3), (KeepList::default(), 1)] {
            let reading = reading_of(&list, Path::new("/keep.txt"), Wall(5));
            assert_eq!(reading.pieces.len(), pieces);
            assert_eq!(list_of(&reading.pieces, &reading.digest), Some(list.clone()));
            assert_eq!(reading.digest, list_digest(&list));
        }
    }

    #[test]
    fn pieces_that_are_not_what_was_written_are_no_list() {
        let reading = reading_of(&list(["1", "2"].map(str::to_owned)), Path::new("/keep.txt"), Wall(5));
        for pieces in [&["1"][..], &["1\n3"], &[]] {
            let pieces: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
            assert_eq!(list_of(&pieces, &reading.digest), None, "{pieces:?}");
        }
    }
}
