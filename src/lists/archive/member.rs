//! One of X's files in an archive, wherever it lies.

use std::io::{Read, Seek};
use std::path::PathBuf;

use zip::read::OwnedZipFileEntry;

use super::bounded::Size;
use super::layout::{self, Role};

/// Where a zip or a tar is read from.
pub(super) trait Bytes: Read + Seek {}
impl<T: Read + Seek> Bytes for T {}

/// One of X's files.
pub(super) struct Member {
    /// Its name in the archive, with `/`; the folder around the archive is part of it.
    pub(super) name: String,
    /// What it is.
    pub(super) role: Role,
    /// Which part of it.
    pub(super) part: u32,
    /// As the zip's directory or the file system says.
    pub(super) size: Size,
    /// The folder of its archive.
    pub(super) home: String,
    pub(super) place: Place,
}

/// Where it lies.
pub(super) enum Place {
    Zipped(Box<OwnedZipFileEntry>),
    /// The entry of this number in a tar, from 1.
    Tarred(usize),
    File(PathBuf),
}

impl Member {
    /// A file that this program reads; none where it is another, or lies where X's do not.
    pub(super) fn new(name: String, size: Size, place: impl FnOnce() -> Place) -> Option<Member> {
        let placed = layout::place(&name)?;
        let (home, role, part) = (placed.home.to_owned(), placed.role, placed.part);
        Some(Member { name, role, part, size, home, place: place() })
    }

    /// Its own name, without folders.
    pub(super) fn file_name(&self) -> &str {
        self.name.rsplit_once('/').map_or(&self.name, |(_, file)| file)
    }
}
