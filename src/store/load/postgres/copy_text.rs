//! Rows as the text that COPY reads: a line for each, a tab between columns.

use std::fmt::{Display, Write as _};

/// What a cell becomes that holds a NUL, which no text of the server can hold.
const IN_PLACE_OF_NUL: char = char::REPLACEMENT_CHARACTER;

/// Rows for COPY.
#[derive(Debug, Default)]
pub(super) struct CopyText {
    text: String,
    rows: usize,
    /// The next column is the first of its row.
    is_row_open: bool,
}

impl CopyText {
    /// How many rows there are.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// How long the text is.
    pub(super) const fn bytes(&self) -> usize {
        self.text.len()
    }

    /// A number.
    pub(super) fn number(&mut self, number: i64) {
        self.separate();
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{number}");
    }

    /// A text, whatever is in it.
    pub(super) fn text(&mut self, text: impl Display) {
        self.separate();
        let _ = write!(Escaped(&mut self.text), "{text}");
    }

    /// Nothing.
    pub(super) fn null(&mut self) {
        self.separate();
        self.text.push_str("\\N");
    }

    /// A text that may not be there.
    pub(super) fn text_or_null(&mut self, text: Option<impl Display>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// Ends a row.
    pub(super) fn end_row(&mut self) {
        self.text.push('\n');
        self.rows += 1;
        self.is_row_open = false;
    }

    /// The rows so far; the next one is the first again.
    pub(super) fn take(&mut self) -> String {
        let next = String::with_capacity(self.text.len());
        self.rows = 0;
        std::mem::replace(&mut self.text, next)
    }

    fn separate(&mut self) {
        if std::mem::replace(&mut self.is_row_open, true) {
            self.text.push('\t');
        }
    }
}

/// Writes texts so that COPY reads them back as they are.
struct Escaped<'t>(&'t mut String);

impl std::fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(['\\', '\n', '\r', '\t', '\0']) {
            let (plain, from) = rest.split_at(at);
            self.0.push_str(plain);
            let mut letters = from.chars();
            match letters.next() {
                Some('\\') => self.0.push_str("\\\\"),
                Some('\n') => self.0.push_str("\\n"),
                Some('\r') => self.0.push_str("\\r"),
                Some('\t') => self.0.push_str("\\t"),
                _ => self.0.push(IN_PLACE_OF_NUL),
            }
            rest = letters.as_str();
        }
        self.0.push_str(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_as_copy_reads_them() {
        let mut rows = CopyText::default();
        rows.number(-7);
        rows.text("a\tb\nc\rd\\N\\.\"é\u{1f}");
        rows.null();
        rows.end_row();
        rows.text_or_null(Some(""));
        rows.text_or_null(None::<&str>);
        rows.text("NUL\0here");
        rows.end_row();
        assert_eq!(rows.rows(), 2);
        assert_eq!(rows.take(), "-7\ta\\tb\\nc\\rd\\\\N\\\\.\"é\u{1f}\t\\N\n\t\\N\tNUL\u{fffd}here\n");
        rows.text("\\");
        rows.end_row();
        assert_eq!((rows.rows(), rows.take().as_str()), (1, "\\\\\n"));
    }
}
