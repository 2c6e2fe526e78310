//! What a drain finds of its predecessor that died: the tasks that were in flight, whose outcome nobody knows.
//!
//! In: a queue whose lock is held. Out: those tasks stand aside (`waiting`, with the reason [`UNKNOWN_AFTER_CRASH`]), what else stood
//! aside is in line again, open attempts are closed. What does not belong here: who is to blame ([`CrashCount`]), and when
//! they are sent again (the engine).

use super::drain::Drain;
use super::drain_start::{AsideTask, CrashedTask, DrainStart, ParkedTask};
use super::drain_windows::to_text;
use super::work::DrainScope;
use crate::domain::{
    AccountId, AttemptId, BootId, CRASHED, CrashCount, Death, Fence, LaneId, Moment, TaskId, TaskState, Tick,
    UNKNOWN_AFTER_CRASH,
};
use crate::store::codes::action_of;
use crate::store::db::Tx;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

/// `task, round, crashes, whether its process died under this boot, whether the platform had answered that drain`. One that could not
/// write to the queue any more, and ended, did not die.
pub(super) type InFlightRow = (i64, i64, i64, bool, bool);

impl Drain {
    /// Takes the next fence and puts the queue in order behind a predecessor, all in one transaction.
    pub(super) async fn recover(
        &mut self,
        scope: &DrainScope,
        now: Moment,
        deadline_ms: i64,
    ) -> Result<DrainStart, StoreError> {
        let mut tx = self.store.db.begin().await?;
        let fence = write_drain(&mut tx, &self.boot, scope, now).await?;
        let found: Vec<InFlightRow> = tx.fetch_all(IN_FLIGHT, args![&self.boot.0]).await?;
        let after = after_death(&found, now);
        let withdrawn = after.write(&mut tx, now).await?;
        tx.execute(CLOSE_ATTEMPTS, args![now.wall.0, now.tick.0, deadline_ms, &self.boot.0]).await?;
        tx.execute(WAKE_WAITING, args![UNKNOWN_AFTER_CRASH]).await?;
        let provisional: Vec<ParkedRow> = tx.fetch_all(PROVISIONAL, args![]).await?;
        let aside: Vec<(i64, i64, i64, i64)> = tx.fetch_all(ASIDE, args![UNKNOWN_AFTER_CRASH]).await?;
        let asked_last: Vec<(i64, i64, i64, i64)> = tx.fetch_all(ASKED_LAST, args![]).await?;
        let undecided: Vec<(i64, i64, i64)> = tx.fetch_all(UNDECIDED, args![UNKNOWN_AFTER_CRASH]).await?;
        let (last,): (i64,) = tx.fetch_one("select coalesce(max(id), 0) from attempt", args![]).await?;
        let (taken_over,): (i64,) = tx.fetch_one(TAKEN_OVER, args![&self.boot.0]).await?;
        tx.commit().await?;
        self.fence = fence;
        self.last_attempt = AttemptId(last);
        Ok(DrainStart {
            recovered: after.tasks - after.failed - withdrawn,
            crashed: after.failed,
            provisional: provisional.into_iter().map(parked_of).collect::<Result<_, _>>()?,
            aside: aside.into_iter().map(aside_of).collect::<Result<_, _>>()?,
            asked_last: asked_last.into_iter().map(aside_of).collect::<Result<_, _>>()?,
            undecided: undecided.into_iter().map(undecided_of).collect(),
            other_boots: false,
            log_lost: None,
            was_restored: false,
            taken_over: Tick(taken_over),
        })
    }
}

/// A drain's row: the next fence.
pub(super) async fn write_drain(
    tx: &mut Tx<'_>,
    boot: &BootId,
    scope: &DrainScope,
    now: Moment,
) -> Result<Fence, StoreError> {
    let args = args![
        &boot.0,
        now.tick.0,
        now.wall.0,
        scope.jobs_json(),
        scope.sends_until.map(|at| at.0),
        scope.is_capped,
        to_text(&scope.windows)
    ];
    let (fence,): (i64,) = tx.fetch_one(BEGIN_DRAIN, args).await?;
    Ok(Fence(fence))
}

/// What a death has left of the tasks that were in flight.
#[derive(Debug, Default)]
pub(super) struct AfterDeath {
    /// `[[task, state, crashes, finished_at, round], ...]`
    writes: String,
    pub(super) tasks: u64,
    pub(super) failed: u64,
    pub(super) failed_tasks: Vec<i64>,
}

