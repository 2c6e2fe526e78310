//! Tasks that are not what the file said when it was loaded. A task's target stands twice in the queue, in its row and in the key, and a
//! third time in the row's cells where those are kept: where row and key differ, one of them has been damaged on the disk.
//!
//! In: what a claim or `doctor` has found. Out: what may be true of each such task, and what a person or the file has decided. What does
//! not belong here: finding them (`damage_search`), and deciding.

use super::AdminStore;
use std::path::PathBuf;

use crate::domain::{AccountId, Action, LaneId, RoundId, Target, TaskId, TaskState, Wall};
use crate::store::codes::{action_of, state_of, target_of};
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::lists::distrust_record_readings;
use crate::store::queue::bump_generation;

/// The reason of a task of which nobody can say any more what it was.
pub const DAMAGED: &str = "damaged";
/// The most damaged tasks that are looked at one by one.
pub(super) const MAX_DAMAGED: i64 = 10_000;

/// A task of which row and key differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedTask {
    /// Which.
    pub task: TaskId,
    /// Its job's name.
    pub job: String,
    /// The job's file.
    pub path: PathBuf,
    /// Its round.
    pub round: RoundId,
    /// Where its row stands in the file.
    pub line: u64,
    /// Where it stands.
    pub state: TaskState,
    /// It has an end although it is not settled, or the other way round.
    pub state_is_torn: bool,
    /// What its row says.
    pub row: Claimant,
    /// What keys say that lead to it; there should be one.
    pub keys: Vec<Claimant>,
    /// Its row's cells, where they are kept.
    pub record: Option<String>,
}

/// What a task may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// In which lane.
    pub lane: LaneId,
    /// What that lane does, and for whom; none: there is no such lane.
    pub place: Option<(Action, AccountId)>,
    /// To whom; none: it is no target at all.
    pub target: Option<Target>,
    /// The target as it is stored: in JSON where that can hold it, else its type and bytes.
    pub stored: String,
}

impl DamagedTask {
    /// Whether row and key agree after all: then what is damaged is something else about the task.
    pub fn targets_agree(&self) -> bool {
        let same = |key: &Claimant| key.lane == self.row.lane && key.stored == self.row.stored;
        self.row.place.is_some() && self.keys.iter().any(same)
    }
}

type TaskRow =
    (i64, String, String, i64, i64, i64, i64, String, String, Option<String>, Option<i64>, Option<i64>, bool);
type KeyRow = (i64, i64, String, String, i64, i64);

/// A target whose bytes nobody can vouch for: its type as SQLite has it, and its text in hexadecimal digits. A bit that has flipped in a text
/// may leave none, which could not be read at all.
#[derive(Debug)]
struct StoredTarget {
    kind: String,
    hex: String,
}

impl StoredTarget {
    /// What it holds; none: nothing that a target could be.
    fn value(&self) -> Option<serde_json::Value> {
        let text = String::from_utf8(bytes_of_hex(&self.hex)).ok()?;
        match self.kind.as_str() {
            "text" => Some(text.into()),
            "integer" | "real" => text.parse().ok().map(serde_json::Value::Number),
            _ => None,
        }
    }

    fn shown(&self) -> String {
        self.value().map_or_else(|| format!("{} x'{}'", self.kind, self.hex), |value| value.to_string())
    }
}

/// Bytes that the database has written in hexadecimal digits.
fn bytes_of_hex(digits: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).filter_map(byte).collect()
}

