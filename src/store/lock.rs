//! Who drains, who loads, who works on schedules, and who refreshes an account's credentials: OS file locks beside the queue.
//! The kernel frees them when a process ends, however it ends, so a restart after kill -9 goes on at once; there is no time-out
//! to wait for and no process number to test.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::durable::make_own_folder;
use super::error::StoreError;
use super::lock_holder::{LockHolder, read, sign};
use crate::domain::AccountId;

/// The right to drain a queue; held until it and all its shares are dropped.
#[derive(Debug)]
pub struct DrainLock {
    held: Arc<FileLock>,
}

impl DrainLock {
    /// Takes the lock of the queue at `queue`.
    ///
    /// # Errors
    /// [`StoreError::Draining`] where another process has it.
    pub fn take(queue: &Path) -> Result<DrainLock, StoreError> {
        match FileLock::take_from_lookers(&beside(queue, "drain"))? {
            Some(held) => Ok(DrainLock { held: Arc::new(held.signed()) }),
            None => Err(DrainLock::refusal(queue)),
        }
    }

    fn refusal(queue: &Path) -> StoreError {
        StoreError::Draining { path: queue.to_path_buf(), holder: DrainLock::holder(queue) }
    }

    /// Who drains the queue at `queue`, as far as it says; a hint, and only where somebody does.
    pub fn holder(queue: &Path) -> Option<LockHolder> {
        read(&beside(queue, "drain"))
    }

    /// Refuses where somebody drains the queue at `queue` now.
    ///
    /// # Errors
    /// [`StoreError::Draining`] where another process does; the lock's file cannot be opened.
    pub fn refuse_if_held(queue: &Path) -> Result<(), StoreError> {
        if DrainLock::is_held(queue)? { Err(DrainLock::refusal(queue)) } else { Ok(()) }
    }

    /// Whether somebody drains the queue at `queue` now.
    ///
    /// # Errors
    /// The lock's file cannot be opened.
    pub fn is_held(queue: &Path) -> Result<bool, StoreError> {
        FileLock::is_held(&beside(queue, "drain"))
    }

    /// The same right once more: a process that drains again and again holds on to it in between.
    pub fn share(&self) -> DrainLock {
        DrainLock { held: Arc::clone(&self.held) }
    }

    /// Whether the lock still guards the queue: false once somebody removed or replaced its file, for then another process
    /// can take a lock of the same name.
    pub(super) fn is_intact(&self) -> bool {
        self.held.is_intact()
    }
}

/// The right to decide on what the queue's schedules do, held while their firings run; until it is dropped. A firing that is on
/// record as running while nobody has this lock belongs to a process that died.
#[derive(Debug)]
pub struct ScheduleLock {
    _held: FileLock,
}

impl ScheduleLock {
    /// Takes the lock of the queue at `queue`; none where another process has it.
    ///
    /// # Errors
    /// The lock's file cannot be made or opened.
    pub fn try_take(queue: &Path) -> Result<Option<ScheduleLock>, StoreError> {
        Ok(FileLock::take_from_lookers(&beside(queue, "schedule"))?.map(|held| ScheduleLock { _held: held }))
    }

    /// Whether a process runs schedules of the queue at `queue` now.
    ///
    /// # Errors
    /// The lock's file cannot be opened.
    pub fn is_held(queue: &Path) -> Result<bool, StoreError> {
        FileLock::is_held(&beside(queue, "schedule"))
    }
}

/// Held by a process that looks at what is due by itself and begins what schedules are asked for, for as long as it lives.
#[derive(Debug)]
pub struct ServeLock {
    _held: FileLock,
}

impl ServeLock {
    /// Takes the lock of the queue at `queue`; none where another process has it.
    ///
    /// # Errors
    /// The lock's file cannot be made or opened.
    pub fn try_take(queue: &Path) -> Result<Option<ServeLock>, StoreError> {
        Ok(FileLock::take_from_lookers(&beside(queue, "serve"))?.map(|held| ServeLock { _held: held }))
    }

    /// Whether such a process is there.
    ///
    /// # Errors
    /// The lock's file cannot be opened.
    pub fn is_held(queue: &Path) -> Result<bool, StoreError> {
        FileLock::is_held(&beside(queue, "serve"))
    }
}

/// The right to load; loads of one queue take turns, so that each owns an unbroken range of task IDs.
#[derive(Debug)]
pub(super) struct LoadLock {
    _held: FileLock,
}

impl LoadLock {
    /// Waits for the lock on a thread of its own: another load may take minutes.
    pub(super) async fn wait(queue: &Path) -> Result<LoadLock, StoreError> {
        let path = beside(queue, "load");
        let complain = {
            let path = path.clone();
            move |source| StoreError::of_io(&path, source)
        };
        let waiting = tokio::task::spawn_blocking(move || FileLock::take(&path));
        let held = waiting.await.map_err(|join| complain(std::io::Error::other(join)))??;
        Ok(LoadLock { _held: held })
    }
}

