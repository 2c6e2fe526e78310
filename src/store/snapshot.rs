//! Copies of a queue's file, one a day, and the way back to one of them.
//!
//! In: a queue in a file. Out: a copy without logins that is there as a whole or not at all; a queue that was taken back to one, in which every
//! job with work left waits for a person, and whose next drain counts every window as full: nobody knows what was sent since. What does not
//! belong here: when a copy is due (`app::snapshots`), and who may take a queue back (`app::restore_queue`).

use std::fs::{File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sqlx::AssertSqlSafe;
use tempfile::TempPath;

use super::disk_room::folder_of;
use super::durable::{make_own_folder, make_private_folder, sync_folder};
use super::error::StoreError;
use super::open::{QueueKind, Store, connect, connect_alone, connect_to_copy};
use super::schema::refuse_without_tables;
use crate::domain::Wall;

/// What a copy is called until it is whole.
const UNFINISHED: &str = ".unfinished-";

/// What a copy must not hold: sealed logins, what they are sealed with, browsers that have logged in to the dashboard.
const SECRETS: [&str; 3] = ["credential", "vault", "login_device"];

/// A disk with less room than this beside the copies is left alone, in bytes: the queue itself needs it.
const SPARED_BYTES: u64 = 64 * MIB;
const MIB: u64 = 1 << 20;

/// A copy of a queue as it was on one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Snapshot {
    /// The day, by UTC: `2026-11-30`.
    pub day: String,
    /// Its file.
    pub path: PathBuf,
}

/// A queue that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoredQueue {
    /// The file that was in its place; none: there was none.
    pub set_aside: Option<PathBuf>,
    /// The jobs that wait for a person.
    pub waiting: Vec<String>,
}

/// Where the copies of a queue are.
pub fn snapshot_folder(queue: &Path) -> PathBuf {
    beside(queue, ".snapshots.d")
}

/// The copies of a queue, the newest first.
///
/// # Errors
/// Their folder cannot be read.
pub fn snapshots_of(queue: &Path) -> Result<Vec<Snapshot>, StoreError> {
    let folder = snapshot_folder(queue);
    let complain = |source| StoreError::of_io(&folder, source);
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(complain)?,
    };
    let mut snapshots = Vec::new();
    for entry in entries {
        let path = entry.map_err(complain)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".db"));
        if let Some(day) = name.filter(|name| name.len() == 10 && !name.starts_with('.')) {
            snapshots.push(Snapshot { day: day.to_owned(), path: path.clone() });
        }
    }
    snapshots.sort_by(|one, other| other.cmp(one));
    // A day may be that of a clock that was wrong: the newest is the one that was made last.
    let made_last = std::fs::read_link(folder.join(MADE_LAST)).unwrap_or_default();
    if let Some(at) = snapshots.iter().position(|snapshot| snapshot.path.file_name() == made_last.file_name()) {
        snapshots[..=at].rotate_right(1);
    }
    Ok(snapshots)
}

/// A link beside the copies that leads to the one that was made last.
const MADE_LAST: &str = "latest";

fn note_made_last(folder: &Path, copy: &Path) -> std::io::Result<()> {
    let link = folder.join(format!("{UNFINISHED}-link"));
    std::os::unix::fs::symlink(copy.file_name().unwrap_or_default(), &link)?;
    std::fs::rename(link, folder.join(MADE_LAST))
}

/// The newest copy of a queue, for whoever says what there is: a folder that cannot be read has none.
pub fn newest_snapshot(queue: &Path) -> Option<Snapshot> {
    snapshots_of(queue).ok()?.into_iter().next()
}

/// Whether the copy of this day is missing.
///
/// # Errors
/// As [`snapshots_of`].
pub fn is_snapshot_due(queue: &Path, now: Wall) -> Result<bool, StoreError> {
    let day = day_of(now);
    Ok(!snapshots_of(queue)?.iter().any(|snapshot| snapshot.day == day))
}

