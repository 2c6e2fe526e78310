//! `cleanup retry`: failed rows are queued again.

use serde::Serialize;

use crate::app::{start_over, unverified_text};
use crate::cli::args::RetryArgs;
use crate::cli::context::Context;
use crate::domain::{Outcome, counted, is_refusal_of_target};
use crate::error::{CommandError, ErrorKind};
use crate::store::{Job, JobState, Retried, ServeLock, Store};
use crate::text::{escaped, nearest};

/// The most reasons that are named.
const MAX_REASONS_NAMED: usize = 20;

/// The object of `retry --json`.
#[derive(Debug, Serialize)]
struct RetryJson<'a> {
    job: &'a str,
    /// Failed rows that are queued again.
    requeued: u64,
    /// Failed rows that stay as they are, because they are no longer in the file.
    vanished: u64,
}

/// Puts the job's failed tasks back into the queue.
///
/// # Errors
/// There is no such job, it is cancelled, no task of it failed for the reason that was named (2), or the queue cannot be written.
pub async fn run(context: &Context, args: &RetryArgs) -> Result<u8, CommandError> {
    let (mut store, job) = context.job(&args.job).await?;
    let next = next_after_requeue(context, &mut store, &job).await?;
    let now = context.clock.now().wall;
    let refused = refused_rows(&mut store, &job, args.reason.as_deref()).await?;
    let retried = match &args.reason {
        Some(reason) => store.queue().retry_reason(&job, reason, now).await?,
        None => store.queue().retry_job(&job, now).await?,
    };
    if let Some(reason) = args.reason.as_ref().filter(|_| retried == Retried::default()) {
        refuse_unknown(&mut store, &job, reason).await?;
    }
    let what = args.reason.as_ref().map_or_else(String::new, |reason| format!(" ({})", escaped(reason)));
    let detail = format!("{} queued again{what}", counted(retried.tasks, "failed row is", "failed rows are"));
    context.log_audit_event(&mut store, "retry", Some(&job.name), &detail).await;
    store.close().await;
    if args.json {
        context.printer.json(&RetryJson { job: &job.name, requeued: retried.tasks, vanished: retried.vanished })?;
        return Ok(0);
    }
    let (name, printer) = (escaped(&job.name), &context.printer);
    if retried == Retried::default() {
        printer.say(&format!("{name} has no failed rows"));
        return Ok(0);
    }
    printer.say(&format!("{name}: {detail}"));
    vanished_text(retried.vanished).inspect(|left| printer.say(left));
    if retried.tasks == 0 {
        return Ok(0);
    }
    // Of rows that are left as they are nobody has counted how many were refused.
    if refused > 0 && retried.vanished == 0 {
        let them = match (refused == retried.tasks, refused) {
            (true, 1) => "it was refused for its target".to_owned(),
            (true, _) => "they were refused for their targets".to_owned(),
            (false, _) => {
                counted(refused, "of them was refused for its target", "of them were refused for their targets")
            }
        };
        printer.say(&format!("{them}, and the platform refuses that again unless it has changed there"));
    }
    printer.say(&next);
    Ok(0)
}

/// What is said of rows that are not queued again because they are in no file any more.
pub(super) fn vanished_text(rows: u64) -> Option<String> {
    let text = match rows {
        0 => return None,
        1 => "1 of its rows is no longer in the file and stays as it is; load the file with it to send it again"
            .to_owned(),
        _ => format!(
            "{rows} of its rows are no longer in the file and stay as they are; load the file with them to send them again"
        ),
    };
    Some(text)
}

/// How many of the rows to retry the platform has refused for their targets: all of the job's, or those of a reason.
async fn refused_rows(store: &mut Store, job: &Job, reason: Option<&str>) -> Result<u64, CommandError> {
    let (reasons, _) = store.read().top_reasons(job).await?;
    let refused = reasons.iter().filter(|found| {
        found.outcome == Outcome::Failed
            && is_refusal_of_target(&found.reason)
            && reason.is_none_or(|reason| reason == found.reason)
    });
    Ok(refused.map(|found| found.rows).sum())
}

/// What to type when tasks of the job are back in the queue.
///
/// # Errors
/// The job is cancelled: the next run would cancel them again.
pub(super) async fn next_after_requeue(
    context: &Context,
    store: &mut Store,
    job: &Job,
) -> Result<String, CommandError> {
    match job.state {
        JobState::Active if ServeLock::is_held(store.place()).await? => Ok(picked_up(context)),
        JobState::Active => Ok(format!("next: {}", context.command(&["resume", &job.name]))),
        JobState::Paused => Ok(format!("the job is paused; next: {}", context.command(&["unpause", &job.name]))),
        JobState::Unverified => {
            Ok(format!("the job waits for you: {}", escaped(&unverified_text(&context.settings, &job.name))))
        }
        JobState::Cancelled => {
            let message = format!("{} is cancelled, so none of its rows is queued again", escaped(&job.name));
            if job.restores.is_some() {
                let forget = context.command(&["forget", &job.name]);
                return Err(CommandError::new(ErrorKind::Usage, message)
                    .hint(format!("{forget} deletes it; what it was to restore can be restored anew then")));
            }
            let again = start_over(&context.settings, "load", job);
            Err(CommandError::new(ErrorKind::Usage, message)
                .hint(format!("{again} starts it over with all of its rows, also those that are done")))
        }
    }
}

/// What becomes of work that is queued beside a server.
pub(super) fn picked_up(context: &Context) -> String {
    let status = context.command(&["status"]);
    format!("the server that works on this queue picks it up by itself; {status} shows how far it is")
}

/// Where others have failed, a reason that none of them has is a mistake.
async fn refuse_unknown(store: &mut Store, job: &Job, reason: &str) -> Result<(), CommandError> {
    let all = store.read().reasons(job, job.round_number).await?;
    let failed: Vec<(String, u64)> = all
        .into_iter()
        .filter(|count| count.outcome == Outcome::Failed)
        .filter_map(|count| Some((count.reason?, count.rows)))
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
    let shown = failed.iter().take(MAX_REASONS_NAMED);
    let mut listed: Vec<String> = shown.map(|(name, rows)| format!("{} ({rows})", escaped(name))).collect();
    if failed.len() > MAX_REASONS_NAMED {
        listed.push(format!("and {} more", failed.len() - MAX_REASONS_NAMED));
    }
    let list = format!("reasons: {}", listed.join(", "));
    let hint = match nearest(reason, &names) {
        Some(near) => format!("did you mean {}? {list}", escaped(near)),
        None => list,
    };
    let message = format!("no row of {} failed with the reason {}", escaped(&job.name), escaped(reason));
    Err(CommandError::new(ErrorKind::Usage, message).hint(hint))
}
