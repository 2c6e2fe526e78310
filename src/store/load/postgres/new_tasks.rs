//! What a load adds: tasks, their cells and keys, and the rows that make no task. All of it is numbered by this load alone, so nobody waits for
//! it and nobody sees it before the load is whole.

use crate::domain::Wall;
use crate::store::db::Tx;
use crate::store::error::StoreError;

/// Tasks that are new.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewTasks {
    /// Those in line.
    pub(super) pending: i64,
    /// Those that a rule spares.
    pub(super) kept: i64,
}

/// Adds what [`super::compare`] has found to be new, to load number `load`.
pub(super) async fn insert_new_tasks(tx: &mut Tx<'_>, load: i64, now: Wall) -> Result<NewTasks, StoreError> {
    tx.execute(INSERT_TASKS, args![now.0]).await?;
    tx.execute(INSERT_CELLS, args![]).await?;
    tx.execute(INSERT_KEYS, args![]).await?;
    tx.execute(INSERT_WITHOUT_TASK, args![load]).await?;
    let (pending, kept): (i64, i64) = tx.fetch_one(COUNT_NEW, args![]).await?;
    Ok(NewTasks { pending, kept })
}

/// Says where the rows of a reload stand: runs of rows behind each other that are tasks behind each other.
pub(super) async fn insert_runs(tx: &mut Tx<'_>, load: i64) -> Result<(), StoreError> {
    tx.execute(INSERT_RUNS, args![load]).await.map(drop)
}

const INSERT_TASKS: &str = "
    insert into task (id, lane_id, line, target, state, reason, finished_at)
    select f.task_id, f.lane_id, i.line, i.target, case when i.spared is null then 0 else 8 end, i.spared,
           case when i.spared is null then null else $1 end
      from pg_temp.fresh f join pg_temp.incoming i on i.id = f.id
     order by f.task_id";

const INSERT_CELLS: &str = "
    insert into task_cells (task_id, record)
    select f.task_id, i.record from pg_temp.fresh f join pg_temp.incoming i on i.id = f.id
     where i.record is not null order by f.task_id";

const INSERT_KEYS: &str = "
    insert into task_key (lane_id, target, task_id)
    select f.lane_id, i.target, f.task_id
      from pg_temp.fresh f join pg_temp.incoming i on i.id = f.id
     order by f.lane_id, i.target";

const INSERT_WITHOUT_TASK: &str = "
    insert into row_without_task (load_id, line, outcome, reason, task_id, record)
    select $1, i.line, case when i.rejected is null then 'duplicate' else 'rejected' end, coalesce(i.rejected, 'duplicate'), key.task_id,
           i.record
      from pg_temp.placed p
      join pg_temp.incoming i on i.id = p.id
      left join task_key key on i.rejected is null and key.lane_id = p.lane_id and key.target = i.target
     where not p.is_first or (p.is_rejected and p.task_id is null)";

const COUNT_NEW: &str = "
    select count(*) filter (where i.spared is null), count(i.spared)
      from pg_temp.fresh f join pg_temp.incoming i on i.id = f.id";

const INSERT_RUNS: &str = "
    insert into row_run (load_id, line, task_id, rows)
    select $1, min(line), min(task_id), count(*)
      from (select line, task_id, count(*) filter (where begins) over (order by line) as run
              from (select line, task_id,
                           (line - 1, task_id - 1) is distinct from (lag(line) over lines, lag(task_id) over lines) as begins
                      from (select p.line, coalesce(p.task_id, f.task_id) as task_id
                              from pg_temp.placed p left join pg_temp.fresh f on f.id = p.id
                             where p.task_id is not null or f.task_id is not null) places
                    window lines as (order by line)) steps) runs
     group by run";
