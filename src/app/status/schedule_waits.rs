//! Which jobs wait for a schedule, and until when.
//!
//! In: schedules and what has begun of them, the time. Out: the earliest start for each job. What does not belong here: deciding what
//! is due (`schedule`), and whether anybody works on the job meanwhile.

use std::collections::HashMap;

use crate::app::ScheduleWait;
use crate::app::schedules::jobs_of;
use crate::domain::Wall;
use crate::schedule::plan::{Schedule, Verdict};
use crate::store::{Store, StoreError, StoredFiring};

/// The schedule that each job of a schedule waits for, by the job's name. A schedule that this machine cannot understand begins
/// nothing.
pub(super) async fn schedule_waits(store: &mut Store, now: Wall) -> Result<HashMap<String, ScheduleWait>, StoreError> {
    let mut waits: HashMap<String, ScheduleWait> = HashMap::new();
    let schedules = store.schedules().await?;
    if schedules.is_empty() {
        return Ok(waits);
    }
    let begun = store.running_firings().await?;
    for stored in schedules {
        let Ok(schedule) = Schedule::of(&stored) else { continue };
        let Some(until) = next_start(&schedule, begun.iter().find(|firing| firing.schedule == schedule.id), now) else {
            continue;
        };
        for job in jobs_of(std::slice::from_ref(&stored)) {
            let wait = ScheduleWait { schedule: schedule.name.clone(), until };
            let earliest = waits.entry(job).or_insert_with(|| wait.clone());
            if wait.until < earliest.until {
                *earliest = wait;
            }
        }
    }
    Ok(waits)
}

/// When a schedule begins, or goes on with what it has begun; a time that has gone by is due now.
fn next_start(schedule: &Schedule, begun: Option<&StoredFiring>, now: Wall) -> Option<Wall> {
    if let Some(firing) = begun {
        return Some(firing.retry_at.unwrap_or(firing.slot_at));
    }
    match schedule.verdict(now) {
        Verdict::Fire { slot, .. } => Some(schedule.starts(&slot)),
        Verdict::Wait { .. } | Verdict::Pass { .. } | Verdict::Never => {
            schedule.upcoming(now).next().map(|(_, starts)| starts)
        }
    }
}