/// The right to refresh an account's credentials, or to replace them; held until it is dropped. One file per account, so that
/// a platform that is slow for one delays no other.
#[derive(Debug)]
pub struct AccountLock {
    _held: FileLock,
}

impl AccountLock {
    /// Takes the lock of an account of the queue at `queue`; none where another process has it.
    ///
    /// # Errors
    /// The lock's file cannot be made or opened.
    pub fn try_take(queue: &Path, account: AccountId) -> Result<Option<AccountLock>, StoreError> {
        let held = FileLock::try_take(&account_folder(queue)?.join(format!("{}.lock", account.0)))?;
        Ok(held.map(|held| AccountLock { _held: held }))
    }
}

/// The right to read one list of an account; held until it is dropped. Two processes at one list would turn each other's pages.
#[derive(Debug)]
pub struct ListLock {
    _held: FileLock,
}

impl ListLock {
    /// Takes the lock of an account's list; none where another process has it.
    ///
    /// # Errors
    /// The lock's file cannot be made or opened.
    pub fn try_take(queue: &Path, account: AccountId, list: &str) -> Result<Option<ListLock>, StoreError> {
        let held = FileLock::try_take(&account_folder(queue)?.join(format!("{}.{list}.lock", account.0)))?;
        Ok(held.map(|held| ListLock { _held: held.signed() }))
    }

    /// Who reads an account's list, as far as it says; a hint, and only where somebody does.
    pub fn holder(queue: &Path, account: AccountId, list: &str) -> Option<LockHolder> {
        read(&account_folder(queue).ok()?.join(format!("{}.{list}.lock", account.0)))
    }
}

fn account_folder(queue: &Path) -> Result<PathBuf, StoreError> {
    let folder = beside(queue, "accounts").with_extension("d");
    make_own_folder(&folder)?;
    Ok(folder)
}

#[derive(Debug)]
struct FileLock {
    file: File,
    path: PathBuf,
}

/// Given back by name, not by closing the file: a program that is being started has a copy of every open file until it runs, and the
/// lock would stay for that long.
impl Drop for FileLock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl FileLock {
    fn open(path: &Path) -> Result<File, StoreError> {
        let mut options = OpenOptions::new();
        // A link in the place of a lock's file would have us make, or lock, a file wherever it leads.
        let no_links = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(no_links);
        options.open(path).map_err(|source| {
            let is_link = path.symlink_metadata().is_ok_and(|about| about.is_symlink());
            let link = || io::Error::other("a symbolic link stands where a lock's own file has to be: remove it");
            StoreError::of_io(path, if is_link { link() } else { source })
        })
    }

    fn try_take(path: &Path) -> Result<Option<FileLock>, StoreError> {
        let file = FileLock::open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(FileLock { file, path: path.to_path_buf() })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(StoreError::of_io(path, source)),
        }
    }

    /// Whether somebody has it. Those who look share the lock for a moment, so that none of them takes another for its holder.
    fn is_held(path: &Path) -> Result<bool, StoreError> {
        if !path.exists() {
            return Ok(false);
        }
        match FileLock::open(path)?.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(source)) => Err(StoreError::of_io(path, source)),
        }
    }

    /// As [`FileLock::try_take`], but not put off by somebody who only looks whether the lock is held: looking takes it for a moment.
    fn take_from_lookers(path: &Path) -> Result<Option<FileLock>, StoreError> {
        const TRIES: u32 = 20;
        const BETWEEN: Duration = Duration::from_millis(5);
        for _ in 1..TRIES {
            if let Some(held) = FileLock::try_take(path)? {
                return Ok(Some(held));
            }
            std::thread::sleep(BETWEEN);
        }
        FileLock::try_take(path)
    }

    /// The same, with this process's name in it.
    fn signed(self) -> FileLock {
        sign(&self.file);
        self
    }

    fn take(path: &Path) -> Result<FileLock, StoreError> {
        let file = FileLock::open(path)?;
        file.lock().map_err(|source| StoreError::of_io(path, source))?;
        Ok(FileLock { file, path: path.to_path_buf() })
    }

    fn is_intact(&self) -> bool {
        match (self.file.metadata(), std::fs::metadata(&self.path)) {
            (Ok(ours), Ok(there)) => ours.ino() == there.ino() && ours.dev() == there.dev(),
            _ => false,
        }
    }
}

/// The name of a lock's file: the queue's name with another ending. A queue that is named by a link has the locks of the file it leads to:
/// two that are named differently and are one must not be drained at once.
fn beside(queue: &Path, what: &str) -> PathBuf {
    let real = if queue.is_symlink() { queue.canonicalize().ok() } else { None };
    let queue = real.as_deref().unwrap_or(queue);
    let mut name = queue.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{what}.lock"));
    queue.with_file_name(name)
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
