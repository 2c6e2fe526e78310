//! `cleanup undo`: what a job has done, to restore it by hand; with `--apply` it is restored as far as the platforms offer that.

use std::path::{Path, PathBuf};

use crate::app::run::{RestoreRequest, RunTerms, restore};
use crate::app::{Facts, RESTORE_COLUMNS, RestoreList, file_of, refuse_places, restore_cells, restore_note};
use crate::cli::args::UndoArgs;
use crate::cli::context::Context;
use crate::domain::{Action, Wall};
use crate::error::{CommandError, ErrorKind};
use crate::pages::{LinkRow, Part, restore_page};
use crate::store::PickedTask;
use crate::text::escaped;

use super::paged::Places;
use super::picked_rows::{card, write_pages, write_table};

/// Writes the list, or restores what is on it.
///
/// # Errors
/// There is no such job or round; the queue cannot be read, a file cannot be written.
pub async fn run(context: &Context, args: &UndoArgs) -> Result<u8, CommandError> {
    if args.apply {
        return apply(context, args).await;
    }
    if args.drain.is_given() {
        let message = "how a restore runs is said with --apply alone; without it nothing is sent";
        return Err(CommandError::new(ErrorKind::Usage, message).hint("add --apply, or leave the other options out"));
    }
    let (mut store, job) = context.job(&args.job).await?;
    refuse_places([args.output.as_ref(), args.html.as_ref()], [Some(&job.path)])?;
    let RestoreList { picked, irreversible } = RestoreList::of(&mut store, &job, args.round).await?;
    let total = picked.total;
    if args.output.is_some() || args.html.is_none() {
        write_table(&picked, &mut store, (args.output.as_ref(), args.raw), RESTORE_COLUMNS, restore_cells, context)
            .await?;
    }
    let mut places: Vec<PathBuf> = file_of(args.output.as_deref()).map(Path::to_path_buf).into_iter().collect();
    if args.html.is_some() {
        let (now, is_sandbox) = (context.clock.now().wall, context.settings.is_sandbox());
        let page = |number, places: &Places, rows: &[LinkRow]| {
            restore_page(&job.name, rows, total, Part { number, files: &places.names }, now, is_sandbox, &irreversible)
        };
        places.extend(write_pages(&picked, &mut store, file_of(args.html.as_deref()), link, page, context).await?);
    }
    picked.finish(store).await?;
    let older = if job.round_number > 1 && args.round.is_none() {
        " of the newest round (--round has earlier ones)"
    } else {
        ""
    };
    let files: Vec<String> = places.iter().map(|path| escaped(&path.display().to_string()).into_owned()).collect();
    let written = if files.is_empty() { String::new() } else { format!(", written to {}", files.join(", ")) };
    context
        .printer
        .say(&format!("{}: {total} done{older}, newest first{written}; nothing was sent", escaped(&job.name)));
    for sentence in irreversible {
        context.printer.say(sentence);
    }
    Ok(0)
}

/// Restores what the platforms can restore, through their APIs.
async fn apply(context: &Context, args: &UndoArgs) -> Result<u8, CommandError> {
    let request = RestoreRequest { job: args.job.clone(), round: args.round, bounds: args.drain.bounds.bounds() };
    let until = args.drain.deadline(context.clock.now(), &context.local.zone)?;
    let terms = RunTerms { until, yes: args.drain.yes, ..RunTerms::default() };
    let ended = restore(context.deps(), &request, terms).await;
    let ended = ended.and_then(|end| context.close_run(&end, args.drain.json));
    context.notify(&ended).await;
    ended.map(|report| report.code)
}

fn link(place: u64, task: &PickedTask, facts: &Facts) -> LinkRow {
    let done = task.finished_at.map(Wall::rfc3339).unwrap_or_default().replace(['T', 'Z'], " ");
    LinkRow {
        place,
        task: task.task.0,
        action: match task.action.inverse() {
            None | Some(Action::Post) => "gone for good",
            Some(inverse) => inverse.name(),
        },
        target: task.target.to_string(),
        what: card(task, facts),
        note: format!("{} by {} {}; {}", task.action.name(), task.account, done.trim(), restore_note(task)),
    }
}
