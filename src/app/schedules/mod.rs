//! Schedules as the faces see them: what one does, when it is due, how it went. One home for the command line and the dashboard.
//!
//! In: schedules on record. Out: sentences, words, JSON; runs of what is due. What does not belong here: when a slot is due (`schedule`).

mod add;
mod clock_check;
mod describe;
mod due;
mod due_end;
mod edit;
mod find;
mod hours;
mod list_first;
mod listing;
mod listing_json;
mod outlook;
mod recount;
mod requests;
mod run_end;
mod run_options;
mod scheduled_work;
mod served;
mod server;
mod upcoming;
mod validate;

pub use add::add_schedule;
pub use describe::describe;
pub use due::{RunNowEnd, run_due, run_now};
pub use due_end::DueEnd;
pub use edit::{EditedSchedule, edit_schedule};
pub use find::find_schedule;
pub use hours::ScheduleHours;
pub use listing::{ScheduleListing, hours_text, list_schedules, settled_ahead, shell_words};
pub use listing_json::SchedulesJson;
pub use outlook::ScheduleOutlook;
pub use requests::{AddScheduleRequest, EditScheduleRequest};
pub use served::{LeftToOthers, RunInProgress};
pub use server::ScheduleServer;
pub use upcoming::{UpcomingReport, UpcomingStarts, planned_starts, upcoming_starts};

use std::collections::HashSet;

use super::request::ScheduledRun;
use crate::domain::{JobId, name_key};
use crate::error::{CommandError, ErrorKind};
use crate::schedule::plan::Schedule;
use crate::store::{Job, JobState, Store, StoreError, StoredSchedule};
use crate::text::escaped;

/// The word of the audit log for one that is added.
pub const ADD: &str = "schedule-add";
/// What is done to a schedule, in the audit log.
pub const RUN: &str = "schedule-run";
/// As [`RUN`].
pub const SKIP: &str = "schedule-skip";
/// As [`RUN`].
pub const UNSKIP: &str = "schedule-unskip";
/// As [`RUN`].
pub const EDIT: &str = "schedule-edit";
/// As [`RUN`].
pub const REMOVE: &str = "schedule-remove";
/// How many times to come are shown.
pub const STARTS_SHOWN: usize = 5;

/// A schedule on record, understood.
///
/// # Errors
/// This machine does not know its zone, or another version wrote it.
pub fn understood(stored: &StoredSchedule) -> Result<Schedule, CommandError> {
    Schedule::of(stored).map_err(|error| {
        CommandError::new(ErrorKind::Config, format!("the schedule {} cannot be used: {error}", escaped(&stored.name)))
            .hint(
                "remove it and add it again; if the zone is unknown, this machine's time zone database may be old or missing",
            )
            .because(error)
    })
}

/// The jobs that are worked off at any hour; none: all. Those of schedules have hours of their own.
pub async fn unscheduled_jobs(store: &mut Store) -> Result<Option<Vec<JobId>>, StoreError> {
    let scheduled = job_keys_of(&store.schedules().all().await?);
    if scheduled.is_empty() {
        return Ok(None);
    }
    let jobs = store.queue().jobs().await?.into_iter().filter(|job| !scheduled.contains(&*name_key(&job.name)));
    Ok(Some(jobs.map(|job| job.id).collect()))
}

/// The jobs whose rows have the hours of this schedule alone, and would be sent at any hour without it.
pub async fn jobs_held_by(store: &mut Store, stored: &StoredSchedule) -> Result<Vec<Job>, StoreError> {
    let mut others = store.schedules().all().await?;
    others.retain(|other| other.id != stored.id);
    let (own, others) = (job_keys(&stored.request), job_keys_of(&others));
    let mut jobs = store.queue().jobs().await?;
    jobs.retain(|job| {
        let key = name_key(&job.name);
        job.pending > 0 && job.state == JobState::Active && own.contains(&*key) && !others.contains(&*key)
    });
    Ok(jobs)
}

/// The jobs that schedules load, by [`name_key`].
pub fn job_keys_of(schedules: &[StoredSchedule]) -> HashSet<String> {
    schedules.iter().flat_map(|schedule| job_keys(&schedule.request)).collect()
}

/// The jobs that a schedule's request loads: a file may be spelled otherwise than its job. A request that cannot be understood has none.
fn job_keys(request: &str) -> HashSet<String> {
    let Ok(request) = ScheduledRun::from_json(request) else { return HashSet::new() };
    let stem = |file: &std::path::PathBuf| Some(name_key(file.file_stem()?.to_str()?).into_owned());
    match request.run.load.job {
        Some(job) => HashSet::from([name_key(&job).into_owned()]),
        None => request.run.load.files.iter().filter_map(stem).collect(),
    }
}
