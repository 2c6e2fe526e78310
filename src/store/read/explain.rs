//! Every attempt at a target, and what the platform answered.

use super::ReadStore;
use crate::domain::{Action, CrashCount, Outcome, Target, TargetName, TaskState, Wall};
use crate::store::codes::{action_of, state_of};
use crate::store::error::StoreError;

/// A task and its attempts, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskHistory {
    /// Its job.
    pub job: String,
    /// The round of that job, 1 and up.
    pub round: u32,
    /// The line of its row.
    pub line: u64,
    /// What was to be done.
    pub action: Action,
    /// The short name of the account.
    pub account: String,
    /// Where it stands.
    pub state: TaskState,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Option<String>,
    /// Its row is no longer in the file.
    pub vanished: bool,
    /// Deaths of the process that count against it since its last answer.
    pub crashes: CrashCount,
    /// What its row says where that is not what its key says: a bit of one of them has flipped.
    pub damaged: Option<String>,
    /// The requests sent for it.
    pub attempts: Vec<AttemptView>,
    /// The account's own records that it deletes, as far as they were read: those that it has deleted, then those that are left.
    pub records: Vec<RecordView>,
    /// What its row calls its target, where that is a name.
    pub lookup: Option<NameLookup>,
}

/// What is known of the name that a row calls its target by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameLookup {
    /// A drain has found out which target it means.
    Found {
        /// The name, with its `@`.
        name: String,
        /// When.
        at: Wall,
    },
    /// The task stands in line under its name.
    Awaited {
        /// When the next lookup can leave, where the platform's windows have no room now.
        next_at: Option<Wall>,
    },
}

/// A record of the account's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView {
    /// Its collection and its key.
    pub path: String,
    /// Whether it has been deleted, or was found to be.
    pub is_deleted: bool,
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptView {
    /// When its slot was written down.
    pub reserved_at: Wall,
    /// When it ended; none while it is in flight.
    pub ended_at: Option<Wall>,
    /// The HTTP status; none where no answer came.
    pub http_status: Option<u16>,
    /// What the answer meant, in one word.
    pub finding: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What the platform said.
    pub detail: Option<String>,
}

pub(super) type TaskRow =
    (String, i64, i64, i64, String, i64, Option<String>, i64, Option<i64>, i64, Option<String>, i64);
type AttemptRow = (i64, Option<i64>, Option<i64>, Option<String>, Option<String>, Option<String>);

