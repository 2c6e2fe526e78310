//! What can be wrong with an archive. All of it is bad input; nothing has been written when it is told.

use std::io;
use std::path::Path;

use super::{MAX_BYTES_PER_COMPRESSED_BYTE, MAX_FILE_BYTES, MAX_FILES, MAX_JSON_DEPTH, MAX_TAR_BYTES, MAX_TOTAL_BYTES};
use crate::domain::{ListKind, counted};
use crate::error::{CommandError, ErrorKind};
use crate::text::with_near_file;

/// An archive cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{archive}: {fault}")]
pub struct ArchiveError {
    /// The archive, as the user wrote it.
    pub archive: String,
    /// What is wrong.
    #[source]
    pub fault: ArchiveFault,
}

impl ArchiveError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        self.fault.hint()
    }
}

/// What is wrong with an archive. `file` is a name inside it and foreign text, as is `detail`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveFault {
    /// There is no such file or folder.
    #[error("there is no such file or folder")]
    Missing,
    /// It may not be read.
    #[error("no permission to read it")]
    NoPermission,
    /// The disk failed.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// No bytes at all.
    #[error("is empty (0 bytes); a zip or the folder unpacked from it was expected")]
    Empty,
    /// No form that an export has.
    #[error("is no zip, no .tar.gz, no folder and no CAR file")]
    NoArchive,
    /// A zip whose directory, at its end, is missing or damaged.
    #[error("begins like a zip and does not end like one: it is cut or damaged ({0})")]
    Cut(String),
    /// Gzip in which there is no tar, or none that ends.
    #[error("begins like a .tar.gz and does not continue like one: it is cut or damaged ({0})")]
    CutTar(String),
    /// A zip or folder without any file of X's or Mastodon's.
    #[error(
        "is no data archive: it has none of X's files (data/manifest.js, data/following.js) and none of Mastodon's (outbox.json)"
    )]
    Foreign,
    /// An archive of activities, where X's was asked for.
    #[error("is an archive of Mastodon, not of X")]
    NotOfX,
    /// An archive of activities that does not say whose.
    #[error("has no actor.json, which says whose it is")]
    NoActor,
    /// Files of X's in several folders.
    #[error("holds more than one archive, in {first} and {second}")]
    Several {
        /// One folder.
        first: String,
        /// Another.
        second: String,
    },
    /// More files than an archive has.
    #[error("has more than {MAX_FILES} files")]
    TooManyFiles,
    /// A list in more parts than one has.
    #[error("has its lists in more than {} parts", super::MAX_PARTS)]
    TooManyParts,
    /// A name that tries to leave its folder.
    #[error("the name {name:?} in it {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Two files of one name: which one is read would be chance.
    #[error("{file:?} is in it twice")]
    Twice {
        /// The name.
        file: String,
    },
    /// A symbolic link, which could lead anywhere.
    #[error("{file:?} is a symbolic link")]
    Link {
        /// The name.
        file: String,
    },
    /// A pipe, a socket or a device.
    #[error("{file:?} is not a regular file")]
    NotAFile {
        /// The name.
        file: String,
    },
    /// An archive of 2012 to 2018 of which only the table is there.
    #[error("has {file} and none of X's other files")]
    TableOnly {
        /// Its name.
        file: String,
    },
    /// Encrypted.
    #[error("{file} is encrypted")]
    Encrypted {
        /// The name.
        file: String,
    },
    /// Larger than a file may be.
    #[error("{file} has more than {} MiB", MAX_FILE_BYTES >> 20)]
    FileTooBig {
        /// The name.
        file: String,
    },
    /// All files to be read are larger than they may be together.
    #[error("the files to be read have more than {} GiB together", MAX_TOTAL_BYTES >> 30)]
    TooBig,
    /// A tar in gzip that has more in it, or grows more, than an archive does.
    #[error(
        "has more than {} GiB in it, or grows to more than {MAX_BYTES_PER_COMPRESSED_BYTE} times its size",
        MAX_TAR_BYTES >> 30
    )]
    TarTooBig,
    /// Grows more than text does.
    #[error("{file} grows to more than {MAX_BYTES_PER_COMPRESSED_BYTE} times its size in the zip")]
    Bomb {
        /// The name.
        file: String,
    },
    /// Does not unpack.
    #[error("{file} does not unpack: {detail}")]
    Damaged {
        /// The name.
        file: String,
        /// What the unpacking said.
        detail: String,
    },
    /// The list is not in the archive.
    #[error("has no list of {list}; {expected} was expected")]
    NoList {
        /// The list.
        list: ListKind,
        /// Its file.
        expected: String,
    },
    /// A list that no archive of this form has.
    #[error("has no list of {list}: such archives never have one")]
    NeverThere {
        /// The list.
        list: ListKind,
    },
    /// The manifest names a file that is not there.
    #[error("{file}, which its manifest names, is missing")]
    PartMissing {
        /// The file.
        file: String,
    },
    /// The files of a list are numbered, and one is not there.
    #[error("{file} is missing: the parts of this list are numbered, and later ones are there")]
    GapInParts {
        /// The file.
        file: String,
    },
    /// Not one of X's files.
    #[error("{file} is not one of X's files: it should begin with {expected}, and begins with {found:?}")]
    NoScript {
        /// The file.
        file: String,
        /// How it should begin.
        expected: String,
        /// How it begins.
        found: String,
    },
    /// Ends too early.
    #[error("{file} is cut: it ends inside its list, after {entries} complete entries")]
    CutScript {
        /// The file.
        file: String,
        /// Entries before the end.
        entries: u64,
    },
    /// Not a list, or no JSON.
    #[error("{file}, entry {entry}: {detail}")]
    BadEntry {
        /// The file.
        file: String,
        /// Which one, from 1.
        entry: u64,
        /// What is wrong.
        detail: String,
    },
    /// Nested deeper than any of X's.
    #[error("{file}, entry {entry}: nested more than {MAX_JSON_DEPTH} deep")]
    TooDeep {
        /// The file.
        file: String,
        /// Which one, from 1.
        entry: u64,
    },
    /// Longer than any of X's.
    #[error("{file}, entry {entry}: longer than {} bytes", limit)]
    TooLong {
        /// The file.
        file: String,
        /// Which one, from 1.
        entry: u64,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Not one entry has an ID.
    #[error("not one of the {} of {file} has an ID", counted(*entries, "entry", "entries"))]
    NoIds {
        /// The first file.
        file: String,
        /// Entries in all files.
        entries: u64,
    },
}

