//! The file of a saved list, a row at a time. In: where it is, what is known of it. Out: entries. What does not belong here: which rows pass.

use std::fs::File;
use std::path::Path;

use csv::{ByteRecord, StringRecord};

use super::info::SavedListInfo;
use super::places::RowPlaces;
use crate::domain::{Target, TargetKind};
use crate::error::{CommandError, ErrorKind};
use crate::lists::{Column, RowEntry, RowReader};
use crate::platforms::spec;

/// The column that says who is not there any more. `cleanup list` does not write it, for it is asked there as a rule alone.
pub(super) const GHOST_COLUMN: &str = "is_ghost";
/// The column that says `false` where a text is known to be empty, as that of a picture alone is; a cell of the text cannot.
pub(super) const HAS_TEXT_COLUMN: &str = "has_text";
/// Rows of a list beyond this are not shown or chosen.
const MAX_ROWS: u32 = 5_000_000;

/// The file of a list, and how far it has been read.
pub(super) struct SavedListFile<'a> {
    path: &'a Path,
    places: &'a RowPlaces,
    csv: csv::Reader<File>,
    record: StringRecord,
    reader: RowReader,
    ghost: Option<usize>,
    has_text: Option<usize>,
    is_opaque: bool,
    kind: TargetKind,
    next: u32,
}

impl<'a> SavedListFile<'a> {
    /// Opens it. What is read adds to the places that are known.
    pub(super) fn open(
        path: &'a Path,
        info: &SavedListInfo,
        places: &'a RowPlaces,
    ) -> Result<SavedListFile<'a>, CommandError> {
        let complain = |error: csv::Error| unreadable(path, &error);
        let mut csv = csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(complain)?;
        let names: Vec<String> = csv.headers().map_err(complain)?.iter().map(str::to_owned).collect();
        Ok(SavedListFile {
            path,
            places,
            reader: RowReader::new(&names),
            ghost: names.iter().position(|name| name == GHOST_COLUMN),
            has_text: names.iter().position(|name| name == HAS_TEXT_COLUMN),
            csv,
            record: StringRecord::new(),
            is_opaque: info.platform.is_some_and(|platform| spec(platform).has_opaque_ids()),
            kind: info.list.target_kind(),
            next: 0,
        })
    }

    /// From here on nothing is decoded but these columns.
    pub(super) fn narrow_to(&mut self, columns: &[Column]) {
        self.reader = std::mem::take(&mut self.reader).narrowed_to(columns);
    }

    /// What the entries are.
    pub(super) fn kind(&self) -> TargetKind {
        self.kind
    }

    /// The names of the columns.
    pub(super) fn columns(&mut self) -> Result<StringRecord, CommandError> {
        self.csv.headers().cloned().map_err(|error| unreadable(self.path, &error))
    }

    /// Reads the next row; its number, or none: that was the last.
    pub(super) fn advance(&mut self) -> Result<Option<u32>, CommandError> {
        self.places.note(self.next, self.csv.position().byte());
        let read = self.csv.read_record(&mut self.record).map_err(|error| unreadable(self.path, &error))?;
        if !read || self.next >= MAX_ROWS {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(self.next - 1))
    }

    /// Passes over the rows before one; whether that one may be next.
    pub(super) fn skip_to(&mut self, row: u32) -> Result<bool, CommandError> {
        let complain = |error: csv::Error| unreadable(self.path, &error);
        if let Some((known, byte)) = self.places.before(row).filter(|(known, _)| *known > self.next) {
            let mut place = csv::Position::new();
            place.set_byte(byte);
            self.csv.seek(place).map_err(complain)?;
            self.next = known;
        }
        let mut passed = ByteRecord::new();
        while self.next < row {
            self.places.note(self.next, self.csv.position().byte());
            if !self.csv.read_byte_record(&mut passed).map_err(complain)? {
                return Ok(false);
            }
            self.next += 1;
        }
        Ok(true)
    }

    /// The cells of the row that was read last.
    pub(super) fn record(&self) -> &StringRecord {
        &self.record
    }

    /// What that row tells; none where it names no target.
    pub(super) fn entry(&self) -> Option<RowEntry> {
        let target: Target = self.record.get(0)?.trim().parse().ok()?;
        let cells: Vec<&str> = self.record.iter().collect();
        let mut row = self.reader.entry_of_cells(&target, None, &cells);
        row.entry.is_opaque = self.is_opaque;
        let flag = |column: Option<usize>| -> Option<bool> { cells.get(column?)?.parse().ok() };
        row.entry.is_ghost = flag(self.ghost);
        if flag(self.has_text) == Some(false) {
            row.entry.text.get_or_insert_default();
        }
        Some(row)
    }
}

fn unreadable(path: &Path, error: &csv::Error) -> CommandError {
    CommandError::new(ErrorKind::Io, format!("{} cannot be read: {error}", path.display()))
        .hint("delete the list, and read it again")
}
