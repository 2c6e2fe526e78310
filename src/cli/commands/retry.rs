//! `cleanup retry`: failed tasks go back into the queue.

use crate::cli::args::RetryArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape::escaped;
use crate::domain::counted;
use crate::store::JobState;

/// Puts the job's failed tasks back into the queue.
///
/// # Errors
/// There is no such job, or the queue cannot be written.
pub async fn run(context: &Context, args: &RetryArgs) -> Result<u8, CliError> {
    let (mut store, job) = context.job(&args.job).await?;
    let retried = store.retry_job(&job, context.clock.now().wall).await?;
    let detail = format!("{} queued again", counted(retried.tasks, "failed task is", "failed tasks are"));
    context.log_deed(&mut store, "retry", Some(&job.name), &detail).await;
    store.close().await;
    let (name, printer) = (escaped(&job.name), &context.printer);
    if retried.tasks == 0 {
        printer.say(&format!("{name} has no failed tasks"));
        return Ok(0);
    }
    printer.say(&format!("{name}: {detail}"));
    match job.state {
        JobState::Active => printer.say(&format!("next: {}", context.command(&["resume", &job.name]))),
        JobState::Paused => {
            printer.say(&format!("the job is paused; next: {}", context.command(&["unpause", &job.name])));
        }
        JobState::Cancelled => {
            let again = context.command(&["load", &job.path.to_string_lossy(), "--again"]);
            printer.say(&format!("the job is cancelled: they wait until it starts over with {again}"));
        }
    }
    Ok(0)
}