impl AdminStore<'_> {
    /// Notes tasks as damaged, for the next load of their files.
    pub async fn note_damage(&mut self, tasks: &[TaskId], now: Wall) -> Result<(), StoreError> {
        let sql = sql!(
            "insert into damaged_task (task_id, found_at) select found.value, $2 from ",
            numbers("$1"),
            " found where true on conflict do nothing"
        );
        self.db.execute(sql, args![serde_json::json!(tasks).to_string(), now.0]).await.map(drop)
    }

    /// The tasks that are noted as damaged, of one job or of all.
    pub async fn damaged_tasks(&mut self, job: Option<&str>) -> Result<Vec<DamagedTask>, StoreError> {
        let found: Vec<TaskRow> = self.db.fetch_all(NOTED, args![job, MAX_DAMAGED]).await?;
        let mut tasks = Vec::with_capacity(found.len());
        for row in found {
            let (id, job, path, round, line, state, lane, kind, hex, record, action, account, torn) = row;
            tasks.push(DamagedTask {
                task: TaskId(id),
                job,
                path: PathBuf::from(path),
                round: RoundId(round),
                line: line.unsigned_abs(),
                state: state_of(state)?,
                state_is_torn: torn,
                row: claimant(lane, &StoredTarget { kind, hex }, action.zip(account)),
                keys: Vec::new(),
                record: record.map(|hex| String::from_utf8_lossy(&bytes_of_hex(&hex)).into_owned()),
            });
        }
        self.find_keys(&mut tasks).await?;
        Ok(tasks)
    }

    /// Keys are found by their target; by their task all of a round are looked through.
    async fn find_keys(&mut self, tasks: &mut [DamagedTask]) -> Result<(), StoreError> {
        let mut rounds: Vec<i64> = tasks.iter().map(|damaged| damaged.round.0).collect();
        rounds.sort_unstable();
        rounds.dedup();
        let ids: Vec<TaskId> = tasks.iter().map(|damaged| damaged.task).collect();
        let args = args![serde_json::json!(rounds).to_string(), serde_json::json!(ids).to_string()];
        let found: Vec<KeyRow> = self.db.fetch_all(KEYS, args).await?;
        for (task, lane, kind, hex, action, account) in found {
            if let Some(damaged) = tasks.iter_mut().find(|damaged| damaged.task.0 == task) {
                damaged.keys.push(claimant(lane, &StoredTarget { kind, hex }, Some((action, account))));
            }
        }
        Ok(())
    }

    /// The task is what a key says: its row is put right.
    pub async fn mend_row(&mut self, damaged: &DamagedTask, truth: &Claimant) -> Result<(), StoreError> {
        let sql = "update task set lane_id = $2, target = $3 where id = $1";
        let target =
            truth.target.as_ref().ok_or_else(|| StoreError::impossible(format!("the target {}", truth.stored)))?;
        self.db.execute(sql, args![damaged.task.0, truth.lane.0, target]).await.map(drop)
    }

    /// Nobody can say what the task was: it is never sent. Its row says what a key says, for that is a target at least.
    pub async fn give_damaged_up(&mut self, damaged: &DamagedTask, now: Wall) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(COUNT_GIVEN_UP, args![damaged.task.0, damaged.round.0]).await?;
        tx.execute(GIVE_UP, args![damaged.task.0, DAMAGED, now.0]).await?;
        tx.commit().await?;
        match damaged.keys.iter().find(|key| key.target.is_some()) {
            Some(key) => self.mend_row(damaged, key).await,
            None => Ok(()),
        }
    }

    /// Every row of a round is right now: its keys and the index of those in line are made anew, and nothing is noted any more.
    ///
    /// # Errors
    /// The database cannot be written; then the damage stays noted.
    pub async fn rebuild_keys(&mut self, round: RoundId) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for sql in REBUILD {
            tx.execute(sql, args![round.0]).await?;
        }
        distrust_record_readings(&mut tx).await?;
        bump_generation(&mut tx).await?;
        tx.commit().await
    }
}

fn claimant(lane: i64, stored: &StoredTarget, place: Option<(i64, i64)>) -> Claimant {
    let place = place.and_then(|(action, account)| Some((action_of(action).ok()?, AccountId(account))));
    let target = stored.value().and_then(|value| target_of(&value).ok());
    Claimant { lane: LaneId(lane), place, target, stored: stored.shown() }
}

/// `$1` the name of a job; null: all.
const NOTED: Sql = sql!(
    "
    select task.id, job.name, job.path, round.id,
           coalesce((select r.line + task.id - r.task_id from row_run r
                      where r.load_id = (select max(newest.id) from load newest
                                          where newest.round_id = round.id and newest.finished_at is not null)
                        and task.id between r.task_id and r.task_id + r.rows - 1 limit 1), task.line),
           task.state, task.lane_id, ",
    kind("task.target"),
    ", ",
    hex("task.target"),
    ", case when c.record is not null then ",
    hex("c.record"),
    " end, lane.action, lane.account_id, (task.state >= 4) <> (task.finished_at is not null)
      from (select task_id from damaged_task order by task_id limit $2) d
      join task on task.id = d.task_id
      join load on task.id between load.first_task_id and load.last_task_id and load.finished_at is not null
      join round on round.id = load.round_id
      join job on job.id = round.job_id and (cast($1 as text) is null or job.name = $1)
      left join lane on lane.id = task.lane_id and lane.round_id = round.id
      left join task_cells c on c.task_id = task.id
     order by task.id"
);

const KEYS: Sql = sql!(
    "
    select key.task_id, key.lane_id, ",
    kind("key.target"),
    ", ",
    hex("key.target"),
    ", lane.action, lane.account_id
      from lane cross join task_key key
     where key.lane_id = lane.id and lane.round_id in ",
    numbers("$1"),
    " and key.task_id in ",
    numbers("$2")
);

/// A repeat keeps the first.
const REBUILD: [Sql; 4] = [
    sql!("delete from task_key where lane_id in (select id from lane where round_id = $1)"),
    sql!("insert into task_key (lane_id, target, task_id)
     select task.lane_id, task.target, task.id
       from load cross join task
      where load.round_id = $1 and load.finished_at is not null
        and task.id between load.first_task_id and load.last_task_id
      order by task.lane_id, task.target, task.id
         on conflict do nothing"),
    sql!(reindex("task_pending")),
    sql!("delete from damaged_task
      where exists (select 1 from load where load.round_id = $1 and task_id between load.first_task_id and load.last_task_id)"),
];

const COUNT_GIVEN_UP: &str = "
    update round set pending = pending - n.n, rejected_tasks = rejected_tasks + n.n
      from (select count(*) as n from task where id = $1 and state in (0, 2, 3)) n
     where round.id = $2";

const GIVE_UP: &str = "update task set state = 9, reason = $2, finished_at = $3 where id = $1 and state in (0, 2, 3)";
