//! The room on a queue's disk: whether there is any, and some that is kept free for what has to be saved later.
//! SQLite says of many a failure only that the disk failed, or that a file could not be opened.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate, statvfs};

use super::error::StoreError;

/// The files beside a queue grow by no more at a time.
const LEAST_FREE_BYTES: u64 = 64 << 10;
/// Enough for a login: its record, what points to it, and all of that in the log and in the queue.
const RESERVED_BYTES: u64 = 256 << 10;

/// Whether the file system of this file has no room left; not where that cannot be told.
pub(super) fn is_full(path: &Path) -> bool {
    statvfs(folder_of(path)).is_ok_and(|room| room.f_bavail.saturating_mul(room.f_frsize) < LEAST_FREE_BYTES)
}

/// Room that nothing else can take until this is dropped: what may be done only once, and has to be saved then, is begun with it.
#[derive(Debug)]
pub struct ReservedRoom {
    _file: Option<File>,
}

impl ReservedRoom {
    /// Takes room on the disk of the queue at `queue`, in a file without a name. Where the file system reserves none, it goes without.
    ///
    /// # Errors
    /// The disk is full.
    pub fn beside(queue: &Path) -> Result<ReservedRoom, StoreError> {
        match reserve(folder_of(queue)) {
            Ok(file) => Ok(ReservedRoom { _file: Some(file) }),
            Err(error) if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                Err(StoreError::of_io(queue, error))
            }
            Err(_) => Ok(ReservedRoom { _file: None }),
        }
    }
}

fn reserve(folder: &Path) -> io::Result<File> {
    let file = tempfile::tempfile_in(folder)?;
    fallocate(&file, FallocateFlags::empty(), 0, RESERVED_BYTES)?;
    Ok(file)
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
