//! Some tasks of a round, in an order a person works in, with all that is known of their targets: for worklists, the list to
//! restore and the rows that need a look.
//!
//! Picking writes their IDs into a temporary table in one pass, and pages are read along it: memory does not grow with the job,
//! and the sorting is SQLite's, on disk where it has to be. All pages are of one snapshot.

use super::ReadStore;
use crate::domain::{Action, Platform, RoundId, Target, TaskId, TaskState, Wall};
use crate::store::codes::{action_of, platform_of, state_of, target_of};
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::lists::{VerifyResult, inverse_pairs, is_restored, restoring};
use crate::store::queue::Job;

/// Which tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Those in one of these states.
    pub states: Vec<TaskState>,
    /// And those that are done, were still listed when the account was read after that, and were not restored since.
    pub ghosts: bool,
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickOrder {
    /// That of the file's rows, those that have vanished from it last.
    File,
    /// What was settled last comes first.
    NewestFirst,
}

/// A task and what is known of its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickedTask {
    /// Which.
    pub task: TaskId,
    /// The physical line of its row; none where it is no longer in the file, or is not asked for ([`PickOrder::NewestFirst`]).
    pub line: Option<u64>,
    /// What it acts on.
    pub target: Target,
    /// What it does.
    pub action: Action,
    /// For whom, by short name.
    pub account: String,
    /// Where that account is.
    pub platform: Platform,
    /// Where it stands.
    pub state: TaskState,
    /// Why.
    pub reason: Option<String>,
    /// The HTTP status of the last answer.
    pub http_status: Option<u16>,
    /// Requests sent for it.
    pub attempts: u32,
    /// When it was settled.
    pub finished_at: Option<Wall>,
    /// The row's cells as one CSV record; none where the file has one column and the cell is the target's plain text.
    pub record: Option<String>,
    /// The last copy of what it has deleted, where the platform handed it back. Foreign text.
    pub last_copy: Option<String>,
    /// What the account's list said of it since it was done.
    pub verdict: Option<VerifyResult>,
    /// When that reading began.
    pub read_at: Option<Wall>,
}

type PickedRow = (
    i64,
    Option<u64>,
    serde_json::Value,
    i64,
    String,
    String,
    i64,
    Option<String>,
    Option<u16>,
    u32,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<String>,
);

impl ReadStore<'_> {
    /// Picks tasks of a round and says how many there are; none where there is no such round. Until [`ReadStore::end_picking`] the
    /// connection reads one snapshot, and nothing is written through it.
    ///
    /// # Errors
    /// The database cannot be read, or there is no room for the temporary table.
    pub async fn select_tasks(
        &mut self,
        job: &Job,
        round: u32,
        wanted: &TaskFilter,
        order: PickOrder,
    ) -> Result<Option<u64>, StoreError> {
        let Some((round, load, has_runs)) = self.newest_load(job, round).await? else { return Ok(None) };
        self.db.begin_snapshot().await?;
        for sql in PICKED_TABLE {
            self.db.execute(sql, args![]).await?;
        }
        let fills: &[Sql] = match (order, has_runs) {
            (PickOrder::NewestFirst, _) => &[NEWEST_FIRST],
            (PickOrder::File, false) => &[BY_ID, VANISHED],
            (PickOrder::File, true) => &[BY_RUN, VANISHED],
        };
        let states: Vec<i64> = wanted.states.iter().map(|state| state.code()).collect();
        for sql in fills {
            self.db
                .execute(
                    *sql,
                    args![
                        round,
                        load,
                        serde_json::json!(states).to_string(),
                        i64::from(wanted.ghosts),
                        inverse_pairs()
                    ],
                )
                .await?;
        }
        let sql = "select coalesce(max(place), 0) from picked";
        let (count,): (i64,) = self.db.fetch_one(sql, args![]).await?;
        Ok(Some(u64::try_from(count).unwrap_or(0)))
    }

    /// So many of the picked tasks, from the one at `from` (0 is the first) on.
    ///
    /// # Errors
    /// The database cannot be read; nothing was picked.
    pub async fn picked(&mut self, from: u64, count: u64) -> Result<Vec<PickedTask>, StoreError> {
        let (text,): (String,) = self
            .db
            .fetch_one(
                PICKED,
                args![
                    i64::try_from(from).unwrap_or(i64::MAX),
                    i64::try_from(from.saturating_add(count)).unwrap_or(i64::MAX),
                    inverse_pairs()
                ],
            )
            .await?;
        let rows: Vec<PickedRow> = crate::store::columns::values(&text)?;
        rows.into_iter().map(picked_of).collect()
    }

    /// Lets the snapshot go, and the temporary table with it.
    ///
    /// # Errors
    /// The database cannot be read any more.
    pub async fn end_picking(&mut self) -> Result<(), StoreError> {
        self.db.end_snapshot().await
    }

    /// A round's number in the queue; none where there is no such round.
    pub async fn round_id(&mut self, job: &Job, round: u32) -> Result<Option<RoundId>, StoreError> {
        Ok(self.newest_load(job, round).await?.map(|(id, ..)| RoundId(id)))
    }

    /// The newest round before another one that has done anything; none where there is none.
    pub async fn newest_round_done_before(&mut self, job: &Job, round: u32) -> Result<Option<u32>, StoreError> {
        let sql = "select max(round.number) from round
                    where round.job_id = $1 and round.number < $2 and exists (
                          select 1 from lane join task on task.lane_id = lane.id
                           where lane.round_id = round.id and task.state = $3)";
        let done = TaskState::Done.code();
        let (found,): (Option<u32>,) = self.db.fetch_one(sql, args![job.id.0, round, done]).await?;
        Ok(found)
    }

    /// A round's number in the queue, its newest load, and whether that says in runs where its rows stand.
    pub(super) async fn newest_load(&mut self, job: &Job, round: u32) -> Result<Option<(i64, i64, bool)>, StoreError> {
        let sql = "select round_id, load_id, exists (select 1 from row_run where row_run.load_id = newest.load_id)
                     from (select round.id as round_id, max(load.id) as load_id
                             from round join load on load.round_id = round.id
                            where round.job_id = $1 and round.number = $2 and load.finished_at is not null
                            group by round.id) newest";
        self.db.fetch_optional(sql, args![job.id.0, round]).await
    }
}

