//! The rows of a saved list: which of them pass a filter, some of them to be shown, and those that are chosen as a job file.
//!
//! The file is read a row at a time, and of each row what is asked for: whatever its length, only numbers of rows stay in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use super::info::SavedListInfo;
use super::list_file::SavedListFile;
use super::places::RowPlaces;
use super::shelf::TickedOut;
use crate::error::CommandError;
use crate::jobfile::TableWriter;
use crate::lists::Entry;
use crate::lists::filter::{Filter, Judgement, Rule, Stage, Staged, Take};

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

/// Which rows pass.
///
/// # Errors
/// The file cannot be read; there are more than can be put in order.
pub fn choose_rows(
    path: &Path,
    info: &SavedListInfo,
    (filter, take): (&Filter, Take),
    places: &RowPlaces,
) -> Result<ChosenRows, CommandError> {
    let mut file = SavedListFile::open(path, info, places)?;
    if let Some(columns) = filter.reads(take.order.is_some()) {
        file.narrow_to(&columns);
    }
    let (mut chosen, mut stage) = (ChosenRows::default(), Stage::new(take));
    let mut spare = |rule: Rule| *chosen.spared.entry(rule).or_default() += 1;
    while let Some(row) = file.advance()? {
        chosen.read += 1;
        let Some(known) = file.entry() else { continue };
        if let Judgement::Spared(rule) = filter.judge_row(&known, file.kind()) {
            spare(rule);
            continue;
        }
        match stage.push(filter.date(&known.entry, file.kind()), row)? {
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
pub fn read_rows(
    path: &Path,
    info: &SavedListInfo,
    wanted: &[u32],
    places: &RowPlaces,
) -> Result<Vec<ListedRow>, CommandError> {
    let mut found: BTreeMap<u32, Entry> = BTreeMap::new();
    let in_order: BTreeSet<u32> = wanted.iter().copied().collect();
    let mut file = SavedListFile::open(path, info, places)?;
    for row in in_order {
        if !file.skip_to(row)? || file.advance()?.is_none() {
            break;
        }
        if let Some(known) = file.entry() {
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
    let places = RowPlaces::default();
    let mut file = SavedListFile::open(path, info, &places)?;
    let mut table = TableWriter::new(to, false);
    let complain = |error: io::Error| CommandError::io("the job file", error);
    table.header(file.columns()?.iter()).map_err(complain)?;
    let mut rest = rows.iter().peekable();
    while rest.peek().is_some()
        && let Some(row) = file.advance()?
    {
        if rest.next_if(|next| **next == row).is_some() {
            let cells = file.record();
            cells.iter().try_for_each(|cell| table.cell(cell)).and_then(|()| table.end_row()).map_err(complain)?;
        }
    }
    table.finish().map_err(complain)
}
