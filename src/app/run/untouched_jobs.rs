//! Jobs that were finished before a run began and that it has nothing to do with: they decide about its exit code, and a person is not told
//! of each of them again.

use std::collections::HashMap;

use crate::domain::{JobId, RoundId};
use crate::store::{JobStatus, OutcomeCounts, Store, StoreError};

/// How finished jobs stood before a run that works on whatever is unfinished.
#[derive(Clone, Debug, Default)]
pub struct UntouchedJobs(HashMap<JobId, (RoundId, OutcomeCounts)>);

impl UntouchedJobs {
    /// Nobody, where the jobs of a run were named: those are told of, whatever they had left.
    pub(super) async fn of(store: &mut Store, named: Option<&[JobId]>) -> Result<UntouchedJobs, StoreError> {
        if named.is_some() {
            return Ok(UntouchedJobs::default());
        }
        let finished = store.read().status(None).await?.into_iter().filter(|status| status.counts.pending == 0);
        Ok(UntouchedJobs(finished.map(|status| (status.job.id, (status.job.round, status.counts))).collect()))
    }

    /// Whether a job is one still: loaded again or counted anew meanwhile, it is none.
    pub fn has(&self, status: &JobStatus) -> bool {
        self.0.get(&status.job.id) == Some(&(status.job.round, status.counts))
    }
}