impl AfterDeath {
    /// Puts aside what was in flight; how many of those are not tried again, because meanwhile their rows have left the file, a load has spared or
    /// rejected them, or their job was cancelled.
    pub(super) async fn write(&self, tx: &mut Tx<'_>, now: Moment) -> Result<u64, StoreError> {
        if self.tasks == 0 {
            return Ok(0);
        }
        tx.execute(PUT_ASIDE, args![&self.writes, UNKNOWN_AFTER_CRASH, CRASHED]).await?;
        if self.failed > 0 {
            tx.execute(COUNT_FAILED, args![&self.writes]).await?;
        }
        tx.execute(COUNT_WITHDRAWN, args![&self.writes]).await?;
        tx.execute(WITHDRAW, args![&self.writes, now.wall.0]).await
    }
}

/// Of the tasks that were in flight when one process died.
pub(super) fn after_death(in_flight: &[InFlightRow], now: Moment) -> AfterDeath {
    let mut after = AfterDeath { tasks: in_flight.len() as u64, ..AfterDeath::default() };
    let alone = in_flight.len() == 1;
    let mut writes = Vec::with_capacity(in_flight.len());
    for (task, round, crashes, same_boot, answered) in in_flight {
        let death = Death { same_boot: *same_boot, answered: *answered, alone };
        let count = CrashCount::stored(*crashes).after(death);
        let failed = count.has_failed();
        after.failed += u64::from(failed);
        after.failed_tasks.extend(failed.then_some(*task));
        let state = if failed { TaskState::Failed } else { TaskState::Waiting };
        writes.push((*task, state.code(), count.number(), failed.then_some(now.wall.0), *round));
    }
    after.writes = serde_json::json!(writes).to_string();
    after
}

pub(super) fn undecided_of((task, lane, crashes): (i64, i64, i64)) -> CrashedTask {
    CrashedTask { task: TaskId(task), lane: LaneId(lane), alone: CrashCount::stored(crashes).is_sent_alone() }
}

pub(super) fn aside_of((task, lane, account, action): (i64, i64, i64, i64)) -> Result<AsideTask, StoreError> {
    let action = action_of(action)?;
    Ok(AsideTask { task: TaskId(task), lane: LaneId(lane), account: AccountId(account), action })
}

pub(super) type ParkedRow = (i64, i64, i64, i64, Option<String>, i64);

pub(super) fn parked_of(row: ParkedRow) -> Result<ParkedTask, StoreError> {
    let (task, lane, account, action, reason, maybe_applied) = row;
    Ok(ParkedTask {
        task: TaskId(task),
        lane: LaneId(lane),
        account: AccountId(account),
        action: action_of(action)?,
        reason,
        maybe_applied: maybe_applied != 0,
    })
}

const BEGIN_DRAIN: &str = "
    insert into drain (id, boot, started_tick, started_at, jobs, sends_until, is_capped, windows)
    select coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6, $7 from drain returning id";

/// Only a drain has tasks in flight, and each begins with none: they are all of the one before.
const IN_FLIGHT: &str = "
    select task.id, coalesce(lane.round_id, 0), task.crashes, coalesce(d.boot = $1 and d.ended_at is null, false),
           coalesce(d.answered, 0) = 1
      from (select distinct task_id from attempt where ended_at is null) sent cross join task
      left join lane on lane.id = task.lane_id
      left join attempt a on a.id = task.last_attempt_id
      left join drain d on d.id = a.drain_id
     where task.id = sent.task_id and task.state = 1";

/// `$1` the rows of [`AfterDeath::writes`].
const PUT_ASIDE: Sql = sql!(
    "
    update task
       set state = died.state, crashes = died.crashes, finished_at = died.finished_at, unsure = 1, asked_last = 0,
           reason = case when died.finished_at is null then $2 else $3 end
      from ",
    rows("$1", number "task_id" 0, number "state" 1, number "crashes" 2, number "finished_at" 3),
    " died
     where task.id = died.task_id"
);

