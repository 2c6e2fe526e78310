//! What a run has before it: tasks by account and action, and which of them have no known price.

use std::collections::BTreeSet;

use super::untouched_jobs::UntouchedJobs;
use crate::app::account_names;
use crate::app::notice::RunPlan;
use crate::config::Settings;
use crate::domain::{AccountId, Action, JobId};
use crate::error::CommandError;
use crate::store::Store;

/// The work of these jobs, or of all but those that were finished before.
pub(super) async fn plan(
    store: &mut Store,
    (jobs, untouched): (Option<&[JobId]>, &UntouchedJobs),
    settings: &Settings,
) -> Result<RunPlan, CommandError> {
    let mut plan = RunPlan { pace: settings.run.pace, ..RunPlan::default() };
    for status in store.read().status(None).await? {
        if jobs.is_some_and(|jobs| !jobs.contains(&status.job.id)) || untouched.has(&status) {
            continue;
        }
        plan.settled += status.counts.settled_tasks();
        plan.total += status.counts.settled_tasks() + status.counts.pending;
        if status.counts.pending > 0 {
            let pending = store.read().pending_by_lane(status.job.round).await?;
            plan.work.extend(pending.into_iter().map(|(action, account, count)| (account, action, count)));
        }
    }
    plan.names = account_names(store).await?;
    Ok(plan)
}

/// Actions of this work whose price nobody knows.
pub(super) async fn unpriced(
    store: &mut Store,
    work: &[(AccountId, Action)],
    settings: &Settings,
) -> Result<BTreeSet<Action>, CommandError> {
    let accounts = store.accounts().all().await?;
    let platform_of =
        |id: &AccountId| accounts.iter().find(|account| account.id == *id).map(|account| account.platform);
    let is_unpriced = |account: &AccountId, action: Action| {
        platform_of(account).is_some_and(|platform| settings.price(platform, action).is_none())
    };
    Ok(work.iter().filter(|(account, action)| is_unpriced(account, *action)).map(|(_, action)| *action).collect())
}
