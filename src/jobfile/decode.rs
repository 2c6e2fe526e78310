//! The bytes of a source as UTF-8, for the CSV parser: decoded, hashed, watched.
//!
//! In: a [`Source`]. Out: a stream that ends in a sentinel record, and the SHA-256 of the raw bytes. What does not belong
//! here: anything that knows cells.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use super::digest::Digest;
use super::foreign_format::{foreign_format, script_or_json, web_page};
use super::meter::RecordMeter;
use super::source::SourceReader;
use super::{JobFileError, MAX_RECORD_BYTES, Source};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

/// Follows every file, as a line of its own. If it does not come back as a record of its own, a quote swallowed it.
pub(super) const SENTINEL: &[u8] = b"(end of file)";
/// How many bytes the parser asks for at a time.
pub(super) const BLOCK_BYTES: usize = 1 << 16;

crate::domain::with_names! {
    /// How a file's text is written.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Encoding {
        /// UTF-8 (or Windows-1252 in single cells).
        Utf8 => "UTF-8",
        /// UTF-8 with a byte order mark.
        Utf8Bom => "UTF-8 with BOM",
        /// UTF-16, little end first, with a byte order mark.
        Utf16Le => "UTF-16LE",
        /// UTF-16, big end first, with a byte order mark.
        Utf16Be => "UTF-16BE",
    }
}

/// Why the feed stopped; travels through the parser inside an `io::Error`.
#[derive(Debug, thiserror::Error)]
pub(super) enum FeedFault {
    #[error("a NUL byte")]
    Binary,
    #[error("a record without an end")]
    TooLong,
}

/// The decoder does not give its inner reader back, so the digest is held from both sides; taken once a block.
type SharedDigest = Arc<Mutex<Digest>>;

/// A reader that hashes what it passes on.
struct Hashing {
    from: SourceReader,
    digest: SharedDigest,
}

impl Read for Hashing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buf)?;
        self.digest.lock().unwrap_or_else(PoisonError::into_inner).update(&buf[..count]);
        Ok(count)
    }
}

/// The stream the CSV parser reads: the text, a line feed, the sentinel, a line feed.
pub(super) struct Feed {
    text: DecodeReaderBytes<Hashing, Vec<u8>>,
    digest: SharedDigest,
    /// What was read ahead to see the first line, and how much of it the parser has got.
    ahead: Vec<u8>,
    ahead_used: usize,
    tail_used: usize,
    /// The block that was handed out last and the stream offset of its first byte: a look at the parser's last byte.
    block: Vec<u8>,
    block_start: u64,
    delivered: u64,
    /// Length of the text, once known.
    text_end: Option<u64>,
    /// The last byte of the text so far.
    last_byte: Option<u8>,
    meter: RecordMeter,
    encoding: Encoding,
}

impl Feed {
    /// Opens the stream and reads its first line ahead.
    ///
    /// # Errors
    /// The file is empty, not text, or cannot be read.
    pub(super) fn open(source: &Source, comment: Option<u8>) -> Result<Feed, JobFileError> {
        let mut magic = Vec::with_capacity(8);
        let path = || source.name().to_owned();
        let unreadable = |error| JobFileError::Unreadable { path: path(), source: error };
        source.reader().take(8).read_to_end(&mut magic).map_err(unreadable)?;
        if let Some((what, remedy)) = foreign_format(&magic) {
            return Err(JobFileError::NotText { path: path(), what, remedy });
        }
        let digest = SharedDigest::new(Mutex::new(Digest::new()));
        let hashing = Hashing { from: source.reader(), digest: Arc::clone(&digest) };
        let text = DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(hashing);
        let mut feed = Feed {
            text,
            digest,
            ahead: Vec::new(),
            ahead_used: 0,
            tail_used: 0,
            block: Vec::new(),
            block_start: 0,
            delivered: 0,
            text_end: None,
            last_byte: None,
            meter: RecordMeter::new(comment),
            encoding: encoding_of(&magic),
        };
        feed.look_ahead().map_err(|error| feed_error(error, source.name(), 1))?;
        if let Some((what, remedy)) = web_page(&feed.ahead).or_else(|| script_or_json(&feed.ahead)) {
            return Err(JobFileError::NotText { path: path(), what, remedy });
        }
        Ok(feed)
    }

    /// How the text is written.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// What was read ahead: the first line that is not blank and more, or all there is up to [`MAX_RECORD_BYTES`].
    pub(super) fn first_bytes(&self) -> &[u8] {
        &self.ahead
    }

    /// The record before `offset` has ended: the next one may take [`MAX_RECORD_BYTES`], after any number of blank lines and
    /// comments.
    pub(super) fn mark(&mut self, offset: u64) {
        let parsed = usize::try_from(offset.saturating_sub(self.block_start)).unwrap_or(usize::MAX);
        self.meter.begin();
        self.meter.take(self.block.get(parsed..).unwrap_or_default());
    }