const COUNT_FAILED: Sql = sql!(
    "
    update round set pending = pending - died.n, failed = failed + died.n
      from (select failed.round_id, count(*) as n from ",
    rows("$1", number "finished_at" 3, number "round_id" 4),
    " failed where failed.finished_at is not null group by failed.round_id) died
     where round.id = died.round_id"
);

const COUNT_WITHDRAWN: Sql = sql!(
    "
    update round
       set pending = pending - withdrawn.n, cancelled = cancelled + withdrawn.n - withdrawn.kept - withdrawn.rejected,
           kept = round.kept + withdrawn.kept, rejected_tasks = rejected_tasks + withdrawn.rejected
      from (select lane.round_id, count(*) as n,
                   count(case when task.vanished = 0 and attempt.withheld_as = 8 then 1 end) as kept,
                   count(case when task.vanished = 0 and attempt.withheld_as = 9 then 1 end) as rejected
              from ",
    rows("$1", number "task_id" 0),
    " died join task on task.id = died.task_id and task.state = 2 join attempt on attempt.id = task.last_attempt_id
             join lane on lane.id = task.lane_id join round of on of.id = lane.round_id join job on job.id = of.job_id
            where task.vanished = 1 or attempt.withheld_as is not null or job.state = 'cancelled'
            group by lane.round_id) withdrawn
     where round.id = withdrawn.round_id"
);

/// `$2` the wall clock.
const WITHDRAW: Sql = sql!(
    "
    update task
       set state = case when task.vanished = 1 then 7 else coalesce(sent.withheld_as, 7) end,
           reason = case when task.vanished = 1 then 'row_vanished' else coalesce(sent.withheld_for, 'job_cancelled') end,
           finished_at = $2
      from attempt sent, ",
    rows("$1", number "task_id" 0),
    " died
     where task.id = died.task_id and task.state = 2 and sent.id = task.last_attempt_id
       and (task.vanished = 1 or sent.withheld_as is not null
            or exists (select 1 from lane join round on round.id = lane.round_id join job on job.id = round.job_id
                        where lane.id = task.lane_id and job.state = 'cancelled'))"
);

/// In the words of the index of those that stand aside; `state = 2` alone would look at every task. What a crash left undecided stays,
/// and so do those that are asked for last, and those that failed in an outage which is not over: a process that begins again and again
/// would ask for the first few for ever.
const WAKE_WAITING: &str = "
    update task set state = 0
     where state in (2, 3) and state <> 3 and crashes = 0 and asked_last = 0 and reason is distinct from $1
       and not exists (select 1 from lane join endpoint_outage o on o.account_id = lane.account_id and o.action = lane.action
                        where lane.id = task.lane_id)";

const ASIDE: &str = "
    select task.id, lane.id, lane.account_id, lane.action from task join lane on lane.id = task.lane_id
     where task.state in (2, 3) and task.state <> 3 and task.crashes = 0 and task.asked_last = 0 and task.reason is distinct from $1
     order by task.last_attempt_id";

const ASKED_LAST: &str = "
    select task.id, lane.id, lane.account_id, lane.action from task join lane on lane.id = task.lane_id
     where task.state in (2, 3) and task.state <> 3 and task.asked_last = 1 order by task.last_attempt_id";

const PROVISIONAL: &str = "
    select task.id, lane.id, lane.account_id, lane.action, task.reason, task.unsure from task join lane on lane.id = task.lane_id
     where task.state in (2, 3) and task.state <> 2 order by task.id";

/// Those that were in flight last come last.
const UNDECIDED: &str = "
    select id, lane_id, crashes from task
     where state in (2, 3) and state <> 3 and (crashes > 0 or reason = $1) order by last_attempt_id";

/// `upper - reserved - deadline` is the grace the attempt was written with. Attempts of another boot stay open: nobody can
/// say by when the platform counted them, for a machine may sleep before it dies.
const CLOSE_ATTEMPTS: Sql = sql!(
    "
    update attempt
       set finding = 'crashed', reason = 'process_died',
           ended_at = case when d.boot = $4 then cast($1 as bigint) end,
           upper_tick = case when d.boot = $4 then ",
    greatest((greatest "attempt.upper_tick", "$2"), "$2 + attempt.upper_tick - attempt.reserved_tick - $3"),
    " else attempt.upper_tick end
      from drain d
     where d.id = attempt.drain_id and attempt.ended_at is null"
);

const TAKEN_OVER: &str = "
    select min(started_tick) from drain
     where boot = $1 and id > (select coalesce(max(id), 0) from drain where boot <> $1)";

/// What a start asks of the tables that grow with the work.
#[cfg(test)]
pub(in crate::store) const AT_A_START: [&str; 14] = [
    IN_FLIGHT,
    PUT_ASIDE.sqlite,
    COUNT_FAILED.sqlite,
    COUNT_WITHDRAWN.sqlite,
    WITHDRAW.sqlite,
    CLOSE_ATTEMPTS.sqlite,
    WAKE_WAITING,
    ASIDE,
    ASKED_LAST,
    PROVISIONAL,
    UNDECIDED,
    super::drain::LANES.sqlite,
    super::first_attempt::FIRST_THAT_COUNTS,
    super::slots::SLOTS,
];

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;
