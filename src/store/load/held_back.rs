//! Tasks that are taken out of line because a later reading of their rows cannot use them.
//!
//! In: tasks and why. Out: the same, rejected, and who has looked. What does not belong here: reading rows; what a load finds
//! ([`super::changes`]).

use super::LoadStore;
use crate::domain::{RoundId, TaskId, Wall};
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::queue::Job;
use crate::store::queue::bump_generation;
use crate::store::read::ReadStore;

/// Tasks in one transaction: they lie scattered, and nobody should wait for the lock.
const TASKS_PER_TRANSACTION: usize = 2_000;

impl<'s> LoadStore<'s> {
    /// Whether anything of a round may still be sent, now or after a retry.
    pub async fn may_send(&mut self, round: RoundId) -> Result<bool, StoreError> {
        let counts = ReadStore { db: &mut *self.db }.counts(round).await?;
        Ok(counts.pending > 0 || counts.failed > 0)
    }

    /// Rejects tasks of a job's newest round, and notes that this version of the reader has looked at all of them. What is settled
    /// otherwise stays so. What is being sent is let finish, and rejected where that comes to nothing; where it fails, somebody has to look again.
    ///
    /// # Errors
    /// The database cannot be written; each part that was is true by itself.
    pub async fn reject_tasks(
        &mut self,
        job: &Job,
        tasks: &[(TaskId, &'static str)],
        reader: u32,
        now: Wall,
    ) -> Result<(), StoreError> {
        let mut sending = 0;
        for part in tasks.chunks(TASKS_PER_TRANSACTION) {
            let part: Vec<(i64, &str)> = part.iter().map(|(task, reason)| (task.0, *reason)).collect();
            let part = serde_json::json!(part).to_string();
            let mut tx = self.db.begin().await?;
            tx.execute(COUNT_REJECTED, args![&part, job.round.0]).await?;
            tx.execute(REJECT, args![&part, now.0]).await?;
            tx.execute(WITHHOLD, args![&part]).await?;
            let (left,): (i64,) = tx.fetch_one(SENDING, args![&part]).await?;
            bump_generation(&mut tx).await?;
            tx.commit().await?;
            sending += left;
        }
        if sending == 0 {
            self.db.execute(CHECKED_BY, args![job.load, reader]).await?;
        }
        Ok(())
    }
}

const COUNT_REJECTED: Sql = sql!(
    "update round
        set pending = pending - n.of_line, failed = failed - n.of_failed, rejected_tasks = rejected_tasks + n.of_line + n.of_failed
       from (select count(*) filter (where task.state in (0, 2, 3)) as of_line, count(*) filter (where task.state = 6) as of_failed
               from ",
    rows("$1", number "task_id" 0),
    " j join task on task.id = j.task_id) n
      where round.id = $2"
);

const REJECT: Sql = sql!(
    "update task set state = 9, reason = j.reason, finished_at = $2
       from ",
    rows("$1", number "task_id" 0, text "reason" 1),
    " j
      where task.id = j.task_id and task.state in (0, 2, 3, 6)"
);

const WITHHOLD: Sql = sql!(
    "update attempt set withheld_as = 9, withheld_for = j.reason
       from task, ",
    rows("$1", number "task_id" 0, text "reason" 1),
    " j
      where task.id = j.task_id and task.state = 1 and attempt.id = task.last_attempt_id"
);

const SENDING: Sql = sql!(
    "select count(*) from ",
    rows("$1", number "task_id" 0),
    " j join task on task.id = j.task_id where task.state = 1"
);

const CHECKED_BY: Sql =
    sql!("update load set checked_by = ", greatest("checked_by", "cast($2 as bigint)"), " where id = $1");
