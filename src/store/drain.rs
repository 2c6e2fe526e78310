//! A drain: one process working on the queue, from the recovery of what its predecessor left to its own end.

use sqlx::Connection;

use super::error::StoreError;
use super::lock::DrainLock;
use super::open::Store;
use super::slots::FirstThatCount;
use crate::domain::{
    AccountId, Action, AttemptId, BootId, Fence, Horizons, JobId, LaneId, Moment, RoundId, TaskId, TaskState, Tick,
};

/// A drain in progress. It holds the lock; dropping it lets the next process in.
#[derive(Debug)]
pub struct Drain {
    pub(super) store: Store,
    pub(super) fence: Fence,
    pub(super) last_attempt: AttemptId,
    pub(super) boot: BootId,
    pub(super) slots_from: FirstThatCount,
    lock: DrainLock,
}

/// What a drain found when it began.
#[derive(Debug, Default)]
pub struct DrainStart {
    /// Tasks that were being sent when the process before died; they stand in line again.
    pub recovered: u64,
    /// Those of them that had crashed us too often; they have failed.
    pub crashed: u64,
    /// Tasks whose refusal nobody has been blamed for yet.
    pub provisional: Vec<ParkedTask>,
    /// Tasks that failed in an outage which is not over, who failed first at the front. They do not stand in line.
    pub aside: Vec<AsideTask>,
    /// Slots of another boot may still count.
    pub other_boots: bool,
    /// When the first drain of this boot took the queue over from the last drain of another boot.
    pub taken_over: Tick,
}

/// A task that stands aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParkedTask {
    /// Which.
    pub task: TaskId,
    /// Its lane.
    pub lane: LaneId,
    /// Its account.
    pub account: AccountId,
}

/// A task that stands aside for its endpoint's outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsideTask {
    /// Which.
    pub task: TaskId,
    /// Its lane.
    pub lane: LaneId,
    /// Its account.
    pub account: AccountId,
    /// What is to be done.
    pub action: Action,
}

/// A lane, as a drain sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneView {
    /// Its number.
    pub lane: LaneId,
    /// Its job.
    pub job: JobId,
    /// Its round.
    pub round: RoundId,
    /// What it does.
    pub action: Action,
    /// For whom.
    pub account: AccountId,
    /// Tasks above belong to a load that has not finished.
    pub visible_to: TaskId,
    /// Whether anybody stands in line.
    pub has_pending: bool,
}

/// So many crashes in the middle of its attempts, and a task has failed: it may be what crashes us.
const MAX_CRASHES: i64 = 3;

