//! Records and the physical lines they begin in. The csv crate parses; this file adds lines, limits and the unclosed quote.

use csv::ByteRecord;

use super::decode::{BLOCK_BYTES, Feed, SENTINEL, feed_error};
use super::{Encoding, JobFileError, MAX_CELLS_PER_RECORD, MAX_RECORD_BYTES, Source};

/// The records of a source, one at a time, in one reused buffer.
pub(super) struct Records {
    csv: csv::Reader<Feed>,
    record: ByteRecord,
    path: String,
    line: u64,
    /// Where the next record begins if no blank lines come first.
    next_line: u64,
    /// The line of the parser, who counts line feeds alone, in which the record before this one ended.
    last_line: u64,
    /// Records that were ended by a carriage return without a line feed, as on old Macs: each is the end of a line too, for
    /// no two records may begin in the same one.
    lone_returns: u64,
    encoding: Encoding,
    delimiter: u8,
}

impl Records {
    /// Opens a source. `known` tells whether a name is one this file's header may have; it helps to find the delimiter.
    /// Lines that begin with `comment` are passed over.
    ///
    /// # Errors
    /// See [`Feed::open`].
    pub(super) fn open(
        source: &Source,
        known: impl Fn(&str) -> bool,
        comment: Option<u8>,
    ) -> Result<Records, JobFileError> {
        let feed = Feed::open(source, comment)?;
        let declared = declared_delimiter(feed.first_bytes());
        let delimiter = declared.unwrap_or_else(|| sniff(feed.first_bytes(), known, comment));
        let encoding = feed.encoding();
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .comment(comment)
            .buffer_capacity(BLOCK_BYTES)
            .from_reader(feed);
        let (path, record) = (source.name().to_owned(), ByteRecord::new());
        let (line, next_line, last_line, lone_returns) = (1, 1, 0, 0);
        let mut records = Records { csv, record, path, line, next_line, last_line, lone_returns, encoding, delimiter };
        if declared.is_some() {
            // It was written for the spreadsheet, and is no row.
            records.advance()?;
        }
        Ok(records)
    }

    /// Reads the next record; false at the end of the file. Empty lines are passed over, lines of spaces are not.
    ///
    /// # Errors
    /// The file cannot be read, is no text, ends inside quotes, or a record is beyond its limits.
    pub(super) fn advance(&mut self) -> Result<bool, JobFileError> {
        let (before_byte, before_line) = (self.csv.position().byte(), self.csv.position().line());
        self.csv.get_mut().mark(before_byte);
        match self.csv.read_byte_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) => return Err(self.broken(error)),
        }
        let (end_byte, end_line) = (self.csv.position().byte(), self.csv.position().line());
        let feed = self.csv.get_ref();
        if feed.is_past_text(end_byte) {
            return self.past_text(end_line);
        }
        // At CRLF the parser stops between the two, so its own line is one short at the next record.
        let ended_by_line_feed = feed.byte_before(end_byte) == Some(b'\n');
        let last_line = end_line - u64::from(ended_by_line_feed);
        let line = if last_line == before_line { last_line } else { last_line - line_feeds(self.record.as_slice()) };
        self.lone_returns += u64::from(line <= self.last_line);
        self.last_line = last_line;
        self.next_line = last_line + 1 + self.lone_returns;
        self.line = line + self.lone_returns;
        if self.record.as_slice().len() > MAX_RECORD_BYTES {
            return Err(JobFileError::RecordTooLong {
                path: self.path.clone(),
                line: self.line,
                max_bytes: MAX_RECORD_BYTES,
            });
        }
        if self.record.len() > MAX_CELLS_PER_RECORD {
            let (path, line) = (self.path.clone(), self.line);
            return Err(JobFileError::TooManyCells { path, line, max_cells: MAX_CELLS_PER_RECORD });
        }
        Ok(true)
    }

    /// The record read last.
    pub(super) fn record(&self) -> &ByteRecord {
        &self.record
    }

    /// The physical line where it begins, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The last byte of the file, if the record read last has no line end after it.
    #[inline]
    pub(super) fn cut_byte(&self) -> Option<u8> {
        self.csv.get_ref().cut_byte(self.csv.position().byte())
    }

    /// How messages call the file.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// How the text is written.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// `,`, `;` or a tab.
    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// SHA-256 of the raw bytes, once the file has been read to its end.
    pub(super) fn sha256(&self) -> [u8; 32] {
        self.csv.get_ref().sha256()
    }

    /// How many bytes of the text the parser was given.
    #[cfg(test)]
    pub(super) fn delivered(&self) -> u64 {
        self.csv.get_ref().delivered()
    }

    /// A record reached beyond the text: the sentinel itself, or a quote that swallowed it.
    fn past_text(&self, end_line: u64) -> Result<bool, JobFileError> {
        if self.record.len() == 1 && self.record.as_slice() == SENTINEL {
            return Ok(false);
        }
        // Every line feed since its beginning is inside the record, for only quotes carry it past the end.
        let begin = end_line.saturating_sub(line_feeds(self.record.as_slice()));
        let closed = self.record.len().saturating_sub(1);
        let line = begin + self.lone_returns + self.record.iter().take(closed).map(line_feeds).sum::<u64>();
        Err(JobFileError::UnfinishedQuote { path: self.path.clone(), line })
    }

    fn broken(&self, error: csv::Error) -> JobFileError {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => feed_error(error, &self.path, self.next_line),
            other => JobFileError::Unreadable {
                path: self.path.clone(),
                source: std::io::Error::other(format!("{other:?}")),
            },
        }
    }
}

fn line_feeds(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b == b'\n').count() as u64
}

/// The delimiter that Excel is told by a first line of `sep=;`.
fn declared_delimiter(text: &[u8]) -> Option<u8> {
    let line = text.split(|b| *b == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (name, delimiter) = line.split_last_chunk::<1>().map(|(name, last)| (name, last[0]))?;
    let declared = name.eq_ignore_ascii_case(b"sep=") && [b',', b';', b'\t'].contains(&delimiter);
    declared.then_some(delimiter)
}

/// Comma, semicolon or tab: what splits the first line into the most names we know, then into the most cells.
fn sniff(text: &[u8], known: impl Fn(&str) -> bool, comment: Option<u8>) -> u8 {
    let begin = text.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(text.len());
    // Leading tabs belong to the first line.
    let begin = text[..begin].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let text = &text[begin..];
    let mut best = (b',', (0, 0));
    for delimiter in [b',', b';', b'\t'] {
        let cells = first_line(text, delimiter, comment);
        let names = cells.iter().filter(|cell| known(&super::text::decode(cell))).count();
        if (names, cells.len()) > best.1 {
            best = (delimiter, (names, cells.len()));
        }
    }
    best.0
}

/// The cells of the first line under a delimiter; a cut one where the line is longer than what was read ahead.
fn first_line(text: &[u8], delimiter: u8, comment: Option<u8>) -> Vec<Vec<u8>> {
    let mut builder = csv::ReaderBuilder::new();
    let mut reader = builder.has_headers(false).flexible(true).delimiter(delimiter).comment(comment).from_reader(text);
    let mut record = ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => record.iter().take(MAX_CELLS_PER_RECORD).map(<[u8]>::to_vec).collect(),
        _ => Vec::new(),
    }
}
