//! `cleanup load`: queue files without running them, and without the network. Saved worklists are taken back.

use serde::Serialize;

use super::retry::picked_up;
use crate::app::status::JobCounts;
use crate::app::{WorkLeft, load_job_files};
use crate::cli::args::LoadArgs;
use crate::cli::context::Context;
use crate::error::CommandError;
use crate::store::JobState;
use crate::text::escaped;

/// The object of `load --json`.
#[derive(Debug, Serialize)]
struct LoadJson<'a> {
    jobs: &'a [JobCounts],
    exit_code: u8,
}

/// Queues the files.
///
/// # Errors
/// A file or the queue is in the way; nothing of any file is queued where one of them cannot be.
pub async fn run(context: &Context, args: &LoadArgs) -> Result<u8, CommandError> {
    let report = load_job_files(context.deps(), &args.request()).await?;
    if args.json {
        context.printer.json(&LoadJson { jobs: &report.jobs, exit_code: report.exit_code() })?;
    } else if let Some(left) = &report.left {
        say_next(left, context);
    }
    Ok(report.exit_code())
}

/// What to type next: nothing where no row of these files is left to send.
fn say_next(left: &WorkLeft, context: &Context) {
    if left.jobs.is_empty() {
        context.printer.say("no row of it is left to send");
    }
    for job in left.jobs.iter().filter(|job| job.state == JobState::Paused) {
        let unpause = context.command(&["unpause", &job.name]);
        context.printer.say(&format!("{} is paused; next: {unpause}", escaped(&job.name)));
    }
    if left.jobs.iter().any(|job| job.state == JobState::Active) {
        context.printer.say(&if left.is_served {
            picked_up(context)
        } else {
            format!("next: {}", context.command(&["resume"]))
        });
    }
}