impl Drain {
    /// Begins a drain: takes a new fence, puts back in line what was being sent or stood aside, and finds the oldest attempt
    /// that can still count in a window, of which `horizons` says how far they look back. An attempt whose process died is over only now: it may have been
    /// suspended, and woken a moment ago. `deadline_ms` is what a request may take.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn begin(
        store: Store,
        lock: DrainLock,
        now: Moment,
        boot: BootId,
        horizons: &Horizons,
        deadline_ms: i64,
    ) -> Result<(Drain, DrainStart), StoreError> {
        let mut drain = Drain {
            store,
            fence: Fence(0),
            last_attempt: AttemptId(0),
            boot,
            slots_from: FirstThatCount::OF_ALL,
            lock,
        };
        // A load that broke off on this connection may have left it otherwise.
        drain.store.sync_each_commit(true).await?;
        let mut start = drain.recover(now, deadline_ms).await?;
        drain.slots_from = drain.store.first_that_count(&drain.boot.0, now, horizons).await?;
        start.other_boots = drain.is_of_another_boot(drain.slots_from.far).await?;
        Ok((drain, start))
    }

    /// This drain's number.
    pub fn fence(&self) -> Fence {
        self.fence
    }

    /// Whether the lock still guards the queue.
    pub fn lock_is_intact(&self) -> bool {
        self.lock.is_intact()
    }

    /// Marks the drain's end and gives the queue back.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn end(mut self, now: Moment, stopped: &str) -> Result<Store, StoreError> {
        let sql = "update drain set ended_at = ?2, stopped = ?3 where id = ?1";
        let update = sqlx::query(sql).bind(self.fence.0).bind(now.wall.0).bind(stopped);
        update.execute(&mut self.store.connection).await.map_err(|e| self.store.sort(e))?;
        Ok(self.store)
    }

    async fn recover(&mut self, now: Moment, deadline_ms: i64) -> Result<DrainStart, StoreError> {
        let path = self.store.path.clone();
        let sort = |error| StoreError::from_sqlx(&path, error);
        let mut tx = self.store.connection.begin_with("begin immediate").await.map_err(&sort)?;
        let (fence,): (i64,) = sqlx::query_as(
            "insert into drain (id, boot, started_tick, started_at)
             select coalesce(max(id), 0) + 1, ?1, ?2, ?3 from drain returning id",
        )
        .bind(&self.boot.0)
        .bind(now.tick.0)
        .bind(now.wall.0)
        .fetch_one(&mut *tx)
        .await
        .map_err(&sort)?;
        let crashed = sqlx::query(CONVICT_CRASHERS).bind(MAX_CRASHES - 1).bind(now.wall.0);
        let crashed = crashed.execute(&mut *tx).await.map_err(&sort)?.rows_affected();
        if crashed > 0 {
            sqlx::query(COUNT_CRASHERS).bind(now.wall.0).execute(&mut *tx).await.map_err(&sort)?;
        }
        let recovered = sqlx::query(REQUEUE_OPEN).execute(&mut *tx).await.map_err(&sort)?.rows_affected();
        let close = sqlx::query(CLOSE_ATTEMPTS).bind(now.wall.0).bind(now.tick.0).bind(deadline_ms).bind(&self.boot.0);
        close.execute(&mut *tx).await.map_err(&sort)?;
        sqlx::query(WAKE_WAITING).execute(&mut *tx).await.map_err(&sort)?;
        let aside: Vec<(i64, i64, i64, i64)> = sqlx::query_as(ASIDE).fetch_all(&mut *tx).await.map_err(&sort)?;
        let provisional: Vec<(i64, i64, i64)> = sqlx::query_as(PROVISIONAL).fetch_all(&mut *tx).await.map_err(&sort)?;
        let (last,): (i64,) =
            sqlx::query_as("select coalesce(max(id), 0) from attempt").fetch_one(&mut *tx).await.map_err(&sort)?;
        let (taken_over,): (i64,) = sqlx::query_as(
            "select min(started_tick) from drain
              where boot = ?1 and id > (select coalesce(max(id), 0) from drain where boot <> ?1)",
        )
        .bind(&self.boot.0)
        .fetch_one(&mut *tx)
        .await
        .map_err(&sort)?;
        tx.commit().await.map_err(&sort)?;
        self.fence = Fence(fence);
        self.last_attempt = AttemptId(last);
        let park =
            |(task, lane, account)| ParkedTask { task: TaskId(task), lane: LaneId(lane), account: AccountId(account) };
        Ok(DrainStart {
            recovered,
            crashed,
            provisional: provisional.into_iter().map(park).collect(),
            aside: aside.into_iter().map(aside_of).collect::<Result<_, _>>()?,
            other_boots: false,
            taken_over: Tick(taken_over),
        })
    }

    /// The lanes of the jobs that are active, of their newest rounds, in the order of jobs; only those named, where any are.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn lanes(&mut self, only: Option<&[JobId]>) -> Result<Vec<LaneView>, StoreError> {
        let only = only.map(|jobs| serde_json::json!(jobs.iter().map(|job| job.0).collect::<Vec<_>>()).to_string());
        let (text,): (String,) = sqlx::query_as(LANES)
            .bind(only)
            .fetch_one(&mut self.store.connection)
            .await
            .map_err(|e| self.store.sort(e))?;
        let rows: Vec<(i64, i64, i64, i64, i64, i64, i64)> =
            serde_json::from_str(&text).map_err(|e| StoreError::impossible(e.to_string()))?;
        rows.into_iter()
            .map(|(lane, job, round, action, account, visible_to, has_pending)| {
                Ok(LaneView {
                    lane: LaneId(lane),
                    job: JobId(job),
                    round: RoundId(round),
                    action: action_of(action)?,
                    account: AccountId(account),
                    visible_to: TaskId(visible_to),
                    has_pending: has_pending != 0,
                })
            })
            .collect()
    }

    /// The number that moves when another process has changed something.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn generation(&mut self) -> Result<i64, StoreError> {
        let found =
            sqlx::query_as("select generation from queue where id = 1").fetch_one(&mut self.store.connection).await;
        let (generation,): (i64,) = found.map_err(|e| self.store.sort(e))?;
        Ok(generation)
    }

    /// SQLite's own count of other connections' commits; asking is all but free.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn data_version(&mut self) -> Result<i64, StoreError> {
        let found = sqlx::query_as("pragma data_version").fetch_one(&mut self.store.connection).await;
        let (version,): (i64,) = found.map_err(|e| self.store.sort(e))?;
        Ok(version)
    }

    /// The machine was suspended from `asleep_from` or later, and is awake: what had not stopped counting then may have been
    /// sent only now, so it counts until `woken` at least.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn woke(&mut self, asleep_from: Tick, woken: Tick) -> Result<(), StoreError> {
        let sql = "update attempt set upper_tick = ?2
                    where id >= ?3 and upper_tick > ?1 and upper_tick < ?2
                      and (select boot from drain where drain.id = attempt.drain_id) = ?4";
        let update = sqlx::query(sql).bind(asleep_from.0).bind(woken.0).bind(self.slots_from.far.0).bind(&self.boot.0);
        update.execute(&mut self.store.connection).await.map_err(|e| self.store.sort(e))?;
        Ok(())
    }

    /// The queue beneath, for reading and for the commands that a drain carries out itself.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }
}

