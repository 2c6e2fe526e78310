//! Data on its way to a terminal. In: bytes of a report, a list, a page. Out: the same with what a terminal would obey written out.
//! What does not belong here: pipes and files, which get the bytes as they are.

use std::io::{self, Write};

use crate::text::escaped_lines;

/// The longest character, in bytes of UTF-8.
const MAX_CHAR_BYTES: usize = 4;

/// A writer to a terminal, or to something else, which gets everything as it is.
#[derive(Debug)]
pub struct TerminalText<W: Write> {
    out: W,
    is_terminal: bool,
    /// The beginning of a character whose end has not come.
    begun: Vec<u8>,
}

impl<W: Write> TerminalText<W> {
    /// Writes to `out`.
    pub fn new(out: W, is_terminal: bool) -> TerminalText<W> {
        TerminalText { out, is_terminal, begun: Vec::new() }
    }

    fn pass(&mut self, bytes: &[u8], is_end: bool) -> io::Result<()> {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.out.write_all(escaped_lines(chunk.valid()).as_bytes())?;
            let odd = chunk.invalid();
            let may_go_on = chunks.peek().is_none() && odd.len() < MAX_CHAR_BYTES && !is_end;
            if may_go_on && std::str::from_utf8(odd).is_err_and(|error| error.error_len().is_none()) {
                self.begun = odd.to_vec();
            } else {
                // Some terminals take such a byte for a control character.
                odd.iter().try_for_each(|byte| write!(self.out, "\\x{byte:02x}"))?;
            }
        }
        Ok(())
    }
}

impl<W: Write> Write for TerminalText<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_terminal {
            return self.out.write(bytes);
        }
        self.pass(bytes, false)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass(&[], true)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::is_unsafe;
    use proptest::prelude::*;

    fn shown(pieces: &[&[u8]], is_terminal: bool) -> Vec<u8> {
        let mut writer = TerminalText::new(Vec::new(), is_terminal);
        pieces.iter().for_each(|piece| writer.write_all(piece).unwrap());
        writer.flush().unwrap();
        writer.out
    }

    #[test]
    fn a_terminal_shows_and_does_not_obey() {
        let text = "a\u{1b}]0;x\u{7}\r\n\u{9b}2J\tZoë\n".as_bytes();
        assert_eq!(shown(&[text], true), b"a\\u{1b}]0;x\\u{7}\\r\n\\u{9b}2J\tZo\xc3\xab\n");
        assert_eq!(shown(&[text], false), text);
        assert_eq!(shown(&[b"\x9b2J\xc3"], true), b"\\x9b2J\\xc3");
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_a_text_is_cut(text in "(?s).{0,20}", at in 0_usize..60, to in 0_usize..60) {
            let bytes = text.as_bytes();
            let (at, to) = (at.min(bytes.len()), to.min(bytes.len()));
            let (at, to) = (at.min(to), at.max(to));
            let whole = shown(&[bytes], true);
            prop_assert_eq!(&shown(&[&bytes[..at], &bytes[at..to], &bytes[to..]], true), &whole);
            let seen = String::from_utf8(whole).unwrap();
            prop_assert!(!seen.chars().any(|c| is_unsafe(c) && c != '\n' && c != '\t'));
        }

        #[test]
        fn no_bytes_get_through_as_they_should_not(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let seen = String::from_utf8(shown(&[&bytes], true)).unwrap();
            prop_assert!(!seen.chars().any(|c| is_unsafe(c) && c != '\n' && c != '\t'));
        }
    }
}