impl ReadStore<'_> {
    /// The tasks on a target, oldest job first; of a name, also those on what it was found to mean.
    pub async fn explain(&mut self, target: &Target) -> Result<Vec<TaskHistory>, StoreError> {
        let name = target.name();
        let sql = "select job.name, round.number,
                          coalesce((select r.line + task.id - r.task_id from row_run r
                                     where r.load_id = (select max(load.id) from load
                                                         where load.round_id = round.id and load.finished_at is not null)
                                       and task.id between r.task_id and r.task_id + r.rows - 1 limit 1), task.line),
                          lane.action, account.name, task.state, task.reason, task.vanished,
                          task.last_attempt_id, task.crashes,
                          case when task.target <> key.target or task.lane_id <> lane.id then cast(task.target as text) end, task.id
                     from lane
                     join task_key key on key.lane_id = lane.id and key.target in (
                              select $1 union all
                              select r.target from name_resolution r where r.name = $2 and r.target is not null union all
                              select named.target from task_name n join task named on named.id = n.task_id
                               where n.name = '@' || cast($2 as text) and named.lane_id = lane.id)
                     join task on task.id = key.task_id
                     join round on round.id = lane.round_id and task.id <= round.visible_to
                     join job on job.id = round.job_id
                     join account on account.id = lane.account_id
                    order by task.id";
        let rows: Vec<TaskRow> = self.db.fetch_all(sql, args![target, name.as_ref().map(TargetName::as_str)]).await?;
        let mut histories = Vec::with_capacity(rows.len());
        for row in rows {
            histories.push(self.history_of(row).await?);
        }
        Ok(histories)
    }

    pub(super) async fn history_of(&mut self, row: TaskRow) -> Result<TaskHistory, StoreError> {
        let (job, round, line, action, account, state, reason, vanished, last_attempt, crashes, damaged, task) = row;
        let state = state_of(state)?;
        Ok(TaskHistory {
            job,
            round: u32::try_from(round).unwrap_or(0),
            line: line as u64,
            action: action_of(action)?,
            account,
            state,
            outcome: state.outcome(),
            reason,
            vanished: vanished != 0,
            crashes: CrashCount::stored(crashes),
            damaged,
            attempts: self.attempt_chain(last_attempt).await?,
            records: self.records_of_task(task).await?,
            lookup: self.lookup_of_task(task, state).await?,
        })
    }

    async fn lookup_of_task(&mut self, task: i64, state: TaskState) -> Result<Option<NameLookup>, StoreError> {
        let sql = "select n.name, n.found_at, task.target >= '@' and task.target < 'A'
                     from task left join task_name n on n.task_id = task.id where task.id = $1";
        let found: Option<(Option<String>, Option<i64>, bool)> = self.db.fetch_optional(sql, args![task]).await?;
        Ok(match found {
            Some((Some(name), Some(at), _)) => Some(NameLookup::Found { name, at: Wall(at) }),
            Some((.., true)) if state == TaskState::Pending => Some(NameLookup::Awaited { next_at: None }),
            _ => None,
        })
    }

    async fn records_of_task(&mut self, task: i64) -> Result<Vec<RecordView>, StoreError> {
        const MOST_RECORDS: i64 = 100;
        let sql = "with recursive chain (id, previous_id) as (
                       select a.id, a.previous_id from task join attempt a on a.id = task.last_attempt_id where task.id = $1
                       union all
                       select a.id, a.previous_id from chain join attempt a on a.id = chain.previous_id)
                   select collection || '/' || key, is_deleted from (
                       select r.undone_by, r.place, r.collection, r.key, true as is_deleted
                         from task join lane on lane.id = task.lane_id
                         join own_record r on r.account_id = lane.account_id and r.action = lane.action and r.subject = task.target
                          and r.undone_by is not null
                        where task.id = $1 and r.undone_by in (select id from chain)
                       union all
                       select null, r.place, r.collection, r.key, false
                         from task join lane on lane.id = task.lane_id
                         join own_record r on r.account_id = lane.account_id and r.action = lane.action and r.subject = task.target
                          and r.undone_by is null
                        where task.id = $1) record
                    order by is_deleted desc, undone_by, place, key limit $2";
        let rows: Vec<(String, bool)> = self.db.fetch_all(sql, args![task, MOST_RECORDS]).await?;
        Ok(rows.into_iter().map(|(path, is_deleted)| RecordView { path, is_deleted }).collect())
    }

    /// The attempts of a task hang together by their previous ones, so that no index has to be kept for them.
    async fn attempt_chain(&mut self, last: Option<i64>) -> Result<Vec<AttemptView>, StoreError> {
        const MOST_ATTEMPTS: i64 = 1_000;
        let sql = "with recursive chain (id, depth) as (
                       select cast($1 as bigint), 1 where cast($1 as bigint) is not null
                       union all
                       select a.previous_id, depth + 1 from chain cross join attempt a
                        where a.id = chain.id and a.previous_id is not null and depth < $2)
                   select a.reserved_at, a.ended_at, a.http_status, a.finding, a.reason, a.detail
                     from chain cross join attempt a where a.id = chain.id order by a.id";
        let rows: Vec<AttemptRow> = self.db.fetch_all(sql, args![last, MOST_ATTEMPTS]).await?;
        let view = |(reserved, ended, status, finding, reason, detail): AttemptRow| AttemptView {
            reserved_at: Wall(reserved),
            ended_at: ended.map(Wall),
            http_status: status.and_then(|status| u16::try_from(status).ok()),
            finding,
            reason,
            detail,
        };
        Ok(rows.into_iter().map(view).collect())
    }
}

/// One task, `$2`, of a job, `$1`.
pub(super) const TASK_HISTORY: &str = "
    select job.name, round.number,
           coalesce((select r.line + task.id - r.task_id from row_run r
                      where r.load_id = (select max(load.id) from load
                                          where load.round_id = round.id and load.finished_at is not null)
                        and task.id between r.task_id and r.task_id + r.rows - 1 limit 1), task.line),
           lane.action, account.name, task.state, task.reason, task.vanished, task.last_attempt_id, task.crashes,
           case when not exists (select 1 from task_key k where k.lane_id = task.lane_id and k.target = task.target and k.task_id = task.id)
                then cast(task.target as text) end, task.id
      from task
      join lane on lane.id = task.lane_id
      join round on round.id = lane.round_id and task.id <= round.visible_to
      join job on job.id = round.job_id
      join account on account.id = lane.account_id
     where task.id = $2 and job.id = $1";
