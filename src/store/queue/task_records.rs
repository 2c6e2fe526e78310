//! Which record each of a drain's tasks deletes next, where to undo is to delete a record, or puts back. In: tasks. Out: their records, as
//! far as a reading covers them. What does not belong here: reading the records (`lists::own_records`), and claiming.

use std::collections::HashMap;

use super::drain::Drain;
use crate::domain::{Action, OwnRecord, TaskId};
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

/// A record's number in its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordId(pub i64);

/// What a task deletes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRecord {
    /// Which.
    pub id: RecordId,
    /// The record.
    pub record: OwnRecord,
    /// How many its subject has, this one counted.
    pub left: u32,
}

/// What is known of a task's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordsOfTask {
    /// Nothing: no finished reading covers it.
    Unknown,
    /// This is the next.
    Next(TaskRecord),
    /// Nothing is to be restored: somebody has made one since, or put it back.
    There,
    /// There is none to delete, or none was kept.
    None {
        /// One was there, and has been deleted, or may have been; or one that was to be put back is there.
        was_settled: bool,
    },
}

/// `$1` tasks, `$2` records that the turn under way marks as deleted.
///
/// One was there where the task has deleted one, or another task one that the reading found; or an attempt of which nobody saw the answer may
/// have deleted it.
const RECORDS: Sql = sql!(
    "
    select t.id, coalesce(reading.finished_at is not null and t.id <= reading.covers_to, false), r.id, r.collection, r.key, r.cid, r.value,
           (select count(*) from own_record o
             where o.account_id = lane.account_id and o.action = lane.action and o.subject = t.target and o.undone_by is null
               and o.id not in ",
    numbers("$2"),
    "),
           r.id is null and (t.unsure = 1 or exists (
               select 1 from own_record o left join attempt a on a.id = o.undone_by
                where o.account_id = lane.account_id and o.action = lane.action and o.subject = t.target and o.undone_by is not null
                  and (o.undone_by > reading.after_attempt_id or a.task_id = t.id))), false
      from ",
    numbers("$1"),
    " asked
      join task t on t.id = asked.value
      join lane on lane.id = t.lane_id
      left join own_record_reading reading on reading.account_id = lane.account_id and reading.action = lane.action
      left join own_record r on r.id = (
               select o.id from own_record o
                where o.account_id = lane.account_id and o.action = lane.action and o.subject = t.target and o.undone_by is null
                  and o.id not in ",
    numbers("$2"),
    "           order by o.place, o.key limit 1)"
);

/// `$1` tasks that restore, `$2` records that the turn under way marks as restored, `$3` pairs: an action that restores, and the one that it
/// takes back.
///
/// A task puts back what its job's round has deleted of its subject, in the other order; but for what a reading has found to be there. Where
/// there is another one of the subject before anything was sent, somebody has made it since, and a second one is not made. What was deleted
/// after the reading began is not there.
///
/// `cross join`: in this order each step finds the records of one subject by an index. In another one SQLite walks through all that the
/// account has ever deleted, for each task.
const RECORDS_TO_RESTORE: Sql = sql!(
    "
    with inverse as materialized (select pair.restoring, pair.undoing from ",
    rows("$3", number "restoring" 0, number "undoing" 1),
    " pair),
    there as materialized (
        select t.id as task, p.place, p.collection, p.key, p.cid
          from ",
    numbers("$1"),
    " asked
         cross join task t cross join lane cross join inverse cross join own_record_reading reading cross join own_record p
         where t.id = asked.value and lane.id = t.lane_id and inverse.restoring = lane.action
           and reading.account_id = lane.account_id and reading.action = lane.action
           and p.account_id = lane.account_id and p.action = lane.action and p.subject = t.target and p.undone_by is null
           and not exists (select 1 from own_record o
                            where o.account_id = lane.account_id and o.action = inverse.undoing and o.subject = t.target
                              and o.place = p.place and o.key = p.key and o.undone_by > reading.after_attempt_id)),
    kept as materialized (
        select t.id as task, o.id, o.place, o.collection, o.key
          from ",
    numbers("$1"),
    " asked
         cross join task t cross join lane cross join round cross join job cross join inverse cross join own_record o
         cross join attempt a cross join task undone cross join lane of
         where t.id = asked.value and lane.id = t.lane_id and round.id = lane.round_id and job.id = round.job_id
           and inverse.restoring = lane.action
           and o.account_id = lane.account_id and o.action = inverse.undoing and o.subject = t.target and o.undone_by is not null
           and a.id = o.undone_by and undone.id = a.task_id and of.id = undone.lane_id and of.round_id = job.restores_round
           and o.id not in ",
    numbers("$2"),
    "
           and not exists (select 1 from there p
                            where p.task = t.id and p.place = o.place and p.key = o.key and p.cid = o.cid))
    select t.id, coalesce(reading.finished_at is not null and t.id <= reading.covers_to, false), r.id, r.collection, r.key, r.cid, r.value,
           (select count(*) from kept where kept.task = t.id),
           t.unsure = 1 and exists (select 1 from there p where p.task = t.id),
           exists (select 1 from there p
                    where p.task = t.id and (r.id is null or t.attempts = 0 and p.collection = r.collection and p.key <> r.key))
      from ",
    numbers("$1"),
    " asked
      join task t on t.id = asked.value
      join lane on lane.id = t.lane_id
      left join own_record_reading reading on reading.account_id = lane.account_id and reading.action = lane.action
      left join own_record r on r.id = (
               select kept.id from kept where kept.task = t.id order by kept.place desc, kept.key limit 1)"
);

type Row = (i64, bool, Option<i64>, Option<String>, Option<String>, Option<String>, Option<String>, i64, bool, bool);

impl Drain {
    /// The records that these tasks delete next. `leaving`: those that the turn which is put together marks as deleted.
    pub async fn records_of(
        &mut self,
        tasks: &[TaskId],
        leaving: &[RecordId],
    ) -> Result<HashMap<TaskId, RecordsOfTask>, StoreError> {
        let leaving: Vec<i64> = leaving.iter().map(|record| record.0).collect();
        let args = args![serde_json::json!(tasks).to_string(), serde_json::json!(leaving).to_string()];
        let rows: Vec<Row> = self.store.db.fetch_all(RECORDS, args).await?;
        Ok(rows.into_iter().map(records_of).collect())
    }

    /// The records that these tasks put back next. `leaving`: those that the turn which is put together marks as restored.
    pub async fn records_to_restore(
        &mut self,
        tasks: &[TaskId],
        leaving: &[RecordId],
    ) -> Result<HashMap<TaskId, RecordsOfTask>, StoreError> {
        if tasks.is_empty() {
            return Ok(HashMap::new());
        }
        let leaving: Vec<i64> = leaving.iter().map(|record| record.0).collect();
        let pairs: Vec<(i64, i64)> =
            Action::UNDOING.iter().filter_map(|action| Some((action.inverse()?.code(), action.code()))).collect();
        let args = args![
            serde_json::json!(tasks).to_string(),
            serde_json::json!(leaving).to_string(),
            serde_json::json!(pairs).to_string()
        ];
        let rows: Vec<Row> = self.store.db.fetch_all(RECORDS_TO_RESTORE, args).await?;
        Ok(rows.into_iter().map(records_of).collect())
    }
}

fn records_of(row: Row) -> (TaskId, RecordsOfTask) {
    let (task, is_covered, id, collection, key, cid, value, left, was_settled, is_there) = row;
    let found = match (is_covered, id, collection, key, cid, value) {
        (false, ..) => RecordsOfTask::Unknown,
        // A request of which nobody saw the answer may have put it there.
        (true, ..) if is_there && was_settled => RecordsOfTask::None { was_settled },
        (true, ..) if is_there => RecordsOfTask::There,
        (true, Some(id), Some(collection), Some(key), Some(cid), Some(value)) => RecordsOfTask::Next(TaskRecord {
            id: RecordId(id),
            record: OwnRecord { collection, key, cid, value },
            left: u32::try_from(left).unwrap_or(u32::MAX),
        }),
        (true, ..) => RecordsOfTask::None { was_settled },
    };
    (TaskId(task), found)
}

#[cfg(test)]
#[path = "task_records_tests.rs"]
mod tests;
