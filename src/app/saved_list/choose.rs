//! The rows of a saved list: which of them pass a filter, some of them to be shown, and those that are chosen as a job file.
//!
//! The file is read from its begin to as far as is needed, a row at a time: whatever its length, only numbers of rows stay in memory.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use csv::StringRecord;

use super::info::SavedListInfo;
use super::shelf::TickedOut;
use crate::domain::{Target, TargetKind};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::TableWriter;
use crate::lists::filter::{Filter, Judgement, Rule, Stage, Staged, Take};
use crate::lists::{Entry, RowEntry, RowReader};
use crate::platforms::spec;

/// The column that says who is not there any more. `cleanup list` does not write it, for it is asked there as a rule alone.
pub(super) const GHOST_COLUMN: &str = "is_ghost";
/// Rows of a list beyond this are not shown or chosen.
const MAX_ROWS: usize = 5_000_000;

/// What a filter leaves of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChosenRows {
    /// The numbers of the rows that pass, from 0, as they are shown.
    pub rows: Vec<u32>,
    /// Rows looked at.
    pub read: u64,
    /// How many each rule spared.
    pub spared: BTreeMap<Rule, u64>,
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRow {
    /// Its number, from 0.
    pub row: u32,
    /// What it tells.
    pub entry: Entry,
}

/// The file of a list, row by row.
struct ListFileReader {
    csv: csv::Reader<std::fs::File>,
    reader: RowReader,
    ghost: Option<usize>,
    is_opaque: bool,
    kind: TargetKind,
    next: u32,
}

impl ListFileReader {
    fn open(path: &Path, info: &SavedListInfo) -> Result<ListFileReader, CommandError> {
        let mut csv =
            csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(|error| unreadable(path, &error))?;
        let names: Vec<String> =
            csv.headers().map_err(|error| unreadable(path, &error))?.iter().map(str::to_owned).collect();
        Ok(ListFileReader {
            reader: RowReader::new(&names),
            ghost: names.iter().position(|name| name == GHOST_COLUMN),
            csv,
            is_opaque: info.platform.is_some_and(|platform| spec(platform).has_opaque_ids()),
            kind: info.list.target_kind(),
            next: 0,
        })
    }

    /// The next row into `record`, and its number; none: that was the last.
    fn next(&mut self, path: &Path, record: &mut StringRecord) -> Result<Option<u32>, CommandError> {
        if self.next as usize >= MAX_ROWS || !self.csv.read_record(record).map_err(|error| unreadable(path, &error))? {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(self.next - 1))
    }

    fn entry(&self, record: &StringRecord) -> Option<RowEntry> {
        let target: Target = record.get(0)?.trim().parse().ok()?;
        let cells: Vec<&str> = record.iter().collect();
        let mut row = self.reader.entry_of_cells(&target, None, &cells);
        row.entry.is_opaque = self.is_opaque;
        row.entry.is_ghost = self.ghost.and_then(|at| cells.get(at)).and_then(|cell| cell.parse().ok());
        Some(row)
    }
}

/// Which rows pass.
///
/// # Errors
/// The file cannot be read; there are more than can be put in order.
pub fn choose_rows(path: &Path, info: &SavedListInfo, filter: &Filter, take: Take) -> Result<ChosenRows, CommandError> {
    let mut file = ListFileReader::open(path, info)?;
    if filter.keep.is_none() && filter.only.is_none() {
        file.reader = file.reader.brief();
    }
    let (mut record, mut chosen, mut stage) = (StringRecord::new(), ChosenRows::default(), Stage::new(take));
    let mut spare = |rule: Rule| *chosen.spared.entry(rule).or_default() += 1;
    while let Some(row) = file.next(path, &mut record)? {
        chosen.read += 1;
        let Some(known) = file.entry(&record) else { continue };
        if let Judgement::Spared(rule) = filter.judge_row(&known, file.kind) {
            spare(rule);
            continue;
        }
        match stage.push(filter.date(&known.entry, file.kind), row)? {
            Staged::Out(row) => chosen.rows.push(row),
            Staged::Held => {}
            Staged::Spared(_, rule) => spare(rule),
        }
    }
    chosen.rows.extend(stage.finish());
    Ok(chosen)
}

/// These rows, in the order in which they are asked for. What is not there is left out.
///
/// # Errors
/// The file cannot be read.
pub fn read_rows(path: &Path, info: &SavedListInfo, wanted: &[u32]) -> Result<Vec<ListedRow>, CommandError> {
    let mut found: BTreeMap<u32, Entry> = BTreeMap::new();
    let last = wanted.iter().max();
    let (mut file, mut record) = (ListFileReader::open(path, info)?, StringRecord::new());
    while let Some(row) = file.next(path, &mut record)? {
        if last.is_none_or(|last| row > *last) {
            break;
        }
        if wanted.contains(&row)
            && let Some(known) = file.entry(&record)
        {
            found.insert(row, known.entry);
        }
    }
    Ok(wanted.iter().filter_map(|row| Some(ListedRow { row: *row, entry: found.remove(row)? })).collect())
}

/// Writes the rows that pass and are not ticked out as a job file, in the order of the list, and gives `to` back. Cells that a spreadsheet
/// would run are made harmless, as in every list that is handed out.
///
/// # Errors
/// The list cannot be read, or `to` not be written.
pub fn write_chosen<W: Write>(
    path: &Path,
    info: &SavedListInfo,
    (chosen, out): (&ChosenRows, &TickedOut),
    to: W,
) -> Result<W, CommandError> {
    let mut rows: Vec<u32> = chosen.rows.iter().copied().filter(|row| !out.has(*row)).collect();
    rows.sort_unstable();
    let (mut file, mut record) = (ListFileReader::open(path, info)?, StringRecord::new());
    let mut table = TableWriter::new(to, false);
    let complain = |error: io::Error| CommandError::io("the job file", error);
    let headers = file.csv.headers().map_err(|error| unreadable(path, &error))?.clone();
    table.header(headers.iter()).map_err(complain)?;
    let mut rest = rows.iter().peekable();
    while rest.peek().is_some()
        && let Some(row) = file.next(path, &mut record)?
    {
        if rest.next_if(|next| **next == row).is_some() {
            record.iter().try_for_each(|cell| table.cell(cell)).and_then(|()| table.end_row()).map_err(complain)?;
        }
    }
    table.finish().map_err(complain)
}

fn unreadable(path: &Path, error: &csv::Error) -> CommandError {
    CommandError::new(ErrorKind::Io, format!("{} cannot be read: {error}", path.display()))
        .hint("delete the list, and read it again")
}
