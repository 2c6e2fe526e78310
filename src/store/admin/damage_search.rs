//! Looking for tasks that are not what the file said: what their rows say is held against what their keys say.
//!
//! In: a queue or a round of it. Out: damaged tasks. What does not belong here: what is right about them (`damage`).

use super::AdminStore;
use super::damage::MAX_DAMAGED;
use crate::domain::{RoundId, TaskId, Wall};
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

/// The most that a message names.
const MAX_NAMED: i64 = 5;

impl AdminStore<'_> {
    /// Looks through all tasks for damaged ones. Takes seconds per million.
    pub async fn find_damage(&mut self) -> Result<Vec<TaskId>, StoreError> {
        let found: Vec<(i64,)> = self.db.fetch_all(FIND, args![MAX_DAMAGED]).await?;
        Ok(found.into_iter().map(|(id,)| TaskId(id)).collect())
    }

    /// Notes all of a round's damaged tasks, even where keys are so out of order that none is found by its target.
    ///
    /// # Errors
    /// The database cannot be read or written; so much is damaged that only a backup helps.
    pub async fn note_damage_of(&mut self, round: RoundId, now: Wall) -> Result<(), StoreError> {
        let found: Vec<(i64,)> = self.db.fetch_all(FIND_OF_ROUND, args![round.0, MAX_DAMAGED]).await?;
        let tasks: Vec<TaskId> = found.into_iter().map(|(id,)| TaskId(id)).collect();
        if tasks.len() as i64 >= MAX_DAMAGED {
            let detail = format!("{MAX_DAMAGED} rows or more are damaged");
            return Err(StoreError::Damaged { queue: self.db.place().clone(), detail });
        }
        self.note_damage(&tasks, now).await
    }

    /// Refuses where what a round's rows say is not what its keys say. No row is looked up: a flipped bit changes a sum.
    pub(in crate::store) async fn refuse_damaged(&mut self, round: i64) -> Result<(), StoreError> {
        let of_rows: Sums = self.db.fetch_one(SUMS_OF_ROWS, args![round]).await?;
        let of_keys: Sums = self.db.fetch_one(SUMS_OF_KEYS, args![round]).await?;
        let (texts_differ,): (bool,) = self.db.fetch_one(TEXTS_DIFFER, args![round]).await?;
        if of_rows == of_keys && !texts_differ {
            return Ok(());
        }
        let found: Vec<(String,)> = self.db.fetch_all(DAMAGED_LINES, args![round, MAX_NAMED]).await?;
        let mut rows: Vec<String> = found.into_iter().map(|(told,)| told).collect();
        if rows.is_empty() {
            rows.push("keys that belong to no row".to_owned());
        }
        Err(StoreError::DamagedRows { rows })
    }
}

/// A task whose key does not lead back to it. Tasks belong to a round by the ranges of its loads, whatever their own lane says.
const FIND: &str = "
    select task.id
      from load join round on round.id = load.round_id cross join task
     where load.finished_at is not null and task.id between load.first_task_id and load.last_task_id
       and task.id <= round.visible_to
       and not exists (select 1 from task_key key
                        where key.lane_id = task.lane_id and key.target = task.target and key.task_id = task.id)
     limit $1";

/// The same of one round, by all of its keys in whatever order they are; what is told of them.
macro_rules! damaged_of_round {
    ($told:literal) => {
        concat!(
            "
    with known as materialized (
        select key.task_id, key.lane_id, key.target from lane cross join task_key key
         where key.lane_id = lane.id and lane.round_id = $1)
    select ",
            $told,
            " from load join round on round.id = load.round_id join job on job.id = round.job_id cross join task
      left join known on known.task_id = task.id and known.lane_id = task.lane_id and known.target = task.target
     where load.round_id = $1 and load.finished_at is not null
       and task.id between load.first_task_id and load.last_task_id and task.id <= round.visible_to
       and known.task_id is null
     limit $2"
        )
    };
}

const FIND_OF_ROUND: &str = damaged_of_round!("task.id");

const DAMAGED_LINES: &str = damaged_of_round!("'line ' || task.line || ' of ' || job.name");

/// Rows or keys, and the sums of their numbers, of their lanes' numbers, and of both halves of what they say.
type Sums = (i64, Option<i64>, Option<i64>, Option<i64>, Option<i64>);

const SUMS_OF_ROWS: Sql = sql!(
    "
    select count(*), cast(sum(task.id) as bigint), cast(sum(task.lane_id) as bigint), ",
    halves_summed("task.target"),
    "
      from load cross join task
     where load.round_id = $1 and load.finished_at is not null
       and task.id between load.first_task_id and load.last_task_id"
);

const SUMS_OF_KEYS: Sql = sql!(
    "
    select count(*), cast(sum(key.task_id) as bigint), cast(sum(key.lane_id) as bigint), ",
    halves_summed("key.target"),
    "
      from lane cross join task_key key
     where key.lane_id = lane.id and lane.round_id = $1
       and key.task_id <= (select max(last_task_id) from load where round_id = $1 and finished_at is not null)"
);

/// Targets that are no numbers are few: each is looked up.
const TEXTS_DIFFER: Sql = sql!(
    "
    select exists (select 1 from lane cross join task_key key
                    where key.lane_id = lane.id and lane.round_id = $1 and ",
    is_text("key.target"),
    "                 and not exists (select 1 from task where task.id = key.task_id and task.target = key.target))"
);
