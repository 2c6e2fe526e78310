//! Verdicts row for row, in the order of the file.

use std::path::PathBuf;

use crate::app::Facts;
use crate::app::PickedRows;
use crate::cli::commands::picked_rows::write_table;
use crate::cli::context::Context;
use crate::domain::{TaskState, Wall};
use crate::error::CommandError;
use crate::store::{Job, PickOrder, PickedTask, Store, TaskFilter, VerifyResult};

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
    let wanted = TaskFilter { states: vec![TaskState::Done], ghosts: false };
    let picked = PickedRows::pick(store, (job, job.round_number), &wanted, PickOrder::File).await?;
    write_table(&picked, store, (Some(output), raw), COLUMNS, cells, context).await?;
    Ok(store.read().end_picking().await?)
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
        facts.url.clone().unwrap_or_default(),
    ]
}
