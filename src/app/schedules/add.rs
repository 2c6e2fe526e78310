//! A schedule is kept. Everything that can be wrong with it is told now, while somebody is there to hear it.

use std::path::PathBuf;

use super::hours::zone_name;
use super::outlook::{ScheduleOutlook, outlook_of};
use super::requests::AddScheduleRequest;
use super::validate::{Validated, refuse_for_new_queue, validate};
use crate::app::deps::AppDeps;
use crate::error::{CommandError, ErrorKind};
use crate::store::NewSchedule;
use crate::text::escaped;

/// Keeps a schedule, and says what is before it; none: somebody has removed it at once.
///
/// # Errors
/// A pattern, a zone, hours or a jitter that make no sense; a name that is taken; what its first run would be refused for.
pub async fn add_schedule(
    deps: AppDeps<'_>,
    request: &AddScheduleRequest,
) -> Result<Option<ScheduleOutlook>, CommandError> {
    let AddScheduleRequest { name, cron, hours, .. } = request;
    let zone = zone_name(request.zone.as_deref(), deps)?;
    let now = deps.clock.now().wall;
    let recurrence = hours.recurrence(cron, &zone, now)?;
    let run = request.scheduled_run(&list_file(name, deps)?)?;
    refuse_for_new_queue(deps, &run).await?;
    let mut store = deps.open_queue().await?;
    let Validated { account, notes } = validate(deps, &mut store, &run).await?;
    let new = NewSchedule {
        name: name.clone(),
        cron: recurrence.text().to_owned(),
        zone: recurrence.zone_name().to_owned(),
        until_time: hours.until_text(),
        for_ms: hours.for_ms(),
        jitter_ms: hours.jitter_ms(),
        jitter_seed: fastrand::u64(..),
        request: run.acting_for(account.as_ref()).to_json(),
    };
    if !store.schedules().add_schedule(&new, now).await? {
        return Err(name_is_taken(deps, name));
    }
    let outlook = outlook_of(&mut store, name, notes, deps.clock.now().wall).await?;
    store.close().await;
    Ok(outlook)
}

fn name_is_taken(deps: AppDeps<'_>, name: &str) -> CommandError {
    let (remove, edit) = (deps.command(&["schedule", "remove", name]), deps.command(&["schedule", "edit", name]));
    CommandError::new(ErrorKind::Usage, format!("there is a schedule named {} already", escaped(name)))
        .hint(format!("{edit} changes it; or give another name, or {remove} first; nothing was changed"))
}

/// Where the list of a schedule is written each time: beside the queue, under the schedule's name, which is fit for it.
fn list_file(name: &str, deps: AppDeps<'_>) -> Result<PathBuf, CommandError> {
    let queue = deps.settings.db()?.local_path();
    let mut folder = queue.file_name().unwrap_or_default().to_os_string();
    folder.push(".lists.d");
    Ok(queue.with_file_name(folder).join(format!("{name}.csv")))
}