fn picked_of(row: PickedRow) -> Result<PickedTask, StoreError> {
    let (
        task,
        line,
        target,
        action,
        account,
        platform,
        state,
        reason,
        http_status,
        attempts,
        at,
        record,
        verdict,
        read,
        last_copy,
    ) = row;
    if target.is_null() {
        return Err(StoreError::DamagedRows {
            rows: vec![line.map_or_else(|| format!("row {task}"), |line| format!("line {line}"))],
        });
    }
    let platform = platform_of(&platform)?;
    Ok(PickedTask {
        task: TaskId(task),
        line,
        target: target_of(&target)?,
        action: action_of(action)?,
        account,
        platform,
        state: state_of(state)?,
        reason,
        http_status,
        attempts,
        finished_at: at.map(Wall),
        record,
        last_copy,
        verdict: verdict.as_deref().map(VerifyResult::stored).transpose()?,
        read_at: read.map(Wall),
    })
}

const PICKED_TABLE: [Sql; 2] = [
    sql!("drop table if exists ", either("temp.picked", "pg_temp.picked")),
    sql!(
        "create temp table picked (place ",
        either(
            "integer primary key, task_id integer not null, line integer) strict",
            "bigint generated always as identity primary key, task_id bigint not null, line bigint)"
        )
    ),
];

/// `$1` the round, `$2` its newest load, `$3` the states, `$4` whether ghosts are wanted, `$5` pairs for [`restoring`].
macro_rules! fill_from {
    ($line:literal, $order:literal, $($from:tt)+) => {
        sql!(
            "with ",
            restoring!("$5"),
            " insert into picked (task_id, line) select task.id, ",
            $line,
            " ",
            $($from)+,
            " and cast($2 as bigint) is not null and (task.state in ",
            numbers("$3"),
            "    or ($4 = 1 and task.state = 4
                    and exists (select 1 from verification v
                                 where v.task_id = task.id and v.finished_at = task.finished_at and v.verdict = 'ghost')
                    and not exists (select 1 from lane where lane.id = task.lane_id and ",
            is_restored!(),
            ")))
              order by ",
            $order
        )
    };
}

const BY_ID: Sql = fill_from!(
    "task.line",
    "load.id, task.id",
    "from load cross join task
      where load.round_id = $1 and load.finished_at is not null
        and task.id between load.first_task_id and load.last_task_id and task.vanished = 0"
);

const BY_RUN: Sql = fill_from!(
    "r.line + task.id - r.task_id",
    "r.line, task.id",
    "from row_run r cross join task where r.load_id = $2 and task.id between r.task_id and r.task_id + r.rows - 1"
);

const VANISHED: Sql = fill_from!(
    "null",
    "load.id, task.id",
    "from load cross join task",
    indexed_by("task_vanished"),
    " where load.round_id = $1 and load.finished_at is not null
        and task.id between load.first_task_id and load.last_task_id and task.vanished = 1"
);

const NEWEST_FIRST: Sql = fill_from!(
    "null",
    "task.finished_at desc nulls last, task.id desc",
    "from load cross join task
      where load.round_id = $1 and load.finished_at is not null
        and task.id between load.first_task_id and load.last_task_id"
);

/// `$1` behind which, `$2` up to which, `$3` pairs for [`restoring`].
const PICKED: Sql = sql!(
    "with ",
    restoring!("$3"),
    " select ",
    json_rows(
        "id, line, target, action, account, platform, state, reason, http_status, attempts, finished_at, record, verdict, read_at, last_copy"
    ),
    " from (select task.id, p.line, case when k.task_id = task.id then task.target end as target, lane.action, account.name as account, account.platform, task.state,
                   task.reason, task.http_status, task.attempts, task.finished_at, c.record,
                   case when task.state = 4 and ",
    is_restored!(),
    " then 'restored' else v.verdict end as verdict, v.read_at, d.text as last_copy
              from picked p
              join task on task.id = p.task_id
              join lane on lane.id = task.lane_id
              join account on account.id = lane.account_id
              left join task_key k on k.lane_id = task.lane_id and k.target = task.target
              left join task_cells c on c.task_id = task.id
              left join deleted_text d on d.task_id = task.id
              left join verification v on v.task_id = task.id and v.finished_at = task.finished_at
             where p.place > $1 and p.place <= $2
             order by p.place) page"
);
