//! A table as CSV. Cells that a spreadsheet would run as a formula are made harmless, and an error of the disk is passed on as the
//! disk tells it: the csv crate's own conversions hide which it was.
//!
//! In: cells and ends of rows. Out: CSV, to any writer. What does not belong here: which columns there are.

use std::io::{self, Write};

use super::header::NAME_COLUMNS;
use super::spreadsheet::{guarded, name_cell};
use super::text::folded;

const BUFFER_BYTES: usize = 1 << 16;

/// Writes a table, row by row; every row has as many cells as the first.
pub struct TableWriter<W: Write> {
    csv: csv::Writer<W>,
    /// Which columns hold names of users.
    has_names: Vec<bool>,
    column: usize,
    is_raw: bool,
    scratch: String,
}

impl<W: Write> TableWriter<W> {
    /// Begins a table. If `raw`, cells stay as they are.
    pub fn new(to: W, raw: bool) -> TableWriter<W> {
        let csv = csv::WriterBuilder::new().buffer_capacity(BUFFER_BYTES).from_writer(to);
        TableWriter { csv, has_names: Vec::new(), column: 0, is_raw: raw, scratch: String::new() }
    }

    /// Writes the names of the columns.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn header<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        let mut has_names = Vec::new();
        for name in names {
            has_names.push(NAME_COLUMNS.contains(&folded(name).as_str()));
            self.cell(name)?;
        }
        self.has_names = has_names;
        self.end_row()
    }

    /// Writes a cell whose text is somebody else's. In a column of names of users a name is written without its `@`, at which
    /// spreadsheets look for a formula: no apostrophe is needed then, and it is read back as the same name.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn cell(&mut self, text: &str) -> io::Result<()> {
        let is_name = self.has_names.get(self.column).is_some_and(|is_name| *is_name);
        let text = if is_name && !self.is_raw { name_cell(text) } else { text };
        self.column += 1;
        // A file with a NUL in it is none that can be read back, and one name would be enough.
        let without_nul = text.contains('\0').then(|| text.replace('\0', "\u{fffd}"));
        let text = without_nul.as_deref().unwrap_or(text);
        self.csv.write_field(guarded(text, self.is_raw, &mut self.scratch)).map_err(io_error)
    }

    /// Writes a cell whose text is ours.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn plain_cell(&mut self, text: &str) -> io::Result<()> {
        self.column += 1;
        self.csv.write_field(text).map_err(io_error)
    }

    /// Ends a row.
    ///
    /// # Errors
    /// Those of the writer; the row has more or fewer cells than the first.
    pub fn end_row(&mut self) -> io::Result<()> {
        self.column = 0;
        self.csv.write_record(None::<&[u8]>).map_err(io_error)
    }

    /// Gives the writer back, flushed.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.csv.flush()?;
        self.csv.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_nul_in_somebody_elses_text_does_not_make_a_file_that_nobody_can_read() {
        for raw in [false, true] {
            let mut table = TableWriter::new(Vec::new(), raw);
            table.header(["target_id", "name"]).unwrap();
            table.cell("7").unwrap();
            table.cell("a\0b").unwrap();
            table.end_row().unwrap();
            assert_eq!(table.finish().unwrap(), "target_id,name\n7,a\u{fffd}b\n".as_bytes(), "{raw}");
        }
    }

    /// A disk that is full from some byte on.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.len() > self.0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0 -= bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write(to: Full, rows: usize) -> io::Result<()> {
        let mut table = TableWriter::new(to, false);
        table.header(["a", "b"])?;
        for _ in 0..rows {
            table.cell("=1+1")?;
            table.plain_cell("x")?;
            table.end_row()?;
        }
        table.finish().map(drop)
    }

    #[test]
    fn a_full_disk_is_told_as_such_in_a_row_and_at_the_end() {
        for rows in [0, 1, 100_000] {
            assert_eq!(write(Full(0), rows).unwrap_err().kind(), io::ErrorKind::StorageFull, "{rows}");
            assert!(write(Full(usize::MAX), rows).is_ok(), "{rows}");
        }
        assert_eq!(write(Full(BUFFER_BYTES), 100_000).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn only_what_is_not_ours_is_made_harmless_and_rows_are_of_one_width() {
        let mut table = TableWriter::new(Vec::new(), false);
        table.header(["a", "Handle", "c"]).unwrap();
        for _ in 0..2 {
            table.cell("@ada").unwrap();
            table.cell("@ada").unwrap();
            table.plain_cell("=1").unwrap();
            table.end_row().unwrap();
        }
        table.cell("one").unwrap();
        assert!(table.end_row().is_err());
        let text = String::from_utf8(table.finish().unwrap()).unwrap();
        assert!(text.starts_with("a,Handle,c\n'@ada,ada,=1\n'@ada,ada,=1\n"), "{text}");
    }
}
