//! An archive, whichever it is: told by the files that are in it.

use std::io::Cursor;
use std::path::Path;

use super::container::Container;
use super::{ActivityArchive, Archive, ArchiveError, ArchiveFault};

/// An open archive.
pub enum OpenedArchive {
    /// One of X.
    X(Box<Archive>),
    /// One of activities.
    Activities(Box<ActivityArchive>),
}

impl OpenedArchive {
    /// Opens an archive and learns whose it is.
    ///
    /// # Errors
    /// It is none, or it is cut or hostile.
    pub fn open(path: &Path) -> Result<OpenedArchive, ArchiveError> {
        let name = path.to_string_lossy().into_owned();
        let opened = Container::open(path).and_then(|container| OpenedArchive::of(&name, container));
        opened.map_err(|fault| ArchiveError { archive: name, fault })
    }

    /// The same out of bytes that are a zip, under a name for messages.
    ///
    /// # Errors
    /// As for [`OpenedArchive::open`].
    pub fn of_bytes(name: &str, bytes: Vec<u8>) -> Result<OpenedArchive, ArchiveError> {
        let opened = Container::of_zip(Box::new(Cursor::new(bytes)));
        let opened = opened.and_then(|container| OpenedArchive::of(name, container));
        opened.map_err(|fault| ArchiveError { archive: name.to_owned(), fault })
    }

    fn of(name: &str, container: Container) -> Result<OpenedArchive, ArchiveFault> {
        let name = name.to_owned();
        Ok(if container.is_of_activities() {
            OpenedArchive::Activities(Box::new(ActivityArchive::of(name, container)?))
        } else {
            OpenedArchive::X(Box::new(Archive::of(name, container)?))
        })
    }
}
