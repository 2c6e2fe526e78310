//! Verdicts row for row, in the order of the file.

use std::io::Write;
use std::path::PathBuf;

use crate::app::{FactColumns, Facts};
use crate::cli::commands::paged::file_of;
use crate::cli::context::Context;
use crate::cli::output::WholeFile;
use crate::domain::{TaskState, Wall};
use crate::error::CommandError;
use crate::jobfile::TableWriter;
use crate::store::{Job, PickOrder, PickedTask, Store, TaskFilter, VerifyResult};

const ROWS_PER_READ: u64 = 5_000;
const COLUMNS: [&str; 9] =
    ["target_id", "handle", "name", "account", "action", "done_at", "verdict", "read_at", "link"];

/// Writes the table to a file that appears whole, or to stdout.
pub(super) async fn write(
    context: &Context,
    store: &mut Store,
    job: &Job,
    output: &PathBuf,
    raw: bool,
) -> Result<(), CommandError> {
    match file_of(Some(output)) {
        None => {
            let out = context.printer.data_writer();
            let complain = out.errors();
            rows(store, job, out, raw, &complain).await.map(drop)
        }
        Some(path) => {
            let complain = |error| CommandError::io(path.display(), error);
            let file = WholeFile::create(path).map_err(complain)?;
            rows(store, job, file, raw, &complain).await?.keep().map_err(complain)
        }
    }
}

async fn rows<W: Write>(
    store: &mut Store,
    job: &Job,
    to: W,
    raw: bool,
    complain: &impl Fn(std::io::Error) -> CommandError,
) -> Result<W, CommandError> {
    let wanted = TaskFilter { states: vec![TaskState::Done], ghosts: false };
    let total = store.read().select_tasks(job, job.round_number, &wanted, PickOrder::File).await?.unwrap_or(0);
    let columns = FactColumns::of(store, job, job.round_number).await?;
    let mut table = TableWriter::new(to, raw);
    table.header(COLUMNS).map_err(complain)?;
    for from in (0..total).step_by(ROWS_PER_READ as usize) {
        let tasks = store.read().picked(from, ROWS_PER_READ).await?;
        let facts = columns.facts(store, &tasks).await?;
        for (task, facts) in tasks.iter().zip(&facts) {
            for cell in cells(task, facts) {
                table.cell(&cell).map_err(complain)?;
            }
            table.end_row().map_err(complain)?;
        }
    }
    store.read().end_picking().await?;
    table.finish().map_err(complain)
}

fn cells(task: &PickedTask, facts: &Facts) -> [String; COLUMNS.len()] {
    [
        task.target.to_string(),
        facts.handle.clone().unwrap_or_default(),
        facts.name.clone().unwrap_or_default(),
        task.account.clone(),
        task.action.name().to_owned(),
        task.finished_at.map(Wall::rfc3339).unwrap_or_default(),
        task.verdict.map_or("undecided", VerifyResult::name).to_owned(),
        task.read_at.map(Wall::rfc3339).unwrap_or_default(),
        facts.url.clone(),
    ]
}
