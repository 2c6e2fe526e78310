//! `cleanup load`: queue files without running them, and without the network. Saved worklists are taken back.

use crate::app::{Accounts, HANDLE_NOT_RESOLVED, Identities, Loaded, Prepared};
use crate::cli::args::LoadArgs;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::CommandError;
use crate::store::{Job, JobState, ServeLock, Store};
use crate::text::escaped;

use super::run::{load_all, load_options, plan_all, prepare, refuse_for_new_queue};
use super::take_back;

/// Rejected rows shown before `cleanup check` is named for the rest.
const MAX_SHOWN_REJECTED: usize = 3;

/// Queues the files.
///
/// # Errors
/// A file or the queue is in the way; nothing of any file is queued where one of them cannot be.
pub async fn run(context: &Context, args: &LoadArgs) -> Result<u8, CommandError> {
    let (paths, saved) = take_back::sort(&args.files.files)?;
    let rows = args.rows.options();
    let files = prepare(&paths, args.files.job.as_deref(), &rows, context).await?;
    let mut load = load_options(&rows, &files, args.reload.options(), context)?;
    let who = Identities::of(&context.settings, rows.platform, None)?;
    if context.existing_queue().await?.is_none() {
        take_back::refuse_foreign(&saved, context)?;
    }
    refuse_for_new_queue(&who, &rows, &files, &load, context).await?;
    let mut store = context.open_queue().await?;
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
    let (accounts, standings) = plan_all(&who, &mut store, &rows, &files, &load, context).await?;
    for ((path, saved), worklist) in saved.into_iter().zip(&worklists) {
        rejected |= take_back::take(&mut store, &path, saved, worklist.as_ref(), context).await?;
    }
    load_all(&mut store, &files, &standings, &accounts, &load, context).await?;
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
            format!("the server that works on this queue takes it up by itself; {status} shows how far it is")
        } else {
            format!("next: {}", context.command(&["resume"]))
        });
    }
    Ok(())
}

/// What rows that name handles come to, before anything is done.
pub(super) fn say_handles(file: &Prepared, context: &Context) {
    if file.survey.handles == 0 {
        return;
    }
    let rows = counted(file.survey.handles, "row names a handle", "rows name handles");
    // Users looked up are billed like users read: $0.010 each.
    context.printer.say(&format!(
        "{}: {rows}; where the platform wants IDs, a run looks up their IDs before it begins ($0.01 for each found)",
        escaped(&file.job)
    ));
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

/// The first rejected rows, each with its line, its text and what to do.
pub(super) fn say_rejected(file: &Prepared, accounts: &Accounts, context: &Context) {
    for example in file.survey.examples.iter().take(MAX_SHOWN_REJECTED) {
        context.printer.say(&escaped(&example.rejection.describe(&file.survey.path, example.line)));
    }
    let more = file.survey.rejected.saturating_sub(MAX_SHOWN_REJECTED as u64);
    if more > 0 {
        let check = context.command(&["check", &file.survey.path]);
        context
            .printer
            .say(&format!("... and {}; {check} shows them", counted(more, "more rejected row", "more rejected rows")));
    }
    for finding in &file.survey.damage {
        context.printer.say(&format!("{}: {}", escaped(&file.survey.path), finding.sentence()));
    }
    for sentence in file.misplaced(accounts).iter().take(MAX_SHOWN_REJECTED) {
        context.printer.say(&format!("{}: rejected", escaped(sentence)));
    }
}

/// One line on what loading a file did.
pub(super) fn say_loaded(job: &str, loaded: &Loaded, context: &Context) {
    let job = escaped(job);
    let parts = |pairs: &[(u64, &str)]| {
        let parts: Vec<String> = pairs.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") }
    };
    let text = match loaded {
        Loaded::Round(summary) => format!(
            "{job}: {}: {}",
            counted(summary.rows, "row", "rows"),
            parts(&[
                (summary.added, "to do"),
                (summary.kept, "kept"),
                (summary.duplicates, "duplicate"),
                (summary.rejected, "rejected"),
            ])
        ),
        Loaded::Again(summary, mended) => format!(
            "{job}: {}, compared with the last load: {}",
            counted(summary.rows, "row", "rows"),
            parts(&[
                (summary.added, "new"),
                (summary.held_back, "held back (rejected now)"),
                (summary.cancelled, "vanished (cancelled)"),
                (summary.restored, "came back"),
                (summary.kept, "kept"),
                (summary.duplicates, "duplicate"),
                (summary.rejected, "rejected"),
                (mended.restored, "damaged in the queue and right again"),
                (mended.given_up, "damaged in the queue and never sent (what they were is lost)"),
            ])
        ),
        Loaded::Unchanged => format!("{job}: the file is unchanged since it was last loaded"),
        Loaded::Unknown(rows) => {
            format!(
                "{job}: nothing was queued; {} looked up",
                counted(*rows, "handle is still to be", "handles are still to be")
            )
        }
        Loaded::Cancelled => format!("{job}: this job was cancelled; nothing was loaded. --again starts it over"),
    };
    context.printer.say(&text);
}
