//! A lock that is a file: beside a queue's file, or of an account in the folder beside it. The kernel frees it when its process ends, however
//! it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::durable::make_own_folder;
use super::error::StoreError;
use super::lock_holder::sign;
use super::lock_name::LockName;

#[derive(Debug)]
pub(super) struct FileLock {
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

    pub(super) fn try_take(path: &Path) -> Result<Option<FileLock>, StoreError> {
        let file = FileLock::open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(FileLock { file, path: path.to_path_buf() })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(StoreError::of_io(path, source)),
        }
    }

    /// Whether somebody has it. Those who look share the lock for a moment, so that none of them takes another for its holder.
    pub(super) fn is_held(path: &Path) -> Result<bool, StoreError> {
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
    pub(super) fn take_from_lookers(path: &Path) -> Result<Option<FileLock>, StoreError> {
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
    pub(super) fn signed(self) -> FileLock {
        sign(&self.file);
        self
    }

    pub(super) fn take(path: &Path) -> Result<FileLock, StoreError> {
        let file = FileLock::open(path)?;
        file.lock().map_err(|source| StoreError::of_io(path, source))?;
        Ok(FileLock { file, path: path.to_path_buf() })
    }

    pub(super) fn is_intact(&self) -> bool {
        match (self.file.metadata(), std::fs::metadata(&self.path)) {
            (Ok(ours), Ok(there)) => ours.ino() == there.ino() && ours.dev() == there.dev(),
            _ => false,
        }
    }
}

/// The file of a lock. A queue that is named by a link has the locks of the file it leads to: two that are named differently and are one
/// must not be drained at once.
pub(super) fn lock_file(queue: &Path, name: LockName<'_>) -> Result<PathBuf, StoreError> {
    let of_account = match name {
        LockName::Drain => return Ok(beside(queue, "drain")),
        LockName::Schedule => return Ok(beside(queue, "schedule")),
        LockName::Firing(firing) => return Ok(beside(queue, &format!("firing-{firing}"))),
        LockName::Serve => return Ok(beside(queue, "serve")),
        LockName::Load => return Ok(beside(queue, "load")),
        LockName::Account(account) => format!("{}.lock", account.0),
        LockName::List(account, list) => format!("{}.{list}.lock", account.0),
    };
    let folder = beside(queue, "accounts").with_extension("d");
    make_own_folder(&folder)?;
    Ok(folder.join(of_account))
}

fn beside(queue: &Path, what: &str) -> PathBuf {
    let real = if queue.is_symlink() { queue.canonicalize().ok() } else { None };
    let queue = real.as_deref().unwrap_or(queue);
    let mut name = queue.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{what}.lock"));
    queue.with_file_name(name)
}
