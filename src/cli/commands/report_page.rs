//! `cleanup report --format html`: what became of a job, as one page.

use crate::app::file_of;
use crate::cli::args::ReportArgs;
use crate::cli::context::Context;
use crate::domain::TaskState;
use crate::error::CommandError;
use crate::jobfile::cells_from_stored;
use crate::pages::{Card, LookRow, MAX_BARS, MAX_LOOK_ROWS, OutcomeRow, ReportPage, report_page};
use crate::store::{Job, PickOrder, PickedTask, RejectedRow, Store, TaskFilter};
use crate::text::escaped;

use super::paged::put;
use super::picked_rows::card;
use crate::app::PickedRows;

/// The shortest stretch of the chart, in milliseconds.
const SHORTEST_STRETCH_MS: i64 = 1_000;

/// Writes the page.
pub(super) async fn run(
    context: &Context,
    args: &ReportArgs,
    mut store: Store,
    job: &Job,
    round: u32,
) -> Result<u8, CommandError> {
    let outcomes = store.read().reasons(job, round).await?;
    let timeline = store.read().timeline(job, round, MAX_BARS, SHORTEST_STRETCH_MS).await?;
    let (look, look_total) = look_rows(&mut store, job, round).await?;
    let explain = context.command(&["explain", "ID"]);
    let receipts = context.command(&["report", &job.name, "-o", "receipts.csv"]);
    let worklist = context.command(&["report", &job.name, "--worklist", "-o", "by-hand.html"]);
    let page = ReportPage {
        job: job.name.clone(),
        round: (round, job.round_number),
        is_sandbox: context.settings.is_sandbox(),
        made_at: context.clock.now().wall,
        outcomes: outcomes
            .into_iter()
            .map(|count| OutcomeRow { outcome: count.outcome, reason: count.reason, rows: count.rows })
            .collect(),
        timeline,
        look,
        look_total,
        next: [
            (receipts, "has every row with what became of it"),
            (explain, "tells every attempt at a target and what the platform answered"),
            (worklist, "makes a page to do by hand what was refused"),
        ]
        .map(|(command, what)| (command.trim_matches('`').to_owned(), what))
        .to_vec(),
    };
    store.close().await;
    let path = file_of(args.output.as_deref());
    put(path, &report_page(&page), context)?;
    if let Some(path) = path {
        let (job, path) = (escaped(&job.name).into_owned(), path.to_string_lossy().into_owned());
        context.printer.say(&format!("the report of {job} is in {}: open it in a browser", escaped(&path)));
    }
    Ok(0)
}

/// The first rows that need a look, in the order of the file, and how many there are.
async fn look_rows(store: &mut Store, job: &Job, round: u32) -> Result<(Vec<LookRow>, u64), CommandError> {
    let states = vec![TaskState::Failed, TaskState::Provisional];
    let wanted = TaskFilter { states, ghosts: false };
    let picked = PickedRows::pick(store, (job, round), &wanted, PickOrder::File).await?;
    let tasks = picked.read(store, 0, MAX_LOOK_ROWS).await?;
    store.read().end_picking().await?;
    let mut rows: Vec<LookRow> = tasks.iter().map(|(task, facts)| look_of(task, card(task, facts))).collect();
    let most = u32::try_from(MAX_LOOK_ROWS).unwrap_or(u32::MAX);
    rows.extend(store.read().rejected_rows(job, round, most).await?.into_iter().map(rejected_look));
    // Rows that are no longer in the file have no line and come last.
    rows.sort_by_key(|row| row.line.unwrap_or(u64::MAX));
    rows.truncate(usize::try_from(MAX_LOOK_ROWS).unwrap_or(usize::MAX));
    let reasons = store.read().reasons(job, round).await?;
    let rejected: u64 =
        reasons.iter().filter(|count| count.outcome == crate::domain::Outcome::Rejected).map(|count| count.rows).sum();
    Ok((rows, picked.total + rejected))
}

fn look_of(task: &PickedTask, what: Card) -> LookRow {
    LookRow {
        line: task.line,
        what,
        outcome: if task.state == TaskState::Failed { "failed" } else { "provisional" },
        reason: task.reason.clone(),
        http_status: task.http_status,
        attempts: task.attempts,
        finished_at: task.finished_at,
    }
}

/// A rejected row has no target; its cells say what was there.
fn rejected_look(row: RejectedRow) -> LookRow {
    let cells = row.record.as_deref().map(cells_from_stored).unwrap_or_default();
    LookRow {
        line: Some(row.line),
        what: Card { label: cells.join(", "), ..Card::default() },
        outcome: "rejected",
        reason: Some(row.reason),
        http_status: None,
        attempts: 0,
        finished_at: None,
    }
}
