//! `cleanup load`: queue files without running them, and without the network. Saved worklists are taken back.

use crate::app::run::{load_files, load_options, plan_files, prepare_files, refuse_files_for_new_queue};
use crate::app::{Identities, Prepared};
use crate::cli::args::LoadArgs;
use crate::cli::context::Context;
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
    let load = load_options(&rows, &files, args.reload.options(), context.deps())?;
    let who = Identities::of(&context.settings, rows.platform, None)?;
    let mut store = match context.existing_queue().await? {
        Some(store) => store,
        None => {
            take_back::refuse_foreign(&saved, context)?;
            refuse_files_for_new_queue(&who, &rows, &files, &load, context.deps()).await?;
            context.open_queue().await?
        }
    };
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
        rejected |= cannot_be_looked_up(&mut store, file).await?;
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

/// Whether rows of the file were rejected because their handles cannot be looked up.
async fn cannot_be_looked_up(store: &mut Store, file: &Prepared) -> Result<bool, CommandError> {
    if file.survey.names == 0 {
        return Ok(false);
    }
    let status = store.read().status(Some(&file.job)).await?;
    Ok(status.first().is_some_and(|status| status.counts.rejected > file.survey.rejected))
}
