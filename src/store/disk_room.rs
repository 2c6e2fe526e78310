//! Whether a queue's disk is full. SQLite says of many a failure only that the disk failed, or that a file could not be opened.

use std::path::Path;

/// The files beside a queue grow by no more at a time.
const LEAST_FREE_BYTES: u64 = 64 << 10;

/// Whether the file system of this file has no room left; not where that cannot be told.
pub(super) fn is_full(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    rustix::fs::statvfs(folder).is_ok_and(|room| room.f_bavail.saturating_mul(room.f_frsize) < LEAST_FREE_BYTES)
}
