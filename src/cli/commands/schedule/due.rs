//! `cleanup schedule due` and `run`: what is run, here or by another process, and what is said of it.

use crate::app::Notice;
use crate::app::schedules::{RunNowEnd, run_due, run_now as run_schedule_now};
use crate::cli::context::Context;
use crate::error::CommandError;
use crate::text::escaped;

/// Runs what is due now, one schedule after the other, and ends.
///
/// # Errors
/// The queue is in the way, or another process drains it (75); what is due then stays due.
pub(super) async fn run(context: &Context) -> Result<u8, CommandError> {
    let end = run_due(context.deps(), &context.overrides).await?;
    context.deps().tell(Notice::Due(&end));
    Ok(end.exit_code())
}

/// Runs a schedule now: here, or by the process that works on schedules already.
///
/// # Errors
/// There is no such schedule, the queue is in the way, or a run that knows no schedules drains it (75).
pub(super) async fn run_now(context: &Context, name: &str) -> Result<u8, CommandError> {
    let said = match run_schedule_now(context.deps(), &context.overrides, name).await? {
        RunNowEnd::Ran(code) => return Ok(code),
        RunNowEnd::HandedOver => {
            let list = context.command(&["schedule", "list"]);
            format!(
                "{name} is left to the process that runs this queue's schedules already, and is run next; {list} shows how it went"
            )
        }
        RunNowEnd::Running => format!("{name}: a run is in progress or waiting already; nothing was changed"),
    };
    context.printer.say(&escaped(&said));
    Ok(0)
}
