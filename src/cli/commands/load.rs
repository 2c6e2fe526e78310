//! `cleanup load`: queue files without running them, and without the network. Saved worklists are taken back.

use crate::app::run::{load_files, load_options, plan_files, prepare_files, refuse_files_for_new_queue};
use crate::app::{HANDLE_NOT_RESOLVED, Identities, Prepared};
use crate::cli::args::LoadArgs;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::CommandError;
use crate::store::{Job, JobState, ServeLock, Store};
use crate::text::escaped;

use super::take_back;

/// Queues the files.
///
/// # Errors
/// A file or the queue is in the way; nothing of any file is queued where one of them cannot be.
pub async fn run(context: &Context, args: &LoadArgs) -> Result<u8, CommandError> {
    let (paths, saved) = take_back::split_saved(&args.files.files)?;
    let rows = args.rows.options();
    let files = prepare_files(&paths, args.files.job.as_deref(), &rows, context.deps()).await?;
    let mut load = load_options(&rows, &files, args.reload.options(), context.deps())?;
    let who = Identities::of(&context.settings, rows.platform, None)?;
    let mut store = match context.existing_queue().await? {
        Some(store) => store,
        None => {
            take_back::refuse_foreign(&saved, context)?;
            refuse_files_for_new_queue(&who, &rows, &files, &load, context.deps()).await?;
            context.open_queue().await?
        }
    };
    load.handles_asked = store.lists().handles_asked().await?;
    let worklists = take_back::find(&mut store, &saved, context).await?;
    let mut rejected = false;
    if files.is_empty() {
        for ((path, saved), worklist) in saved.into_iter().zip(&worklists) {
            rejected |= take_back::take(&mut store, &path, saved, worklist.as_ref(), context).await?;
        }
        store.close().await;
        return Ok(if rejected { 3 } else { 0 });
    }
    let (accounts, standings) = plan_files(&who, &mut store, &rows, &files, &load, context.deps()).await?;
    for ((path, saved), worklist) in saved.into_iter().zip(&worklists) {
        rejected |= take_back::take(&mut store, &path, saved, worklist.as_ref(), context).await?;
    }
    load_files(&mut store, &files, &standings, &accounts, &load, context.deps()).await?;
    for file in &files {
        rejected |= file.usable(&accounts) < file.survey.rows;
        rejected |= say_unresolved(&mut store, file, context).await?;
    }
    say_next(&mut store, &files, context).await?;
    store.close().await;
    Ok(if rejected { 3 } else { 0 })
}

/// What to type next: nothing where no row of these files is left to send.
async fn say_next(store: &mut Store, files: &[Prepared], context: &Context) -> Result<(), CommandError> {
    let names: Vec<&str> = files.iter().map(|file| file.job.as_str()).collect();
    let jobs =
        store.queue().jobs().await?.into_iter().filter(|job| names.contains(&job.name.as_str()) && job.pending > 0);
    let (active, resting): (Vec<Job>, Vec<Job>) = jobs.partition(|job| job.state == JobState::Active);
    if active.is_empty() && resting.is_empty() {
        context.printer.say("no row of it is left to send");
    }
    for job in resting.iter().filter(|job| job.state == JobState::Paused) {
        let unpause = context.command(&["unpause", &job.name]);
        context.printer.say(&format!("{} is paused; next: {unpause}", escaped(&job.name)));
    }
    if !active.is_empty() {
        context.printer.say(&if ServeLock::is_held(store.path())? {
            let status = context.command(&["status"]);
            format!("the server that works on this queue picks it up by itself; {status} shows how far it is")
        } else {
            format!("next: {}", context.command(&["resume"]))
        });
    }
    Ok(())
}

/// Rows whose handle nobody has asked about were rejected: a load does not use the network. Says so; true if there are any.
async fn say_unresolved(store: &mut Store, file: &Prepared, context: &Context) -> Result<bool, CommandError> {
    if file.survey.handles == 0 {
        return Ok(false);
    }
    let Some(job) = store.queue().job(&file.job).await? else { return Ok(false) };
    let rows = store.lists().rows_rejected_for(job.round, &[HANDLE_NOT_RESOLVED, "handle_not_found"]).await?;
    if rows > 0 {
        let run = context.command(&["run", &file.survey.path]);
        context.printer.say(&format!(
            "{}: {} rejected; {run} asks the platform",
            escaped(&file.job),
            counted(
                rows,
                "row names a handle whose ID is not known, and was",
                "rows name handles whose IDs are not known, and were"
            )
        ));
    }
    Ok(rows > 0)
}