/// Copies the queue as it is at this moment, beside whoever works on it, and forgets all but the newest `keep` copies.
///
/// # Errors
/// There is no room for it (then nothing is begun), or it cannot be read or written.
pub async fn take_snapshot(queue: &Path, now: Wall, keep: usize) -> Result<Snapshot, StoreError> {
    let folder = snapshot_folder(queue);
    make_own_folder(&folder)?;
    let complain = |source| StoreError::of_io(&folder, source);
    remove_unfinished(&folder, UNFINISHED).map_err(complain)?;
    refuse_without_room(queue, &folder)?;
    let copy = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&folder).map_err(complain)?.into_temp_path();
    let mut db = connect(queue).await?;
    // One transaction that reads: whoever writes goes on meanwhile.
    let copied = db.execute("vacuum into $1", args![copy.to_string_lossy().into_owned()]).await;
    db.close().await;
    copied?;
    erase_secrets(&copy).await?;
    let day = day_of(now);
    let path = folder.join(format!("{day}.db"));
    // Before there is such a copy, the link leads nowhere and says nothing.
    note_made_last(&folder, &path).map_err(complain)?;
    keep_copy(copy, &path).map_err(complain)?;
    sync_folder(&folder).map_err(complain)?;
    for old in snapshots_of(queue)?.into_iter().skip(keep) {
        std::fs::remove_file(&old.path).map_err(complain)?;
    }
    Ok(Snapshot { day, path })
}

/// Takes the queue back to a copy. The file in its place is kept beside it under another name. Nobody may drain it, and none of its locks is
/// taken here.
///
/// # Errors
/// The copy is no whole queue of this kind (an empty file is none); somebody has the queue open; the disk refuses. The queue is as it was then.
pub async fn restore_snapshot(
    queue: &Path,
    kind: QueueKind,
    snapshot: &Path,
    now: Wall,
) -> Result<RestoredQueue, StoreError> {
    let folder = folder_of(queue);
    make_private_folder(folder).map_err(|source| StoreError::of_io(folder, source))?;
    let complain = |source| StoreError::of_io(queue, source);
    // Whoever has killed one who restored this queue has left a copy of it: nobody else restores it now.
    let name = format!(".{}{UNFINISHED}", queue.file_name().unwrap_or_default().display());
    remove_unfinished(folder, &name).map_err(complain)?;
    let workshop = tempfile::Builder::new().prefix(&name).tempdir_in(folder).map_err(complain)?;
    let copy = workshop.path().join("queue.db");
    for ending in ["", "-wal"] {
        let from = beside(snapshot, ending);
        if ending.is_empty() || from.exists() {
            let to = beside(&copy, ending);
            std::fs::copy(&from, &to).map_err(|source| StoreError::of_io(&from, source))?;
            std::fs::set_permissions(&to, Permissions::from_mode(0o600)).map_err(complain)?;
        }
    }
    let waiting = make_wait(&copy, kind).await.map_err(|error| error.of_original(workshop.path(), snapshot))?;
    File::open(&copy).and_then(|copy| copy.sync_all()).map_err(complain)?;
    fold_log(queue).await?;
    let aside = queue.exists().then(|| free_name(queue, now));
    let is_aside = aside.as_deref().map_or(Ok(()), |aside| set_aside(queue, aside));
    if let Err(error) = is_aside.and_then(|()| std::fs::rename(&copy, queue)) {
        if let Some(Err(error)) = aside.as_deref().map(|aside| take_back(queue, aside)) {
            tracing::warn!(%error, aside = %aside.unwrap_or_default().display(), "the queue has another name now, or its log has");
        }
        return Err(complain(error));
    }
    sync_folder(folder).map_err(complain)?;
    Ok(RestoredQueue { set_aside: aside, waiting })
}

/// Looks whether the copy is whole, and writes down in it that it does not know what was sent since.
async fn make_wait(copy: &Path, kind: QueueKind) -> Result<Vec<String>, StoreError> {
    refuse_without_tables(copy).await?;
    let mut store = Store::open(copy, kind).await?;
    if let Some(detail) = store.db.faults(1).await?.pop() {
        return Err(StoreError::Damaged { queue: store.place().clone(), detail });
    }
    let mut tx = store.db.begin().await?;
    // What a drain finds of a log that was lost: it counts every window as full from its beginning.
    tx.execute("update queue set log_open = 1, generation = generation + 1 where id = 1", args![]).await?;
    let waiting: Vec<(String,)> = tx.fetch_all(WAIT, args![]).await?;
    tx.commit().await?;
    store.close().await;
    Ok(waiting.into_iter().map(|(name,)| name).collect())
}

