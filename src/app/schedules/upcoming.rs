//! The next starts of schedules, by the clocks of their zones.

use serde::{Serialize, Serializer};

use super::hours::{ScheduleHours, zone_name};
use super::{STARTS_SHOWN, find_schedule, understood};
use crate::app::deps::AppDeps;
use crate::domain::Wall;
use crate::error::CommandError;
use crate::schedule::plan::{Schedule, Start};

/// The next starts of schedules, as `schedule next --json` prints them.
#[derive(Debug, Serialize)]
pub struct UpcomingReport {
    /// Each schedule.
    pub schedules: Vec<UpcomingStarts>,
}

/// The next starts of a schedule, those left out included: whoever had one left out wants to see it.
#[derive(Debug)]
pub struct UpcomingStarts {
    /// The schedule.
    pub schedule: Schedule,
    /// Its starts.
    pub starts: Vec<Start>,
}

#[derive(Serialize)]
struct UpcomingJson<'a> {
    name: &'a str,
    zone: &'a str,
    next: Vec<StartJson>,
}

#[derive(Serialize)]
struct StartJson {
    slot_at: String,
    starts_at: String,
    local: Option<String>,
    ends_by: Option<String>,
    skipped: bool,
}

/// The next starts of one schedule, or of all; none: there is no queue.
///
/// # Errors
/// There is no such schedule, or the queue cannot be read.
pub async fn upcoming_starts(deps: AppDeps<'_>, name: Option<&str>) -> Result<Option<UpcomingReport>, CommandError> {
    let mut schedules = Vec::new();
    match name {
        Some(name) => {
            let (store, stored) = find_schedule(deps, name).await?;
            store.close().await;
            schedules.push(understood(&stored)?);
        }
        None => {
            let Some(mut store) = deps.existing_queue().await? else { return Ok(None) };
            for stored in store.schedules().all().await? {
                schedules.push(understood(&stored)?);
            }
            store.close().await;
        }
    }
    let now = deps.clock.now().wall;
    let starts = |schedule: Schedule| {
        let starts = schedule.to_come(now).take(STARTS_SHOWN).collect();
        UpcomingStarts { schedule, starts }
    };
    Ok(Some(UpcomingReport { schedules: schedules.into_iter().map(starts).collect() }))
}

/// The next starts that a pattern means, before anything is kept.
///
/// # Errors
/// A pattern, a zone, hours or a jitter that make no sense.
pub fn planned_starts(
    deps: AppDeps<'_>,
    cron: &str,
    zone: Option<&str>,
    hours: ScheduleHours,
) -> Result<Vec<Wall>, CommandError> {
    let now = deps.clock.now().wall;
    let recurrence = hours.recurrence(cron, &zone_name(zone, deps)?, now)?;
    Ok(recurrence.upcoming(now).take(STARTS_SHOWN).map(|slot| slot.at).collect())
}

impl Serialize for UpcomingStarts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let UpcomingStarts { schedule, starts } = self;
        let start = |start: &Start| StartJson {
            slot_at: start.slot.at.rfc3339(),
            starts_at: start.at.rfc3339(),
            local: local_text(schedule, start.at),
            ends_by: start.ends_by.map(Wall::rfc3339),
            skipped: start.is_skipped,
        };
        let next = starts.iter().map(start).collect();
        UpcomingJson { name: &schedule.name, zone: schedule.recurrence.zone_name(), next }.serialize(to)
    }
}

/// A time by the clock of the schedule's zone.
fn local_text(schedule: &Schedule, at: Wall) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
    Some(at.to_zoned(schedule.recurrence.zone().clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}
