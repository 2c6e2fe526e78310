//! Where the files of a queued job stay. They are put there before the first row is queued, so that nothing is left to fail afterwards.
//!
//! In: files that were received, the name of their job. Out: the same files in their place; what was there before comes back where the load
//! fails. What does not belong here: loading.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::Wall;
use crate::error::CommandError;

/// A job's file in its place. Dropped without [`JobFile::keep`], the place is as it was before.
#[derive(Debug)]
pub(super) struct JobFile {
    place: PathBuf,
    /// The file that was there before.
    before: Option<PathBuf>,
    is_kept: bool,
}

impl JobFile {
    /// Puts a received file in its place. The received one stays where it is until the job is queued.
    ///
    /// # Errors
    /// The folder does not take it: the name is too long for this file system, or there is no room.
    pub(super) fn put(received: &Path, place: &Path) -> Result<JobFile, CommandError> {
        let (new, before) = (beside(received, NEW), beside(received, BEFORE));
        let placed = JobFile::exchange(received, place, &new, &before);
        if placed.is_err() {
            for path in [new, before] {
                let _ = std::fs::remove_file(path);
            }
        }
        placed.map_err(|error| CommandError::io(place.display(), error))
    }

    fn exchange(received: &Path, place: &Path, new: &Path, before: &Path) -> std::io::Result<JobFile> {
        link_or_copy(received, new)?;
        let was_there = place.exists();
        if was_there {
            link_or_copy(place, before)?;
        }
        std::fs::rename(new, place)?;
        let before = was_there.then(|| before.to_path_buf());
        Ok(JobFile { place: place.to_path_buf(), before, is_kept: false })
    }

    /// The rows are queued: the file stays.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for JobFile {
    fn drop(&mut self) {
        let cleared = match (&self.before, self.is_kept) {
            (Some(before), true) => std::fs::remove_file(before),
            (Some(before), false) => std::fs::rename(before, &self.place),
            (None, true) => Ok(()),
            (None, false) => std::fs::remove_file(&self.place),
        };
        if let Err(error) = cleared {
            tracing::warn!(%error, place = %self.place.display(), "a job's file could not be put back");
        }
    }
}

/// The place of the keep list of one load of a job. Each load has its own: until the rows are queued, the list of the load before holds.
pub(super) fn keep_list_of(folder: &Path, job: &str, load: u64) -> PathBuf {
    folder.join(format!("{job}.{load:016x}.keep"))
}

/// Puts a received keep list in its place.
///
/// # Errors
/// As [`JobFile::put`].
pub(super) fn put_keep_list(received: &Path, place: &Path) -> Result<(), CommandError> {
    let _ = std::fs::remove_file(place);
    link_or_copy(received, place).map_err(|error| CommandError::io(place.display(), error))
}

/// Removes the keep lists of a job's earlier loads but for the one it is sent under now.
pub(super) fn sweep_keep_lists(folder: &Path, job: &str, but: &[&Path]) {
    let is_old = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix(job).and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".keep"));
        let is_ours = number.is_some_and(|hex| hex.len() == 16 && u64::from_str_radix(hex, 16).is_ok());
        is_ours && !but.contains(&path.as_path())
    };
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in files.filter(is_old) {
        let _ = std::fs::remove_file(path);
    }
}

/// The name of a file while it is received and waits for its second step begins so.
pub(super) const RECEIVED: &str = ".incoming-";
/// The name of a file on its way to its place.
const NEW: &str = ".new-";
/// The name of what was there before, until the rows are queued.
const BEFORE: &str = ".before-";

/// Removes files that were received and that nobody can queue any more, because the process that they waited in was killed, and what a load
/// that was killed has left beside them. What another process beside this one waits with is younger than `age`: its name was given then,
/// which changes no time but `ctime` where it is one more name of an old file.
pub(super) fn sweep_received(folder: &Path, now: Wall, age: Duration) {
    let is_left = |entry: &std::fs::DirEntry| {
        let named = entry.metadata().ok().map(|about| Wall(about.ctime().saturating_mul(1_000)));
        let is_ours = |start: &&str| entry.file_name().as_encoded_bytes().starts_with(start.as_bytes());
        named.is_some_and(|at| at.after(age) < now) && [RECEIVED, NEW, BEFORE].iter().any(is_ours)
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten().filter(is_left) {
        let _ = std::fs::remove_file(entry.path());
    }
}

/// A name of its own in the same folder, with this begin.
fn beside(received: &Path, start: &str) -> PathBuf {
    received.with_file_name(format!("{start}{:016x}", fastrand::u64(..)))
}

/// Some file systems have no hard links.
fn link_or_copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::hard_link(from, to).or_else(|_| std::fs::copy(from, to).map(|_| ()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::SystemTime;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_load_that_fails_leaves_the_place_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (received, place) = (folder.path().join(".incoming"), folder.path().join("a.csv"));
        std::fs::write(&received, "new").unwrap();
        drop(JobFile::put(&received, &place).unwrap());
        assert_eq!(names(folder.path()), [".incoming"]);
        std::fs::write(&place, "old").unwrap();
        drop(JobFile::put(&received, &place).unwrap());
        assert_eq!(std::fs::read_to_string(&place).unwrap(), "old");
        assert_eq!(names(folder.path()), [".incoming", "a.csv"]);
        JobFile::put(&received, &place).unwrap().keep();
        assert_eq!(std::fs::read_to_string(&place).unwrap(), "new");
        assert_eq!(names(folder.path()), [".incoming", "a.csv"]);
    }

    #[test]
    fn a_place_that_cannot_be_had_is_told_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let received = folder.path().join(".incoming");
        std::fs::write(&received, "new").unwrap();
        let error = JobFile::put(&received, &folder.path().join("x".repeat(300))).unwrap_err();
        assert_eq!(error.kind.exit_code(), 74);
        assert_eq!(names(folder.path()), [".incoming"]);
    }

    #[test]
    fn only_the_keep_lists_of_this_job_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let (old, held, new) = (keep_list_of(path, "a", 1), keep_list_of(path, "a", 2), keep_list_of(path, "a", 3));
        let others = [keep_list_of(path, "a.b", 1), path.join("a.keep"), path.join("a.csv")];
        for file in others.iter().chain([&old, &held, &new]) {
            std::fs::write(file, "1").unwrap();
        }
        sweep_keep_lists(path, "a", &[&held, &new]);
        assert!(!old.exists() && held.exists() && new.exists() && others.iter().all(|file| file.exists()));
    }

    #[test]
    fn what_a_killed_process_received_is_swept_and_what_waits_stays() {
        let folder = tempfile::tempdir().unwrap();
        let now =
            Wall(i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()).unwrap());
        let hour = Duration::from_secs(3_600);
        for name in [".incoming-0000000000000001.csv", ".new-01", "unfollow.csv", "unfollow.00000000000000aa.keep"] {
            std::fs::write(folder.path().join(name), "1").unwrap();
        }
        // One more name of a file that is years old.
        let old = std::fs::File::options().write(true).open(folder.path().join("unfollow.csv")).unwrap();
        old.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        std::fs::hard_link(folder.path().join("unfollow.csv"), folder.path().join(".before-02")).unwrap();
        sweep_received(folder.path(), now, hour);
        assert_eq!(names(folder.path()).len(), 5, "they may wait in another process");
        sweep_received(folder.path(), now.after(2 * hour), hour);
        assert_eq!(names(folder.path()), ["unfollow.00000000000000aa.keep", "unfollow.csv"]);
        sweep_received(&folder.path().join("no"), now, hour);
    }
}
