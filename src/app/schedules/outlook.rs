//! What is before a schedule that was just added or changed: when it runs first, what is not in place yet, whose hours it meets.

use super::understood;
use crate::domain::{Wall, is_same_name};
use crate::error::CommandError;
use crate::schedule::plan::Schedule;
use crate::store::{ServeLock, Store};

/// What is before a schedule.
#[derive(Debug)]
pub struct ScheduleOutlook {
    /// The schedule.
    pub schedule: Schedule,
    /// When it runs first, and when that ends at the latest; none: never.
    pub first: Option<(Wall, Option<Wall>)>,
    /// What is not in place yet.
    pub notes: Vec<String>,
    /// The names of schedules whose next hours meet its own.
    pub overlaps: Vec<String>,
    /// Some `serve` works on this queue, and begins it.
    pub is_served: bool,
}

/// Looks ahead; none: somebody has removed it meanwhile.
pub(super) async fn outlook_of(
    store: &mut Store,
    name: &str,
    notes: Vec<String>,
    now: Wall,
) -> Result<Option<ScheduleOutlook>, CommandError> {
    let all = store.schedules().all().await?;
    let Some(stored) = all.iter().find(|schedule| is_same_name(&schedule.name, name)) else { return Ok(None) };
    let schedule = understood(stored)?;
    let first = schedule.upcoming(now).next().map(|(slot, starts)| {
        let end = schedule.end_of(&slot, starts);
        (starts, end)
    });
    let others = all.iter().filter(|other| other.name != schedule.name).filter_map(|other| Schedule::of(other).ok());
    let overlaps = others.filter(|other| meet(&schedule, other, now)).map(|other| other.name).collect();
    let is_served = ServeLock::is_held(store.place()).await?;
    Ok(Some(ScheduleOutlook { schedule, first, notes, overlaps, is_served }))
}

/// Whether the next hours of two schedules that both have an end meet.
fn meet(one: &Schedule, other: &Schedule, now: Wall) -> bool {
    let span = |schedule: &Schedule| {
        let (slot, starts) = schedule.upcoming(now).next()?;
        let end = schedule.end_of(&slot, starts)?;
        Some((starts, end))
    };
    matches!((span(one), span(other)), (Some((a, b)), Some((c, d))) if a < d && c < b)
}
