//! What a process has sent of a scheduled run before it died counts in the run's bounds, and in what is told of it.
//!
//! In: runs that nobody works on. Out: what the queue knows that they sent is on record. What does not belong here: what becomes of them
//! (`schedule`).

use std::collections::HashSet;

use super::job_keys;
use crate::app::deps::AppDeps;
use crate::domain::{JobId, MicroUsd, name_key};
use crate::error::CommandError;
use crate::store::{Store, StoredFiring};

/// Counts again what the runs of firings have sent over which a process may have died; not of schedules that are `held_back`, which run. One
/// that has met trouble, or was stopped, has said how much it sent; what looked names up is in no attempt, and not counted again.
pub(super) async fn recount_interrupted(
    store: &mut Store,
    held_back: &HashSet<i64>,
    deps: AppDeps<'_>,
) -> Result<(), CommandError> {
    let begun = store.schedules().running_firings().await?;
    let is_left =
        |firing: &StoredFiring| firing.runs > 0 && firing.retry_at.is_none() && !held_back.contains(&firing.schedule);
    let left: Vec<StoredFiring> = begun.into_iter().filter(is_left).collect();
    if left.is_empty() {
        return Ok(());
    }
    let held = store.schedules().held_firings(&left).await?;
    let (schedules, jobs) = (store.schedules().all().await?, store.queue().jobs().await?);
    for firing in left.iter().filter(|firing| !held.contains(&firing.id)) {
        let Some(schedule) = schedules.iter().find(|schedule| schedule.id == firing.schedule) else { continue };
        let Some(began) = firing.began_at else { continue };
        let keys = job_keys(&schedule.request);
        let own = jobs.iter().filter(|job| keys.contains(&*name_key(&job.name)));
        let own: Vec<JobId> = own.map(|job| job.id).collect();
        let (mut requests, mut spent) = (0, MicroUsd(0));
        for sent in store.schedules().sent_for(&own, began).await? {
            requests += sent.requests;
            let price = deps.settings.price(sent.platform, sent.action).unwrap_or(MicroUsd(0));
            spent = spent.plus(price.times(sent.billed));
        }
        store.schedules().note_sent(firing.id, requests, spent).await?;
    }
    Ok(())
}
