//! The file of `--spared`: entries that a rule kept off a list, each with the rule. In: entries. Out: a file that appears whole.

use crate::domain::ListKind;
use std::path::PathBuf;

use super::output::{WholeFile, list_error};
use crate::error::CommandError;
use crate::lists::filter::Rule;
use crate::lists::{Entry, ListWriter};

/// The file, where one was asked for.
pub(super) struct SparedFile(Option<(ListWriter<WholeFile>, PathBuf)>);

impl SparedFile {
    /// Begins it.
    ///
    /// # Errors
    /// It cannot be made (74).
    pub(super) fn create(
        path: Option<&PathBuf>,
        list: ListKind,
        force: bool,
        raw: bool,
    ) -> Result<SparedFile, CommandError> {
        let Some(path) = path else { return Ok(SparedFile(None)) };
        let begun = WholeFile::create(path, force).and_then(|file| ListWriter::of_spared(file, list, raw));
        let writer = begun.map_err(|error| CommandError::io(path.display(), error))?;
        Ok(SparedFile(Some((writer, path.clone()))))
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// It cannot be written (74).
    pub(super) fn write(&mut self, entry: &Entry, rule: Rule) -> Result<(), CommandError> {
        let Some((writer, path)) = &mut self.0 else { return Ok(()) };
        writer.write_spared(entry, rule).map_err(|error| CommandError::io(path.display(), error))
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// It cannot be saved (74), or another file has appeared there (2).
    pub(super) fn keep(self) -> Result<(), CommandError> {
        let Some((writer, path)) = self.0 else { return Ok(()) };
        writer.finish().and_then(WholeFile::keep).map_err(|error| list_error(&path, error))
    }
}
