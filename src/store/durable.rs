//! Files and folders that a kill leaves whole and a power failure leaves in place. In: a path. Out: the folder with its name on disk,
//! or the file with all that was written to it. What does not belong here: what is written.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, OFlags, linkat};
use tempfile::TempPath;

use super::error::StoreError;
use super::foreign::is_foreign;

/// A file that is being written and has no name yet: whoever is killed leaves nothing behind. Where the file system makes no such
/// files, it has a name beside its place, and only a kill leaves that.
#[derive(Debug)]
pub struct DurableFile {
    file: File,
    folder: PathBuf,
    temporary_name: Option<TempPath>,
}

impl DurableFile {
    /// Begins a file that is to be in `folder`, with these permission bits (less the umask's).
    ///
    /// # Errors
    /// The folder is missing or cannot be written to.
    pub fn begin(folder: &Path, mode: u32) -> io::Result<DurableFile> {
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() };
        if let Some(file) = begin_unnamed(&folder, mode)? {
            return Ok(DurableFile { file, folder, temporary_name: None });
        }
        let named = tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(&folder)?;
        let (file, path) = named.into_parts();
        Ok(DurableFile { file, folder, temporary_name: Some(path) })
    }

    /// Gives it its name once all of it is on disk, and waits until the name is too.
    ///
    /// # Errors
    /// It cannot be saved; there is a file of that name already, and it is not to be replaced.
    pub fn keep_as(self, path: &Path, replace: bool) -> io::Result<()> {
        self.file.sync_all()?;
        match self.temporary_name {
            Some(name) if replace => name.persist(path).map_err(|error| error.error)?,
            Some(name) => name.persist_noclobber(path).map_err(|error| error.error)?,
            None if replace => {
                // A link replaces nothing, so the file passes through a name that a rename takes it from.
                let name = tempfile::Builder::new().make_in(&self.folder, |name| link(&self.file, name))?;
                name.into_temp_path().persist(path).map_err(|error| error.error)?;
            }
            None => link(&self.file, path)?,
        }
        sync_folder(&self.folder)
    }
}

impl Write for DurableFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file without a name; none where there are no such files, or none that could be given a name later.
fn begin_unnamed(folder: &Path, mode: u32) -> io::Result<Option<File>> {
    use rustix::io::Errno;
    let flags = i32::try_from(OFlags::TMPFILE.bits()).map_err(io::Error::other)?;
    match OpenOptions::new().read(true).write(true).mode(mode).custom_flags(flags).open(folder) {
        Ok(file) => Ok(descriptor_path(&file).exists().then_some(file)),
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Ok(None),
            _ => Err(error),
        },
    }
}

fn link(file: &File, path: &Path) -> io::Result<()> {
    Ok(linkat(CWD, descriptor_path(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

fn descriptor_path(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

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

/// The same for a folder whose files decide what is sent: one that somebody else has made, or can write, is refused. Beside a queue in a
/// folder that others write too, they could put another file in the place of the one that was looked at.
///
/// # Errors
/// A folder cannot be made, or it is not ours alone.
pub fn make_own_folder(folder: &Path) -> Result<(), StoreError> {
    let made = make_private_folder(folder).and_then(|()| folder.symlink_metadata());
    let about = made.map_err(|source| StoreError::of_io(folder, source))?;
    if !about.is_dir() || about.mode() & 0o022 != 0 || is_foreign(&about, folder) {
        return Err(StoreError::Foreign { path: folder.to_path_buf() });
    }
    Ok(())
}

/// Waits until the names in a folder are on disk. A folder that may not be read, and a file system that syncs none, are no
/// errors: there is nothing more to be had there.
///
/// # Errors
/// The disk refuses.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput) => Ok(()),
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_folder_that_others_made_or_can_write_is_no_own_one() {
        let home = tempfile::tempdir().unwrap();
        let (own, open, link) = (home.path().join("own"), home.path().join("open"), home.path().join("link"));
        make_own_folder(&own).unwrap();
        make_own_folder(&own).unwrap();
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        std::os::unix::fs::symlink(&own, &link).unwrap();
        for wrong in [&open, &link] {
            assert!(make_own_folder(wrong).unwrap_err().to_string().contains("somebody else"), "{wrong:?}");
        }
        if !rustix::process::geteuid().is_root() {
            return;
        }
        // Of another user, in a folder of ours; then in a folder of that user's.
        let nobody = |path: &Path| std::os::unix::fs::chown(path, Some(65_534), None).unwrap();
        nobody(&own);
        assert!(make_own_folder(&own).is_err());
        assert!(is_foreign(&own.metadata().unwrap(), &own));
        nobody(home.path());
        make_own_folder(&own).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_a_name_when_it_is_whole_and_its_mode_from_the_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for (text, replace, expected) in [("one", false, "one"), ("two", false, "one"), ("three", true, "three")] {
            let mut file = DurableFile::begin(folder.path(), 0o600).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            assert!(names(folder.path()).iter().all(|name| name == "key"), "{:?}", names(folder.path()));
            let kept = file.keep_as(&path, replace);
            assert_eq!(
                kept.map_err(|error| error.kind()),
                if text == "two" { Err(io::ErrorKind::AlreadyExists) } else { Ok(()) }
            );
            assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(names(folder.path()), ["key"]);
        }
        drop(DurableFile::begin(folder.path(), 0o600).unwrap());
        assert_eq!(names(folder.path()), ["key"]);
        assert!(DurableFile::begin(&folder.path().join("no"), 0o600).is_err());
    }

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
