//! Every schedule on record, when it is due and how it went last: for the command line, its JSON, and the dashboard.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::request::ScheduledRun;
use crate::domain::Wall;
use crate::error::CommandError;
use crate::schedule::plan::Schedule;
use crate::store::{Store, StoredFiring, StoredSchedule};
use crate::text::{shell_word, span_text};

/// The newest firings that are looked through for the last one that has come.
const MAX_FIRINGS_LOOKED_AT: u32 = 20;

/// A schedule and how it went last.
#[derive(Debug)]
pub struct ScheduleListing {
    /// What is on record.
    pub stored: StoredSchedule,
    /// Its newest firing that has come.
    pub last: Option<StoredFiring>,
}

/// Every schedule, by name, and how it went last.
pub async fn list_schedules(store: &mut Store) -> Result<Vec<ScheduleListing>, CommandError> {
    let mut listings = Vec::new();
    for stored in store.schedules().all().await? {
        // The newest may be one to come that is to be skipped.
        let firings = store.schedules().firings(stored.id, MAX_FIRINGS_LOOKED_AT).await?;
        let last = firings.into_iter().find(|firing| firing.asked_for || firing.slot_at <= stored.settled_to);
        listings.push(ScheduleListing { stored, last });
    }
    Ok(listings)
}

/// The object of `cleanup schedule list --json`.
pub fn schedules_json(listings: &[ScheduleListing], now: Wall) -> Value {
    let list: Vec<Value> = listings.iter().map(|listing| to_json(listing, now)).collect();
    json!({ "schedules": list })
}

/// Up to where slots were settled under a clock that was ahead; none where it was right.
pub fn settled_ahead(stored: &StoredSchedule, now: Wall) -> Option<Wall> {
    Some(stored.settled_to).filter(|at| at.is_ahead_of(now))
}

/// Words as a shell would take them.
pub fn shell_words(words: &[String]) -> String {
    let words: Vec<String> = words.iter().filter(|word| *word != "--").map(|word| shell_word(word)).collect();
    words.join(" ")
}

/// `until 06:00`, `for 4 h`; none: until the work is done.
pub fn hours_text(stored: &StoredSchedule) -> Option<String> {
    match (&stored.until_time, stored.for_ms) {
        (Some(until), _) => Some(format!("until {}", until.strip_suffix(":00").unwrap_or(until))),
        (None, Some(length)) => Some(format!("for {}", span_text(Duration::from_millis(length)))),
        (None, None) => None,
    }
}

fn to_json(listing: &ScheduleListing, now: Wall) -> Value {
    let ScheduleListing { stored, last } = listing;
    let (plan, request) = (Schedule::of(stored), ScheduledRun::from_json(&stored.request));
    let next = plan.as_ref().ok().and_then(|plan| plan.upcoming(now).next().map(|(_, starts)| starts));
    let error = plan.err().map(|error| error.to_string());
    let error = error.or_else(|| request.as_ref().err().map(|error| error.message.clone()));
    json!({
        "name": stored.name,
        "cron": stored.cron,
        "zone": stored.zone,
        "until": stored.until_time,
        "for_s": stored.for_ms.map(|length| length / 1000),
        "jitter_s": stored.jitter_ms / 1000,
        "words": request.as_ref().ok().map(ScheduledRun::run_words),
        "list_words": request.as_ref().ok().and_then(ScheduledRun::list_words),
        "created_at": stored.created_at.rfc3339(),
        "next_at": next.map(Wall::rfc3339),
        "settled_ahead_to": settled_ahead(stored, now).map(Wall::rfc3339),
        "error": error,
        "last": last.as_ref().map(firing_json),
    })
}

fn firing_json(firing: &StoredFiring) -> Value {
    json!({
        "slot_at": firing.slot_at.rfc3339(),
        "state": firing.state.name(),
        "asked_for": firing.asked_for,
        "missed": firing.missed,
        // One that was asked for and has not begun is kept with the time of asking.
        "began_at": firing.began_at.filter(|_| firing.runs > 0).map(Wall::rfc3339),
        "ended_at": firing.ended_at.map(Wall::rfc3339),
        "exit_code": firing.exit_code,
        "stopped": firing.stopped,
        "requests": firing.requests,
        "retry_at": firing.retry_at.map(Wall::rfc3339),
    })
}
