//! What people tell a job from outside a drain: pause, go on, cancel, try again. Each is a row that the drain notices.

use super::QueueStore;
use super::generation::bump_generation;
use super::job::{Job, JobState};
use crate::domain::{JobId, TaskId, Wall};
use crate::store::error::StoreError;
use crate::store::lists::{distrust_record_readings, forget_unavailable_names};
use crate::store::load::ROWS_PER_TRANSACTION;

/// What a cancellation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cancelled {
    /// Tasks cancelled.
    pub tasks: u64,
}

/// What a retry did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// Failed tasks that stand in line again.
    pub tasks: u64,
    /// Those that were left as they are, because their rows are no longer in the file: nothing is sent for a target that no file names.
    pub vanished: u64,
}

impl QueueStore<'_> {
    /// Pauses a job, or lets it go on.
    pub async fn set_job_state(&mut self, job: JobId, state: JobState) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute("update job set state = $2 where id = $1", args![job.0, state.name()]).await?;
        bump_generation(&mut tx).await?;
        tx.commit().await
    }

    /// Cancels a job: first nobody claims from it any more, then its tasks in line are cancelled. Requests in flight end as
    /// they end.
    ///
    /// # Errors
    /// The database cannot be written; what was cancelled until then stays so.
    pub async fn cancel_job(&mut self, job: &Job, now: Wall) -> Result<Cancelled, StoreError> {
        self.set_job_state(job.id, JobState::Cancelled).await?;
        let tasks = self.change_tasks(job, now, &CANCEL, None).await?;
        Ok(Cancelled { tasks })
    }

    /// Puts a job's failed tasks back in line, with their tries as new.
    pub async fn retry_job(&mut self, job: &Job, now: Wall) -> Result<Retried, StoreError> {
        let tasks = self.change_tasks(job, now, &RETRY, None).await?;
        Ok(Retried { tasks, vanished: self.count_left(FAILED_LEFT, job, None).await? })
    }

    /// The same for those that failed for one reason.
    ///
    /// # Errors
    /// As [`QueueStore::retry_job`].
    pub async fn retry_reason(&mut self, job: &Job, reason: &str, now: Wall) -> Result<Retried, StoreError> {
        let tasks = self.change_tasks(job, now, &RETRY, Some(reason)).await?;
        Ok(Retried { tasks, vanished: self.count_left(FAILED_LEFT, job, Some(reason)).await? })
    }

    /// The same for one task of the job's newest round.
    ///
    /// # Errors
    /// As [`QueueStore::retry_job`].
    pub async fn retry_task(&mut self, job: &Job, task: TaskId) -> Result<Retried, StoreError> {
        let mut tx = self.db.begin().await?;
        let is_left: (i64,) = tx.fetch_one(ONE_LEFT, args![task.0, job.round.0, job.visible_to.0]).await?;
        let tasks = tx.execute(RETRY_ONE, args![task.0, job.round.0, job.visible_to.0]).await?;
        if tasks > 0 {
            tx.execute(RETRY.counts, args![job.round.0, tasks as i64]).await?;
            distrust_record_readings(&mut tx).await?;
            forget_unavailable_names(&mut tx).await?;
            bump_generation(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(Retried { tasks, vanished: is_left.0.unsigned_abs() })
    }

    /// Puts the done tasks back in line that were off the account's list and are listed again. Nothing else that is done is
    /// ever sent again within a round.
    pub async fn reopen_job(&mut self, job: &Job, now: Wall) -> Result<Retried, StoreError> {
        let tasks = self.change_tasks(job, now, &REOPEN, None).await?;
        Ok(Retried { tasks, vanished: self.count_left(CAME_BACK_LEFT, job, None).await? })
    }

    /// How many tasks of a job's newest round are left as they are, because their rows are no longer in the file.
    async fn count_left(&mut self, left: &'static str, job: &Job, reason: Option<&str>) -> Result<u64, StoreError> {
        let (left,): (i64,) = self.db.fetch_one(left, args![job.round.0, reason]).await?;
        Ok(left.unsigned_abs())
    }

    /// Changes tasks of a job's newest round, a range of IDs per transaction, and counts them in the same transaction.
    async fn change_tasks(
        &mut self,
        job: &Job,
        now: Wall,
        change: &Change,
        reason: Option<&str>,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        for (first, last) in self.task_ranges(job).await? {
            let mut from = first;
            while from <= last {
                let to = last.min(from + ROWS_PER_TRANSACTION - 1);
                let mut tx = self.db.begin().await?;
                let count = tx.execute(change.tasks, args![from, to, now.0, reason]).await?;
                if count > 0 {
                    tx.execute(change.counts, args![job.round.0, count as i64]).await?;
                    distrust_record_readings(&mut tx).await?;
                    forget_unavailable_names(&mut tx).await?;
                    bump_generation(&mut tx).await?;
                }
                tx.commit().await?;
                changed += count;
                from = to + 1;
            }
        }
        Ok(changed)
    }
}

impl QueueStore<'_> {
    /// The ranges of IDs in which the tasks of a job's newest round lie.
    pub(in crate::store) async fn task_ranges(&mut self, job: &Job) -> Result<Vec<(i64, i64)>, StoreError> {
        self.db.fetch_all("select first_task_id, last_task_id from load where round_id = $1 and finished_at is not null order by id", args![job.round.0]).await
    }
}

