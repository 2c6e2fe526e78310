//! The blocks of a CAR file: where each of them is, by its name. In: bytes. Out: blocks, each compared with its hash whenever it is read.
//! Memory: 16 bytes for each block, and one block.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use super::cbor::Item;
use super::cid::Cid;
use super::{MAX_BLOCK_BYTES, MAX_BLOCKS, MAX_HEADER_BYTES, MAX_REPOSITORY_BYTES, RepositoryFault};

/// How many bytes are asked for at a time while all of them are looked through.
const READ_BYTES: usize = 1 << 16;
/// Of a place, the lowest bits say how many bytes the block has with its name.
const LENGTH_BITS: u32 = 24;

/// Where a file is read from.
pub(super) trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

/// The blocks of a file.
pub(super) struct Blocks {
    from: Box<dyn Source>,
    root: Cid,
    /// Sorted. Names are told apart by their beginnings; the rest of a name is compared when its block is read.
    index: Vec<Place>,
    /// How many bytes of blocks may still be read: a small file may name a large block again and again.
    left_bytes: u64,
}

/// Where a block is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    prefix: u64,
    /// Where its name begins, and how long both are.
    span: u64,
}

impl Place {
    fn new(cid: &Cid, at: u64, length: usize) -> Place {
        Place { prefix: cid.prefix(), span: at << LENGTH_BITS | length as u64 }
    }

    fn at(self) -> u64 {
        self.span >> LENGTH_BITS
    }

    fn length(self) -> usize {
        (self.span & ((1 << LENGTH_BITS) - 1)) as usize
    }
}

impl Blocks {
    /// Looks through a file, every block of which has to be what its name says.
    ///
    /// # Errors
    /// It is no CAR file with one root, it is cut or changed, or it is more than is read.
    pub(super) fn index(mut from: Box<dyn Source>) -> Result<Blocks, RepositoryFault> {
        let mut stream = Stream { from: BufReader::with_capacity(READ_BYTES, &mut from), at: 0 };
        let root = root_of(&stream.header()?)?;
        let (mut index, mut block) = (Vec::new(), Vec::new());
        while let Some(length) = stream.block_length(index.len() as u64 + 1)? {
            let number = index.len() as u64 + 1;
            if index.len() == MAX_BLOCKS {
                return Err(RepositoryFault::TooManyBlocks);
            }
            let at = stream.at;
            if at + length as u64 > MAX_REPOSITORY_BYTES {
                return Err(RepositoryFault::TooBig);
            }
            block.resize(length, 0);
            stream.fill(&mut block).map_err(|error| cut(error, number - 1))?;
            let (cid, content) = block.split_at(Cid::BYTES);
            let cid = Cid::from_bytes(cid).ok_or(RepositoryFault::ForeignBlock { block: number })?;
            if !cid.names(content) {
                return Err(RepositoryFault::WrongHash { block: number });
            }
            index.push(Place::new(&cid, at, length));
        }
        index.sort_unstable();
        Ok(Blocks { from, root, index, left_bytes: MAX_REPOSITORY_BYTES })
    }

    /// Lets so many bytes of blocks be read from now on.
    pub(super) fn allow(&mut self, bytes: u64) {
        self.left_bytes = bytes;
    }

    /// The block that all others hang on.
    pub(super) fn root(&self) -> Cid {
        self.root
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.index.len()
    }

    /// Whether a block is there, as far as the beginning of its name tells.
    pub(super) fn has(&self, cid: &Cid) -> bool {
        !self.places(cid).is_empty()
    }

    /// A block; none where it is not there.
    ///
    /// # Errors
    /// The file cannot be read, or its blocks have been read more often than they may be.
    pub(super) fn get(&mut self, cid: &Cid) -> Result<Option<Vec<u8>>, RepositoryFault> {
        for index in self.places(cid) {
            let place = self.index[index];
            self.left_bytes =
                self.left_bytes.checked_sub(place.length() as u64).ok_or(RepositoryFault::TooMuchRepeated)?;
            self.from.seek(SeekFrom::Start(place.at())).map_err(RepositoryFault::Unreadable)?;
            let mut block = vec![0; place.length()];
            self.from.read_exact(&mut block).map_err(RepositoryFault::Unreadable)?;
            let content = block.split_off(Cid::BYTES);
            if Cid::from_bytes(&block) == Some(*cid) && cid.names(&content) {
                return Ok(Some(content));
            }
        }
        Ok(None)
    }

