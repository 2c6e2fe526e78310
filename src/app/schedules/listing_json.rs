//! `schedule list --json`: every schedule on record, under the names of the contract.

use serde::Serialize;

use super::listing::{ScheduleListing, settled_ahead};
use crate::app::request::ScheduledRun;
use crate::domain::Wall;
use crate::schedule::plan::Schedule;
use crate::store::StoredFiring;

/// The object of `cleanup schedule list --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchedulesJson {
    schedules: Vec<ScheduleJson>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ScheduleJson {
    name: String,
    cron: String,
    zone: String,
    until: Option<String>,
    for_s: Option<u64>,
    jitter_s: u64,
    words: Option<Vec<String>>,
    list_words: Option<Vec<String>>,
    created_at: String,
    next_at: Option<String>,
    settled_ahead_to: Option<String>,
    error: Option<String>,
    last: Option<FiringJson>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct FiringJson {
    slot_at: String,
    state: &'static str,
    asked_for: bool,
    missed: u64,
    began_at: Option<String>,
    ended_at: Option<String>,
    exit_code: Option<u8>,
    stopped: Option<String>,
    requests: Option<u64>,
    retry_at: Option<String>,
}

impl SchedulesJson {
    /// These schedules at a moment.
    pub fn of(listings: &[ScheduleListing], now: Wall) -> SchedulesJson {
        SchedulesJson { schedules: listings.iter().map(|listing| schedule_json(listing, now)).collect() }
    }
}

fn schedule_json(ScheduleListing { stored, last }: &ScheduleListing, now: Wall) -> ScheduleJson {
    let (plan, request) = (Schedule::of(stored), ScheduledRun::from_json(&stored.request));
    let next = plan.as_ref().ok().and_then(|plan| plan.upcoming(now).next().map(|(_, starts)| starts));
    let error = plan.err().map(|error| error.to_string());
    let error = error.or_else(|| request.as_ref().err().map(|error| error.message.clone()));
    ScheduleJson {
        name: stored.name.clone(),
        cron: stored.cron.clone(),
        zone: stored.zone.clone(),
        until: stored.until_time.clone(),
        for_s: stored.for_ms.map(|length| length / 1000),
        jitter_s: stored.jitter_ms / 1000,
        words: request.as_ref().ok().map(ScheduledRun::run_words),
        list_words: request.as_ref().ok().and_then(ScheduledRun::list_words),
        created_at: stored.created_at.rfc3339(),
        next_at: next.map(Wall::rfc3339),
        settled_ahead_to: settled_ahead(stored, now).map(Wall::rfc3339),
        error,
        last: last.as_ref().map(firing_json),
    }
}

fn firing_json(firing: &StoredFiring) -> FiringJson {
    FiringJson {
        slot_at: firing.slot_at.rfc3339(),
        state: firing.state.name(),
        asked_for: firing.asked_for,
        missed: firing.missed,
        // One that was asked for and has not begun is kept with the time of asking.
        began_at: firing.began_at.filter(|_| firing.runs > 0).map(Wall::rfc3339),
        ended_at: firing.ended_at.map(Wall::rfc3339),
        exit_code: firing.exit_code,
        stopped: firing.stopped.clone(),
        requests: firing.requests,
        retry_at: firing.retry_at.map(Wall::rfc3339),
    }
}
