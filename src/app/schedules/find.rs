//! A schedule by its name, or what to type instead.

use crate::app::deps::AppDeps;
use crate::domain::is_same_name;
use crate::error::{CommandError, ErrorKind};
use crate::store::{Store, StoredSchedule};
use crate::text::{escaped, nearest};

/// The most schedules that an error lists.
const MAX_LISTED: usize = 20;

/// The queue and its schedule of that name.
///
/// # Errors
/// Exit code 2 where there is no such schedule, with the nearest name and the list of schedules.
pub async fn find_schedule(deps: AppDeps<'_>, name: &str) -> Result<(Store, StoredSchedule), CommandError> {
    let Some(mut store) = deps.existing_queue().await? else {
        return Err(deps.no_queue(ErrorKind::Usage));
    };
    let schedules = store.schedules().all().await?;
    match schedules.iter().find(|schedule| is_same_name(&schedule.name, name)) {
        Some(schedule) => Ok((store, schedule.clone())),
        None => Err(unknown(deps, name, &schedules)),
    }
}

fn unknown(deps: AppDeps<'_>, name: &str, known: &[StoredSchedule]) -> CommandError {
    let error = CommandError::new(ErrorKind::Usage, format!("there is no schedule named {}", escaped(name)));
    let names: Vec<&str> = known.iter().map(|schedule| schedule.name.as_str()).collect();
    if names.is_empty() {
        let add = deps.command(&["schedule", "add", "NAME", "--cron", "0 2 * * *", "FILE.csv"]);
        return error.hint(deps.or_other_queue(format!("this queue has no schedules; {add} makes one")));
    }
    let listed: Vec<_> = names.iter().take(MAX_LISTED).map(|name| escaped(name)).collect();
    let list = format!("schedules: {}", listed.join(", "));
    match nearest(name, &names) {
        Some(near) => error.hint(format!("did you mean {}? {list}", escaped(near))),
        None => error.hint(list),
    }
}
