//! Rows of a round picked by what became of them, with what is known of their targets: as a table, or as pages of links. In: which rows.
//! Out: files, or stdout. What does not belong here: what a cell says.

use std::path::{Path, PathBuf};

use super::paged::Places;
use crate::app::{FactColumns, Facts, no_such_round};
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::error::CommandError;
use crate::jobfile::TableWriter;
use crate::pages::{Card, LinkRow, MAX_LINKS_PER_PAGE};
use crate::store::{Job, PickOrder, PickedTask, Store, TaskFilter};

/// Rows of a table that are read at once.
const ROWS_PER_READ: u64 = 5_000;

/// What was picked; its pages are of one snapshot until [`crate::store::ReadStore::end_picking`].
pub(super) struct PickedRows {
    /// How many.
    pub(super) total: u64,
    columns: FactColumns,
}

impl PickedRows {
    /// Picks rows of a round.
    ///
    /// # Errors
    /// There is no such round (2); the queue cannot be read.
    pub(super) async fn pick(
        store: &mut Store,
        (job, round): (&Job, u32),
        wanted: &TaskFilter,
        order: PickOrder,
    ) -> Result<PickedRows, CommandError> {
        let picked = store.read().select_tasks(job, round, wanted, order).await?;
        let total = picked.ok_or_else(|| no_such_round(job, round))?;
        Ok(PickedRows { total, columns: FactColumns::of(store, job, round).await? })
    }

    /// So many of them, from the one at `from` on.
    pub(super) async fn read(
        &self,
        store: &mut Store,
        from: u64,
        count: u64,
    ) -> Result<Vec<(PickedTask, Facts)>, CommandError> {
        let tasks = store.read().picked(from, count).await?;
        let facts = self.columns.facts(store, &tasks).await?;
        Ok(tasks.into_iter().zip(facts).collect())
    }

    /// Writes all of them as a table, to a file or to stdout.
    pub(super) async fn table<'a, C: IntoIterator<Item = String>>(
        &self,
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
        for from in (0..self.total).step_by(ROWS_PER_READ as usize) {
            for (task, facts) in self.read(store, from, ROWS_PER_READ).await? {
                for cell in cells(&task, &facts) {
                    table.cell(&cell).map_err(&complain)?;
                }
                table.end_row().map_err(&complain)?;
            }
        }
        table.finish().map_err(complain)?.keep()
    }

    /// Writes all of them as pages of links; says which files they are.
    pub(super) async fn pages(
        &self,
        store: &mut Store,
        output: Option<&Path>,
        link: impl Fn(u64, &PickedTask, &Facts) -> LinkRow,
        page: impl Fn(u64, &Places, &[LinkRow]) -> String,
        context: &Context,
    ) -> Result<Vec<PathBuf>, CommandError> {
        let places = Places::for_links(output, self.total)?;
        for number in 1..=places.count() {
            let from = (number - 1) * MAX_LINKS_PER_PAGE;
            let rows = self.read(store, from, MAX_LINKS_PER_PAGE).await?;
            let links = (from + 1..).zip(&rows).map(|(place, (task, facts))| link(place, task, facts));
            places.put(number, &page(number, &places, &links.collect::<Vec<_>>()), context)?;
        }
        Ok(places.paths())
    }
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
