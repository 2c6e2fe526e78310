//! `cleanup resume`: go on with what is in the queue.

use crate::app;
use crate::app::{RunReport, RunSummary};
use crate::cli::args::ResumeArgs;
use crate::cli::context::{Context, for_this_queue};
use crate::cli::progress::held_back_text;
use crate::domain::{JobId, counted};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::{READER_VERSION, keep_list};
use crate::store::{DrainLock, JobState, JobStatus, Store};
use crate::text::escaped;

use super::drain::{Drainer, How, bounds_text};
use super::keep_option;
use super::run_summary;
use super::signals::Signals;
use super::untouched_jobs::UntouchedJobs;

/// Works on every unfinished job, or on those named.
///
/// # Errors
/// A job is not known, the queue or the account is in the way.
pub async fn run(context: &Context, args: &ResumeArgs) -> Result<u8, CommandError> {
    if args.dry_run {
        return dry_run(context, args).await;
    }
    let ended = work(context, args).await;
    context.notify(None, &ended).await;
    ended.map(|report| report.code)
}

async fn work(context: &Context, args: &ResumeArgs) -> Result<RunReport, CommandError> {
    let mut jobs = named(context, args).await?;
    let Some(store) = context.existing_queue().await? else { return run_summary::no_queue(args.drain.json, context) };
    let only = (!args.jobs.is_empty()).then_some(jobs.as_slice());
    if let Some(report) = run_summary::nothing_to_send(store, only, args.drain.json, context).await? {
        return Ok(report);
    }
    let until = args.drain.deadline(context.clock.now(), &context.zone)?;
    let bounds = args.drain.bounds.bounds();
    let how = How { bounds: &bounds, until, yes: args.drain.yes, json: args.drain.json };
    let mut drainer = Drainer::prepare(&how, None, context).await?;
    drainer.keep(args.keep.as_deref().and_then(keep_option::file_of));
    drainer.accept_unnamed(args.accept_not_found);
    drainer.learn_users(context).await?;
    let mut store = context.open_queue().await?;
    let lock = DrainLock::take(store.path())?;
    drainer.register_self(&mut store).await?;
    if jobs.is_empty() {
        jobs = store.queue().jobs().await?.into_iter().filter(|job| job.pending > 0).map(|job| job.id).collect();
    }
    // New jobs that somebody loads meanwhile are worked on too, unless some were named.
    let only = (!args.jobs.is_empty()).then(|| jobs.clone());
    let bystanders = UntouchedJobs::of(&mut store, only.as_deref()).await?;
    say_held_back(&mut store, &jobs, context).await?;
    if !drainer.ask_for_jobs(&mut store, &jobs, context).await? {
        let mut left = store.read().status(None).await?;
        left.retain(|status| jobs.contains(&status.job.id));
        return run_summary::declined(&left, "nothing was sent", args.drain.json, context);
    }
    let signals = Signals::listen()?;
    drainer.drain(store, lock, (only, bystanders), signals, context).await
}

/// The jobs that are named; none where all are meant.
async fn named(context: &Context, args: &ResumeArgs) -> Result<Vec<JobId>, CommandError> {
    let mut jobs: Vec<JobId> = Vec::with_capacity(args.jobs.len());
    for name in &args.jobs {
        let (store, job) = context.job(name).await?;
        jobs.push(job.id);
        store.close().await;
    }
    if let Some(path) = &args.keep {
        // What cannot be read at all is bad input, before anything is touched.
        keep_list::read(path)?;
        if keep_option::file_of(path).is_none() {
            let message = format!("--keep {}: that is no file", path.display());
            return Err(CommandError::new(ErrorKind::Usage, message)
                .hint("the list is read again while rows are sent: write it to a file and name that"));
        }
    }
    Ok(jobs)
}

/// What would be sent. Nothing is changed and nobody is asked; with `--json` stdout holds the object of every run.
async fn dry_run(context: &Context, args: &ResumeArgs) -> Result<u8, CommandError> {
    let jobs = named(context, args).await?;
    let (mut lines, mut code) = (Vec::new(), 0);
    match context.existing_queue().await? {
        None => lines.push(format!("{}, so nothing would be sent", context.no_queue_text())),
        Some(mut store) => {
            let mut all = store.read().status(None).await?;
            all.retain(|status| args.jobs.is_empty() || jobs.contains(&status.job.id));
            if all.iter().any(|status| status.counts.rejected > 0) {
                code = 3;
            }
            all.retain(|status| !args.jobs.is_empty() || status.counts.pending > 0);
            lines.extend(all.iter().map(|status| would_send(status, context)));
            let jobs: Vec<JobId> = all.iter().map(|status| status.job.id).collect();
            let about = app::confirm_jobs(&mut store, Some(&jobs), &context.settings).await?;
            lines.extend(about.into_iter().flat_map(|about| about.sentences));
            if all.is_empty() {
                lines.push("nothing is left to do, so nothing would be sent".to_owned());
            }
            store.close().await;
        }
    }
    if let Some(path) = &args.keep {
        lines.push(format!("what {} names is not sent", escaped(&path.display().to_string())));
    }
    let now = context.clock.now();
    let until = args.drain.deadline(now, &context.zone)?;
    let bounds = &args.drain.bounds;
    lines.extend(bounds_text((bounds.max_requests, bounds.max_spend), until, context));
    if args.drain.json {
        context.printer.say(&lines.join("\n"));
        context.printer.closing_json(&RunSummary::unsent("finished", code))?;
    } else {
        context.printer.data(&lines.join("\n"))?;
    }
    Ok(code)
}

fn would_send(status: &JobStatus, context: &Context) -> String {
    let (job, pending) = (escaped(&status.job.name), status.counts.pending);
    let rows = counted(status.counts.rows(), "row", "rows");
    match status.job.state {
        _ if pending == 0 => format!("{job}: nothing is left to send"),
        JobState::Active if status.job.checked_by < READER_VERSION => {
            format!(
                "{job}: would send at most {pending} of {rows}; an older version queued them, and the run judges them once more first"
            )
        }
        JobState::Active => format!("{job}: would send {pending} of {rows}"),
        JobState::Paused => {
            let unpause = context.command(&["unpause", &status.job.name]);
            format!("{job}: would send nothing: it is paused with {pending} left; {unpause} lifts that")
        }
        JobState::Cancelled => {
            let again = context.command(&["load", &status.job.path.to_string_lossy(), "--again"]);
            format!("{job}: would send nothing: it is cancelled; {again} starts it over with all of its rows")
        }
    }
}

/// Rows that an older version queued are judged before anybody is asked about them, so that only those are counted that will be sent.
async fn say_held_back(store: &mut Store, jobs: &[JobId], context: &Context) -> Result<(), CommandError> {
    for held in app::recheck(store, Some(jobs), context.clock.now().wall).await? {
        let text = held_back_text(&held.job, &held.reason, held.tasks);
        context.printer.warn(&for_this_queue(&context.settings, &text));
    }
    Ok(())
}
