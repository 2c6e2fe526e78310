//! A tar in gzip, as Mastodon made archives until 2023: read from its beginning on, each time that a file in it is wanted. Memory does not grow
//! with it.

use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::read::GzDecoder;

use super::bounded::Size;
use super::member::{Bytes, Member, Place};
use super::names::plain_name;
use super::{ArchiveFault, MAX_BYTES_PER_COMPRESSED_BYTE, MAX_FILES, MAX_TAR_BYTES};

/// How gzip begins.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// A tar is made of blocks of so many bytes.
const BLOCK_BYTES: u64 = 512;

/// The files that are read of a tar. Every name in it is looked at.
///
/// # Errors
/// It is no tar, it is cut, or it is hostile.
pub(super) fn members(packed: &mut Box<dyn Bytes>) -> Result<Vec<Member>, ArchiveFault> {
    let mut tar = Tar::begin(packed)?;
    let (mut members, mut seen) = (Vec::new(), HashSet::new());
    while let Some(entry) = tar.next_entry()? {
        if tar.entries > MAX_FILES {
            return Err(ArchiveFault::TooManyFiles);
        }
        let shown = || String::from_utf8_lossy(&entry.name).into_owned();
        match entry.kind {
            b'0' | 0 => {}
            b'1' | b'2' => return Err(ArchiveFault::Link { file: shown() }),
            b'3' | b'4' | b'6' => return Err(ArchiveFault::NotAFile { file: shown() }),
            // Folders, and what describes the entry behind it.
            _ => continue,
        }
        let Ok(name) = String::from_utf8(entry.name.clone()) else { continue };
        let plain = plain_name(&name).map_err(|why| ArchiveFault::Name { name: shown(), why })?;
        let Some(name) = plain else { continue };
        let (place, size) = (Place::Tarred(tar.entries), Size { packed: entry.bytes, unpacked: entry.bytes });
        let Some(member) = Member::new(name, size, || place) else { continue };
        if !seen.insert(member.name.clone()) {
            return Err(ArchiveFault::Twice { file: member.name });
        }
        members.push(member);
    }
    // At the very end stands the checksum of all of it.
    io::copy(&mut tar.from, &mut io::sink()).map_err(cut)?;
    Ok(members)
}

/// The bytes of the entry of a number.
///
/// # Errors
/// It is not there any more.
pub(super) fn open<'a>(packed: &'a mut Box<dyn Bytes>, number: usize) -> Result<Box<dyn Read + 'a>, ArchiveFault> {
    let mut tar = Tar::begin(packed)?;
    while let Some(entry) = tar.next_entry()? {
        if tar.entries == number {
            return Ok(Box::new(tar.from.take(entry.bytes)));
        }
    }
    Err(ArchiveFault::Missing)
}

/// A tar that is being read.
struct Tar<'a> {
    from: Inflated<'a>,
    /// How many entries there were.
    entries: usize,
    /// How many bytes of the last one are still to come, with what fills up its last block.
    rest: u64,
}

struct TarEntry {
    name: Vec<u8>,
    kind: u8,
    bytes: u64,
}

impl<'a> Tar<'a> {
    fn begin(packed: &'a mut Box<dyn Bytes>) -> Result<Tar<'a>, ArchiveFault> {
        let bytes = packed.seek(SeekFrom::End(0)).map_err(ArchiveFault::of_open)?;
        packed.seek(SeekFrom::Start(0)).map_err(ArchiveFault::of_open)?;
        let most = bytes.saturating_mul(MAX_BYTES_PER_COMPRESSED_BYTE).min(MAX_TAR_BYTES);
        Ok(Tar { from: Inflated { from: GzDecoder::new(packed), left: most }, entries: 0, rest: 0 })
    }

    /// The next entry; none behind the last one.
    fn next_entry(&mut self) -> Result<Option<TarEntry>, ArchiveFault> {
        let passed = io::copy(&mut self.from.by_ref().take(self.rest), &mut io::sink()).map_err(cut)?;
        if passed < self.rest {
            return Err(ArchiveFault::CutTar("it ends inside a file".to_owned()));
        }
        let mut header = [0; BLOCK_BYTES as usize];
        self.from.read_exact(&mut header).map_err(cut)?;
        if header == [0; BLOCK_BYTES as usize] {
            return Ok(None);
        }
        let entry = entry_of(&header).ok_or_else(|| ArchiveFault::CutTar("it is gzip, and no tar in it".to_owned()))?;
        self.entries += 1;
        self.rest = entry.bytes.next_multiple_of(BLOCK_BYTES);
        Ok(Some(entry))
    }
}

/// What a header says; none where it is none.
fn entry_of(header: &[u8; BLOCK_BYTES as usize]) -> Option<TarEntry> {
    let text = |from: usize, to: usize| header[from..to].split(|byte| *byte == 0).next().unwrap_or_default();
    let number = |from: usize, to: usize| {
        let digits = std::str::from_utf8(text(from, to)).ok()?.trim();
        u64::from_str_radix(digits, 8).ok()
    };
    // The sum of all bytes, where eight spaces stand in the place of the sum.
    let sum: u64 =
        header.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum();
    if number(148, 156)? != sum {
        return None;
    }
    let prefix = if header[257..].starts_with(b"ustar") { text(345, 500) } else { &[] };
    let name = if prefix.is_empty() { text(0, 100).to_vec() } else { [prefix, b"/", text(0, 100)].concat() };
    Some(TarEntry { name, kind: header[156], bytes: number(124, 136).filter(|bytes| *bytes < MAX_TAR_BYTES)? })
}

/// What comes out of gzip, until it is more than it may be.
struct Inflated<'a> {
    from: GzDecoder<&'a mut Box<dyn Bytes>>,
    left: u64,
}

impl Read for Inflated<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buf)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other(ArchiveFault::TarTooBig))?;
        Ok(count)
    }
}

fn cut(error: io::Error) -> ArchiveFault {
    let said = error.to_string();
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            ArchiveFault::CutTar(said)
        }
        _ => error.downcast::<ArchiveFault>().unwrap_or_else(ArchiveFault::Unreadable),
    }
}
