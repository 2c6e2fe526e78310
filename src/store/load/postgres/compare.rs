//! What the rows of a file are: new tasks, repeats of others, old tasks; and on a reload, which old tasks have changed or vanished.
//!
//! In: rows (`pg_temp.incoming`), and the round's tasks as they stand. Out: a temporary table of each kind, which the end of the transaction
//! drops. What does not belong here: writing any of it ([`super::new_tasks`], [`super::changes`]).

use crate::domain::RoundId;
use crate::store::db::Tx;
use crate::store::error::StoreError;

/// Rows that make no task.
#[derive(Clone, Copy, Debug)]
pub(super) struct WithoutTask {
    /// They repeat an earlier one.
    pub(super) duplicates: i64,
    /// They cannot be used, and never could.
    pub(super) rejected: i64,
}

/// Compares the rows of a new round with each other. New tasks get the numbers from `first_id` on, in the order of the file.
pub(super) async fn place_new_round(tx: &mut Tx<'_>, round: RoundId, first_id: i64) -> Result<WithoutTask, StoreError> {
    place(tx, PLACE_NEW_ROUND, round, first_id).await
}

/// Compares rows with each other and with the tasks of their round.
pub(super) async fn place_reload(tx: &mut Tx<'_>, round: RoundId, first_id: i64) -> Result<WithoutTask, StoreError> {
    place(tx, PLACE_RELOAD, round, first_id).await
}

/// Which old tasks have vanished, and which have changed among those that are there. Says how many of the vanished were not settled, as they
/// stood when they were read.
pub(super) async fn find_changes(tx: &mut Tx<'_>, round: RoundId) -> Result<i64, StoreError> {
    tx.execute(CREATE_CHANGED, args![]).await?;
    tx.execute(FILL_CHANGED, args![round.0]).await?;
    let (unsettled,): (i64,) = tx.fetch_one(COUNT_VANISHED_UNSETTLED, args![]).await?;
    Ok(unsettled)
}

async fn place(tx: &mut Tx<'_>, sql: &'static str, round: RoundId, first_id: i64) -> Result<WithoutTask, StoreError> {
    for sql in CREATE_PLACES {
        tx.execute(sql, args![]).await?;
    }
    tx.execute(sql, args![round.0]).await?;
    tx.execute(FILL_FRESH, args![first_id]).await?;
    let (duplicates, rejected): (i64, i64) = tx.fetch_one(COUNT_WITHOUT_TASK, args![]).await?;
    Ok(WithoutTask { duplicates, rejected })
}

/// Sorting a million rows in memory is half the work of sorting them on disk.
const CREATE_PLACES: [&str; 3] = [
    "set local work_mem = '64MB'",
    "create temp table placed (id bigint not null, line bigint not null, lane_id bigint, task_id bigint, is_first boolean not null,
                               is_rejected boolean not null) on commit drop",
    "create temp table fresh (id bigint not null, lane_id bigint not null, task_id bigint not null) on commit drop",
];

/// Of rows that mean one task the first that can be used is the task.
macro_rules! place {
    ($task:literal, $keys:literal) => {
        concat!(
            "insert into pg_temp.placed (id, line, lane_id, task_id, is_first, is_rejected)
             select s.id, s.line, s.lane_id, ",
            $task,
            ", s.is_first, s.is_rejected
               from (select i.id, i.line, lane.id as lane_id, i.target, i.rejected is not null as is_rejected,
                            row_number() over (partition by lane.id, i.target order by i.rejected is not null, i.id) = 1 as is_first
                       from pg_temp.incoming i
                       left join lane on lane.round_id = $1 and lane.action = i.action and lane.account_id = i.account_id) s",
            $keys
        )
    };
}

const PLACE_NEW_ROUND: &str = place!("null", "");

const PLACE_RELOAD: &str = place!(
    "key.task_id",
    " left join task_key key on s.is_first and key.lane_id = s.lane_id and key.target = s.target"
);

const FILL_FRESH: &str = "
    insert into pg_temp.fresh (id, lane_id, task_id)
    select id, lane_id, $1 - 1 + row_number() over (order by id) from pg_temp.placed
     where is_first and not is_rejected and task_id is null";

const COUNT_WITHOUT_TASK: &str = "
    select count(*) filter (where not is_first and not is_rejected),
           count(*) filter (where is_rejected and (not is_first or task_id is null))
      from pg_temp.placed";

/// Without a row of the file (`id`) it has vanished.
const CREATE_CHANGED: &str =
    "create temp table changed (task_id bigint not null, id bigint, is_unsettled boolean not null) on commit drop";

/// What had vanished while it was being sent, and came back unsettled, vanishes once more.
const FILL_CHANGED: &str = "
    insert into pg_temp.changed (task_id, id, is_unsettled)
    select task.id, p.id, task.state < 4
      from load
      join task on task.id between load.first_task_id and load.last_task_id
      left join pg_temp.placed p on p.task_id = task.id
      left join pg_temp.incoming i on i.id = p.id
      left join task_cells c on c.task_id = task.id
     where load.round_id = $1 and load.finished_at is not null
       and case when p.id is null then task.vanished = 0 or task.state in (0, 2, 3)
                else task.vanished = 1 or c.record is distinct from i.record
                     or (i.spared is not null and task.state in (0, 1, 2, 3))
                     or (i.rejected is not null and task.state in (0, 1, 2, 3, 6, 7, 8))
                     or (task.state = 9 and i.rejected is distinct from task.reason)
                     or (task.state = 8 and i.spared is distinct from task.reason)
                     or (task.state = 7 and task.reason = 'row_vanished') end";

const COUNT_VANISHED_UNSETTLED: &str = "select count(*) from pg_temp.changed where id is null and is_unsettled";