const WAIT: &str = "
    update job set state = 'unverified'
     where state in ('active', 'paused') and exists (select 1 from round where round.job_id = job.id and round.pending > 0)
    returning name";

/// Copies the log of the present file into it, so that one file is the whole of it. One that is damaged keeps its log.
async fn fold_log(queue: &Path) -> Result<(), StoreError> {
    if !queue.exists() {
        return Ok(());
    }
    match connect_alone(queue).await {
        Ok(db) => {
            db.close().await;
            Ok(())
        }
        Err(error @ StoreError::InUse { .. }) => Err(error),
        Err(_) => Ok(()),
    }
}

/// What may stand beside a file whose process died.
const LOGS: [&str; 2] = ["-wal", "-journal"];

/// Gives the present file another name. Where the file system knows links it has both until the new one takes its place, so that there is a
/// queue at any moment.
fn set_aside(queue: &Path, aside: &Path) -> std::io::Result<()> {
    // A log that stood beside the new file would be taken for its own.
    for log in
        LOGS.map(|ending| (beside(queue, ending), beside(aside, ending))).into_iter().filter(|(log, _)| log.exists())
    {
        std::fs::rename(log.0, log.1)?;
    }
    match std::fs::remove_file(beside(queue, "-shm")) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match std::fs::hard_link(queue, aside) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
        Err(_) => std::fs::rename(queue, aside)?,
        Ok(()) => {}
    }
    sync_folder(folder_of(queue))
}

/// The present file has its own name again, and its log beside it: without that it has forgotten what was sent last.
fn take_back(queue: &Path, aside: &Path) -> std::io::Result<()> {
    for log in
        LOGS.map(|ending| (beside(queue, ending), beside(aside, ending))).into_iter().filter(|(_, log)| log.exists())
    {
        std::fs::rename(log.1, log.0)?;
    }
    if !queue.exists() {
        return std::fs::rename(aside, queue);
    }
    match std::fs::remove_file(aside) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A name that no file has, nor its log: what was set aside before, in the same second, is the only one of its kind.
fn free_name(queue: &Path, now: Wall) -> PathBuf {
    let name = beside(queue, &format!(".before-restore-{}", now.rfc3339().replace(':', "-")));
    let is_free =
        |name: &PathBuf| ["", "-wal", "-journal"].iter().all(|ending| beside(name, ending).symlink_metadata().is_err());
    let numbered = (2_u32..).map(|number| beside(&name, &format!("-{number}")));
    std::iter::once(name.clone()).chain(numbered).find(is_free).unwrap_or(name)
}

/// Overwrites the logins. The copy has no free pages and nothing between its rows, so nothing else of them is in it.
async fn erase_secrets(copy: &Path) -> Result<(), StoreError> {
    let mut db = connect_to_copy(copy).await?;
    db.overwrite_deleted(true).await?;
    let mut tx = db.begin().await?;
    for table in SECRETS {
        tx.execute(AssertSqlSafe(format!("delete from {table}")), args![]).await?;
    }
    tx.commit().await?;
    db.close().await;
    Ok(())
}

/// Gives the copy its name once all of it is on disk.
fn keep_copy(copy: TempPath, path: &Path) -> std::io::Result<()> {
    File::open(&copy)?.sync_all()?;
    copy.persist(path).map_err(|error| error.error)
}

/// What whoever was killed has left: files and folders with this beginning.
fn remove_unfinished(folder: &Path, name: &str) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A copy is at most as long as the queue. What it needs must not be taken from the queue that is at work.
fn refuse_without_room(queue: &Path, folder: &Path) -> Result<(), StoreError> {
    let bytes = std::fs::metadata(queue).map_err(|source| StoreError::of_io(queue, source))?.len();
    let room = rustix::fs::statvfs(folder).map_err(|error| StoreError::of_io(folder, error.into()))?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    let needs = bytes.saturating_add(SPARED_BYTES);
    if free < needs {
        let (needs, free) = (needs.div_ceil(MIB), free / MIB);
        return Err(StoreError::NoRoomForCopy { folder: folder.to_path_buf(), needs, free });
    }
    Ok(())
}

fn day_of(now: Wall) -> String {
    now.rfc3339().chars().take(10).collect()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