    /// Where in the index blocks stand whose names begin as this one: one, or as often as the same block is in the file.
    fn places(&self, cid: &Cid) -> Range<usize> {
        let prefix = cid.prefix();
        let below = |bound: fn(u64, u64) -> bool| self.index.partition_point(|place| bound(place.prefix, prefix));
        below(|one, other| one < other)..below(|one, other| one <= other)
    }
}

/// The one root that a header names.
fn root_of(header: &[u8]) -> Result<Cid, RepositoryFault> {
    let foreign = |detail| RepositoryFault::Foreign { detail };
    let header = Item::decode(header).map_err(|_| foreign("it begins like no CAR file"))?;
    if header.get("version").and_then(Item::number) != Some(1) {
        return Err(foreign("it is no CAR file of version 1"));
    }
    match header.get("roots") {
        Some(Item::List(roots)) if roots.len() == 1 => {
            roots[0].link().ok_or(foreign("its root is no block of a repository"))
        }
        _ => Err(foreign("it has not one root, but none or several")),
    }
}

fn cut(error: io::Error, blocks: u64) -> RepositoryFault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => RepositoryFault::Cut { blocks },
        _ => RepositoryFault::Unreadable(error),
    }
}

/// A file from its beginning on.
struct Stream<R> {
    from: BufReader<R>,
    at: u64,
}

impl<R: Read> Stream<R> {
    fn header(&mut self) -> Result<Vec<u8>, RepositoryFault> {
        let foreign = || RepositoryFault::Foreign { detail: "it begins like no CAR file" };
        let length = self.length(MAX_HEADER_BYTES)?.ok_or_else(foreign)?.map_err(|_| foreign())?;
        let mut header = vec![0; length];
        match self.fill(&mut header) {
            Ok(()) => Ok(header),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(foreign()),
            Err(error) => Err(RepositoryFault::Unreadable(error)),
        }
    }

    /// How many bytes the next block has with its name; none at the end.
    fn block_length(&mut self, block: u64) -> Result<Option<usize>, RepositoryFault> {
        match self.length(MAX_BLOCK_BYTES + Cid::BYTES)? {
            None => Ok(None),
            Some(Ok(length)) if length >= Cid::BYTES => Ok(Some(length)),
            Some(Ok(_)) => Err(RepositoryFault::ForeignBlock { block }),
            Some(Err(Length::TooLong)) => Err(RepositoryFault::BlockTooLong { block }),
            Some(Err(Length::Cut)) => Err(RepositoryFault::Cut { blocks: block - 1 }),
        }
    }

    /// A length, in digits of seven bits, the lowest first; none at the end.
    fn length(&mut self, most: usize) -> Result<Option<Result<usize, Length>>, RepositoryFault> {
        let mut length = 0_usize;
        for shift in (0..).step_by(7) {
            let Some(byte) = self.from.fill_buf().map_err(RepositoryFault::Unreadable)?.first().copied() else {
                return Ok(if shift == 0 { None } else { Some(Err(Length::Cut)) });
            };
            self.from.consume(1);
            self.at += 1;
            length |= usize::from(byte & 0x7f) << shift;
            if length > most || shift > 21 {
                break;
            }
            if byte & 0x80 == 0 {
                return Ok(Some(Ok(length)));
            }
        }
        Ok(Some(Err(Length::TooLong)))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.from.read_exact(buffer)?;
        self.at += buffer.len() as u64;
        Ok(())
    }
}

/// Why there is no length.
enum Length {
    TooLong,
    Cut,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Cursor;

    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn a_block_is_not_read_for_ever() {
        let block = [&[0x58, 100][..], &[7; 100]].concat();
        let name = [&[1, 0x71, 0x12, 0x20][..], &Sha256::digest(&block)].concat();
        let car =
            [&b"\x3a\xa2eroots\x81\xd8\x2a\x58\x25\x00"[..], &name, b"gversion\x01", &[138, 1], &name, &block].concat();
        let mut blocks = Blocks::index(Box::new(Cursor::new(car))).unwrap();
        let root = blocks.root();
        assert!(blocks.has(&root) && blocks.count() == 1);
        blocks.allow(2 * 138);
        for _ in 0..2 {
            assert_eq!(blocks.get(&root).unwrap().as_deref(), Some(&block[..]));
        }
        assert!(matches!(blocks.get(&root), Err(RepositoryFault::TooMuchRepeated)));
        blocks.allow(138);
        assert!(blocks.get(&root).is_ok());
    }
}
