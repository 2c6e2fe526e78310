//! The rows of a file as the queue keeps them, made a source again: where the file itself may be gone, another version of the reader
//! judges what is left of it. What is not kept (spacing, the separator, the encoding) decides about no row.
//!
//! In: columns and rows in their order. Out: a [`Source`] that lives in a temporary file.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use super::{JobFileError, MAX_SPOOL_BYTES, Source, stored_from_cells};

/// Rows on their way into a temporary file.
pub struct RowsAgain {
    name: String,
    file: BufWriter<File>,
    bytes: u64,
    /// The line before has no end yet.
    is_open: bool,
}

impl RowsAgain {
    /// Begins with the columns; none: the file has no header. Messages call it `name`.
    ///
    /// # Errors
    /// The folder for temporary files cannot be written.
    pub fn begin(name: &str, columns: Option<&[String]>) -> Result<RowsAgain, JobFileError> {
        let file = tempfile::tempfile().map_err(|source| JobFileError::Spool { path: name.to_owned(), source })?;
        let mut rows = RowsAgain { name: name.to_owned(), file: BufWriter::new(file), bytes: 0, is_open: false };
        // Whatever the first line looks like, cells are separated by commas.
        rows.write("sep=,\n")?;
        if let Some(columns) = columns {
            rows.push(&stored_from_cells(columns))?;
        }
        Ok(rows)
    }

    /// Takes the next row, as [`stored_from_cells`] writes it.
    ///
    /// # Errors
    /// The temporary file is full.
    pub fn push(&mut self, record: &str) -> Result<(), JobFileError> {
        if self.is_open {
            self.write("\n")?;
        }
        self.is_open = true;
        // Without quotes a row of one empty cell would be a blank line.
        self.write(if record.is_empty() { "\"\"" } else { record })
    }

    /// All of it, to be read as a file is. Where it is not known whether the last row came whole, it is judged as one without a line end.
    ///
    /// # Errors
    /// The temporary file is full.
    pub fn finish(mut self, is_last_row_whole: bool) -> Result<Source, JobFileError> {
        if self.is_open && is_last_row_whole {
            self.write("\n")?;
        }
        let RowsAgain { name, file, .. } = self;
        let file = file.into_inner().map_err(|error| full(&name, error.into_error()))?;
        Ok(Source::of_file(name, file))
    }

    fn write(&mut self, text: &str) -> Result<(), JobFileError> {
        self.bytes += text.len() as u64;
        if self.bytes > MAX_SPOOL_BYTES {
            return Err(JobFileError::SpoolTooLong { path: self.name.clone(), max_bytes: MAX_SPOOL_BYTES });
        }
        self.file.write_all(text.as_bytes()).map_err(|error| full(&self.name, error))
    }
}

fn full(name: &str, source: io::Error) -> JobFileError {
    JobFileError::Spool { path: name.to_owned(), source }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Action;
    use crate::jobfile::{ReadOptions, RowVerdict, Survey};

    fn verdicts(source: &Source, options: &ReadOptions) -> Vec<String> {
        let survey = Survey::of(source, options).unwrap();
        let mut rows = survey.rows(source).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            found.push(match row.verdict {
                RowVerdict::Task { action, target, .. } => format!("{action} {target} {:?}", row.cells),
                RowVerdict::Rejected { rejection, .. } => format!("{} {:?}", rejection.reason(), row.cells),
            });
        }
        found
    }

    /// The rows of a file as they are queued, made a source again.
    fn again(source: &Source, options: &ReadOptions, is_last_row_whole: bool) -> Source {
        let survey = Survey::of(source, options).unwrap();
        let mut rows = survey.rows(source).unwrap();
        let mut written = RowsAgain::begin("again", survey.has_header.then_some(&survey.columns[..])).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let plain = match &row.verdict {
                RowVerdict::Task { target, .. } => target.to_string(),
                RowVerdict::Rejected { .. } => String::new(),
            };
            written.push(row.cells.unwrap_or(&plain)).unwrap();
        }
        written.finish(is_last_row_whole).unwrap()
    }

    /// What a reader has queued that did not look at the end of the file.
    #[test]
    fn a_last_row_that_may_be_cut_is_judged_as_one() {
        let text = "user_id\n1629556410996121225\n1629556410996125633\n16295\n";
        let source = Source::spool("old", text.as_bytes()).unwrap();
        let options = ReadOptions { action: Some(Action::Unfollow), ..ReadOptions::default() };
        let last = |is_whole| verdicts(&again(&source, &options, is_whole), &options).pop().unwrap();
        assert!(last(true).starts_with("unfollow 16295"), "{}", last(true));
        assert!(last(false).starts_with("cut_off"), "{}", last(false));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_kept_is_read_as_the_file_was(
            header in prop_oneof![Just(""), Just("user_id"), Just("user_id;note"), Just("\u{feff}note,user_id"), Just("user_id\tnote\tx")],
            rows in proptest::collection::vec("[ @a1;,\"'\t]{0,6}|[1-9][0-9]{15,18}|[1-9]0{5}E\\+18|\"a\n1\"", 1..12),
        ) {
            let text = format!("{header}\n1000000000000000007\n{}\n", rows.join("\n"));
            let source = Source::spool("first", text.as_bytes()).unwrap();
            let options = ReadOptions { action: Some(Action::Unfollow), ..ReadOptions::default() };
            // A file that cannot be read as a whole is never queued.
            prop_assume!(Survey::of(&source, &options).is_ok());
            prop_assert_eq!(verdicts(&again(&source, &options, true), &options), verdicts(&source, &options));
        }
    }
}
