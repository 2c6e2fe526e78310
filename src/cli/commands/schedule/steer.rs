//! `cleanup schedule remove` and `skip`.

use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::escape::escaped;
use crate::schedule::diary::moment_text;
use crate::store::{FiringEnd, ScheduleLock};

/// Drops a schedule.
///
/// # Errors
/// There is none of that name, or the queue cannot be written.
pub(super) async fn remove(context: &Context, name: &str) -> Result<u8, CliError> {
    let (mut store, _) = super::find(context, name).await?;
    store.remove_schedule(name).await?;
    context.printer.say(&format!(
        "{} is removed; its jobs and their receipts stay, and a run in progress goes on to its end",
        escaped(name)
    ));
    store.close().await;
    Ok(0)
}

/// Has the next time left out; what is left of an interrupted one comes before it.
///
/// # Errors
/// There is no such schedule, or the queue cannot be written.
pub(super) async fn skip(context: &Context, name: &str) -> Result<u8, CliError> {
    let (mut store, stored) = super::find(context, name).await?;
    let schedule = super::understood(&stored)?;
    let (printer, now, shown) = (&context.printer, context.clock.now().wall, escaped(name));
    let zone = schedule.recurrence.zone();
    let running = store.running_firings().await?.into_iter().find(|firing| firing.schedule == schedule.id);
    if let Some(firing) = running
        && let Some(_lock) = ScheduleLock::try_take(store.path())?
    {
        let end = FiringEnd { exit_code: None, stopped: "skipped".into(), requests: firing.requests.unwrap_or(0) };
        store.end_firing(firing.id, &end, now).await?;
        let at = moment_text(firing.slot_at, zone);
        printer.say(&format!("{shown}: {at} was interrupted, and is not gone on with"));
        store.close().await;
        return Ok(0);
    }
    let after = if now > schedule.settled_to { now } else { schedule.settled_to };
    // A slot that has come and waits for its start, put off by jitter, is the next one still.
    let next = schedule.recurrence.upcoming(schedule.settled_to).find(|slot| schedule.starts(slot) > after);
    let Some(slot) = next else {
        return Err(CliError::new(Kind::Usage, format!("{shown} has no next time")).hint("the calendar ends before it"));
    };
    let at = moment_text(slot.at, zone);
    if store.skip_slot(schedule.id, slot.at).await? {
        printer.say(&format!("{shown}: {at} is left out; nothing is run then"));
    } else {
        printer.say(&format!("{shown}: {at} is left out already"));
    }
    store.close().await;
    Ok(0)
}
