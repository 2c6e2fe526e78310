//! `cleanup pause`, `unpause`, `cancel`: rows that a drain in another process notices within a second.

use crate::app::{start_over, unverified_text};
use crate::cli::args::JobArgs;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::{CommandError, ErrorKind};
use crate::store::{Job, JobState};
use crate::text::escaped;

/// Pauses a job.
///
/// # Errors
/// There is no such job, it is cancelled, or the queue cannot be written.
pub async fn pause(context: &Context, args: &JobArgs) -> Result<u8, CommandError> {
    let (mut store, job) = context.job(&args.job).await?;
    let (name, printer) = (escaped(&job.name), &context.printer);
    match job.state {
        JobState::Active if job.pending == 0 => printer.say(&format!("{name} is finished; there is nothing to pause")),
        JobState::Active => {
            store.queue().set_job_state(job.id, JobState::Paused).await?;
            context.log_audit_event(&mut store, "pause", Some(&job.name), "").await;
            let left = counted(job.pending, "row", "rows");
            printer.say(&format!("{name} is paused with {left} left; requests in flight are completed"));
            printer.say(&format!("next: {}", context.command(&["unpause", &job.name])));
        }
        JobState::Paused => printer.say(&format!("{name} is paused already")),
        JobState::Unverified => printer.say(&still_waits(context, &job.name)),
        JobState::Cancelled => return Err(cancelled_error(context, &job)),
    }
    store.close().await;
    Ok(0)
}

/// Lets a paused job go on.
///
/// # Errors
/// As [`pause`].
pub async fn unpause(context: &Context, args: &JobArgs) -> Result<u8, CommandError> {
    let (mut store, job) = context.job(&args.job).await?;
    let (name, printer) = (escaped(&job.name), &context.printer);
    match job.state {
        JobState::Paused => {
            store.queue().set_job_state(job.id, JobState::Active).await?;
            context.log_audit_event(&mut store, "unpause", Some(&job.name), "").await;
            printer.say(&format!("{name} is no longer paused: {} left", counted(job.pending, "row", "rows")));
            printer.say(&format!(
                "next: {} (a run in progress picks it up by itself)",
                context.command(&["resume", &job.name])
            ));
        }
        JobState::Active => printer.say(&format!("{name} is not paused")),
        JobState::Unverified => printer.say(&still_waits(context, &job.name)),
        JobState::Cancelled => return Err(cancelled_error(context, &job)),
    }
    store.close().await;
    Ok(0)
}

/// Cancels a job. Given again it mops up what a cut-off cancellation left.
///
/// # Errors
/// There is no such job, or the queue cannot be written.
pub async fn cancel(context: &Context, args: &JobArgs) -> Result<u8, CommandError> {
    let (mut store, job) = context.job(&args.job).await?;
    if job.state == JobState::Active && job.pending == 0 {
        // Cancelled it would be deaf to the next night's rows.
        context.printer.say(&format!("{} is finished; there is nothing to cancel", escaped(&job.name)));
        store.close().await;
        return Ok(0);
    }
    let cancelled = store.queue().cancel_job(&job, context.clock.now().wall).await?;
    let detail = format!("{} will not be sent", counted(cancelled.tasks, "row", "rows"));
    let in_flight = store.queue().job(&job.name).await?.map_or(0, |job| job.pending);
    context.log_audit_event(&mut store, "cancel", Some(&job.name), &detail).await;
    store.close().await;
    let (name, printer) = (escaped(&job.name), &context.printer);
    match (job.state, cancelled.tasks) {
        (JobState::Cancelled, 0) => printer.say(&format!("{name} is cancelled already")),
        _ => printer.say(&format!("{name} is cancelled: {detail}")),
    }
    if in_flight > 0 {
        let (out, resume) = (counted(in_flight, "request is", "requests are"), context.command(&["resume"]));
        printer.say(&format!("{out} in flight and completed; where their run has died, {resume} settles them"));
    }
    printer.say(&format!("next: {}", context.command(&["report", &job.name])));
    Ok(0)
}

fn still_waits(context: &Context, name: &str) -> String {
    format!("{} waits for you: {}", escaped(name), escaped(&unverified_text(&context.settings, name)))
}

fn cancelled_error(context: &Context, job: &Job) -> CommandError {
    let error = CommandError::new(ErrorKind::Usage, format!("{} is cancelled", escaped(&job.name)));
    if job.restores.is_some() {
        let forget = context.command(&["forget", &job.name]);
        return error.hint(format!("{forget} deletes it; what it was to restore can be restored anew then"));
    }
    error.hint(format!("start it over with {}", start_over(&context.settings, "run", job)))
}
