//! What a saved list is written to: every entry that is read, whether the questions asked beside the list would spare it or not. They are
//! asked again, as filters, whenever somebody looks.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::list_file::{GHOST_COLUMN, HAS_TEXT_COLUMN};
use crate::app::list::ListSink;
use crate::domain::ListKind;
use crate::error::CommandError;
use crate::jobfile::TableWriter;
use crate::lists::filter::Rule;
use crate::lists::{Entry, columns, record};
use crate::store::{DurableFile, folder_of};

const MODE: u32 = 0o600;

/// The rows of a saved list on their way to its file, which appears whole.
pub(super) struct SavedListSink {
    table: TableWriter<DurableFile>,
    list: ListKind,
    path: PathBuf,
    rows: u64,
}

impl SavedListSink {
    pub(super) fn begin(path: &Path, list: ListKind) -> Result<SavedListSink, CommandError> {
        let begun = || {
            // As they are: whoever hands them on makes them harmless.
            let mut table = TableWriter::new(DurableFile::begin(folder_of(path), MODE)?, true);
            table.header(columns(list).iter().map(|column| column.name()).chain([GHOST_COLUMN, HAS_TEXT_COLUMN]))?;
            Ok(SavedListSink { table, list, path: path.to_owned(), rows: 0 })
        };
        begun().map_err(|error| CommandError::io(path.display(), error))
    }

    fn push(&mut self, entry: &Entry) -> io::Result<()> {
        for cell in record(self.list, entry) {
            self.table.cell(&cell)?;
        }
        self.table.cell(entry.is_ghost.map_or("", |is_ghost| if is_ghost { "true" } else { "false" }))?;
        self.table.cell(if entry.text.as_deref() == Some("") { "false" } else { "" })?;
        self.table.end_row()?;
        self.rows += 1;
        Ok(())
    }
}

impl ListSink for SavedListSink {
    fn write(&mut self, entry: &Entry) -> Result<(), CommandError> {
        self.push(entry).map_err(|error| CommandError::io(self.path.display(), error))
    }

    fn spare(&mut self, entry: &Entry, _rule: Rule) -> Result<(), CommandError> {
        self.write(entry)
    }

    fn keep(self: Box<Self>) -> Result<u64, CommandError> {
        let SavedListSink { table, path, rows, .. } = *self;
        let kept = || {
            let mut file = table.finish()?;
            file.flush()?;
            file.keep_as(&path, true)
        };
        kept().map(|()| rows).map_err(|error| CommandError::io(path.display(), error))
    }
}
