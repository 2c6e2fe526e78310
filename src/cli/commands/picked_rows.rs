//! Picked rows as a table, or as pages of links. In: rows, and what a cell says. Out: files, or stdout.

use std::path::{Path, PathBuf};

use super::paged::Places;
use crate::app::{Facts, PickedRows};
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::error::CommandError;
use crate::jobfile::TableWriter;
use crate::pages::{Card, LinkRow, MAX_LINKS_PER_PAGE};
use crate::store::{PickedTask, Store};

/// Rows of a table that are read at once.
const ROWS_PER_READ: u64 = 5_000;

/// Writes picked rows as a table, to a file or to stdout.
pub(super) async fn write_table<'a, C: IntoIterator<Item = String>>(
    picked: &PickedRows,
    store: &mut Store,
    (output, raw): (Option<&PathBuf>, bool),
    header: impl IntoIterator<Item = &'a str>,
    cells: impl Fn(&PickedTask, &Facts) -> C,
    context: &Context,
) -> Result<(), CommandError> {
    let output = Output::create(output.map(PathBuf::as_path), context.printer)?;
    let complain = output.errors();
    let mut table = TableWriter::new(output, raw);
    table.header(header).map_err(&complain)?;
    for from in (0..picked.total).step_by(ROWS_PER_READ as usize) {
        for (task, facts) in picked.read(store, from, ROWS_PER_READ).await? {
            for cell in cells(&task, &facts) {
                table.cell(&cell).map_err(&complain)?;
            }
            table.end_row().map_err(&complain)?;
        }
    }
    table.finish().map_err(complain)?.keep()
}

/// Writes picked rows as pages of links; says which files they are.
pub(super) async fn write_pages(
    picked: &PickedRows,
    store: &mut Store,
    output: Option<&Path>,
    link: impl Fn(u64, &PickedTask, &Facts) -> LinkRow,
    page: impl Fn(u64, &Places, &[LinkRow]) -> String,
    context: &Context,
) -> Result<Vec<PathBuf>, CommandError> {
    let places = Places::for_links(output, picked.total)?;
    for number in 1..=places.count() {
        let from = (number - 1) * MAX_LINKS_PER_PAGE;
        let rows = picked.read(store, from, MAX_LINKS_PER_PAGE).await?;
        let links = (from + 1..).zip(&rows).map(|(place, (task, facts))| link(place, task, facts));
        places.put(number, &page(number, &places, &links.collect::<Vec<_>>()), context)?;
    }
    Ok(places.paths())
}

/// A task's target as a page names it.
pub(super) fn card(task: &PickedTask, facts: &Facts) -> Card {
    Card {
        url: facts.url.clone(),
        label: facts.handle.clone().unwrap_or_else(|| task.target.to_string()),
        name: facts.name.clone(),
        text: facts.text.clone(),
    }
}
