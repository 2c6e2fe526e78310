//! A run within a server: the server's other jobs are worked off in the same drain, as a group without terms.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::Notify;

use super::group_listener::GroupListener;
use crate::app::schedules::unscheduled_jobs;
use crate::app::signals::Never;
use crate::domain::{JobId, RoundId};
use crate::engine::{EngineSettings, JobGroup, Listener, ShutdownSender, Signal};
use crate::store::{Store, StoreError};

/// The drain's only group with terms of its own: the run's.
pub(super) struct OwnGroup {
    rounds: HashSet<RoundId>,
}

impl OwnGroup {
    /// Has other jobs worked off beside those of the run, which keep its terms. None: there are no others.
    pub(super) async fn share(run: &mut EngineSettings, store: &mut Store) -> Result<Option<OwnGroup>, StoreError> {
        let Some(own) = run.jobs.take() else { return Ok(None) };
        let others = others_than(store, &own).await?;
        if others.is_empty() {
            run.jobs = Some(own);
            return Ok(None);
        }
        let rounds = rounds_of(store, &own).await?;
        run.jobs = Some(own.iter().copied().chain(others).collect());
        run.groups = vec![JobGroup { jobs: own, terms: std::mem::take(&mut run.terms) }];
        Ok(Some(OwnGroup { rounds }))
    }

    /// A listener that hears of this group alone, and who is told once it has ended.
    pub(super) fn listener(self, next: Box<dyn Listener>) -> (Box<dyn Listener>, Arc<Notify>) {
        let (listener, ended) = GroupListener::new(self.rounds, next);
        (Box::new(listener), ended)
    }
}

/// The jobs that no schedule loads, but for those of the run.
async fn others_than(store: &mut Store, own: &[JobId]) -> Result<Vec<JobId>, StoreError> {
    let mut others = match unscheduled_jobs(store).await? {
        Some(jobs) => jobs,
        None => store.queue().jobs().await?.into_iter().map(|job| job.id).collect(),
    };
    others.retain(|job| !own.contains(job));
    Ok(others)
}

/// The rounds of these jobs.
async fn rounds_of(store: &mut Store, jobs: &[JobId]) -> Result<HashSet<RoundId>, StoreError> {
    let all = store.read().status(None).await?.into_iter();
    Ok(all.filter(|status| jobs.contains(&status.job.id)).map(|status| status.job.round).collect())
}

/// A drain that works on other jobs as well ends when those of its run have ended; the server goes on with the others.
pub(super) async fn end_with(group: Option<Arc<Notify>>, drain: &ShutdownSender) -> Never {
    if let Some(ended) = group {
        ended.notified().await;
        drain.signal(Signal::Terminate);
    }
    std::future::pending().await
}
