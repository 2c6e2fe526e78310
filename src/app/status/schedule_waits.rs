//! Which jobs wait for a schedule, and until when.
//!
//! In: schedules and what has begun of them, the time. Out: the earliest start for each job, and what has begun with it. What does not belong here: deciding what
//! is due (`schedule`), and whether anybody works on the job meanwhile.

use std::collections::HashMap;

use crate::app::ScheduleWait;
use crate::app::schedules::job_keys_of;
use crate::domain::Wall;
use crate::schedule::plan::{DueState, Schedule};
use crate::store::{Store, StoreError, StoredFiring};

/// What schedules have to do with jobs.
#[derive(Debug, Default)]
pub(super) struct ScheduleWaits {
    /// The schedule that each job of a schedule waits for, by the key of the job's name.
    pub(super) waits: HashMap<String, ScheduleWait>,
    /// The schedule that has begun with a job, by the key of the job's name.
    pub(super) begun: HashMap<String, String>,
}

/// Looks at all schedules. A schedule that this machine cannot understand begins nothing; what has begun is in progress only while a
/// process `runs_schedules`, or has the lock of the firing.
pub(super) async fn schedule_waits(
    store: &mut Store,
    runs_schedules: bool,
    now: Wall,
) -> Result<ScheduleWaits, StoreError> {
    let mut found = ScheduleWaits::default();
    let schedules = store.schedules().all().await?;
    if schedules.is_empty() {
        return Ok(found);
    }
    let firings = store.schedules().running_firings().await?;
    let held = store.schedules().held_firings(&firings).await?;
    for stored in schedules {
        let Ok(schedule) = Schedule::of(&stored) else { continue };
        let firing = firings.iter().find(|firing| firing.schedule == schedule.id);
        let is_begun =
            firing.is_some_and(|firing| (runs_schedules || held.contains(&firing.id)) && is_in_progress(firing, now));
        let is_interrupted = !is_begun && firing.is_some_and(|firing| is_in_progress(firing, now));
        let until = next_start(&schedule, firing, now);
        for job in job_keys_of(std::slice::from_ref(&stored)) {
            if is_begun {
                found.begun.insert(job.clone(), schedule.name.clone());
            }
            let Some(until) = until else { continue };
            let wait = ScheduleWait { schedule: schedule.name.clone(), until, is_interrupted };
            let earliest = found.waits.entry(job).or_insert_with(|| wait.clone());
            if wait.until < earliest.until {
                *earliest = wait;
            }
        }
    }
    Ok(found)
}

/// Whether a firing has begun and does not wait before it is tried again.
fn is_in_progress(firing: &StoredFiring, now: Wall) -> bool {
    firing.runs > 0 && firing.retry_at.is_none_or(|at| at <= now)
}

/// When a schedule begins, or goes on with what it has begun; a time that has gone by is due now.
fn next_start(schedule: &Schedule, begun: Option<&StoredFiring>, now: Wall) -> Option<Wall> {
    if let Some(firing) = begun {
        return Some(firing.retry_at.unwrap_or(firing.slot_at));
    }
    match schedule.verdict(now) {
        DueState::Fire { slot, .. } => Some(schedule.starts(&slot)),
        DueState::Wait { .. } | DueState::Pass { .. } | DueState::Never => {
            schedule.upcoming(now).next().map(|(_, starts)| starts)
        }
    }
}
