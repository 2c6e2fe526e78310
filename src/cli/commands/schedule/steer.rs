//! `cleanup schedule remove`, `skip` and `unskip`.

use crate::app::schedules;
use crate::app::schedules::find_schedule;
use crate::app::schedules::understood;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::{CommandError, ErrorKind};
use crate::schedule::control::{self, Skipped, Unskipped};
use crate::schedule::messages;
use crate::text::escaped;

/// Drops a schedule.
///
/// # Errors
/// There is none of that name, or the queue cannot be written.
pub(super) async fn remove(context: &Context, name: &str) -> Result<u8, CommandError> {
    let (mut store, stored) = find_schedule(context.deps(), name).await?;
    let name = stored.name.as_str();
    let left = schedules::jobs_held_by(&mut store, &stored).await?;
    control::remove(&mut store, name).await?;
    let said =
        format!("{name} is removed; its jobs and their receipts stay, and a run in progress continues to its end");
    context.log_audit_event(&mut store, schedules::REMOVE, None, &said).await;
    context.printer.say(&escaped(&said));
    for job in left {
        let rows = counted(job.pending, "row of {} is", "rows of {} are").replace("{}", &escaped(&job.name));
        let (pause, cancel) = (context.command(&["pause", &job.name]), context.command(&["cancel", &job.name]));
        context.printer.warn(&format!(
            "{rows} queued, and without the hours of the schedule sent at any hour: {pause} keeps what is queued, {cancel} drops it"
        ));
    }
    store.close().await;
    Ok(0)
}

/// Has the next time left out; what is left of an interrupted one comes before it.
///
/// # Errors
/// There is no such schedule, or the queue cannot be written.
pub(super) async fn skip(context: &Context, name: &str) -> Result<u8, CommandError> {
    let (mut store, stored) = find_schedule(context.deps(), name).await?;
    let schedule = understood(&stored)?;
    let skipped = control::skip(&mut store, &schedule, context.clock.now().wall).await?;
    let said = messages::skipped(&schedule, skipped);
    if skipped == Skipped::Nothing {
        let edit = context.command(&["schedule", "edit", name]);
        return Err(CommandError::new(ErrorKind::Usage, said)
            .hint(format!("its pattern has no later time; give it another with --cron: {edit}")));
    }
    context.log_audit_event(&mut store, schedules::SKIP, None, &said).await;
    context.printer.say(&escaped(&said));
    store.close().await;
    Ok(0)
}

/// Has the next time that was left out come after all.
///
/// # Errors
/// There is no such schedule, nothing of it is left out, or the queue cannot be written.
pub(super) async fn unskip(context: &Context, name: &str) -> Result<u8, CommandError> {
    let (mut store, stored) = find_schedule(context.deps(), name).await?;
    let schedule = understood(&stored)?;
    let unskipped = control::unskip(&mut store, &schedule, None, context.clock.now().wall).await?;
    let said = messages::unskipped(&schedule, unskipped);
    if unskipped == Unskipped::Nothing {
        let next = context.command(&["schedule", "next", name]);
        let run = context.command(&["schedule", "run", name]);
        let hint = format!(
            "{next} shows the coming starts; the rest of a skipped run cannot be brought back, but {run} begins a new one"
        );
        return Err(CommandError::new(ErrorKind::Usage, said).hint(hint));
    }
    context.log_audit_event(&mut store, schedules::UNSKIP, None, &said).await;
    context.printer.say(&escaped(&said));
    store.close().await;
    Ok(0)
}
