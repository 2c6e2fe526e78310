//! Forgetting a settled job: its rows and receipts go; slots that may still count in a window stay.

use super::AdminStore;
use super::forgotten_readings::forget_readings;
use crate::domain::{Action, Platform, Wall};
use crate::store::accounts::AccountStore;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::load::ROWS_PER_TRANSACTION;
use crate::store::lock::LoadLock;
use crate::store::queue::Job;
use crate::store::queue::bump_generation;

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Tasks dropped.
    pub tasks: u64,
    /// Attempts dropped.
    pub attempts: u64,
    /// Attempts that stay because they may still count.
    pub attempts_kept: u64,
    /// Others read the queue: its write-ahead log tells of what was forgotten until the last of them closes it.
    pub stays_in_log: bool,
}

impl AdminStore<'_> {
    /// When the last of a job's tasks was settled; none while any is not, or where it has no tasks.
    pub async fn settled_at(&mut self, job: &Job) -> Result<Option<Wall>, StoreError> {
        let sql = "select max(task.finished_at)
                     from round join load on load.round_id = round.id
                     join task on task.id between load.first_task_id and load.last_task_id
                    where round.job_id = $1 and not exists (select 1 from round r where r.job_id = $1 and r.pending > 0)";
        let (at,): (Option<i64>,) = self.db.fetch_one(sql, args![job.id.0]).await?;
        Ok(at.map(Wall))
    }

    /// How many tasks a job has in all its rounds.
    pub async fn tasks_of_all_rounds(&mut self, job: &Job) -> Result<u64, StoreError> {
        let sql = "select count(*) from round join load on load.round_id = round.id
                     join task on task.id between load.first_task_id and load.last_task_id where round.job_id = $1";
        let (tasks,): (i64,) = self.db.fetch_one(sql, args![job.id.0]).await?;
        Ok(tasks.unsigned_abs())
    }

    /// Drops a settled job with everything of it, but for attempts reserved at `keep_from` or later: those may still count in
    /// a window, and a forgotten slot would be a broken limit.
    ///
    /// # Errors
    /// The database cannot be written; what was dropped until then is gone, and the command can be given again.
    pub async fn forget(&mut self, job: &Job, keep_from: Wall) -> Result<Forgotten, StoreError> {
        let _lock = LoadLock::wait(self.db.place()).await?;
        // Cells and records have texts of deleted posts: what is forgotten is overwritten, in the queue and in its log.
        self.db.overwrite_deleted(true).await?;
        forget_readings(&mut *self.db, job).await?;
        let ranges: Vec<(i64, i64)> = self
            .db
            .fetch_all(
                "select load.first_task_id, load.last_task_id from load join round on round.id = load.round_id
              where round.job_id = $1 and load.last_task_id is not null order by load.id desc",
                args![job.id.0],
            )
            .await?;
        let mut forgotten = Forgotten::default();
        let id_spaces = serde_json::json!(Platform::ALL.map(Platform::id_space)).to_string();
        for (first, last) in ranges {
            let mut from = first;
            while from <= last {
                let to = last.min(from + ROWS_PER_TRANSACTION / 5 - 1);
                let mut tx = self.db.begin().await?;
                tx.execute(FORGET_TEXTS, args![from, to, id_spaces.as_str(), Action::DeletePost.code()]).await?;
                let kept: Vec<(i64,)> = tx.fetch_all(KEPT, args![from, to, keep_from.0]).await?;
                let mut counts = [0; FORGET_TASKS.len()];
                for (count, sql) in counts.iter_mut().zip(FORGET_TASKS) {
                    *count = tx.execute(sql, args![from, to, keep_from.0]).await?;
                }
                tx.execute(
                    UNCHAIN,
                    args![serde_json::json!(kept.iter().map(|(id,)| id).collect::<Vec<_>>()).to_string()],
                )
                .await?;
                tx.commit().await?;
                forgotten.attempts += counts[1];
                forgotten.attempts_kept += kept.len() as u64;
                forgotten.tasks += counts[FORGET_TASKS.len() - 1];
                from = to + 1;
            }
        }
        let mut tx = self.db.begin().await?;
        for sql in FORGET_JOB {
            tx.execute(sql, args![job.id.0]).await?;
        }
        bump_generation(&mut tx).await?;
        tx.commit().await?;
        forgotten.stays_in_log = !AccountStore { db: &mut *self.db }.wipe_log().await;
        Ok(forgotten)
    }
}

