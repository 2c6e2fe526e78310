//! The directory of a zip, entry by entry: memory does not grow with it, and entries of one name are seen both.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom};

use zip::CompressionMethod;
use zip::read::{ArchiveOffset, Config, ZipFileEntry};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

use super::bounded::Size;
use super::member::{Bytes, Member, Place};
use super::names::plain_name;
use super::{ArchiveFault, MAX_FILES, MAX_PARTS};

/// How a zip begins: with a file, or, where it has none, with its directory's end.
const MAGICS: [[u8; 4]; 2] = [*b"PK\x03\x04", *b"PK\x05\x06"];

/// X's files in a zip. Every name in it is looked at.
///
/// # Errors
/// It is no zip, it is cut, or it is hostile.
pub(super) fn members(zip: &mut Box<dyn Bytes>) -> Result<Vec<Member>, ArchiveFault> {
    expect_zip(zip)?;
    // The offsets are to be those that are written: something before the zip is no archive of X's.
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let mut directory = ZipIterable::try_new(zip, config).map_err(cut)?;
    if directory.len() > MAX_FILES {
        return Err(ArchiveFault::TooManyFiles);
    }
    let mut seen = Seen::default();
    let mut members = Vec::new();
    for entry in directory.files().map_err(cut)? {
        let entry = entry.map_err(cut)?;
        let Some(name) = checked_name(&entry)? else { continue };
        seen.add(&name)?;
        if entry.is_dir() {
            continue;
        }
        let size = Size { packed: entry.compressed_size(), unpacked: entry.size() };
        let (encrypted, method) = (entry.encrypted(), entry.compression());
        let Some(member) = Member::new(name, size, || Place::Zipped(Box::new(entry.into()))) else { continue };
        if encrypted {
            return Err(ArchiveFault::Encrypted { file: member.name });
        }
        if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
            let detail = format!("it is compressed by {method:?}, and X's are deflated");
            return Err(ArchiveFault::Damaged { file: member.name, detail });
        }
        members.push(member);
        if members.len() > MAX_PARTS {
            return Err(ArchiveFault::TooManyParts);
        }
    }
    Ok(members)
}

fn expect_zip(zip: &mut Box<dyn Bytes>) -> Result<(), ArchiveFault> {
    let mut magic = Vec::with_capacity(4);
    zip.by_ref().take(4).read_to_end(&mut magic).map_err(ArchiveFault::of_open)?;
    if magic.is_empty() {
        return Err(ArchiveFault::Empty);
    }
    if !MAGICS.iter().any(|known| known[..] == magic[..]) {
        return Err(ArchiveFault::NoArchive);
    }
    zip.seek(SeekFrom::Start(0)).map(drop).map_err(ArchiveFault::of_open)
}

fn checked_name(entry: &ZipFileEntry<'_>) -> Result<Option<String>, ArchiveFault> {
    let name = entry.name().map_err(cut)?;
    if entry.is_symlink() {
        return Err(ArchiveFault::Link { file: shown(&name) });
    }
    plain_name(&name).map_err(|why| ArchiveFault::Name { name: shown(&name), why })
}

/// Names that were seen, by their hashes: 100,000 names of 1 KiB would be 100 MB. Of as many honest names two have the same
/// hash once in three billion archives.
#[derive(Default)]
struct Seen {
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl Seen {
    fn add(&mut self, name: &str) -> Result<(), ArchiveFault> {
        if self.hashes.insert(self.hasher.hash_one(name)) {
            return Ok(());
        }
        Err(ArchiveFault::Twice { file: shown(name) })
    }
}

/// The beginning of a name, for messages.
fn shown(name: &str) -> String {
    const MAX_SHOWN_CHARS: usize = 120;
    name.chars().take(MAX_SHOWN_CHARS).collect()
}

fn cut(error: ZipError) -> ArchiveFault {
    match error {
        ZipError::Io(error) if !is_about_bytes(&error) => ArchiveFault::Unreadable(error),
        error => ArchiveFault::Cut(error.to_string()),
    }
}

/// What a file of a zip that does not open is.
pub(super) fn fault_of(error: ZipError, file: &str) -> ArchiveFault {
    match error {
        ZipError::Io(error) => ArchiveFault::of_read(error, file),
        error => ArchiveFault::Damaged { file: file.to_owned(), detail: error.to_string() },
    }
}

fn is_about_bytes(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::UnexpectedEof | K::InvalidData | K::InvalidInput | K::Other)
}
