//! How long the record is that a parser reads, told by the bytes it is given: a parser that is inside quotes would take any number.
//!
//! In: blocks, and where records end. Out: a number of bytes. What does not belong here: the limit.

/// Where the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before a record: a line end here is a blank line's.
    LineStart,
    /// In a line that is passed over.
    Comment,
    /// In a record, until the next one begins: a line end here stands in quotes, or ends it.
    Record,
}

/// Counts the bytes of one record after the other.
#[derive(Debug)]
pub(super) struct RecordMeter {
    /// Lines that begin with it are passed over.
    comment: Option<u8>,
    place: Place,
    bytes: usize,
}

impl RecordMeter {
    pub(super) fn new(comment: Option<u8>) -> RecordMeter {
        RecordMeter { comment, place: Place::LineStart, bytes: 0 }
    }

    /// A record has ended.
    pub(super) fn begin(&mut self) {
        (self.place, self.bytes) = (Place::LineStart, 0);
    }

    /// The next bytes. Blank lines and comments before a record are none of its bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while self.place != Place::Record {
            let Some((byte, after)) = rest.split_first() else { return };
            self.place = match (self.place, *byte) {
                (_, b'\n') | (Place::LineStart, b'\r') => Place::LineStart,
                (Place::LineStart, byte) if Some(byte) != self.comment => Place::Record,
                _ => Place::Comment,
            };
            if self.place != Place::Record {
                rest = after;
            }
        }
        self.bytes = self.bytes.saturating_add(rest.len());
    }

    /// How many bytes of the record there were so far, and of what follows it in the same block.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
