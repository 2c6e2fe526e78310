//! A keep list that is asked about rows: one that is in a file, read again whenever that has changed, or one that the queue knows of.
//!
//! In: a file, what names mean. Out: a list, and its names as a platform understands them. What does not belong here: which rows it guards
//! (`keep_guard`).

use std::collections::{BTreeSet, HashMap};
use std::io::ErrorKind;
use std::path::Path;
use std::time::SystemTime;

use super::keep_reading::{list_digest, reading_of};
use crate::domain::{AccountId, Target, TargetKind, TargetName, Wall};
use crate::engine::GuardedLane;
use crate::jobfile::keep_list::KeepList;
use crate::lists::read_keep_list;
use crate::platforms::{kept_name, resolvable_name};
use crate::store::KeepReading;

/// A file changed so shortly before it was read may change again without its time telling.
const YOUNG_MS: u64 = 2_000;

/// A list, and what its names mean.
#[derive(Debug, Default)]
pub(super) struct AskedList {
    list: KeepList,
    /// What its names mean, by whose tasks they guard; none: that is put together when it is next asked for.
    names: HashMap<(AccountId, TargetKind), ListedNames>,
}

/// The names on a list as an account's platform understands them.
#[derive(Debug, Default)]
pub(super) struct ListedNames {
    /// Those of which nobody has said yet what they mean.
    pub(super) unknown: Vec<TargetName>,
    /// Whether one of those may be that of a post's author.
    pub(super) has_authors: bool,
    /// What the others mean.
    pub(super) meant: KeepList,
}

/// The list in a file.
#[derive(Debug, Default)]
pub(super) struct WatchedFile {
    pub(super) asked: AskedList,
    /// The digest of all that has been on it; none: it has not been read in this run.
    digest: Option<String>,
    /// That digest, and those that it had before.
    digests: BTreeSet<String>,
    /// What the file was when it was read; none: it is read next time in any case.
    print: Option<Print>,
    /// The same of a file that is no list, and why.
    refused: Option<(Print, String)>,
}

/// A file that cannot be read.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) why: String,
    /// There is no such file on this host, or none that this user may see.
    pub(super) is_absent: bool,
}

/// By what a file is known not to have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Print {
    bytes: u64,
    modified: Option<SystemTime>,
    number: u64,
}

impl AskedList {
    pub(super) fn new(list: KeepList) -> AskedList {
        AskedList { list, names: HashMap::new() }
    }

    /// Has its names ready as a platform understands them of which so much has been told.
    pub(super) fn prepare(&mut self, lane: GuardedLane, told: &HashMap<TargetName, Option<Target>>) {
        let AskedList { list, names } = self;
        names.entry((lane.account, lane.kind)).or_insert_with(|| names_of(list, lane, told));
    }

    /// The list, and its names, where they are ready.
    pub(super) fn understood_by(&self, lane: GuardedLane) -> Option<(&KeepList, &ListedNames)> {
        Some((&self.list, self.names.get(&(lane.account, lane.kind))?))
    }

    /// More is known of what names mean to an account's platform.
    pub(super) fn forget_meanings(&mut self, account: AccountId) {
        self.names.retain(|(of, _), _| *of != account);
    }
}

impl WatchedFile {
    /// Reads the list again where its file has changed; whether it was read.
    pub(super) fn look(&mut self, path: &Path, now: Wall) -> Result<bool, Unreadable> {
        let print = print_of(path).map_err(|error| {
            self.print = None;
            let is_absent =
                matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied);
            Unreadable { why: format!("{}: {error}", path.display()), is_absent }
        })?;
        if self.print == Some(print) {
            return Ok(false);
        }
        if let Some((_, why)) = self.refused.as_ref().filter(|(refused, _)| *refused == print) {
            return Err(Unreadable { why: why.clone(), is_absent: false });
        }
        let young = print
            .modified
            .is_none_or(|at| wall_of(at).since(now).max(now.since(wall_of(at))).as_millis() < u128::from(YOUNG_MS));
        match read_keep_list(path) {
            Ok(read) => {
                self.take(read);
                (self.print, self.refused) = ((!young).then_some(print), None);
                Ok(true)
            }
            Err(error) => {
                let why = error.to_string();
                (self.print, self.refused) = (None, (!young).then(|| (print, why.clone())));
                Err(Unreadable { why, is_absent: false })
            }
        }
    }

    /// Within a run a list only grows.
    fn take(&mut self, read: KeepList) {
        let before = self.asked.list.len();
        self.asked.list.extend(read);
        if self.asked.list.len() > before || self.digest.is_none() {
            self.asked.names.clear();
            let digest = list_digest(&self.asked.list);
            self.digests.insert(digest.clone());
            self.digest = Some(digest);
        }
    }

    /// The digest of all that has been on the list in this run; none: it has not been read.
    pub(super) fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Whether all that was on the list when it had this digest is on it still.
    pub(super) fn has_all_of(&self, digest: &str) -> bool {
        self.digests.contains(digest)
    }

    /// All that has been on the list in this run, for the queue.
    pub(super) fn reading(&self, path: &Path, now: Wall) -> KeepReading {
        reading_of(&self.asked.list, path, now)
    }
}

fn names_of(list: &KeepList, lane: GuardedLane, told: &HashMap<TargetName, Option<Target>>) -> ListedNames {
    let mut listed = ListedNames::default();
    for target in list.named_targets() {
        let Some(name) = kept_name(lane.platform, lane.kind, &target) else { continue };
        match told.get(&name) {
            None => {
                listed.has_authors |= resolvable_name(lane.platform, lane.kind, &target).is_none();
                listed.unknown.push(name);
            }
            Some(Some(meant)) => listed.meant.insert(meant.clone()),
            Some(None) => {}
        }
    }
    listed
}

fn print_of(path: &Path) -> std::io::Result<Print> {
    let facts = std::fs::metadata(path)?;
    // A pipe would be waited for, and nothing be sent meanwhile.
    if !facts.is_file() && !facts.is_dir() {
        return Err(std::io::Error::other("that is no file"));
    }
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&facts);
    #[cfg(not(unix))]
    let number = 0;
    Ok(Print { bytes: facts.len(), modified: facts.modified().ok(), number })
}

fn wall_of(at: SystemTime) -> Wall {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Wall(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("keep.csv");
        let _bound = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let refused = WatchedFile::default().look(&socket, Wall(0)).unwrap_err();
        assert!(refused.why.ends_with("that is no file") && !refused.is_absent, "{refused:?}");
    }
}