    /// The byte of the stream before `offset`, if it is in the block that was handed out last.
    pub(super) fn byte_before(&self, offset: u64) -> Option<u8> {
        let index = offset.checked_sub(self.block_start)?.checked_sub(1)?;
        self.block.get(usize::try_from(index).ok()?).copied()
    }

    /// Whether a record that ends at `offset` has bytes of the sentinel in it.
    pub(super) fn is_past_text(&self, offset: u64) -> bool {
        self.text_end.is_some_and(|end| offset > end + 1)
    }

    /// The last byte of the text, if a record that ends at `offset` is ended by the end of the text and not by a line end.
    pub(super) fn cut_byte(&self, offset: u64) -> Option<u8> {
        if self.text_end.is_some_and(|end| offset == end + 1) { self.last_byte } else { None }
    }

    /// How many bytes were handed out.
    #[cfg(test)]
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// SHA-256 of the raw bytes read so far: of the whole file once the stream has ended.
    pub(super) fn sha256(&self) -> [u8; 32] {
        self.digest.lock().unwrap_or_else(PoisonError::into_inner).value()
    }

    /// Reads until a line end outside quotes follows something that is not blank.
    fn look_ahead(&mut self) -> io::Result<()> {
        let mut block = vec![0; BLOCK_BYTES];
        while self.ahead.len() < MAX_RECORD_BYTES {
            let count = self.text.read(&mut block)?;
            if count == 0 {
                return Ok(());
            }
            if block[..count].contains(&0) {
                return Err(io::Error::other(FeedFault::Binary));
            }
            self.ahead.extend_from_slice(&block[..count]);
            let begin = self.ahead.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(self.ahead.len());
            if self.ahead[begin..].contains(&b'\n') {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The next bytes of the text: what was read ahead, then the rest.
    fn read_text(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.ahead_used < self.ahead.len() {
            let count = buf.len().min(self.ahead.len() - self.ahead_used);
            buf[..count].copy_from_slice(&self.ahead[self.ahead_used..self.ahead_used + count]);
            self.ahead_used += count;
            return Ok(count);
        }
        let count = self.text.read(buf)?;
        if buf[..count].contains(&0) {
            return Err(io::Error::other(FeedFault::Binary));
        }
        Ok(count)
    }

    /// The next bytes of line feed, sentinel, line feed.
    fn read_tail(&mut self, buf: &mut [u8]) -> usize {
        let tail = [b"\n", SENTINEL, b"\n"].concat();
        let count = buf.len().min(tail.len() - self.tail_used);
        buf[..count].copy_from_slice(&tail[self.tail_used..self.tail_used + count]);
        self.tail_used += count;
        count
    }
}

impl Read for Feed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.meter.bytes() > MAX_RECORD_BYTES + BLOCK_BYTES {
            return Err(io::Error::other(FeedFault::TooLong));
        }
        let mut count = if self.text_end.is_none() { self.read_text(buf)? } else { 0 };
        if let Some(last) = buf[..count].last() {
            self.last_byte = Some(*last);
        }
        if count == 0 && !buf.is_empty() {
            self.text_end.get_or_insert(self.delivered);
            count = self.read_tail(buf);
        }
        if count > 0 {
            self.block.clear();
            self.block.extend_from_slice(&buf[..count]);
            self.block_start = self.delivered;
        }
        self.delivered += count as u64;
        self.meter.take(&buf[..count]);
        Ok(count)
    }
}

/// The text of a source alone, whatever it is written in.
pub(super) fn text_of(source: &Source) -> impl Read + use<> {
    DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(source.reader())
}

/// What an I/O error out of a feed means for the file.
pub(super) fn feed_error(error: io::Error, path: &str, line: u64) -> JobFileError {
    let path = path.to_owned();
    match error.get_ref().and_then(|inner| inner.downcast_ref::<FeedFault>()) {
        Some(FeedFault::Binary) => JobFileError::NotText {
            path,
            what: "this is no text file: it has NUL bytes in it",
            remedy: "save it as CSV in UTF-8",
        },
        Some(FeedFault::TooLong) => JobFileError::RecordTooLong { path, line, max_bytes: MAX_RECORD_BYTES },
        None => JobFileError::Unreadable { path, source: error },
    }
}

fn encoding_of(magic: &[u8]) -> Encoding {
    match magic {
        [0xef, 0xbb, 0xbf, ..] => Encoding::Utf8Bom,
        [0xff, 0xfe, ..] => Encoding::Utf16Le,
        [0xfe, 0xff, ..] => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    }
}