/// What lists have told of posts that these tasks were to delete: `$3` the names of all sets of IDs, `$4` the action that deletes posts.
const FORGET_TEXTS: Sql = sql!(
    "
    update known_target set text = null
     where text is not null
       and (platform, kind, target) in (
           select space.value, 'post', task.target
             from task join lane on lane.id = task.lane_id and lane.action = $4 cross join ",
    texts("$3"),
    " space
            where task.id between $1 and $2)"
);

/// Attempts that stay, found while the chains still hang together: one may stay behind another that goes, where its end was never seen.
const KEPT: &str = "
    with recursive chain (id, previous_id, reserved_at, ended_at) as (
         select a.id, a.previous_id, a.reserved_at, a.ended_at
           from task join attempt a on a.id = task.last_attempt_id and a.task_id = task.id
          where task.id between $1 and $2
         union all
         select a.id, a.previous_id, a.reserved_at, a.ended_at from chain join attempt a on a.id = chain.previous_id)
    select id from chain where reserved_at >= $3 or ended_at is null";

/// `$1` attempts that stay: what was before them has gone, or is nobody's.
const UNCHAIN: Sql = sql!("update attempt set previous_id = null where id in ", numbers("$1"));

/// Records and attempts first (found through the tasks' chains), the tasks last.
const FORGET_TASKS: [&str; 9] = [
    "with recursive chain (id, previous_id) as (
         select a.id, a.previous_id from task join attempt a on a.id = task.last_attempt_id and a.task_id = task.id
          where task.id between $1 and $2
         union all
         select a.id, a.previous_id from chain join attempt a on a.id = chain.previous_id)
     delete from own_record where undone_by in (select id from chain)
        and (account_id, action, subject) in (select lane.account_id, lane.action, task.target
                                                from task join lane on lane.id = task.lane_id where task.id between $1 and $2)",
    "with recursive chain (id, previous_id, reserved_at) as (
         select a.id, a.previous_id, a.reserved_at from task join attempt a on a.id = task.last_attempt_id and a.task_id = task.id
          where task.id between $1 and $2
         union all
         select a.id, a.previous_id, a.reserved_at from chain join attempt a on a.id = chain.previous_id)
     delete from attempt where id in (select id from chain where reserved_at < $3) and ended_at is not null",
    "delete from task_key where (lane_id, target) in (select lane_id, target from task where id between $1 and $2)",
    "delete from task_cells where task_id between $1 and $2",
    "delete from task_name where task_id between $1 and $2",
    "delete from verification where task_id between $1 and $2",
    "delete from damaged_task where task_id between $1 and $2",
    "delete from deleted_text where task_id between $1 and $2",
    "delete from task where id between $1 and $2",
];

// Keys are left where a row was damaged: they are found by what it says.
// Of records that are left nobody says whose rows alone they are for: what is still in line has them read again.
const FORGET_JOB: [&str; 10] = [
    "delete from row_run
      where load_id in (select load.id from load join round on round.id = load.round_id where round.job_id = $1)",
    "delete from row_without_task
      where load_id in (select load.id from load join round on round.id = load.round_id where round.job_id = $1)",
    "delete from load where round_id in (select id from round where job_id = $1)",
    "delete from task_key where lane_id in (select lane.id from lane join round on round.id = lane.round_id where round.job_id = $1)",
    "delete from lane where round_id in (select id from round where job_id = $1)",
    // The number may be another round's one day.
    "update job set restores_round = 0 where restores_round in (select id from round where job_id = $1)",
    "delete from round where job_id = $1",
    "delete from job where id = $1",
    "delete from own_record where undone_by is null and $1 is not null",
    "delete from own_record_reading where $1 is not null",
];