impl ArchiveFault {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        use ArchiveFault as F;
        match self {
            F::Missing | F::Unreadable(_) => {
                "name the archive that X or Mastodon made for you, the folder unpacked from it, or the CAR file of a Bluesky account; if it is \
                 there, check the disk it is on"
            }
            F::NoPermission => "make it readable for this user (chmod u+r)",
            F::Empty
            | F::Cut(_)
            | F::CutTar(_)
            | F::Damaged { .. }
            | F::CutScript { .. }
            | F::PartMissing { .. }
            | F::GapInParts { .. } => {
                "download or unpack it again; if there are several zips, name the one that has this list"
            }
            F::NoArchive | F::Foreign | F::NoScript { .. } => {
                "name the archive that X or Mastodon made for you, the folder unpacked from it, or the CAR file of a Bluesky account \
                 (`cleanup import --help` says where they come from); a CSV or a list of IDs needs no import"
            }
            F::Several { .. } => "unpack it and name one of these folders",
            F::NoList { .. } => "if there are several zips, name the one that has this list",
            F::NeverThere { .. } => "`cleanup list` reads it from the platform",
            F::NotOfX => "name the zip that X sent, or the folder unpacked from it",
            F::NoActor => "name the whole archive, or the folder that all of it was unpacked to",
            F::TableOnly { .. } => {
                "a CSV needs no import: unpack it and run `cleanup check tweets.csv --action delete-post`"
            }
            F::Encrypted { .. } => "unpack it with its password and name the folder",
            F::Name { .. }
            | F::Twice { .. }
            | F::Link { .. }
            | F::NotAFile { .. }
            | F::Bomb { .. }
            | F::TarTooBig
            | F::TooManyFiles
            | F::TooManyParts
            | F::TooDeep { .. } => {
                "no platform makes such archives; nothing was unpacked. Download it again, and do not trust this one"
            }
            F::FileTooBig { .. } | F::TooBig => "`cleanup list` reads the same from the platform, page by page",
            F::BadEntry { .. } | F::TooLong { .. } | F::NoIds { .. } => {
                "the platform writes it otherwise: the file was edited, or the form of archives has changed; download it again, and \
                 report it if that does not help"
            }
        }
    }

    /// An error while a file was opened or listed.
    pub(super) fn of_open(error: io::Error) -> ArchiveFault {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ArchiveFault::Missing,
            io::ErrorKind::PermissionDenied => ArchiveFault::NoPermission,
            _ => ArchiveFault::Unreadable(error),
        }
    }

    /// An error while a file of the archive was read: a fault of ours travels inside it, else it does not unpack.
    pub(super) fn of_read(error: io::Error, file: &str) -> ArchiveFault {
        let kind = error.kind();
        match error.downcast::<ArchiveFault>() {
            Ok(fault) => fault,
            Err(error) => match kind {
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                    ArchiveFault::Damaged { file: file.to_owned(), detail: error.to_string() }
                }
                _ => ArchiveFault::Unreadable(error),
            },
        }
    }
}

impl From<ArchiveError> for CommandError {
    fn from(error: ArchiveError) -> CommandError {
        let hint = match &error.fault {
            ArchiveFault::Missing => with_near_file(Path::new(&error.archive), error.hint()),
            _ => error.hint().to_owned(),
        };
        CommandError {
            kind: ErrorKind::InputData,
            message: error.to_string(),
            hint: Some(hint),
            source: Some(error.into()),
        }
    }
}
