//! The copies of the queue's file, and the jobs that wait because it was taken back to one.

use super::finding::{DoctorFinding, fault, good, warning};
use crate::app::unverified_text;
use crate::config::Settings;
use crate::domain::counted;
use crate::store::{JobState, QueuePlace, Store, StoreError, snapshots_of};

/// The most jobs that are named one by one.
const MAX_NAMED: usize = 20;

pub(super) async fn look(settings: &Settings, store: &mut Store) -> Vec<DoctorFinding> {
    let mut findings = Vec::from_iter(copies(settings, store.place()));
    match waiting(settings, store).await {
        Ok(waiting) => findings.extend(waiting),
        Err(error) => findings.push(fault("snapshots", error)),
    }
    findings
}

/// Of a queue in a file.
pub(super) fn copies(settings: &Settings, queue: &QueuePlace) -> Option<DoctorFinding> {
    let found = match snapshots_of(queue.file()?) {
        Ok(found) => found,
        Err(error) => return Some(fault("snapshots", error)),
    };
    let text = match found.first() {
        Some(newest) => {
            let all = counted(found.len() as u64, "snapshot", "snapshots");
            format!("{all} of the queue, the newest of {}: {}", newest.day, newest.path.display())
        }
        None if settings.snapshots_kept == 0 => "none are made ([snapshots] keep = 0)".to_owned(),
        None => "none yet; `cleanup serve` and `cleanup schedule due` make one a day".to_owned(),
    };
    Some(good("snapshots", text))
}

async fn waiting(settings: &Settings, store: &mut Store) -> Result<Vec<DoctorFinding>, StoreError> {
    let mut jobs = store.queue().jobs().await?;
    jobs.retain(|job| job.state == JobState::Unverified && job.pending > 0);
    let finding = |name: &str| {
        let text = format!("{name} waits for you: {}", unverified_text(settings, name));
        warning("snapshots", text, "look at what was sent since, then type one of the two")
    };
    Ok(jobs.iter().take(MAX_NAMED).map(|job| finding(&job.name)).collect())
}
