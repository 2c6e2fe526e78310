//! A run whose rows are sent in the drain of a server, beside its other jobs.
//!
//! In: jobs that have been loaded. Out: how they ended, as if nothing else had been drained. What does not belong here: draining (`serve`).

use std::collections::HashSet;

use super::drainer::{Drainer, Jobs, WorkAhead, end_of};
use super::outcome::{Closing, RunEnd};
use super::server_drain::{GroupFinish, ServerSeat};
use super::untouched_jobs::UntouchedJobs;
use super::warnings::warn_before_sending;
use crate::app::Ended;
use crate::app::deps::AppDeps;
use crate::domain::{JobId, MicroUsd};
use crate::engine::JobGroup;
use crate::error::{CommandError, ErrorKind};
use crate::store::Store;

impl Drainer {
    /// Has the server work on the jobs, and says how that ended. Signals are the server's to hear.
    pub(super) async fn join(
        self,
        mut store: Store,
        seat: ServerSeat,
        jobs: Vec<JobId>,
        deps: AppDeps<'_>,
    ) -> Result<RunEnd, CommandError> {
        let own = Jobs { only: Some(jobs.clone()), untouched: UntouchedJobs::default() };
        let WorkAhead { work, unpriced, tokens, .. } = self.look_ahead(&mut store, &own, deps).await?;
        let Drainer { session, options, .. } = self;
        warn_before_sending(&mut store, &session.who, &tokens, &session.client, &work, deps).await?;
        session.close().await;
        let began = deps.clock.now().tick;
        let group = JobGroup { jobs: jobs.clone(), terms: options.run.terms };
        let GroupFinish { finish, usage } = seat.join(group).await.unwrap_or_else(server_has_gone);
        let took = deps.clock.now().tick.since(began);
        let ended = match finish {
            Ok(finish) => {
                let accounts: HashSet<_> = work.iter().map(|(account, _)| *account).collect();
                Ended::of_group(finish, &jobs, &accounts, store).await
            }
            Err(error) => Err(error),
        };
        let closing = Closing { untouched: own.untouched, took, unpriced };
        end_of(ended, Some(&jobs), closing, usage, deps).await
    }
}

fn server_has_gone() -> GroupFinish {
    let error = CommandError::new(ErrorKind::Fault, "the server has ended under a run of its own");
    GroupFinish { finish: Err(error), usage: (0, MicroUsd(0)) }
}
