//! Which done tasks found nothing to undo, as far as the queue tells: another job had done the same before, and nothing has restored it in
//! between. In: tasks. Out: the jobs that had done it. What does not belong here: what an answer said, which stands as a task's reason.

use std::collections::HashMap;

use super::ReadStore;
use crate::domain::TaskId;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::lists::{inverse_pairs, restoring};

/// `$1` tasks, `$2` pairs for [`restoring`].
const DONE_BEFORE: Sql = sql!(
    "with ",
    restoring!("$2"),
    ",
    asked as materialized (
        select task.id, task.target, task.finished_at, task.lane_id, lane.account_id, lane.action, round.job_id
          from ",
    numbers("$1"),
    " done cross join task cross join lane cross join round
         where task.id = done.value and lane.id = task.lane_id and round.id = lane.round_id),
    other as materialized (
        select own.lane_id as of_lane, lane.id as lane_id, job.name
          from (select distinct lane_id, account_id, action, job_id from asked) own
          join lane on lane.account_id = own.account_id and lane.action = own.action
          join round on round.id = lane.round_id and round.job_id <> own.job_id
          join job on job.id = round.job_id)
    select asked.id, other.name
      from asked join other on other.of_lane = asked.lane_id cross join task_key key cross join task before
     where key.lane_id = other.lane_id and key.target = asked.target
       and before.id = key.task_id and before.state = 4 and before.finished_at < asked.finished_at
       and not exists (
               select 1 from restoring cross join task_key key cross join task back
                where restoring.account_id = asked.account_id and restoring.action = asked.action
                  and key.lane_id = restoring.lane_id and key.target = asked.target
                  and back.id = key.task_id and back.state = 4
                  and back.finished_at between before.finished_at and asked.finished_at)
     order by before.finished_at, before.id"
);

impl ReadStore<'_> {
    /// Of some done tasks those that another job had done before, each with the first such job's name.
    pub async fn done_before(&mut self, tasks: &[TaskId]) -> Result<HashMap<TaskId, String>, StoreError> {
        let args = args![serde_json::json!(tasks).to_string(), inverse_pairs()];
        let rows: Vec<(i64, String)> = self.db.fetch_all(DONE_BEFORE, args).await?;
        let mut jobs = HashMap::new();
        for (task, job) in rows {
            jobs.entry(TaskId(task)).or_insert(job);
        }
        Ok(jobs)
    }
}