/// A change of many tasks (`$1` to `$2`, at `$3`, only those with the reason `$4` where it is one) and what it does to their
/// round's counts (`$1` the round, `$2` how many).
struct Change {
    tasks: &'static str,
    counts: &'static str,
}

const CANCEL: Change = Change {
    tasks: "update task set state = 7, reason = 'job_cancelled', finished_at = $3
             where id between $1 and $2 and state in (0, 2, 3) and cast($4 as text) is null",
    counts: "update round set pending = pending - $2, cancelled = cancelled + $2 where id = $1",
};

const RETRY: Change = Change {
    tasks: "update task set state = 0, reason = null, http_status = null, finished_at = null, troubles = 0,
                   crashes = 0, asked_last = 0
             where id between $1 and $2 and state = 6 and vanished = 0 and (cast($4 as text) is null or reason = $4)",
    counts: "update round set pending = pending + $2, failed = failed - $2 where id = $1",
};

const RETRY_ONE: &str = "
    update task set state = 0, reason = null, http_status = null, finished_at = null, troubles = 0,
           crashes = 0, asked_last = 0
     where id = $1 and id <= $3 and state = 6 and vanished = 0 and lane_id in (select id from lane where round_id = $2)";

const ONE_LEFT: &str = "
    select count(*) from task
     where id = $1 and id <= $3 and state = 6 and vanished = 1 and lane_id in (select id from lane where round_id = $2)";

/// Failed tasks of a round (`$1`) whose rows are no longer in the file, only those with the reason `$2` where it is one.
const FAILED_LEFT: &str = "
    select count(*) from load
      join task on task.id between load.first_task_id and load.last_task_id
     where load.round_id = $1 and load.finished_at is not null and task.vanished = 1 and task.state = 6
       and (cast($2 as text) is null or task.reason = $2)";

/// The same of done tasks that came back.
const CAME_BACK_LEFT: &str = "
    select count(*) from load
      join task on task.id between load.first_task_id and load.last_task_id
      join verification v on v.task_id = task.id and v.finished_at = task.finished_at and v.verdict = 'came_back'
     where load.round_id = $1 and load.finished_at is not null and task.vanished = 1 and task.state = 4
       and cast($2 as text) is null";

/// Judged anew when they are done again: a verdict belongs to the end of the task it speaks of.
const REOPEN: Change = Change {
    tasks:
        "update task set state = 0, reason = null, http_status = null, finished_at = null, troubles = 0,
                   crashes = 0, asked_last = 0
             where id between $1 and $2 and cast($3 as bigint) is not null and cast($4 as text) is null and state = 4
               and vanished = 0
               and exists (select 1 from verification v
                            where v.task_id = task.id and v.finished_at = task.finished_at and v.verdict = 'came_back')",
    counts: "update round set pending = pending + $2, done = done - $2 where id = $1",
};
