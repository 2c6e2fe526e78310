//! What runs of a firing have sent whose end nobody saw. In: the jobs of its schedule, since when. Out: their requests that are on record. What
//! does not belong here: what a request costs.

use serde_json::json;

use super::ScheduleStore;
use crate::domain::{Action, JobId, MicroUsd, Platform, Wall};
use crate::store::codes::{action_of, platform_of};
use crate::store::error::StoreError;

/// Requests for rows, of one action on one platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentRequests {
    /// Where.
    pub platform: Platform,
    /// What for.
    pub action: Action,
    /// How many; one that was being sent when its process died may not have left.
    pub requests: u64,
    /// How many of them the platform answered 2xx, which is what it bills.
    pub billed: u64,
}

impl ScheduleStore<'_> {
    /// The requests for rows of these jobs since then, whoever sent them. It reads every attempt of their time.
    pub async fn sent_for(&mut self, jobs: &[JobId], since: Wall) -> Result<Vec<SentRequests>, StoreError> {
        let sql = sql!(
            "select account.platform, attempt.action, count(*),
                    count(case when attempt.http_status between 200 and 299 then 1 end)
               from attempt
               join task on task.id = attempt.task_id
               join lane on lane.id = task.lane_id
               join round on round.id = lane.round_id
               join account on account.id = attempt.account_id
              where attempt.reserved_at >= $2 and round.job_id in ",
            numbers("$1"),
            " group by account.platform, attempt.action order by account.platform, attempt.action"
        );
        let jobs: Vec<i64> = jobs.iter().map(|job| job.0).collect();
        let rows: Vec<(String, i64, i64, i64)> =
            self.db.fetch_all(sql, args![json!(jobs).to_string(), since.0]).await?;
        let sent = |(platform, action, requests, billed): (String, i64, i64, i64)| {
            Ok(SentRequests {
                platform: platform_of(&platform)?,
                action: action_of(action)?,
                requests: requests.cast_unsigned(),
                billed: billed.cast_unsigned(),
            })
        };
        rows.into_iter().map(sent).collect()
    }

    /// Writes down that the runs of a firing have sent at least so much; what is on record and more, stays.
    pub async fn note_sent(&mut self, firing: i64, requests: u64, spent: MicroUsd) -> Result<(), StoreError> {
        let sql = "update firing
                      set requests = case when coalesce(requests, 0) < $2 then $2 else requests end,
                          spent_microusd = case when spent_microusd < $3 then $3 else spent_microusd end
                    where id = $1 and state = 'running'";
        self.db.execute(sql, args![firing, requests.cast_signed(), spent.0.cast_signed()]).await.map(drop)
    }
}
