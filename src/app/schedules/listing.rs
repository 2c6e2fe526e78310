//! Every schedule on record, when it is due and how it went last: for the command line, its JSON, and the dashboard.

use std::time::Duration;

use crate::domain::Wall;
use crate::error::CommandError;
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
