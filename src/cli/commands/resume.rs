//! `cleanup resume`: go on with what is in the queue.

use crate::app;
use crate::cli::args::ResumeArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::notify;
use crate::cli::progress::held_back_text;
use crate::cli::summary::Report;
use crate::domain::JobId;
use crate::jobfile::keep;
use crate::store::{DrainLock, Store};

use super::closing;
use super::drain::Drainer;
use super::guard;
use super::signals::Signals;

/// Works on every unfinished job, or on those named.
///
/// # Errors
/// A job is not known, the queue or the account is in the way.
pub async fn run(context: &Context, args: &ResumeArgs) -> Result<u8, CliError> {
    let ended = work(context, args).await;
    notify::after(context, None, &ended).await;
    ended.map(|report| report.code)
}

async fn work(context: &Context, args: &ResumeArgs) -> Result<Report, CliError> {
    let mut jobs: Vec<JobId> = Vec::with_capacity(args.jobs.len());
    for name in &args.jobs {
        let (store, job) = context.job(name).await?;
        jobs.push(job.id);
        store.close().await;
    }
    if let Some(path) = &args.keep {
        // What cannot be read at all is bad input, before anything is touched.
        keep::read(path)?;
        if guard::file_of(path).is_none() {
            let message = format!("--keep {}: that is no file", path.display());
            return Err(CliError::new(Kind::Usage, message)
                .hint("the list is read again while rows are sent: write it to a file and name that"));
        }
    }
    if let Some(store) = context.existing_queue().await? {
        let only = (!args.jobs.is_empty()).then_some(jobs.as_slice());
        if let Some(report) = closing::nothing_to_send(store, only, args.drain.json, context).await? {
            return Ok(report);
        }
    }
    let mut drainer = Drainer::prepare(&args.drain, None, context).await?;
    drainer.keep(args.keep.as_deref().and_then(guard::file_of));
    drainer.accept_unnamed(args.accept_not_found);
    let mut store = context.open_queue().await?;
    drainer.learn_users(&mut store, context).await?;
    let lock = DrainLock::take(store.path())?;
    drainer.introduce_self(&mut store).await?;
    if jobs.is_empty() {
        jobs = store.jobs().await?.into_iter().filter(|job| job.pending > 0).map(|job| job.id).collect();
    }
    say_held_back(&mut store, &jobs, context).await?;
    if !drainer.ask_for_jobs(&mut store, &jobs, context).await? {
        context.printer.say("nothing was sent");
        return Ok(Report::nothing());
    }
    let signals = Signals::listen()?;
    // New jobs that somebody loads meanwhile are worked on too, unless some were named.
    let only = (!args.jobs.is_empty()).then_some(jobs);
    drainer.drain(store, lock, only, signals, context).await
}

/// Rows that an older version queued are judged before anybody is asked about them, so that only those are counted that will be sent.
async fn say_held_back(store: &mut Store, jobs: &[JobId], context: &Context) -> Result<(), CliError> {
    for held in app::recheck(store, Some(jobs), context.clock.now().wall).await? {
        context.printer.warn(&held_back_text(&held.job, &held.reason, held.tasks));
    }
    Ok(())
}
