//! A reload's changes to tasks that are there, with the counters of their round: whoever writes waits meanwhile, for what a task is must not
//! change beside it.
//!
//! In: the temporary tables of [`super::compare`]. Out: vanished tasks cancelled, changed ones taken over. What does not belong here:
//! finding them.

use super::super::summary::ReloadSummary;
use crate::domain::{RoundId, Wall};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::lists::distrust_record_readings;

/// Cancels tasks in line whose rows have vanished, and marks the others: they are settled, or being sent.
pub(super) async fn cancel_vanished(tx: &mut Tx<'_>, round: RoundId, now: Wall) -> Result<u64, StoreError> {
    let (vanished,): (i64,) = tx.fetch_one("select count(*) from pg_temp.changed where id is null", args![]).await?;
    if vanished == 0 {
        return Ok(0);
    }
    let cancelled = tx.execute(CANCEL_VANISHED, args![now.0]).await?;
    if (cancelled as i64) < vanished {
        tx.execute(MARK_VANISHED, args![]).await?;
    }
    tx.execute(COUNT_CANCELLED, args![round.0, cancelled as i64]).await?;
    Ok(cancelled)
}

/// Rejects what cannot be used any more, brings back what returned, can be used again or is spared by nothing any more, spares what
/// a rule now does, and takes over new cells.
pub(super) async fn update_changed(
    tx: &mut Tx<'_>,
    round: RoundId,
    now: Wall,
    summary: &mut ReloadSummary,
) -> Result<(), StoreError> {
    for sql in [CREATE_JUDGED, FILL_JUDGED] {
        tx.execute(sql, args![]).await?;
    }
    let (restored, held_back, kept): (i64, i64, i64) = tx.fetch_one(COUNT_JUDGED, args![]).await?;
    tx.execute(UPDATE_TASKS, args![now.0]).await?;
    tx.execute(UPDATE_COUNTERS, args![round.0]).await?;
    tx.execute(WITHHOLD, args![round.0]).await?;
    tx.execute(DROP_CELLS, args![]).await?;
    tx.execute(REPLACE_CELLS, args![]).await?;
    if restored > 0 {
        distrust_record_readings(tx).await?;
    }
    (summary.restored, summary.held_back) = (restored as u64, held_back as u64);
    summary.kept += kept as u64;
    Ok(())
}

/// How many rows that cannot be used stand for a task that an earlier reading made of them.
pub(super) async fn count_rejected_tasks(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let (tasks,): (i64,) = tx.fetch_one(COUNT_REJECTED_TASKS, args![]).await?;
    Ok(tasks)
}

/// Deletes what earlier loads said of where rows stood.
pub(super) async fn delete_older(tx: &mut Tx<'_>, round: RoundId, load: i64) -> Result<(), StoreError> {
    for sql in DELETE_OLDER {
        tx.execute(sql, args![round.0, load]).await?;
    }
    Ok(())
}

const CANCEL_VANISHED: &str = "
    update task set vanished = 1, state = 7, reason = 'row_vanished', finished_at = $1
     where id in (select task_id from pg_temp.changed where id is null) and state in (0, 2, 3)";

const MARK_VANISHED: &str =
    "update task set vanished = 1 where id in (select task_id from pg_temp.changed where id is null) and vanished = 0";

const COUNT_CANCELLED: &str = "update round set pending = pending - $2, cancelled = cancelled + $2 where id = $1";

const CREATE_JUDGED: &str = "
    create temp table judged (task_id bigint not null, id bigint not null, old bigint not null, new bigint not null) on commit drop";

/// A row that cannot be used now is rejected, whatever it was: but what is done or gone stays that, and what is being sent is let finish.
/// What vanished, was spared or was rejected comes back as if it were new; what a person cancelled, or failed, stays that.
const FILL_JUDGED: &str = "
    insert into pg_temp.judged (task_id, id, old, new)
    select task.id, i.id, task.state,
           case when task.state in (1, 4, 5) then task.state
                when i.rejected is not null then 9
                when task.state = 6 or (task.state = 7 and task.reason is distinct from 'row_vanished') then task.state
                when i.spared is not null then 8
                when task.state in (2, 3) then task.state
                else 0 end
      from pg_temp.changed c
      join task on task.id = c.task_id
      join pg_temp.incoming i on i.id = c.id";

/// What comes back into line, what is taken out of it because its row cannot be used, and what is spared that was not.
const COUNT_JUDGED: &str = "
    select count(*) filter (where new = 0 and old in (7, 8, 9)), count(*) filter (where new = 9 and old in (0, 2, 3, 6)),
           count(*) filter (where new = 8 and old in (0, 2, 3, 7, 9))
      from pg_temp.judged";

const UPDATE_TASKS: &str = "
    update task
       set vanished = 0, state = j.new,
           reason = case when j.new in (8, 9) then coalesce(i.rejected, i.spared) when j.new < j.old then null else task.reason end,
           finished_at = case when j.new in (8, 9) then $1 when j.new < j.old then null else task.finished_at end,
           http_status = case when j.old = 9 and j.new < 9 then null else task.http_status end,
           crashes = case when j.old in (7, 8, 9) and j.new < 9 then 0 else task.crashes end,
           asked_last = case when j.old in (7, 8, 9) and j.new < 9 then 0 else task.asked_last end
      from pg_temp.judged j
      join pg_temp.incoming i on i.id = j.id
     where task.id = j.task_id";

const UPDATE_COUNTERS: &str = "
    update round
       set pending = pending + n.more_pending, failed = failed + n.more_failed, cancelled = cancelled + n.more_cancelled, kept = kept + n.more_kept,
           rejected_tasks = rejected_tasks + n.more_rejected
      from (select count(*) filter (where new < 4) - count(*) filter (where old < 4) as more_pending,
                   count(*) filter (where new = 6) - count(*) filter (where old = 6) as more_failed,
                   count(*) filter (where new = 7) - count(*) filter (where old = 7) as more_cancelled,
                   count(*) filter (where new = 8) - count(*) filter (where old = 8) as more_kept,
                   count(*) filter (where new = 9) - count(*) filter (where old = 9) as more_rejected
              from pg_temp.judged) n
     where round.id = $1";

/// What is being sent is let finish. Where that comes to nothing it is not tried again, if this load, and not only the one before, spares or
/// rejects it.
const WITHHOLD: &str = "
    update attempt
       set withheld_as = case when i.rejected is not null then 9 when i.spared is not null then 8 end,
           withheld_for = coalesce(i.rejected, i.spared)
      from task
      join lane on lane.id = task.lane_id
      left join pg_temp.judged j on j.task_id = task.id
      left join pg_temp.incoming i on i.id = j.id
     where attempt.ended_at is null and task.id = attempt.task_id and task.last_attempt_id = attempt.id and task.state = 1
       and lane.round_id = $1
       and (attempt.withheld_as is not null or i.rejected is not null or i.spared is not null)";

const DROP_CELLS: &str = "delete from task_cells where task_id in (select task_id from pg_temp.judged)";

const REPLACE_CELLS: &str = "
    insert into task_cells (task_id, record)
    select j.task_id, i.record from pg_temp.judged j join pg_temp.incoming i on i.id = j.id where i.record is not null";

const COUNT_REJECTED_TASKS: &str = "
    select count(*) from pg_temp.placed p join task on task.id = p.task_id where p.is_rejected and task.state = 9";

const DELETE_OLDER: [&str; 2] = [
    "delete from row_without_task using load where load.round_id = $1 and load.id < $2 and row_without_task.load_id = load.id",
    "delete from row_run using load where load.round_id = $1 and load.id < $2 and row_run.load_id = load.id",
];