fn aside_of((task, lane, account, action): (i64, i64, i64, i64)) -> Result<AsideTask, StoreError> {
    let action = action_of(action)?;
    Ok(AsideTask { task: TaskId(task), lane: LaneId(lane), account: AccountId(account), action })
}

pub(super) fn action_of(code: i64) -> Result<Action, StoreError> {
    Action::from_code(code).ok_or_else(|| StoreError::impossible(format!("the action {code}")))
}

pub(super) fn state_of(code: i64) -> Result<TaskState, StoreError> {
    TaskState::from_code(code).ok_or_else(|| StoreError::impossible(format!("the state {code}")))
}

const CONVICT_CRASHERS: &str = "
    update task set state = 6, reason = 'crashed', finished_at = ?2, crashes = crashes + 1
     where state = 1 and crashes >= ?1
       and id in (select task_id from attempt where ended_at is null)";

const COUNT_CRASHERS: &str = "
    update round set pending = pending - c.n, failed = failed + c.n
      from (select lane.round_id, count(*) as n
              from attempt cross join task on task.id = attempt.task_id cross join lane on lane.id = task.lane_id
             where attempt.ended_at is null and task.state = 6 and task.reason = 'crashed' and task.finished_at = ?1
               and task.last_attempt_id = attempt.id
             group by lane.round_id) c
     where round.id = c.round_id";

/// In the words of the index of those that stand aside; `state = 2` alone would look at every task. Those that failed in an outage
/// which is not over stay: a process that begins again and again would ask for the first few for ever.
const WAKE_WAITING: &str = "
    update task set state = 0
     where state in (2, 3) and state <> 3
       and not exists (select 1 from lane join endpoint_outage o on o.account_id = lane.account_id and o.action = lane.action
                        where lane.id = task.lane_id)";

const ASIDE: &str = "
    select task.id, lane.id, lane.account_id, lane.action from task join lane on lane.id = task.lane_id
     where task.state in (2, 3) and task.state <> 3 order by task.last_attempt_id";

const PROVISIONAL: &str = "
    select task.id, lane.id, lane.account_id from task join lane on lane.id = task.lane_id
     where task.state in (2, 3) order by task.id";

/// What a start asks of the tables that grow with the work.
#[cfg(test)]
pub(super) const AT_A_START: [&str; 10] = [
    CONVICT_CRASHERS,
    COUNT_CRASHERS,
    REQUEUE_OPEN,
    CLOSE_ATTEMPTS,
    WAKE_WAITING,
    ASIDE,
    PROVISIONAL,
    LANES,
    super::slots::FIRST_THAT_COUNTS,
    super::slots::SLOTS,
];

const REQUEUE_OPEN: &str = "
    update task set state = 0, crashes = crashes + 1, unsure = 1
     where state = 1 and id in (select task_id from attempt where ended_at is null)";

/// `upper - reserved - deadline` is the grace the attempt was written with. Attempts of another boot stay open: nobody can
/// say by when the platform counted them, for a machine may sleep before it dies.
const CLOSE_ATTEMPTS: &str = "
    update attempt
       set finding = 'crashed', reason = 'process_died',
           ended_at = case when d.boot = ?4 then ?1 end,
           upper_tick = case when d.boot = ?4
                             then max(upper_tick, ?2 + max(upper_tick - reserved_tick - ?3, 0)) else upper_tick end
      from drain d
     where d.id = attempt.drain_id and attempt.ended_at is null";

const LANES: &str = "
    select json_group_array(json_array(lane.id, job.id, round.id, lane.action, lane.account_id, round.visible_to,
               exists (select 1 from task where task.lane_id = lane.id and task.state = 0 and task.id <= round.visible_to)))
      from (select job.id from job
             where job.state = 'active' and (?1 is null or job.id in (select value from json_each(?1)))
             order by job.id) job
      join round on round.job_id = job.id
       and round.number = (select max(number) from round newest where newest.job_id = job.id and newest.visible_to > 0)
      join lane on lane.round_id = round.id
     where round.pending > 0";
