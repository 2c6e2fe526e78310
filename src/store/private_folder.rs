//! Folders that their owner alone may look into. In: a path. Out: the folder, there after a power failure too. What does not
//! belong here: what is put into it.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Makes a folder and those above it where they are missing, mode 0700, and waits until their names are on disk: a file that is
/// saved in a folder that a power failure takes away is not saved.
///
/// # Errors
/// A folder cannot be made, or something else has its name.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(Path::new(""));
    make_private_folder(parent)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made?,
    }
    sync_folder(parent)
}

/// Waits until the names in a folder are on disk. A folder that may not be read, and a file system that syncs none, are no
/// errors: there is nothing more to be had there.
///
/// # Errors
/// The disk refuses.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput) => Ok(()),
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn every_folder_that_was_missing_is_private_and_the_others_are_left_alone() {
        let top = tempfile::tempdir().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        std::fs::set_permissions(top.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let (outer, inner) = (top.path().join("a"), top.path().join("a/b"));
        for _ in 0..2 {
            make_private_folder(&inner).unwrap();
            assert_eq!((mode(top.path()), mode(&outer), mode(&inner)), (0o755, 0o700, 0o700));
        }
        std::fs::write(top.path().join("file"), "").unwrap();
        assert!(make_private_folder(&top.path().join("file/c")).is_err());
        assert!(make_private_folder(Path::new("")).is_ok());
    }
}
